//! What a room tells.

use confab_rtp::{Quality, Verdict};

/// One call's media: the streams both ways. Never reused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct LegId(pub u64);

/// One playback of a prompt or of music. Never reused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct PlaybackId(pub u64);

/// Something that happened in a room.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Event {
    /// A key was pressed; once per press and source.
    Digit {
        /// Who pressed it.
        leg: LegId,
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        digit: char,
        /// What told of it; the same press may be told by both.
        source: DigitSource,
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
    /// The leg was too loud for too long and is muted for a while.
    TooLoud {
        /// Who is muted.
        leg: LegId,
    },
    /// The leg talks, though it is muted; again when it has been silent in between.
    MutedTalk {
        /// Who talks.
        leg: LegId,
    },
    /// Who has the floor changes.
    Floor {
        /// Who has it, or has lost it.
        leg: LegId,
        /// It has the floor now, and who had it no longer does; if not, nobody has it now.
        on: bool,
    },
    /// The leg sends back what it is sent, or no longer does.
    Echo {
        /// Whose line it is.
        leg: LegId,
        /// It does.
        on: bool,
        /// How late it comes back, from the tick that sends it to the one that mixes it, ms.
        delay_ms: u16,
        /// How much softer it comes back, dB.
        loss_db: u8,
    },
    /// How loud the leg has been lately; told when it is asked for.
    Level {
        /// Whose level it is.
        leg: LegId,
        /// By the mean of |sample|, as others hear it, dBov; −127 for silence, and while it may not speak.
        dbov: i8,
    },
    /// A playback ran to its end. Not sent for one that was stopped.
    PlaybackDone {
        /// The playback that is over.
        playback: PlaybackId,
    },
    /// No valid RTP or RTCP came from the leg for 30 s (300 s on hold), and again for each further such time.
    LegSilent {
        /// The silent leg.
        leg: LegId,
        /// Time since the last packet, ms.
        for_ms: u64,
    },
    /// What the leg's line is like; from time to time.
    LegQuality {
        /// Which leg.
        leg: LegId,
        /// What was measured so far.
        quality: Quality,
        /// Why its peer may be choppy, in the time since the last such event.
        verdict: Verdict,
    },
    /// The last event of a started leg: what passed over it.
    LegStats {
        /// The leg that was stopped.
        leg: LegId,
        /// Its counts.
        stats: Stats,
        /// What its line was like.
        quality: Quality,
    },
}

/// What told of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DigitSource {
    /// Telephone-events (RFC 4733).
    Events,
    /// The tones in the audio.
    Inband,
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
    /// Packets that need not be decoded, because their sender said that they are quiet (RFC 6464).
    pub undecoded: u64,
    /// Delay that we added at the end, µs.
    pub delay_us: u64,
    /// Round trip by RTCP in µs, if the peer reported.
    pub round_trip_us: Option<u64>,
}
