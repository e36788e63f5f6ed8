//! Concealment of lost frames by repetition.
//!
//! What is repeated is the last pitch period, not the last frame, so that a voice keeps its tone. Where the repetition
//! does not join what was heard before, the step is spread over [`JOIN_MS`]. The repetition fades to nothing by
//! [`FADE_MS`], and the first good frame after a loss is cross-faded into over [`JOIN_MS`].

/// Hides the frames that one leg lost.
#[derive(Debug, Clone)]
pub struct Concealer {
    rate: usize,
    /// The newest good samples, oldest first.
    history: Box<[f32]>,
    /// Samples of concealment since the last good frame.
    concealed: usize,
    /// What is repeated is the last `period` samples of the history.
    period: usize,
}

/// Time after which a loss has faded to silence, ms.
const FADE_MS: usize = 60;
/// Length of a join or a cross-fade, ms.
const JOIN_MS: usize = 5;
/// Shortest and longest period that is repeated, ms: voices from 400 Hz down to 67 Hz.
const MIN_PERIOD_MS: f32 = 2.5;
const MAX_PERIOD_MS: usize = 15;
/// Length of sound that is compared to find the period, ms.
const COMPARED_MS: usize = 10;

impl Concealer {
    /// A concealer for frames at `rate` samples per second.
    pub fn new(rate: u32) -> Self {
        let rate = rate as usize;
        let history = vec![0.0; rate * (MAX_PERIOD_MS + COMPARED_MS) / 1000 + 1].into();
        Self { rate, history, concealed: 0, period: 1 }
    }

    /// Makes a frame in the place of a lost one.
    pub fn conceal(&mut self, out: &mut [i16]) {
        self.begin_loss();
        for sample in out {
            *sample = self.next_sample().round() as i16;
        }
    }

    /// Takes note of a good frame and, after a loss, cross-fades into it.
    pub fn good(&mut self, frame: &mut [i16]) {
        if self.concealed > 0 {
            self.fade_into(frame);
            self.concealed = 0;
        }
        let kept = self.history.len().saturating_sub(frame.len());
        let newest = &frame[frame.len().saturating_sub(self.history.len())..];
        self.history.copy_within(newest.len().., 0);
        for (past, &sample) in self.history[kept..].iter_mut().zip(newest) {
            *past = f32::from(sample);
        }
    }

    fn begin_loss(&mut self) {
        if self.concealed == 0 {
            self.period = self.find_period();
        }
    }

    fn fade_into(&mut self, frame: &mut [i16]) {
        let length = (self.rate * JOIN_MS / 1000).min(frame.len());
        for (i, sample) in frame[..length].iter_mut().enumerate() {
            let share = (i + 1) as f32 / (length + 1) as f32;
            let repeated = self.next_sample();
            *sample = (repeated + (f32::from(*sample) - repeated) * share).round() as i16;
        }
    }

    /// The next sample of the repetition, faded.
    fn next_sample(&mut self) -> f32 {
        let fade = 1.0 - self.concealed as f32 / (self.rate * FADE_MS / 1000) as f32;
        if fade <= 0.0 {
            return 0.0;
        }
        let position = self.concealed % self.period;
        self.concealed += 1;
        let newest = self.history.len() - 1;
        let start = self.history.len() - self.period;
        let step = self.history[newest] - self.history[start - 1];
        let join = (self.rate * JOIN_MS / 1000).min(self.period);
        let spread = step * (1.0 - (position + 1) as f32 / (join + 1) as f32).max(0.0);
        (self.history[start + position] + spread).clamp(-32768.0, 32767.0) * fade
    }

    /// The distance at which the newest sound is most like what was before it. At high rates only every n-th sample is
    /// looked at, which is enough for voices and keeps the work the same for all rates.
    fn find_period(&self) -> usize {
        let stride = (self.rate / 8000).max(1);
        let shortest = (self.rate as f32 * MIN_PERIOD_MS / 1000.0) as usize;
        let longest = self.rate * MAX_PERIOD_MS / 1000;
        let (mut best, mut period) = (f32::MIN, longest);
        for candidate in (shortest.max(1)..=longest).step_by(stride) {
            let likeness = self.likeness(candidate, stride);
            if likeness > best {
                (best, period) = (likeness, candidate);
            }
        }
        period
    }

    /// Normalised correlation of the newest [`COMPARED_MS`] with what was `distance` samples before.
    fn likeness(&self, distance: usize, stride: usize) -> f32 {
        let end = self.history.len();
        let compared = self.rate * COMPARED_MS / 1000;
        let newest = self.history[end - compared..].iter().step_by(stride);
        let earlier = self.history[end - compared - distance..end - distance].iter().step_by(stride);
        let (mut product, mut energy) = (0.0, 1.0);
        for (a, b) in newest.zip(earlier) {
            product += a * b;
            energy += b * b;
        }
        product / f32::sqrt(energy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    const FRAME: usize = 160;

    fn voice(rate: usize, pitch: f32, from: usize, len: usize) -> Vec<i16> {
        let wave = |i: usize, harmonic: f32| (TAU * pitch * harmonic * i as f32 / rate as f32).sin();
        (from..from + len).map(|i| (5000.0 * wave(i, 1.0) + 3000.0 * wave(i, 2.0)) as i16).collect()
    }

    fn largest_jump(samples: &[i16]) -> i32 {
        samples.windows(2).map(|w| (i32::from(w[1]) - i32::from(w[0])).abs()).max().unwrap_or(0)
    }

    fn rms(samples: &[i16]) -> f32 {
        (samples.iter().map(|&s| f32::from(s).powi(2)).sum::<f32>() / samples.len() as f32).sqrt()
    }

    /// Ten good frames, `lost` lost ones, ten good ones; all that was heard.
    fn heard(rate: usize, pitch: f32, lost: usize) -> Vec<i16> {
        let frame = rate / 50;
        let mut concealer = Concealer::new(rate as u32);
        let mut heard = Vec::new();
        for n in 0..20 + lost {
            let mut samples = voice(rate, pitch, n * frame, frame);
            match (10..10 + lost).contains(&n) {
                true => concealer.conceal(&mut samples),
                false => concealer.good(&mut samples),
            }
            heard.extend(samples);
        }
        heard
    }

    #[test]
    fn good_frames_pass_unchanged() {
        assert_eq!(heard(8000, 130.0, 0), voice(8000, 130.0, 0, 20 * FRAME));
    }

    #[test]
    fn a_loss_makes_no_click_neither_at_its_begin_nor_at_its_end() {
        for rate in [8000, 16_000, 48_000] {
            for pitch in [70.0, 87.0, 110.0, 143.0, 219.0, 310.0] {
                let natural = largest_jump(&voice(rate, pitch, 0, rate));
                for lost in 1..8 {
                    let jump = largest_jump(&heard(rate, pitch, lost));
                    assert!(
                        jump <= natural * 3 / 2,
                        "{rate} Hz, {pitch} Hz, {lost} lost: {jump} > {natural}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_single_loss_keeps_most_of_the_level_and_60_ms_fade_to_nothing() {
        let heard = heard(8000, 130.0, 5);
        let loud = rms(&heard[..10 * FRAME]);
        let lost = |n: usize| rms(&heard[(10 + n) * FRAME..(11 + n) * FRAME]);
        assert!(lost(0) > 0.7 * loud && lost(0) > lost(1) && lost(1) > lost(2));
        assert_eq!((lost(3), lost(4)), (0.0, 0.0));
    }

    #[test]
    fn a_voice_keeps_its_pitch_through_a_loss() {
        let (rate, pitch) = (8000, 125.0);
        let mut concealer = Concealer::new(rate);
        concealer.good(&mut voice(8000, pitch, 0, 4 * FRAME));
        let mut out = [0; FRAME];
        concealer.conceal(&mut out);
        let expected = voice(8000, pitch, 4 * FRAME, 40);
        for (a, b) in out.iter().zip(&expected) {
            assert!((i32::from(*a) - i32::from(*b)).abs() < 900, "{a} {b}");
        }
    }

    #[test]
    fn a_loss_before_any_sound_and_frames_of_any_length_are_fine() {
        let mut concealer = Concealer::new(8000);
        let mut out = [1; FRAME];
        concealer.conceal(&mut out);
        assert_eq!(out, [0; FRAME]);
        for len in [0, 1, 79, 80, 200, 480, 5000] {
            concealer.good(&mut vec![i16::MAX; len]);
            concealer.conceal(&mut vec![0; len]);
        }
    }
}
