//! Senders that pause, and ours: comfort noise, discontinuous transmission, levels told with packets.

mod common;

use common::{Bed, NOISE_PAYLOAD_TYPE, PAYLOAD_TYPE, Phone};
use confab_audio::{LegId, Tuning};
use confab_codec::{Codec, Opus};
use confab_mixer::{Control, level_dbov};

const L16: Codec = Codec::L16 { rate: 16_000 };

#[test]
fn described_noise_is_heard_while_the_sender_pauses() {
    let mut bed = Bed::new(16_000, 20, Tuning::Fixed);
    let singer = bed.join(Phone::new(1, Codec::Pcmu).singing(500.0, -20.0));
    let listener = bed.join(Phone::new(2, L16));
    bed.run(500);
    let tone = bed.phones[singer].tone.take();
    let noise = bed.phones[singer].datagram(NOISE_PAYLOAD_TYPE, &[50]);
    bed.deliver(singer, &noise);
    bed.run(1000);
    let level = level_dbov(bed.phones[listener].last(500));
    assert!((level + 50.0).abs() < 3.0, "noise of −50 dBov sounds as {level}");

    bed.phones[singer].tone = tone;
    bed.run(500);
    let (level, _) = bed.phones[listener].hears(500.0, 200);
    assert!((level + 20.0).abs() < 0.5, "{level}");
    let index = bed.room.index_of(bed.phones[singer].leg).unwrap();
    let leg = bed.room.stop(bed.phones[singer].leg, bed.now, &mut bed.outbox).unwrap();
    assert_eq!((index, leg.stats().packets_lost), (0, 0), "a pause is no loss");
}

#[test]
fn silence_is_sent_as_comfort_noise_if_that_was_agreed() {
    let mut bed = Bed::new(8000, 20, Tuning::Fixed);
    let singer = bed.join(Phone::new(1, Codec::Pcma));
    let mut phone = Phone::new(2, Codec::Pcma);
    phone.stream.send_comfort_noise = Some(NOISE_PAYLOAD_TYPE);
    let listener = bed.join(phone);
    bed.run(3000);
    let heard = &bed.phones[listener].got;
    let noise = heard.iter().filter(|got| got.payload_type == NOISE_PAYLOAD_TYPE).count();
    assert_eq!((heard.len() - noise, noise), (10, 3), "200 ms of silence, then one packet a second");
    assert_eq!(bed.phones[singer].got.len(), 150, "others get audio all the time");
    let marked = heard.iter().filter(|got| got.marker).count();
    assert!(marked == 1 && heard[0].marker, "comfort noise begins no talk spurt");
    for pair in heard.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
    }

    let start = bed.phones[listener].got[0].timestamp;
    bed.phones[singer].tone = Some(confab_mixer::Tone::new(8000, 500.0, -20.0));
    bed.run(500);
    let phone = &bed.phones[listener];
    let (level, _) = phone.hears(500.0, 200);
    assert!((level + 20.0).abs() < 0.5, "{level}");
    let last = phone.got.last().unwrap();
    assert_eq!(last.timestamp.wrapping_sub(start), 3480 * 8, "timestamps are elapsed media time");
    let first = phone.got.iter().skip(13).find(|got| got.payload_type == PAYLOAD_TYPE).unwrap();
    assert!(first.marker, "a talk spurt after silence");
}

/// The jitter buffer holds the first packets of speech back: the noise goes on for as long.
#[test]
fn described_noise_goes_on_until_the_next_speech_is_played() {
    let mut bed = Bed::new(8000, 20, Tuning::Fixed);
    let singer = bed.join(Phone::new(1, Codec::Pcmu).singing(500.0, -20.0));
    let listener = bed.join(Phone::new(2, Codec::L16 { rate: 8000 }));
    bed.phones[singer].held_back = Some((5, 60));
    bed.run(3000);
    let tone = bed.phones[singer].tone.take();
    let noise = bed.phones[singer].datagram(NOISE_PAYLOAD_TYPE, &[40]);
    bed.deliver(singer, &noise);
    bed.run(300);
    (bed.phones[singer].tone, bed.phones[singer].held_back) = (tone, None);
    bed.run(300);
    let quietest = bed.phones[listener].last(500).chunks(80).map(level_dbov).fold(0.0, f32::min);
    assert!(quietest > -48.0, "a hole of {quietest} dBov between noise and speech");
}

#[test]
fn a_pause_of_opus_is_no_loss_either_way() {
    let codec = Codec::Opus(Opus { dtx: true, ..Opus::default() });
    let mut bed = Bed::new(48_000, 20, Tuning::Fixed);
    let singer = bed.join(Phone::new(1, codec).singing(500.0, -20.0));
    let listener = bed.join(Phone::new(2, codec));
    bed.run(1000);
    bed.phones[singer].tone = Some(confab_mixer::Tone::new(48_000, 500.0, -120.0));
    bed.run(2000);
    let sent = bed.phones[listener].got.len();
    assert!((50..110).contains(&sent), "{sent} packets in 3 s, 2 of them silent");
    bed.phones[singer].tone = Some(confab_mixer::Tone::new(48_000, 500.0, -20.0));
    bed.run(500);
    let (level, _) = bed.phones[listener].hears(500.0, 200);
    assert!((level + 20.0).abs() < 0.5, "{level}");
    let leg = bed.room.stop(bed.phones[singer].leg, bed.now, &mut bed.outbox).unwrap();
    assert_eq!(leg.stats().packets_lost, 0);
    assert!(leg.quality().uplink.score.mos_lq > 4.3, "{:?}", leg.quality().uplink);
}

#[test]
fn packets_that_are_told_to_be_quiet_are_not_decoded_and_speech_is_heard_at_once() {
    for codec in [Codec::Pcmu, Codec::G722, L16, common::opus()] {
        let mut bed = Bed::new(16_000, 20, Tuning::Fixed);
        let mut phone = Phone::new(1, codec).singing(500.0, -100.0);
        phone.stream.audio_level_ext = Some(1);
        phone.level = Some(127);
        let singer = bed.join(phone);
        let listener = bed.join(Phone::new(2, L16));
        bed.run(1000);
        bed.phones[singer].level = Some(0x80 | 20);
        bed.phones[singer].tone = Some(confab_mixer::Tone::new(codec.sample_rate(), 500.0, -20.0));
        bed.run(300);
        let heard = bed.phones[listener].last(300).to_vec();
        let onset = heard.iter().position(|sample| sample.unsigned_abs() > 1000).unwrap();
        assert!(onset / 16 <= 70, "{codec:?}: heard after {} ms", onset / 16);
        bed.run(300);
        let (level, _) = bed.phones[listener].hears(500.0, 200);
        assert!((level + 20.0).abs() < 0.5, "{codec:?}: {level}");
        let leg = bed.room.stop(bed.phones[singer].leg, bed.now, &mut bed.outbox).unwrap();
        let (undecoded, lost) = (leg.stats().undecoded, leg.stats().packets_lost);
        assert!((48..=50).contains(&undecoded) && lost == 0, "{codec:?}: {undecoded} {lost}");
    }
}

/// How many packets were not decoded of who sends a tone of each of these levels, −dBov, for so long, ms, and says so.
fn undecoded(spoken: &[(u8, u32)]) -> u64 {
    let mut bed = Bed::new(16_000, 20, Tuning::Fixed);
    let mut phone = Phone::new(1, common::opus());
    phone.stream.audio_level_ext = Some(1);
    let singer = bed.join(phone);
    bed.join(Phone::new(2, L16));
    bed.room.set(LegId(1), Control::Energy(100));
    for &(level, ms) in spoken {
        bed.phones[singer].tone = Some(confab_mixer::Tone::new(48_000, 500.0, -f32::from(level)));
        bed.phones[singer].level = Some(level);
        bed.run(ms);
    }
    let leg = bed.room.stop(LegId(1), bed.now, &mut bed.outbox);
    leg.map_or(0, |leg| leg.stats().undecoded)
}

/// The gate is at −50 dBov.
#[test]
fn nothing_is_decoded_that_a_closed_gate_keeps_back_anyway() {
    let quiet = undecoded(&[(58, 1000)]);
    assert!((48..=50).contains(&quiet), "{quiet} of 50: the decoder has heard nothing yet");
    let near = undecoded(&[(54, 1000)]);
    assert!(
        near <= 1,
        "what leads to a word may be looked back to, but for a first packet without a voice: {near}"
    );
    assert_eq!(undecoded(&[(20, 500), (58, 400)]), 0, "the gate is open between two words");
    assert!(undecoded(&[(20, 500), (58, 2000)]) > 30);
}
