//! What the control side asks of the engine, and what it is told.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use confab_codec::Law;
use confab_mixer::Control;

/// One call's media: a socket pair and the streams over it. Never reused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct LegId(pub u64);

/// One room. Never reused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RoomId(pub u64);

/// One playback of a prompt or of music. Never reused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct PlaybackId(pub u64);

/// Something for the engine to do. Commands for one room take effect in the order given.
#[derive(Clone, Debug)]
pub enum Command {
    /// Makes a room; it ticks from now on.
    OpenRoom {
        /// The new room's id.
        room: RoomId,
        /// Samples per second; 8000 is the only rate so far.
        rate: u32,
        /// Time between two ticks in ms; a multiple of 10 up to 60.
        interval_ms: u16,
        /// Comfort noise when nobody talks, in FreeSWITCH's terms: a divisor, 1400 for `true`.
        comfort_noise: Option<u16>,
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
        /// Samples at the room's rate.
        sounds: Vec<Arc<[i16]>>,
        /// Starts again after the last sound, until stopped.
        repeat: bool,
        /// Gain in dB; 0 leaves the samples as they are.
        gain_db: f32,
    },
    /// Stops a playback; one that is over already is no error.
    Stop {
        /// The playback to stop.
        playback: PlaybackId,
    },
}

/// Who hears a playback.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Listener {
    /// One leg alone.
    Leg(LegId),
    /// All of a room.
    Room(RoomId),
}

/// The audio stream of one leg as negotiated, from our point of view.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamConfig {
    /// Where the peer wants its RTP; `None` when it gave no address (hold by `c=0.0.0.0`).
    pub remote: Option<SocketAddr>,
    /// Where it wants its RTCP; `None` for the port after `remote`'s.
    pub remote_rtcp: Option<SocketAddr>,
    /// The codec, both ways.
    pub law: Law,
    /// Payload type of the audio that we send.
    pub send_payload_type: u8,
    /// Payload type of the audio that we receive.
    pub receive_payload_type: u8,
    /// Payload type of telephone-events that we receive, if negotiated.
    pub event_payload_type: Option<u8>,
    /// Payload type of comfort noise that we receive, if negotiated.
    pub comfort_noise: Option<u8>,
    /// Length of the packets that we send, in ms; kept within 10 to 60.
    pub ptime_ms: u8,
    /// False when the peer's direction forbids us to send; the timestamps run on meanwhile.
    pub send: bool,
    /// False when we said that we do not want to receive.
    pub receive: bool,
    /// RTCP on the RTP port (RFC 5761).
    pub rtcp_mux: bool,
    /// Our canonical name in RTCP (RFC 3550 §6.5.1).
    pub cname: String,
    /// Where the call's signalling comes from, once that is proved: the second candidate for the source of its RTP.
    pub signalling_source: Option<IpAddr>,
}

/// Something that happened on a worker.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Event {
    /// A key was pressed, told by RFC 4733; once per press.
    Digit {
        /// Who pressed it.
        leg: LegId,
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        digit: char,
    },
    /// The leg began to talk.
    TalkStarted {
        /// Who talks.
        leg: LegId,
    },
    /// The leg ended talking.
    TalkStopped {
        /// Who talked.
        leg: LegId,
    },
    /// A playback ran to its end. Not sent for one that was stopped.
    PlaybackDone {
        /// The playback that is over.
        playback: PlaybackId,
    },
    /// The room panicked and is no longer ticked; its legs keep their ports until [`Command::StopLeg`].
    RoomFailed {
        /// The room that is lost.
        room: RoomId,
    },
    /// No valid RTP or RTCP came from the leg for 30 s (300 s on hold), and again for each further such time.
    LegSilent {
        /// The silent leg.
        leg: LegId,
        /// Time since the last packet, ms.
        for_ms: u64,
    },
    /// The last event of a started leg: what passed over it.
    LegStats {
        /// The leg that was stopped.
        leg: LegId,
        /// Its counts.
        stats: Stats,
    },
}

/// What passed over one leg.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
#[non_exhaustive]
pub struct Stats {
    /// RTP packets sent.
    pub packets_sent: u64,
    /// RTP packets taken: audio, events and comfort noise from the right source.
    pub packets_received: u64,
    /// Packets that were refused: malformed, of a wrong source, late, of an unknown payload type.
    pub packets_dropped: u64,
    /// Packets that could not be sent because the socket did not take them.
    pub send_failures: u64,
    /// Packets lost on their way to us, by their sequence numbers (RFC 3550 §6.4.1).
    pub packets_lost: u64,
    /// Interarrival jitter in µs (RFC 3550 §6.4.1).
    pub jitter_us: u64,
    /// Ticks in which the socket held more packets than one tick may read.
    pub over_budget: u64,
    /// Times that a loss was concealed.
    pub concealed: u64,
    /// Delay that we added at the end, µs.
    pub delay_us: u64,
    /// Round trip by RTCP in µs, if the peer reported.
    pub round_trip_us: Option<u64>,
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
    /// The room was never opened or is closed.
    #[error("no such audio room: {0:?}")]
    UnknownRoom(RoomId),
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
    /// Time the workers were busy, µs.
    pub busy_us: u64,
}
