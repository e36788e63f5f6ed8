//! What can be told of what was heard.

use std::f64::consts::TAU;
use std::time::Duration;

use confab_codec::resample;
use confab_mixer::{level_dbov, tone_level_dbov};

use crate::track::Track;

/// The rate at which sounds are compared, Hz.
const COMPARED_RATE: u32 = 8000;
/// Length of the sound that is looked for, and the longest delay at which it is found, ms.
const SOUGHT_MS: u64 = 400;
const LONGEST_DELAY_MS: u64 = 600;
/// In a first search only every so many samples are compared.
const STRIDE: usize = 4;
/// Sounds that are less alike are not the same.
const ALIKE: f32 = 0.5;
/// What is quieter is no sound, dBov.
const QUIET_DBOV: f32 = -50.0;

/// How much later than it was said, in ms, that is heard which is heard from `at` on; `None` if it is nothing that was
/// said, or silence.
pub fn delay(said: &Track, heard: &Track, at: Duration) -> Option<f64> {
    Some(compare(said, heard, at)?.0)
}

/// How like what was said is what is heard from `at` on, once the delay is taken out: up to 1.
pub fn likeness_at(said: &Track, heard: &Track, at: Duration) -> Option<f64> {
    Some(compare(said, heard, at)?.1.into())
}

fn compare(said: &Track, heard: &Track, at: Duration) -> Option<(f64, f32)> {
    let sought = heard.between(at, at + Duration::from_millis(SOUGHT_MS));
    let earliest = at.saturating_sub(Duration::from_millis(LONGEST_DELAY_MS));
    let first = said.index_at(earliest);
    let within = said.between(earliest, at + Duration::from_millis(SOUGHT_MS));
    if level_dbov(sought) < QUIET_DBOV {
        return None;
    }
    let (place, alike) = find(&compared(sought, heard.rate)?, &compared(within, said.rate)?)?;
    let sample = first + place * said.rate as usize / COMPARED_RATE as usize;
    let came = heard.time_of(heard.index_at(at));
    let late = came.as_secs_f64() - said.time_of(sample).as_secs_f64();
    (alike > ALIKE).then_some((late * 1000.0, alike))
}

fn compared(samples: &[i16], rate: u32) -> Option<Vec<f32>> {
    let samples = resample(samples, rate, COMPARED_RATE).ok()?;
    Some(samples.iter().map(|&sample| f32::from(sample)).collect())
}

/// Where in `within` that is which is most like `sought`, whatever its level, and how like.
fn find(sought: &[f32], within: &[f32]) -> Option<(usize, f32)> {
    let last = within.len().checked_sub(sought.len())?;
    let (thin_sought, thin_within) = (thinned(sought), thinned(within));
    let best = |places: &mut dyn Iterator<Item = usize>, sought: &[f32], within: &[f32]| {
        let alike = |place: usize| (place, likeness(sought, &within[place..place + sought.len()]));
        places.map(alike).max_by(|(_, one), (_, other)| one.total_cmp(other))
    };
    let last_thin = thin_within.len().checked_sub(thin_sought.len())?;
    let (about, _) = best(&mut (0..=last_thin), &thin_sought, &thin_within)?;
    let near = (about * STRIDE).saturating_sub(2 * STRIDE)..=(about * STRIDE + 2 * STRIDE).min(last);
    best(&mut near.into_iter(), sought, within)
}

fn thinned(samples: &[f32]) -> Vec<f32> {
    samples.chunks_exact(STRIDE).map(|few| few.iter().sum()).collect()
}

/// Normalised correlation, −1 to 1.
fn likeness(one: &[f32], other: &[f32]) -> f32 {
    let (mut product, mut power, mut other_power) = (0.0, 1.0, 1.0);
    for (a, b) in one.iter().zip(other) {
        product += a * b;
        power += a * a;
        other_power += b * b;
    }
    product / f32::sqrt(power * other_power)
}

/// What is left of `samples` when a steady tone of `hz` is taken out: the level of each `window_ms`, dBov. The tone's phase
/// and level are those that fit best over all.
pub fn residual_dbov(samples: &[i16], rate: u32, hz: f64, window_ms: usize) -> Vec<f32> {
    let step = TAU * hz / f64::from(rate);
    let (mut cosine, mut sine) = (0.0, 0.0);
    let part = |place: usize| (step * place as f64).sin_cos();
    for (place, &sample) in samples.iter().enumerate() {
        let (s, c) = part(place);
        (sine, cosine) = (sine + s * f64::from(sample), cosine + c * f64::from(sample));
    }
    let scale = 2.0 / samples.len().max(1) as f64;
    let rest = |(place, &sample): (usize, &i16)| {
        let (s, c) = part(place);
        (f64::from(sample) - scale * (sine * s + cosine * c)).round() as i16
    };
    let rest: Vec<i16> = samples.iter().enumerate().map(rest).collect();
    rest.chunks_exact(rate as usize / 1000 * window_ms).map(level_dbov).collect()
}

/// The loudest frequency between `from` and `to` Hz that is none of `tones`: its Hz and dBov. Whole tens of Hz only: give
/// it a second of sound.
pub fn loudest_product(samples: &[i16], rate: u32, tones: &[u16], from: u16, to: u16) -> (u16, f32) {
    (from..to)
        .step_by(10)
        .filter(|hz| tones.iter().all(|tone| tone.abs_diff(*hz) >= 30))
        .map(|hz| (hz, tone_level_dbov(samples, rate, hz.into())))
        .fold((0, f32::MIN), |loudest, product| if product.1 > loudest.1 { product } else { loudest })
}

/// Clicks: places where the sound changes its course far more abruptly than around it, at least 10 ms apart.
/// What is given is their times, in samples.
pub fn clicks(samples: &[i16], rate: u32) -> Vec<usize> {
    let bend = bends(samples);
    let near = rate as usize / 1000 * CLICK_NEAR_MS;
    let apart = rate as usize / 1000 * CLICK_APART_MS;
    let mut clicks: Vec<usize> = Vec::new();
    for place in near..bend.len().saturating_sub(near) {
        let is_new = clicks.last().is_none_or(|last| place - last >= apart);
        if is_new && bend[place] > CLICK_LEAST && bend[place] > CLICK_FACTOR * around(&bend, place, near) {
            clicks.push(place);
        }
    }
    clicks
}

/// A click bends the sound by so much at least, and by so many times the mean around it.
const CLICK_LEAST: f32 = 600.0;
const CLICK_FACTOR: f32 = 12.0;
/// What "around" means, and how far clicks are apart, ms.
const CLICK_NEAR_MS: usize = 10;
const CLICK_APART_MS: usize = 10;

fn bends(samples: &[i16]) -> Vec<f32> {
    let bend = |three: &[i16]| (f32::from(three[0]) - 2.0 * f32::from(three[1]) + f32::from(three[2])).abs();
    samples.windows(3).map(bend).collect()
}

/// The mean on the quieter side of a place.
fn around(bend: &[f32], place: usize, near: usize) -> f32 {
    let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len().max(1) as f32;
    let gap = near / 10;
    let (before, after) = (mean(&bend[place - near..place - gap]), mean(&bend[place + gap..place + near]));
    before.max(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_mixer::Tone;

    fn tone(hz: f32, len: usize) -> Vec<i16> {
        let mut samples = vec![0; len];
        Tone::new(8000, hz, -20.0).fill(&mut samples);
        samples
    }

    #[test]
    fn a_steady_tone_leaves_rounding_only_and_a_jump_of_its_phase_stands_out() {
        let steady = residual_dbov(&tone(1000.0, 8000), 8000, 1000.0, 5);
        assert!(steady.iter().all(|&level| level < -85.0), "{steady:?}");
        let mut broken = tone(1000.0, 8000);
        broken.remove(4000);
        assert!(residual_dbov(&broken[..7960], 8000, 1000.0, 5).iter().any(|&level| level > -30.0));
    }

    #[test]
    fn a_missing_piece_of_a_tone_is_a_click_and_the_tone_is_none() {
        assert_eq!(clicks(&tone(200.0, 8000), 8000), []);
        let mut broken = tone(200.0, 8000);
        broken.drain(4010..4030);
        let found = clicks(&broken, 8000);
        assert!(found.len() == 1 && found[0].abs_diff(4010) < 4, "{found:?}");
    }
}
