use super::*;
use proptest::prelude::*;
use std::f32::consts::TAU;

/// 30 ms with harmonics, as a vowel has them; `pitch` and `level` of the first.
fn vowel(rate: u32, pitch: f32, level: f32) -> Vec<i16> {
    let wave = |n: u32, harmonic: f32| (TAU * pitch * harmonic * n as f32 / rate as f32).sin();
    let sample = |n| level * (wave(n, 1.0) + 0.5 * wave(n, 2.0) + 0.25 * wave(n, 5.0));
    (0..rate * 30 / 1000).map(|n| sample(n) as i16).collect()
}

fn noise(level: u16, len: usize) -> Vec<i16> {
    let mut samples = vec![0; len];
    crate::ComfortNoise::new(level, 8000, 3).fill(&mut samples);
    samples
}

fn largest_jump(samples: &[i16]) -> i32 {
    samples.windows(2).map(|w| (i32::from(w[1]) - i32::from(w[0])).abs()).max().unwrap_or(0)
}

/// A sine of −20 dBov.
fn tone(rate: u32, hz: f32, phase: f32, samples: u32) -> Vec<i16> {
    let wave = |n| (TAU * hz * n as f32 / rate as f32 + phase).sin();
    (0..samples).map(|n| (4634.0 * wave(n)).round() as i16).collect()
}

/// What is left of the sound without its best fit to a tone, dB relative to the whole.
fn residual(sound: &[i16], rate: u32, hz: f32) -> f64 {
    let [mut ss, mut sc, mut cc, mut xs, mut xc, mut xx] = [0.0_f64; 6];
    for (n, &x) in sound.iter().enumerate() {
        let ((sin, cos), x) = (f64::from(TAU * hz * n as f32 / rate as f32).sin_cos(), f64::from(x));
        (ss, sc, cc) = (ss + sin * sin, sc + sin * cos, cc + cos * cos);
        (xs, xc, xx) = (xs + x * sin, xc + x * cos, xx + x * x);
    }
    let fitted = (xs * xs * cc - 2.0 * xs * xc * sc + xc * xc * ss) / (ss * cc - sc * sc);
    10.0 * ((xx - fitted) / xx).max(1e-12).log10()
}

/// The greatest residual in 20 ms of a tone of which `held_ms` were changed.
fn worst_residual(
    rate: u32,
    hz: f32,
    held_ms: u32,
    change: fn(Vec<i16>, u32, Audible) -> Vec<i16>,
) -> Option<f64> {
    let ms = (rate / 1000) as usize;
    let (from, to) = (20 * ms, (20 + held_ms as usize) * ms);
    let mut sound = tone(rate, hz, hz, rate * (40 + held_ms) / 1000);
    let changed = change(sound[from..to].to_vec(), rate, Audible::Never);
    if changed.len() == to - from {
        return None;
    }
    sound.splice(from..to, changed);
    let residuals = sound.windows(20 * ms).step_by(ms).map(|window| residual(window, rate, hz));
    residuals.max_by(f64::total_cmp)
}

fn shortened(mut pcm: Vec<i16>, rate: u32, audible: Audible) -> Vec<i16> {
    let removed = shorten(&mut pcm, rate, audible);
    pcm.truncate(pcm.len() - removed);
    pcm
}

fn lengthened(mut pcm: Vec<i16>, rate: u32, audible: Audible) -> Vec<i16> {
    let len = pcm.len();
    pcm.resize(2 * len, 0);
    let inserted = lengthen(&mut pcm, len, rate, audible);
    pcm.truncate(len + inserted);
    pcm
}

#[test]
fn a_vowel_changes_by_whole_periods_without_a_click() {
    for rate in [8000, 16_000, 24_000, 32_000, 48_000] {
        for pitch in [80.0, 104.0, 131.0, 190.0, 277.0, 390.0] {
            let sound = vowel(rate, pitch, 8000.0);
            let natural = largest_jump(&sound);
            let period = rate as f32 / pitch;
            for changed in [
                shortened(sound.clone(), rate, Audible::Never),
                lengthened(sound.clone(), rate, Audible::Never),
            ] {
                let change = changed.len().abs_diff(sound.len()) as f32;
                let periods = (change / period).round();
                assert!(periods >= 1.0, "{rate} Hz, {pitch} Hz: nothing changed");
                assert!((change - periods * period).abs() <= 1.0, "{rate} Hz, {pitch} Hz: {change}");
                let jump = largest_jump(&changed);
                assert!(jump <= natural * 11 / 10 + 1, "{rate} Hz, {pitch} Hz: {jump} > {natural}");
            }
        }
    }
}

/// A period that is no whole number of samples, or that is longer than what may be taken out, is no place for a change.
#[test]
fn no_tone_is_changed_where_it_would_be_heard() {
    for rate in [8000, 16_000, 48_000] {
        let tones = || (0..=132).map(|n| 100.0 + 24.9 * n as f32);
        for (held_ms, change, least) in [
            (8, shortened as fn(Vec<i16>, u32, Audible) -> Vec<i16>, 0),
            (10, shortened, 20),
            (13, shortened, 50),
            (20, shortened, 90),
            (20, lengthened, 90),
        ] {
            let all = tones().filter_map(|hz| Some((worst_residual(rate, hz, held_ms, change)?, hz)));
            let all: Vec<(f64, f32)> = all.collect();
            let worst = all.iter().max_by(|a, b| a.0.total_cmp(&b.0));
            println!("{rate} Hz, {held_ms} ms: {} changed, worst {worst:?}", all.len());
            assert!(worst.is_none_or(|&(db, _)| db <= -30.0), "{rate} Hz, {held_ms} ms: {worst:?}");
            assert!(all.len() >= least, "{rate} Hz, {held_ms} ms: only {} changed", all.len());
        }
    }
}

#[test]
fn quiet_changes_by_the_longest_period() {
    let quiet = noise(400, 240);
    assert_eq!(shortened(quiet.clone(), 8000, Audible::Never).len(), 240 - 120);
    assert_eq!(lengthened(quiet, 8000, Audible::Never).len(), 240 + 120);
}

#[test]
fn loud_noise_does_not_change() {
    let loud = noise(8, 240);
    assert_eq!(shortened(loud.clone(), 8000, Audible::Never), loud);
    assert_eq!(lengthened(loud.clone(), 8000, Audible::Never), loud);
}

/// A voice is never the same twice: its pitch glides, and there is breath in it.
#[test]
fn a_voice_finds_places_enough() {
    for rate in [8000, 16_000, 48_000] {
        let samples = rate / 50;
        let places = (0..200).filter(|&place| {
            let pitch = 90.0 + place as f32;
            let mut breath = vec![0; samples as usize];
            crate::ComfortNoise::new(42, rate, place).fill(&mut breath);
            let glide = |n: f32| TAU * pitch * (n + 0.001 * n * n / samples as f32) / rate as f32;
            let voice = |harmonic: f32, n: u32| (harmonic * glide(n as f32)).sin() / harmonic;
            let sound = (0..samples).zip(breath).map(|(n, breath)| {
                breath + (3000.0 * (voice(1.0, n) + voice(2.0, n) + voice(5.0, n))) as i16
            });
            shortened(sound.collect(), rate, Audible::Never).len() < samples as usize
        });
        let found = places.count();
        assert!(found >= 60, "{rate} Hz: {found} of 200");
    }
}

#[test]
fn there_must_be_sound_and_room_enough() {
    for len in 0..80 {
        assert_eq!(shorten(&mut vec![0; len], 8000, Audible::Slightly), if len < 62 { 0 } else { len - 42 });
    }
    assert_eq!(lengthen(&mut [0; 160], 160, 8000, Audible::Never), 0, "no room");
    assert_eq!(lengthen(&mut [0; 160], 200, 8000, Audible::Never), 0, "a length beyond the end");
}

proptest! {
    /// The ends stay, so that what is before and behind goes on as it did, and no sample comes from nowhere.
    #[test]
    fn the_ends_stay(
        mut pcm in prop::collection::vec(any::<i16>(), 0..1000),
        quieter in 0..16,
        rate in prop::sample::select(vec![8000_u32, 16_000, 24_000, 32_000, 48_000]),
    ) {
        pcm.iter_mut().for_each(|sample| *sample >>= quieter);
        for changed in
            [shortened(pcm.clone(), rate, Audible::Slightly), lengthened(pcm.clone(), rate, Audible::Slightly)]
        {
            prop_assert_eq!(changed.first(), pcm.first());
            prop_assert_eq!(changed.last(), pcm.last());
            prop_assert_eq!(changed.iter().max() <= pcm.iter().max(), true);
        }
    }
}
