use super::*;
use crate::{ComfortNoise, Decoder, Opus};
use std::f64::consts::TAU;

/// A tone of −20 dBov and 1 kHz.
fn tone(rate: u32, len: usize) -> Vec<i16> {
    (0..len).map(|n| (4634.0 * (TAU * 1000.0 * n as f64 / f64::from(rate)).sin()) as i16).collect()
}

fn noise(len: usize) -> Vec<i16> {
    let mut samples = vec![0; len];
    ComfortNoise::new(8, 8000, 5).fill(&mut samples);
    samples
}

/// Where a 5 ms window differs most from the steady tone, as dBov, before and after frame `at`.
fn residuals(heard: &[i16], rate: u32, frame: usize, at: usize) -> (f64, f64) {
    let turn = |n: usize| (TAU * 1000.0 * n as f64 / f64::from(rate)).sin_cos();
    let steady = (at - 25) * frame..at * frame;
    let (mut sine, mut cosine) = (0.0, 0.0);
    for n in steady.clone() {
        sine += f64::from(heard[n]) * turn(n).0 * 2.0 / steady.len() as f64;
        cosine += f64::from(heard[n]) * turn(n).1 * 2.0 / steady.len() as f64;
    }
    let rest = |n: usize| (f64::from(heard[n]) - sine * turn(n).0 - cosine * turn(n).1) / 32_768.0;
    let window = frame / 4;
    let level = |start: usize| {
        let mean = (start..start + window).map(|n| rest(n).powi(2)).sum::<f64>() / window as f64;
        10.0 * (mean + 1e-12).log10()
    };
    let worst = |range: std::ops::Range<usize>| range.step_by(window).map(level).fold(f64::MIN, f64::max);
    (worst(steady), worst(at * frame..(at + 5) * frame))
}

/// Residuals of a tone at a hand-over between an encoder and one that coded noise until then.
fn hand_over(codec: Codec) -> (f64, f64) {
    const AT: usize = 60;
    let rate = codec.sample_rate();
    let frame = rate as usize / 50;
    let tone = tone(rate, frame * (AT + 10));
    let [mut encoder, mut other] = [(); 2].map(|()| Encoder::new(codec, rate).unwrap());
    let mut decoder = Decoder::new(codec, rate).unwrap();
    let (mut payload, mut heard) = ([0; 4000], vec![0; tone.len()]);
    noise(20 * frame).chunks(frame).for_each(|pcm| _ = other.encode(pcm, &mut payload));
    for (n, (pcm, out)) in tone.chunks(frame).zip(heard.chunks_mut(frame)).enumerate() {
        if n == AT {
            let primed = (codec.prime_ms() * rate / 1000) as usize;
            other.take_over(&encoder, &tone[AT * frame - primed..AT * frame]);
            std::mem::swap(&mut encoder, &mut other);
        }
        let octets = encoder.encode(pcm, &mut payload);
        decoder.decode(&payload[..octets], out).unwrap();
    }
    residuals(&heard, rate, frame, AT)
}

#[test]
fn where_the_state_is_copied_nothing_is_heard_of_a_hand_over() {
    for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::L16 { rate: 16_000 }] {
        let (before, after) = hand_over(codec);
        assert!(after <= before + 0.1, "{codec:?}: {after} dBov after {before}");
    }
}

#[test]
fn opus_hands_over_within_its_own_measured_bounds() {
    for (bitrate, complexity, bound) in
        [(24_000, 5, -40.0), (24_000, 0, -36.0), (64_000, 5, -42.0), (64_000, 0, -40.0)]
    {
        let codec = Codec::Opus(Opus { bitrate, complexity, ..Opus::default() });
        let (before, after) = hand_over(codec);
        assert!(after < bound, "{bitrate} bit/s, complexity {complexity}: {after} dBov after {before}");
    }
}

#[test]
fn twins_are_known() {
    let new = |codec: Codec| Encoder::new(codec, codec.sample_rate()).unwrap();
    let opus = Codec::Opus(Opus::default());
    assert!(new(Codec::Pcmu).is_twin_of(&new(Codec::Pcmu)));
    assert!(!new(Codec::Pcmu).is_twin_of(&new(Codec::Pcma)));
    assert!(new(Codec::L16 { rate: 8000 }).is_twin_of(&new(Codec::L16 { rate: 8000 })));
    assert!(!new(opus).is_twin_of(&new(opus)));
    let (mut one, mut other) = (new(Codec::G722), new(Codec::G722));
    let (pcm, mut payload) = (noise(320), [0; 160]);
    one.encode(&pcm, &mut payload);
    assert!(!one.is_twin_of(&other));
    other.take_over(&one, &[]);
    assert!(one.is_twin_of(&other));
}

/// Two G.722 encoders hear a tone and noise, then `sound`; a decoder is moved from one to the other when they may be
/// merged. How it differs in the 20 ms behind that from one that always followed the other, dBov.
fn merged(sound: &[i16]) -> f64 {
    let [mut one, mut other] = [(); 2].map(|()| Encoder::new(Codec::G722, 16_000).unwrap());
    let [mut moved, mut steady] = [(); 2].map(|()| Decoder::new(Codec::G722, 16_000).unwrap());
    let (mut first, mut second) = ([0; 160], [0; 160]);
    let (mut heard, mut expected) = ([0; 320], [0; 320]);
    let at = 20 + (Codec::G722.merge_ms() / 20) as usize;
    let before = tone(16_000, 6400).into_iter().zip(noise(6400));
    let (tone, noise): (Vec<i16>, Vec<i16>) =
        before.chain(sound.iter().map(|&sample| (sample, sample))).unzip();
    for (n, (a, b)) in tone.chunks(320).zip(noise.chunks(320)).take(at + 1).enumerate() {
        one.encode(a, &mut first);
        other.encode(b, &mut second);
        moved.decode(if n < at { &first } else { &second }, &mut heard).unwrap();
        steady.decode(&second, &mut expected).unwrap();
    }
    let error = |(a, b): (&i16, &i16)| (f64::from(a - b) / 32_768.0).powi(2);
    10.0 * (heard.iter().zip(&expected).map(error).sum::<f64>() / 320.0 + 1e-12).log10()
}

#[test]
fn g722_encoders_of_one_sound_are_soon_alike() {
    let (tone, silence) = (merged(&tone(16_000, 320 * 50)), merged(&[0; 320 * 50]));
    assert!(tone < -42.0 && silence < -60.0, "{tone} and {silence} dBov");
}
