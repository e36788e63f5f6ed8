//! Frames of 20 ms through the codecs, the concealment and the noise.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use confab_codec::comfort_noise::{NoiseAnalyzer, NoiseGenerator};
use confab_codec::stretch::{Audible, shorten};
use confab_codec::{Codec, ComfortNoise, Concealer, Decoder, Encoder, Law, Opus, Resampler, g722, l16};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

const FRAME: usize = 160;

fn g711(c: &mut Criterion) {
    let mut group = c.benchmark_group("g711");
    group.throughput(Throughput::Elements(FRAME as u64));
    let mut pcm = [0; FRAME];
    ComfortNoise::new(4, 8000, 1).fill(&mut pcm);
    let mut payload = [0; FRAME];
    for law in [Law::Mu, Law::A] {
        group.bench_function(format!("encode {law:?}"), |b| {
            b.iter(|| law.encode(black_box(&pcm), black_box(&mut payload)));
        });
        group.bench_function(format!("decode {law:?}"), |b| {
            b.iter(|| law.decode(black_box(&payload), black_box(&mut pcm)));
        });
    }
}

/// 20 ms at 16 kHz are two frames of samples, and one of octets.
fn g722(c: &mut Criterion) {
    let mut group = c.benchmark_group("g722");
    group.throughput(Throughput::Elements(FRAME as u64));
    let (mut pcm, mut payload) = ([0; 2 * FRAME], [0; FRAME]);
    ComfortNoise::new(4, 16_000, 1).fill(&mut pcm);
    let (mut encoder, mut decoder) = (g722::Encoder::new(), g722::Decoder::new());
    group.bench_function("encode", |b| b.iter(|| encoder.encode(black_box(&pcm), black_box(&mut payload))));
    group.bench_function("decode", |b| b.iter(|| decoder.decode(black_box(&payload), black_box(&mut pcm))));
}

fn l16(c: &mut Criterion) {
    let mut group = c.benchmark_group("l16");
    group.throughput(Throughput::Elements(2 * FRAME as u64));
    let (mut pcm, mut payload) = ([0; 2 * FRAME], [0; 4 * FRAME]);
    ComfortNoise::new(4, 16_000, 1).fill(&mut pcm);
    group.bench_function("encode", |b| b.iter(|| l16::encode(black_box(&pcm), black_box(&mut payload))));
    group.bench_function("decode", |b| b.iter(|| l16::decode(black_box(&payload), black_box(&mut pcm))));
}

/// 20 ms at 48 kHz, 24 kbit/s with FEC, by complexity; then what a lost frame costs.
fn opus(c: &mut Criterion) {
    let mut group = c.benchmark_group("opus");
    let (mut pcm, mut payload) = ([0; 960], [0; 1500]);
    ComfortNoise::new(4, 48_000, 1).fill(&mut pcm);
    for complexity in [0, 5, 10] {
        let codec = Codec::Opus(Opus { bitrate: 24_000, complexity, expected_loss: 10, ..Opus::default() });
        let mut encoder = Encoder::new(codec, 48_000).expect("Opus runs at 48 kHz");
        let mut decoder = Decoder::new(codec, 48_000).expect("Opus runs at 48 kHz");
        let mut octets = 0;
        group.bench_function(format!("encode {complexity}"), |b| {
            b.iter(|| octets = encoder.encode(black_box(&pcm), black_box(&mut payload)));
        });
        if complexity == 5 {
            let packet = &payload[..octets];
            group.bench_function("decode", |b| {
                b.iter(|| decoder.decode(black_box(packet), black_box(&mut pcm)))
            });
            group.bench_function("recover", |b| {
                b.iter(|| decoder.recover(black_box(packet), black_box(&mut pcm)))
            });
            group.bench_function("conceal", |b| b.iter(|| decoder.conceal(black_box(&mut pcm))));
            ComfortNoise::new(4, 48_000, 1).fill(&mut pcm);
        }
    }
}

fn resampling(c: &mut Criterion) {
    let mut group = c.benchmark_group("resample");
    let (input, mut out) = ([1000; 960], [0; 960]);
    for (from, to) in
        [(8000, 16_000), (16_000, 8000), (8000, 48_000), (48_000, 8000), (16_000, 48_000), (48_000, 16_000)]
    {
        let mut resampler = Resampler::new(from, to).expect("rates of rooms");
        let input = &input[..from as usize / 50];
        group.bench_function(format!("{from} to {to}"), |b| {
            b.iter(|| resampler.process(black_box(input), black_box(&mut out)));
        });
    }
}

fn stretching(c: &mut Criterion) {
    let mut loud = [0; 960];
    ComfortNoise::new(4, 48_000, 1).fill(&mut loud);
    for rate in [8000, 48_000] {
        let frame = &mut loud[..rate as usize / 50];
        c.bench_function(&format!("stretch/look for a period at {rate}"), |b| {
            b.iter(|| shorten(black_box(frame), rate, Audible::Never));
        });
    }
}

fn concealment(c: &mut Criterion) {
    let mut frame = [0; FRAME];
    ComfortNoise::new(4, 8000, 1).fill(&mut frame);
    let mut concealer = Concealer::new(8000);
    c.bench_function("concealment/good frame", |b| b.iter(|| concealer.good(black_box(&mut frame))));
    let mut heard = frame;
    c.bench_function("concealment/lost frame and the next", |b| {
        b.iter(|| {
            concealer.conceal(black_box(&mut heard));
            heard = frame;
            concealer.good(black_box(&mut heard));
        });
    });
}

fn comfort_noise(c: &mut Criterion) {
    let mut frame = [0; FRAME];
    let mut noise = ComfortNoise::new(1400, 8000, 1);
    c.bench_function("comfort noise", |b| b.iter(|| noise.fill(black_box(&mut frame))));
    let (mut generator, mut analyzer) = (NoiseGenerator::new(8000, 1), NoiseAnalyzer::new(8000));
    generator.set(50, &[40, 170, 110, 140, 127, 100, 127, 127, 150, 127]);
    c.bench_function("comfort noise/of a spectrum", |b| b.iter(|| generator.fill(black_box(&mut frame))));
    c.bench_function("comfort noise/measured", |b| b.iter(|| analyzer.push(black_box(&frame))));
}

criterion_group!(benches, g711, g722, l16, concealment, comfort_noise, opus, resampling, stretching);
criterion_main!(benches);
