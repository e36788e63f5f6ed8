//! Levels in dBov.
//!
//! 0 dBov (RFC 6464) is the RMS of a square wave that just does not overload; so a sine at full scale is −3.01 dBov.

use std::f64::consts::TAU;

/// What is quieter, even digital silence, counts as this, dBov: the end of RFC 6464's scale.
pub(crate) const SILENCE_DBOV: i8 = -127;
const FULL_SCALE: f64 = 32_768.0;

/// Level (RMS) of the samples in dBov; −127 for silence.
pub fn level_dbov(samples: &[i16]) -> f32 {
    let power: f64 = samples.iter().map(|&sample| f64::from(sample).powi(2)).sum();
    dbov(power / samples.len().max(1) as f64)
}

/// Level in dBov of what the samples hold at `frequency` (Hz); −127 for silence. By the Goertzel algorithm, under a Hann
/// window: another tone is not counted if it is further away than two periods in the whole length (100 Hz in 20 ms).
pub fn tone_level_dbov(samples: &[i16], rate: u32, frequency: f32) -> f32 {
    let phase = TAU * f64::from(frequency) / f64::from(rate);
    let coefficient = 2.0 * phase.cos();
    let (mut newer, mut older, mut weight) = (0.0, 0.0, 0.0);
    for (i, &sample) in samples.iter().enumerate() {
        let window = 0.5 - 0.5 * (TAU * (i as f64 + 0.5) / samples.len() as f64).cos();
        weight += window;
        (newer, older) = (f64::from(sample) * window + coefficient * newer - older, newer);
    }
    let power = newer * newer + older * older - coefficient * newer * older;
    let amplitude = 2.0 * power.max(0.0).sqrt() / f64::max(weight, 1.0);
    dbov(amplitude * amplitude / 2.0)
}

/// Level in dBov of sound of this mean of |sample|.
pub(crate) fn magnitude_dbov(mean: u32) -> i8 {
    dbov(f64::from(mean).powi(2)).round() as i8
}

fn dbov(mean_square: f64) -> f32 {
    let level = 10.0 * (mean_square / (FULL_SCALE * FULL_SCALE)).log10();
    (level as f32).max(SILENCE_DBOV.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tone;

    fn tone(frequency: f32, level: f32, len: usize) -> Vec<i16> {
        let mut samples = vec![0; len];
        Tone::new(8000, frequency, level).fill(&mut samples);
        samples
    }

    #[test]
    fn the_overload_point_is_a_square_wave() {
        assert!(level_dbov(&[i16::MIN; 160]).abs() < 1e-3);
        assert!((level_dbov(&tone(1000.0, -3.02, 8000)) + 3.02).abs() < 0.01);
        assert_eq!((level_dbov(&[0; 160]), level_dbov(&[])), (-127.0, -127.0));
    }

    #[test]
    fn a_tone_reads_its_level_at_any_frequency_and_length() {
        for frequency in [300.0, 441.3, 1000.0, 3001.7] {
            for len in [320, 487, 1600] {
                let level = tone_level_dbov(&tone(frequency, -20.0, len), 8000, frequency);
                assert!((level + 20.0).abs() < 0.1, "{frequency} Hz, {len} samples: {level}");
            }
        }
    }

    #[test]
    fn a_loud_neighbour_does_not_leak() {
        let level = tone_level_dbov(&tone(1160.0, -6.0, 640), 8000, 1000.0);
        assert!(level < -70.0, "{level}");
        assert_eq!(tone_level_dbov(&[0; 160], 8000, 1000.0), -127.0);
        assert_eq!(tone_level_dbov(&[], 8000, 1000.0), -127.0);
    }
}
