//! Keys that are pressed towards phones.

mod common;

use common::{Bed, EVENT_PAYLOAD_TYPE, Got, PAYLOAD_TYPE, Phone, opus};
use confab_audio::{LegId, Tuning};
use confab_codec::Codec;
use confab_rtp::EventReceiver;

fn bed(codec: Codec, ptime_ms: u8, event_clock_rate: u32) -> Bed {
    let mut bed = Bed::new(8000, 20, Tuning::Fixed);
    bed.join(Phone::new(1, codec).singing(300.0, -20.0));
    let mut phone = Phone::new(2, codec).with_ptime(ptime_ms);
    phone.stream.send_event_payload_type = Some(EVENT_PAYLOAD_TYPE);
    phone.stream.event_clock_rate = event_clock_rate;
    bed.join(phone);
    bed.run(500);
    bed
}

fn events(phone: &Phone) -> Vec<&Got> {
    phone.got.iter().filter(|got| got.payload_type == EVENT_PAYLOAD_TYPE).collect()
}

fn typed(phone: &Phone, clock_rate: u32) -> String {
    let mut receiver = EventReceiver::new(clock_rate);
    events(phone).iter().filter_map(|got| receiver.receive(&got.payload, got.timestamp)).collect()
}

#[test]
fn a_key_has_a_marker_growing_durations_and_three_ends() {
    let mut bed = bed(Codec::Pcmu, 20, 8000);
    assert!(bed.room.send_digit(LegId(2), '7'));
    bed.run(500);
    let phone = &bed.phones[1];
    let events = events(phone);
    let told: Vec<(bool, &[u8])> = events.iter().map(|got| (got.marker, &got.payload[..])).collect();
    let update = |n: u16| [7, 10, (n * 160 / 256) as u8, (n * 160 % 256) as u8];
    let end = [7, 0x8a, 3, 0x20];
    assert_eq!(
        told,
        [
            (true, &update(1)[..]),
            (false, &update(2)),
            (false, &update(3)),
            (false, &update(4)),
            (false, &end),
            (false, &end),
            (false, &end)
        ]
    );
    assert!(events.iter().all(|got| got.timestamp == events[0].timestamp), "that of its begin");
    assert_eq!(phone.got.iter().filter(|got| got.marker).count(), 2, "one of the audio and one of the key");
}

/// What came before the key and after it is audio, as long after it as time has passed.
#[test]
fn the_audio_keeps_its_timestamps_and_its_sequence() {
    let mut bed = bed(Codec::Pcmu, 20, 8000);
    bed.room.send_digit(LegId(2), '#');
    bed.run(500);
    let got = &bed.phones[1].got;
    assert!(got.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.wrapping_add(1)));
    let audio: Vec<&Got> = got.iter().filter(|got| got.payload_type == PAYLOAD_TYPE).collect();
    let steps: Vec<u32> = audio.windows(2).map(|pair| pair[1].timestamp - pair[0].timestamp).collect();
    assert!(steps.iter().all(|step| *step == 160 || *step == 8 * 160), "{steps:?}");
    assert_eq!(steps.iter().filter(|step| **step == 8 * 160).count(), 1);
}

#[test]
fn keys_wait_for_each_other_in_order_whatever_the_codec() {
    for (codec, ptime_ms, clock_rate) in
        [(Codec::Pcmu, 20, 8000), (Codec::G722, 30, 8000), (opus(), 20, 48_000), (opus(), 20, 8000)]
    {
        let mut bed = bed(codec, ptime_ms, clock_rate);
        for digit in "1995*#D".chars() {
            assert!(bed.room.send_digit(LegId(2), digit));
        }
        bed.run(3000);
        assert_eq!(typed(&bed.phones[1], clock_rate), "1995*#D", "{codec:?}");
        assert_eq!(events(&bed.phones[1]).iter().filter(|got| got.marker).count(), 7);
        assert_eq!(typed(&bed.phones[0], clock_rate), "", "nobody else is told");
    }
}

#[test]
fn a_renegotiation_loses_no_key() {
    let mut bed = bed(Codec::Pcmu, 20, 8000);
    for digit in "123".chars() {
        bed.room.send_digit(LegId(2), digit);
    }
    bed.run(100);
    bed.phones[1].recode(Codec::Pcma, 300.0, -20.0);
    bed.update(1);
    bed.run(1000);
    assert_eq!(typed(&bed.phones[1], 8000), "123");
}

#[test]
fn too_many_keys_unknown_ones_and_phones_without_events_are_refused() {
    let mut bed = bed(Codec::Pcmu, 20, 8000);
    assert!(!bed.room.send_digit(LegId(2), 'x') && !bed.room.send_digit(LegId(1), '1'));
    assert_eq!((0..100).filter(|_| bed.room.send_digit(LegId(2), '1')).count(), 32);
}
