//! Resampling of a running stream.

use crate::ResampleError;
use crate::codec::RATES;
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler as _, WindowFunction};

/// Brings a stream from one rate to another with a delay of 2.5 ms. It allocates only when it is made. Equal rates
/// pass unchanged and without delay.
#[derive(Debug)]
pub struct Resampler(Option<Box<Converter>>);

#[derive(Debug)]
struct Converter {
    fft: Fft<f32>,
    /// A block of samples on either side.
    input: Box<[f32]>,
    output: Box<[f32]>,
}

/// Blocks per second; a block delays by half its length.
const BLOCKS_PER_SECOND: u32 = 200;

impl Resampler {
    /// From one rate (Hz) to another.
    ///
    /// # Errors
    /// A rate is not one of 8, 16, 24, 32 and 48 kHz.
    pub fn new(from: u32, to: u32) -> Result<Self, ResampleError> {
        let unsupported = || ResampleError::UnsupportedRate { from, to };
        if ![from, to].iter().all(|rate| RATES.contains(rate)) {
            return Err(unsupported());
        }
        if from == to {
            return Ok(Self(None));
        }
        Converter::new(from, to).map(|converter| Self(Some(converter.into()))).map_err(|_| unsupported())
    }

    /// Resamples a whole number of 5 ms and tells how many samples that made. Samples of a part of 5 ms, or for which
    /// `out` has no room, are left out.
    pub fn process(&mut self, input: &[i16], out: &mut [i16]) -> usize {
        match &mut self.0 {
            Some(converter) => converter.process(input, out),
            None => {
                let length = input.len().min(out.len());
                out[..length].copy_from_slice(&input[..length]);
                length
            }
        }
    }

    /// Takes note of samples as if they had passed, so that the next ones join them: 5 ms are enough.
    pub fn prime(&mut self, history: &[i16]) {
        if let Some(converter) = &mut self.0 {
            converter.prime(history);
        }
    }

    /// How much later a sound comes out than it went in, µs.
    pub fn delay_us(&self) -> u32 {
        match self.0 {
            Some(_) => 1_000_000 / BLOCKS_PER_SECOND / 2,
            None => 0,
        }
    }
}

impl Converter {
    fn new(from: u32, to: u32) -> Result<Self, rubato::ResamplerConstructionError> {
        let (block, made) = ((from / BLOCKS_PER_SECOND) as usize, (to / BLOCKS_PER_SECOND) as usize);
        // At 8 kHz the steeper filter is worth its spurious tones of −66 dB: G.711's own noise is above them.
        let window = match from.min(to) {
            8000 => WindowFunction::Hann,
            _ => WindowFunction::Blackman,
        };
        let fft = Fft::new_custom(from as usize, to as usize, block, 1, 1, window, FixedSync::Both)?;
        Ok(Self { fft, input: vec![0.0; block].into(), output: vec![0.0; made].into() })
    }

    fn process(&mut self, input: &[i16], out: &mut [i16]) -> usize {
        let mut made = 0;
        let blocks = input.chunks_exact(self.input.len());
        for (block, out) in blocks.zip(out.chunks_exact_mut(self.output.len())) {
            self.convert(block);
            for (sample, &converted) in out.iter_mut().zip(&self.output) {
                // A cast saturates: a filter may overshoot full scale.
                *sample = converted.round() as i16;
            }
            made += out.len();
        }
        made
    }

    fn prime(&mut self, history: &[i16]) {
        self.fft.reset();
        let start = history.len().saturating_sub(self.input.len());
        self.convert(&history[start..]);
    }

    /// Converts one block from `input` to `output`.
    fn convert(&mut self, block: &[i16]) {
        for (sample, &given) in self.input.iter_mut().zip(block) {
            *sample = f32::from(given);
        }
        let (read, made) = (self.input.len(), self.output.len());
        let input = InterleavedSlice::new(&self.input[..], 1, read);
        let output = InterleavedSlice::new_mut(&mut self.output[..], 1, made);
        let converted = match (input, output) {
            (Ok(input), Ok(mut output)) => self.fft.process_into_buffer(&input, &mut output, None).is_ok(),
            _ => false,
        };
        // The lengths are those the resampler was made for, so nothing can be refused.
        debug_assert!(converted);
    }
}

#[cfg(test)]
mod tests;
