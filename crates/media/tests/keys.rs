//! Digits by RFC 4733, and who may send them; those that we send; and levels.

mod common;

use common::{Bed, EVENT_PAYLOAD_TYPE, Phone, ROOM, packet};
use confab_audio::Event;
use confab_media::Command;
use confab_mixer::dtmf::Detector;
use confab_rtp::EventReceiver;

/// Events, not talk.
fn digits(bed: &mut Bed) -> Vec<(u64, char)> {
    let digit = |event| match event {
        Event::Digit { leg, digit, .. } => Some((leg.0, digit)),
        _ => None,
    };
    bed.events().into_iter().filter_map(digit).collect()
}

/// A key of 100 ms: five updates and three ends, as most phones send them.
fn press(phone: &mut Phone, event: u8) {
    let timestamp = phone.timestamp;
    for packet in 1..=8_u16 {
        let duration = (packet.min(5) * 160).to_be_bytes();
        let end = if packet > 5 { 0x80 } else { 0 };
        phone.send_packet(EVENT_PAYLOAD_TYPE, timestamp, &[event, end | 10, duration[0], duration[1]]);
    }
    phone.timestamp += 800;
}

fn talking(bed: &mut Bed) -> Phone {
    let mut phone = bed.join(1, |phone| phone.sing(600.0, -20.0));
    bed.talk(10, &mut [&mut phone]);
    phone
}

#[test]
fn each_press_is_told_once() {
    let mut bed = Bed::new(20);
    let mut phone = talking(&mut bed);
    for event in [1, 10, 11, 11] {
        press(&mut phone, event);
        bed.talk(2, &mut [&mut phone]);
    }
    assert_eq!(digits(&mut bed), [(1, '1'), (1, '*'), (1, '#'), (1, '#')]);
}

#[test]
fn strangers_press_nothing_and_are_not_heard() {
    let mut bed = Bed::new(21);
    let mut phone = talking(&mut bed);
    let mut other = bed.join(2, |_| {});
    let stranger = std::net::UdpSocket::bind((bed.address, 0)).unwrap();
    for round in 0..30_u16 {
        let timestamp = phone.timestamp;
        let key = packet(EVENT_PAYLOAD_TYPE, phone.sequence, timestamp, phone.ssrc, &[5, 0x8a, 3, 32]);
        let noise = packet(0, round, u32::from(round) * 160, 77, &[0x10; 160]);
        stranger.send_to(&key, phone.peer).unwrap();
        stranger.send_to(&noise, phone.peer).unwrap();
        stranger.send_to(&[0x80; 5], phone.peer).unwrap();
        bed.talk(1, &mut [&mut phone, &mut other]);
    }
    assert_eq!(digits(&mut bed), []);
    let level = other.level(600.0);
    assert!((level + 20.0).abs() < 1.0, "the true source is heard as before: {level} dBov");
    assert!(stranger.set_nonblocking(true).is_ok());
    assert!(stranger.recv_from(&mut [0; 64]).is_err(), "nothing is sent to the stranger");

    press(&mut phone, 7);
    bed.talk(1, &mut [&mut phone, &mut other]);
    assert_eq!(digits(&mut bed), [(1, '7')], "a true key still counts");
}

#[test]
fn a_flood_is_bounded_and_the_leg_lives() {
    let mut bed = Bed::new(22);
    let mut phone = talking(&mut bed);
    let stranger = std::net::UdpSocket::bind((bed.address, 0)).unwrap();
    for _ in 0..500 {
        stranger.send_to(&[0x80; 172], phone.peer).unwrap();
    }
    bed.talk(40, &mut [&mut phone]);
    bed.command(Command::StopLeg { leg: phone.leg });
    bed.tick();
    let events = bed.events();
    let Some(Event::LegStats { stats, .. }) = events.last() else { panic!("no statistics in {events:?}") };
    assert!(stats.over_budget > 0 && stats.packets_dropped > 0, "{stats:?}");
    phone.assert_continuous();
}

/// Presses keys towards a phone while another one sings; the phone as it was afterwards.
fn pressed(test: u8, knows_events: bool, keys: &str) -> (Phone, Bed) {
    let mut bed = Bed::new(test);
    let mut singer = talking(&mut bed);
    let mut phone = bed.join(2, |_| {});
    bed.talk(10, &mut [&mut singer, &mut phone]);
    let stream = confab_media::StreamConfig {
        send_event_payload_type: knows_events.then_some(EVENT_PAYLOAD_TYPE),
        ..phone.stream()
    };
    bed.command(Command::UpdateStream { leg: phone.leg, stream });
    for digit in keys.chars() {
        bed.command(Command::SendDigit { leg: phone.leg, digit });
    }
    bed.talk(60, &mut [&mut singer, &mut phone]);
    (phone, bed)
}

#[test]
fn keys_go_out_as_events() {
    let (phone, _bed) = pressed(23, true, "5#");
    let mut receiver = EventReceiver::new(8000);
    let events = phone.heard.iter().filter(|packet| packet.payload_type == EVENT_PAYLOAD_TYPE);
    let typed: String =
        events.filter_map(|packet| receiver.receive(&packet.payload, packet.timestamp)).collect();
    assert_eq!(typed, "5#");
}

#[test]
fn a_phone_without_events_hears_tones_one_after_the_other_and_then_the_room_again() {
    let (phone, mut bed) = pressed(24, false, "5#7");
    let samples = phone.samples(1200);
    let mut detector = Detector::new(8000);
    let typed: String = samples.chunks(40).filter_map(|samples| detector.push(samples)).collect();
    assert_eq!(typed, "5#7");
    let level = phone.level(600.0);
    assert!((level + 20.0).abs() < 1.0, "{level} dBov");
    assert!(
        !bed.events().iter().any(|event| matches!(event, Event::PlaybackDone { .. })),
        "nobody waits for them"
    );
}

#[test]
fn levels_are_told_when_they_are_asked_for() {
    let mut bed = Bed::new(25);
    let mut singer = talking(&mut bed);
    bed.command(Command::Levels { room: ROOM });
    bed.talk(1, &mut [&mut singer]);
    let levels: Vec<_> = bed
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::Level { leg, dbov } => Some((leg, dbov)),
            _ => None,
        })
        .collect();
    assert!(matches!(levels[..], [(leg, -22..=-19)] if leg == singer.leg), "{levels:?}");
}
