//! A bad network between a phone and its peer.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// What happens to the RTP packets that a phone sends; equal seeds lose and delay the same ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Impairment {
    /// What the fates of the packets are drawn from.
    pub seed: u64,
    /// The share of packets that are lost, 0 to 1.
    pub loss: f64,
    /// How many are lost in a row, in the mean (the model of Gilbert). With 1 each is lost for itself.
    pub burst: f64,
    /// Each packet is late by anything up to this, so that neighbours may change places.
    pub jitter: Duration,
    /// The share of packets that come twice, 0 to 1.
    pub duplicates: f64,
    /// Whether the telephone-event packets are lost, all of them, that tell that a key is up.
    pub loses_key_ends: bool,
}

impl Default for Impairment {
    fn default() -> Self {
        Self {
            seed: 1,
            loss: 0.0,
            burst: 1.0,
            jitter: Duration::ZERO,
            duplicates: 0.0,
            loses_key_ends: false,
        }
    }
}

/// The packets that are on their way.
#[derive(Debug)]
pub(super) struct Network {
    impairment: Impairment,
    random: StdRng,
    /// Whether the last packet was lost.
    losing: bool,
    /// When they arrive, how many were sent before them, and what they are.
    on_the_way: BinaryHeap<Reverse<(Instant, u64, Vec<u8>)>>,
    sent: u64,
}

impl Network {
    pub(super) fn new(impairment: Impairment) -> Self {
        let random = StdRng::seed_from_u64(impairment.seed);
        Self { impairment, random, losing: false, on_the_way: BinaryHeap::new(), sent: 0 }
    }

    /// Becomes another one; what is on its way arrives as it would have.
    pub(super) fn change(&mut self, impairment: Impairment) {
        self.random = StdRng::seed_from_u64(impairment.seed);
        self.impairment = impairment;
        self.losing = false;
    }

    /// Sends a packet: none, one or two of it will arrive.
    pub(super) fn send(&mut self, now: Instant, packet: &[u8], is_key_end: bool) {
        if self.loses() || is_key_end && self.impairment.loses_key_ends {
            return;
        }
        let copies = if self.happens(self.impairment.duplicates) { 2 } else { 1 };
        for _ in 0..copies {
            let arrival = now + self.impairment.jitter.mul_f64(self.random.random());
            self.on_the_way.push(Reverse((arrival, self.sent, packet.to_vec())));
            self.sent += 1;
        }
    }

    /// When the next packet arrives.
    pub(super) fn next_arrival(&self) -> Option<Instant> {
        self.on_the_way.peek().map(|Reverse((arrival, ..))| *arrival)
    }

    /// A packet that has arrived.
    pub(super) fn arrived(&mut self, now: Instant) -> Option<Vec<u8>> {
        self.next_arrival().filter(|arrival| *arrival <= now)?;
        self.on_the_way.pop().map(|Reverse((.., packet))| packet)
    }

    fn loses(&mut self) -> bool {
        let Impairment { loss, burst, .. } = self.impairment;
        // Between bursts there must be as many packets that get through as the share of loss leaves.
        let chance = match (burst > 1.0, self.losing) {
            (false, _) => loss,
            (true, true) => 1.0 - 1.0 / burst,
            (true, false) if loss < 1.0 => loss / (burst * (1.0 - loss)),
            (true, false) => 1.0,
        };
        self.losing = self.happens(chance);
        self.losing
    }

    fn happens(&mut self, chance: f64) -> bool {
        self.random.random_bool(chance.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// What arrives of packets that are sent every 20 ms: their numbers, in order.
    fn through(impairment: Impairment, packets: u32) -> Vec<u32> {
        let (mut network, start) = (Network::new(impairment), Instant::now());
        let mut arrived = Vec::new();
        for ms in 0..20 * packets + 1000 {
            let now = start + ms * MS;
            if ms % 20 == 0 && ms / 20 < packets {
                network.send(now, &(ms / 20).to_be_bytes(), false);
            }
            while let Some(packet) = network.arrived(now) {
                arrived.push(u32::from_be_bytes(packet.try_into().unwrap()));
            }
        }
        arrived
    }

    #[test]
    fn a_good_network_brings_everything_in_order() {
        assert_eq!(through(Impairment::default(), 100), Vec::from_iter(0..100));
    }

    #[test]
    fn so_many_are_lost_and_in_such_bursts() {
        for burst in [1.0, 4.0] {
            let arrived = through(Impairment { loss: 0.1, burst, ..Impairment::default() }, 20_000);
            let lost = 1.0 - arrived.len() as f64 / 20_000.0;
            assert!((lost - 0.1).abs() < 0.015, "{lost}");
            let bursts = arrived.windows(2).filter(|pair| pair[1] > pair[0] + 1).count();
            let length = 20_000.0 * lost / bursts as f64;
            let random = 1.0 / 0.9;
            assert!((length - if burst > 1.0 { burst } else { random }).abs() < 0.4, "{length}");
        }
    }

    #[test]
    fn late_packets_change_places_and_some_come_twice() {
        let impairment = Impairment { jitter: 60 * MS, duplicates: 0.2, ..Impairment::default() };
        let mut arrived = through(impairment, 1000);
        assert_eq!(arrived, through(impairment, 1000), "equal seeds");
        assert!(arrived.windows(2).any(|pair| pair[1] < pair[0]));
        assert!(arrived.len().abs_diff(1200) < 50, "{}", arrived.len());
        arrived.sort_unstable();
        arrived.dedup();
        assert_eq!(arrived.len(), 1000);
    }
}
