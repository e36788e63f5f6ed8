//! How late ticks begin, counted so that it costs a worker one addition.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Up to how many µs late the ticks of each count are; those of the last are later still.
const BOUNDS_US: [u64; 9] = [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000];
const COUNTS: usize = BOUNDS_US.len() + 1;

/// Ticks by how late they began: up to 50, 100, 200 and 500 µs, 1, 2, 5, 10 and 20 ms, and later.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Lateness {
    counts: [u64; COUNTS],
}

impl Lateness {
    /// All ticks.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// No more than this late were so many percent of the ticks, as far as it was counted; `None`: more than 20 ms.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> Option<Duration> {
        let wanted = (self.ticks() as f64 * percent / 100.0).ceil() as u64;
        let mut ticks = 0;
        let reaches = |count: &u64| {
            ticks += count;
            ticks >= wanted
        };
        let place = self.counts.iter().position(reaches)?;
        BOUNDS_US.get(place).map(|&us| Duration::from_micros(us))
    }

    /// What has come since it was `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self { counts: std::array::from_fn(|place| self.counts[place].saturating_sub(before.counts[place])) }
    }
}

impl fmt::Display for Lateness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, percent) in [50.0, 99.0, 99.9].into_iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            match self.percentile(percent) {
                Some(late) => write!(f, "{comma}p{percent} ≤ {} ms", late.as_secs_f64() * 1000.0)?,
                None => write!(f, "{comma}p{percent} > 20 ms")?,
            }
        }
        Ok(())
    }
}

/// The counts of one worker.
#[derive(Default, Debug)]
pub(crate) struct Counts([AtomicU64; COUNTS]);

impl Counts {
    /// A tick began so late.
    pub(crate) fn count(&self, late: Duration) {
        let us = late.as_micros() as u64;
        let place = BOUNDS_US.partition_point(|&bound| bound < us);
        self.0[place].fetch_add(1, Ordering::Relaxed);
    }

    /// The counts, added to those of other workers.
    pub(crate) fn add_to(&self, sum: Lateness) -> Lateness {
        let counts = std::array::from_fn(|place| sum.counts[place] + self.0[place].load(Ordering::Relaxed));
        Lateness { counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_bound_that_so_many_ticks_keep() {
        let counts = Counts::default();
        for (ticks, late_us) in [(9900, 50), (90, 51), (9, 1999), (1, 30_000)] {
            (0..ticks).for_each(|_| counts.count(Duration::from_micros(late_us)));
        }
        let lateness = counts.add_to(Lateness::default());
        let ms = |percent| lateness.percentile(percent).map(|late| late.as_micros());
        assert_eq!(lateness.ticks(), 10_000);
        assert_eq!([ms(50.0), ms(99.0), ms(99.9), ms(99.99)].map(Option::unwrap), [50, 50, 100, 2000]);
        assert_eq!(ms(100.0), None);
        assert_eq!(lateness.to_string(), "p50 ≤ 0.05 ms, p99 ≤ 0.05 ms, p99.9 ≤ 0.1 ms");
        assert_eq!(lateness.since(&lateness), Lateness::default());
    }
}
