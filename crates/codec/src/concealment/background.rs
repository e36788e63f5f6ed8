//! The noise behind a voice: which frames are nothing but it, what it is like, and more of it.

use crate::comfort_noise::{MAX_COEFFICIENTS, NoiseAnalyzer, NoiseGenerator};
use crate::vector::mean_square;

/// Tells which frames are background, by how loud the quietest of late were.
#[derive(Debug, Clone)]
pub(super) struct Floor {
    /// Mean square of the quietest frames of late.
    level: f32,
    /// Samples that the floor takes to double: while somebody speaks it waits.
    doubling: f32,
    /// Frames so far, and those that were looked at and quiet.
    frames: u32,
    quiet: u32,
}

/// What the background is like, and noise like it.
#[derive(Debug, Clone)]
pub(super) struct Background {
    analyzer: NoiseAnalyzer,
    generator: NoiseGenerator,
    /// The generator is to be set before it makes any. Most losses are over before.
    is_new: bool,
}

/// The floor doubles in so many seconds, if nothing holds it down.
const DOUBLING_S: f32 = 2.0;
/// A frame is quiet whose mean square is up to so many times the floor.
const QUIET: f32 = 2.0;
/// The loudest background as a mean square: −45 dBov. What is steady and louder is a tone or music, and noise in its
/// place would disturb more than silence.
const LOUDEST: f32 = 34_000.0;
/// One of so many frames is looked at, and one of so many of those that are quiet is analysed: noise is steady and the
/// processor dear.
const LOOKED_AT: u32 = 4;
const ANALYSED: u32 = 4;
const SEED: u64 = 2;

impl Floor {
    pub(super) fn new(rate: u32) -> Self {
        Self { level: f32::MAX, doubling: DOUBLING_S * rate as f32, frames: 0, quiet: 0 }
    }

    /// Takes in a good frame; whether the background is to be learnt from it.
    pub(super) fn wants(&mut self, frame: &[i16]) -> bool {
        self.frames = self.frames.wrapping_add(1);
        if frame.is_empty() || self.frames % LOOKED_AT != 1 {
            return false;
        }
        let energy = mean_square(frame);
        let samples = LOOKED_AT as f32 * frame.len() as f32;
        self.level = (self.level * (1.0 + samples / self.doubling)).min(energy + 1.0);
        if energy > LOUDEST.min(QUIET * self.level) {
            return false;
        }
        self.quiet = self.quiet.wrapping_add(1);
        self.quiet % ANALYSED == 1
    }
}

impl Background {
    pub(super) fn new(rate: u32) -> Self {
        Self { analyzer: NoiseAnalyzer::new(rate), generator: NoiseGenerator::new(rate, SEED), is_new: true }
    }

    /// Takes in a frame of it.
    pub(super) fn hear(&mut self, frame: &[i16]) {
        self.analyzer.push(frame);
    }

    /// The noise is to be like what was heard.
    pub(super) fn begin(&mut self) {
        self.is_new = true;
    }

    /// Makes noise.
    pub(super) fn fill(&mut self, out: &mut [i16]) {
        if std::mem::take(&mut self.is_new) {
            self.set();
        }
        self.generator.fill(out);
    }

    fn set(&mut self) {
        let mut payload = [0; 1 + MAX_COEFFICIENTS];
        let length = self.analyzer.payload(&mut payload);
        if let [level, spectrum @ ..] = &payload[..length] {
            self.generator.set(*level, spectrum);
        }
    }
}
