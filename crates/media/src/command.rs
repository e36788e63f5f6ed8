//! What the control side asks of the engine, and what it is told.

use std::sync::Arc;

use confab_audio::{LegId, PlaybackId, StreamConfig};
use confab_codec::CodecError;
use confab_mixer::Control;

use crate::lateness::Lateness;
use crate::recording::{Mark, RecordingId};
use crate::sound::Sound;

/// One room. Never reused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RoomId(pub u64);

/// Something for the engine to do. Commands for one room take effect in the order given.
#[derive(Clone, Debug)]
pub enum Command {
    /// Makes a room; it ticks from now on.
    OpenRoom {
        /// The new room's id.
        room: RoomId,
        /// How it mixes.
        plan: RoomPlan,
        /// A room from which legs are to be moved here: on the same worker that is quickest.
        near: Option<RoomId>,
    },
    /// Ends a room. Legs still in it fall silent, but keep their ports until [`Command::StopLeg`].
    CloseRoom {
        /// The room to end.
        room: RoomId,
    },
    /// Puts an opened leg into a room and starts its RTP. It joins silent and deaf: nothing of it is heard and it
    /// hears nothing until [`Command::Set`] says otherwise.
    StartLeg {
        /// A leg that [`Engine::open_leg`](crate::Engine::open_leg) has opened.
        leg: LegId,
        /// The room it joins.
        room: RoomId,
        /// What its call negotiated.
        stream: StreamConfig,
    },
    /// Moves a started leg to another room, which may live on another worker. It joins there as it would at its start; its RTP
    /// goes on in both directions, with SSRC, sequence and timestamps as they were. What was played to it alone is over.
    MoveLeg {
        /// A started leg.
        leg: LegId,
        /// The room that it joins.
        room: RoomId,
        /// What its call negotiated, as it is to be served there.
        stream: StreamConfig,
    },
    /// The call was renegotiated. SSRC, sequence and timestamps go on as they were.
    UpdateStream {
        /// A started leg.
        leg: LegId,
        /// What its call negotiated now.
        stream: StreamConfig,
    },
    /// Ends a leg with an RTCP BYE, closes its sockets and frees its ports, started or not.
    StopLeg {
        /// The leg to end.
        leg: LegId,
    },
    /// How a leg speaks and hears.
    Set {
        /// A started leg.
        leg: LegId,
        /// The new setting.
        control: Control,
    },
    /// The leg's peer put us on hold or took us back: on hold nothing of it is heard in the room, whatever it
    /// sends, and it may be silent for longer. Our RTP to it goes on.
    Hold {
        /// A started leg.
        leg: LegId,
        /// Held or not.
        on: bool,
    },
    /// Plays sounds one after the other without a gap, to one leg alone or to all of a room.
    Play {
        /// The new playback's id.
        playback: PlaybackId,
        /// Who hears it.
        to: Listener,
        /// The sounds.
        sounds: Vec<Arc<Sound>>,
        /// Starts again after the last sound, until stopped.
        repeat: bool,
        /// Gain in dB; 0 leaves the samples as they are.
        gain_db: f32,
        /// By how much the voices and the music in the room are lowered meanwhile for those who hear it, dB.
        duck_db: f32,
    },
    /// Presses a key towards the leg's phone, after those that were not sent yet: as telephone-events (RFC 4733), or as tones
    /// where those were not negotiated.
    SendDigit {
        /// A started leg.
        leg: LegId,
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        digit: char,
    },
    /// Asks how loud the members are: an [`AudioEvent::Level`](confab_audio::Event::Level) comes for each.
    Levels {
        /// An open room.
        room: RoomId,
    },
    /// Stops a playback; one that is over already is no error.
    Stop {
        /// The playback to stop.
        playback: PlaybackId,
    },
    /// Interrupts a recording that [`Engine::record`](crate::Engine::record) began, or goes on with it.
    PauseRecording {
        /// The recording.
        recording: RecordingId,
        /// Interrupt.
        on: bool,
    },
    /// Writes a line into the time line of a recording, where it is now.
    Mark {
        /// The recording.
        recording: RecordingId,
        /// The line.
        line: Box<Mark>,
    },
    /// Ends a recording.
    StopRecording {
        /// The recording.
        recording: RecordingId,
    },
    /// Ends what [`Engine::record_name`](crate::Engine::record_name) began; told by [`Event::NameRecorded`].
    StopRecordingName {
        /// A started leg.
        leg: LegId,
    },
}

/// The rate of a room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RoomRate {
    /// So many samples per second: 8000, 16000, 24000, 32000 or 48000.
    Fixed(u32),
    /// The best that at least two members' codecs have, 8000 if there is none; it changes as they come and go.
    Auto,
}

/// How a room mixes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RoomPlan {
    /// Samples per second.
    pub rate: RoomRate,
    /// Time between two ticks in ms; a multiple of 10 up to 60.
    pub interval_ms: u16,
    /// Comfort noise when nobody talks, in FreeSWITCH's terms: a divisor, 1400 for `true`.
    pub comfort_noise: Option<u16>,
    /// How many talkers are mixed at most: the loudest. `None`: all.
    pub max_talkers: Option<u16>,
    /// Whether its members can be denoised, which takes memory for each.
    pub denoise: bool,
    /// Whether members who send back what they are sent can be found, which takes memory for each.
    pub echo: bool,
}

impl RoomPlan {
    /// Nothing but the mix, each 20 ms.
    #[must_use]
    pub fn new(rate: RoomRate) -> Self {
        Self { rate, interval_ms: 20, comfort_noise: None, max_talkers: None, denoise: false, echo: false }
    }
}

/// Who hears a playback.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Listener {
    /// One leg alone.
    Leg(LegId),
    /// All of a room.
    Room(RoomId),
}

/// Something that happened on a worker.
#[derive(Clone, Copy, PartialEq, Debug)]
#[expect(clippy::large_enum_variant, reason = "a worker may not allocate, and the rest is rare")]
pub enum Event {
    /// In a room.
    Audio(confab_audio::Event),
    /// Enough was heard of the leg: [`Engine::take_name`](crate::Engine::take_name) has it.
    NameRecorded {
        /// The leg.
        leg: LegId,
    },
    /// The room panicked and is no longer ticked; its legs keep their ports until [`Command::StopLeg`].
    RoomFailed {
        /// The room that is lost.
        room: RoomId,
    },
}

/// Why a command was not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The worker does not keep up; the command may be given again later.
    #[error("the audio worker's command queue is full")]
    QueueFull,
    /// The leg was never opened, is stopped, or (for a setting) was never started.
    #[error("no such audio leg: {0:?}")]
    UnknownLeg(LegId),
    /// The leg is in a room already.
    #[error("the audio leg {0:?} was started before")]
    AlreadyStarted(LegId),
    /// The room is open already.
    #[error("the audio room {0:?} is open already")]
    AlreadyOpen(RoomId),
    /// The recording was never begun, or is over.
    #[error("no such recording: {0:?}")]
    UnknownRecording(RecordingId),
    /// The room was never opened or is closed.
    #[error("no such audio room: {0:?}")]
    UnknownRoom(RoomId),
    /// A leg's codec cannot be coded.
    #[error("the codec of the audio leg {leg:?} cannot be coded: {error}")]
    Codec {
        /// The leg.
        leg: LegId,
        /// Why not.
        error: CodecError,
    },
    /// The room's rate or interval is not among those that can be mixed.
    #[error("cannot mix at {rate} Hz every {interval_ms} ms")]
    Unmixable {
        /// Samples per second, as asked for.
        rate: u32,
        /// Ms between ticks, as asked for.
        interval_ms: u16,
    },
}

/// Counts over all workers since the engine was started.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct EngineStats {
    /// Room ticks.
    pub ticks: u64,
    /// Ticks that began more than 5 ms late.
    pub late_ticks: u64,
    /// Ticks left out after a stall.
    pub skipped_ticks: u64,
    /// Rooms lost to a panic.
    pub rooms_failed: u64,
    /// Events that found no place in the queue to the control side.
    pub events_dropped: u64,
    /// Packets that were not sent as more began to talk in one tick than there were encoders for, in ticks of a leg.
    pub feeds_short: u64,
    /// Time the workers were busy, µs.
    pub busy_us: u64,
    /// How late the latest tick began, µs.
    pub latest_us: u64,
    /// How late all of them began.
    pub lateness: Lateness,
    /// Legs that were refused as no worker, or not that of their room, had time for them.
    pub refused: u64,
    /// How often something was left out so as to keep up, or taken up again.
    pub shifts: u64,
}
