//! Takes the noise of a line out of its voice.
//!
//! In windows of 20 ms, 10 ms apart, each band of 50 Hz is turned down by what its noise makes up of it (a Wiener gain
//! over the decision-directed signal-to-noise ratio), but by 15 dB at most, so that a rest of the noise hides how the gains
//! move. The noise of a band is learnt from frames in which the member is not heard, and while it is, from the least
//! power in the last second: nobody speaks in one band that long.
//!
//! A tone is no noise. Noise in a band fluctuates as much as it is strong, a tone rests: bands that rest are left alone. So
//! music on hold and the tones of a telephone stay as they are.
//!
//! The voice comes 10 ms late.

use crate::Slot;
use crate::gain::rounded;
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::f32::consts::PI;
use std::fmt;
use std::sync::Arc;

/// Least gain, −15 dB.
const LEAST: f32 = 0.178;
/// By how much the noise is overrated: rather a little voice less than a noise that flickers.
const CAUTION: f32 = 1.25;
/// Share of the last window in the signal-to-noise ratio of this one.
const INERTIA: f32 = 0.97;
/// Share of the past in the power of a band from which the least is taken, and how far that lies below the mean.
const SMOOTH: f32 = 0.8;
const BIAS: f32 = 1.9;
/// Windows after which the least is forgotten: half of the time that a sound takes to count as noise.
const MEMORY: u16 = 60;
/// Share of the past in the noise that is learnt, and in what tells how much a band fluctuates.
const SLOW: f32 = 0.95;
/// Square of the mean power by mean of its square: noise has a half, a tone one.
const RESTING: f32 = 0.78;
/// Ticks between two frames of somebody who is not heard from which the noise is learnt.
const LEARN_EVERY: u32 = 10;

/// All lines of a room that are denoised.
pub(crate) struct Denoise {
    spectrum: Spectrum,
    lines: Vec<Line>,
    /// Samples in 10 ms.
    hop: usize,
    ticks: u32,
}

/// The transforms, and where they work.
struct Spectrum {
    forward: Arc<dyn RealToComplex<f32>>,
    backward: Arc<dyn ComplexToReal<f32>>,
    window: Vec<f32>,
    time: Vec<f32>,
    bands: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

#[derive(Debug, Clone)]
struct Line {
    bands: Vec<Band>,
    /// The 10 ms before, as they came, and what the last window adds to those that follow.
    last: Vec<f32>,
    tail: Vec<f32>,
    /// Windows since the least powers were forgotten.
    age: u16,
}

#[derive(Debug, Clone, Copy, Default)]
struct Band {
    noise: f32,
    /// Power over some windows, the least of it since it was forgotten, and before that.
    power: f32,
    least: f32,
    least_before: f32,
    /// Power of the voice in the last window.
    voice: f32,
    /// Means of the power and of its square.
    mean: f32,
    mean_square: f32,
}

impl Denoise {
    pub(crate) fn new(rate: u32) -> Self {
        let hop = rate as usize / 100;
        Self { spectrum: Spectrum::new(2 * hop), lines: Vec::new(), hop, ticks: 0 }
    }

    pub(crate) fn grow(&mut self, slots: usize) {
        self.lines.resize_with(slots, || Line::new(self.hop));
    }

    /// Another member has the slot.
    pub(crate) fn reset(&mut self, slot: Slot) {
        let line = &mut self.lines[slot.index()];
        line.bands.fill(Band::default());
        line.age = 0;
        line.restart();
    }

    /// Takes over what `old` knows of the noise; the bands are as wide at every rate.
    pub(crate) fn adopt(&mut self, old: &Self) {
        let scale = self.hop as f32 / old.hop as f32; // of amplitudes in the spectrum
        for (line, old) in self.lines.iter_mut().zip(&old.lines) {
            line.bands.iter_mut().zip(&old.bands).for_each(|(band, old)| *band = old.scaled(scale * scale));
            line.age = old.age;
        }
    }

    /// Begins a tick.
    pub(crate) fn advance(&mut self) {
        self.ticks = self.ticks.wrapping_add(1);
    }

    /// Learns the noise now and then from a frame of a member that is not heard.
    pub(crate) fn learn(&mut self, slot: Slot, frame: &[i16]) {
        if !self.ticks.wrapping_add(slot.0).is_multiple_of(LEARN_EVERY) || frame.len() < 2 * self.hop {
            return;
        }
        let samples = frame[..2 * self.hop].iter().map(|&sample| f32::from(sample));
        self.spectrum.analyse(samples);
        let line = &mut self.lines[slot.index()];
        for (band, value) in line.bands.iter_mut().zip(&self.spectrum.bands) {
            band.learn(value.norm_sqr());
        }
    }

    /// Writes the frame without its noise, 10 ms late. `goes_on` is whether the frame before came here too.
    pub(crate) fn process(&mut self, slot: Slot, goes_on: bool, frame: &[i16], out: &mut [i16]) {
        let line = &mut self.lines[slot.index()];
        if !goes_on {
            line.restart();
        }
        for (frame, out) in frame.chunks_exact(self.hop).zip(out.chunks_exact_mut(self.hop)) {
            line.process(&mut self.spectrum, frame, out);
        }
    }
}

impl fmt::Debug for Denoise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Denoise").field("hop", &self.hop).field("lines", &self.lines.len()).finish()
    }
}

impl Line {
    fn new(hop: usize) -> Self {
        Self { bands: vec![Band::default(); hop + 1], last: vec![0.0; hop], tail: vec![0.0; hop], age: 0 }
    }

    /// What comes next does not continue what was.
    fn restart(&mut self) {
        self.last.fill(0.0);
        self.tail.fill(0.0);
        self.bands.iter_mut().for_each(|band| band.voice = 0.0);
    }

    fn process(&mut self, spectrum: &mut Spectrum, frame: &[i16], out: &mut [i16]) {
        let new = frame.iter().map(|&sample| f32::from(sample));
        spectrum.analyse(self.last.iter().copied().chain(new.clone()));
        self.last.iter_mut().zip(new).for_each(|(last, new)| *last = new);
        self.clean(&mut spectrum.bands);
        let (early, late) = spectrum.synthesise().split_at(frame.len());
        for (out, (tail, early)) in out.iter_mut().zip(self.tail.iter().zip(early)) {
            *out = rounded((tail + early).clamp(-32_768.0, 32_767.0)) as i16;
        }
        self.tail.copy_from_slice(late);
    }

    fn clean(&mut self, bands: &mut [Complex<f32>]) {
        for (band, value) in self.bands.iter_mut().zip(bands) {
            *value *= band.gain(value.norm_sqr());
        }
        self.age += 1;
        if self.age == MEMORY {
            self.age = 0;
            self.bands.iter_mut().for_each(Band::forget);
        }
    }
}

impl Band {
    /// The gain for a window with this power.
    fn gain(&mut self, power: f32) -> f32 {
        self.follow(power);
        let noise = self.noise * CAUTION + 1.0;
        let above = (power / noise - 1.0).max(0.0);
        let ratio = INERTIA * self.voice / noise + (1.0 - INERTIA) * above;
        let gain = (ratio / (1.0 + ratio)).max(LEAST);
        self.voice = gain * gain * power;
        if self.rests() { 1.0 } else { gain }
    }

    fn follow(&mut self, power: f32) {
        self.mean += (power - self.mean) * (1.0 - SLOW);
        self.mean_square += (power * power - self.mean_square) * (1.0 - SLOW);
        self.power += (power - self.power) * (1.0 - SMOOTH);
        self.least = self.least.min(self.power);
        let least = self.least.min(self.least_before) * BIAS;
        // It falls with a quieter line at once, and rises only as far as the least did.
        self.noise =
            if least < self.noise { self.noise + (least - self.noise) * (1.0 - SMOOTH) } else { self.noise };
    }

    fn rests(&self) -> bool {
        self.mean * self.mean > self.mean_square * RESTING
    }

    fn forget(&mut self) {
        self.noise = self.noise.max(self.least.min(self.least_before) * BIAS);
        self.least_before = std::mem::replace(&mut self.least, self.power);
    }

    fn learn(&mut self, power: f32) {
        let first = self.noise == 0.0;
        self.noise += (power - self.noise) * if first { 1.0 } else { 1.0 - SMOOTH };
        (self.power, self.least, self.least_before) = (self.noise, self.noise / BIAS, self.noise / BIAS);
    }

    fn scaled(self, scale: f32) -> Self {
        Self {
            noise: self.noise * scale,
            power: self.power * scale,
            least: self.least * scale,
            least_before: self.least_before * scale,
            voice: 0.0,
            mean: self.mean * scale,
            mean_square: self.mean_square * scale * scale,
        }
    }
}

impl Spectrum {
    fn new(len: usize) -> Self {
        let mut planner = RealFftPlanner::new();
        let (forward, backward) = (planner.plan_fft_forward(len), planner.plan_fft_inverse(len));
        let scratch = forward.get_scratch_len().max(backward.get_scratch_len());
        Self {
            window: (0..len).map(|n| (PI * (n as f32 + 0.5) / len as f32).sin()).collect(),
            time: forward.make_input_vec(),
            bands: forward.make_output_vec(),
            scratch: vec![Complex::default(); scratch],
            forward,
            backward,
        }
    }

    fn analyse(&mut self, samples: impl Iterator<Item = f32>) {
        let windowed = samples.zip(&self.window).map(|(sample, window)| sample * window);
        self.time.iter_mut().zip(windowed).for_each(|(time, sample)| *time = sample);
        let done = self.forward.process_with_scratch(&mut self.time, &mut self.bands, &mut self.scratch);
        debug_assert!(done.is_ok());
    }

    fn synthesise(&mut self) -> &[f32] {
        let done = self.backward.process_with_scratch(&mut self.bands, &mut self.time, &mut self.scratch);
        debug_assert!(done.is_ok());
        let scale = 1.0 / self.time.len() as f32;
        self.time.iter_mut().zip(&self.window).for_each(|(time, window)| *time *= window * scale);
        &self.time
    }
}
