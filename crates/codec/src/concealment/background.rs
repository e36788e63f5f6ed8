//! The noise behind a voice.

use crate::comfort_noise::{MAX_COEFFICIENTS, NoiseAnalyzer, NoiseGenerator};
use crate::vector::mean_square;

/// Listens for what is heard in pauses, and makes noise like it.
#[derive(Debug, Clone)]
pub(super) struct Background {
    analyzer: NoiseAnalyzer,
    generator: NoiseGenerator,
    /// Mean square of the quietest frames of late.
    floor: f32,
    /// Quiet frames so far.
    quiet: usize,
    /// Samples that the floor takes to double: while somebody speaks it waits.
    doubling: f32,
}

/// The floor doubles in so many seconds, if nothing holds it down.
const DOUBLING_S: f32 = 2.0;
/// A frame is quiet whose mean square is up to so many times the floor.
const QUIET: f32 = 2.0;
/// The loudest background as a mean square: −45 dBov. What is steady and louder is a tone or music, and noise in its
/// place would disturb more than silence.
const LOUDEST: f32 = 34_000.0;
/// One of so many quiet frames is analysed: noise is steady and the processor dear.
const ANALYSED: usize = 8;
const SEED: u64 = 2;

impl Background {
    pub(super) fn new(rate: u32) -> Self {
        Self {
            analyzer: NoiseAnalyzer::new(rate),
            generator: NoiseGenerator::new(rate, SEED),
            floor: f32::MAX,
            quiet: 0,
            doubling: DOUBLING_S * rate as f32,
        }
    }

    /// Takes in a good frame.
    pub(super) fn hear(&mut self, frame: &[i16]) {
        if frame.is_empty() {
            return;
        }
        let energy = mean_square(frame);
        self.floor = (self.floor * (1.0 + frame.len() as f32 / self.doubling)).min(energy + 1.0);
        if energy <= LOUDEST.min(QUIET * self.floor) {
            if self.quiet.is_multiple_of(ANALYSED) {
                self.analyzer.push(frame);
            }
            self.quiet += 1;
        }
    }

    /// Sets the noise to what was heard.
    pub(super) fn begin(&mut self) {
        let mut payload = [0; 1 + MAX_COEFFICIENTS];
        let length = self.analyzer.payload(&mut payload);
        if let [level, spectrum @ ..] = &payload[..length] {
            self.generator.set(*level, spectrum);
        }
    }

    /// Makes noise.
    pub(super) fn fill(&mut self, out: &mut [i16]) {
        self.generator.fill(out);
    }
}
