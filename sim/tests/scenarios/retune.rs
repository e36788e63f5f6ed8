//! A room that changes its rate while it runs.

use confab_codec::{Codec, Opus};
use confab_sim::{PhoneConfig, PhoneId, Scene, Sound, Talk, measure};

/// The tone, and when in ms the rate changes for the first time; then once a second.
const HZ: f64 = 500.0;
const FIRST: u64 = 2000;

/// A PCMU, a G.722 and an Opus phone hear a PCMU phone's tone while the room changes its rate.
fn retuned(rates: &[u32]) -> (Scene, [PhoneId; 3]) {
    let mut scene = Scene::auto(rates[0], 1);
    scene.join(PhoneConfig::default().saying(Talk::always(Sound::tone(HZ as f32, -20.0))));
    let codecs = [Codec::Pcmu, Codec::G722, Codec::Opus(Opus { bitrate: 32_000, ..Opus::default() })];
    let listeners = codecs.map(|codec| scene.join(PhoneConfig::new(codec)));
    scene.run_secs(FIRST / 1000);
    for &rate in &rates[1..] {
        scene.retune(rate);
        scene.run_secs(1);
    }
    (scene, listeners)
}

/// What is left of the tone around each change, dBov, the loudest 20 ms of it.
fn residuals(scene: &Scene, phone: PhoneId, changes: usize) -> Vec<f32> {
    let heard = scene.phone(phone).heard();
    let around = |change: u64| {
        let at = FIRST + 1000 * change;
        let levels = measure::residual_dbov(heard.between_ms(at - 150, at + 250), heard.rate, HZ, 20);
        levels.into_iter().fold(f32::MIN, f32::max)
    };
    (0..changes as u64).map(around).collect()
}

#[test]
fn a_tone_goes_on_through_changes_of_the_rate() {
    let rates = [8000, 16_000, 48_000, 16_000, 8000, 48_000, 8000, 24_000, 32_000, 8000];
    let (scene, listeners) = retuned(&rates);
    for phone in listeners {
        let heard = scene.phone(phone).heard();
        let residuals = residuals(&scene, phone, rates.len() - 1);
        assert!(residuals.iter().all(|level| *level < -45.0), "{phone:?}, {rates:?}: {residuals:.1?}");
        assert_eq!(measure::clicks(heard.between_ms(1000, 10_900), heard.rate), [], "{phone:?}");
    }
}

/// The talker's own codec makes this noise.
#[test]
fn and_a_change_adds_nothing_that_could_be_heard() {
    let (changed, listeners) = retuned(&[8000, 48_000, 8000]);
    let (steady, _) = retuned(&[48_000, 48_000, 48_000]);
    for phone in listeners {
        let (with, without) = (residuals(&changed, phone, 2), residuals(&steady, phone, 2));
        assert!(
            with.iter().zip(&without).all(|(with, without)| with - without < 1.0),
            "{with:?} {without:?}"
        );
    }
}
