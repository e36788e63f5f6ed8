//! Why somebody is choppy.

use crate::Quality;

/// Audio that has to be concealed to be called choppy, share of time: 2 % of single losses are heard as such.
const BAD_SHARE: f32 = 0.02;
/// Jitter from which on buffers of phones are known to fail, µs.
const BAD_JITTER_US: u32 = 50_000;
/// A clock that is so far off, in ppm, makes a phone that does not follow it lose a packet every 40 s.
const BAD_CLOCK_PPM: u32 = 500;
/// Share of our own ticks that came late.
const BAD_TICKS: f32 = 0.01;

/// Where the fault lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing that is heard.
    Good,
    /// His way to us: at least 2 % of his packets are lost or too late, or the jitter is 50 ms or more.
    Uplink,
    /// Our way to him: at least 2 % of our packets do not reach him in time, or the jitter is 50 ms or more.
    Downlink,
    /// His clock: it is 500 ppm or more off ours, so one of us runs dry or over.
    Clock,
    /// We: at least 1 % of our ticks are late, or packets cannot be sent.
    OurLoad,
}

/// How our side does: counters since any start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Ticks of the room.
    pub ticks: u64,
    /// Those that came late.
    pub late_ticks: u64,
    /// Packets to this leg that could not be sent.
    pub send_failures: u64,
}

/// What is known of a leg's line over a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Evidence {
    /// Share of his packets that were lost or came too late, 0 to 1.
    pub uplink_bad: f32,
    /// Jitter of his packets, µs.
    pub uplink_jitter_us: u32,
    /// Share of our packets that did not reach him, or too late.
    pub downlink_bad: f32,
    /// Jitter of our packets at his end, µs.
    pub downlink_jitter_us: u32,
    /// By how many millionths his clock is off.
    pub clock_ppm: i32,
    /// Share of our ticks that came late.
    pub late_ticks: f32,
    /// Share of the packets to him that could not be sent.
    pub send_failures: f32,
}

impl Evidence {
    /// Of the time between two looks at the same leg.
    #[must_use]
    pub fn between(before: (&Quality, &Load), after: (&Quality, &Load)) -> Self {
        let ((then, load_then), (now, load)) = (before, after);
        let ticks = load.ticks.saturating_sub(load_then.ticks);
        let downlink = now.downlink.unwrap_or_default();
        let discarded = downlink.voip.map_or(0.0, |voip| f32::from(voip.discard_rate) / 256.0);
        Self {
            uplink_bad: uplink_bad(then, now),
            uplink_jitter_us: now.uplink.jitter_us,
            downlink_bad: downlink.fraction_lost + discarded,
            downlink_jitter_us: downlink.jitter_us,
            clock_ppm: now.clock_ppm.unwrap_or(0),
            late_ticks: share(load.late_ticks.saturating_sub(load_then.late_ticks), ticks),
            send_failures: share(load.send_failures.saturating_sub(load_then.send_failures), ticks),
        }
    }

    /// Why he is choppy. Our own load comes first, as it looks like any of the others; then what others hear of him, then
    /// what he hears.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.late_ticks >= BAD_TICKS || self.send_failures >= BAD_TICKS {
            Verdict::OurLoad
        } else if self.uplink_bad >= BAD_SHARE || self.uplink_jitter_us >= BAD_JITTER_US {
            Verdict::Uplink
        } else if self.downlink_bad >= BAD_SHARE || self.downlink_jitter_us >= BAD_JITTER_US {
            Verdict::Downlink
        } else if self.clock_ppm.unsigned_abs() >= BAD_CLOCK_PPM {
            Verdict::Clock
        } else {
            Verdict::Good
        }
    }
}

fn uplink_bad(then: &Quality, now: &Quality) -> f32 {
    let (then, now) = (&then.uplink, &now.uplink);
    let lost = u64::try_from(now.lost - then.lost).unwrap_or(0);
    let late = (now.late + now.discarded).saturating_sub(then.late + then.discarded);
    let came = now.packets.saturating_sub(then.packets);
    share(lost + late, lost + came)
}

fn share(part: u64, whole: u64) -> f32 {
    if whole == 0 { 0.0 } else { part as f32 / whole as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Downlink, Uplink};

    #[test]
    fn each_cause_is_named() {
        let clean = Evidence::default();
        let table = [
            (clean, Verdict::Good),
            (Evidence { uplink_bad: 0.01, uplink_jitter_us: 40_000, clock_ppm: 100, ..clean }, Verdict::Good),
            (Evidence { uplink_bad: 0.03, ..clean }, Verdict::Uplink),
            (Evidence { uplink_jitter_us: 60_000, ..clean }, Verdict::Uplink),
            (Evidence { downlink_bad: 0.05, ..clean }, Verdict::Downlink),
            (Evidence { downlink_jitter_us: 60_000, ..clean }, Verdict::Downlink),
            (Evidence { clock_ppm: -700, ..clean }, Verdict::Clock),
            (Evidence { late_ticks: 0.02, uplink_bad: 0.1, downlink_bad: 0.1, ..clean }, Verdict::OurLoad),
            (Evidence { send_failures: 0.02, ..clean }, Verdict::OurLoad),
        ];
        for (evidence, verdict) in table {
            assert_eq!(evidence.verdict(), verdict, "{evidence:?}");
        }
    }

    #[test]
    fn evidence_is_of_the_time_between() {
        let uplink = |packets, lost, late| Uplink { packets, lost, late, ..Uplink::default() };
        let then = Quality { uplink: uplink(1000, 100, 100), ..Quality::default() };
        let downlink = Downlink { fraction_lost: 0.25, ..Downlink::default() };
        let now = Quality { uplink: uplink(1190, 110, 105), downlink: Some(downlink), ..then };
        let load_then = Load { ticks: 1000, late_ticks: 50, send_failures: 7 };
        let load = Load { ticks: 1200, late_ticks: 51, send_failures: 7 };
        let evidence = Evidence::between((&then, &load_then), (&now, &load));
        assert_eq!(evidence.uplink_bad, 15.0 / 200.0);
        assert_eq!((evidence.downlink_bad, evidence.late_ticks), (0.25, 0.005));
        assert_eq!(evidence.verdict(), Verdict::Uplink);
        let still = Evidence::between((&now, &load), (&now, &load));
        assert_eq!((still.uplink_bad, still.late_ticks), (0.0, 0.0));
    }
}
