//! What the jitter buffer is told, and what it tells.

use crate::Framing;

/// What a jitter buffer has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JitterConfig {
    /// RTP clock rate in Hz; all times of the buffer are in its units.
    pub clock_rate: u32,
    /// Time between two ticks of the reader, in ms.
    pub interval_ms: u16,
    /// The most delay it may add, in ms.
    pub max_delay_ms: u16,
    /// How long a payload lasts.
    pub framing: Framing,
    /// A packet may repeat the one before it (Opus in-band FEC): while packets are lost, there is delay enough to wait for
    /// the packet behind the hole.
    pub fec: bool,
}

impl Default for JitterConfig {
    fn default() -> Self {
        Self {
            clock_rate: 8000,
            interval_ms: 20,
            max_delay_ms: 200,
            framing: Framing::Octets { per_unit: 1 },
            fec: false,
        }
    }
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It waits to be played.
    Queued,
    /// It is the first of a stream that jumped in sequence or time; what was queued is gone.
    Restarted,
    /// It was there already.
    Duplicate,
    /// Its turn is over.
    Late,
    /// Its payload is empty, longer than 2000 octets, or tells no duration.
    Unusable,
}

/// One packet to play, or a part of a long one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The encoded audio.
    pub payload: &'a [u8],
    /// Of an Opus packet that is longer than [`LONGEST_PART_MS`](crate::LONGEST_PART_MS) only this frame (RFC 6716 §3.2),
    /// counted from 0.
    pub frame: Option<u8>,
    /// Its RTP timestamp.
    pub timestamp: u32,
    /// Its duration in clock units.
    pub units: u32,
    /// It does not continue what was played before: the start of a talk spurt, or some audio was left out.
    pub splice: bool,
}

/// What to play next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next<'a> {
    /// Decode and play this.
    Packet(Frame<'a>),
    /// Conceal this, then ask again if more is needed.
    Lost {
        /// Clock units to conceal.
        units: u32,
        /// The payload of the packet right behind the lost one, if it is there: it may tell of the lost one.
        next: Option<&'a [u8]>,
    },
    /// Nothing for the rest of this tick: silence, start, or the sender pauses.
    Wait,
}

/// Counters since the leg was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JitterStats {
    /// Packets played.
    pub played: u64,
    /// Times that [`Next::Lost`] was given.
    pub concealed: u64,
    /// Clock units concealed.
    pub concealed_units: u64,
    /// Packets that came after their turn.
    pub late: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets thrown away to bring the delay down.
    pub discarded: u64,
    /// Jumps of sequence or timestamp.
    pub restarts: u64,
    /// Clock units that the reader put in, see [`JitterBuffer::skip`](super::JitterBuffer::skip).
    pub stretched_in: u64,
    /// Clock units that the reader took out.
    pub stretched_out: u64,
}
