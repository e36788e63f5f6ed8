//! What is configured: profiles, roles, routes and limits. Built by the config crate, checked here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::action::{CallerId, DialTarget};
use crate::keys::KeyMap;
use crate::names::{Pin, RoomTemplate};
use crate::plan::{NumberPlan, Pattern};

pub use audio::{Codec, InbandDtmf, Line, LoudGuard, Negotiation, Opus, Rate, Voice};
pub use validate::SettingsError;

mod audio;
mod validate;

/// All that [`crate::Conferences`] is told at start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// By name.
    pub profiles: BTreeMap<String, Profile>,
    /// By name.
    pub roles: BTreeMap<String, Role>,
    /// The first that matches counts.
    pub routes: Vec<Route>,
    /// Limits of calls that we place.
    pub outcalls: OutcallLimits,
    /// Calls at one time, of all kinds; a further one is refused with 503.
    pub max_legs: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profiles: BTreeMap::new(),
            roles: BTreeMap::new(),
            routes: Vec::new(),
            outcalls: OutcallLimits::default(),
            max_legs: 10_000,
        }
    }
}

/// How a room sounds and behaves. A room takes the profile of its first member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The profile's name.
    pub name: String,
    /// The sampling rate of the mix.
    pub rate: Rate,
    /// Milliseconds per tick: 10 to 60, a multiple of 10.
    pub interval_ms: u16,
    /// Only so many talkers are mixed, the loudest; `None`: all.
    pub max_talkers: Option<u16>,
    /// How its legs are negotiated and coded.
    pub line: Line,
    /// What is done to the voices of its members.
    pub voice: Voice,
    /// The gate of a new member: mean of |sample| (16-bit), 0 … 1800.
    pub energy_level: u16,
    /// Divisor of the comfort noise; `None`: none.
    pub comfort_noise: Option<u16>,
    /// Wrong PINs before the call is ended.
    pub pin_retries: u8,
    /// Time without a key that counts as a wrong PIN.
    pub pin_timeout: Duration,
    /// Time without a key after which a shorter sequence acts though it could become a longer one.
    pub digit_timeout: Duration,
    /// Members of a room; a further caller is refused with 486.
    pub max_members: Option<usize>,
    /// What is played.
    pub sounds: Sounds,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            name: String::new(),
            rate: Rate::Fixed(8000),
            interval_ms: 20,
            max_talkers: None,
            line: Line::default(),
            voice: Voice::default(),
            energy_level: 100,
            comfort_noise: Some(1400),
            pin_retries: 3,
            pin_timeout: Duration::from_secs(10),
            digit_timeout: Duration::from_millis(1500),
            max_members: None,
            sounds: Sounds::default(),
        }
    }
}

/// The sounds of a profile, by name; what is `None` is not played.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sounds {
    /// To a member that is alone, before the music.
    pub alone: Option<String>,
    /// To all when somebody joins (the welcome).
    pub enter: Option<String>,
    /// To all that remain when somebody leaves.
    pub exit: Option<String>,
    /// In a loop while a member is alone.
    pub music: Option<String>,
    /// To him who was muted.
    pub muted: Option<String>,
    /// To him who was unmuted.
    pub unmuted: Option<String>,
    /// Asks for the PIN.
    pub pin: Option<String>,
    /// The PIN was wrong.
    pub bad_pin: Option<String>,
    /// To him who is put out, before his call ends.
    pub kicked: Option<String>,
    /// The folder of the spoken digits `0.wav` … `9.wav`.
    pub digits: Option<String>,
    /// Spoken before the digit of a value below 0.
    pub minus: Option<String>,
}

impl Sounds {
    /// The spoken value, one digit with its sign.
    pub(crate) fn value(&self, value: i8) -> Vec<String> {
        let minus = self.minus.clone().filter(|_| value < 0);
        minus.into_iter().chain(self.digit(value.unsigned_abs())).collect()
    }

    fn digit(&self, digit: u8) -> Option<String> {
        self.digits.as_ref().map(|folder| format!("{folder}/{digit}.wav"))
    }
}

/// What a member may do.
#[derive(Debug, Clone, Default)]
pub struct Role {
    /// The role's name.
    pub name: String,
    /// Caller controls and sequences.
    pub keys: KeyMap,
    /// Shown in events.
    pub moderator: bool,
    /// Speech is brought to this level, dBov; the outer `None`: as the profile says.
    pub agc: Option<Option<i8>>,
    /// Whether noise is taken out of the voice; `None`: as the profile says.
    pub denoise: Option<bool>,
    /// Who may invite, may invite so.
    pub invite: Option<InvitePlan>,
}

/// How a member invites others.
#[derive(Debug, Clone)]
pub struct InvitePlan {
    /// How the number is typed.
    pub entry: NumberEntry,
    /// Which numbers may be called, and how.
    pub plan: NumberPlan,
    /// What the invited one sees.
    pub caller_id: CallerIdChoice,
    /// The role of the invited one.
    pub role: String,
    /// Whether the invited one joins muted.
    pub mute: bool,
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

/// What is played to an inviter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InviteSounds {
    /// Asks for the number.
    pub prompt: Option<String>,
    /// This is no number.
    pub invalid: Option<String>,
    /// Outcome.
    pub busy: Option<String>,
    /// Outcome.
    pub declined: Option<String>,
    /// Outcome.
    pub no_answer: Option<String>,
    /// Outcome.
    pub unreachable: Option<String>,
    /// The plan or a limit forbids the call.
    pub not_allowed: Option<String>,
    /// The invite was taken back.
    pub cancelled: Option<String>,
    /// There is no invite to take back.
    pub none_left: Option<String>,
}

/// What one inviter may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InviteLimits {
    /// Invites of one member that ring at one time.
    pub pending_per_member: usize,
    /// Invites of one member in [`InviteLimits::window`], also if he leaves and comes back.
    pub per_member: usize,
    /// The window of `per_member`.
    pub window: Duration,
    /// Invites of a room that ring or have joined.
    pub live_per_room: usize,
    /// How long an invite rings.
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
            ring: Duration::from_secs(60),
            duration: Duration::from_secs(4 * 3600),
        }
    }
}

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

/// Where a dialled number leads.
#[derive(Debug, Clone)]
pub struct Route {
    /// The dialled numbers.
    pub pattern: Pattern,
    /// The room, which may depend on the number.
    pub room: RoomTemplate,
    /// The profile of the room, if this caller is its first member.
    pub profile: String,
    /// The role of the caller.
    pub role: String,
    /// Who may dial it.
    pub who: Who,
    /// Asked for before the caller becomes a member.
    pub pin: Option<Pin>,
    /// Whether the caller joins muted.
    pub mute: bool,
    /// How long it rings before we answer; zero: not at all.
    pub answer_after: Duration,
    /// When this caller leaves, all are put out.
    pub end_conference_when_leaves: bool,
    /// Called as soon as the caller is in the room.
    pub outcalls: Vec<Outcall>,
}

/// Who may dial a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Any caller.
    Anyone,
    /// Any authenticated user.
    Users,
    /// These authenticated users.
    Only(BTreeSet<String>),
}

impl Who {
    /// Whether this (authenticated) user belongs to them.
    pub(crate) fn allows(&self, authenticated: Option<&str>) -> bool {
        match self {
            Self::Anyone => true,
            Self::Users => authenticated.is_some(),
            Self::Only(users) => authenticated.is_some_and(|user| users.contains(user)),
        }
    }
}

/// A call into a room that nobody asked for by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcall {
    /// Tried one after the other until one answers.
    pub targets: Vec<DialTarget>,
    /// The role of the called one.
    pub role: String,
    /// Whether the called one joins muted.
    pub mute: bool,
    /// How long each target rings.
    pub timeout: Duration,
    /// What the called one sees.
    pub caller_id: CallerIdChoice,
}

#[cfg(test)]
mod tests;
