//! Keys: what one digit costs the matcher, and 20 ms of audio the detector of tones.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;

use confab_conference::{KeyMap, Matcher};
use confab_mixer::Tone;
use confab_mixer::dtmf::Detector;
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
                for digit in black_box(digits).chars() {
                    matcher.push(digit);
                    fired.extend(std::iter::from_fn(|| matcher.fire(false)).flatten());
                }
                black_box(fired.len())
            });
        });
    }
    group.finish();
}

const FORTY: &str = "0123456789*1*2#*9**0123456789*1*2#*9**00";

fn detector(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("detector of digits, 20 ms");
    for rate in [8000, 16_000, 48_000] {
        for (name, level_dbov) in [("silence", -80.0), ("a digit", -15.0)] {
            let mut frames = vec![0; rate as usize / 5];
            Tone::dtmf(rate, '5', level_dbov).expect("a digit").fill(&mut frames);
            let (mut detector, mut frames) = (Detector::new(rate), frames.chunks(rate as usize / 50).cycle());
            group.bench_function(format!("{name}, {rate} Hz"), |bencher| {
                bencher.iter(|| detector.push(black_box(frames.next().unwrap_or_default())));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, keys, detector);
criterion_main!(benches);
