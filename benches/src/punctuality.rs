//! How punctual a server's ticks are, seen from who gets their packets.

use std::time::{Duration, Instant};

use crate::histogram::Histogram;
use crate::stream::Pace;

/// Packets over which one grid holds: long enough to show a late one, short enough to follow a server that moves its ticks.
const PACKETS: usize = 50;

/// The packets of one receiver against the grid of their timestamps. The earliest of each second or so is taken to be in
/// time: what is measured is the server's lateness and whatever else spreads its packets, so never less than the lateness.
#[derive(Debug, Default)]
pub(crate) struct Punctuality {
    start: Option<(Instant, u32)>,
    /// How far each packet lies behind the grid of the first, µs.
    behind: Vec<i32>,
}

impl Punctuality {
    /// Notes a packet; once there are enough, how late each was goes into `lateness`.
    pub(crate) fn note(&mut self, arrival: Instant, timestamp: u32, pace: Pace, lateness: &mut Histogram) {
        let (start, first) = *self.start.get_or_insert((arrival, timestamp));
        let units = timestamp.wrapping_sub(first);
        let due = f64::from(units) / f64::from(pace.clock_rate) * 1e6;
        let since = arrival.saturating_duration_since(start).as_secs_f64() * 1e6;
        self.behind.push((since - due) as i32);
        if self.behind.len() < PACKETS {
            return;
        }
        let earliest = self.behind.iter().copied().min().unwrap_or_default();
        let late = |behind: &i32| Duration::from_micros(behind.abs_diff(earliest).into());
        self.behind.iter().map(late).for_each(|late| lateness.record(late));
        self.restart();
    }

    /// Begins anew, with the next packet.
    pub(crate) fn restart(&mut self) {
        self.start = None;
        self.behind.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lateness of packets that come so many µs after their time.
    fn lateness(late: &[u64]) -> Histogram {
        let pace = Pace { ptime: Duration::from_millis(20), units: 160, clock_rate: 8000 };
        let (start, mut found, mut seen) = (Instant::now(), Histogram::default(), Punctuality::default());
        for (number, late) in late.iter().enumerate() {
            let arrival = start + Duration::from_micros(20_000 * number as u64 + late);
            seen.note(arrival, (number as u32 * 160).wrapping_add(u32::MAX - 300), pace, &mut found);
        }
        found
    }

    #[test]
    fn the_earliest_packets_are_the_grid() {
        let mut late = [700; PACKETS];
        late[20] = 3700;
        let found = lateness(&late);
        assert_eq!((found.percentile(90.0), found.max()), (Duration::ZERO, Duration::from_millis(3)));
        late[0] = 5700;
        assert_eq!(lateness(&late).max(), Duration::from_millis(5));
    }

    #[test]
    fn a_server_may_move_its_ticks() {
        let late = [[0; PACKETS], [9000; PACKETS]].concat();
        assert_eq!(lateness(&late).max(), Duration::ZERO);
    }
}
