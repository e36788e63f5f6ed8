//! Tones.

use std::f64::consts::{SQRT_2, TAU};

/// A tone, or a dual tone, that goes on without a break from one call to the next.
#[derive(Debug, Clone)]
pub struct Tone {
    parts: [Part; 2],
}

/// One sine.
#[derive(Debug, Clone, Default)]
struct Part {
    amplitude: f64,
    /// Turns, 0 to 1, and turns per sample.
    phase: f64,
    step: f64,
}

/// The keys by row and column of ITU-T Q.23, and the frequencies of these, Hz.
pub(crate) const KEYS: [&str; 4] = ["123A", "456B", "789C", "*0#D"];
pub(crate) const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
pub(crate) const COLUMNS: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];

impl Tone {
    /// A sine of `frequency` (Hz) at `level_dbov` (RMS; a sine at full scale is −3.01 dBov).
    pub fn new(rate: u32, frequency: f32, level_dbov: f32) -> Self {
        Self { parts: [Part::new(rate, frequency, level_dbov), Part::default()] }
    }

    /// The dual tone of a DTMF digit (`0`-`9`, `*`, `#`, `A`-`D`), each of its two tones at `level_dbov`; `None` for
    /// what is no digit.
    pub fn dtmf(rate: u32, digit: char, level_dbov: f32) -> Option<Self> {
        let digit = digit.to_ascii_uppercase();
        let find = |keys: &str| keys.chars().position(|key| key == digit);
        let (row, column) = KEYS.iter().enumerate().find_map(|(row, keys)| Some((row, find(keys)?)))?;
        let part = |frequency| Part::new(rate, frequency, level_dbov);
        Some(Self { parts: [part(ROWS[row]), part(COLUMNS[column])] })
    }

    /// Writes the next samples.
    pub fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            let sum: f64 = self.parts.iter_mut().map(Part::next).sum();
            *sample = sum.round() as i16;
        }
    }
}

impl Part {
    fn new(rate: u32, frequency: f32, level_dbov: f32) -> Self {
        let amplitude = 32_768.0 * SQRT_2 * 10f64.powf(f64::from(level_dbov) / 20.0);
        Self { amplitude, phase: 0.0, step: f64::from(frequency) / f64::from(rate) }
    }

    fn next(&mut self) -> f64 {
        let value = self.amplitude * (TAU * self.phase).sin();
        self.phase = (self.phase + self.step).fract();
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{level_dbov, tone_level_dbov};

    #[test]
    fn a_tone_goes_on_over_frames() {
        let (mut whole, mut parts) = ([0; 320], [0; 320]);
        Tone::new(8000, 433.0, -10.0).fill(&mut whole);
        let mut tone = Tone::new(8000, 433.0, -10.0);
        parts.chunks_mut(64).for_each(|part| tone.fill(part));
        assert_eq!(whole, parts);
        assert!((level_dbov(&whole) + 10.0).abs() < 0.3);
    }

    #[test]
    fn each_digit_is_its_two_tones() {
        for (row, keys) in KEYS.iter().enumerate() {
            for (column, digit) in keys.chars().enumerate() {
                let mut samples = [0; 800];
                Tone::dtmf(8000, digit, -13.0).unwrap().fill(&mut samples);
                for (frequencies, wanted) in [(ROWS, row), (COLUMNS, column)] {
                    for (i, frequency) in frequencies.into_iter().enumerate() {
                        let level = tone_level_dbov(&samples, 8000, frequency);
                        let right = if i == wanted { (level + 13.0).abs() < 0.1 } else { level < -50.0 };
                        assert!(right, "{digit}: {level} dBov at {frequency} Hz");
                    }
                }
            }
        }
        assert!(Tone::dtmf(8000, 'x', -13.0).is_none());
    }

    #[test]
    fn a_full_scale_sine_reaches_full_scale() {
        let mut samples = [0; 8000];
        Tone::new(8000, 1000.0, -3.0103).fill(&mut samples);
        assert_eq!(samples.iter().max(), Some(&32767));
    }
}
