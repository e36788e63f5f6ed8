//! Tones by script, as FreeSWITCH's `tone_stream://` has them.
//!
//! A script is a row of settings and tones, parted by `;` or by lines:
//!
//! | part | means |
//! |---|---|
//! | `%(ON,OFF,F1,F2,…)` | the tones F1, F2, … (Hz, up to 18) at once for ON ms, then silence for OFF ms |
//! | `5`, `5(ON,OFF)` | the DTMF tones of a key |
//! | `d=MS`, `w=MS` | how long a key sounds (2000) and the silence behind it (500), unless it says so itself |
//! | `v=DB` | level of each tone, dBm0: −63 to 0 (−7) |
//! | `>=MS`, `<=MS` | from here on each tone becomes quieter, or louder, every MS ms… |
//! | `+=DB` | …by so much (1) |
//! | `l=N`, `L=N` | the next tone N times; the whole script N times |
//! | `loops=N` | at the end: all of it N times, −1 without end |
//!
//! Where tones sound together each is as much quieter as there are tones. `r=` and `c=` are read and left to the room.

mod parse;
#[cfg(test)]
mod tests;

use std::f64::consts::TAU;
use std::fmt;

/// 0 dBm0 in dBov: ITU-T G.711 overloads at 3.14 dBm0 (A-law), and a sine at full scale has −3.01 dBov.
const DBM0_IN_DBOV: f64 = -6.15;

/// dBm0.
const LEVELS: std::ops::RangeInclusive<f64> = -63.0..=0.0;

/// Each tone rises and falls over this time, so that it does not click. Seconds.
const EDGE_S: f64 = 0.002;

/// A script that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct ToneScript {
    steps: Vec<Step>,
    /// How often all steps are gone through; `None`: without end.
    passes: Option<u32>,
}

/// Why a script was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToneScriptError(String);

impl std::error::Error for ToneScriptError {}

impl fmt::Display for ToneScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Tones that sound at once, and the silence behind them.
#[derive(Debug, Clone, PartialEq)]
struct Step {
    /// Hz.
    frequencies: Vec<f64>,
    on_ms: u32,
    off_ms: u32,
    /// Of each tone, dBm0.
    level: f64,
    fade: Option<Fade>,
    times: u32,
}

/// A tone that becomes louder or quieter in steps.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Fade {
    every_ms: u32,
    db: f64,
}

impl ToneScript {
    /// Reads what stands behind `tone_stream://`.
    ///
    /// # Errors
    /// Names the part that was not understood.
    pub fn parse(script: &str) -> Result<Self, ToneScriptError> {
        parse::script(script)
    }

    /// Whether it never ends.
    pub fn is_endless(&self) -> bool {
        self.passes.is_none()
    }

    /// Its samples at `rate`, no more than `longest` seconds. Of a script without end there are as many whole passes as
    /// fit, so that they can be repeated without a seam.
    pub fn render(&self, rate: u32, longest: u32) -> Vec<i16> {
        let most = rate as usize * longest as usize;
        let mut samples = Vec::new();
        self.pass(rate, most, &mut samples);
        let pass = samples.len();
        let fit = most / pass.max(1);
        let passes = self.passes.map_or(fit, |passes| passes as usize).min(fit + 1);
        for _ in 1..passes {
            samples.extend_from_within(..pass.min(most - samples.len()));
        }
        samples
    }

    /// Writes all steps once, as far as there is room.
    fn pass(&self, rate: u32, most: usize, samples: &mut Vec<i16>) {
        for step in &self.steps {
            let from = samples.len();
            step.render(rate, most, samples);
            let length = samples.len() - from;
            for _ in 1..step.times {
                let room = most - samples.len();
                if room == 0 || length == 0 {
                    break;
                }
                samples.extend_from_within(from..from + length.min(room));
            }
        }
    }
}

impl Step {
    fn render(&self, rate: u32, most: usize, samples: &mut Vec<i16>) {
        let length = |ms: u32| (u64::from(ms) * u64::from(rate) / 1000) as usize;
        let (on, off) = (length(self.on_ms), length(self.off_ms));
        let edge = EDGE_S * f64::from(rate);
        let steps: Vec<f64> = self.frequencies.iter().map(|hz| hz / f64::from(rate)).collect();
        for n in 0..on.min(most - samples.len()) {
            // What the rate cannot carry is not heard.
            let sines = steps.iter().filter(|step| **step < 0.5).map(|step| (TAU * step * n as f64).sin());
            let ends = (n.min(on - 1 - n) as f64 / edge).min(1.0);
            samples.push((sines.sum::<f64>() * self.amplitude(n, rate) * ends).round() as i16);
        }
        let end = samples.len() + off.min(most - samples.len());
        samples.resize(end, 0);
    }

    /// Of each of its tones, when `n` samples have passed.
    fn amplitude(&self, n: usize, rate: u32) -> f64 {
        let faded = self.fade.map_or(0.0, |fade| {
            let steps = n as u64 * 1000 / u64::from(rate) / u64::from(fade.every_ms);
            steps as f64 * fade.db
        });
        let level = (self.level + faded).clamp(*LEVELS.start(), *LEVELS.end());
        let rms = 32_768.0 * 10_f64.powf((level + DBM0_IN_DBOV) / 20.0);
        rms * std::f64::consts::SQRT_2 / self.frequencies.len().max(1) as f64
    }
}
