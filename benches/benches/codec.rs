//! Frames of 20 ms through the codecs, the concealment and the noise.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use confab_codec::{ComfortNoise, Concealer, Law};
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

fn concealment(c: &mut Criterion) {
    let mut frame = [0; FRAME];
    ComfortNoise::new(4, 8000, 1).fill(&mut frame);
    let mut concealer = Concealer::new(8000);
    c.bench_function("concealment/good frame", |b| b.iter(|| concealer.good(black_box(&mut frame))));
    c.bench_function("concealment/lost frame and the next", |b| {
        b.iter(|| {
            concealer.conceal(black_box(&mut frame));
            concealer.good(black_box(&mut frame));
        });
    });
}

fn comfort_noise(c: &mut Criterion) {
    let mut frame = [0; FRAME];
    let mut noise = ComfortNoise::new(1400, 8000, 1);
    c.bench_function("comfort noise", |b| b.iter(|| noise.fill(black_box(&mut frame))));
}

criterion_group!(benches, g711, concealment, comfort_noise);
criterion_main!(benches);
