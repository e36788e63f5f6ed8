//! Members who hear the same share an encoder. Who starts to talk hears something else from then on, and goes on with an
//! encoder of his own; when he stops he goes back. None of that may be heard.

use std::time::Duration;

use confab_codec::{Codec, Opus};
use confab_mixer::{Control, level_dbov};
use confab_sim::{PhoneConfig, PhoneId, Scene, Sound, Talk, Track, measure};

use crate::support::median;

/// Frequency of the tone, a whole number of its periods in each window.
const HZ: f64 = 1000.0;

/// One phone sounds, three of `codec` listen; one of those also talks from 3 s to 5 s, from 7 s to 9 s, and so on.
fn scene(codec: Codec, sound: Sound) -> (Scene, PhoneId, PhoneId) {
    let mut scene = Scene::new(codec.sample_rate(), 4);
    scene.keep_phase(); // what is heard is compared by the sample
    let source =
        scene.join(PhoneConfig::new(Codec::L16 { rate: codec.sample_rate() }).saying(Talk::always(sound)));
    let spans: Vec<_> = (0..4).map(|n| 3000 + 4000 * n..5000 + 4000 * n).collect();
    let talker = PhoneConfig::new(codec).saying(Talk::during(Sound::voice(9), &spans));
    let talker = scene.join(talker);
    scene.join(PhoneConfig::new(codec));
    scene.join(PhoneConfig::new(codec));
    for phone in scene.phones() {
        scene.set(phone, Control::Energy(100));
    }
    scene.run_secs(19);
    (scene, source, talker)
}

/// What is left of the tone in each 20 ms from 2 s to 18 s, dBov, in stretches of 400 ms.
fn residual(track: &Track) -> Vec<f32> {
    (2000..18_000)
        .step_by(400)
        .flat_map(|ms| measure::residual_dbov(track.between_ms(ms, ms + 400), track.rate, HZ, 20))
        .collect()
}

fn loudest(levels: &[f32]) -> f32 {
    levels.iter().copied().fold(f32::MIN, f32::max)
}

#[test]
fn with_g722_a_talker_hears_no_more_than_the_codec_s_noise_when_his_encoder_changes() {
    let (scene, _, talker) = scene(Codec::G722, Sound::tone(HZ as f32, -20.0));
    assert_hands_over(&scene, talker, -50.0);
}

#[test]
fn with_opus_too() {
    let (scene, _, talker) = scene(Codec::Opus(Opus::default()), Sound::tone(HZ as f32, -20.0));
    assert_hands_over(&scene, talker, -50.0);
}

/// Encoders come together where nothing is said: a voice pauses now and then, a tone does not.
#[test]
fn who_talks_has_an_encoder_of_his_own_and_who_listens_shares() {
    for codec in [Codec::G722, Codec::Opus(Opus::default())] {
        let mut scene = Scene::new(codec.sample_rate(), 4);
        let talks = [Talk::once(Sound::voice(5), 2000..30_000), Talk::once(Sound::voice(9), 5000..8000)];
        for talk in talks.into_iter().chain((0..4).map(|_| Talk::default())) {
            let phone = scene.join(PhoneConfig::new(codec).saying(talk));
            scene.set(phone, Control::Energy(100));
        }
        let mut encoders = |seconds_before| {
            scene.run_secs(seconds_before);
            let before = scene.encodes();
            scene.run_secs(1);
            (scene.encodes() - before) / 50
        };
        let (before, during, after) = (encoders(3), encoders(2), encoders(8));
        assert_eq!((before, during, after), (2, 3, 2), "{codec:?}: encoders in use for six phones");
    }
}

fn assert_hands_over(scene: &Scene, talker: PhoneId, bound: f32) {
    let heard = residual(scene.phone(talker).heard());
    let place = heard.iter().position(|level| *level == loudest(&heard)).unwrap_or(0);
    assert!(loudest(&heard) < bound, "{} dBov at {} ms", loudest(&heard), 2000 + place * 20);
    let track = scene.phone(talker).heard();
    assert_eq!(measure::clicks(track.between_ms(2000, 18_000), track.rate), []);
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::MAX, f64::min)
}

/// The test that listens: speech goes on through every change of the encoder as if there were none.
#[test]
fn speech_goes_on_through_each_change_of_the_encoder() {
    for codec in [Codec::G722, Codec::Opus(Opus::default())] {
        let (scene, source, talker) = scene(codec, Sound::voice(5));
        let (said, heard) = (scene.phone(source).said(), scene.phone(talker).heard());
        let (mut near, mut far) = (Vec::new(), Vec::new());
        for at in (2000..17_500).step_by(50) {
            // He starts at 3 s, 7 s, … and stops at 5 s, 9 s, …; what is compared begins here and is 400 ms long.
            let is_near = matches!(at % 4000, 2600..3300 | 600..2000);
            let alike = measure::likeness_at(said, heard, Duration::from_millis(at));
            (if is_near { &mut near } else { &mut far }).extend(alike);
        }
        assert!(median(&near) > median(&far) - 0.01, "{codec:?}: {near:.2?}");
        assert!(least(&near) > least(&far) - 0.05, "{codec:?}: {near:.2?}");
        let (natural, clicks) =
            (measure::clicks(&said.samples, said.rate), measure::clicks(&heard.samples, heard.rate));
        assert!(
            clicks.len() <= natural.len(),
            "{codec:?}: {} clicks, {} of the voice",
            clicks.len(),
            natural.len()
        );
        assert!(
            (level_dbov(heard.between_ms(2000, 18_000)) - level_dbov(said.between_ms(2000, 18_000))).abs()
                < 0.5
        );
    }
}

/// A tone that never pauses, and twenty who come one after the other.
#[test]
fn who_comes_shares_an_encoder_at_once_and_does_not_hear_it() {
    let codec = Codec::Opus(Opus::default());
    let mut scene = Scene::new(48_000, 4);
    scene.keep_phase();
    let source = PhoneConfig::new(Codec::L16 { rate: 48_000 });
    scene.join(source.saying(Talk::always(Sound::tone(HZ as f32, -20.0))));
    scene.run_secs(2);
    for _ in 0..20 {
        let phone = scene.join(PhoneConfig::new(codec));
        scene.set(phone, Control::Energy(100));
        scene.run(Duration::from_millis(60));
    }
    let (before, came) = (scene.encodes(), 3200);
    scene.run_secs(2);
    assert!(scene.encodes() - before <= 110 + 100, "{}", scene.encodes() - before);
    for phone in scene.phones().skip(1) {
        let heard = scene.phone(phone).heard();
        let joined = 2000 + 60 * (phone.number() as u64 - 1);
        let early = measure::residual_dbov(heard.between_ms(joined + 120, joined + 520), 48_000, HZ, 20);
        let late = measure::residual_dbov(heard.between_ms(came + 400, came + 1600), 48_000, HZ, 20);
        assert!(loudest(&early) < -45.0 && loudest(&late) < -50.0, "{phone:?}: {early:?} {late:?}");
    }
}
