use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::*;
use crate::Framing;
use simulation::*;

mod simulation;

#[test]
fn clean_line_adds_nothing_at_any_ptime() {
    for ptime in [10.0, 20.0, 30.0, 40.0, 50.0, 60.0] {
        let outcome = Simulation { ptime, ..Simulation::default() }.run();
        // Where packets and ticks have different phases, the first gap shows how much is needed.
        assert!(outcome.stats.concealed <= u64::from(ptime % 20.0 != 0.0), "{ptime}: {outcome:?}");
        assert!(outcome.stats.played + 3 >= outcome.sent, "{ptime}: {outcome:?}");
        assert_eq!((outcome.waits, outcome.out_of_order), (0, 0), "{ptime}");
        assert_eq!((outcome.stats.stretched_in, outcome.stats.stretched_out), (0, 0), "{ptime}");
        let least = if ptime % 20.0 == 0.0 { 7.0 } else { 27.0 };
        assert!(outcome.worst_after(0) <= least + 0.1, "{ptime}: {outcome:?}");
    }
}

/// The delay of a clean line is how long a packet waits for its tick: 10 ms in the mean over all phases.
#[test]
fn a_frame_is_added_only_where_packets_come_too_near_the_tick() {
    let mut delays: Vec<f64> = (0..200)
        .map(|step| {
            let phase = f64::from(step) / 10.0;
            let outcome = Simulation { phase, jitter: 0.2, seconds: 10.0, ..Simulation::default() }.run();
            assert_eq!(outcome.stats.concealed, 0, "{phase}: {outcome:?}");
            assert!(outcome.waits <= 1, "{phase}: {outcome:?}");
            assert!(outcome.worst_after(0) <= 25.0, "{phase}: {outcome:?}");
            outcome.worst_after(1)
        })
        .collect();
    delays.sort_by(f64::total_cmp);
    assert!(delays[100] <= 12.5 && delays[198] <= 22.0, "p50 {} p99 {}", delays[100], delays[198]);
}

#[test]
fn packets_stamped_when_the_tick_reads_them_are_played_at_once() {
    for phase in [0.5, 10.0, 19.5] {
        let outcome = Simulation { phase, stamped_at_tick: true, ..Simulation::default() }.run();
        assert_eq!((outcome.stats.concealed, outcome.waits), (0, 0), "{phase}");
        assert!(outcome.worst_after(0) <= phase + 0.1, "{phase}: {outcome:?}");
    }
}

#[test]
fn jitter_is_absorbed() {
    for (jitter, bound) in [(20.0, 45.0), (60.0, 85.0), (120.0, 150.0)] {
        let outcome = Simulation { jitter, ..Simulation::default() }.run();
        let share = outcome.stats.concealed as f64 / outcome.sent as f64;
        assert!(share < 0.005, "{jitter}: {outcome:?}");
        assert!(outcome.worst_after(2) <= bound, "{jitter}: {outcome:?}");
        assert_eq!(outcome.out_of_order, 0, "{jitter}");
    }
}

#[test]
fn the_delay_is_back_ten_seconds_after_the_jitter() {
    let outcome = Simulation { jitter: 60.0, jitter_until: 20_000.0, ..Simulation::default() }.run();
    assert!(outcome.delays[5..20].iter().all(|delay| *delay <= 100.0), "{outcome:?}");
    assert!(outcome.worst_after(30) <= 35.0, "{outcome:?}");
}

#[test]
fn loss_is_counted_and_adds_no_delay() {
    let outcome = Simulation { loss: 0.05, ..Simulation::default() }.run();
    let difference = outcome.stats.concealed.abs_diff(outcome.lost);
    assert!(difference <= 2, "{outcome:?}");
    assert!(outcome.stats.played + outcome.lost + 3 >= outcome.sent, "{outcome:?}");
    assert!(outcome.worst_after(0) <= 7.1, "{outcome:?}");
}

fn opus() -> JitterConfig {
    JitterConfig { clock_rate: 48_000, framing: Framing::Opus, fec: true, ..JitterConfig::default() }
}

#[test]
fn with_fec_a_lost_packet_is_told_by_the_next() {
    let config = opus();
    let lossy = Simulation { config, loss: 0.05, ..Simulation::default() }.run();
    assert!(lossy.recovered as f64 > 0.85 * lossy.lost as f64, "{lossy:?}");
    assert!(lossy.worst_after(0) <= 50.0 && lossy.out_of_order == 0, "{lossy:?}");
    let clean = Simulation { config, ..Simulation::default() }.run();
    assert!(clean.worst_after(0) <= 7.1 && clean.stats.concealed == 0, "{clean:?}");
}

#[test]
fn clocks_of_other_codecs_are_alike() {
    let wide = JitterConfig {
        framing: Framing::Octets { per_unit: 2 },
        clock_rate: 48_000,
        ..JitterConfig::default()
    };
    let run =
        |config, ptime| Simulation { config, ptime, jitter: 40.0, ppm: 100.0, ..Simulation::default() }.run();
    let narrow = run(JitterConfig::default(), 20.0);
    for (other, name) in [(run(opus(), 20.0), "opus"), (run(wide, 20.0), "L16")] {
        assert!(other.stats.played.abs_diff(narrow.stats.played) < 10, "{name}: {other:?}");
        assert!((other.worst_after(5) - narrow.worst_after(5)).abs() < 20.0, "{name}: {other:?}");
    }
}

#[test]
fn pauses_of_the_sender_cost_nothing() {
    for (on, off) in [(1000.0, 400.0), (1500.0, 3000.0), (2000.0, 60_000.0)] {
        for ppm in [0.0, 300.0, -300.0] {
            for phase in [1.5, 7.0] {
                let line = Simulation {
                    pauses: Some((on, off)),
                    ppm,
                    phase,
                    seconds: 400.0,
                    ..Simulation::default()
                };
                let outcome = line.run();
                assert_eq!((outcome.stats.late, outcome.stats.discarded, outcome.out_of_order), (0, 0, 0));
                let at_ends = 400.0 / (on + off) * 1000.0 * 200.0;
                let concealed = outcome.stats.concealed_units as f64 / 8.0;
                assert!(concealed <= at_ends + 220.0, "{on} {off} {ppm} {phase}: {concealed} of {at_ends}");
                assert!(outcome.worst_after(0) <= 45.0, "{on} {off} {ppm} {phase}: {outcome:?}");
            }
        }
    }
}

#[test]
fn duplicates_make_no_difference() {
    // The random numbers differ when duplicates are drawn: so no jitter.
    let clean = Simulation::default().run();
    let doubled = Simulation { duplicates: 0.1, ..Simulation::default() }.run();
    assert!(doubled.stats.duplicates > doubled.sent / 12, "{doubled:?}");
    assert_eq!((clean.delays, clean.stats.played), (doubled.delays, doubled.stats.played));
    assert_eq!((doubled.stats.concealed, doubled.stats.late, doubled.out_of_order), (0, 0, 0));
}

#[test]
fn reorder_and_duplicates_are_put_right() {
    let outcome = Simulation { reordered: 0.05, duplicates: 0.1, ..Simulation::default() }.run();
    assert_eq!(outcome.out_of_order, 0);
    assert!(outcome.stats.late < outcome.sent / 100, "{outcome:?}");
    assert!(outcome.stats.played + outcome.stats.late + 10 >= outcome.sent, "{outcome:?}");
    assert!(outcome.stats.duplicates > outcome.sent / 12, "{outcome:?}");
    assert!(outcome.worst_after(0) <= 60.0, "{outcome:?}");
}

#[test]
fn a_stall_comes_back_down() {
    let stalls = vec![10_000.0, 30_500.0];
    let outcome = Simulation { stalls, ..Simulation::default() }.run();
    assert!(outcome.worst_after(0) <= 260.0, "{outcome:?}");
    assert!(outcome.delays[20..30].iter().all(|delay| *delay <= 35.0), "{outcome:?}");
    assert!(outcome.worst_after(41) <= 35.0, "{outcome:?}");
}

#[test]
fn five_seconds_of_stalls_come_back_down() {
    for (jitter, phase) in [(0.0, 7.0), (0.0, 19.0), (3.0, 1.0)] {
        let stalls = (0..12).map(|stall| 10_000.0 + 400.0 * f64::from(stall)).collect();
        let outcome = Simulation { stalls, jitter, phase, ..Simulation::default() }.run();
        assert!(outcome.worst_after(0) <= 260.0, "{outcome:?}");
        assert!(outcome.worst_after(25) <= 35.0, "{outcome:?}");
    }
}

#[test]
fn a_reader_that_never_stretches_is_bounded_too() {
    let outcome = Simulation { stalls: vec![10_000.0], stretches: false, ..Simulation::default() }.run();
    assert!(outcome.worst_after(25) < 60.0, "{outcome:?}");
    assert!(outcome.stats.discarded > 0);
    for ppm in [625.0, -625.0] {
        let outcome = Simulation { ppm, stretches: false, seconds: 300.0, ..Simulation::default() }.run();
        assert!(outcome.worst_after(0) <= 80.0, "{ppm}: {outcome:?}");
    }
}

/// Neither resets nor holes, and the delay of every second stays within a frame of its target, but for the reserve and what
/// is less than a pitch period.
fn assert_followed(simulation: &Simulation) {
    let outcome = simulation.run();
    let Simulation { ppm, seconds, .. } = simulation;
    let worst = outcome.worst_excess_after(5);
    assert!(worst <= 20.0 + 5.0, "{ppm}: {worst} {:?}", outcome.stats);
    assert!(
        outcome.stats.concealed <= if simulation.jitter > 0.0 { 5 } else { 0 },
        "{ppm}: {:?}",
        outcome.stats
    );
    assert_eq!((outcome.stats.discarded, outcome.stats.restarts), (0, 0), "{ppm}");
    let stretched = outcome.stats.stretched_out as f64 - outcome.stats.stretched_in as f64;
    let due = seconds * 8000.0 * ppm * 1e-6;
    let slack = 320.0 + outcome.stats.concealed_units as f64;
    assert!((stretched - due).abs() <= slack, "{ppm}: {stretched}, not {due}");
    let told = outcome.ppm.map_or(f64::MAX, f64::from);
    assert!((told - ppm).abs() <= 30.0 + ppm.abs() / 100.0, "{ppm}: {told}");
}

#[test]
fn eight_hours_of_a_fast_clock_are_followed() {
    assert_followed(&Simulation { ppm: 100.0, seconds: 8.0 * 3600.0, ..Simulation::default() });
}

#[test]
fn eight_hours_of_a_slow_clock_are_followed() {
    assert_followed(&Simulation { ppm: -100.0, seconds: 8.0 * 3600.0, ..Simulation::default() });
}

#[test]
fn a_clock_that_is_far_off_is_followed() {
    for ppm in [6250.0, -6250.0, 1000.0, -1000.0] {
        assert_followed(&Simulation { ppm, seconds: 600.0, ..Simulation::default() });
        assert_followed(&Simulation { ppm, jitter: 5.0, seconds: 600.0, ..Simulation::default() });
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
    for tick in 2..12 {
        assert_eq!(bench.pull(tick), "lost 160", "it may be loss, for 200 ms");
    }
    for tick in 12..50 {
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
fn a_pause_that_opus_announces_is_no_loss() {
    let (zero, mut buffer) = (zero(), JitterBuffer::new(opus()));
    let at = |tick: u32| zero + tick * Duration::from_millis(20);
    // A word, two packets of a pause, two more 400 ms apart, and the next word.
    let sent = [0, 1, 2, 3, 4, 24, 44, 45];
    let mut told = String::new();
    for tick in 0..60 {
        if let Some(number) = sent.iter().position(|sent| *sent == tick) {
            let payload: &[u8] = if (3..7).contains(&number) { &[31 << 3] } else { &[31 << 3, 1, 2, 3] };
            buffer.insert(at(tick), &packet(number as u16, 960 * tick, payload));
        }
        told.push(match buffer.next(at(tick), 0) {
            Next::Packet(_) => 'p',
            Next::Lost { .. } => 'l',
            Next::Wait => '.',
        });
    }
    let pause = ".".repeat(19);
    // What ends without a word is missed for 200 ms.
    assert_eq!(told, format!("ppppp{pause}p{pause}pp{}....", "l".repeat(10)));
    assert_eq!(buffer.bursts().bad_share, 0.0);
}

#[test]
fn a_burst_of_losses_ends_in_time() {
    let mut bench = Bench::new();
    assert_eq!(bench.play(0, 1), "1!");
    let gone: Vec<String> = (1..6).map(|tick| bench.pull(tick)).collect();
    assert_eq!(gone, ["lost 160"; 5]);
    assert_eq!([bench.play(6, 7), bench.play(7, 8)], ["7", "8"]);
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
fn an_old_packet_of_another_time_disturbs_nothing() {
    for timestamp in [0x8000_0000_u32, 0x7fff_ffff, 20_000] {
        let mut bench = Bench::new();
        for n in 0..10 {
            bench.play(n, n as u16);
        }
        assert_eq!(bench.pull(10), "lost 160");
        bench.insert(11, 11, 11 * 160);
        assert_eq!(bench.insert(11, 10, timestamp), Inserted::Late, "{timestamp}");
        assert_eq!(
            [bench.pull(11), bench.play(12, 12), bench.play(13, 13)],
            ["11", "12", "13"],
            "{timestamp}"
        );
        assert_eq!((bench.buffer.target(), bench.buffer.surplus_units()), (Duration::ZERO, 0), "{timestamp}");
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
    for payload in [&[][..], &[0; 2001]] {
        assert_eq!(bench.buffer.insert(zero, &packet(11, 1760, payload)), Inserted::Unusable);
    }
}

#[test]
fn the_packet_behind_a_hole_is_shown() {
    let mut bench = Bench::new();
    bench.insert(0, 1, 0);
    for number in [2, 4, 7, 8] {
        bench.insert(0, number, 160 * u32::from(number - 1));
    }
    let told: Vec<String> = (0..8).map(|tick| bench.pull(tick)).collect();
    let expected = ["1!", "2", "lost 160 before 4", "4", "lost 160", "lost 160 before 7", "7", "8"];
    assert_eq!(told, expected);
}

/// Payloads of all lengths, in any order, wait in one arena: none may be damaged by another.
#[test]
fn payloads_of_any_length_are_given_back_as_they_came() {
    let mut random = StdRng::seed_from_u64(5);
    let config = JitterConfig { max_delay_ms: 10_000, ..JitterConfig::default() };
    let (zero, mut buffer) = (zero(), JitterBuffer::new(config));
    let mut played = 0;
    for group in 0..4000_u32 {
        // Every packet has 2000 units of its own, however many it fills.
        let mut numbers: Vec<u32> = (5 * group..5 * group + 5).collect();
        numbers.sort_by_key(|_| random.random_range(0..100));
        let at = zero + Duration::from_millis(u64::from(group) * 1250);
        for number in numbers {
            let longest = if random.random_bool(0.2) { 2000 } else { 200 };
            let payload = vec![number as u8; random.random_range(1..=longest)];
            buffer.insert(at, &packet(number as u16, number.wrapping_mul(2000), &payload));
        }
        for _ in 0..random.random_range(0..12) {
            if let Next::Packet(frame) = buffer.next(at + Duration::from_millis(5), 0) {
                let number = (frame.timestamp / 2000) as u8;
                assert!(frame.payload.iter().all(|octet| *octet == number), "{group}");
                assert_eq!(frame.payload.len(), frame.units as usize);
                played += 1;
            }
        }
    }
    let stats = buffer.stats();
    assert!(played > 8000 && stats.discarded > 100, "{stats:?}");
    assert_eq!(stats.restarts, 0);
}

#[test]
fn a_burst_of_200_ms_fits_with_every_codec() {
    let l16 = JitterConfig {
        clock_rate: 48_000,
        framing: Framing::Octets { per_unit: 2 },
        ..JitterConfig::default()
    };
    for (config, ptime, octets) in [
        (JitterConfig::default(), 10, 80),
        (JitterConfig::default(), 60, 480),
        (l16, 10, 960),
        (l16, 20, 1920),
        (opus(), 20, 320),
    ] {
        let (zero, mut buffer) = (zero(), JitterBuffer::new(config));
        let mut payload = vec![0; octets];
        payload[0] = 31 << 3;
        for number in 0..300 / ptime {
            let timestamp = number * ptime * config.clock_rate / 1000;
            let told = buffer.insert(zero, &packet(number as u16, timestamp, &payload));
            assert_eq!(told, Inserted::Queued, "{octets}");
        }
        assert_eq!(buffer.stats().discarded, 0, "{config:?} {octets}");
    }
}

/// Once what has waited is left out, the buffer is as patient as ever.
#[test]
fn a_reader_that_stood_still_may_go_on_with_what_comes_now() {
    let mut bench = Bench::new();
    assert_eq!([bench.play(0, 1), bench.play(1, 2)], ["1!", "2"]);
    for number in 3..=10 {
        bench.insert(u32::from(number) - 1, number, u32::from(number - 1) * 160);
    }
    bench.buffer.hurry();
    assert_eq!([bench.pull(9), bench.play(10, 11)], ["10!", "11"]);
    assert_eq!((bench.buffer.stats().discarded, bench.buffer.delay()), (7, Duration::from_millis(5)));
    assert_eq!([bench.pull(11), bench.play(12, 13)], ["lost 160", "13"]);
}

#[test]
fn a_reader_that_stops_loses_the_oldest() {
    let mut bench = Bench::new();
    for number in 0..100 {
        assert_eq!(bench.insert(number, number as u16, number * 160), Inserted::Queued);
    }
    assert_eq!(bench.buffer.stats().discarded, 84);
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
                1 => drop(format!("{:?}", buffer.next(at, length as u32))),
                2 => buffer.skip(buffer.surplus_units()),
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
                Simulation { burst, phase, jitter: 5.0, stretches: false, ..Simulation::default() }.run();
            assert!(
                outcome.stats.concealed <= 6 && outcome.waits <= 2,
                "{burst} {phase}: {:?}",
                outcome.stats
            );
            assert_eq!(outcome.stats.discarded, 0);
            assert!(outcome.delays[30] <= burst + 20.0, "{burst} {phase}: {} ms", outcome.delays[30]);
        }
    }
}

#[test]
fn many_packets_in_one_tick_are_no_surplus() {
    for interval_ms in [10, 20, 30, 40, 50, 60] {
        for ptime in [10.0, 20.0, 30.0, 60.0] {
            let config = JitterConfig { interval_ms, ..JitterConfig::default() };
            let outcome = Simulation { ptime, config, seconds: 20.0, ..Simulation::default() }.run();
            let JitterStats { concealed_units, stretched_in, stretched_out, discarded, .. } = outcome.stats;
            // At the start the first tick has less than it needs.
            let concealed_ms = concealed_units / 8;
            assert!(
                concealed_ms <= u64::from(interval_ms) + 10,
                "{ptime} ms in {interval_ms}: {concealed_ms} ms"
            );
            assert_eq!((stretched_in, stretched_out, discarded), (0, 0, 0), "{ptime} ms in {interval_ms}");
        }
    }
}

/// What is played of 120 ms packets of Opus in 20 ms frames, of which the third is lost: timestamp in ms, frame, units in ms.
#[test]
fn a_long_packet_is_played_in_parts_and_counted_once() {
    let (zero, mut buffer) = (zero(), JitterBuffer::new(opus()));
    let payload = [[31 << 3 | 3, 6].as_slice(), &[7; 60]].concat();
    let (mut played, mut lost) = (Vec::new(), 0);
    for tick in 0..30_u32 {
        let (now, number) = (zero + Duration::from_millis(u64::from(tick) * 20), tick / 6);
        if tick % 6 == 0 && number != 2 {
            buffer.insert(now, &packet(number as u16, number * 5760, &payload));
        }
        match buffer.next(now + Duration::from_millis(5), 0) {
            Next::Packet(Frame { payload: got, frame, timestamp, units, .. }) => {
                assert_eq!((got, units), (&payload[..], 960));
                played.push((timestamp / 48, frame));
            }
            Next::Lost { units, .. } => lost += units,
            Next::Wait => panic!("nothing was to be waited for in tick {tick}"),
        }
    }
    let parts =
        [0, 120, 360, 480].into_iter().flat_map(|ms| (0..6).map(move |n| (ms + 20 * n, Some(n as u8))));
    assert_eq!(played, parts.collect::<Vec<_>>());
    assert_eq!((lost, buffer.stats().played, buffer.packet_time()), (5760, 4, Duration::from_millis(120)));
    assert_eq!(size_of::<ring::Slot>(), 16, "each leg has 64 of them");
}

/// The packet behind it is there, so that the hole is known at once; it is given in no longer parts than a packet is.
#[test]
fn a_long_hole_is_given_in_parts() {
    let (zero, mut buffer) = (zero(), JitterBuffer::new(opus()));
    let payload = [[11 << 3 | 1].as_slice(), &[7; 60]].concat();
    for number in [0, 3] {
        buffer.insert(zero, &packet(number, u32::from(number) * 5760, &payload));
    }
    let mut told = Vec::new();
    for _ in 0..8 {
        match buffer.next(zero + Duration::from_millis(5), 0) {
            Next::Packet(Frame { frame, units, .. }) => told.push((frame, units, false)),
            Next::Lost { units, next } => told.push((None, units, next.is_some())),
            Next::Wait => break,
        }
    }
    let hole = (None, 2880, false);
    let parts = [(Some(0), 2880, false), (Some(1), 2880, false)];
    assert_eq!(told, [&parts[..], &[hole, hole, hole, (None, 2880, true)], &parts].concat());
}
