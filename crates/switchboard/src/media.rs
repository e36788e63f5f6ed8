//! What the switchboard says to the audio engine and hears from it, by plain ids.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use confab_conference::{
    ClipId, Control, LegId, Listener, Mark, PlaybackId, Profile, RecordingId, RecordingPlan, RoomId, Variable,
};
use confab_rtp::Quality;
use confab_sdp::Stream;

use crate::quality::LineQuality;

/// An order to the audio engine. Orders are carried out in sequence.
#[derive(Debug, Clone)]
pub enum MediaCommand {
    /// Reserve a port pair; answered by [`MediaEvent::Opened`] or [`MediaEvent::Refused`].
    OpenLeg {
        /// Whose ports.
        leg: LegId,
        /// The room that it is for, if that is open: there must be time for it there.
        room: Option<RoomId>,
    },
    /// Let audio flow, both ways as `stream` says. The leg is deaf and silent in its room until a `Set`.
    StartLeg {
        /// Which leg.
        leg: LegId,
        /// The room whose mix it lives in.
        room: RoomId,
        /// What the offer/answer exchange agreed on.
        stream: Stream,
        /// Where the leg's signalling comes from, once that is proved: the second-best candidate for the source latch.
        signalling: Option<IpAddr>,
        /// How its audio is coded and buffered, beyond what was agreed on.
        profile: Arc<Profile>,
    },
    /// Let a leg go on in another room's mix, deaf and silent there until a `Set`. Its RTP does not pause; what is played to it
    /// alone is over.
    MoveLeg {
        /// Which leg.
        leg: LegId,
        /// The room that it goes to.
        room: RoomId,
        /// What the offer/answer exchange agreed on.
        stream: Stream,
        /// Where the leg's signalling comes from, once that is proved.
        signalling: Option<IpAddr>,
        /// How its audio is coded and buffered there, beyond what was agreed on.
        profile: Arc<Profile>,
    },
    /// A later offer/answer exchange changed the stream (hold, codec, address).
    UpdateLeg {
        /// Which leg.
        leg: LegId,
        /// What holds from now on.
        stream: Stream,
        /// Where the leg's signalling comes from, once that is proved.
        signalling: Option<IpAddr>,
        /// How its audio is coded and buffered, beyond what was agreed on.
        profile: Arc<Profile>,
    },
    /// End the leg's audio and free its ports; also for a leg that was only opened.
    StopLeg {
        /// Which leg.
        leg: LegId,
    },
    /// Make a room's mix.
    OpenRoom {
        /// Which room.
        room: RoomId,
        /// How it sounds.
        profile: Arc<Profile>,
        /// Whether a member's noise may have to be taken out.
        denoise: bool,
        /// A room from which the first leg comes.
        near: Option<RoomId>,
    },
    /// End a room's mix.
    CloseRoom {
        /// Which room.
        room: RoomId,
    },
    /// Change how a leg hears or is heard.
    Set {
        /// Which leg.
        leg: LegId,
        /// What changes.
        control: Control,
    },
    /// Play sounds, one after the other without a gap.
    Play {
        /// Named in [`MediaEvent::PlaybackDone`] and [`MediaCommand::Stop`].
        playback: PlaybackId,
        /// Who hears it.
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
    /// Press a key towards a leg's phone.
    SendDigit {
        /// Which leg.
        leg: LegId,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
    },
    /// End a playback early.
    Stop {
        /// Which.
        playback: PlaybackId,
    },
    /// Record what a room hears; answered by [`MediaEvent::RecordingStarted`] or [`MediaEvent::RecordingStopped`].
    Record {
        /// The new recording.
        recording: RecordingId,
        /// An open room.
        room: RoomId,
        /// What is recorded, and how.
        plan: Arc<RecordingPlan>,
        /// What stands for the variables in the plan's path. Not cleaned.
        variables: Vec<(Variable, String)>,
    },
    /// Interrupt a recording, or go on with it.
    PauseRecording {
        /// Which.
        recording: RecordingId,
        /// Interrupt.
        on: bool,
    },
    /// End a recording; answered by [`MediaEvent::RecordingStopped`].
    StopRecording {
        /// Which.
        recording: RecordingId,
    },
    /// Write a line into the time line of a recording.
    Mark {
        /// Which.
        recording: RecordingId,
        /// What happened now.
        mark: Mark,
    },
    /// Keep what a leg says; answered by [`MediaEvent::NameRecorded`].
    RecordName {
        /// Which leg.
        leg: LegId,
        /// The new clip.
        clip: ClipId,
        /// It ends by itself after so long.
        max: Duration,
    },
    /// Enough is said.
    StopRecordingName {
        /// Which leg.
        leg: LegId,
    },
    /// A clip is not played any more.
    ForgetClip {
        /// Which.
        clip: ClipId,
    },
}

/// Why the audio engine cannot take a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortage {
    /// No port pair is free.
    Ports,
    /// A room lives on one core, and that of this room is full; others are not.
    Room,
    /// Every core is full.
    Machine,
}

/// What the audio engine reports.
#[derive(Debug, Clone, PartialEq)]
pub enum MediaEvent {
    /// The leg's ports are reserved.
    Opened {
        /// Which leg.
        leg: LegId,
        /// Its RTP port; RTCP is one above.
        port: u16,
    },
    /// The leg cannot be taken.
    Refused {
        /// Which leg.
        leg: LegId,
        /// What there is too little of.
        shortage: Shortage,
    },
    /// A key, told once for each press and way.
    Digit {
        /// Who pressed.
        leg: LegId,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
        /// Whether it was heard as a tone in the audio, rather than told by a telephone-event.
        inband: bool,
    },
    /// A member began or stopped talking; always in pairs.
    Talking {
        /// Who.
        leg: LegId,
        /// Whether he talks from now on.
        on: bool,
    },
    /// A member talks, though he is muted.
    MutedTalk {
        /// Who.
        leg: LegId,
    },
    /// The floor changes hands.
    Floor {
        /// Who has it, or has lost it.
        leg: LegId,
        /// He has it from now on; if not, nobody has.
        on: bool,
    },
    /// A member's line sends back what it is sent, or no longer does.
    Echo {
        /// Whose.
        leg: LegId,
        /// It does.
        on: bool,
        /// How late it comes back, ms.
        delay_ms: u16,
        /// How much softer it comes back, dB.
        loss_db: u8,
    },
    /// A member is far too loud and is muted for a while.
    TooLoud {
        /// Who.
        leg: LegId,
    },
    /// What a leg's line is like; told from time to time.
    Quality {
        /// Whose line.
        leg: LegId,
        /// What was measured.
        line: Box<LineQuality>,
    },
    /// A leg was stopped: the last word on its line.
    LineOver {
        /// Whose line.
        leg: LegId,
        /// What was measured of it, from its start.
        quality: Box<Quality>,
    },
    /// A playback ran to its end.
    PlaybackDone {
        /// Which.
        playback: PlaybackId,
    },
    /// A recording has its files.
    RecordingStarted {
        /// Which.
        recording: RecordingId,
        /// The file of the mix.
        path: String,
    },
    /// A recording is over; told once for each.
    RecordingStopped {
        /// Which.
        recording: RecordingId,
        /// Why it did not go on until it was stopped.
        error: Option<String>,
    },
    /// The disk was too slow.
    RecordingGap {
        /// Which recording.
        recording: RecordingId,
        /// So much of it is missing.
        lost: Duration,
    },
    /// What a leg said is kept.
    NameRecorded {
        /// Which leg.
        leg: LegId,
        /// The clip.
        clip: ClipId,
        /// Its length; zero: nothing was said.
        length: Duration,
    },
    /// The room's mix failed and is gone.
    RoomFailed {
        /// Which room.
        room: RoomId,
    },
    /// Nothing, neither RTP nor RTCP, has come from this leg for its limit; told again each time that this passes.
    Silent {
        /// Which leg.
        leg: LegId,
        /// For how long, ms.
        for_ms: u64,
    },
}
