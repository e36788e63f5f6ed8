//! What one leg's line is like, in both directions.

use std::time::Duration;

use crate::rtcp::VoipMetrics;
use crate::{Impairment, Score};

/// What the leg sends, as far as it matters for judging how it is heard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sent {
    /// RTP clock rate, Hz.
    pub clock_rate: u32,
    /// Duration of a packet.
    pub packet_time: Duration,
    /// Packets sent so far.
    pub packets: u32,
    /// Of the codec.
    pub impairment: Impairment,
}

/// What one leg's line is like. Counters run from the start of the call; [`crate::Evidence`] looks at a stretch of it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Quality {
    /// From the peer to us.
    pub uplink: Uplink,
    /// From us to the peer; `None` until it reports.
    pub downlink: Option<Downlink>,
    /// Last measured round trip.
    pub round_trip: Option<Duration>,
    /// By how many millionths the peer's clock is faster (positive) or slower than ours.
    pub clock_ppm: Option<i32>,
}

impl Quality {
    /// From a mouth at this peer, through us, to the ear of one whose line is like his; without what the codecs and the
    /// phones themselves take.
    #[must_use]
    pub fn mouth_to_ear(&self) -> Duration {
        self.uplink.delay + self.downlink.map_or(Duration::ZERO, |downlink| downlink.delay)
    }
}

/// The stream that we receive, and what we make of it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Uplink {
    /// Packets that came, each counted once.
    pub packets: u64,
    /// Packets that never came. Unlike in RTCP, duplicates do not make up for them.
    pub lost: i64,
    /// Packets that came after their turn.
    pub late: u64,
    /// Packets thrown away to bring the delay down.
    pub discarded: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Audio concealed, ms.
    pub concealed_ms: u64,
    /// Put in by time-stretching, ms.
    pub stretched_in_ms: u64,
    /// Taken out by time-stretching, ms.
    pub stretched_out_ms: u64,
    /// Interarrival jitter (RFC 3550 §6.4.1), µs.
    pub jitter_us: u32,
    /// What the jitter buffer and the playout add at present, µs.
    pub buffer_us: u32,
    /// What the jitter asks for, µs.
    pub target_us: u32,
    /// Share of packets lost or too late within bursts (RFC 3611 §4.7.2), 0 to 1.
    pub burst_density: f32,
    /// The same within gaps.
    pub gap_density: f32,
    /// Mean length of a burst, ms.
    pub burst_ms: u32,
    /// Mean length of a gap, ms.
    pub gap_ms: u32,
    /// From the mouth to our mix: half a round trip, a packet, the buffer.
    pub delay: Duration,
    /// How the peer is heard by us.
    pub score: Score,
}

/// The stream that we send, as the peer reports it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Downlink {
    /// Packets that did not reach it.
    pub lost: i64,
    /// The same in its last report, share 0 to 1.
    pub fraction_lost: f32,
    /// Interarrival jitter, µs.
    pub jitter_us: u32,
    /// From our mix to the ear: a packet, half a round trip, the peer's buffer (40 ms, if it does not tell).
    pub delay: Duration,
    /// How we are heard by the peer.
    pub score: Score,
    /// What it says beyond this (RFC 3611 §4.7).
    pub voip: Option<VoipMetrics>,
}
