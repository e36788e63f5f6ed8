//! How far the sender's clock is off ours.

use confab_fetch::fetch;

/// Windows that are remembered: a minute and the one that runs.
const WINDOWS: usize = 7;
/// Seconds of one window.
const WINDOW_S: i64 = 10;

/// The fastest packet of every ten seconds: how their transit changes is how the clocks run apart. A packet touches the window
/// that runs and no other.
#[derive(Debug, Default)]
pub(super) struct Drift {
    fastest: Option<Fastest>,
    /// When the window began, in clock units.
    began: i64,
    /// Of the windows that are over, the newest first.
    over: Box<[Option<Fastest>; WINDOWS - 1]>,
}

#[derive(Debug, Clone, Copy)]
struct Fastest {
    clock: i64,
    transit: i64,
}

impl Drift {
    pub(super) fn fetch(&self) {
        fetch(&self.fastest);
        fetch(&self.began);
    }

    /// Forgets all.
    pub(super) fn reset(&mut self) {
        self.fastest = None;
        self.began = 0;
        self.over.fill(None);
    }

    /// A packet came at `clock` after `transit`, `second` are the clock units of a second.
    pub(super) fn note(&mut self, clock: i64, transit: i64, second: i64) {
        if clock - self.began >= WINDOW_S * second {
            self.over.rotate_right(1);
            self.over[0] = self.fastest.take();
            self.began = clock;
        }
        if self.fastest.is_none_or(|fastest| transit < fastest.transit) {
            self.fastest = Some(Fastest { clock, transit });
        }
    }

    /// By how many millionths the sender's clock is fast (positive) or slow; `None` in the first twenty seconds.
    pub(super) fn ppm(&self, second: i64) -> Option<i32> {
        // The window that runs may be too short to have a fast packet.
        let newest = self.over[0]?;
        let oldest = self.over[1..].iter().rev().find_map(|window| *window)?;
        let elapsed = newest.clock - oldest.clock;
        if elapsed < 2 * WINDOW_S * second - second {
            return None;
        }
        i32::try_from((oldest.transit - newest.transit) * 1_000_000 / elapsed).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_how_fast_the_sender_is() {
        for ppm in [-6250, -100, 0, 40, 1000] {
            let mut drift = Drift::default();
            for packet in 0..6000_i64 {
                let clock = packet * 160;
                drift.note(clock, 77 + packet * 7 % 480 - clock * ppm / 1_000_000, 8000);
                assert!(packet >= 1000 || drift.ppm(8000).is_none());
            }
            let told = i64::from(drift.ppm(8000).unwrap_or(i32::MAX));
            assert!((told - ppm).abs() <= 15, "{ppm}: {told}");
        }
    }
}
