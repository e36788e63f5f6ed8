//! A room changes its rate while a tone passes through it.

mod common;

use common::{Bed, Phone, opus, tone_and_rest_dbov};
use confab_audio::Tuning;
use confab_codec::Codec;

const FREQUENCY: f32 = 440.0;

/// What a listener heard in 400 ms around a change of the room's rate.
struct Heard {
    level: f32,
    /// All that is not one sine throughout, dBov: clicks, and every ms that is lost or heard twice.
    rest: f32,
    /// The largest step between two samples, over that of the sine.
    steepest: f64,
}

fn around_change(singer: Codec, listener: Codec, from: u32, to: u32) -> Heard {
    let mut bed = Bed::new(from, 20, Tuning::Auto);
    bed.join(Phone::new(1, singer).singing(FREQUENCY, -20.0));
    let phone = bed.join(Phone::new(2, listener));
    bed.run(1000);
    bed.retune(to);
    bed.run(200);
    bed.phones[phone].assert_continuous(listener.clock_rate() / 50);
    let pcm = bed.phones[phone].last(400);
    let (level, rest) = tone_and_rest_dbov(pcm, listener.sample_rate(), FREQUENCY);
    let steepest = pcm.windows(2).map(|pair| pair[0].abs_diff(pair[1])).max().unwrap_or(0);
    let angle = std::f64::consts::TAU * f64::from(FREQUENCY) / f64::from(listener.sample_rate());
    let natural = 0.1 * f64::sqrt(2.0) * 32768.0 * angle;
    Heard { level, rest, steepest: f64::from(steepest) / natural }
}

#[test]
fn a_tone_passes_through_a_change_without_a_seam() {
    let [narrow, wide] = [8000, 16_000].map(|rate| Codec::L16 { rate });
    for (from, to) in [(8000, 16_000), (16_000, 8000), (16_000, 48_000), (48_000, 8000), (24_000, 32_000)] {
        for (singer, listener) in [(narrow, narrow), (narrow, wide), (wide, narrow), (wide, wide)] {
            let Heard { level, rest, steepest } = around_change(singer, listener, from, to);
            let what = format!("{singer:?} to {listener:?}, {from} to {to} Hz: {level} {rest} dBov");
            assert!((level + 20.0).abs() < 0.1 && rest < -60.0 && steepest < 1.1, "{what}");
        }
    }
}

#[test]
fn opus_passes_through_a_change_without_a_click() {
    let wide = Codec::L16 { rate: 16_000 };
    for (from, to) in [(8000, 48_000), (48_000, 16_000), (16_000, 24_000)] {
        for (singer, listener) in [(opus(), wide), (wide, opus()), (opus(), opus())] {
            let Heard { level, rest, steepest } = around_change(singer, listener, from, to);
            let what =
                format!("{singer:?} to {listener:?}, {from} to {to} Hz: {level} {rest} dBov, {steepest}");
            println!("{what}");
            // The coder itself leaves −42 to −55.
            assert!((level + 20.0).abs() < 0.2 && rest < -41.0 && steepest < 1.2, "{what}");
        }
    }
}

/// Who is left follows feeds whose places are beyond those of a room that is made for him alone.
#[test]
fn those_who_stay_hear_each_other_after_others_have_left() {
    let mut bed = Bed::new(16_000, 20, Tuning::Auto);
    for leg in 1..=5 {
        bed.join(Phone::new(leg, Codec::G722).singing(300.0 + 100.0 * leg as f32, -20.0));
    }
    bed.run(500);
    (0..3).for_each(|_| bed.leave(0));
    bed.retune(8000);
    bed.run(500);
    for (phone, frequency) in [(0, 800.0), (1, 700.0)] {
        let (level, _) = bed.phones[phone].hears(frequency, 200);
        assert!((level + 20.0).abs() < 0.5, "phone {phone}: {level} dBov");
        bed.phones[phone].assert_continuous(160);
    }
}
