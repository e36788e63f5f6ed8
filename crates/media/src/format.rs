//! How a room mixes.

use std::time::Duration;

/// The samples and the ticks of one room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Format {
    /// Samples per second.
    pub(crate) rate: u32,
    /// Time between two ticks, ms.
    pub(crate) interval_ms: u16,
}

impl Format {
    /// The format, if rooms can mix in it: G.711's rate, and ticks of whole packets of 10 ms.
    pub(crate) fn new(rate: u32, interval_ms: u16) -> Option<Self> {
        let mixable = rate == 8000 && (10..=60).contains(&interval_ms) && interval_ms.is_multiple_of(10);
        mixable.then_some(Self { rate, interval_ms })
    }

    /// Samples per tick.
    pub(crate) fn frame(self) -> usize {
        self.rate as usize / 1000 * usize::from(self.interval_ms)
    }

    /// Time between two ticks.
    pub(crate) fn interval(self) -> Duration {
        Duration::from_millis(u64::from(self.interval_ms))
    }
}
