//! One direction of a line: what happens to datagrams on their way.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::Random;

/// How a line treats what is sent over it. The default is a line that delivers everything at once.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Conditions {
    /// How long every datagram takes at least.
    pub delay: Duration,
    /// Each datagram takes up to so much longer, evenly spread and each for itself: they overtake one another.
    pub jitter: Duration,
    /// Which datagrams are lost.
    pub loss: Loss,
    /// Share of the datagrams that come twice, 0 to 1.
    pub duplicates: f64,
    /// Share of the datagrams that [`Conditions::detour`] delays further, 0 to 1.
    pub reordered: f64,
    /// How much longer a reordered datagram takes.
    pub detour: Duration,
    /// Times in which nothing arrives; what was sent then arrives at their end.
    pub stalls: Vec<Stall>,
}

/// Which datagrams are lost.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub enum Loss {
    /// None.
    #[default]
    None,
    /// Each for itself with this probability, 0 to 1.
    Random(f64),
    /// In bursts: the model of Gilbert and Elliott, with a good state that loses nothing and a bad one that loses all.
    Bursts {
        /// Share of the datagrams that is lost in the long run, 0 to 1.
        share: f64,
        /// Mean length of a burst in datagrams.
        length: f64,
    },
}

/// A time in which nothing arrives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stall {
    /// When it begins.
    pub at: Duration,
    /// How long it lasts.
    pub length: Duration,
}

impl Conditions {
    /// Jitter of 0 to `ms` milliseconds.
    pub fn jitter(ms: u64) -> Self {
        Self { jitter: Duration::from_millis(ms), ..Self::default() }
    }

    /// The loss of this share of the datagrams, each for itself.
    pub fn loss(share: f64) -> Self {
        Self { loss: Loss::Random(share), ..Self::default() }
    }

    /// The loss of this share of the datagrams in bursts of `length` on average.
    pub fn bursts(share: f64, length: f64) -> Self {
        Self { loss: Loss::Bursts { share, length }, ..Self::default() }
    }

    /// This share of the datagrams comes twice.
    pub fn duplicates(share: f64) -> Self {
        Self { duplicates: share, ..Self::default() }
    }

    /// This share of the datagrams comes `ms` milliseconds late.
    pub fn reordered(share: f64, ms: u64) -> Self {
        Self { reordered: share, detour: Duration::from_millis(ms), ..Self::default() }
    }

    /// One stall of `ms` milliseconds at each of these times.
    pub fn stalls(ms: u64, at: impl IntoIterator<Item = Duration>) -> Self {
        let length = Duration::from_millis(ms);
        Self { stalls: at.into_iter().map(|at| Stall { at, length }).collect(), ..Self::default() }
    }
}

/// Draws which datagrams are lost.
#[derive(Clone, Debug)]
pub struct Losses {
    loss: Loss,
    random: Random,
    /// The state of the burst model.
    is_bad: bool,
}

impl Losses {
    /// The same seed loses the same datagrams.
    pub fn new(loss: Loss, seed: u64) -> Self {
        Self { loss, random: Random::new(seed), is_bad: false }
    }

    /// Whether the next datagram is lost.
    pub fn next_is_lost(&mut self) -> bool {
        match self.loss {
            Loss::None => false,
            Loss::Random(share) => self.random.happens(share),
            Loss::Bursts { share, length } => {
                let turn = if self.is_bad { 1.0 / length } else { share / (1.0 - share) / length };
                self.is_bad ^= self.random.happens(turn);
                self.is_bad
            }
        }
    }
}

/// The datagrams that are under way.
#[derive(Debug)]
pub struct Network {
    conditions: Conditions,
    losses: Losses,
    random: Random,
    under_way: BinaryHeap<Reverse<Arrival>>,
    sent: u64,
}

/// A datagram at the far end. What was sent first comes first of those that arrive at once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Arrival {
    /// When it arrives.
    pub at: Duration,
    number: u64,
    /// What arrives.
    pub datagram: Vec<u8>,
}

impl Network {
    /// A line with its own seed; it loses what [`Losses`] of the same seed lose.
    pub fn new(conditions: Conditions, seed: u64) -> Self {
        let (losses, random) = (Losses::new(conditions.loss, seed), Random::new(!seed));
        Self { conditions, losses, random, under_way: BinaryHeap::new(), sent: 0 }
    }

    /// The line changes; what is under way arrives as it would have.
    pub fn change(&mut self, conditions: Conditions) {
        self.losses = Losses::new(conditions.loss, self.random.bits());
        self.conditions = conditions;
    }

    /// A datagram is sent at `now`.
    pub fn send(&mut self, now: Duration, datagram: &[u8]) {
        let is_lost = self.losses.next_is_lost();
        let copies = 1 + usize::from(self.random.happens(self.conditions.duplicates));
        for _ in 0..copies {
            let at = self.arrives_at(now);
            if !is_lost {
                self.under_way.push(Reverse(Arrival { at, number: self.sent, datagram: datagram.to_vec() }));
                self.sent += 1;
            }
        }
    }

    /// The next datagram that has arrived by `now`.
    pub fn receive(&mut self, now: Duration) -> Option<Arrival> {
        let has_come = self.next_arrival().is_some_and(|at| at <= now);
        has_come.then(|| self.under_way.pop()).flatten().map(|Reverse(arrival)| arrival)
    }

    /// When the next datagram arrives.
    pub fn next_arrival(&self) -> Option<Duration> {
        self.under_way.peek().map(|Reverse(arrival)| arrival.at)
    }

    fn arrives_at(&mut self, now: Duration) -> Duration {
        let Conditions { delay, jitter, reordered, detour, ref stalls, .. } = self.conditions;
        let jitter = jitter.mul_f64(self.random.fraction());
        let detour = if self.random.happens(reordered) { detour } else { Duration::ZERO };
        let at = now + delay + jitter + detour;
        let stall = stalls.iter().find(|stall| (stall.at..stall.at + stall.length).contains(&at));
        stall.map_or(at, |stall| stall.at + stall.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: Duration = Duration::from_millis(20);

    /// Numbers and times, in ms, at which 10 000 packets of 20 ms arrive.
    fn arrivals(conditions: Conditions, seed: u64) -> Vec<(u32, u64)> {
        let mut network = Network::new(conditions, seed);
        for number in 0..10_000_u32 {
            network.send(PACKET * number, &number.to_be_bytes());
        }
        let number = |arrival: &Arrival| u32::from_be_bytes(arrival.datagram[..].try_into().unwrap());
        std::iter::from_fn(|| network.receive(Duration::MAX))
            .map(|arrival| (number(&arrival), arrival.at.as_millis() as u64))
            .collect()
    }

    #[test]
    fn a_good_line_delivers_everything_at_once_and_in_order() {
        for (number, (came, at)) in (0..).zip(arrivals(Conditions::default(), 1)) {
            assert_eq!((came, at), (number, u64::from(number) * 20));
        }
    }

    #[test]
    fn the_same_seed_does_the_same_and_another_does_not() {
        let conditions = Conditions { duplicates: 0.1, ..Conditions::jitter(60) };
        assert_eq!(arrivals(conditions.clone(), 7), arrivals(conditions.clone(), 7));
        assert_ne!(arrivals(conditions.clone(), 7), arrivals(conditions, 8));
    }

    #[test]
    fn losses_have_their_share_and_bursts_their_length() {
        for (conditions, bursts) in [
            (Conditions::loss(0.05), 430..=520),
            (Conditions::bursts(0.05, 4.0), 95..=155),
            (Conditions::bursts(0.05, 1.5), 280..=390),
        ] {
            let came: Vec<u32> = arrivals(conditions.clone(), 3).iter().map(|(number, _)| *number).collect();
            let gaps = came.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
            assert!((9400..9600).contains(&came.len()), "{conditions:?}: {} came", came.len());
            assert!(bursts.contains(&gaps), "{conditions:?}: {gaps} bursts");
        }
    }

    #[test]
    fn jitter_is_spread_evenly_and_lets_packets_overtake() {
        let came = arrivals(Conditions::jitter(60), 5);
        let late = |(number, at): &(u32, u64)| at - u64::from(*number) * 20;
        let mean = came.iter().map(late).sum::<u64>() as f64 / came.len() as f64;
        assert!((mean - 29.5).abs() < 1.0 && came.iter().all(|packet| late(packet) < 60), "{mean}");
        assert!(came.windows(2).any(|pair| pair[1].0 < pair[0].0));
    }

    #[test]
    fn duplicates_and_detours_have_their_share() {
        let twice = arrivals(Conditions::duplicates(0.1), 2).len() - 10_000;
        assert!((900..1100).contains(&twice), "{twice}");
        let came = arrivals(Conditions::reordered(0.05, 30), 2);
        let late = came.iter().filter(|(number, at)| *at == u64::from(*number) * 20 + 30).count();
        assert!((430..570).contains(&late), "{late}");
    }

    #[test]
    fn what_is_sent_in_a_stall_comes_at_its_end_in_order() {
        let came = arrivals(Conditions::stalls(80, [Duration::from_millis(1000)]), 2);
        let expected = [(49, 980), (50, 1080), (51, 1080), (52, 1080), (53, 1080), (54, 1080), (55, 1100)];
        assert_eq!(came[49..56], expected);
    }
}
