//! Once its legs are started, a room neither allocates nor frees.

mod common;

use std::time::Duration;

use allocation_counter::measure;
use common::{Bed, EVENT_PAYLOAD_TYPE, Phone, opus};
use confab_audio::{Channel, Event, LegId, StreamChange, Tick, Tuning};
use confab_codec::Codec;
use confab_mixer::{Control, EchoAction, MixerConfig};

/// Runs the room and counts only what it allocates itself; each phone's packets are made before.
fn run(bed: &mut Bed, ms: u32) -> u64 {
    let mut sum = 0;
    for tick in 0..ms / 20 {
        let datagrams: Vec<_> = bed.phones.iter_mut().map(|phone| datagrams(phone, tick)).collect();
        let arrival = bed.now + Duration::from_millis(3);
        let due = bed.now + Duration::from_millis(5);
        let mut events = Vec::with_capacity(64);
        let Bed { room, phones, desk, outbox, .. } = bed;
        let counted = measure(|| {
            for (phone, datagrams) in phones.iter().zip(&datagrams) {
                let Some(index) = room.index_of(phone.leg) else { continue };
                for datagram in datagrams {
                    events.extend(room.receive(index, arrival, Channel::Rtp, phone.address, datagram));
                }
            }
            room.tick(Tick { due, now: due }, desk, outbox, &mut |event: Event| events.push(event));
        });
        sum += counted.count_total;
        bed.hand_out();
        bed.now += Duration::from_millis(20);
    }
    sum
}

/// What a phone sends in 20 ms, with losses, keys and junk now and then.
fn datagrams(phone: &mut Phone, tick: u32) -> Vec<Vec<u8>> {
    let payload = phone.sing().unwrap_or_default();
    let mut datagrams = vec![phone.datagram(common::PAYLOAD_TYPE, &payload)];
    phone.timestamp += phone.codec().clock_rate() / 50;
    match (tick + phone.leg.0 as u32 * 3) % 50 {
        10 | 11 => datagrams.clear(),
        20 => datagrams.push(phone.datagram(EVENT_PAYLOAD_TYPE, &[3, 10, 0, 160])),
        30 => datagrams.push(vec![0x80; 7]),
        40 => datagrams.push(phone.datagram(common::NOISE_PAYLOAD_TYPE, &[60, 90, 100])),
        _ => {}
    }
    datagrams
}

fn bed(rate: u32, tuning: Tuning) -> Bed {
    let codecs = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::L16 { rate: 16_000 }, opus()];
    let mut bed = Bed::new(rate, 20, tuning);
    for (leg, codec) in (1..).zip(codecs.into_iter().cycle().take(10)) {
        let phone = Phone::new(leg, codec);
        bed.join(if leg % 3 == 0 { phone.singing(200.0 + 40.0 * leg as f32, -25.0) } else { phone });
    }
    bed
}

#[test]
fn ticks_do_not_allocate_whatever_the_codecs_and_the_rate() {
    for rate in [8000, 16_000, 32_000, 48_000] {
        let mut bed = bed(rate, Tuning::Fixed);
        assert_eq!(run(&mut bed, 1000), 0, "{rate} Hz");
    }
}

#[test]
fn neither_do_keys_that_are_sent_echoes_that_are_looked_for_and_levels_that_are_told() {
    let mixer = MixerConfig { echo: true, ..MixerConfig::default() };
    let mut bed = Bed::with(mixer, Tuning::Fixed);
    for leg in 1..=4 {
        let mut phone = Phone::new(leg, Codec::Pcma).singing(200.0 + 50.0 * leg as f32, -20.0);
        phone.stream.send_event_payload_type = Some(EVENT_PAYLOAD_TYPE);
        bed.join(phone);
        bed.room.set(LegId(leg), Control::Echo(EchoAction::Mute));
    }
    assert_eq!(run(&mut bed, 1000), 0);
    let mut levels = Vec::with_capacity(8);
    let counted = measure(|| {
        assert!(bed.room.send_digit(LegId(3), '5'));
        bed.room.set(LegId(1), Control::Floor(true));
        bed.room.tell_levels(&mut |event| levels.push(event));
    });
    assert_eq!((counted.count_total, levels.len()), (0, 4));
    assert_eq!(run(&mut bed, 1000), 0);
    assert!(bed.phones[2].got.iter().any(|got| got.payload_type == EVENT_PAYLOAD_TYPE));
}

#[test]
fn neither_does_a_change_of_a_leg_or_of_the_room_where_the_audio_runs() {
    let mut bed = bed(8000, Tuning::Auto);
    run(&mut bed, 200);
    for rate in [16_000, 48_000, 8000] {
        let mut retuned = bed.retuned(rate);
        let counted = measure(|| bed.room.retune(&mut retuned));
        assert_eq!(counted.count_total, 0, "to {rate} Hz");
        bed.format.rate = rate;
        drop(retuned);
        assert_eq!(run(&mut bed, 300), 0, "at {rate} Hz");
    }
    for (index, codec) in [(0, Codec::G722), (2, opus()), (4, Codec::Pcma)] {
        bed.phones[index].recode(codec, 300.0, -20.0);
        let Phone { leg, stream, .. } = &bed.phones[index];
        let mut change = StreamChange::new(stream.clone(), bed.format, bed.tuning).unwrap();
        let counted = measure(|| bed.room.update(*leg, bed.now, &mut change));
        assert_eq!(counted.count_total, 0, "to {codec:?}");
        bed.room.reserve(&mut bed.desk, &mut bed.outbox, bed.room.legs());
        assert_eq!(run(&mut bed, 300), 0, "with {codec:?}");
    }
}
