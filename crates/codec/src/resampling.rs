//! Offline resampling.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler, WindowFunction};

/// Why samples could not be brought to another rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResampleError {
    /// One of the rates is below 1000 Hz or above 192 000 Hz.
    #[error("cannot resample from {from} Hz to {to} Hz: rates are from 1000 to 192000 Hz")]
    UnsupportedRate {
        /// Rate of the samples, Hz.
        from: u32,
        /// Rate that was asked for, Hz.
        to: u32,
    },
}

const MIN_RATE: u32 = 1000;
const MAX_RATE: u32 = 192_000;

/// Least input samples per block: long enough for a filter that is flat up to the edge.
const BLOCK: u32 = 1024;

/// Brings a whole sound from one rate (Hz) to another. The result begins with the sound, not with the filter's delay,
/// and lasts as long, rounded up to a sample. It takes its time and allocates: prompts are resampled when they are
/// loaded.
pub fn resample(samples: &[i16], from: u32, to: u32) -> Result<Vec<i16>, ResampleError> {
    let unsupported = || ResampleError::UnsupportedRate { from, to };
    if ![from, to].iter().all(|rate| (MIN_RATE..=MAX_RATE).contains(rate)) {
        return Err(unsupported());
    }
    if from == to || samples.is_empty() {
        return Ok(samples.to_vec());
    }
    let mut resampler = resampler(from, to).map_err(|_| unsupported())?;
    let input: Vec<f32> = samples.iter().map(|&sample| f32::from(sample)).collect();
    let input = InterleavedSlice::new(&input, 1, samples.len()).map_err(|_| unsupported())?;
    let output = resampler.process_all(&input, samples.len(), None).map_err(|_| unsupported())?;
    // The resampler's own count is by a float ratio, which may be one sample too many.
    let length = (samples.len() as u64 * u64::from(to)).div_ceil(u64::from(from)) as usize;
    Ok(output.take_data().into_iter().take(length).map(|sample| sample.round() as i16).collect())
}

/// The block is an even multiple of the smallest one, as the delay is half a block and is trimmed in whole samples.
fn resampler(from: u32, to: u32) -> Result<Fft<f32>, rubato::ResamplerConstructionError> {
    let smallest = from / greatest_common_divisor(from, to);
    let block = (2 * smallest * BLOCK.div_ceil(2 * smallest)) as usize;
    let window = WindowFunction::BlackmanHarris2;
    Fft::new_custom(from as usize, to as usize, block, 1, 1, window, FixedSync::Both)
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    const RATES: [u32; 8] = [8000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];

    fn sine(rate: u32, frequency: f64, len: usize) -> Vec<i16> {
        (0..len)
            .map(|i| (10_000.0 * (TAU * frequency * i as f64 / f64::from(rate)).sin()).round() as i16)
            .collect()
    }

    #[test]
    fn length_level_and_position_are_kept_between_all_rates() {
        for from in RATES {
            for to in RATES {
                let resampled = resample(&sine(from, 440.0, from as usize), from, to).unwrap();
                assert_eq!(resampled.len(), to as usize, "{from} to {to}");
                let expected = sine(to, 440.0, to as usize);
                let middle = resampled.len() / 10..resampled.len() * 9 / 10;
                for (a, b) in resampled[middle.clone()].iter().zip(&expected[middle]) {
                    assert!((i32::from(*a) - i32::from(*b)).abs() <= 10, "{from} to {to}: {a} {b}");
                }
            }
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_carry_is_filtered_out() {
        let resampled = resample(&sine(48_000, 6000.0, 48_000), 48_000, 8000).unwrap();
        let loudest = resampled[800..7200].iter().map(|s| s.unsigned_abs()).max();
        assert!(loudest < Some(3), "{loudest:?}");
    }

    #[test]
    fn the_onset_is_not_moved() {
        let mut samples = vec![0; 16_000];
        samples[8000..].fill(8000);
        let resampled = resample(&samples, 16_000, 8000).unwrap();
        let onset = resampled.iter().position(|&s| s > 4000).unwrap();
        assert!((3999..=4001).contains(&onset), "{onset}");
    }

    #[test]
    fn odd_cases() {
        assert_eq!(resample(&[1, 2, 3], 8000, 8000), Ok(vec![1, 2, 3]));
        assert_eq!(resample(&[], 8000, 16_000), Ok(vec![]));
        assert_eq!(resample(&[5], 8000, 16_000).unwrap().len(), 2);
        assert_eq!(resample(&[5], 0, 8000), Err(ResampleError::UnsupportedRate { from: 0, to: 8000 }));
        let loud = resample(&[i16::MIN, i16::MAX].repeat(500), 16_000, 48_000).unwrap();
        assert_eq!(loud.len(), 3000);
    }
}
