//! How a sound would have gone on.

use super::prediction::{Filter, ORDER, predict, predictor};
use crate::vector::{dot, mean_square};
use std::ops::RangeInclusive;

/// Carries a sound on: the last pitch period of what drives its filter is repeated.
#[derive(Debug, Clone)]
pub(super) struct Voice {
    rate: usize,
    filter: Filter,
    /// The newest samples of the sound, newest first.
    memory: [f32; ORDER],
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
    made: usize,
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

/// Length of sound that [`Voice::begin`] wants, ms: two periods and the samples before them.
pub(super) const HISTORY_MS: usize = 2 * MAX_PERIOD_MS + 2;

impl Voice {
    pub(super) fn new(rate: usize) -> Self {
        Self {
            rate,
            filter: [0.0; ORDER],
            memory: [0.0; ORDER],
            drive: vec![0; rate * MAX_PERIOD_MS / 1000].into(),
            period: 1,
            level: 0.0,
            voicing: 0.0,
            decay: 1.0,
            gain: 1.0,
            made: 0,
            random: 1,
        }
    }

    /// Is to carry on `history`, [`HISTORY_MS`] of sound.
    pub(super) fn begin(&mut self, history: &[f32]) {
        let end = history.len();
        (self.period, self.voicing) = self.find_period(history);
        let analysed = self.rate * ANALYSED_MS / 1000;
        let mut windowed = [0.0; MOST_ANALYSED];
        self.filter = predictor(&history[end - analysed..], self.rate, &mut windowed[..analysed]);
        for (kept, &sample) in self.memory.iter_mut().zip(history.iter().rev()) {
            *kept = sample;
        }
        let start = end - self.period;
        let drive = &mut self.drive[..self.period];
        for (n, drive) in drive.iter_mut().enumerate() {
            *drive = (history[start + n] - predict(&self.filter, &history[..start + n])).round() as i16;
        }
        self.level = mean_square(drive).sqrt();
        let (last, before) = (&history[start..], &history[start - self.period..start]);
        self.decay = (dot(last, last) / (dot(before, before) + 1.0)).sqrt().clamp(MIN_DECAY, 1.0);
        (self.gain, self.made) = (1.0, 0);
    }

    /// The next sample.
    pub(super) fn next(&mut self) -> f32 {
        let position = self.made % self.period;
        if position == 0 && self.made < self.rate * DECAY_MS / 1000 {
            self.gain *= self.decay;
        }
        let repeated = self.repeated_share();
        let noise = self.level * self.noise() * (1.0 - repeated * repeated).sqrt();
        let drive = self.gain * (f32::from(self.drive[position]) * repeated + noise);
        let predicted: f32 = self.filter.iter().zip(&self.memory).map(|(weight, past)| weight * past).sum();
        let sample = (drive + predicted).clamp(-32_768.0, 32_767.0);
        self.memory.copy_within(..ORDER - 1, 1);
        self.memory[0] = sample;
        self.made += 1;
        sample
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
    let start = history.len() - rate * COMPARED_MS / 1000;
    let newest = &history[start..];
    let own = dot(newest, newest) + 1.0;
    let likeness = |period: usize| {
        let earlier = &history[start - period..history.len() - period];
        dot(newest, earlier) / ((dot(earlier, earlier) + 1.0) * own).sqrt()
    };
    let found = periods.map(|period| (period, likeness(period))).max_by(|a, b| a.1.total_cmp(&b.1));
    found.map_or((1, 0.0), |(period, likeness)| (period, likeness.clamp(0.0, 1.0)))
}
