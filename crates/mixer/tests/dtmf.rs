//! The detector of DTMF digits: what it must find, what it must not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use confab_mixer::dtmf::Detector;
use proptest::prelude::*;
use support::speech::{Oscillator, Speaker, music, noise};

const RATES: [u32; 5] = [8000, 16_000, 24_000, 32_000, 48_000];
const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
const KEYS: [&str; 4] = ["123A", "456B", "789C", "*0#D"];

/// How a digit is sent.
#[derive(Debug, Clone, Copy)]
struct Press {
    row: usize,
    column: usize,
    /// Level of the row tone, dBov, and of the column tone above it, dB.
    level: f32,
    twist: f32,
    /// How far both are off, parts of one.
    off: [f32; 2],
    ms: f32,
    gap_ms: f32,
}

const PRESS: Press =
    Press { row: 0, column: 0, level: -15.0, twist: 0.0, off: [0.0; 2], ms: 40.0, gap_ms: 40.0 };

impl Press {
    fn key(self) -> char {
        KEYS[self.row].chars().nth(self.column).unwrap()
    }

    fn append(self, rate: u32, out: &mut Vec<f32>) {
        let amplitude = |level: f32| 32_768.0 * 2f32.sqrt() * 10f32.powf(level / 20.0);
        let mut low = Oscillator::new(rate, ROWS[self.row] * (1.0 + self.off[0]));
        let mut high = Oscillator::new(rate, COLUMNS[self.column] * (1.0 + self.off[1]));
        let (loud, louder) = (amplitude(self.level), amplitude(self.level + self.twist));
        out.extend(
            (0..(self.ms * rate as f32 / 1000.0) as usize).map(|_| low.next() * loud + high.next() * louder),
        );
        out.resize(out.len() + (self.gap_ms * rate as f32 / 1000.0) as usize, 0.0);
    }
}

/// Silence of `start_ms`, the presses, silence; with noise of this level.
fn line(rate: u32, start_ms: f32, presses: &[Press], noise_dbov: f32, seed: u64) -> Vec<i16> {
    let mut out = vec![0.0; (start_ms * rate as f32 / 1000.0) as usize];
    presses.iter().for_each(|press| press.append(rate, &mut out));
    let end = (out.len() / (rate as usize / 50) + 4) * (rate as usize / 50);
    out.resize(end, 0.0);
    let noise = noise(end, noise_dbov, 0.0, seed);
    out.iter().zip(noise).map(|(sample, noise)| (sample + f32::from(noise)).round() as i16).collect()
}

fn told(rate: u32, samples: &[i16]) -> String {
    let mut detector = Detector::new(rate);
    samples.chunks(rate as usize / 50).filter_map(|frame| detector.push(frame)).collect()
}

/// Level of the two tones together, dBov.
fn sum_level(level: f32, twist: f32) -> f32 {
    level + 10.0 * (1.0 + 10f32.powf(twist / 10.0)).log10()
}

fn all(press: Press) -> Vec<Press> {
    (0..16).map(|i| Press { row: i / 4, column: i % 4, ..press }).collect()
}

fn keys(presses: &[Press]) -> String {
    presses.iter().map(|press| press.key()).collect()
}

#[test]
fn every_digit_is_told_once_at_every_rate_and_length() {
    for rate in RATES {
        for ms in [40.0, 50.0, 100.0, 500.0] {
            let presses = all(Press { ms, ..PRESS });
            assert_eq!(
                told(rate, &line(rate, 13.0, &presses, -80.0, 1)),
                keys(&presses),
                "{rate} Hz, {ms} ms"
            );
        }
    }
}

#[test]
fn the_same_digit_counts_again_after_a_gap_of_40_ms() {
    for start in 0..20 {
        let presses = [PRESS; 5];
        assert_eq!(told(8000, &line(8000, start as f32, &presses, -80.0, 1)), "11111", "{start} ms");
    }
}

#[test]
fn a_hole_of_10_ms_makes_no_second_digit() {
    for start in 0..20 {
        let presses = [Press { ms: 60.0, gap_ms: 10.0, ..PRESS }, Press { ms: 60.0, ..PRESS }];
        assert_eq!(told(8000, &line(8000, start as f32, &presses, -80.0, 1)), "1", "{start} ms");
    }
}

#[test]
fn tones_that_are_too_short_or_too_soft_or_alone_are_no_digit() {
    for start in 0..20 {
        let short = all(Press { ms: 20.0, ..PRESS });
        assert_eq!(told(8000, &line(8000, start as f32, &short, -80.0, 1)), "", "{start} ms");
    }
    assert_eq!(told(8000, &line(8000, 0.0, &all(Press { level: -60.0, ms: 80.0, ..PRESS }), -90.0, 1)), "");
    for twist in [-70.0, 70.0] {
        let alone = all(Press { level: -10.0 - f32::max(twist, 0.0), twist, ms: 100.0, ..PRESS });
        assert_eq!(told(8000, &line(8000, 0.0, &alone, -80.0, 1)), "");
    }
}

#[test]
fn other_frequencies_are_no_digit() {
    let mut presses = Vec::new();
    for off in [
        [0.035, 0.0],
        [-0.035, 0.0],
        [0.0, 0.035],
        [0.0, -0.035],
        [0.035, -0.035],
        [0.05, 0.05],
        [-0.045, -0.04],
    ] {
        presses.extend(all(Press { off, ms: 200.0, ..PRESS }));
    }
    for rate in RATES {
        for level in [-80.0, -30.0] {
            assert_eq!(told(rate, &line(rate, 0.0, &presses, level, 5)), "", "{rate} Hz");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// All impairments at once.
    #[test]
    fn a_bad_line_is_understood(
        rate in prop::sample::select(RATES.to_vec()),
        start in 0f32..20.0,
        twist in -8f32..4.0,
        level in -30f32..-10.0,
        off in prop::array::uniform2(-0.015f32..0.015),
        seed: u64,
    ) {
        let presses = all(Press { level: level - twist.max(0.0), twist, off, ..PRESS });
        let level = sum_level(level - twist.max(0.0), twist);
        // Noise of the band of a telephone: at 48 kHz there is six times as much of it above that.
        let noise = level - 15.0 + 10.0 * (rate as f32 / 8000.0).log10();
        prop_assert_eq!(told(rate, &line(rate, start, &presses, noise, seed)), keys(&presses));
    }
}

/// 18 minutes of speech, 12 of music.
#[test]
fn thirty_minutes_of_speech_and_music_hold_no_digit() {
    let (mut detector, mut digits) = (Detector::new(8000), String::new());
    for seed in 0..108 {
        let speech = Speaker::new(8000, seed).talk(10.0, -22.0);
        digits.extend(speech.chunks(160).filter_map(|frame| detector.push(frame)));
    }
    assert_eq!(digits, "", "speech");
    for seed in 0..72 {
        let music = music(8000, 10.0, -20.0, seed);
        digits.extend(music.chunks(160).filter_map(|frame| detector.push(frame)));
    }
    assert_eq!(digits, "", "music");
}

#[test]
fn the_tones_of_telephones_and_glides_hold_no_digit() {
    let pairs = [
        [350.0, 440.0],
        [440.0, 480.0],
        [480.0, 620.0],
        [425.0, 450.0],
        [700.0, 900.0],
        [700.0, 1100.0],
        [900.0, 1300.0],
        [1100.0, 1700.0],
        [950.0, 1400.0],
        [1070.0, 1270.0],
        [697.0, 770.0],
        [1209.0, 1336.0],
        [941.0, 1882.0],
        [600.0, 1336.0],
        [732.0, 1272.0],
    ];
    for [low, high] in pairs {
        let (mut low, mut high) = (Oscillator::new(8000, low), Oscillator::new(8000, high));
        let samples: Vec<i16> = (0..16_000).map(|_| ((low.next() + high.next()) * 6000.0) as i16).collect();
        assert_eq!(told(8000, &samples), "", "{low:?} {high:?}");
    }
    for (octaves_a_second, ratio) in [(0.3f32, 1.65), (1.0, 1.65), (6.0, 1.735)] {
        let (mut phase, mut samples) = ([0f32; 2], Vec::new());
        for i in 0..80_000 {
            let low = 500.0 * 2f32.powf((octaves_a_second * i as f32 / 8000.0) % 1.2);
            phase[0] = (phase[0] + low / 8000.0).fract();
            phase[1] = (phase[1] + low * ratio / 8000.0).fract();
            let sum: f32 = phase.iter().map(|p| (std::f32::consts::TAU * p).sin()).sum();
            samples.push((sum * 8000.0) as i16);
        }
        assert_eq!(told(8000, &samples), "", "{octaves_a_second}");
    }
}
