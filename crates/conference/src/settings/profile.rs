//! Profiles: how a room sounds and behaves.

use std::time::Duration;

use super::audio::{Line, Rate, Voice};
use super::ends::Ends;
use super::flags::{ConferenceFlag, ConferenceFlags, MemberFlag, MemberFlags};
use super::invite::Confirmation;
use super::recording::RecordingPlan;
use super::sounds::Sounds;
use crate::action::{CallerId, EchoPolicy};
use crate::keys::KeyMap;
use crate::names::Pin;

/// How a room sounds and behaves. A room takes the profile of its first member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The profile's name.
    pub name: String,
    /// For those who read events.
    pub description: String,
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
    /// What is done about members who send back what they are sent.
    pub echo: EchoPolicy,
    /// Divisor of the comfort noise; `None`: none.
    pub comfort_noise: Option<u16>,
    /// Flags of the conference.
    pub flags: ConferenceFlags,
    /// Flags of all its members.
    pub member_flags: MemberFlags,
    /// Keys of members whose role has none.
    pub caller_controls: KeyMap,
    /// The same for moderators.
    pub moderator_controls: KeyMap,
    /// One of them lets a caller in; without any, no PIN is asked for.
    pub pins: Vec<PinRole>,
    /// Wrong PINs before the call is ended.
    pub pin_retries: u8,
    /// Time without a key that counts as a wrong PIN.
    pub pin_timeout: Duration,
    /// Time without a key after which a shorter sequence acts though it could become a longer one.
    pub digit_timeout: Duration,
    /// Members of a room, moderators not counted; a further caller hears so, or is refused with 486.
    pub max_members: Option<usize>,
    /// When the conference ends by itself.
    pub ends: Ends,
    /// The number of members is told to who joins, from so many on.
    pub announce_count: Option<usize>,
    /// The number of members is told to all when somebody joins, from so many on.
    pub announce_count_all: Option<usize>,
    /// Whether who joins hears himself announced.
    pub hear_own_join_sound: bool,
    /// Whether members are announced by names that they record.
    pub announce_names: AnnounceNames,
    /// With more members than that nobody's coming and going is announced.
    pub quiet_above: Option<usize>,
    /// The language of prompts; empty: that of the sounds themselves.
    pub language: String,
    /// What those see who are called into the room; `None`: as who calls them says.
    pub caller_id: Option<CallerId>,
    /// How those say that they want to join who must (`confirm`).
    pub confirm: Confirmation,
    /// What is recorded, and how.
    pub recording: RecordingPlan,
    /// What is played.
    pub sounds: Sounds,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            rate: Rate::Fixed(8000),
            interval_ms: 20,
            max_talkers: None,
            line: Line::default(),
            voice: Voice::default(),
            energy_level: 100,
            echo: EchoPolicy::Ignore,
            comfort_noise: Some(1400),
            flags: ConferenceFlags::new(),
            member_flags: MemberFlags::new(),
            caller_controls: KeyMap::default(),
            moderator_controls: KeyMap::default(),
            pins: Vec::new(),
            pin_retries: 3,
            pin_timeout: Duration::from_secs(10),
            digit_timeout: Duration::from_millis(1500),
            max_members: None,
            ends: Ends::default(),
            announce_count: None,
            announce_count_all: None,
            hear_own_join_sound: true,
            announce_names: AnnounceNames::Off,
            quiet_above: None,
            language: String::new(),
            caller_id: None,
            confirm: Confirmation::default(),
            recording: RecordingPlan::default(),
            sounds: Sounds::default(),
        }
    }
}

impl Profile {
    /// Whether its conferences have this flag.
    pub fn has(&self, flag: ConferenceFlag) -> bool {
        self.flags.contains(&flag)
    }
}

/// A PIN, and what it makes of him who types it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinRole {
    /// What is to be typed.
    pub pin: Pin,
    /// His role; `None`: as without a PIN.
    pub role: Option<String>,
    /// Flags, beside those that he has.
    pub flags: MemberFlags,
}

impl PinRole {
    /// A PIN that lets in and changes nothing else.
    pub fn guest(pin: Pin) -> Self {
        Self { pin, role: None, flags: MemberFlags::new() }
    }

    pub(crate) fn matches(&self, typed: &str) -> bool {
        self.pin.matches(typed)
    }

    /// A PIN that makes a moderator, of this role if there is one for it.
    pub fn moderator(pin: Pin, role: Option<String>) -> Self {
        Self { pin, role, flags: [MemberFlag::Moderator].into() }
    }
}

/// Whether members are announced by the names that they record on entering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AnnounceNames {
    /// Nobody records a name.
    #[default]
    Off,
    /// They do.
    On,
    /// They do, hear it, and may record it again.
    Review,
}
