//! Losses in bursts and in gaps (RFC 3611 §4.7.2).

/// So many packets in a row that were played make a gap, in which losses stand alone (RFC 3611 §4.7.2, Gmin).
pub(crate) const GAP_MINIMUM: u32 = 16;

/// Tells bursts of losses from single ones. *Bad* is a packet that was lost or came too late, *good* one that was played.
///
/// RFC 3611 appendix A.2 models this by four states and counts the transitions: `gap` and `burst` are the good and the bad
/// state of each kind.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bursts {
    /// Good packets since the last bad one.
    run: u32,
    /// Bad packets since the last gap.
    bad_in_burst: u32,
    good: u32,
    bad: u32,
    /// Bad packets right behind a bad one.
    repeated: u32,
    /// c11: good packets in gaps.
    gap_good: u32,
    /// c14: bad packets alone in a gap.
    gap_bad: u32,
    /// c13: bursts.
    bursts: u32,
    /// c22: good packets behind good ones in bursts.
    burst_good: u32,
    /// c23: good packets behind bad ones in bursts.
    burst_mixed: u32,
    /// c33: bad packets behind bad ones in bursts.
    burst_bad: u32,
}

/// What [`Bursts`] found.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct BurstMetrics {
    /// Share of bad packets in bursts, 0 to 1.
    pub(crate) burst_density: f32,
    /// Share of bad packets in gaps, 0 to 1.
    pub(crate) gap_density: f32,
    /// Mean length of a burst, in packets.
    pub(crate) burst_packets: f32,
    /// Mean length of a gap, in packets.
    pub(crate) gap_packets: f32,
    /// How many times longer runs of bad packets are than if they were bad at random (ITU-T G.107 §3.5, BurstR).
    pub(crate) ratio: f32,
    /// Share of bad packets, 0 to 1.
    pub(crate) bad_share: f32,
}

impl Bursts {
    pub(crate) fn good(&mut self) {
        self.good = self.good.saturating_add(1);
        self.run = self.run.saturating_add(1);
    }

    /// Good packets so far.
    pub(crate) fn played(&self) -> u64 {
        self.good.into()
    }

    pub(crate) fn bad(&mut self) {
        self.repeated += u32::from(self.bad > 0 && self.run == 0);
        self.bad += 1;
        if self.run >= GAP_MINIMUM || self.bad_in_burst == 0 {
            self.end_burst();
            self.bad_in_burst = 1;
            self.gap_good = self.gap_good.saturating_add(self.run);
        } else {
            self.bad_in_burst = self.bad_in_burst.saturating_add(1);
            match self.run.checked_sub(1) {
                None => self.burst_bad += 1,
                Some(behind_good) => {
                    self.burst_mixed += 1;
                    self.burst_good += behind_good;
                }
            }
        }
        self.run = 0;
    }

    pub(crate) fn metrics(&self) -> BurstMetrics {
        let mut whole = *self;
        // What runs at present counts as a gap or a burst that ends here.
        whole.end_burst();
        whole.gap_good = whole.gap_good.saturating_add(whole.run);
        whole.densities()
    }

    fn end_burst(&mut self) {
        match self.bad_in_burst {
            0 => {}
            1 => self.gap_bad += 1,
            _ => self.bursts += 1,
        }
    }

    fn densities(&self) -> BurstMetrics {
        let Self { good, bad, repeated, gap_good, gap_bad, bursts, .. } = *self;
        let Self { burst_good, burst_mixed, burst_bad, .. } = *self;
        let [good, bad, repeated] = [good, bad, repeated].map(u64::from);
        let [gap_good, gap_bad, bursts] = [gap_good, gap_bad, bursts].map(u64::from);
        let [burst_good, burst_mixed, burst_bad] = [burst_good, burst_mixed, burst_bad].map(u64::from);
        let in_bursts = burst_good + 2 * burst_mixed + burst_bad + bursts;
        let bad_in_bursts = burst_mixed + burst_bad + bursts;
        let runs = bad - repeated;
        let bad_share = share(bad, good + bad);
        BurstMetrics {
            burst_density: share(bad_in_bursts, in_bursts),
            gap_density: share(gap_bad, gap_good + gap_bad),
            burst_packets: share(in_bursts, bursts),
            gap_packets: share(gap_good + gap_bad, bursts + 1),
            ratio: if runs == 0 { 1.0 } else { (share(bad, runs) * (1.0 - bad_share)).max(1.0) },
            bad_share,
        }
    }
}

fn share(part: u64, whole: u64) -> f32 {
    if whole == 0 { 0.0 } else { part as f32 / whole as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `pattern`: packets in their order, `x` is bad.
    fn metrics(pattern: &str) -> BurstMetrics {
        let mut bursts = Bursts::default();
        pattern.chars().for_each(|packet| if packet == 'x' { bursts.bad() } else { bursts.good() });
        bursts.metrics()
    }

    #[test]
    fn nothing_bad_is_one_gap() {
        let clean = metrics(&".".repeat(100));
        assert_eq!((clean.burst_density, clean.gap_density, clean.ratio), (0.0, 0.0, 1.0));
        assert_eq!((clean.burst_packets, clean.gap_packets), (0.0, 100.0));
        assert_eq!(metrics(""), BurstMetrics { ratio: 1.0, ..BurstMetrics::default() });
    }

    #[test]
    fn losses_far_apart_are_in_a_gap() {
        let single = metrics(&format!("{}x", ".".repeat(49)).repeat(10));
        assert_eq!((single.burst_density, single.burst_packets), (0.0, 0.0));
        assert!((single.gap_density - 0.02).abs() < 1e-6 && single.ratio <= 1.0, "{single:?}");
    }

    #[test]
    fn losses_near_each_other_are_a_burst() {
        let bursty = metrics(&format!("{}x.x..xx", ".".repeat(193)).repeat(5));
        assert!((bursty.burst_packets - 7.0).abs() < 1e-6, "{bursty:?}");
        assert!((bursty.burst_density - 4.0 / 7.0).abs() < 1e-6, "{bursty:?}");
        assert!((bursty.gap_density, bursty.gap_packets) == (0.0, 5.0 * 193.0 / 6.0), "{bursty:?}");
        assert!((bursty.ratio - 4.0 / 3.0 * 0.98).abs() < 1e-6, "{bursty:?}");
    }

    #[test]
    fn all_lost_is_one_burst() {
        let dead = metrics(&"x".repeat(20));
        assert_eq!((dead.burst_density, dead.burst_packets), (1.0, 20.0));
    }
}
