//! One tick of whole rooms, packets in to packets out, without the sockets.

mod support;

use std::time::{Duration, Instant};

use confab_codec::{Codec, Opus};
use criterion::{Bencher, Criterion, criterion_group, criterion_main};

use support::Hall;

const TALKERS: usize = 3;

fn rooms(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a tick of a room of 100, 3 talkers");
    let opus = Codec::Opus(Opus::default());
    group.bench_function("G.711, 8 kHz", |bencher| {
        let mut hall = Hall::new(8000, &[Codec::Pcmu; 100], TALKERS);
        bencher.iter(|| {
            hall.speak();
            hall.serve();
        });
    });
    // One talker of each codec.
    let mut mixed = vec![Codec::Pcmu, Codec::G722, opus];
    mixed.extend([Codec::Pcmu; 39].iter().chain(&[Codec::G722; 29]).chain(&[opus; 29]));
    group.bench_function("40 G.711, 30 G.722, 30 Opus, 48 kHz", |bencher| {
        let mut hall = Hall::new(48_000, &mixed, TALKERS);
        bencher.iter(|| {
            hall.speak();
            hall.serve();
        });
    });
}

/// The two halves of it: what a packet does when it is read, and what a tick does.
fn halves(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("halves of a tick of a room of 100 in G.711");
    group.bench_function("packets received", |bencher| timed(bencher, Hall::receive, |_| {}, Hall::tick));
    group.bench_function("played, mixed and sent", |bencher| {
        timed(bencher, Hall::tick, Hall::receive, |_| {});
    });
}

/// Times one half of each round, and does what comes before and after it.
fn timed(bencher: &mut Bencher<'_>, half: fn(&mut Hall), before: fn(&mut Hall), after: fn(&mut Hall)) {
    let mut hall = Hall::new(8000, &[Codec::Pcmu; 100], TALKERS);
    bencher.iter_custom(|rounds| {
        let mut spent = Duration::ZERO;
        for _ in 0..rounds {
            hall.speak();
            before(&mut hall);
            let start = Instant::now();
            half(&mut hall);
            spent += start.elapsed();
            after(&mut hall);
        }
        spent
    });
}

criterion_group!(benches, rooms, halves);
criterion_main!(benches);
