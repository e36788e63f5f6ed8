//! Synthesised speech, music and noise, by seed.

use std::f32::consts::TAU;

/// Uniform numbers from a seed.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// −1 to 1.
    pub(crate) fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / 8_388_608.0 - 1.0
    }

    pub(crate) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * (self.next() + 1.0) / 2.0
    }

    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[(self.between(0.0, all.len() as f32) as usize).min(all.len() - 1)]
    }
}

/// The first three formants of some vowels, Hz.
const VOWELS: [[f32; 3]; 8] = [
    [270.0, 2290.0, 3010.0],
    [390.0, 1990.0, 2550.0],
    [530.0, 1840.0, 2480.0],
    [660.0, 1720.0, 2410.0],
    [730.0, 1090.0, 2440.0],
    [570.0, 840.0, 2410.0],
    [440.0, 1020.0, 2240.0],
    [300.0, 870.0, 2240.0],
];
const BANDWIDTHS: [f32; 3] = [60.0, 90.0, 130.0];

/// A resonance of the throat.
#[derive(Debug, Default)]
struct Resonance {
    a: f32,
    b: f32,
    c: f32,
    y: [f32; 2],
}

impl Resonance {
    fn tune(&mut self, rate: u32, frequency: f32, bandwidth: f32) {
        let r = (-TAU / 2.0 * bandwidth / rate as f32).exp();
        self.c = -r * r;
        self.b = 2.0 * r * (TAU * frequency / rate as f32).cos();
        self.a = 1.0 - self.b - self.c;
    }

    fn next(&mut self, x: f32) -> f32 {
        let y = self.a * x + self.b * self.y[0] + self.c * self.y[1];
        self.y = [y, self.y[0]];
        y
    }
}

/// Somebody who talks: syllables with a hiss before some of them, words, pauses.
#[derive(Debug)]
pub(crate) struct Speaker {
    rate: u32,
    chance: Chance,
    pitch: f32,
    phase: f32,
    throat: [Resonance; 3],
}

impl Speaker {
    pub(crate) fn new(rate: u32, seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let pitch = chance.between(80.0, 260.0);
        Self { rate, chance, pitch, phase: 0.0, throat: Default::default() }
    }

    /// Some seconds of speech whose talking parts have this level, dBov.
    pub(crate) fn talk(&mut self, seconds: f32, level_dbov: f32) -> Vec<i16> {
        let mut out = Vec::new();
        let wanted = (seconds * self.rate as f32) as usize;
        while out.len() < wanted {
            if self.chance.next() > 0.2 {
                self.hiss(&mut out);
            }
            self.syllable(&mut out);
            if self.chance.next() > 0.3 {
                let pause = self.chance.between(0.08, 0.5);
                out.resize(out.len() + (pause * self.rate as f32) as usize, 0.0);
            }
        }
        out.truncate(wanted);
        at_level(&out, self.rate, level_dbov)
    }

    /// A vowel that goes over into another.
    pub(crate) fn syllable(&mut self, out: &mut Vec<f32>) {
        let seconds = self.chance.between(0.09, 0.3);
        let len = (seconds * self.rate as f32) as usize;
        let (from, to) = (self.chance.one_of(&VOWELS), self.chance.one_of(&VOWELS));
        let (loudness, glide) = (self.chance.between(0.5, 1.0), self.chance.between(0.85, 1.2));
        let attack = self.chance.between(0.01, 0.05) / seconds;
        for i in 0..len {
            let at = i as f32 / len as f32;
            if i % 32 == 0 {
                for (n, resonance) in self.throat.iter_mut().enumerate() {
                    resonance.tune(self.rate, from[n] + (to[n] - from[n]) * at, BANDWIDTHS[n]);
                }
            }
            let envelope = (at / attack).min(1.0) * ((1.0 - at) / 0.3).min(1.0);
            self.phase += self.pitch * (1.0 + (glide - 1.0) * at) / self.rate as f32;
            let pulse = if self.phase >= 1.0 { 1.0 } else { -self.pitch / self.rate as f32 };
            self.phase = self.phase.fract();
            let source = pulse * self.rate as f32 / 8000.0 + 0.01 * self.chance.next();
            let voice = self.throat.iter_mut().fold(source, |x, resonance| resonance.next(x));
            out.push(voice * envelope * loudness);
        }
    }

    /// A consonant: 30 to 80 ms of noise, softer than a vowel.
    fn hiss(&mut self, out: &mut Vec<f32>) {
        let len = (self.chance.between(0.03, 0.08) * self.rate as f32) as usize;
        let (loudness, mut before) = (self.chance.between(0.01, 0.04), 0.0);
        for i in 0..len {
            let noise = self.chance.next();
            out.push((noise - 0.7 * before) * loudness * (i as f32 / len as f32 * 4.0).min(1.0));
            before = noise;
        }
    }
}

/// The samples at a level that is measured over their loud parts: 20 ms that are within 20 dB of the loudest.
pub(crate) fn at_level(samples: &[f32], rate: u32, level_dbov: f32) -> Vec<i16> {
    let gain = 32_768.0 * 10f32.powf(level_dbov / 20.0) / active_rms(samples, rate).max(1e-9);
    samples.iter().map(|sample| (sample * gain).clamp(-32_768.0, 32_767.0) as i16).collect()
}

/// RMS of the 20 ms that are within 20 dB of the loudest.
pub(crate) fn active_rms(samples: &[f32], rate: u32) -> f32 {
    let power = |frame: &[f32]| frame.iter().map(|s| s * s).sum::<f32>() / frame.len() as f32;
    let powers: Vec<f32> = samples.chunks(rate as usize / 50).map(power).collect();
    let loudest = powers.iter().copied().fold(0.0, f32::max);
    let loud: Vec<f32> = powers.into_iter().filter(|power| *power > loudest / 100.0).collect();
    (loud.iter().sum::<f32>() / loud.len().max(1) as f32).sqrt()
}

/// Level of speech, dBov.
pub(crate) fn speech_level(samples: &[i16], rate: u32) -> f32 {
    let samples: Vec<f32> = samples.iter().map(|&s| f32::from(s)).collect();
    20.0 * (active_rms(&samples, rate) / 32_768.0).max(1e-9).log10()
}

/// White noise, or with `colour` up to 1 ever less of the high frequencies.
pub(crate) fn noise(len: usize, level_dbov: f32, colour: f32, seed: u64) -> Vec<i16> {
    let mut chance = Chance::new(seed);
    let mut y = 0.0;
    let raw: Vec<f32> = (0..len)
        .map(|_| {
            y = colour * y + chance.next();
            y
        })
        .collect();
    let rms = (raw.iter().map(|s| s * s).sum::<f32>() / len.max(1) as f32).sqrt();
    let gain = 32_768.0 * 10f32.powf(level_dbov / 20.0) / rms.max(1e-9);
    raw.iter().map(|s| (s * gain).clamp(-32_768.0, 32_767.0) as i16).collect()
}

/// A sine that turns by one multiplication a sample.
#[derive(Debug)]
pub(crate) struct Oscillator {
    re: f32,
    im: f32,
    step: (f32, f32),
}

impl Oscillator {
    pub(crate) fn new(rate: u32, frequency: f32) -> Self {
        let angle = TAU * frequency / rate as f32;
        Self { re: 1.0, im: 0.0, step: (angle.cos(), angle.sin()) }
    }

    pub(crate) fn next(&mut self) -> f32 {
        let (re, im) = (self.re, self.im);
        self.re = re * self.step.0 - im * self.step.1;
        self.im = re * self.step.1 + im * self.step.0;
        im
    }
}

/// Chords and melodies of instruments from nearly sines to reeds.
pub(crate) fn music(rate: u32, seconds: f32, level_dbov: f32, seed: u64) -> Vec<i16> {
    let mut chance = Chance::new(seed);
    let wanted = (seconds * rate as f32) as usize;
    let mut out: Vec<f32> = Vec::with_capacity(wanted);
    while out.len() < wanted {
        let len = (chance.between(0.12, 0.9) * rate as f32) as usize;
        let start = out.len();
        out.resize(start + len, 0.0);
        let brightness = chance.one_of(&[0.6, 1.0, 1.5, 2.2]);
        let root = chance.between(-14.0, 12.0).round();
        for interval in [0.0, chance.one_of(&[3.0, 4.0, 5.0]), chance.one_of(&[7.0, 8.0, 9.0, 12.0])] {
            note(&mut out[start..], rate, 440.0 * 2f32.powf((root + interval) / 12.0), brightness);
        }
    }
    out.truncate(wanted);
    at_level(&out, rate, level_dbov)
}

fn note(out: &mut [f32], rate: u32, pitch: f32, brightness: f32) {
    let partials = (1..=8).map(|n| n as f32).take_while(|n| n * pitch < 0.45 * rate as f32);
    for n in partials {
        let (mut wave, loudness) = (Oscillator::new(rate, n * pitch), n.powf(-brightness));
        let len = out.len() as f32;
        for (i, sample) in out.iter_mut().enumerate() {
            let at = i as f32 / len;
            *sample += wave.next() * loudness * (at * 20.0).min(1.0) * (1.0 - at);
        }
    }
}
