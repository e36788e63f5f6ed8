//! Who hears whom, how loud, and how clean.

use confab_mixer::{Control, level_dbov, tone_level_dbov};
use confab_sim::{PhoneConfig, PhoneId, Scene, Sound, Talk, measure};

/// What a phone heard in the second from `from` on.
fn second(scene: &Scene, phone: PhoneId, from: u64) -> Vec<i16> {
    scene.phone(phone).heard().between_ms(from * 1000, from * 1000 + 1000).to_vec()
}

const TONES: [u16; 3] = [440, 620, 950];

/// Three phones that sound tones at −6 dBov, and one that listens.
fn three_loud_tones() -> (Scene, [PhoneId; 3], PhoneId) {
    let mut scene = Scene::new(8000, 1);
    let talkers = TONES.map(|hz| {
        let tone = Talk::always(Sound::tone(hz.into(), -6.0));
        scene.join(PhoneConfig::default().saying(tone))
    });
    let listener = scene.join(PhoneConfig::default());
    scene.run_secs(6);
    (scene, talkers, listener)
}

#[test]
fn three_loud_tones_at_once_stay_tones_of_equal_level() {
    let (scene, _, listener) = three_loud_tones();
    let heard = second(&scene, listener, 4);
    let levels = TONES.map(|hz| tone_level_dbov(&heard, 8000, hz.into()));
    let (product_hz, product) = measure::loudest_product(&heard, 8000, &TONES, 50, 3950);
    let (softest, loudest) =
        (levels.iter().copied().fold(0.0, f32::min), levels.iter().copied().fold(-99.0, f32::max));
    assert!(loudest - softest < 0.5, "{levels:?}");
    assert!(product - softest < -35.0, "{product} dBov at {product_hz} Hz beside {levels:?}");
}

#[test]
fn nobody_hears_himself_and_everybody_hears_all_others_even_when_the_mix_is_limited() {
    let (scene, talkers, _) = three_loud_tones();
    for (own, talker) in TONES.into_iter().zip(talkers) {
        let heard = second(&scene, talker, 4);
        for hz in TONES {
            let level = tone_level_dbov(&heard, 8000, hz.into());
            assert_eq!(level > -15.0, hz != own, "the phone with {own} Hz hears {hz} Hz at {level} dBov");
        }
    }
    let (own, heard) = (TONES[0], second(&scene, talkers[0], 4));
    assert!(tone_level_dbov(&heard, 8000, own.into()) < -60.0);
}

#[test]
fn a_quiet_and_a_loud_phone_end_equally_loud_with_gain_control() {
    let mut scene = Scene::new(8000, 1);
    let quiet = Sound::Voice { seed: 3, dbov: -40.0 };
    let loud = Sound::Voice { seed: 4, dbov: -10.0 };
    let quiet = scene.join(PhoneConfig::default().saying(Talk::once(quiet, 0..12_000)));
    let loud = scene.join(PhoneConfig::default().saying(Talk::once(loud, 12_000..24_000)));
    let listener = scene.join(PhoneConfig::default());
    for phone in [quiet, loud] {
        scene.set(phone, Control::Agc(Some(-26)));
    }
    scene.run_secs(24);
    let heard = scene.phone(listener).heard();
    let (first, second) =
        (level_dbov(heard.between_ms(4000, 11_800)), level_dbov(heard.between_ms(16_000, 23_800)));
    assert!((first - second).abs() < 4.0, "{first} and {second} dBov");
}
