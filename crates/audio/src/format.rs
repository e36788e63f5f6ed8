//! How a room mixes.

use std::time::Duration;

use confab_codec::Codec;

/// The samples and the ticks of one room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Format {
    /// Samples per second.
    pub rate: u32,
    /// Time between two ticks, ms.
    pub interval_ms: u16,
}

/// Whether a room's rate may change while it runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tuning {
    /// It stays as it is.
    Fixed,
    /// It may: legs are delayed by 2.5 ms at least, so that their delay is the same at all rates.
    Auto,
}

impl Tuning {
    /// The rate at which a codec's coders run in a room of the rate `room`, Hz. Where that may change, they run at the
    /// codec's best, so that the same coders go on.
    pub(crate) fn coder_rate(self, codec: Codec, room: u32) -> u32 {
        match self {
            Self::Fixed => codec.coder_rate(room),
            Self::Auto => codec.sample_rate(),
        }
    }

    /// Samples at a rate (Hz) that are kept back where there is no resampler: as many as one delays.
    pub(crate) fn lag(self, rate: u32) -> usize {
        match self {
            Self::Fixed => 0,
            Self::Auto => (rate / 400) as usize,
        }
    }
}

impl Format {
    /// The rates that rooms can have, Hz.
    pub const RATES: [u32; 5] = [8000, 16_000, 24_000, 32_000, 48_000];

    /// The format, if rooms can mix in it: one of the [`Format::RATES`], and ticks of whole packets of 10 ms.
    #[must_use]
    pub fn new(rate: u32, interval_ms: u16) -> Option<Self> {
        let mixable =
            Self::RATES.contains(&rate) && (10..=60).contains(&interval_ms) && interval_ms.is_multiple_of(10);
        mixable.then_some(Self { rate, interval_ms })
    }

    /// Samples per tick.
    #[must_use]
    pub fn frame(self) -> usize {
        self.rate as usize / 1000 * usize::from(self.interval_ms)
    }

    /// Time between two ticks.
    #[must_use]
    pub fn interval(self) -> Duration {
        Duration::from_millis(u64::from(self.interval_ms))
    }
}
