use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::*;

#[expect(clippy::disallowed_methods, reason = "any instant serves as the zero of virtual time")]
fn zero() -> Instant {
    Instant::now()
}

/// A sender, a network and a reader that pulls every 20 ms, in virtual time. Times are in ms.
struct Simulation {
    seed: u64,
    seconds: f64,
    ptime: f64,
    /// The sender's clock is fast (positive) by so much.
    ppm: f64,
    /// When in the tick packets of a clean line arrive.
    phase: f64,
    jitter: f64,
    loss: f64,
    duplicates: f64,
    /// Share of packets that are delayed by 30 ms more.
    reordered: f64,
    /// At these times the sender's packets are held back for 200 ms.
    stalls: Vec<f64>,
    /// The reader uses skip in every third tick.
    skips: bool,
    /// Packets are sent all together at every multiple of this; 0: each in its turn.
    burst: f64,
}

impl Default for Simulation {
    fn default() -> Self {
        Self {
            seed: 1,
            seconds: 60.0,
            ptime: 20.0,
            ppm: 0.0,
            phase: 7.0,
            jitter: 0.0,
            loss: 0.0,
            duplicates: 0.0,
            reordered: 0.0,
            stalls: Vec::new(),
            skips: true,
            burst: 0.0,
        }
    }
}

#[derive(Debug, Default, PartialEq)]
struct Outcome {
    stats: JitterStats,
    sent: u64,
    lost: u64,
    waits: u64,
    /// True delay over the fastest way, of each second its largest, in ms.
    delays: Vec<f64>,
    out_of_order: u64,
}

impl Simulation {
    fn arrivals(&self, outcome: &mut Outcome) -> Vec<(f64, u32)> {
        let mut random = StdRng::seed_from_u64(self.seed);
        let mut arrivals = Vec::new();
        let mut number = 0;
        loop {
            let sent = f64::from(number) * self.ptime / (1.0 + self.ppm * 1e-6);
            if sent > self.seconds * 1000.0 {
                break;
            }
            outcome.sent += 1;
            let stalled = self.stalls.iter().find(|&&stall| (stall..stall + 200.0).contains(&sent));
            let late = if random.random_bool(self.reordered) { 30.0 } else { 0.0 };
            let way = random.random_range(0.0..=self.jitter) + late;
            let gathered = if self.burst > 0.0 { (sent / self.burst).ceil() * self.burst } else { sent };
            let arrival = stalled.map_or(gathered, |stall| stall + 200.0) + way - self.phase;
            if random.random_bool(self.loss) {
                outcome.lost += 1;
            } else {
                arrivals.push((arrival, number));
            }
            if random.random_bool(self.duplicates) {
                arrivals.push((arrival + random.random_range(0.0..50.0), number));
            }
            number += 1;
        }
        arrivals.sort_by(|a, b| a.0.total_cmp(&b.0));
        arrivals
    }

    fn run(&self) -> Outcome {
        let mut outcome = Outcome::default();
        let arrivals = self.arrivals(&mut outcome);
        let mut arrivals = arrivals.into_iter().peekable();
        let zero = zero();
        let at = |ms: f64| zero + Duration::from_secs_f64((ms + 1000.0) / 1000.0);
        let samples = (self.ptime * 8.0) as u32;
        let payload = vec![0; samples as usize];
        let mut buffer = JitterBuffer::new(JitterConfig::default());
        let mut held = 0_i64;
        let mut last = None;
        for tick in 0..(self.seconds * 50.0) as u32 {
            let now = f64::from(tick) * 20.0;
            while let Some((arrival, number)) = arrivals.next_if(|(arrival, _)| *arrival <= now) {
                let timestamp = number.wrapping_mul(samples).wrapping_add(u32::MAX - 100_000);
                let sequence = (number as u16).wrapping_add(65_000);
                buffer.insert(at(arrival), &packet(sequence, timestamp, &payload));
            }
            let surplus =
                if self.skips && tick % 3 == 0 { buffer.surplus_samples().clamp(-40, 40) } else { 0 };
            buffer.skip(surplus);
            let need = 160 + i64::from(surplus);
            while held < need {
                match buffer.next(at(now), usize::try_from(held).unwrap()) {
                    Next::Packet(frame) => {
                        let number = f64::from(frame.timestamp.wrapping_sub(u32::MAX - 100_000) / samples);
                        outcome.out_of_order += u64::from(last.is_some_and(|last| number <= last));
                        last = Some(number);
                        let sent = number * self.ptime / (1.0 + self.ppm * 1e-6) - self.phase;
                        outcome.note_delay(now, now + held as f64 / 8.0 - sent);
                        held += frame.payload.len() as i64;
                    }
                    Next::Lost(samples) => held += i64::from(samples),
                    Next::Wait => {
                        outcome.waits += 1;
                        held = need;
                    }
                }
            }
            held -= need;
        }
        outcome.stats = *buffer.stats();
        outcome
    }
}

impl Outcome {
    fn note_delay(&mut self, now: f64, delay: f64) {
        let second = (now / 1000.0) as usize;
        self.delays.resize(self.delays.len().max(second + 1), 0.0);
        self.delays[second] = self.delays[second].max(delay);
    }

    fn worst_after(&self, second: usize) -> f64 {
        self.delays[second..].iter().copied().fold(0.0, f64::max)
    }
}

/// A buffer whose packets of 20 ms come 5 ms before the ticks, by number of the tick.
struct Bench {
    zero: Instant,
    buffer: JitterBuffer,
}

impl Bench {
    fn new() -> Self {
        Self { zero: zero(), buffer: JitterBuffer::new(JitterConfig::default()) }
    }

    fn insert(&mut self, tick: u32, sequence: u16, timestamp: u32) -> Inserted {
        self.insert_late(tick, 0, sequence, timestamp)
    }

    fn insert_late(&mut self, tick: u32, late_ms: u64, sequence: u16, timestamp: u32) -> Inserted {
        let arrival = self.zero + tick * Duration::from_millis(20) + Duration::from_millis(15 + late_ms);
        self.buffer.insert(arrival, &packet(sequence, timestamp, &[sequence as u8; 160]))
    }

    /// What the tick after that of the same number plays.
    fn pull(&mut self, tick: u32) -> String {
        match self.buffer.next(self.zero + (tick + 1) * Duration::from_millis(20), 0) {
            Next::Packet(Frame { payload, splice, .. }) => {
                format!("{}{}", payload[0], if splice { "!" } else { "" })
            }
            Next::Lost(samples) => format!("lost {samples}"),
            Next::Wait => "wait".to_owned(),
        }
    }

    fn play(&mut self, tick: u32, sequence: u16) -> String {
        self.insert(tick, sequence, tick * 160);
        self.pull(tick)
    }
}

fn packet(sequence: u16, timestamp: u32, payload: &[u8]) -> Packet<'_> {
    Packet { marker: false, payload_type: 0, sequence, timestamp, ssrc: 1, payload }
}

#[test]
fn clean_line_adds_nothing_at_any_ptime() {
    for ptime in [10.0, 20.0, 30.0, 40.0, 50.0, 60.0] {
        let outcome = Simulation { ptime, ..Simulation::default() }.run();
        // Where packets and ticks have different phases, the first gap shows how much is needed.
        assert!(outcome.stats.concealed <= u64::from(ptime % 20.0 != 0.0), "{ptime}: {outcome:?}");
        assert!(outcome.stats.played + 3 >= outcome.sent, "{ptime}: {outcome:?}");
        assert_eq!((outcome.waits, outcome.stats.skipped, outcome.out_of_order), (0, 0, 0), "{ptime}");
        let least = if ptime % 20.0 == 0.0 { 7.0 } else { 27.0 };
        assert!(outcome.worst_after(0) <= least + 0.1, "{ptime}: {outcome:?}");
    }
}

#[test]
fn jitter_is_absorbed() {
    for (jitter, bound) in [(20.0, 30.0), (60.0, 80.0), (120.0, 150.0)] {
        let outcome = Simulation { jitter, ..Simulation::default() }.run();
        let share = outcome.stats.concealed as f64 / outcome.sent as f64;
        assert!(share < 0.005, "{jitter}: {outcome:?}");
        assert!(outcome.worst_after(2) <= bound, "{jitter}: {outcome:?}");
        assert_eq!(outcome.out_of_order, 0, "{jitter}");
    }
}

#[test]
fn loss_is_counted_and_adds_no_delay() {
    let outcome = Simulation { loss: 0.05, ..Simulation::default() }.run();
    let difference = outcome.stats.concealed.abs_diff(outcome.lost);
    assert!(difference <= 2, "{outcome:?}");
    assert!(outcome.stats.played + outcome.lost + 3 >= outcome.sent, "{outcome:?}");
    assert!(outcome.worst_after(0) <= 7.1, "{outcome:?}");
}

#[test]
fn reorder_and_duplicates_are_put_right() {
    let outcome = Simulation { reordered: 0.05, duplicates: 0.1, ..Simulation::default() }.run();
    assert_eq!(outcome.out_of_order, 0);
    assert!(outcome.stats.late < outcome.sent / 100, "{outcome:?}");
    assert!(outcome.stats.played + outcome.stats.late + 10 >= outcome.sent, "{outcome:?}");
    assert!(outcome.stats.duplicates > outcome.sent / 12, "{outcome:?}");
    assert!(outcome.worst_after(0) <= 50.0, "{outcome:?}");
}

#[test]
fn a_stall_comes_back_down() {
    let stalls = vec![10_000.0, 30_500.0];
    let outcome = Simulation { stalls, ..Simulation::default() }.run();
    assert!(outcome.worst_after(0) <= 260.0, "{outcome:?}");
    assert!(outcome.delays[20..30].iter().all(|delay| *delay < 40.0), "{outcome:?}");
    assert!(outcome.worst_after(41) < 40.0, "{outcome:?}");
}

#[test]
fn a_reader_that_never_skips_is_bounded_too() {
    let outcome = Simulation { stalls: vec![10_000.0], skips: false, ..Simulation::default() }.run();
    assert!(outcome.worst_after(25) < 60.0, "{outcome:?}");
    assert!(outcome.stats.discarded > 0);
    for ppm in [625.0, -625.0] {
        let outcome = Simulation { ppm, skips: false, seconds: 300.0, ..Simulation::default() }.run();
        assert!(outcome.worst_after(0) <= 80.0, "{ppm}: {outcome:?}");
    }
}

#[test]
fn drift_is_absorbed_for_ten_minutes() {
    for ppm in [625.0, -625.0] {
        let outcome = Simulation { ppm, jitter: 5.0, seconds: 600.0, ..Simulation::default() }.run();
        assert!(outcome.worst_after(0) <= 60.0, "{ppm}: {outcome:?}");
        assert!(outcome.stats.concealed < 5 && outcome.stats.discarded == 0, "{ppm}: {outcome:?}");
        let skipped = outcome.stats.skipped as f64 / (600.0 * 8000.0 * ppm * 1e-6);
        assert!((0.7..1.3).contains(&skipped), "{ppm}: {skipped} {outcome:?}");
    }
}

#[test]
fn a_clock_that_is_far_off_is_followed() {
    for ppm in [6250.0, -6250.0] {
        let outcome = Simulation { ppm, jitter: 5.0, seconds: 360.0, ..Simulation::default() }.run();
        assert!(outcome.worst_after(0) <= 60.0, "{ppm}: {outcome:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_outcome() {
    let run = || {
        Simulation { jitter: 60.0, loss: 0.05, duplicates: 0.1, seconds: 20.0, ..Simulation::default() }.run()
    };
    assert_eq!(run(), run());
}

#[test]
fn one_late_packet_is_left_out_and_adds_nothing() {
    let mut bench = Bench::new();
    assert_eq!([bench.play(0, 1), bench.play(1, 2), bench.pull(2)], ["1!", "2", "lost 160"]);
    assert_eq!(bench.insert_late(2, 10, 3, 320), Inserted::Queued);
    assert_eq!([bench.play(3, 4), bench.play(4, 5)], ["4", "5"]);
    assert_eq!((bench.buffer.stats().late, bench.buffer.stats().concealed), (1, 1));
}

#[test]
fn two_late_packets_add_delay() {
    let mut bench = Bench::new();
    assert_eq!([bench.play(0, 1), bench.play(1, 2), bench.pull(2)], ["1!", "2", "lost 160"]);
    bench.insert_late(2, 10, 3, 320);
    bench.insert_late(3, 10, 4, 480);
    assert_eq!([bench.pull(3), bench.pull(4)], ["3!", "4"]);
    assert_eq!(bench.buffer.target(), Duration::from_millis(10));
    assert_eq!(bench.buffer.delay(), Duration::from_millis(25));
}

#[test]
fn silence_of_the_sender_is_no_loss() {
    let mut bench = Bench::new();
    assert_eq!([bench.play(0, 1), bench.play(1, 2)], ["1!", "2"]);
    for tick in 2..5 {
        assert_eq!(bench.pull(tick), "lost 160", "it may be loss, for 60 ms");
    }
    for tick in 5..50 {
        assert_eq!(bench.pull(tick), "wait");
    }
    assert_eq!([bench.play(50, 3), bench.play(51, 4)], ["3!", "4"]);
}

#[test]
fn keys_and_comfort_noise_are_no_loss() {
    let mut bench = Bench::new();
    assert_eq!(bench.play(0, 1), "1!");
    for (tick, sequence) in (1..10).zip(2..) {
        bench.buffer.insert_other(sequence);
        assert_eq!(bench.pull(tick), "wait");
    }
    assert_eq!([bench.play(10, 11), bench.play(11, 12)], ["11!", "12"]);
    assert_eq!(bench.buffer.stats().concealed, 0);
}

#[test]
fn a_burst_of_losses_ends_in_time() {
    let mut bench = Bench::new();
    assert_eq!(bench.play(0, 1), "1!");
    let gone: Vec<String> = (1..6).map(|tick| bench.pull(tick)).collect();
    assert_eq!(gone, ["lost 160", "lost 160", "lost 160", "wait", "wait"]);
    assert_eq!([bench.play(6, 7), bench.play(7, 8)], ["7!", "8"]);
    assert_eq!(bench.buffer.delay(), Duration::from_millis(5));
}

#[test]
fn jumps_restart_cleanly() {
    let table = [(3, 80_000_u32), (3, 4_000_000_000), (9_000, 320), (60_000, 7)];
    for (sequence, timestamp) in table {
        let mut bench = Bench::new();
        assert_eq!([bench.play(0, 1), bench.play(1, 2)], ["1!", "2"]);
        assert_eq!(bench.insert(2, sequence, timestamp), Inserted::Restarted, "{sequence} {timestamp}");
        assert_eq!(bench.pull(2), format!("{}!", sequence as u8));
        bench.insert(3, sequence + 1, timestamp.wrapping_add(160));
        assert_eq!(bench.pull(3), format!("{}", (sequence + 1) as u8));
        assert_eq!(bench.buffer.stats().restarts, 1);
    }
}

#[test]
fn a_small_step_back_is_followed_after_half_a_second() {
    let mut bench = Bench::new();
    for n in 0..300_u16 {
        bench.play(n.into(), n);
    }
    let back = |n: u16| (100 + n, 160 * u32::from(100 + n));
    let told: Vec<Inserted> =
        (0..30).map(|n| bench.insert(u32::from(300 + n), back(n).0, back(n).1)).collect();
    assert!(told[..25].iter().all(|told| matches!(told, Inserted::Late | Inserted::Duplicate)), "{told:?}");
    assert_eq!(told[25], Inserted::Restarted);
    assert_eq!(bench.buffer.stats().restarts, 1);
}

#[test]
fn duplicates_late_ones_and_nonsense_are_told() {
    let mut bench = Bench::new();
    bench.insert(0, 10, 1600);
    assert_eq!(bench.insert(0, 9, 1440), Inserted::Queued, "before anything was played");
    assert_eq!(bench.insert(0, 10, 1600), Inserted::Duplicate);
    assert_eq!(bench.pull(0), "9!");
    assert_eq!(bench.insert(0, 9, 1440), Inserted::Duplicate);
    assert_eq!(bench.insert(0, 8, 1280), Inserted::Late);
    let zero = bench.zero;
    for payload in [&[][..], &[0; 481]] {
        assert_eq!(bench.buffer.insert(zero, &packet(11, 1760, payload)), Inserted::Unusable);
    }
}

#[test]
fn a_reader_that_stops_loses_the_oldest() {
    let mut bench = Bench::new();
    for number in 0..100 {
        assert_eq!(bench.insert(number, number as u16, number * 160), Inserted::Queued);
    }
    assert_eq!(bench.buffer.stats().discarded, 68);
    // 200 ms, and what one packet more may be late, are kept.
    assert_eq!([bench.pull(99), bench.pull(100)], ["89!", "90"]);
}

proptest! {
    #[test]
    fn any_packets_are_survived(
        packets in proptest::collection::vec((any::<u16>(), any::<u32>(), 0usize..500, 0u64..3000, 0u8..4), 0..200),
        near: bool,
    ) {
        let zero = zero();
        let mut buffer = JitterBuffer::new(JitterConfig::default());
        for (sequence, timestamp, length, at, action) in packets {
            let (sequence, timestamp) = if near { (sequence % 50, timestamp % 9000) } else { (sequence, timestamp) };
            let at = zero + Duration::from_millis(at);
            match action {
                0 => buffer.insert_other(sequence),
                1 => drop(format!("{:?}", buffer.next(at, length))),
                2 => buffer.skip(buffer.surplus_samples()),
                _ => drop(buffer.insert(at, &packet(sequence, timestamp, &vec![0; length]))),
            }
        }
    }
}

#[test]
fn a_sender_that_sends_in_bursts_costs_delay_but_no_sound() {
    for burst in [40.0, 60.0, 100.0] {
        for phase in [0.5, 7.0, 19.5] {
            let outcome =
                Simulation { burst, phase, jitter: 5.0, skips: false, ..Simulation::default() }.run();
            assert!(
                outcome.stats.concealed <= 3 && outcome.waits <= 2,
                "{burst} {phase}: {:?}",
                outcome.stats
            );
            assert_eq!(outcome.stats.discarded, 0);
            assert!(outcome.delays[30] <= burst + 20.0, "{burst} {phase}: {} ms", outcome.delays[30]);
        }
    }
}
