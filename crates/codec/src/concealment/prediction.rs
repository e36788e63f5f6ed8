//! Linear prediction: a sound as a filter and what drives it.

use crate::vector::dot;
use std::f32::consts::{FRAC_PI_2, TAU};

/// Coefficients of a filter.
pub(super) const ORDER: usize = 16;

/// Weights of the newest [`ORDER`] samples, oldest first, whose sum predicts the next one.
pub(super) type Filter = [f32; ORDER];

/// Width of the smoothing of the spectrum, Hz; without it a pure tone makes a filter that rings for ever.
const SMOOTHING: f32 = 40.0;
/// Share of the windowed sound over which the window falls at its new end.
const FALL: usize = 16;
/// Sums that are formed side by side.
const LANES: usize = 4;

/// The filter that predicts `sound` (at `rate`) best, by the autocorrelation method. `windowed` is as long.
pub(super) fn predictor(sound: &[f32], rate: usize, windowed: &mut [f32]) -> Filter {
    shape(sound, windowed);
    let mut correlation = [0.0; ORDER + 1];
    for (lag, sum) in correlation.iter_mut().enumerate() {
        let angle = TAU * SMOOTHING * lag as f32 / rate as f32;
        *sum = dot(&windowed[lag..], windowed) * (-0.5 * angle * angle).exp();
    }
    // A floor of noise, 40 dB below the sound and at least a bit of one sample in ten.
    correlation[0] = correlation[0] * 1.0001 + 10.0;
    levinson_durbin(&correlation)
}

/// What `filter` would say comes after `past`, whose newest sample is the last.
pub(super) fn predict(filter: &Filter, past: &[f32; ORDER]) -> f32 {
    let mut lanes = [0.0; LANES];
    for (weights, samples) in filter.chunks_exact(LANES).zip(past.chunks_exact(LANES)) {
        for lane in 0..LANES {
            lanes[lane] += weights[lane] * samples[lane];
        }
    }
    (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
}

/// A window that rises slowly and falls quickly, so that the newest sound counts most.
fn shape(sound: &[f32], windowed: &mut [f32]) {
    let rise = sound.len() - sound.len() / FALL;
    windowed.copy_from_slice(sound);
    let (rising, falling) = windowed.split_at_mut(rise);
    for (sample, weight) in rising.iter_mut().zip(quarter_wave(rise)) {
        *sample *= weight;
    }
    let fall = quarter_wave(falling.len());
    for (sample, weight) in falling.iter_mut().rev().zip(fall) {
        *sample *= weight;
    }
}

/// A sine from 0 to its crest in so many samples; each is the one before, turned on: no sine is computed for it.
fn quarter_wave(len: usize) -> impl Iterator<Item = f32> {
    let step = FRAC_PI_2 / len as f32;
    let (turn_sin, turn_cos) = step.sin_cos();
    let first = (step / 2.0).sin_cos();
    let next = move |&(sin, cos): &(f32, f32)| {
        Some((sin * turn_cos + cos * turn_sin, cos * turn_cos - sin * turn_sin))
    };
    std::iter::successors(Some(first), next).map(|(sin, _)| sin).take(len)
}

fn levinson_durbin(correlation: &[f32; ORDER + 1]) -> Filter {
    let mut filter = [0.0; ORDER];
    let mut error = correlation[0];
    for order in 0..ORDER {
        let previous = filter;
        let explained: f32 = (0..order).map(|n| previous[n] * correlation[order - n]).sum();
        let reflection = (correlation[order + 1] - explained) / error;
        filter[order] = reflection;
        for n in 0..order {
            filter[n] = previous[n] - reflection * previous[order - 1 - n];
        }
        error *= 1.0 - reflection * reflection;
        if error <= 0.0 {
            return [0.0; ORDER];
        }
    }
    filter.reverse();
    filter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_predicted() {
        let tone: Vec<f32> = (0..200).map(|n| 8000.0 * (n as f32 * 0.3).sin()).collect();
        let filter = predictor(&tone[..160], 8000, &mut [0.0; 160]);
        for n in 100..200 {
            let error = predict(&filter, tone[..n].last_chunk().unwrap()) - tone[n];
            assert!(error.abs() < 800.0, "{error}");
        }
    }

    #[test]
    fn the_window_is_a_sine_up_and_a_steeper_one_down() {
        for len in [160, 960] {
            let mut windowed = vec![0.0; len];
            shape(&vec![1.0; len], &mut windowed);
            let (rise, fall) = (len - len / FALL, len / FALL);
            for (n, weight) in windowed.into_iter().enumerate() {
                let position = match n < rise {
                    true => (n as f32 + 0.5) / rise as f32,
                    false => 1.0 - ((n - rise) as f32 + 0.5) / fall as f32,
                };
                assert!((weight - (FRAC_PI_2 * position).sin()).abs() < 1e-4, "{n} of {len}: {weight}");
            }
        }
    }

    #[test]
    fn silence_and_full_scale_give_a_filter_that_is_stable() {
        for sound in [
            [0.0; 160],
            [32_767.0; 160],
            std::array::from_fn(|n| if n % 2 == 0 { 32_767.0 } else { -32_768.0 }),
        ] {
            let filter = predictor(&sound, 8000, &mut [0.0; 160]);
            let mut past = sound.to_vec();
            for _ in 0..800 {
                past.push(predict(&filter, past.last_chunk().unwrap()));
            }
            assert!(past.iter().all(|sample| sample.abs() < 33_000.0));
        }
    }
}
