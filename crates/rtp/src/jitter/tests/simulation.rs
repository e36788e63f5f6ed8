//! A sender, a network and a reader around the jitter buffer, in virtual time.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::Framing;
use crate::jitter::*;

#[expect(clippy::disallowed_methods, reason = "any instant serves as the zero of virtual time")]
pub(super) fn zero() -> Instant {
    Instant::now()
}

/// A sender, a network and a reader that pulls at every tick, in virtual time. Times are in ms.
pub(super) struct Simulation {
    pub(super) seed: u64,
    pub(super) seconds: f64,
    pub(super) ptime: f64,
    pub(super) config: JitterConfig,
    /// The sender's clock is fast (positive) by so much.
    pub(super) ppm: f64,
    /// How long before the tick packets of a clean line arrive.
    pub(super) phase: f64,
    pub(super) jitter: f64,
    /// The jitter ends then.
    pub(super) jitter_until: f64,
    pub(super) loss: f64,
    pub(super) duplicates: f64,
    /// Share of packets that are delayed by 30 ms more.
    pub(super) reordered: f64,
    /// At these times the sender's packets are held back for 200 ms.
    pub(super) stalls: Vec<f64>,
    /// The reader stretches time.
    pub(super) stretches: bool,
    /// Packets are sent all together at every multiple of this; 0: each in its turn.
    pub(super) burst: f64,
    /// The sender talks for so long, then sends nothing for so long, and so on.
    pub(super) pauses: Option<(f64, f64)>,
    /// Arrivals are stamped when the tick reads them.
    pub(super) stamped_at_tick: bool,
}

impl Default for Simulation {
    fn default() -> Self {
        Self {
            seed: 1,
            seconds: 60.0,
            ptime: 20.0,
            config: JitterConfig::default(),
            ppm: 0.0,
            phase: 7.0,
            jitter: 0.0,
            jitter_until: f64::MAX,
            loss: 0.0,
            duplicates: 0.0,
            reordered: 0.0,
            stalls: Vec::new(),
            stretches: true,
            burst: 0.0,
            pauses: None,
            stamped_at_tick: false,
        }
    }
}

#[derive(Debug, Default, PartialEq)]
pub(super) struct Outcome {
    pub(super) stats: JitterStats,
    pub(super) sent: u64,
    pub(super) lost: u64,
    pub(super) waits: u64,
    pub(super) recovered: u64,
    /// True delay over the fastest way, of each second its largest, in ms.
    pub(super) delays: Vec<f64>,
    /// The same less the target, of each second its mean.
    pub(super) excesses: Vec<f64>,
    pub(super) out_of_order: u64,
    pub(super) ppm: Option<i32>,
}

impl Simulation {
    pub(super) fn arrivals(&self, outcome: &mut Outcome) -> Vec<(f64, Sent)> {
        let mut random = StdRng::seed_from_u64(self.seed);
        let mut arrivals = Vec::new();
        for number in 0.. {
            let sent = self.sent_at(number);
            if sent > self.seconds * 1000.0 {
                break;
            }
            if self.pauses.is_some_and(|(on, off)| sent % (on + off) >= on) {
                continue;
            }
            let packet = Sent { number, sequence: (outcome.sent as u16).wrapping_add(65_000) };
            outcome.sent += 1;
            let arrival = self.gathered(sent) + self.way(sent, &mut random) - self.phase;
            if self.loss > 0.0 && random.random_bool(self.loss) {
                outcome.lost += 1;
            } else {
                arrivals.push((arrival, packet));
            }
            if self.duplicates > 0.0 && random.random_bool(self.duplicates) {
                arrivals.push((arrival + random.random_range(0.0..50.0), packet));
            }
        }
        arrivals.sort_by(|a, b| a.0.total_cmp(&b.0));
        arrivals
    }

    pub(super) fn sent_at(&self, number: u32) -> f64 {
        f64::from(number) * self.ptime / (1.0 + self.ppm * 1e-6)
    }

    pub(super) fn gathered(&self, sent: f64) -> f64 {
        let stalled = self.stalls.iter().find(|&&stall| (stall..stall + 200.0).contains(&sent));
        let gathered = if self.burst > 0.0 { (sent / self.burst).ceil() * self.burst } else { sent };
        stalled.map_or(gathered, |stall| stall + 200.0)
    }

    pub(super) fn way(&self, sent: f64, random: &mut StdRng) -> f64 {
        let late = if self.reordered > 0.0 && random.random_bool(self.reordered) { 30.0 } else { 0.0 };
        let jitter = if sent < self.jitter_until { self.jitter } else { 0.0 };
        if jitter > 0.0 { late + random.random_range(0.0..=jitter) } else { late }
    }

    pub(super) fn run(&self) -> Outcome {
        let mut outcome = Outcome::default();
        let mut arrivals = self.arrivals(&mut outcome).into_iter().peekable();
        let mut reader = Reader::new(self);
        let interval = f64::from(self.config.interval_ms);
        for tick in 0..(self.seconds * 1000.0 / interval) as u32 {
            let now = f64::from(tick) * interval;
            while let Some((arrival, packet)) = arrivals.next_if(|(arrival, _)| *arrival <= now) {
                reader.insert(if self.stamped_at_tick { now + 0.1 } else { arrival }, packet);
            }
            reader.tick(now, &mut outcome);
        }
        outcome.ppm = reader.buffer.clock_ppm();
        outcome.stats = reader.buffer.stats();
        outcome
    }

    pub(super) fn per_ms(&self) -> i64 {
        i64::from(self.config.clock_rate) / 1000
    }

    pub(super) fn payload(&self) -> Vec<u8> {
        match self.config.framing {
            // CELT, one frame of 20 ms.
            Framing::Opus => [&[31 << 3][..], &[0; 60]].concat(),
            Framing::Octets { per_unit } => {
                vec![
                    0;
                    (self.ptime * f64::from(self.config.clock_rate) / 1000.0) as usize * usize::from(per_unit)
                ]
            }
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    /// Packet times since the start.
    pub(super) number: u32,
    pub(super) sequence: u16,
}

/// What a playout does: it fills a frame at each tick, and takes out or puts in a pitch period where it may.
pub(super) struct Reader<'a> {
    pub(super) simulation: &'a Simulation,
    pub(super) zero: Instant,
    pub(super) random: StdRng,
    pub(super) buffer: JitterBuffer,
    pub(super) payload: Vec<u8>,
    /// Clock units decoded but not played.
    pub(super) held: i64,
    pub(super) last: Option<u32>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(simulation: &'a Simulation) -> Self {
        Self {
            simulation,
            zero: zero(),
            random: StdRng::seed_from_u64(99),
            buffer: JitterBuffer::new(simulation.config),
            payload: simulation.payload(),
            held: 0,
            last: None,
        }
    }

    pub(super) fn at(&self, ms: f64) -> Instant {
        self.zero + Duration::from_secs_f64((ms + 1000.0) / 1000.0)
    }

    pub(super) fn packet_units(&self) -> u32 {
        (self.simulation.ptime * self.simulation.per_ms() as f64) as u32
    }

    pub(super) fn insert(&mut self, arrival: f64, Sent { number, sequence }: Sent) {
        let timestamp = number.wrapping_mul(self.packet_units()).wrapping_add(u32::MAX - 100_000);
        self.buffer.insert(self.at(arrival), &packet(sequence, timestamp, &self.payload));
    }

    pub(super) fn tick(&mut self, now: f64, outcome: &mut Outcome) {
        let frame = i64::from(self.simulation.config.interval_ms) * self.simulation.per_ms();
        self.fill(frame, now, outcome);
        if self.simulation.stretches {
            self.stretch(frame);
            self.fill(frame, now, outcome);
        }
        self.held -= frame;
    }

    pub(super) fn fill(&mut self, frame: i64, now: f64, outcome: &mut Outcome) {
        while self.held < frame {
            let units = self.packet_units();
            match self.buffer.next(self.at(now), u32::try_from(self.held).unwrap_or(0)) {
                Next::Packet(played) => {
                    assert_eq!(played.units, units);
                    let number = played.timestamp.wrapping_sub(u32::MAX - 100_000) / units;
                    self.note(number, now, outcome);
                    self.held += i64::from(units);
                }
                Next::Lost { units, next } => {
                    outcome.recovered += u64::from(next.is_some());
                    self.held += i64::from(units);
                }
                Next::Wait => {
                    outcome.waits += 1;
                    self.held = frame;
                }
            }
        }
    }

    /// One pitch period of 2.5 to 15 ms: in every other tick it would not be heard; much surplus allows what is heard.
    pub(super) fn stretch(&mut self, frame: i64) {
        let per_ms = self.simulation.per_ms();
        let surplus = i64::from(self.buffer.surplus_units());
        let period = self.random.random_range(5 * per_ms / 2..=15 * per_ms);
        let may = self.random.random_bool(0.5) || surplus.abs() > 3 * frame;
        if may && surplus >= period {
            self.held -= period;
            self.buffer.skip(period as i32);
        } else if may && surplus <= -5 * per_ms / 2 {
            self.held += period;
            self.buffer.skip(-period as i32);
        }
    }

    pub(super) fn note(&mut self, number: u32, now: f64, outcome: &mut Outcome) {
        outcome.out_of_order += u64::from(self.last.is_some_and(|last| number <= last));
        self.last = Some(number);
        let sent = self.simulation.sent_at(number) - self.simulation.phase;
        let delay = now + self.held as f64 / self.simulation.per_ms() as f64 - sent;
        let excess = delay - self.buffer.target().as_secs_f64() * 1000.0;
        let second = (now / 1000.0) as usize;
        for kept in [&mut outcome.delays, &mut outcome.excesses] {
            kept.resize(kept.len().max(second + 1), 0.0);
        }
        outcome.delays[second] = outcome.delays[second].max(delay);
        outcome.excesses[second] += excess * self.simulation.ptime / 1000.0;
    }
}

impl Outcome {
    pub(super) fn worst_after(&self, second: usize) -> f64 {
        self.delays[second..].iter().copied().fold(0.0, f64::max)
    }

    pub(super) fn worst_excess_after(&self, second: usize) -> f64 {
        self.excesses[second..].iter().copied().fold(f64::MIN, f64::max)
    }
}

/// A buffer whose packets of 20 ms come 5 ms before the ticks, by number of the tick.
pub(super) struct Bench {
    pub(super) zero: Instant,
    pub(super) buffer: JitterBuffer,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self { zero: zero(), buffer: JitterBuffer::new(JitterConfig::default()) }
    }

    pub(super) fn insert(&mut self, tick: u32, sequence: u16, timestamp: u32) -> Inserted {
        self.insert_late(tick, 0, sequence, timestamp)
    }

    pub(super) fn insert_late(&mut self, tick: u32, late_ms: u64, sequence: u16, timestamp: u32) -> Inserted {
        let arrival = self.zero + tick * Duration::from_millis(20) + Duration::from_millis(15 + late_ms);
        self.buffer.insert(arrival, &packet(sequence, timestamp, &[sequence as u8; 160]))
    }

    /// What the tick after that of the same number plays.
    pub(super) fn pull(&mut self, tick: u32) -> String {
        match self.buffer.next(self.zero + (tick + 1) * Duration::from_millis(20), 0) {
            Next::Packet(Frame { payload, splice, .. }) => {
                format!("{}{}", payload[0], if splice { "!" } else { "" })
            }
            Next::Lost { units, next: None } => format!("lost {units}"),
            Next::Lost { units, next: Some(next) } => format!("lost {units} before {}", next[0]),
            Next::Wait => "wait".to_owned(),
        }
    }

    pub(super) fn play(&mut self, tick: u32, sequence: u16) -> String {
        self.insert(tick, sequence, tick * 160);
        self.pull(tick)
    }
}

pub(super) fn packet(sequence: u16, timestamp: u32, payload: &[u8]) -> Packet<'_> {
    Packet { sequence, timestamp, ssrc: 1, payload, ..Packet::default() }
}
