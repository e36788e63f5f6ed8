//! When who sends: everybody once in each round, in an order that scatters neighbours, and rests in between.

use std::thread;
use std::time::{Duration, Instant};

/// Packets are sent and looked for in small groups: each waking, and each look at an empty socket, costs as much as some.
const SHORTEST_REST: Duration = Duration::from_micros(250);
const LONGEST_REST: Duration = Duration::from_millis(1);

/// Who sends when.
#[derive(Debug)]
pub(crate) struct Grid {
    order: Vec<u32>,
    round: Instant,
    next: usize,
    length: Duration,
}

impl Grid {
    /// A round of `length` for so many callers that begins now.
    pub(crate) fn new(callers: usize, length: Duration) -> Self {
        // A step near the golden ratio that has no divisor in common with the number of callers scatters them evenly.
        let golden = (callers as f64 * 0.618) as usize;
        let step = (golden.max(1)..).find(|step| greatest_common_divisor(*step, callers) == 1).unwrap_or(1);
        let order = (0..callers).map(|turn| (turn * step % callers) as u32).collect();
        Self { order, round: Instant::now(), next: 0, length }
    }

    /// When the next one sends.
    pub(crate) fn due(&self) -> Instant {
        self.round + self.length.mul_f64(self.next as f64 / self.order.len() as f64)
    }

    /// Whose turn it is.
    pub(crate) fn take(&mut self) -> usize {
        let index = self.order[self.next] as usize;
        self.next += 1;
        if self.next == self.order.len() {
            self.next = 0;
            self.round += self.length;
        }
        index
    }
}

/// Rests until `due`, but not long, since calls want to be looked after, too. Never without a rest: packets would go one
/// by one, each with a look at all sockets, and a real-time thread that uses more than 95 % of a second is stopped.
pub(crate) fn rest_until(due: Instant) {
    let left = due.saturating_duration_since(Instant::now());
    thread::sleep(left.clamp(SHORTEST_REST, LONGEST_REST));
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_sends_once_in_a_round() {
        for callers in [1, 2, 3, 100, 1000] {
            let mut grid = Grid::new(callers, Duration::from_millis(20));
            let start = grid.due();
            let mut order: Vec<_> = (0..callers).map(|_| grid.take()).collect();
            order.sort_unstable();
            assert!(order.into_iter().eq(0..callers));
            assert_eq!(grid.due() - start, Duration::from_millis(20));
        }
    }
}
