//! How a sound would have gone on.

use super::STEP;
use super::prediction::{Filter, ORDER, predict, predictor};
use crate::vector::{dot, mean_square};
use std::ops::RangeInclusive;

/// Carries a sound on: the last pitch period of what drives its filter is repeated.
#[derive(Debug, Clone)]
pub(super) struct Voice {
    rate: usize,
    filter: Filter,
    /// The newest samples of the sound, oldest first.
    past: [f32; ORDER],
    /// The drive, of which the first `period` samples are repeated.
    drive: Box<[i16]>,
    period: usize,
    /// Root mean square of the drive.
    level: f32,
    /// How much the sound repeats itself: 0 noise, 1 a steady vowel.
    voicing: f32,
    /// What a period is louder than the one before, at most 1.
    decay: f32,
    gain: f32,
    /// Samples made so far, and the place in the drive of the next one.
    made: usize,
    position: usize,
    /// There is nothing to carry on.
    is_silent: bool,
    random: u32,
}

/// Shortest and longest period, ms: voices from 400 Hz down to 67 Hz.
const MIN_PERIOD_MS: f32 = 2.5;
const MAX_PERIOD_MS: usize = 15;
/// Length of sound that is compared to find the period, ms.
const COMPARED_MS: usize = 7;
/// The rate at which a period is looked for first, Hz, and the longest period there.
const COARSE_RATE: usize = 8000;
const LONGEST_COARSE: usize = COARSE_RATE * MAX_PERIOD_MS / 1000;
/// Length of sound that the filter is made from, ms.
const ANALYSED_MS: usize = 20;
const MOST_ANALYSED: usize = 48 * ANALYSED_MS;
/// Times between which the drive of what is not voiced goes over from repetition to noise, ms: a repeated noise is
/// heard as a tone.
const REPEATED_MS: f32 = 15.0;
const NOISE_MS: f32 = 25.0;
/// A decay is followed for so long, ms, and is at least so much for a period.
const DECAY_MS: usize = 20;
const MIN_DECAY: f32 = 0.5;

/// The mean square of a sound that is none: that of the codes of A-law that are nearest to 0.
const SILENCE: f32 = 64.0;

/// Length of sound that [`Voice::begin`] wants, ms: two periods and the samples before them.
pub(super) const HISTORY_MS: usize = 2 * MAX_PERIOD_MS + 2;

impl Voice {
    pub(super) fn new(rate: usize) -> Self {
        Self {
            rate,
            filter: [0.0; ORDER],
            past: [0.0; ORDER],
            drive: vec![0; rate * MAX_PERIOD_MS / 1000].into(),
            period: 1,
            level: 0.0,
            voicing: 0.0,
            decay: 1.0,
            gain: 1.0,
            made: 0,
            position: 0,
            is_silent: true,
            random: 1,
        }
    }

    /// Is to carry on `history`, [`HISTORY_MS`] of sound.
    pub(super) fn begin(&mut self, history: &[f32]) {
        self.is_silent = dot(history, history) <= SILENCE * history.len() as f32;
        if self.is_silent {
            return;
        }
        let end = history.len();
        (self.period, self.voicing) = self.find_period(history);
        let analysed = self.rate * ANALYSED_MS / 1000;
        let mut windowed = [0.0; MOST_ANALYSED];
        self.filter = predictor(&history[end - analysed..], self.rate, &mut windowed[..analysed]);
        self.past.copy_from_slice(&history[end - ORDER..]);
        let start = end - self.period;
        let pasts = history[start - ORDER..].array_windows();
        let drive = &mut self.drive[..self.period];
        for ((drive, &sample), past) in drive.iter_mut().zip(&history[start..]).zip(pasts) {
            *drive = (sample - predict(&self.filter, past)).round() as i16;
        }
        self.level = mean_square(drive).sqrt();
        let (last, before) = (&history[start..], &history[start - self.period..start]);
        self.decay = (dot(last, last) / (dot(before, before) + 1.0)).sqrt().clamp(MIN_DECAY, 1.0);
        (self.gain, self.made, self.position) = (1.0, 0, 0);
    }

    /// The next samples, [`STEP`] at most.
    pub(super) fn go_on(&mut self, out: &mut [f32]) {
        if self.is_silent {
            return out.fill(0.0);
        }
        let mut sound = [0.0; ORDER + STEP];
        sound[..ORDER].copy_from_slice(&self.past);
        for n in 0..out.len() {
            let drive = self.next_drive();
            let Some(past) = sound[n..].first_chunk() else { break };
            sound[ORDER + n] = (drive + predict(&self.filter, past)).clamp(-32_768.0, 32_767.0);
        }
        out.copy_from_slice(&sound[ORDER..ORDER + out.len()]);
        self.past.copy_from_slice(&sound[out.len()..out.len() + ORDER]);
    }

    fn next_drive(&mut self) -> f32 {
        if self.position == 0 && self.made < self.rate * DECAY_MS / 1000 {
            self.gain *= self.decay;
        }
        let repeated = self.repeated_share();
        let noise = match repeated < 1.0 {
            true => self.level * self.noise() * (1.0 - repeated * repeated).sqrt(),
            false => 0.0,
        };
        let drive = self.gain * (f32::from(self.drive[self.position]) * repeated + noise);
        self.made += 1;
        self.position = if self.position + 1 == self.period { 0 } else { self.position + 1 };
        drive
    }

    /// How much of the drive is repeated rather than noise, as amplitudes.
    fn repeated_share(&self) -> f32 {
        let ms = self.made as f32 * 1000.0 / self.rate as f32;
        let turned = ((ms - REPEATED_MS) / (NOISE_MS - REPEATED_MS)).clamp(0.0, 1.0);
        1.0 - (1.0 - self.voicing) * turned
    }

    /// Noise with a power of 1, uniform (a linear congruential generator).
    fn noise(&mut self) -> f32 {
        self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::sqrt(3.0) * (self.random as i32) as f32 / -(i32::MIN as f32)
    }

    /// The distance at which the newest sound is most like what was before it, and how like it is: first looked for at
    /// 8 kHz, then around what was found.
    fn find_period(&self, history: &[f32]) -> (usize, f32) {
        let stride = self.rate / COARSE_RATE;
        let mut coarse = [0.0; COARSE_RATE * HISTORY_MS / 1000];
        for (kept, &sample) in coarse.iter_mut().rev().zip(history.iter().rev().step_by(stride)) {
            *kept = sample;
        }
        let shortest = (COARSE_RATE as f32 * MIN_PERIOD_MS / 1000.0) as usize;
        let (period, likeness) = best_period(&coarse, COARSE_RATE, shortest..=LONGEST_COARSE);
        if stride == 1 {
            return (period, likeness);
        }
        let longest = (period * stride + stride - 1).min(LONGEST_COARSE * stride);
        best_period(history, self.rate, period * stride - (stride - 1)..=longest)
    }
}

fn best_period(history: &[f32], rate: usize, periods: RangeInclusive<usize>) -> (usize, f32) {
    let (start, end) = (history.len() - rate * COMPARED_MS / 1000, history.len());
    let newest = &history[start..];
    let square = |place: usize| f64::from(history[place]).powi(2);
    // One sample further back is one that comes and one that goes; of whole numbers that sum is exact.
    let mut earlier: f64 = (start - *periods.start()..end - *periods.start()).map(square).sum();
    let (mut best, mut found) = (f32::NEG_INFINITY, (*periods.start(), 0.0, 0.0));
    for period in periods {
        let alike = dot(newest, &history[start - period..end - period]);
        let likeness = alike * alike.abs() / (earlier as f32 + 1.0);
        if likeness >= best {
            (best, found) = (likeness, (period, alike, earlier as f32));
        }
        if period < start {
            earlier += square(start - period - 1) - square(end - period - 1);
        }
    }
    let (period, alike, earlier) = found;
    let own = dot(newest, newest) + 1.0;
    (period, (alike / ((earlier + 1.0) * own).sqrt()).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ComfortNoise;

    /// Likeness at each distance, computed for each from the start.
    fn likeness(history: &[f32], period: usize) -> f64 {
        let compared = COARSE_RATE * COMPARED_MS / 1000;
        let (newest, earlier) = (history.len() - compared, history.len() - compared - period);
        let sum = |a: usize, b: usize| -> f64 {
            (0..compared).map(|n| f64::from(history[a + n]) * f64::from(history[b + n])).sum()
        };
        sum(newest, earlier) / ((sum(earlier, earlier) + 1.0) * (sum(newest, newest) + 1.0)).sqrt()
    }

    #[test]
    fn no_distance_is_more_like_than_the_one_that_is_found() {
        for seed in 1..50 {
            let mut noise = [0; COARSE_RATE * HISTORY_MS / 1000];
            ComfortNoise::new(4, 8000, seed).fill(&mut noise);
            // Loud, then quiet: what is left of the loud part in the sum that is carried along would show.
            let history: Vec<f32> = noise
                .iter()
                .enumerate()
                .map(|(n, &s)| f32::from(if n < 100 { s } else { s / 200 }))
                .collect();
            let (found, told) = best_period(&history, COARSE_RATE, 20..=LONGEST_COARSE);
            let best = (20..=LONGEST_COARSE).map(|period| likeness(&history, period)).fold(-1.0, f64::max);
            assert!((likeness(&history, found) - best).abs() < 1e-5, "seed {seed}: {found}");
            assert!((f64::from(told) - best.clamp(0.0, 1.0)).abs() < 1e-4, "seed {seed}: {told}, {best}");
        }
    }

    #[test]
    fn silence_goes_on_as_silence_whatever_was_carried_on_before() {
        let mut voice = Voice::new(8000);
        let mut out = [1.0; STEP];
        for (level, is_heard) in [(8000.0, true), (8.0, false), (8000.0, true)] {
            let history: Vec<f32> =
                (0..8 * HISTORY_MS).map(|n| if n / 20 % 2 == 0 { level } else { -level }).collect();
            voice.begin(&history);
            voice.go_on(&mut out);
            assert_eq!(out.iter().any(|&sample| sample != 0.0), is_heard, "{level}");
        }
    }
}
