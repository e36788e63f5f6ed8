//! What the switchboard says to the audio engine and hears from it, by plain ids.

use std::net::IpAddr;

use confab_conference::{Control, LegId, Listener, PlaybackId, RoomId};
use confab_sdp::Stream;

/// An order to the audio engine. Orders are carried out in sequence.
#[derive(Debug, Clone)]
pub enum MediaCommand {
    /// Reserve a port pair; answered by [`MediaEvent::Opened`] or [`MediaEvent::Refused`].
    OpenLeg {
        /// Whose ports.
        leg: LegId,
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
    },
    /// A later offer/answer exchange changed the stream (hold, codec, address).
    UpdateLeg {
        /// Which leg.
        leg: LegId,
        /// What holds from now on.
        stream: Stream,
        /// Where the leg's signalling comes from, once that is proved.
        signalling: Option<IpAddr>,
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
        /// Sampling rate, Hz.
        rate: u32,
        /// Length of a frame, ms.
        interval_ms: u16,
        /// FreeSWITCH's divisor (bigger is quieter); `None` for digital silence.
        comfort_noise: Option<u16>,
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
        /// File names as configured.
        sounds: Vec<String>,
        /// Start over at the end, for ever.
        repeat: bool,
    },
    /// End a playback early.
    Stop {
        /// Which.
        playback: PlaybackId,
    },
}

/// What the audio engine reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaEvent {
    /// The leg's ports are reserved.
    Opened {
        /// Which leg.
        leg: LegId,
        /// Its RTP port; RTCP is one above.
        port: u16,
    },
    /// No port pair is free.
    Refused {
        /// Which leg.
        leg: LegId,
    },
    /// A key, told once for each press.
    Digit {
        /// Who pressed.
        leg: LegId,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
    },
    /// A member began or stopped talking; always in pairs.
    Talking {
        /// Who.
        leg: LegId,
        /// Whether he talks from now on.
        on: bool,
    },
    /// A playback ran to its end.
    PlaybackDone {
        /// Which.
        playback: PlaybackId,
    },
    /// The room's mix failed and is gone.
    RoomFailed {
        /// Which room.
        room: RoomId,
    },
    /// Nothing has come from this leg for a long time.
    Silent {
        /// Which leg.
        leg: LegId,
        /// For how long, ms.
        for_ms: u64,
    },
}
