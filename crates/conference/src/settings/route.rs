//! Routes: where a dialled number leads, and for whom.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use super::flags::MemberFlags;
use super::invite::Outcall;
use super::network::Network;
use super::profile::PinRole;
use crate::input::Caller;
use crate::names::RoomTemplate;
use crate::plan::Pattern;

/// Where a dialled number leads.
#[derive(Debug, Clone)]
pub struct Route {
    /// The dialled numbers.
    pub pattern: Pattern,
    /// The room, which may depend on the number and the caller.
    pub room: RoomTemplate,
    /// The profile of the room, if this caller is its first member and the room is not declared.
    pub profile: String,
    /// The role of the caller.
    pub role: String,
    /// The roles of these authenticated users, in place of `role`.
    pub roles_by_user: BTreeMap<String, String>,
    /// Flags of the caller, beside those of his role.
    pub flags: MemberFlags,
    /// Who may dial it.
    pub who: Who,
    /// In place of the room's PINs; if empty, none is asked for.
    pub pins: Option<Vec<PinRole>>,
    /// Asked first, for the room, the role and the PIN.
    pub lookup: Option<String>,
    /// How long it rings before we answer; zero: not at all.
    pub answer_after: Duration,
    /// Called as soon as the caller is in the room.
    pub outcalls: Vec<Outcall>,
}

impl Route {
    /// A route that anyone may dial, and nothing more.
    pub fn new(pattern: Pattern, room: RoomTemplate, profile: &str, role: &str) -> Self {
        Self {
            pattern,
            room,
            profile: profile.to_owned(),
            role: role.to_owned(),
            roles_by_user: BTreeMap::new(),
            flags: MemberFlags::new(),
            who: Who::default(),
            pins: None,
            lookup: None,
            answer_after: Duration::ZERO,
            outcalls: Vec::new(),
        }
    }

    /// Whether nobody reaches the other one, which stands behind this.
    pub(crate) fn hides(&self, other: &Self) -> bool {
        self.pattern == other.pattern && (self.who == Who::default() || self.who == other.who)
    }

    /// The role of this user, or of who is none.
    pub(crate) fn role_of(&self, user: Option<&str>) -> &str {
        user.and_then(|user| self.roles_by_user.get(user)).unwrap_or(&self.role)
    }
}

/// Who may dial a route: who fits all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Who {
    /// By authentication.
    pub users: Users,
    /// Only through one of these gateways; empty: from anywhere.
    pub gateways: BTreeSet<String>,
    /// Only from one of these networks; empty: from anywhere.
    pub networks: Vec<Network>,
}

/// Callers by their authentication.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Users {
    /// Any caller.
    #[default]
    Anyone,
    /// Any authenticated user.
    Authenticated,
    /// These authenticated users.
    Only(BTreeSet<String>),
}

/// Where a call comes from, as far as it is certain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Origin<'a> {
    /// The authenticated user.
    pub user: Option<&'a str>,
    /// The gateway.
    pub gateway: Option<&'a str>,
    /// The address of the peer.
    pub address: Option<IpAddr>,
}

impl<'a> From<&'a Caller> for Origin<'a> {
    fn from(caller: &'a Caller) -> Self {
        Self { user: caller.user.as_deref(), gateway: caller.gateway.as_deref(), address: caller.address }
    }
}

impl Who {
    /// Whether a call from there may come.
    pub(crate) fn allows(&self, origin: Origin<'_>) -> bool {
        let among = |gateway| self.gateways.contains(gateway);
        let inside = |address| self.networks.iter().any(|network| network.contains(address));
        self.users.allow(origin.user)
            && (self.gateways.is_empty() || origin.gateway.is_some_and(among))
            && (self.networks.is_empty() || origin.address.is_some_and(inside))
    }
}

impl Users {
    fn allow(&self, authenticated: Option<&str>) -> bool {
        match self {
            Self::Anyone => true,
            Self::Authenticated => authenticated.is_some(),
            Self::Only(users) => authenticated.is_some_and(|user| users.contains(user)),
        }
    }
}
