//! How punctual a server's ticks are, seen from who gets their packets.

use std::time::{Duration, Instant};

use crate::histogram::Histogram;
use crate::stream::Pace;

/// Packets over which one grid holds: long enough to show a late one, short enough to follow a server that moves its ticks.
const PACKETS: usize = 50;

/// The grid itself may move by one part in so many: a server that brings its ticks nearer to its talkers' packets is to its
/// receivers a clock that is a little off, and late by nothing. A single late tick counts 0.1 ms less for it, one of ten in turn 0.5 ms at most.
const DRIFT: i32 = 200;

/// The packets of one receiver against the grid of their timestamps. The earliest of those around are taken to be in time:
/// what is measured is the server's lateness and whatever else spreads its packets, so hardly less than the lateness.
#[derive(Debug, Default)]
pub(crate) struct Punctuality {
    start: Option<(Instant, u32)>,
    packets: Vec<Arrival>,
}

/// A packet, µs.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    /// When it was due, after the first.
    due: i32,
    /// How far it lies behind the grid of the first.
    behind: i32,
}

impl Punctuality {
    /// Notes a packet; once there are enough, how late each was goes into `lateness`.
    pub(crate) fn note(&mut self, arrival: Instant, timestamp: u32, pace: Pace, lateness: &mut Histogram) {
        let (start, first) = *self.start.get_or_insert((arrival, timestamp));
        let units = timestamp.wrapping_sub(first);
        let due = (f64::from(units) / f64::from(pace.clock_rate) * 1e6) as i32;
        let since = arrival.saturating_duration_since(start).as_micros() as i32;
        self.packets.push(Arrival { due, behind: since.saturating_sub(due) });
        if self.packets.len() < PACKETS {
            return;
        }
        for (packet, grid) in self.packets.iter().zip(grid(&self.packets)) {
            lateness.record(Duration::from_micros(packet.behind.abs_diff(grid).into()));
        }
        self.restart();
    }

    /// Begins anew, with the next packet.
    pub(crate) fn restart(&mut self) {
        self.start = None;
        self.packets.clear();
    }
}

/// Where the grid lies for each packet: nowhere behind one that came, and nowhere steeper than it may drift.
fn grid(packets: &[Arrival]) -> Vec<i32> {
    let mut grid: Vec<i32> = packets.iter().map(|packet| packet.behind).collect();
    let mut lower = |index: usize, neighbour: usize| {
        let most = packets[index].due.abs_diff(packets[neighbour].due) as i32 / DRIFT;
        grid[index] = grid[index].min(grid[neighbour].saturating_add(most));
    };
    (1..packets.len()).for_each(|index| lower(index, index - 1));
    (1..packets.len()).rev().for_each(|index| lower(index - 1, index));
    grid
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
        late[20] = 3800;
        let found = lateness(&late);
        assert_eq!((found.percentile(90.0), found.max()), (Duration::ZERO, Duration::from_millis(3)));
        late[0] = 5800;
        assert_eq!(lateness(&late).max(), Duration::from_millis(5));
        late[20..30].fill(3800);
        assert!(lateness(&late).percentile(82.0) >= Duration::from_micros(2500), "late ten times in turn");
    }

    #[test]
    fn a_server_may_move_its_ticks() {
        let late = [[0; PACKETS], [9000; PACKETS]].concat();
        assert_eq!(lateness(&late).max(), Duration::ZERO);
        let later = std::array::from_fn::<u64, { 2 * PACKETS }, _>(|packet| 100 * packet as u64);
        assert_eq!(lateness(&later).max(), Duration::ZERO, "5 ms a second later");
        let sooner = later.map(|late| 20_000 - late);
        assert_eq!(lateness(&sooner).max(), Duration::ZERO, "and sooner");
    }
}
