//! A made voice: pulses and hiss through the resonances of a mouth that never stands still.

use std::f32::consts::TAU;

use crate::Random;

/// Shortest and longest syllable, s.
const SYLLABLE: (f32, f32) = (0.12, 0.28);
/// A syllable ends in a pause with this probability; shortest and longest pause, s.
const PAUSES: f64 = 0.15;
const PAUSE: (f32, f32) = (0.08, 0.3);
/// Share of the syllables that are hissed.
const HISSES: f64 = 0.2;
/// Where the resonances of vowels lie, and how wide they are, Hz.
const FORMANTS: [(f32, f32, f32); 4] =
    [(300.0, 800.0, 90.0), (900.0, 2200.0, 120.0), (2300.0, 2900.0, 180.0), (3300.0, 3700.0, 250.0)];
/// Time in which a syllable begins and ends, s.
const RAMP: f32 = 0.02;
/// What is louder is rounded off.
const LOUDEST: f32 = 24_000.0;
/// By how much syllables are louder than the voice as a whole, with its pauses and soft syllables, dB.
const SYLLABLES_DB: f32 = 4.0;
/// Time over which its loudness is evened out, s.
const EVENING: f32 = 0.03;

/// A voice. The same seed says the same.
#[derive(Debug)]
pub(crate) struct Voice {
    rate: f32,
    random: Random,
    /// RMS of a loud syllable.
    loudness: f32,
    /// Mean square of the sound before it is evened out.
    power: f32,
    /// Where in its period the pitch is, 0 to 1, and the pitch, Hz.
    phase: f32,
    pitch: f32,
    base_pitch: f32,
    syllable: Syllable,
    /// Samples of the syllable that have been said.
    said: usize,
    mouth: [Resonance; FORMANTS.len()],
}

#[derive(Debug)]
struct Syllable {
    samples: usize,
    /// Samples of silence at its end.
    pause: usize,
    is_hissed: bool,
    loudness: f32,
    pitch: f32,
}

impl Voice {
    /// A voice of so many dBov while it speaks, at `rate`.
    pub(crate) fn new(rate: u32, seed: u64, dbov: f32) -> Self {
        let mut random = Random::new(seed);
        let base_pitch = 100.0 + 110.0 * random.fraction() as f32;
        let mut voice = Self {
            rate: rate as f32,
            loudness: 32_768.0 * 10f32.powf((dbov + SYLLABLES_DB) / 20.0),
            power: 1e6,
            phase: 0.0,
            pitch: base_pitch,
            base_pitch,
            syllable: Syllable { samples: 0, pause: 0, is_hissed: false, loudness: 0.0, pitch: base_pitch },
            said: 0,
            mouth: FORMANTS.map(|(low, _, width)| Resonance::new(low, width)),
            random,
        };
        voice.begin_syllable();
        voice
    }

    /// The next samples.
    pub(crate) fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            if self.said == self.syllable.samples {
                self.begin_syllable();
            }
            let sound = self.sound();
            self.power += (sound * sound - self.power) / (EVENING * self.rate);
            let level = self.envelope() * self.loudness / self.power.max(1.0).sqrt();
            *sample = (LOUDEST * (sound * level / LOUDEST).tanh()) as i16;
            self.said += 1;
        }
    }

    fn begin_syllable(&mut self) {
        let Self { random, rate, .. } = self;
        let mut between = |(low, high): (f32, f32)| low + (high - low) * random.fraction() as f32;
        let (length, pause) = (between(SYLLABLE) * *rate, between(PAUSE) * *rate);
        let (pitch, loudness) = (between((0.85, 1.2)), between((0.5, 1.0)));
        let formants = FORMANTS.map(|(low, high, _)| between((low, high)));
        let pause = if random.happens(PAUSES) { pause as usize } else { 0 };
        let is_hissed = random.happens(HISSES);
        for (resonance, hz) in self.mouth.iter_mut().zip(formants) {
            resonance.aim(hz);
        }
        let samples = length as usize + pause;
        self.syllable = Syllable { samples, pause, is_hissed, loudness, pitch: self.base_pitch * pitch };
        self.said = 0;
    }

    /// How loud this sample is, 0 to 1: syllables rise and fall.
    fn envelope(&self) -> f32 {
        let spoken = self.syllable.samples - self.syllable.pause;
        let edge = self.said.min(spoken.saturating_sub(self.said)) as f32 / (RAMP * self.rate);
        let rise = 0.5 - 0.5 * (std::f32::consts::PI * edge.min(1.0)).cos();
        rise * self.syllable.loudness
    }

    fn sound(&mut self) -> f32 {
        self.pitch += (self.syllable.pitch - self.pitch) * 20.0 / self.rate;
        self.phase += self.pitch / self.rate;
        self.phase -= self.phase.floor();
        let hiss = self.random.signed();
        if self.syllable.is_hissed {
            return hiss * 2000.0;
        }
        let pulse = (TAU * self.phase).cos().max(0.0).powi(8) - 0.137;
        let excitation = pulse * 9000.0 + hiss * 150.0;
        let rate = self.rate;
        self.mouth.iter_mut().map(|resonance| resonance.pass(excitation, rate)).sum()
    }
}

/// A resonance that glides to where it is aimed.
#[derive(Clone, Copy, Debug)]
struct Resonance {
    hz: f32,
    aim: f32,
    width: f32,
    past: [f32; 2],
    /// Samples until the next step of the glide, and the coefficients of this one.
    hold: u32,
    coefficients: [f32; 3],
}

impl Resonance {
    fn new(hz: f32, width: f32) -> Self {
        Self { hz, aim: hz, width, past: [0.0; 2], hold: 0, coefficients: [0.0; 3] }
    }

    fn aim(&mut self, hz: f32) {
        self.aim = hz;
    }

    fn pass(&mut self, sample: f32, rate: f32) -> f32 {
        if self.hold == 0 {
            self.glide(rate);
        }
        self.hold -= 1;
        let [gain, one, two] = self.coefficients;
        let out = gain * sample + one * self.past[0] + two * self.past[1];
        self.past = [out, self.past[0]];
        out
    }

    fn glide(&mut self, rate: f32) {
        self.hold = (rate / 1000.0) as u32;
        self.hz += (self.aim - self.hz) * 0.03;
        let radius = (-std::f32::consts::PI * self.width / rate).exp();
        let one = 2.0 * radius * (TAU * self.hz / rate).cos();
        self.coefficients = [(1.0 - radius) * 4.0, one, -radius * radius];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_mixer::level_dbov;

    fn said(rate: u32, seed: u64, dbov: f32) -> Vec<i16> {
        let mut samples = vec![0; rate as usize * 20];
        Voice::new(rate, seed, dbov).fill(&mut samples);
        samples
    }

    #[test]
    fn voices_are_as_loud_as_wished_at_any_rate() {
        for rate in [8000, 16_000, 48_000] {
            for seed in 1..6 {
                let level = level_dbov(&said(rate, seed, -20.0));
                assert!((-23.0..-17.0).contains(&level), "{rate} Hz, seed {seed}: {level}");
            }
        }
    }

    #[test]
    fn a_seed_is_a_voice() {
        assert_eq!(said(8000, 1, -20.0), said(8000, 1, -20.0));
        assert_ne!(said(8000, 1, -20.0), said(8000, 2, -20.0));
    }

    #[test]
    fn a_voice_is_never_clipped_nor_silent_for_long() {
        let samples = said(8000, 3, -20.0);
        assert!(samples.iter().all(|sample| sample.abs() < 30_000));
        assert!(samples.chunks(8000 / 2).all(|half| level_dbov(half) > -40.0));
    }
}
