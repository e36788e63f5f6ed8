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
