use super::*;
use std::f64::consts::TAU;

const LEVEL: f64 = 10_000.0;

fn sine(rate: u32, frequency: f64, len: usize) -> Vec<i16> {
    (0..len).map(|n| (LEVEL * (TAU * frequency * n as f64 / f64::from(rate)).sin()).round() as i16).collect()
}

/// Half a second of a tone through the resampler in frames of 10 ms; the first 20 ms, in which it begins, are left out.
fn through(from: u32, to: u32, frequency: f64) -> Vec<i16> {
    let mut resampler = Resampler::new(from, to).unwrap();
    let mut out = vec![0; to as usize / 2];
    let frames = sine(from, frequency, from as usize / 2);
    for (frame, out) in frames.chunks(from as usize / 100).zip(out.chunks_mut(to as usize / 100)) {
        assert_eq!(resampler.process(frame, out), out.len());
    }
    out.split_off(to as usize / 50)
}

/// Amplitude and phase (of a sine, at the first sample) of the tone, and the root mean square of all else.
fn analysed(samples: &[i16], rate: u32, frequency: f64) -> (f64, f64, f64) {
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (n, &sample) in samples.iter().enumerate() {
        let (s, c) = (TAU * frequency * n as f64 / f64::from(rate)).sin_cos();
        sine += f64::from(sample) * s;
        cosine += f64::from(sample) * c;
    }
    let half = samples.len() as f64 / 2.0;
    let (sine, cosine) = (sine / half, cosine / half);
    let rest = |(n, &sample): (usize, &i16)| {
        let (s, c) = (TAU * frequency * n as f64 / f64::from(rate)).sin_cos();
        (f64::from(sample) - sine * s - cosine * c).powi(2)
    };
    let rest = (samples.iter().enumerate().map(rest).sum::<f64>() / (2.0 * half)).sqrt();
    (sine.hypot(cosine), cosine.atan2(sine), rest)
}

fn pairs() -> impl Iterator<Item = (u32, u32)> {
    RATES.into_iter().flat_map(|from| RATES.map(|to| (from, to))).filter(|(from, to)| from != to)
}

/// What is flat to 0.5 dB: 3.4 kHz of a telephone, 0.85 of the band above.
fn passband(lower: u32) -> f64 {
    f64::from(lower) / 2.0 * 0.85
}

#[test]
fn the_passband_keeps_its_level_and_nothing_is_added() {
    for (from, to) in pairs() {
        for share in [0.05, 0.26, 0.5, 0.74, 1.0] {
            let frequency = (passband(from.min(to)) * share / 50.0).round() * 50.0;
            let (level, _, rest) = analysed(&through(from, to, frequency), to, frequency);
            let decibels = 20.0 * (level / LEVEL).log10();
            assert!(decibels.abs() < 0.5, "{from} to {to}, {frequency} Hz: {decibels} dB");
            let spurious = 20.0 * (rest / (LEVEL / f64::sqrt(2.0))).log10();
            assert!(spurious < -66.0, "{from} to {to}, {frequency} Hz: {spurious} dB");
        }
    }
}

#[test]
fn what_the_lower_rate_cannot_carry_is_filtered_out() {
    for (from, to) in pairs().filter(|(from, to)| from > to) {
        let frequency = (f64::from(to) * 0.7 / 50.0).round() * 50.0;
        let out = through(from, to, frequency);
        let (_, _, rest) = analysed(&out, to, 50.0);
        assert!(20.0 * (rest / LEVEL).log10() < -50.0, "{from} to {to}: {rest}");
    }
}

#[test]
fn the_delay_is_as_told() {
    for (from, to) in pairs() {
        let frequency = 100.0;
        let (_, phase, _) = analysed(&through(from, to, frequency), to, frequency);
        // The tone starts at phase 0, and what was left out is two of its periods.
        let delay = -phase / TAU / frequency * 1e6;
        let told = f64::from(Resampler::new(from, to).unwrap().delay_us());
        assert!((delay - told).abs() < 15.0, "{from} to {to}: {delay} µs, not {told}");
    }
}

#[test]
fn equal_rates_pass_unchanged() {
    let mut resampler = Resampler::new(16_000, 16_000).unwrap();
    let mut out = [0; 3];
    assert_eq!((resampler.process(&[1, 2, 3, 4], &mut out), out), (3, [1, 2, 3]));
    assert_eq!(resampler.delay_us(), 0);
}

#[test]
fn one_that_was_primed_goes_on_as_the_other_would() {
    for (from, to) in pairs() {
        let (half, frame) = (from as usize / 4, from as usize / 100);
        let tone = sine(from, 440.0, from as usize / 2);
        let [mut before, mut after] = [(); 2].map(|()| Resampler::new(from, to).unwrap());
        let mut expected = vec![0; to as usize / 2];
        before.process(&tone, &mut expected);
        after.process(&vec![9000; 2 * frame], &mut vec![0; to as usize / 50]);
        after.prime(&tone[half - frame..half]);
        let mut out = vec![0; to as usize / 4];
        after.process(&tone[half..], &mut out);
        assert_eq!(out, expected[to as usize / 4..], "{from} to {to}");
    }
}

#[test]
fn full_scale_does_not_wrap_and_odd_lengths_are_cut() {
    let loud = [i16::MIN; 80].into_iter().chain([i16::MAX; 80]).collect::<Vec<_>>();
    let mut out = [0; 960];
    let mut resampler = Resampler::new(8000, 48_000).unwrap();
    assert_eq!(resampler.process(&loud, &mut out), 960);
    let (low, high) = (out[200..500].iter().max(), out[700..].iter().min());
    assert!(low < Some(&-20_000) && high > Some(&20_000), "{low:?} {high:?}");
    assert_eq!(resampler.process(&loud[..79], &mut out), 240);
    assert_eq!(resampler.process(&loud[..39], &mut out), 0);
    assert_eq!(resampler.process(&loud, &mut out[..500]), 480);
}

#[test]
fn other_rates_are_refused() {
    assert!(Resampler::new(0, 8000).is_err() && Resampler::new(8000, 44_100).is_err());
}
