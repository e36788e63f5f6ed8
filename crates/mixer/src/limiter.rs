//! The limiter at the end of each mix.
//!
//! Up to [`KNEE`] nothing is touched. What is louder is turned down as a whole: the gain follows the peaks of short
//! blocks, knows the next block of the frame and so arrives at the right gain before the peak, rests there, so that it does
//! not follow each swing of the sum, and comes back over [`RELEASE_MS`]. Only the first block of a frame can come unannounced; what is then still too loud is bent, not
//! clipped. So several loud talkers are heard softer, but neither wrapped nor crackling.
//!
//! The state that goes from frame to frame is a gain and how long it rests: exactly 1 and 0 when nothing had to be limited lately. It belongs
//! to what is heard, not to who hears it (see `listeners`).

use crate::gain::rounded;

/// Loudest sample that passes unchanged, −0.48 dBov: what is limited peaks here.
pub(crate) const KNEE: f32 = 31_000.0;
/// What the bent samples come near to.
const CEILING: f32 = 32_767.0;
/// Time in which the gain may rise from 0 to 1, ms.
const RELEASE_MS: f32 = 300.0;
/// Length of a block, ms.
const BLOCK_MS: u32 = 2;
/// How long the gain rests after a peak, blocks: longer than voices and tones beat.
const HOLD_BLOCKS: u8 = 40;
/// A peak that is lower by less than this (0.4 dB) lets the gain rest longer.
const NEAR: f32 = 1.05;

#[derive(Debug, Clone)]
pub(crate) struct Limiter {
    block: usize,
    /// Most that the gain may rise in one block.
    release: f32,
}

impl Limiter {
    pub(crate) fn new(rate: u32) -> Self {
        let block = (rate * BLOCK_MS / 1000).max(1) as usize;
        Self { block, release: BLOCK_MS as f32 / RELEASE_MS }
    }

    /// Writes the samples, none beyond ±32767, and returns the state at the end; `held` is that of the frame before.
    pub(crate) fn limit(&self, mut held: Hold, samples: &mut [f32], out: &mut [i16]) -> Hold {
        if held.gain < 1.0 || peak(samples) > KNEE {
            let mut rest = &mut *samples;
            while !rest.is_empty() {
                let (block, later) = rest.split_at_mut(self.block.min(rest.len()));
                let next = &later[..self.block.min(later.len())];
                let from = held.gain;
                held.step(allowed(block).min(allowed(next)), self.release);
                turn_down(block, from, held.gain);
                rest = later;
            }
        }
        out.iter_mut().zip(samples).for_each(|(out, sample)| *out = rounded(*sample) as i16);
        held
    }
}

/// What a limiter remembers: nothing is held while nothing has to be limited.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Hold {
    gain: f32,
    /// Blocks for which the gain still rests.
    rest: u8,
}

impl Default for Hold {
    fn default() -> Self {
        Self { gain: 1.0, rest: 0 }
    }
}

impl Hold {
    /// Goes on to the next block, which may have the gain `allowed` at most.
    fn step(&mut self, allowed: f32, release: f32) {
        let is_near = allowed < self.gain * NEAR && allowed < 1.0;
        if is_near {
            *self = Self { gain: self.gain.min(allowed), rest: HOLD_BLOCKS };
        } else if self.rest > 0 {
            self.rest -= 1;
        } else {
            self.gain = (self.gain + release).min(allowed).min(1.0);
        }
    }
}

/// The gain at which the block peaks at the knee.
fn allowed(block: &[f32]) -> f32 {
    KNEE / peak(block).max(1.0)
}

fn turn_down(block: &mut [f32], from: f32, to: f32) {
    let step = (to - from) / block.len() as f32;
    for (i, sample) in block.iter_mut().enumerate() {
        *sample = bent(*sample * (from + step * i as f32));
    }
}

/// Unchanged up to the knee, then ever flatter towards the ceiling, without a corner.
fn bent(sample: f32) -> f32 {
    const ROOM: f32 = CEILING - KNEE;
    let above = (sample.abs() - KNEE).max(0.0) / ROOM;
    let magnitude = sample.abs().min(KNEE) + ROOM * above / (1.0 + above);
    magnitude.copysign(sample)
}

/// Largest magnitude. Eight running maxima, as a single one would be one long chain.
fn peak(samples: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if a > b { a } else { b };
    let (groups, rest) = samples.as_chunks::<8>();
    let mut peaks = [0f32; 8];
    for group in groups {
        for (peak, sample) in peaks.iter_mut().zip(group) {
            *peak = larger(*peak, sample.abs());
        }
    }
    peaks.into_iter().chain(rest.iter().map(|sample| sample.abs())).fold(0.0, larger)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::f32::consts::TAU;

    const FRAME: usize = 160;

    fn limited(input: &[f32]) -> Vec<i16> {
        let limiter = Limiter::new(8000);
        let mut held = Hold::default();
        let mut out = vec![0; input.len()];
        for (samples, out) in input.chunks(FRAME).zip(out.chunks_mut(FRAME)) {
            held = limiter.limit(held, &mut samples.to_vec(), out);
        }
        out
    }

    /// Sines of 300, 700 and 1100 Hz, each at `amplitude`.
    fn three(amplitude: f32, len: usize) -> Vec<f32> {
        let at = |i: usize| {
            [300.0, 700.0, 1100.0].map(|f| (TAU * f * i as f32 / 8000.0).sin()).iter().sum::<f32>()
        };
        (0..len).map(|i| amplitude * at(i)).collect()
    }

    /// Power of the samples that is not explained by the input times one factor, relative to their power, dB.
    fn distortion_db(input: &[f32], output: &[i16]) -> f32 {
        let output: Vec<f32> = output.iter().map(|&s| f32::from(s)).collect();
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let factor = dot(input, &output) / dot(input, input);
        let residue: Vec<f32> = input.iter().zip(&output).map(|(i, o)| o - factor * i).collect();
        10.0 * (dot(&residue, &residue) / dot(&output, &output)).log10()
    }

    #[test]
    fn what_is_not_too_loud_passes_bit_exact() {
        let input: Vec<f32> = (-31_000..=31_000).map(|s| s as f32).collect();
        assert!(limited(&input).iter().zip(&input).all(|(&out, &input)| f32::from(out) == input));
    }

    /// Level of the strongest product between 50 and 3900 Hz that is none of the tones, relative to one of them, dB.
    fn worst_product_db(output: &[i16], tones: [f32; 3]) -> f32 {
        let level = |f: f32| crate::tone_level_dbov(output, 8000, f);
        let apart = |f: &f32| tones.iter().all(|tone| (tone - f).abs() > 15.0);
        let products = (5..390).map(|n| n as f32 * 10.0).filter(apart);
        products.map(level).fold(-127.0, f32::max) - tones.map(level).into_iter().fold(0.0, f32::min)
    }

    #[test]
    fn three_tones_of_minus_6_dbov_make_no_products_and_stay_equal() {
        let amplitude = 32_768.0 * 2f32.sqrt() * 10f32.powf(-6.0 / 20.0);
        for tones in
            [[440.0, 620.0, 1010.0], [300.0, 700.0, 1100.0], [500.0, 900.0, 1700.0], [400.0, 410.0, 2950.0]]
        {
            let at = |i: usize| tones.map(|f: f32| (TAU * f * i as f32 / 8000.0).sin()).iter().sum::<f32>();
            let input: Vec<f32> = (0..24_000).map(|i| amplitude * at(i)).collect();
            let output = limited(&input);
            let settled = &output[4000..];
            let worst = worst_product_db(settled, tones);
            let levels = tones.map(|f| crate::tone_level_dbov(settled, 8000, f));
            assert!(worst < -35.0, "{tones:?}: {worst}");
            assert!(levels.iter().all(|level| (level - levels[0]).abs() < 0.1), "{levels:?}");
        }
    }

    #[test]
    fn a_tone_of_minus_6_dbov_is_not_touched() {
        let amplitude = 32_768.0 * 2f32.sqrt() * 10f32.powf(-6.0 / 20.0);
        let input: Vec<f32> =
            (0..8000).map(|i| amplitude * (TAU * 1000.3 * i as f32 / 8000.0).sin()).collect();
        assert!(distortion_db(&input, &limited(&input)) < -80.0); // one per cent would be −40
    }

    #[test]
    fn three_loud_talkers_do_not_crackle() {
        let input = three(30_000.0, 16_000);
        let output = limited(&input);
        let settled = 800..;
        let distortion = distortion_db(&input[settled.clone()], &output[settled.clone()]);
        assert!(distortion < -40.0, "{distortion} dB");
        let clipped: Vec<i16> = input.iter().map(|&s| s as i16).collect();
        assert!(distortion_db(&input, &clipped) > -13.0, "the test would not notice clipping");
        let jump = |s: &[i16]| s.windows(2).map(|w| (i32::from(w[0]) - i32::from(w[1])).abs()).max();
        let unlimited = three(31_000.0 / peak(&three(1.0, 16_000)), 16_000);
        let natural: Vec<i16> = unlimited.iter().map(|&s| s as i16).collect();
        let (jumped, natural) = (jump(&output[settled]), jump(&natural));
        assert!(jumped < natural.map(|natural| natural * 3 / 2), "{jumped:?} {natural:?}");
    }

    #[test]
    fn the_gain_comes_back_to_exactly_one() {
        let limiter = Limiter::new(8000);
        let mut out = [0; FRAME];
        let mut held = limiter.limit(Hold::default(), &mut [90_000.0; FRAME], &mut out);
        assert!(held.gain < 0.35 && out[FRAME - 1] <= 31_000);
        for _ in 0..19 {
            held = limiter.limit(held, &mut [100.0; FRAME], &mut out);
        }
        assert_eq!((held, out[FRAME - 1]), (Hold::default(), 100));
    }

    proptest! {
        #[test]
        fn no_sample_wraps(input in prop::collection::vec(-4e8f32..4e8, 1..500)) {
            for (&out, &input) in limited(&input).iter().zip(&input) {
                prop_assert!(out > i16::MIN && (out == 0 || (out > 0) == (input > 0.0)));
            }
        }

        #[test]
        fn nothing_is_above_full_scale_before_it_is_rounded(mut input in prop::collection::vec(-4e8f32..4e8, 1..500)) {
            Limiter::new(8000).limit(Hold::default(), &mut input, &mut [0; 500]);
            prop_assert!(input.iter().all(|sample| sample.abs() <= CEILING));
        }
    }
}
