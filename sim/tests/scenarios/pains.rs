//! What users of conference servers complain about most, each put in by hand.

use std::time::Duration;

use confab_audio::{DigitSource, Event};
use confab_codec::{Codec, Opus};
use confab_mixer::{Control, level_dbov, tone_level_dbov};
use confab_sim::{Conditions, PhoneConfig, PhoneId, Press, Scene, Sound, Talk, measure};

use crate::codecs::Pair;
use crate::support::{delays, secs, worst};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn voice(seed: u64) -> Talk {
    Talk::always(Sound::voice(seed))
}

/// Complaint: delay builds up during a call, by clocks that are off and by every stall.
#[test]
fn delay_builds_up_neither_by_stalls_nor_by_clocks() {
    let stalls = (1..6).map(|number| secs(20 * number));
    let config =
        PhoneConfig { uplink: Conditions::stalls(150, stalls), clock_ppm: 200.0, ..PhoneConfig::default() };
    let mut scene = Scene::new(8000, 1);
    let talker = scene.join(config.saying(voice(7)));
    let listener = scene.join(PhoneConfig::default());
    scene.run_secs(125);
    let between: Vec<f64> =
        (1..6).flat_map(|n| delays(&scene, talker, listener, 20 * n + 12..20 * n + 20)).collect();
    assert!(worst(&between) <= 45.0, "{between:.0?}");
}

/// Complaint: random gaps in the mix, when packets come just when the room ticks.
#[test]
fn gaps_in_the_mix_do_not_come_from_packets_that_come_at_the_tick() {
    for phase_ms in [0, 1, 19] {
        let uplink = Conditions { jitter: ms(2), ..Conditions::default() };
        let mut scene = Scene::new(8000, 2);
        let config = PhoneConfig { uplink, phase: ms(phase_ms), clock_ppm: 30.0, ..PhoneConfig::default() };
        scene.join(config.saying(Talk::always(Sound::tone(1000.0, -20.0))));
        let listener = scene.join(PhoneConfig::default());
        scene.run_secs(120);
        let heard = scene.phone(listener).heard();
        let quietest = heard.between_ms(2000, 119_000).chunks(80).map(level_dbov).fold(0.0, f32::min);
        let clicks = measure::clicks(heard.between_ms(2000, 119_000), 8000);
        assert!(
            quietest > -21.5 && clicks.is_empty(),
            "phase {phase_ms}: {quietest} dBov, clicks {clicks:?}"
        );
    }
}

/// Complaint: keys count twice, are lost, or are heard.
#[test]
fn keys_count_once_over_a_bad_line() {
    let presses: Vec<Press> = (0..40).map(|n| Press { at: ms(1000 + 400 * n), digit: digit(n) }).collect();
    for (name, uplink) in [
        ("loss", Conditions::loss(0.2)),
        ("bursts", Conditions::bursts(0.1, 2.0)),
        ("jitter", Conditions::jitter(100)),
        ("duplicates", Conditions::duplicates(0.5)),
    ] {
        let mut scene = Scene::new(8000, 3);
        let talker = scene.join(PhoneConfig { uplink, presses: presses.clone(), ..PhoneConfig::default() });
        scene.run_secs(20);
        let told: String = digits(&scene, talker, DigitSource::Events);
        let pressed: String = presses.iter().map(|press| press.digit).collect();
        assert_eq!(told, pressed, "{name}");
    }
}

#[test]
fn keys_in_the_audio_count_once_and_are_not_heard() {
    let spans: Vec<_> = (0..20).map(|n| 1000 + 400 * n..1080 + 400 * n).collect();
    for uplink in [Conditions::default(), Conditions::jitter(60)] {
        let mut scene = Scene::new(8000, 3);
        let config = PhoneConfig { uplink, ..PhoneConfig::default() };
        let key = Sound::Key { digit: '5', dbov: -12.0 };
        let talker = scene.join(config.saying(Talk::during(key, &spans)));
        scene.set(talker, Control::InbandDigits(true));
        let listener = scene.join(PhoneConfig::default());
        scene.run_secs(10);
        assert_eq!(digits(&scene, talker, DigitSource::Inband), "5".repeat(20));
        let heard = scene.phone(listener).heard().between_ms(500, 9500);
        let loudest = heard.chunks(80).map(level_dbov).fold(-127.0, f32::max);
        assert!(loudest < -40.0, "{loudest} dBov of the tones are heard");
    }
}

fn digit(n: u64) -> char {
    char::from(b"1234567890*#5566"[n as usize % 16])
}

fn digits(scene: &Scene, phone: PhoneId, from: DigitSource) -> String {
    let digit = |(_, event): &(Duration, Event)| match event {
        Event::Digit { digit, source, .. } if *source == from && Scene::is_about(event, phone) => {
            Some(*digit)
        }
        _ => None,
    };
    scene.events().iter().filter_map(digit).collect()
}

/// Complaint: one member's music on hold fills the room.
#[test]
fn hold_music_is_not_heard_and_who_comes_back_is() {
    let mut scene = Scene::new(8000, 1);
    let held = scene.join(PhoneConfig::default().saying(Talk::always(Sound::tone(700.0, -15.0))));
    let other = scene.join(PhoneConfig::default().saying(Talk::always(Sound::tone(440.0, -20.0))));
    let listener = scene.join(PhoneConfig::default());
    scene.run_secs(2);
    scene.hold(held, true);
    scene.run_secs(3);
    scene.hold(held, false);
    scene.run_secs(2);
    let level = |from, to, hz| tone_level_dbov(scene.phone(listener).heard().between_ms(from, to), 8000, hz);
    assert!(level(1000, 2000, 700.0) > -16.0 && level(5200, 6900, 700.0) > -16.0);
    assert!(level(2060, 5000, 700.0) < -80.0, "{}", level(2060, 5000, 700.0));
    assert!((level(2060, 5000, 440.0) + 20.0).abs() < 0.3, "the others go on");
    assert_eq!(
        scene.phone(held).counts().lost + scene.phone(held).counts().skips,
        0,
        "{other:?} is sent to him all the time"
    );
}

/// Complaint: the gate cuts the first syllable.
#[test]
fn first_syllables_are_not_cut() {
    let onsets = [2000, 5000, 8000, 11_000, 14_000];
    let spans = onsets.map(|onset| onset..onset + 1200);
    for codec in [Codec::Pcmu, Codec::G722] {
        let heard = |energy| {
            let mut scene = Scene::new(codec.sample_rate(), 1);
            scene.keep_phase(); // what is heard is compared by the sample
            let talker = scene.join(PhoneConfig::new(codec).saying(Talk::during(Sound::voice(7), &spans)));
            scene.set(talker, Control::Energy(energy));
            let listener = scene.join(PhoneConfig::new(codec));
            scene.run_secs(16);
            scene.phone(listener).heard().clone()
        };
        let (open, gated) = (heard(0), heard(300));
        for onset in onsets {
            let begin =
                (onset..onset + 1000).step_by(5).find(|&at| level_dbov(open.between_ms(at, at + 5)) > -50.0);
            let begin = begin.expect("something is said");
            let first = open.between_ms(begin, begin + 100);
            // The gate may hold a soft begin back until it knows that it is speech.
            let share = (0..6)
                .map(|ticks| share_in(first, gated.between_ms(begin + 20 * ticks, begin + 20 * ticks + 100)));
            let share = share.fold(0.0, f64::max);
            assert!(share > 0.98, "{codec:?}, after {onset} ms: {share}");
        }
    }
}

/// How much of a sound is in another, as a factor.
fn share_in(sound: &[i16], other: &[i16]) -> f64 {
    let product = |one: &[i16], other: &[i16]| -> f64 {
        one.iter().zip(other).map(|(&one, &other)| f64::from(one) * f64::from(other)).sum()
    };
    product(sound, other) / product(sound, sound)
}

/// Complaint: one loud leg; see also the gain control in `mix`.
#[test]
fn loud_leg_does_not_push_the_others_away() {
    let mut scene = Scene::new(8000, 1);
    let shouting = Sound::Voice { seed: 4, dbov: -3.0 };
    scene.join(PhoneConfig::default().saying(Talk::always(shouting)));
    scene.join(PhoneConfig::default().saying(Talk::always(Sound::tone(440.0, -20.0))));
    let listener = scene.join(PhoneConfig::default());
    scene.run_secs(10);
    let heard = scene.phone(listener).heard();
    let level = tone_level_dbov(heard.between_ms(2000, 9000), 8000, 440.0);
    assert!(level > -24.0, "{level} dBov");
}

/// Complaint: odd pairs of codecs, rates and packets crackle; see also `codecs`, which draws them.
#[test]
fn codec_and_rate_corner_cases_keep_level_and_sound() {
    let opus_60_ms = Codec::Opus(Opus { packet_ms: 60, bitrate: 32_000, ..Opus::default() });
    for (said, said_ptime_ms, rate, interval_ms, heard, heard_ptime_ms) in [
        (Codec::Pcmu, 30, 48_000, 20, opus_60_ms, 60),
        (opus_60_ms, 60, 8000, 10, Codec::G722, 40),
        (Codec::L16 { rate: 48_000 }, 10, 24_000, 60, Codec::Pcma, 10),
        (Codec::G722, 60, 32_000, 30, Codec::L16 { rate: 48_000 }, 10),
        (Codec::Pcma, 10, 8000, 60, Codec::Pcmu, 30),
    ] {
        Pair { said, heard, said_ptime_ms, heard_ptime_ms, rate, interval_ms }.assert_carries_a_tone();
    }
}
