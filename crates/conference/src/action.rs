//! What the conference wants done, in terms of legs, rooms and playbacks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::input::Caller;
use crate::mark::Mark;
use crate::settings::{LoudGuard, Profile, RecordingPlan, Variable};

/// One call's media and signalling with us. Outgoing legs are numbered by [`crate::Conferences`], from
/// [`LegId::OUTGOING`] up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(pub u64);

impl LegId {
    /// The first id of an outgoing leg. Ids below it belong to incoming legs.
    pub const OUTGOING: Self = Self(1 << 63);

    /// Whether we placed this call.
    pub fn is_outgoing(self) -> bool {
        self >= Self::OUTGOING
    }
}

/// One room's audio, from its opening to its closing. Never used again, even if the room's name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub u64);

/// One playback of one or several sounds. Never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlaybackId(pub u64);

/// One recording of a room. Never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordingId(pub u64);

/// What one leg said when it was asked for its name: a sound called `clip://` and this number. Never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClipId(pub u64);

impl ClipId {
    /// Its name as a sound.
    pub fn sound(self) -> String {
        format!("clip://{}", self.0)
    }
}

/// One invite of a room: all the calls that are placed so that one of them joins. Never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InviteId(pub u64);

/// A request to add or to remove somebody (REFER). Numbered by who makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReferId(pub u64);

/// What is to be done next. Actions are to be carried out in the order in which they are polled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Tell the caller that it rings (180).
    Ring {
        /// An incoming leg.
        leg: LegId,
    },
    /// Accept the call (200). The leg has been attached to its room before.
    Answer {
        /// An incoming leg.
        leg: LegId,
    },
    /// Refuse an incoming call that was not answered. The leg is gone afterwards.
    Reject {
        /// An incoming leg.
        leg: LegId,
        /// The SIP status.
        status: u16,
    },
    /// End the call, or take it back while it rings. The leg, its playbacks and its place in the room are
    /// gone afterwards.
    Hangup {
        /// Any leg.
        leg: LegId,
        /// Why.
        cause: Cause,
    },
    /// Ask elsewhere about an incoming call; [`crate::Input::LookedUp`] is the answer.
    LookUp {
        /// An incoming leg.
        leg: LegId,
        /// The name of the look-up.
        lookup: String,
        /// Who calls.
        caller: Caller,
        /// What he dialled.
        dialled: String,
    },
    /// Place a call.
    Dial {
        /// The new leg.
        leg: LegId,
        /// Whom to call.
        target: DialTarget,
        /// Whom the called one is to see.
        caller: CallerId,
    },
    /// Open the audio of a room.
    OpenRoom {
        /// The new room.
        room: RoomId,
        /// Its name.
        name: String,
        /// How it sounds.
        profile: Arc<Profile>,
        /// Whether a member's noise may have to be taken out.
        denoise: bool,
        /// A room that is open, from which the first member comes.
        near: Option<RoomId>,
    },
    /// Close the audio of a room and end its playbacks. No leg is attached any more.
    CloseRoom {
        /// The room.
        room: RoomId,
    },
    /// Place the leg's audio in the room: deaf and silent until it is [`Action::Set`].
    Attach {
        /// An incoming leg before it is answered, or an outgoing one that was answered.
        leg: LegId,
        /// An open room.
        room: RoomId,
    },
    /// Take the leg's audio out of the room that it is in and place it in another one, deaf and silent until it is
    /// [`Action::Set`]. Its private playbacks were stopped before. What it sends and is sent does not pause.
    Move {
        /// An attached leg.
        leg: LegId,
        /// Another open room.
        room: RoomId,
    },
    /// How a request to add or to remove somebody goes on: first 100 if it is accepted, or what it is refused with; then 180
    /// when it rings, and one final status.
    ReferResult {
        /// The request.
        refer: ReferId,
        /// A SIP status.
        status: u16,
    },
    /// Change what a leg says or hears.
    Set {
        /// An attached leg.
        leg: LegId,
        /// The change.
        control: Control,
    },
    /// Play sounds one after the other, without a gap.
    Play {
        /// The new playback.
        playback: PlaybackId,
        /// Who hears it. A leg hears its own playback even if it is deaf.
        to: Listener,
        /// Names as configured.
        sounds: Vec<String>,
        /// Start over at the end, for ever.
        repeat: bool,
        /// By how many dB the voices and the music in the room are lowered meanwhile for those who hear it.
        duck_db: u8,
        /// In which language, as a folder of sounds is named for it; empty: as the sounds are.
        language: String,
    },
    /// Press a key towards a leg's phone: as a telephone-event (RFC 4733), or as a tone where the phone knows none.
    SendDigit {
        /// An attached leg.
        leg: LegId,
        /// `0-9 * # A-D`.
        digit: char,
    },
    /// Stop a playback. No [`crate::Input::PlaybackDone`] is expected for it.
    Stop {
        /// The playback.
        playback: PlaybackId,
    },
    /// Record what a room hears. [`crate::Input::RecordingStarted`] or [`crate::Input::RecordingStopped`] is the answer.
    Record {
        /// The new recording.
        recording: RecordingId,
        /// An open room, of which there is no other recording.
        room: RoomId,
        /// What is recorded, and how.
        plan: Arc<RecordingPlan>,
        /// What stands for the variables in the plan's path. Not cleaned.
        variables: Vec<(Variable, String)>,
    },
    /// Pause a recording, or go on with it.
    PauseRecording {
        /// The recording.
        recording: RecordingId,
        /// Pause.
        on: bool,
    },
    /// End a recording. [`crate::Input::RecordingStopped`] is the answer.
    StopRecording {
        /// The recording.
        recording: RecordingId,
    },
    /// Write a line into the time line of a recording.
    Mark {
        /// The recording.
        recording: RecordingId,
        /// What happened now.
        mark: Mark,
    },
    /// Keep what a leg says, from now on. [`crate::Input::NameRecorded`] is the answer.
    RecordName {
        /// An attached leg, of which nothing else is kept at present.
        leg: LegId,
        /// The new clip.
        clip: ClipId,
        /// It ends by itself after so long.
        max: Duration,
    },
    /// Enough is said of what is being kept.
    StopRecordingName {
        /// The leg.
        leg: LegId,
    },
    /// A clip is not played any more. What is reported of it later is to be forgotten, too, which is said again then.
    ForgetClip {
        /// The clip.
        clip: ClipId,
    },
}

/// A setting of one leg's place in the mix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Whether the room hears the leg.
    Speak(bool),
    /// The gain in dB at which the leg hears the room; `None`: not at all.
    Hear(Option<i8>),
    /// How loud others hear the leg: −4 … +4 steps of 3 dB.
    TalkVolume(i8),
    /// How loud the leg hears the room: −4 … +4 steps of 3 dB.
    ListenVolume(i8),
    /// The gate: mean of |sample| (16-bit) that the leg must exceed to be heard.
    Energy(u16),
    /// Whether the gate follows the noise of the line, `Energy` being the least.
    AutoEnergy(bool),
    /// The level to which the leg's speech is brought, dBov; `None`: as it is.
    Agc(Option<i8>),
    /// Whether noise is taken out of the leg's voice.
    Denoise(bool),
    /// From when on the leg is too loud.
    LoudGuard(Option<LoudGuard>),
    /// Whether keys are listened for in the leg's audio.
    InbandDigits(bool),
    /// Whether the leg hears what is announced to the room.
    Announcements(bool),
    /// Whether the room hears the leg whatever its gate says, which then only tells who talks.
    AudioAlways(bool),
    /// Whether talk is told though the leg is muted.
    MuteDetect(bool),
    /// The floor is the leg's and nobody else gets it, however loud, until this is taken back or the leg is gone.
    Floor(bool),
    /// What is done when the leg sends back what it is sent. Needs a room that was opened for it.
    Echo(EchoPolicy),
}

/// What is done about a leg that sends back what it is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EchoPolicy {
    /// Nothing: it is not looked for.
    #[default]
    Ignore,
    /// It is told.
    Tell,
    /// It is told, and the leg is lowered while what it sends is no louder than its echo.
    Duck,
    /// It is told, and the leg is muted for as long as it lasts.
    Mute,
}

impl EchoPolicy {
    /// The policies and their names.
    pub const NAMES: [(Self, &'static str); 4] =
        [(Self::Ignore, "ignore"), (Self::Tell, "tell"), (Self::Duck, "duck"), (Self::Mute, "mute")];
}

/// Who hears a playback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// One leg alone, over what it hears of the room.
    Leg(LegId),
    /// All in the room who are not deaf.
    Room(RoomId),
}

/// Whom an outgoing call goes to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DialTarget {
    /// A registered user.
    User(String),
    /// A number behind a gateway.
    Gateway {
        /// The gateway's name.
        gateway: String,
        /// The number.
        number: String,
    },
}

impl DialTarget {
    /// The user or number called.
    pub fn number(&self) -> &str {
        match self {
            Self::User(user) => user,
            Self::Gateway { number, .. } => number,
        }
    }
}

impl fmt::Display for DialTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(f, "user/{user}"),
            Self::Gateway { gateway, number } => write!(f, "gateway/{gateway}/{number}"),
        }
    }
}

/// Who the called one sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerId {
    /// The display name.
    pub name: Option<String>,
    /// The number.
    pub number: String,
}

/// Why a call is ended by us (RFC 3326, Q.850).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The call is over.
    Normal,
    /// It rang too long.
    NoAnswer,
    /// It was taken back before it was answered.
    Cancelled,
    /// It has lasted as long as it may.
    TimeLimit,
    /// Its room failed.
    Failure,
}

impl Cause {
    /// The Q.850 cause value.
    pub fn q850(self) -> u16 {
        match self {
            Self::Normal | Self::Cancelled => 16,
            Self::NoAnswer => 19,
            Self::TimeLimit => 102,
            Self::Failure => 41,
        }
    }

    /// The text that goes with it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Normal => "NORMAL_CLEARING",
            Self::NoAnswer => "NO_ANSWER",
            Self::Cancelled => "ORIGINATOR_CANCEL",
            Self::TimeLimit => "ALLOTTED_TIMEOUT",
            Self::Failure => "NORMAL_TEMPORARY_FAILURE",
        }
    }
}
