//! The key matcher: what one digit of one member costs.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;

use confab_conference::{KeyMap, Matcher};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const CONTROLS: [(&str, &str); 13] = [
    ("0", "mute"),
    ("9", "energy up"),
    ("8", "energy equ"),
    ("7", "energy dn"),
    ("3", "vol talk up"),
    ("2", "vol talk zero"),
    ("1", "vol talk dn"),
    ("6", "vol listen up"),
    ("5", "vol listen zero"),
    ("4", "vol listen dn"),
    ("#", "hangup"),
    ("*1", "invite"),
    ("*2", "cancel last invite"),
];

fn matcher() -> Matcher {
    let bindings = CONTROLS.into_iter().map(|(keys, action)| (keys, vec![action]));
    Matcher::new(KeyMap::new(bindings).expect("the tutorial's controls"))
}

fn keys(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("keys");
    for (name, digits) in
        [("control", "0"), ("sequence", "*1"), ("no match", "*9**#"), ("forty digits", FORTY)]
    {
        let (mut matcher, mut fired) = (matcher(), Vec::with_capacity(64));
        group.throughput(Throughput::Elements(digits.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                fired.clear();
                black_box(digits).chars().for_each(|digit| matcher.push(digit, &mut fired));
                black_box(fired.len())
            });
        });
    }
    group.finish();
}

const FORTY: &str = "0123456789*1*2#*9**0123456789*1*2#*9**00";

criterion_group!(benches, keys);
criterion_main!(benches);
