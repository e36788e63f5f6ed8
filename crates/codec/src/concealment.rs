//! Concealment of lost frames.
//!
//! What was heard last is split into a filter, the mouth, and what drives it, the voice. The last pitch period of the
//! drive is repeated (the idea of G.711 Appendix I) through the filter, whose memory goes on, so that the sound joins
//! what was before without a step. It fades, after [`FADED_MS`] only the background is left, and the first good frame
//! after a loss is cross-faded into over [`JOIN_MS`].

mod background;
mod memory;
mod prediction;
mod voice;

use crate::Law;
use background::{Background, Floor};
use memory::Memory;
use voice::{HISTORY_MS, Voice};

/// Hides the frames that one leg lost. What a good frame needs is little and lies together; the rest waits for a loss.
#[derive(Debug, Clone)]
pub struct Concealer {
    /// What was heard last.
    memory: Memory,
    /// Samples of concealment since the last good frame; 0: nothing is lost.
    concealed: usize,
    floor: Floor,
    lost: Box<Lost>,
}

/// How the sound goes on when nothing comes.
#[derive(Debug, Clone)]
struct Lost {
    rate: usize,
    voice: Voice,
    background: Background,
}

/// The gain of the voice by the time that was lost, ms: a little less at once, as what is too loud disturbs more than
/// what is too quiet, then held for [`HELD_MS`] so that a burst leaves no hole.
const FIRST_MS: f32 = 20.0;
const FIRST_GAIN: f32 = 0.7;
const HELD_MS: f32 = 60.0;
const HELD_GAIN: f32 = 0.63;
const FADED_MS: f32 = 100.0;
/// Length of the cross-fade into a good frame, ms.
const JOIN_MS: usize = 3;
/// Samples of the longest history: at 48 kHz.
const LONGEST_HISTORY: usize = 48 * HISTORY_MS;
/// Samples that are made at a time.
const STEP: usize = 80;

impl Concealer {
    /// A concealer for frames at `rate` samples per second.
    pub fn new(rate: u32) -> Self {
        Self::with(Memory::of_samples(rate as usize * HISTORY_MS / 1000), rate)
    }

    /// One for G.711, which remembers what came as it came: half as many octets.
    pub(crate) fn of_codes(law: Law, rate: u32) -> Self {
        Self::with(Memory::of_codes(law, rate as usize * HISTORY_MS / 1000), rate)
    }

    fn with(memory: Memory, rate: u32) -> Self {
        let lost =
            Lost { rate: rate as usize, voice: Voice::new(rate as usize), background: Background::new(rate) };
        Self { memory, concealed: 0, floor: Floor::new(rate), lost: lost.into() }
    }

    /// Makes a frame in the place of a lost one.
    pub fn conceal(&mut self, out: &mut [i16]) {
        self.begin_loss();
        self.lost.carry_on(&mut self.concealed, out);
        self.memory.remember(out);
    }

    /// Takes note of a good frame and, after a loss, cross-fades into it.
    pub fn good(&mut self, frame: &mut [i16]) {
        self.take(frame);
        self.memory.remember(frame);
    }

    /// The same for a frame that was decoded from `codes`.
    pub(crate) fn good_codes(&mut self, codes: &[u8], frame: &mut [i16]) {
        match self.take(frame) {
            true => self.memory.remember(frame),
            false => self.memory.remember_codes(codes),
        }
    }

    /// The next frame does not continue what was heard: it is cross-faded into, as after a loss.
    pub fn splice(&mut self) {
        self.begin_loss();
        self.concealed = self.concealed.max(1);
    }

    /// Forgets what was heard.
    pub fn reset(&mut self) {
        self.memory.forget();
        self.concealed = 0;
    }

    /// Fetches what the next good frame is written over.
    pub(crate) fn fetch_rest(&self) {
        self.memory.fetch_rest();
    }

    /// Whether the frame was changed.
    fn take(&mut self, frame: &mut [i16]) -> bool {
        let is_joined = self.concealed > 0;
        if is_joined {
            self.lost.fade_into(&mut self.concealed, frame);
            self.concealed = 0;
        }
        if self.floor.wants(frame) {
            self.lost.background.hear(frame);
        }
        is_joined
    }

    fn begin_loss(&mut self) {
        if self.concealed == 0 {
            let mut sound = [0.0; LONGEST_HISTORY];
            let sound = &mut sound[..self.memory.len()];
            self.memory.recall(sound);
            self.lost.voice.begin(sound);
            self.lost.background.begin();
        }
    }
}

impl Lost {
    fn fade_into(&mut self, concealed: &mut usize, frame: &mut [i16]) {
        let length = (self.rate * JOIN_MS / 1000).min(frame.len());
        for start in (0..length).step_by(STEP) {
            let mut lost = [0; STEP];
            let step = &mut frame[start..length.min(start + STEP)];
            self.carry_on(concealed, &mut lost[..step.len()]);
            for (n, (sample, &lost)) in step.iter_mut().zip(&lost).enumerate() {
                let share = (start + n + 1) as f32 / (length + 1) as f32;
                let lost = f32::from(lost);
                *sample = (lost + (f32::from(*sample) - lost) * share).round() as i16;
            }
        }
    }

    /// The sound goes on: the voice, as it fades, over the background.
    fn carry_on(&mut self, concealed: &mut usize, out: &mut [i16]) {
        let per_sample = 1000.0 / self.rate as f32;
        for step in out.chunks_mut(STEP) {
            let from = *concealed as f32 * per_sample;
            *concealed += step.len();
            // Most losses are over before there is any of it.
            match *concealed as f32 * per_sample > HELD_MS {
                true => self.background.fill(step),
                false => step.fill(0),
            }
            if from >= FADED_MS {
                continue;
            }
            let mut voice = [0.0; STEP];
            self.voice.go_on(&mut voice[..step.len()]);
            for (n, (sample, said)) in step.iter_mut().zip(voice).enumerate() {
                let (voice, noise) = gains(from + n as f32 * per_sample);
                *sample = (voice * said + noise * f32::from(*sample)).round() as i16;
            }
        }
    }
}

/// Gains of voice and background after so many ms of loss.
fn gains(ms: f32) -> (f32, f32) {
    let between =
        |from: f32, to: f32, start: f32, end: f32| from + (to - from) * (ms - start) / (end - start);
    if ms < FIRST_MS {
        return (between(1.0, FIRST_GAIN, 0.0, FIRST_MS), 0.0);
    }
    if ms < HELD_MS {
        return (between(FIRST_GAIN, HELD_GAIN, FIRST_MS, HELD_MS), 0.0);
    }
    if ms < FADED_MS {
        let left = between(1.0, 0.0, HELD_MS, FADED_MS);
        return (HELD_GAIN * left, (1.0 - left * left).sqrt());
    }
    (0.0, 1.0)
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
    fn a_single_loss_keeps_most_of_the_level_and_100_ms_fade_to_nothing() {
        let heard = heard(8000, 130.0, 7);
        let loud = rms(&heard[..10 * FRAME]);
        let lost = |n: usize| rms(&heard[(10 + n) * FRAME..(11 + n) * FRAME]);
        assert!(lost(0) > 0.7 * loud && lost(2) > 0.5 * loud && lost(3) < lost(2));
        assert_eq!((lost(5), lost(6)), (0.0, 0.0));
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
