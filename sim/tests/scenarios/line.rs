//! What the room makes of bad lines: jitter, stalls, clocks that are off, duplicates, losses.
//!
//! Delays are from the packet to the room to the packet from it, in ms.

use std::time::Duration;

use confab_codec::{Codec, Opus};
use confab_sim::{Conditions, Loss, PhoneConfig, PhoneId, Scene, Sound, Talk, measure};

use crate::support::{delays, median, quality, secs, worst};

/// A talker on this line and a listener on a perfect one.
fn talk(codec: Codec, uplink: Conditions, clock_ppm: f64, seed: u64) -> (Scene, PhoneId, PhoneId) {
    let mut scene = Scene::new(codec.sample_rate().min(16_000), seed);
    let talker = PhoneConfig { uplink, clock_ppm, uplink_seed: Some(seed), ..PhoneConfig::new(codec) };
    let talker = scene.join(talker.saying(Talk::always(Sound::voice(seed))));
    let listener = scene.join(PhoneConfig::new(codec));
    (scene, talker, listener)
}

/// What is heard over a line after it has settled.
fn heard(uplink: Conditions, seed: u64) -> Vec<i16> {
    let (mut scene, _, listener) = talk(Codec::Pcmu, uplink, 0.0, seed);
    scene.run_secs(20);
    scene.phone(listener).heard().between_ms(5000, 19_500).to_vec()
}

#[test]
fn on_a_clean_line_nothing_is_added_but_the_wait_for_the_tick() {
    let mut at_all_phases = Vec::new();
    for phase in 0..20 {
        let mut scene = Scene::new(8000, 1);
        let talker = PhoneConfig { phase: Duration::from_millis(phase), ..PhoneConfig::default() };
        let talker = scene.join(talker.saying(Talk::always(Sound::voice(7))));
        let listener = scene.join(PhoneConfig::default());
        scene.run_secs(10);
        at_all_phases.extend(delays(&scene, talker, listener, 1..9));
    }
    assert!(median(&at_all_phases) <= 15.0, "{at_all_phases:?}");
    assert!(worst(&at_all_phases) <= 25.0, "{at_all_phases:?}");
}

#[test]
fn jitter_costs_what_it_spreads_and_no_sound() {
    for (ms, bound) in [(20, 45.0), (60, 85.0)] {
        let (mut scene, talker, listener) = talk(Codec::Pcmu, Conditions::jitter(ms), 0.0, 3);
        scene.run_secs(40);
        let all = delays(&scene, talker, listener, 5..39);
        let clicks = measure::clicks(scene.phone(listener).heard().between_ms(5000, 39_000), 8000);
        assert!(worst(&all) <= bound, "{ms} ms: {all:?}");
        assert!(quality(&scene, talker).uplink.concealed_ms <= 200, "{:?}", quality(&scene, talker));
        assert!(clicks.is_empty(), "{clicks:?}");
    }
}

/// What of 80 ms is not the tone, dBov, the worst of them, in the minute after a stall of some ms.
fn beside_the_tone(hz: f32, stall_ms: u64) -> f32 {
    let mut scene = Scene::new(8000, 1);
    let uplink = Conditions::stalls(stall_ms, [secs(2)]);
    scene.join(PhoneConfig { uplink, ..PhoneConfig::default() }.saying(Talk::always(Sound::tone(hz, -20.0))));
    let listener = scene.join(PhoneConfig::default());
    scene.run_secs(60);
    let heard = scene.phone(listener).heard().between_ms(3000, 59_000);
    let windows = heard.chunks_exact(640);
    windows.map(|window| measure::residual_dbov(window, 8000, hz.into(), 80)[0]).fold(f32::MIN, f32::max)
}

#[test]
fn a_tone_stays_one_while_the_delay_goes() {
    for stall_ms in [45, 60, 80] {
        for hz in [412.5, 562.5, 712.5, 1262.5] {
            let rest = beside_the_tone(hz, stall_ms);
            assert!(rest < -49.0, "{hz} Hz, {stall_ms} ms: {rest} dBov");
        }
    }
}

#[test]
fn when_jitter_ends_the_delay_goes() {
    let (mut scene, talker, listener) = talk(Codec::Pcmu, Conditions::jitter(60), 0.0, 3);
    scene.run_secs(20);
    scene.change_uplink(talker, Conditions::default());
    scene.run_secs(20);
    let after = delays(&scene, talker, listener, 30..39);
    assert!(worst(&after) <= 35.0, "{after:?}");
}

#[test]
fn a_stall_is_forgotten_within_10_s() {
    let ten_stalls = (0..10).map(|number| secs(10) + Duration::from_millis(500) * number);
    for (uplink, ends, most) in
        [(Conditions::stalls(80, [secs(10)]), 10, 100.0), (Conditions::stalls(200, ten_stalls), 15, 260.0)]
    {
        for seed in 1..4 {
            let (mut scene, talker, listener) = talk(Codec::Pcmu, uplink.clone(), 0.0, seed);
            scene.run_secs(40);
            let (during, after) = (
                delays(&scene, talker, listener, 10..ends + 10),
                delays(&scene, talker, listener, ends + 10..39),
            );
            assert!(worst(&after) <= 35.0, "{after:?}");
            assert!(worst(&during) <= most, "{during:?}");
        }
    }
}

#[test]
fn duplicates_and_reordering_make_no_difference() {
    let clean = heard(Conditions::default(), 1);
    for seed in 1..4 {
        let twice = heard(Conditions::duplicates(0.1), seed);
        assert!(twice == heard(Conditions::default(), seed), "duplicates, seed {seed}");
    }
    let late = heard(Conditions::reordered(0.05, 30), 1);
    let same = (0..800).any(|shift| clean[800..100_000] == late[800 + shift..100_000 + shift]);
    assert!(
        same,
        "what is heard over a line that reorders is not what is heard over a clean one, only later"
    );
}

#[test]
fn a_clock_that_is_off_builds_up_no_delay() {
    for (ppm, minutes) in [(625.0, 3), (-625.0, 3), (6250.0, 10), (-6250.0, 10)] {
        let (mut scene, talker, listener) = talk(Codec::Pcmu, Conditions::default(), ppm, 5);
        let mut all = Vec::new();
        for minute in 0..minutes {
            scene.run_secs(60);
            all.extend(delays(&scene, talker, listener, minute * 60 + 1..minute * 60 + 59));
            let clicks = measure::clicks(
                scene.phone(listener).heard().between_ms(minute * 60_000, minute * 60_000 + 59_000),
                8000,
            );
            assert!(clicks.is_empty(), "{ppm} ppm: {clicks:?}");
            scene.forget(secs(2));
        }
        assert!(median(&all) <= 25.0 && worst(&all) <= 42.0, "{ppm} ppm: {all:.0?}");
        assert!(
            quality(&scene, talker).uplink.discarded <= 2
                && quality(&scene, talker).uplink.concealed_ms <= 200,
            "{ppm} ppm: {:?}",
            quality(&scene, talker)
        );
    }
}

/// Nobody listens until the last minute: what a leg that is heard by nobody costs is what makes hours pass quickly.
#[test]
fn in_eight_hours_a_usual_clock_builds_up_no_delay() {
    for ppm in [100.0, -100.0] {
        let mut scene = Scene::new(8000, 1);
        let voice = Sound::repeated_voice(7, 8000, 11);
        let talker = PhoneConfig { clock_ppm: ppm, ..PhoneConfig::default() };
        let talker = scene.join(talker.saying(Talk::always(voice)));
        for minute in 1..480 {
            scene.run_secs(60);
            let uplink = quality(&scene, talker).uplink;
            assert!(uplink.buffer_us <= 45_000, "{ppm} ppm, minute {minute}: {uplink:?}");
            scene.forget(secs(10));
        }
        let listener = scene.join(PhoneConfig::default());
        scene.run_secs(60);
        let last = delays(&scene, talker, listener, 479 * 60 + 5..480 * 60 - 1);
        let uplink = quality(&scene, talker).uplink;
        assert!(last.len() > 30 && worst(&last) <= 42.0, "{ppm} ppm: {last:.0?}");
        assert!(uplink.discarded == 0 && uplink.concealed_ms <= 200, "{ppm} ppm: {uplink:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let heard = |seed| {
        let line =
            Conditions { duplicates: 0.05, reordered: 0.05, detour: secs(1) / 20, ..Conditions::jitter(60) };
        let line = Conditions { loss: Loss::Bursts { share: 0.05, length: 3.0 }, ..line };
        let codec = Codec::Opus(Opus::default());
        let (mut scene, _, listener) = talk(codec, line, 200.0, seed);
        scene.run_secs(10);
        scene.phone(listener).heard().samples.clone()
    };
    assert!(heard(1) == heard(1));
    assert!(heard(1) != heard(2));
}

#[test]
fn losses_are_concealed_without_clicks_and_do_not_add_delay() {
    for codec in [Codec::Pcmu, Codec::G722] {
        let (mut scene, talker, listener) = talk(codec, Conditions::loss(0.05), 0.0, 2);
        scene.run_secs(30);
        let all = delays(&scene, talker, listener, 1..29);
        let track = scene.phone(listener).heard();
        let clicks = measure::clicks(&track.samples, track.rate);
        // A voice that fades in a loss and comes back just when it rises may look like one.
        assert!(median(&all) <= 22.0 && clicks.len() <= 1, "{codec:?}: {all:.0?}, clicks at {clicks:?}");
    }
}

#[test]
fn opus_recovers_from_losses_by_what_the_next_packet_tells() {
    let heard = |fec: bool| {
        let codec = Codec::Opus(Opus { fec, expected_loss: 10, ..Opus::default() });
        let (mut scene, talker, listener) = talk(codec, Conditions::loss(0.1), 0.0, 2);
        scene.run_secs(30);
        (scene, talker, listener)
    };
    let likeness = |fec| {
        let (scene, talker, listener) = heard(fec);
        let alike = (5..29).filter_map(|second| {
            measure::likeness_at(scene.phone(talker).said(), scene.phone(listener).heard(), secs(second))
        });
        let alike: Vec<f64> = alike.collect();
        alike.iter().sum::<f64>() / alike.len() as f64
    };
    let (with, without) = (likeness(true), likeness(false));
    assert!(with > without + 0.02, "{with} {without}");
}
