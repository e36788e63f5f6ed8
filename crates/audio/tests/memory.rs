//! What a leg costs in memory, all told: what it brings and what the room grows by.

mod common;

use allocation_counter::measure;
use common::{Bed, Phone, opus};
use confab_audio::Tuning;
use confab_codec::Codec;

/// Octets that one leg more takes, in a room that has some already.
fn octets_per_leg(codec: Codec, rate: u32, tuning: Tuning) -> i64 {
    const LEGS: u64 = 64;
    let mut bed = Bed::new(rate, 20, tuning);
    let counted = measure(|| {
        for leg in 0..LEGS {
            bed.join(Phone::new(leg, codec));
        }
    });
    let phones = measure(|| std::mem::forget(Vec::from_iter((0..LEGS).map(|leg| Phone::new(leg, codec)))));
    (counted.bytes_current - phones.bytes_current) / LEGS as i64
}

#[test]
fn a_leg_is_light() {
    let table = [
        (Codec::Pcmu, 8000, Tuning::Fixed, 24),
        (Codec::Pcmu, 16_000, Tuning::Fixed, 48),
        (Codec::G722, 16_000, Tuning::Fixed, 32),
        (opus(), 16_000, Tuning::Fixed, 64),
        (opus(), 48_000, Tuning::Fixed, 96),
    ];
    for (codec, rate, tuning, most_kib) in table {
        let octets = octets_per_leg(codec, rate, tuning);
        println!("{codec:?} at {rate} Hz, {tuning:?}: {octets} octets");
        assert!(octets > 1000 && octets <= most_kib * 1024, "{codec:?} at {rate} Hz: {octets} octets");
    }
}
