//! Percentiles of millions of durations in a few KiB.

use std::time::Duration;

/// Microseconds that are counted one by one; above, each power of two has half as many buckets.
const FINE: u64 = 256;

/// Counts of durations, exact to 1 µs or 1 %.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max: Duration,
}

impl Histogram {
    /// Counts one duration.
    pub(crate) fn record(&mut self, value: Duration) {
        let bucket = bucket(value.as_micros() as u64);
        if bucket >= self.counts.len() {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.total += 1;
        self.max = self.max.max(value);
    }

    /// How many were counted.
    pub(crate) fn count(&self) -> u64 {
        self.total
    }

    /// The share of all that are longer than `limit`, 0 to 1.
    pub(crate) fn share_above(&self, limit: Duration) -> f64 {
        let above = self.counts.iter().skip(bucket(limit.as_micros() as u64) + 1).sum::<u64>();
        above as f64 / self.total.max(1) as f64
    }

    /// The longest of all.
    pub(crate) fn max(&self) -> Duration {
        self.max
    }

    /// The duration that `percent` of all do not exceed, 0 without any.
    pub(crate) fn percentile(&self, percent: f64) -> Duration {
        let wanted = (self.total as f64 * percent / 100.0).ceil() as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted.max(1) {
                return Duration::from_micros(lowest(bucket as u64)).min(self.max);
            }
        }
        self.max
    }

    /// The percentile in ms.
    pub(crate) fn percentile_ms(&self, percent: f64) -> f64 {
        self.percentile(percent).as_secs_f64() * 1000.0
    }
}

fn bucket(us: u64) -> usize {
    let shift = (us | 1).ilog2().saturating_sub(FINE.ilog2() - 1);
    (u64::from(shift) * FINE / 2 + (us >> shift)) as usize
}

/// The shortest duration of a bucket, µs.
fn lowest(bucket: u64) -> u64 {
    let shift = (bucket / (FINE / 2)).saturating_sub(1);
    (bucket - shift * FINE / 2) << shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_knows_its_lowest_value() {
        for us in (0..5000).chain([65_535, 65_536, 1_000_000, 60_000_000]) {
            let lowest = lowest(bucket(us) as u64);
            assert!(lowest <= us && us - lowest <= us / 100, "{us}: {lowest}");
            assert_eq!(bucket(lowest), bucket(us));
        }
    }

    #[test]
    fn percentiles_are_exact_to_one_percent() {
        let mut histogram = Histogram::default();
        (1..=10_000).for_each(|us| histogram.record(Duration::from_micros(us)));
        for (percent, us) in [(50.0, 5000.0), (99.0, 9900.0), (99.9, 9990.0)] {
            let found = histogram.percentile(percent).as_micros() as f64;
            assert!((found - us).abs() < us / 100.0, "{percent}: {found}");
        }
        assert!((histogram.share_above(Duration::from_micros(9000)) - 0.1).abs() < 0.01);
        assert_eq!((histogram.count(), histogram.max()), (10_000, Duration::from_micros(10_000)));
        assert_eq!(Histogram::default().percentile(50.0), Duration::ZERO);
    }
}
