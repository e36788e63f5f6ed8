//! Calls that we place: whom a member may call into his room, whom a route calls, and whom one key calls.

use std::time::Duration;

use super::flags::MemberFlags;
use super::invite_sounds::InviteSounds;
use crate::action::{CallerId, DialTarget};
use crate::plan::NumberPlan;

/// How a member invites others.
#[derive(Debug, Clone, Default)]
pub struct InvitePlan {
    /// How the number is typed.
    pub entry: NumberEntry,
    /// Which numbers may be called, and how.
    pub plan: NumberPlan,
    /// What the invited one sees; `None`: as the room's profile says, else the inviter.
    pub caller_id: Option<CallerIdChoice>,
    /// The role of the invited one.
    pub role: String,
    /// Flags of the invited one, beside those of his role.
    pub flags: MemberFlags,
    /// How much one may invite.
    pub limits: InviteLimits,
    /// What is played to the inviter.
    pub sounds: InviteSounds,
}

/// How a number is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberEntry {
    /// Fewer digits are no number.
    pub min_digits: usize,
    /// More digits are no number.
    pub max_digits: usize,
    /// Time without any key after the prompt.
    pub first_digit_timeout: Duration,
    /// Time without a key after which the number is complete.
    pub digit_timeout: Duration,
    /// The key that completes the number.
    pub terminator: char,
}

impl Default for NumberEntry {
    fn default() -> Self {
        Self {
            min_digits: 4,
            max_digits: 11,
            first_digit_timeout: Duration::from_secs(5),
            digit_timeout: Duration::from_secs(5),
            terminator: '#',
        }
    }
}

/// What one inviter may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InviteLimits {
    /// Invites of one member that are under way at one time; a list counts once.
    pub pending_per_member: usize,
    /// Invites of one member in [`InviteLimits::window`], also if he leaves and comes back; a list counts once.
    pub per_member: usize,
    /// The window of `per_member`.
    pub window: Duration,
    /// Calls of the room's members that ring or have joined.
    pub live_per_room: usize,
    /// How long a call rings, if the number's entry in the plan says nothing else.
    pub ring: Duration,
    /// How long an invited call lasts at most.
    pub duration: Duration,
}

impl Default for InviteLimits {
    fn default() -> Self {
        Self {
            pending_per_member: 1,
            per_member: 5,
            window: Duration::from_secs(600),
            live_per_room: 10,
            ring: RING,
            duration: Duration::from_secs(4 * 3600),
        }
    }
}

/// How long a call rings if nothing else is said.
const RING: Duration = Duration::from_secs(60);

/// Limits over all rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcallLimits {
    /// Calls through one gateway at one time.
    pub live_per_gateway: usize,
    /// Calls through gateways in 24 hours.
    pub per_day: usize,
}

impl Default for OutcallLimits {
    fn default() -> Self {
        Self { live_per_gateway: 10, per_day: 500 }
    }
}

/// What the called one sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallerIdChoice {
    /// Number and name of the caller (of a route) or of the inviter.
    Caller,
    /// Always this.
    Fixed(CallerId),
}

/// How targets are called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dialling {
    /// In which order, and how many of them are to join.
    pub strategy: Strategy,
    /// How long each rings; `None`: as [`InviteLimits::ring`] says, and 60 s for the calls of a route.
    pub ring: Option<Duration>,
    /// What they see; `None`: as the inviter's plan says.
    pub caller_id: Option<CallerIdChoice>,
    /// Whether who answers must press a key to join, so that no answering machine does; `None`: behind a gateway
    /// he must.
    pub confirm: Option<bool>,
    /// What is done if it is busy.
    pub redial: Redial,
}

impl Dialling {
    /// How long a call of a route rings.
    pub fn ring(&self) -> Duration {
        self.ring.unwrap_or(RING)
    }

    /// Whether who answers there must press a key to join.
    pub(crate) fn confirms(&self, target: &DialTarget) -> bool {
        self.confirm.unwrap_or(matches!(target, DialTarget::Gateway { .. }))
    }
}

/// In which order targets are called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Strategy {
    /// One after the other, until one joins.
    #[default]
    Sequence,
    /// All at one time; the first that joins is in, the others are taken back.
    Simultaneous,
    /// All at one time, and each of them is to join: an invite for each.
    Everyone,
}

impl Strategy {
    /// All strategies with the names they have in the configuration.
    pub const NAMES: [(Self, &'static str); 3] =
        [(Self::Sequence, "sequence"), (Self::Simultaneous, "simultaneous"), (Self::Everyone, "everyone")];
}

/// What is done if whom we call is busy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redial {
    /// He is called so many times more.
    pub times: u8,
    /// From the busy call to the next one.
    pub after: Duration,
}

impl Default for Redial {
    /// Not at all; if at all, after 30 s.
    fn default() -> Self {
        Self { times: 0, after: Duration::from_secs(30) }
    }
}

/// How who answers says that he is a person and wants to join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// The key to press.
    pub key: char,
    /// Played to him, again and again.
    pub sound: Option<String>,
    /// After that he has not confirmed.
    pub timeout: Duration,
}

impl Default for Confirmation {
    fn default() -> Self {
        Self {
            key: '1',
            sound: Some("conference/conf-confirm.wav".to_owned()),
            timeout: Duration::from_secs(20),
        }
    }
}

/// A call into a room that nobody asked for by a number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcall {
    /// Who is called.
    pub targets: Vec<DialTarget>,
    /// How they are called.
    pub dialling: Dialling,
    /// The role of the called one.
    pub role: String,
    /// Flags of the called one, beside those of his role.
    pub flags: MemberFlags,
    /// Played to who answers before he joins.
    pub announce: Option<String>,
}

/// Who is called by one key (`dial list NAME`). The operator has chosen them: the number plan of him who presses the key is
/// not asked, his limits are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallList {
    /// The calls. An empty role stands for the one that the invited of the member get.
    pub outcalls: Vec<Outcall>,
}
