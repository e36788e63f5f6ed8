//! G.722 against vectors of the reference, and what its states are good for.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use confab_codec::g722::{Decoder, Encoder};

macro_rules! vector {
    ($name:literal) => {
        include_bytes!(concat!("vectors/g722/", $name))
    };
}

/// A name, what is encoded, what must come out, and what that must decode to.
type Vector = (&'static str, &'static [u8], &'static [u8], &'static [u8]);

const VECTORS: [Vector; 6] = [
    ("speech", vector!("speech.pcm"), vector!("speech.g722"), vector!("speech.decoded")),
    ("overdriven", vector!("overdriven.pcm"), vector!("overdriven.g722"), vector!("overdriven.decoded")),
    ("quiet", vector!("quiet.pcm"), vector!("quiet.g722"), vector!("quiet.decoded")),
    ("noise", vector!("noise.pcm"), vector!("noise.g722"), vector!("noise.decoded")),
    ("sweep", vector!("sweep.pcm"), vector!("sweep.g722"), vector!("sweep.decoded")),
    ("square", vector!("square.pcm"), vector!("square.g722"), vector!("square.decoded")),
];

#[test]
fn every_signal_encodes_to_the_octets_of_the_reference() {
    for (name, pcm, octets, _) in VECTORS {
        assert_same(name, &encoded(&samples(pcm)), octets);
    }
}

#[test]
fn every_octet_decodes_to_the_samples_of_the_reference() {
    let octets = ("octets", &[][..], &vector!("octets.g722")[..], &vector!("octets.decoded")[..]);
    for (name, _, octets, decoded) in VECTORS.into_iter().chain([octets]) {
        assert_same(name, &decoded_from(octets), &samples(decoded));
    }
}

/// The predictor never comes quite to rest, and must not swing itself up either.
#[test]
fn silence_stays_quiet_for_ever() {
    let decoded = decoded_from(&encoded(&[0; 160_000]));
    assert!(decoded.iter().all(|sample| sample.abs() <= 8), "{:?}", decoded.iter().max());
}

#[test]
fn where_a_stream_is_cut_makes_no_difference() {
    let (pcm, octets) = (samples(VECTORS[0].1), VECTORS[0].2);
    for samples_at_once in [2, 34, 160, 162, 320, 960] {
        let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new());
        let (mut payload, mut again) = (vec![0; octets.len()], vec![0; pcm.len()]);
        for (pcm, out) in pcm.chunks(samples_at_once).zip(payload.chunks_mut(samples_at_once / 2)) {
            assert_eq!(encoder.encode(pcm, out), pcm.len() / 2);
        }
        for (payload, out) in payload.chunks(samples_at_once / 2).zip(again.chunks_mut(samples_at_once)) {
            assert_eq!(decoder.decode(payload, out), 2 * payload.len());
        }
        assert_same("cut", &payload, octets);
        assert_same("cut", &again, &decoded_from(octets));
    }
}

#[test]
fn short_slices_are_respected() {
    let mut octets = [1; 4];
    assert_eq!(Encoder::new().encode(&[0; 5], &mut octets), 2);
    assert_eq!(octets[2..], [1, 1]);
    assert_eq!(Encoder::new().encode(&[0; 1000], &mut octets), 4);
    let mut pcm = [99; 7];
    assert_eq!(Decoder::new().decode(&[0xfa; 100], &mut pcm), 6);
    assert_eq!(pcm[6], 99);
    assert_eq!(Decoder::new().decode(&[0xfa; 2], &mut pcm), 4);
}

/// What lets members share an encoder: a copy goes on as the original would, and the state tells when two are alike.
#[test]
fn a_copy_goes_on_as_the_original_would() {
    let pcm = samples(VECTORS[0].1);
    let mut talker = Encoder::new();
    talker.encode(&pcm, &mut vec![0; pcm.len()]);
    let mut twin = talker.clone();
    assert!(twin == talker && talker != Encoder::new());
    let (mut one, mut other) = ([0; 160], [0; 160]);
    talker.encode(&pcm[..320], &mut one);
    twin.encode(&pcm[..320], &mut other);
    assert!(one == other && twin == talker);
    twin.encode(&[1, 2], &mut other);
    assert!(twin != talker);
}

/// A tone in the middle of the lower band comes back with its level, 22 samples later.
#[test]
fn a_tone_keeps_its_level_and_is_as_late_as_the_filters() {
    let wave = |n: f64| 8000.0 * (n * 1000.0 / 16_000.0 * std::f64::consts::TAU).sin();
    let pcm: Vec<_> = (0..16_000).map(|n| wave(f64::from(n)) as i16).collect();
    let decoded = decoded_from(&encoded(&pcm));
    let error = |delay: i32| -> f64 {
        (1000..16_000).map(|n| (f64::from(decoded[n as usize]) - wave(f64::from(n - delay))).powi(2)).sum()
    };
    let best = (0..16).map(|n| n + 16).min_by(|&a, &b| error(a).total_cmp(&error(b))).unwrap();
    assert_eq!(best, 22);
    let noise = (error(22) / 15_000.0).sqrt();
    assert!(noise < 100.0, "{noise}");
}

fn encoded(pcm: &[i16]) -> Vec<u8> {
    let mut octets = vec![0; pcm.len() / 2];
    assert_eq!(Encoder::new().encode(pcm, &mut octets), octets.len());
    octets
}

fn decoded_from(octets: &[u8]) -> Vec<i16> {
    let mut pcm = vec![0; 2 * octets.len()];
    assert_eq!(Decoder::new().decode(octets, &mut pcm), pcm.len());
    pcm
}

fn samples(file: &[u8]) -> Vec<i16> {
    file.as_chunks().0.iter().map(|&octets| i16::from_le_bytes(octets)).collect()
}

/// Equal, or the place where they part is told and not all of both.
fn assert_same<T: PartialEq + std::fmt::Debug>(name: &str, is: &[T], should: &[T]) {
    assert_eq!(is.len(), should.len(), "{name}");
    let parted = is.iter().zip(should).position(|(is, should)| is != should);
    assert!(parted.is_none(), "{name}: differs from {parted:?} on");
}
