//! Comfort noise with a level and a spectrum (RFC 3389), both ways.
//!
//! The spectrum is that of an all-pole model, told by its reflection coefficients. Their sign is the one of the step-up
//! recursion: with the first coefficient alone the model is 1 / (1 + k z⁻¹), so that what is strong at low frequencies
//! has a negative one. It belongs to the sampling rate at which it was measured.

use crate::random::Random;
use crate::vector::dot;

/// The most reflection coefficients that are followed or sent. Receivers may leave out what a payload has behind them
/// (RFC 3389 §3.2).
pub const MAX_COEFFICIENTS: usize = 10;

/// Samples that are analysed together.
const BLOCK: usize = 80;

/// The level that stands for no noise, in −dBov (RFC 3389 §3.1).
const SILENCE: u8 = 127;

type Coefficients = [f32; MAX_COEFFICIENTS];

/// Makes noise as a comfort noise payload describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct NoiseGenerator {
    /// Samples between two steps towards what is wanted: 5 ms.
    step: usize,
    /// Samples until the next of them.
    until_step: usize,
    wanted: Model,
    model: Model,
    /// What makes rotations of the model's coefficients: √(1 − k²).
    cosines: Coefficients,
    /// The backward errors of the lattice.
    lattice: Coefficients,
    random: Random,
}

impl NoiseGenerator {
    /// A silent generator at `rate` samples per second, until it is told a level.
    pub fn new(rate: u32, seed: u64) -> Self {
        Self {
            step: (rate / 200).max(1) as usize,
            until_step: 0,
            wanted: Model::default(),
            model: Model::default(),
            cosines: [1.0; MAX_COEFFICIENTS],
            lattice: [0.0; MAX_COEFFICIENTS],
            random: Random::new(seed),
        }
    }

    /// What the next noise is like: `level` in −dBov (RFC 3389 §3.1), `spectrum` the quantised reflection coefficients
    /// (§3.2; none for white noise). It is reached smoothly, within 50 ms.
    pub fn set(&mut self, level: u8, spectrum: &[u8]) {
        self.wanted = Model::of(level, spectrum);
    }

    /// Writes the next samples.
    pub fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            if self.until_step == 0 {
                self.until_step = self.step;
                self.model.approach(&self.wanted);
                self.cosines = self.model.coefficients.map(|k| (1.0 - k * k).sqrt());
            }
            self.until_step -= 1;
            let white = self.white();
            *sample = (self.model.level * self.shaped(white)).round() as i16;
        }
    }

    /// White noise with a power of 1: uniform within ±√3.
    fn white(&mut self) -> f32 {
        let uniform = (self.random.next() >> 40) as f32 / 8_388_608.0 - 1.0;
        3_f32.sqrt() * uniform
    }

    /// A sample through the lattice. Each stage is a rotation: no power is won or lost, also while it is turned.
    fn shaped(&mut self, white: f32) -> f32 {
        let mut forward = white;
        for stage in (0..MAX_COEFFICIENTS).rev() {
            let (sine, cosine) = (self.model.coefficients[stage], self.cosines[stage]);
            let backward = self.lattice[stage];
            if let Some(next) = self.lattice.get_mut(stage + 1) {
                *next = sine * forward + cosine * backward;
            }
            forward = cosine * forward - sine * backward;
        }
        self.lattice[0] = forward;
        forward
    }
}

/// A level and a spectrum, as numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Model {
    /// The root of the mean square, in units of a sample.
    level: f32,
    coefficients: Coefficients,
}

impl Model {
    fn of(level: u8, spectrum: &[u8]) -> Self {
        let level = match level & 0x7f {
            SILENCE => 0.0,
            level => 32_768.0 * 10_f32.powf(f32::from(level) / -20.0),
        };
        let mut coefficients = [0.0; MAX_COEFFICIENTS];
        for (coefficient, &quantised) in coefficients.iter_mut().zip(spectrum) {
            *coefficient = dequantised(quantised);
        }
        Self { level, coefficients }
    }

    /// Goes a part of the way.
    fn approach(&mut self, wanted: &Self) {
        const PART: f32 = 0.25;
        self.level += PART * (wanted.level - self.level);
        for (coefficient, wanted) in self.coefficients.iter_mut().zip(wanted.coefficients) {
            *coefficient += PART * (wanted - *coefficient);
        }
    }
}

/// RFC 3389 §3.2. The octet 255 is not in use; it is taken as 254.
fn dequantised(octet: u8) -> f32 {
    258.0 * (f32::from(octet.min(254)) - 127.0) / 32_768.0
}

fn quantised(coefficient: f32) -> u8 {
    (coefficient * 32_768.0 / 258.0 + 127.0).round().clamp(0.0, 254.0) as u8
}

/// Measures a background noise, to describe it by a comfort noise payload.
#[derive(Debug, Clone, PartialEq)]
pub struct NoiseAnalyzer {
    /// How much of what was measured is left after one more sample.
    memory: f32,
    /// The sum of the weights of all samples there were.
    weight: f32,
    /// The weighted sums of the products with the sample so many samples ago.
    correlation: [f32; MAX_COEFFICIENTS + 1],
    /// The last samples.
    past: Coefficients,
}

impl NoiseAnalyzer {
    /// An analyser of sound at `rate` samples per second that has heard nothing.
    pub fn new(rate: u32) -> Self {
        const SECONDS: f32 = 0.2;
        Self {
            memory: (-1.0 / (SECONDS * rate.max(1) as f32)).exp(),
            weight: 0.0,
            correlation: [0.0; MAX_COEFFICIENTS + 1],
            past: [0.0; MAX_COEFFICIENTS],
        }
    }

    /// Takes in samples of the background. After 200 ms a sample counts for a third, after 1 s for nothing.
    pub fn push(&mut self, pcm: &[i16]) {
        pcm.chunks(BLOCK).for_each(|block| self.push_block(block));
    }

    /// Writes the payload (RFC 3389 §3): the level, then as many coefficients as `out` has room for, at most
    /// [`MAX_COEFFICIENTS`]. Returns its octets.
    pub fn payload(&self, out: &mut [u8]) -> usize {
        let Some((level, spectrum)) = out.split_first_mut() else { return 0 };
        *level = self.level();
        let coefficients = self.coefficients();
        for (octet, &coefficient) in spectrum.iter_mut().zip(&coefficients) {
            *octet = quantised(coefficient);
        }
        1 + spectrum.len().min(MAX_COEFFICIENTS)
    }

    /// The level in −dBov.
    pub fn level(&self) -> u8 {
        let mean_square = self.correlation[0] / self.weight.max(1.0);
        let dbov = 10.0 * (mean_square.max(f32::MIN_POSITIVE) / (32_768.0 * 32_768.0)).log10();
        (-dbov).round().clamp(0.0, SILENCE.into()) as u8
    }

    /// Samples of one block count alike.
    fn push_block(&mut self, block: &[i16]) {
        let mut sound = [0.0; MAX_COEFFICIENTS + BLOCK];
        sound[..MAX_COEFFICIENTS].copy_from_slice(&self.past);
        for (sample, &new) in sound[MAX_COEFFICIENTS..].iter_mut().zip(block) {
            *sample = f32::from(new);
        }
        let memory = self.memory.powi(block.len() as i32);
        self.weight = self.weight * memory + block.len() as f32;
        let newest = &sound[MAX_COEFFICIENTS..];
        for (lag, sum) in self.correlation.iter_mut().enumerate() {
            *sum = *sum * memory + dot(newest, &sound[MAX_COEFFICIENTS - lag..]);
        }
        self.past.copy_from_slice(&sound[block.len()..][..MAX_COEFFICIENTS]);
    }

    /// The reflection coefficients, by the recursion of Schur.
    fn coefficients(&self) -> Coefficients {
        let (mut forward, mut backward) = (self.correlation, self.correlation);
        // A little white noise keeps the recursion sound where there is next to nothing, or one tone alone.
        backward[0] = backward[0] * 1.000_1 + 1.0;
        let mut coefficients = [0.0; MAX_COEFFICIENTS];
        for (order, coefficient) in coefficients.iter_mut().enumerate() {
            let k = (-forward[order + 1] / backward[0]).clamp(-0.99, 0.99);
            for lag in 0..MAX_COEFFICIENTS - order {
                let (ahead, behind) = (forward[order + 1 + lag], backward[lag]);
                forward[order + 1 + lag] = ahead + k * behind;
                backward[lag] = behind + k * ahead;
            }
            *coefficient = k;
        }
        coefficients
    }
}

#[cfg(test)]
mod tests;
