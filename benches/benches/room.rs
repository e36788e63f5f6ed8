//! One tick of whole rooms, packets in to packets out, without the sockets.

mod support;

use confab_codec::{Codec, Opus};
use criterion::{Criterion, criterion_group, criterion_main};

use support::Hall;

const TALKERS: usize = 3;

fn rooms(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a tick of a room of 100, 3 talkers");
    let opus = Codec::Opus(Opus::default());
    group.bench_function("G.711, 8 kHz", |bencher| {
        let mut hall = Hall::new(8000, &[Codec::Pcmu; 100], TALKERS);
        bencher.iter(|| hall.tick());
    });
    // One talker of each codec.
    let mut mixed = vec![Codec::Pcmu, Codec::G722, opus];
    mixed.extend([Codec::Pcmu; 39].iter().chain(&[Codec::G722; 29]).chain(&[opus; 29]));
    group.bench_function("40 G.711, 30 G.722, 30 Opus, 48 kHz", |bencher| {
        let mut hall = Hall::new(48_000, &mixed, TALKERS);
        bencher.iter(|| hall.tick());
    });
}

criterion_group!(benches, rooms);
criterion_main!(benches);
