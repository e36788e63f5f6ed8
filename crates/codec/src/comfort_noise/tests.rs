use super::*;

const SECOND: usize = 8000;

/// Noise as of a payload, once it has settled.
fn noise(level: u8, spectrum: &[u8]) -> Vec<i16> {
    let mut generator = NoiseGenerator::new(8000, 1);
    generator.set(level, spectrum);
    let mut samples = vec![0; 5 * SECOND];
    generator.fill(&mut samples);
    samples.split_off(SECOND / 2)
}

fn dbov(samples: &[i16]) -> f64 {
    let square: f64 = samples.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / samples.len() as f64;
    10.0 * (square / 32_768_f64.powi(2)).log10()
}

/// The level of the part of the sound around a frequency, in dB.
fn density(samples: &[i16], hertz: f64) -> f64 {
    let power: f64 = samples
        .chunks_exact(160)
        .map(|frame| {
            let angle = |n: usize| n as f64 * hertz / 8000.0 * std::f64::consts::TAU;
            let part = |f: fn(f64) -> f64| -> f64 {
                frame.iter().enumerate().map(|(n, &s)| f64::from(s) * f(angle(n))).sum()
            };
            part(f64::cos).powi(2) + part(f64::sin).powi(2)
        })
        .sum();
    10.0 * power.log10()
}

#[test]
fn the_level_is_that_of_the_payload_whatever_the_spectrum() {
    for spectrum in [&[][..], &[20], &[240, 40], &[200, 100, 150, 60, 127, 127, 90, 180, 127, 130]] {
        for level in [20, 40, 60, 70] {
            let is = -dbov(&noise(level, spectrum));
            assert!((is - f64::from(level)).abs() < 0.7, "{is} for {level}, {spectrum:?}");
        }
    }
}

#[test]
fn the_sign_of_the_first_coefficient_decides_where_the_noise_is() {
    let (low, high) = (noise(30, &[30]), noise(30, &[224]));
    assert!(density(&low, 300.0) > density(&low, 3700.0) + 12.0);
    assert!(density(&high, 3700.0) > density(&high, 300.0) + 12.0);
}

#[test]
fn what_was_made_is_measured_as_what_it_was_made_of() {
    let spectrum = [40, 170, 110, 140, 127, 100, 127, 127, 150, 127];
    let mut analyzer = NoiseAnalyzer::new(8000);
    let (mut sum, mut count) = ([0.0; 11], 0.0);
    for frame in noise(45, &spectrum).chunks(160) {
        analyzer.push(frame);
        let mut payload = [0; 11];
        assert_eq!(analyzer.payload(&mut payload), 11);
        sum.iter_mut().zip(payload).for_each(|(sum, octet)| *sum += f64::from(octet));
        count += 1.0;
    }
    for (place, (sum, should)) in sum.iter().zip([45].iter().chain(&spectrum)).enumerate() {
        let (is, tolerance) = (sum / count, if place == 0 { 1.0 } else { 6.0 });
        assert!((is - f64::from(*should)).abs() < tolerance, "{place}: {is} for {should}");
    }
}

/// The coefficients −0.6, 0.4 and −0.1, as the direct form has them; ffmpeg's encoder finds the same octets (within 1.5).
#[test]
fn the_noise_of_a_known_filter_has_its_coefficients() {
    let mut random = Random::new(9);
    let (mut analyzer, mut past) = (NoiseAnalyzer::new(8000), [0.0; 3]);
    let samples: Vec<_> = (0..SECOND)
        .map(|_| {
            let white = (random.next() >> 48) as i16 / 64;
            let next = f64::from(white) + 0.88 * past[0] - 0.484 * past[1] + 0.1 * past[2];
            past = [next, past[0], past[1]];
            next as i16
        })
        .collect();
    analyzer.push(&samples);
    let mut payload = [0; 4];
    analyzer.payload(&mut payload);
    for (is, should) in payload[1..].iter().zip([50_u8, 178, 114]) {
        assert!(is.abs_diff(should) <= 8, "{payload:?}");
    }
    assert!((f64::from(payload[0]) + dbov(&samples)).abs() < 1.0, "{payload:?}");
}

#[test]
fn the_payload_fits_where_it_is_to_go() {
    let mut analyzer = NoiseAnalyzer::new(16_000);
    assert_eq!(analyzer.payload(&mut []), 0);
    let mut payload = [9; 14];
    assert_eq!(analyzer.payload(&mut payload), 11);
    assert_eq!(payload, [127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 9, 9, 9]);
    analyzer.push(&[i16::MIN; 16_000]);
    assert_eq!(analyzer.payload(&mut payload[..1]), 1);
    assert_eq!(payload[0], 0);
}

#[test]
fn a_change_is_smooth_and_silence_is_silent() {
    let mut generator = NoiseGenerator::new(8000, 3);
    let mut samples = [1; 160];
    generator.fill(&mut samples);
    assert_eq!(samples, [0; 160]);
    generator.set(30, &[30, 200]);
    let rises: Vec<_> = (0..10).map(|_| frame(&mut generator)).collect();
    assert!(rises[0] < rises[9] - 2.0 && (rises[9] + 30.0).abs() < 3.0, "{rises:?}");
    generator.set(127, &[]);
    (0..20).for_each(|_| generator.fill(&mut samples));
    assert_eq!(samples, [0; 160]);
}

fn frame(generator: &mut NoiseGenerator) -> f64 {
    let mut samples = [0; 160];
    generator.fill(&mut samples);
    dbov(&samples)
}

/// However wildly the spectrum turns, nothing gets louder than was asked for.
#[test]
fn no_payload_makes_it_run_away() {
    let mut random = Random::new(5);
    let mut generator = NoiseGenerator::new(8000, 5);
    let mut loudest = f64::MIN;
    for _ in 0..2000 {
        let octets = [random.next().to_le_bytes(), random.next().to_le_bytes()].concat();
        generator.set(octets[0] | 0x20, &octets[1..]);
        loudest = loudest.max(frame(&mut generator));
    }
    assert!(loudest < -24.0, "{loudest}");
}
