//! Comfort noise.

use crate::random::Random;

/// A seeded source of comfort noise.
///
/// FreeSWITCH sums pseudo-random values, lets them wrap to 16 bits, which makes them uniform, and divides by the level
/// (and by how many times faster than 8 kHz the rate is). The same is done here, so that a configured level keeps its
/// meaning: 1400, FreeSWITCH's `true`, has an RMS of about 14 of 32768 at 8 kHz, and a bigger level is quieter.
#[derive(Debug, Clone)]
pub struct ComfortNoise {
    divisor: i32,
    random: Random,
}

impl ComfortNoise {
    /// Noise of `level` (a divisor) at `rate` samples per second.
    pub fn new(level: u16, rate: u32, seed: u64) -> Self {
        let divisor = u64::from(level) * u64::from(rate) / 8000;
        Self { divisor: divisor.clamp(1, 1 << 16) as i32, random: Random::new(seed) }
    }

    /// Writes the next samples.
    pub fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            let uniform = (self.random.next() >> 48) as i16;
            *sample = (i32::from(uniform) / self.divisor) as i16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rms(level: u16, rate: u32) -> f64 {
        let mut samples = vec![0; 80_000];
        ComfortNoise::new(level, rate, 1).fill(&mut samples);
        (samples.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / samples.len() as f64).sqrt()
    }

    #[test]
    fn the_level_means_what_freeswitch_means() {
        assert!((12.5..14.5).contains(&rms(1400, 8000)), "{}", rms(1400, 8000));
        assert!((6.0..7.5).contains(&rms(1400, 16_000)), "{}", rms(1400, 16_000));
        assert!(rms(400, 8000) > 3.0 * rms(1400, 8000));
    }

    #[test]
    fn it_has_no_offset_and_any_level_is_safe() {
        let mut samples = [0; 8000];
        ComfortNoise::new(1400, 8000, 7).fill(&mut samples);
        let mean = samples.iter().map(|&s| f64::from(s)).sum::<f64>() / 8000.0;
        assert!(mean.abs() < 0.6, "{mean}");
        for level in [0, 1, u16::MAX] {
            ComfortNoise::new(level, 48_000, 7).fill(&mut samples);
        }
    }

    #[test]
    fn equal_seeds_give_equal_noise() {
        let noise = |seed| {
            let mut samples = [0; 160];
            ComfortNoise::new(2, 8000, seed).fill(&mut samples);
            samples
        };
        assert_eq!(noise(3), noise(3));
        assert_ne!(noise(3), noise(4));
    }
}
