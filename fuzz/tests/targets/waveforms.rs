use confab_codec::comfort_noise::{MAX_COEFFICIENTS, NoiseAnalyzer, NoiseGenerator};
use confab_codec::{g722, l16};

#[test]
fn g722() {
    confab_fuzz::run("corpus/audio", |payload| {
        let (mut whole, mut parts) = (vec![0; 2 * payload.len() + 1], vec![0; 2 * payload.len() + 1]);
        assert_eq!(g722::Decoder::new().decode(payload, &mut whole), 2 * payload.len());
        let mut decoder = g722::Decoder::new();
        for (payload, out) in payload.chunks(33).zip(parts.chunks_mut(66)) {
            decoder.decode(payload, out);
        }
        assert_eq!(whole, parts);
        let mut octets = vec![0; payload.len()];
        assert_eq!(g722::Encoder::new().encode(&whole, &mut octets), payload.len());
    });
}

#[test]
fn l16() {
    confab_fuzz::run("corpus/audio", |payload| {
        let mut pcm = vec![0; payload.len()];
        let count = l16::decode(payload, &mut pcm);
        assert_eq!(count, payload.len() / 2);
        let mut octets = vec![0; payload.len()];
        assert_eq!(l16::encode(&pcm[..count], &mut octets), 2 * count);
        assert_eq!(octets[..2 * count], payload[..2 * count]);
    });
}

/// Noise is as loud as its payload says, and what is measured of it is a payload again.
#[test]
fn comfort_noise() {
    confab_fuzz::run("corpus/audio", |payload| {
        let Some((&level, spectrum)) = payload.split_first() else { return };
        let mut generator = NoiseGenerator::new(8000, 1);
        let mut analyzer = NoiseAnalyzer::new(8000);
        let mut samples = [0; 160];
        for _ in 0..8 {
            generator.set(level, spectrum);
            generator.fill(&mut samples);
            analyzer.push(&samples);
        }
        let mut sent = [0; 1 + MAX_COEFFICIENTS];
        assert_eq!(analyzer.payload(&mut sent), sent.len());
        assert!(i32::from(sent[0]) >= i32::from(level & 0x7f).min(127) - 12, "{} for {level}", sent[0]);
    });
}
