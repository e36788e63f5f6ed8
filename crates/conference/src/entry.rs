//! On the way into a room: where a call leads and as what, and what holds it up.

use crate::action::{ClipId, LegId, RoomId};
use crate::invite::Terms;
use crate::member::Member;
use crate::names::RoomName;
use crate::settings::{Cue, Decision, MemberFlag, MemberFlags, Outcall, PinRole, Profile, Route};

/// Where a call leads, and as what.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The room's name.
    pub(crate) room: String,
    /// The profile of the room, if this call makes it and it is not declared.
    pub(crate) profile: String,
    pub(crate) role: String,
    /// Flags, beside those of the profile and of the role.
    pub(crate) flags: MemberFlags,
    /// In place of the room's.
    pub(crate) pins: Option<Vec<PinRole>>,
    /// Whether he was called into the room: then no lock and no lobby is in his way.
    pub(crate) invited: bool,
    /// Those that his route calls when he has joined.
    pub(crate) outcalls: Vec<Outcall>,
}

impl Entry {
    /// Of who has dialled a route that leads to this room.
    pub(crate) fn by_route(route: &Route, room: &RoomName, user: Option<&str>) -> Self {
        Self {
            room: room.to_string(),
            profile: route.profile.clone(),
            role: route.role_of(user).to_owned(),
            flags: route.flags.clone(),
            pins: route.pins.clone(),
            invited: false,
            outcalls: route.outcalls.clone(),
        }
    }

    /// Of who is called into a room. He is trusted, so no PIN is asked for.
    pub(crate) fn invited(terms: &Terms) -> Self {
        Self {
            room: String::new(),
            profile: String::new(),
            role: terms.role.clone(),
            flags: terms.flags.clone(),
            pins: Some(Vec::new()),
            invited: true,
            outcalls: Vec::new(),
        }
    }

    /// One of these is asked for, if there are any.
    pub(crate) fn pins<'a>(&'a self, profile: &'a Profile) -> &'a [PinRole] {
        self.pins.as_ref().unwrap_or(&profile.pins)
    }

    /// What was decided elsewhere counts in place of what the route says.
    pub(crate) fn decided(&mut self, decision: Decision) {
        if let Some(room) = decision.room {
            self.room = room.to_string();
        }
        if let Some(profile) = decision.profile {
            self.profile = profile;
        }
        if let Some(role) = decision.role {
            self.role = role;
        }
        if let Some(pin) = decision.pin {
            self.pins = Some(vec![PinRole::guest(pin)]);
        }
        self.flags.extend(decision.flags);
    }

    /// He knows this PIN.
    pub(crate) fn proved(&mut self, pin: PinRole) {
        if let Some(role) = pin.role {
            self.role = role;
        }
        self.flags.extend(pin.flags);
    }
}

/// The PIN that is being typed.
#[derive(Debug)]
pub(crate) struct PinEntry {
    /// One of them is right.
    pub(crate) pins: Vec<PinRole>,
    pub(crate) typed: String,
    pub(crate) tries_left: u8,
    /// Whether a PIN was wrong.
    pub(crate) failed: bool,
}

impl PinEntry {
    /// The PIN that was typed. All are compared, so that the time tells nothing.
    pub(crate) fn matching(&self) -> Option<&PinRole> {
        let compare = |found, pin| if PinRole::matches(pin, &self.typed) { Some(pin) } else { found };
        self.pins.iter().fold(None, compare)
    }

    /// Whether a further key could make a PIN of it that it is not yet.
    pub(crate) fn may_grow(&self) -> bool {
        self.pins.iter().any(|pin| pin.pin.digits() > self.typed.len())
    }
}

/// One who waits in front of a room, or was sent back there.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// As he will be, or was, in the room.
    pub(crate) member: Member,
    pub(crate) wait: Wait,
}

impl Waiting {
    /// What he hears meanwhile.
    pub(crate) fn music(&self, profile: &Profile) -> Vec<String> {
        if self.member.has(MemberFlag::NoMoh) { Vec::new() } else { profile.sounds.of(Cue::Moh) }
    }
}

/// What somebody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// That a moderator comes.
    Moderator,
    /// That a marked member comes.
    Marked,
    /// That a moderator admits him.
    Lobby,
    /// That a moderator admits him to the locked room, or unlocks it.
    Knock,
}

impl Wait {
    /// Whether he waits for a moderator's key.
    pub(crate) fn wants_admission(self) -> bool {
        matches!(self, Self::Lobby | Self::Knock)
    }
}

/// One who was a member of a room and is none any more.
#[derive(Debug)]
pub(crate) struct Departed {
    pub(crate) leg: LegId,
    pub(crate) room: RoomId,
    pub(crate) member: Box<Member>,
    /// The name that he recorded.
    pub(crate) name: Option<ClipId>,
}

impl Departed {
    pub(crate) fn had(&self, flag: MemberFlag) -> bool {
        self.member.flags.contains(&flag)
    }
}
