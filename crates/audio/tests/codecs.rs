//! Every codec, rate, interval and ptime meets every other: levels, continuity, sharing.

mod common;

use common::{Bed, Phone, opus, tone_and_rest_dbov};
use confab_audio::Tuning;
use confab_codec::{Codec, Opus};

const LEVEL: f32 = -20.0;

fn codecs() -> [Codec; 6] {
    [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::L16 { rate: 16_000 }, Codec::L16 { rate: 48_000 }, opus()]
}

/// All that a codec adds to a tone, below the tone: quantisation, and for Opus also what it takes for inaudible.
fn worst_rest(codec: Codec) -> f32 {
    match codec {
        Codec::Pcmu | Codec::Pcma => -52.0,
        Codec::G722 => -55.0,
        Codec::L16 { .. } => -75.0,
        Codec::Opus(_) => -38.0,
    }
}

#[test]
fn every_codec_is_heard_in_every_other_at_every_rate() {
    for rate in [8000, 16_000, 24_000, 32_000, 48_000] {
        let mut bed = Bed::new(rate, 20, Tuning::Fixed);
        for (leg, codec) in (1..).zip(codecs()) {
            bed.join(Phone::new(leg, codec));
        }
        for singer in 0..codecs().len() {
            let codec = codecs()[singer];
            bed.phones.iter_mut().for_each(|phone| phone.tone = None);
            bed.phones[singer].tone = Some(confab_mixer::Tone::new(codec.sample_rate(), 1000.0, LEVEL));
            bed.run(360);
            for (listener, phone) in bed.phones.iter().enumerate().filter(|(index, _)| *index != singer) {
                let (level, rest) = phone.hears(1000.0, 200);
                let what = format!("{:?} hears {codec:?} at {rate} Hz: {level} {rest}", codecs()[listener]);
                assert!((level - LEVEL).abs() < 0.5, "{what}");
                assert!(rest < worst_rest(codec).max(worst_rest(phone.codec())) + 3.0, "{what}");
            }
        }
    }
}

#[test]
fn every_interval_and_ptime() {
    let opus = |packet_ms| Codec::Opus(Opus { packet_ms, bitrate: 64_000, ..Opus::default() });
    for interval_ms in [10, 20, 30, 60] {
        for ptime_ms in [10, 20, 30, 40, 50, 60] {
            let mut bed = Bed::new(16_000, interval_ms, Tuning::Fixed);
            let has_opus = [10, 20, 40, 60].contains(&ptime_ms);
            let codecs = [Codec::Pcmu, Codec::G722, Codec::L16 { rate: 8000 }];
            for (leg, codec) in (1..).zip(codecs.into_iter().chain(has_opus.then(|| opus(ptime_ms)))) {
                bed.join(Phone::new(leg, codec).with_ptime(ptime_ms));
            }
            bed.phones[0].tone = Some(confab_mixer::Tone::new(8000, 700.0, LEVEL));
            bed.run(600);
            for phone in &bed.phones[1..] {
                let (level, rest) = phone.hears(700.0, 240);
                let what =
                    format!("{:?} every {interval_ms} ms, {ptime_ms} ms: {level} {rest}", phone.codec());
                assert!((level - LEVEL).abs() < 0.5 && rest < -38.0, "{what}");
                let units = phone.codec().clock_rate() / 1000 * u32::from(ptime_ms);
                phone.assert_continuous(units);
            }
        }
    }
}

#[test]
fn sequence_numbers_and_timestamps_wrap_unheard() {
    for codec in codecs() {
        let mut bed = Bed::new(16_000, 20, Tuning::Fixed);
        let singer = bed.join(Phone::new(1, codec).singing(700.0, LEVEL));
        let listener = bed.join(Phone::new(2, Codec::L16 { rate: 16_000 }));
        bed.phones[singer].sequence = u16::MAX - 30;
        bed.phones[singer].timestamp = u32::MAX - codec.clock_rate();
        bed.run(2000);
        let (level, rest) = tone_and_rest_dbov(bed.phones[listener].last(1600), 16_000, 700.0);
        let leg = bed.room.stop(bed.phones[singer].leg, bed.now, &mut bed.outbox).unwrap();
        let what = format!("{codec:?}: {level} {rest} {:?}", leg.stats());
        assert!((level - LEVEL).abs() < 0.5 && rest < worst_rest(codec) + 3.0, "{what}");
        assert_eq!((leg.stats().packets_lost, leg.stats().concealed), (0, 0), "{what}");
    }
}

#[test]
fn a_phone_that_begins_another_stream_is_heard_again_at_once() {
    for codec in codecs() {
        let mut bed = Bed::new(16_000, 20, Tuning::Fixed);
        let singer = bed.join(Phone::new(1, codec).singing(700.0, LEVEL));
        let listener = bed.join(Phone::new(2, Codec::L16 { rate: 16_000 }));
        bed.run(1000);
        let phone = &mut bed.phones[singer];
        (phone.ssrc, phone.sequence, phone.timestamp) = (0xdead_beef, 9, 0xfff0_0000);
        bed.run(400);
        let heard = bed.phones[listener].last(500);
        let steepest = heard.windows(2).map(|pair| pair[0].abs_diff(pair[1])).max().unwrap_or(0);
        let natural = 0.1 * f32::sqrt(2.0) * 32768.0 * std::f32::consts::TAU * 700.0 / 16_000.0;
        assert!(f32::from(steepest) < 1.5 * natural, "{codec:?}: {steepest} over {natural}");
        let (level, _) = bed.phones[listener].hears(700.0, 200);
        assert!((level - LEVEL).abs() < 0.5, "{codec:?}: {level}");
    }
}

/// All feeds of a room stay in step, also when ticks are left out.
#[test]
fn ticks_that_are_left_out_put_nobody_out_of_step() {
    let long = Codec::Opus(Opus { packet_ms: 60, bitrate: 64_000, ..Opus::default() });
    let mut bed = Bed::new(16_000, 20, Tuning::Fixed);
    bed.join(Phone::new(1, Codec::L16 { rate: 16_000 }).singing(700.0, LEVEL));
    bed.join(Phone::new(2, long).with_ptime(60));
    bed.run(300);
    bed.room.skip();
    bed.join(Phone::new(3, long).with_ptime(60).singing(500.0, LEVEL));
    bed.run(1200);
    bed.phones[2].tone = None;
    bed.run(7000);
    let last = |phone: &Phone| phone.got.last().unwrap().payload.clone();
    assert_eq!(last(&bed.phones[1]), last(&bed.phones[2]), "they share an encoder");
    bed.phones[2].assert_continuous(2880);
}

#[test]
fn all_who_hear_the_same_in_a_codec_share_its_encodes() {
    for codec in codecs() {
        let mut bed = Bed::new(16_000, 20, Tuning::Fixed);
        bed.join(Phone::new(1, Codec::Pcmu).singing(500.0, LEVEL));
        for leg in 2..22 {
            bed.join(Phone::new(leg, codec));
        }
        bed.run(700);
        let before = bed.room.encodes();
        bed.run(300);
        assert_eq!(bed.room.encodes() - before, 30, "{codec:?}: the singer's silence and the others' song");
        let (first, others) = bed.phones[1..].split_first().unwrap();
        let last = |phone: &Phone| phone.got.last().unwrap().payload.clone();
        assert!(others.iter().all(|other| last(other) == last(first)), "{codec:?}");
    }
}

#[test]
fn a_renegotiated_codec_is_heard_at_once_and_without_a_click() {
    for codec in codecs() {
        for other in codecs().into_iter().filter(|&other| other != codec) {
            let mut bed = Bed::new(16_000, 20, Tuning::Fixed);
            let singer = bed.join(Phone::new(1, codec).singing(400.0, LEVEL));
            let listener = bed.join(Phone::new(2, Codec::L16 { rate: 16_000 }));
            bed.run(300);
            bed.phones[singer].recode(other, 400.0, LEVEL);
            bed.update(singer);
            bed.run(300);
            let steepest = |pcm: &[i16]| pcm.windows(2).map(|w| (w[1] - w[0]).unsigned_abs()).max().unwrap();
            let heard = bed.phones[listener].last(400);
            let natural = 14.142 * 0.1 * 32768.0 * 0.157 / 1.414;
            let steepest = f64::from(steepest(heard));
            assert!(steepest < natural * 1.35, "{codec:?} to {other:?}: {steepest} over {natural}");
            let (level, _) = bed.phones[listener].hears(400.0, 200);
            assert!((level - LEVEL).abs() < 0.5, "{codec:?} to {other:?}: {level}");
        }
    }
}
