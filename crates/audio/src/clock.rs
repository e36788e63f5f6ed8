//! Time as RTCP tells it, and a small source of random intervals.

use std::time::{Duration, Instant};

use confab_rtp::rtcp;

/// Ties the monotonic clock to the wall clock once, so that a step of the wall clock disturbs no report.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    base: Instant,
    /// The wall clock's time at `base`, since the Unix epoch.
    unix: Duration,
}

impl Clock {
    /// A clock that counts from `base`, when the wall clock showed `unix`, the time since the Unix epoch.
    #[must_use]
    pub fn new(base: Instant, unix: Duration) -> Self {
        Self { base, unix }
    }

    /// `at` in NTP time, 32.32 fixed point seconds (RFC 3550 §4).
    #[must_use]
    pub fn ntp(&self, at: Instant) -> u64 {
        rtcp::ntp(self.unix + at.saturating_duration_since(self.base))
    }
}

/// SplitMix64: spreads one seed over many users; not for secrets.
#[derive(Clone, Copy, Debug)]
pub struct Random(u64);

impl Random {
    /// The same seed gives the same numbers.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    #[expect(clippy::should_implement_trait, reason = "it never ends")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number in 0..1.
    pub fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "some instant to count from")]
    fn ntp_time_advances_with_the_monotonic_clock() {
        let base = Instant::now();
        let clock = Clock::new(base, Duration::from_secs(1_700_000_000));
        let later = clock.ntp(base + Duration::from_millis(1500));
        assert_eq!(later.abs_diff(clock.ntp(base)).abs_diff(3 << 31) >> 16, 0);
    }

    #[test]
    fn fractions_stay_below_one_and_differ() {
        let mut random = Random::new(1);
        let drawn: Vec<f64> = (0..100).map(|_| random.fraction()).collect();
        assert!(drawn.iter().all(|fraction| (0.0..1.0).contains(fraction)));
        assert!(drawn.iter().any(|&fraction| fraction < 0.2) && drawn.iter().any(|&fraction| fraction > 0.8));
    }
}
