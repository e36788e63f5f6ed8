//! Who hears whom, and how loud.

mod common;

use std::sync::Arc;

use common::{Bed, Phone, ROOM};
use confab_audio::Event;
use confab_media::{Codec, Command, Control, Hear, Listener, PlaybackId, Sound};
use confab_mixer::Tone;

const LOW: f32 = 600.0;
const HIGH: f32 = 1400.0;
const LOUD: f32 = -15.0;
const SILENT: f32 = -60.0;

fn low(phone: &mut Phone) {
    phone.sing(LOW, LOUD);
}

fn high(phone: &mut Phone) {
    phone.sing(HIGH, LOUD);
}

fn assert_level(phone: &Phone, frequency: f32, expected: f32) {
    let level = phone.level(frequency);
    assert!((level - expected).abs() < 1.0, "{:?} hears {frequency} Hz at {level} dBov", phone.leg);
}

fn assert_silent(phone: &Phone, frequency: f32) {
    let level = phone.level(frequency);
    assert!(level < SILENT, "{:?} hears {frequency} Hz at {level} dBov", phone.leg);
}

fn tone(frequency: f32, samples: usize) -> Arc<Sound> {
    let mut pcm = vec![0; samples];
    Tone::new(8000, frequency, LOUD).fill(&mut pcm);
    Arc::new(Sound::new(8000, pcm))
}

#[test]
fn two_hear_each_other_and_not_themselves() {
    let mut bed = Bed::new(1);
    let mut anne = bed.join(1, low);
    let mut bert = bed.join(2, high);
    bed.talk(40, &mut [&mut anne, &mut bert]);
    assert_level(&anne, HIGH, LOUD);
    assert_silent(&anne, LOW);
    assert_level(&bert, LOW, LOUD);
    assert_silent(&bert, HIGH);
    let events = bed.events();
    assert!(events.contains(&Event::TalkStarted { leg: anne.leg }));
    assert!(events.contains(&Event::TalkStarted { leg: bert.leg }));
}

#[test]
fn both_laws_meet() {
    let mut bed = Bed::new(2);
    let mut anne = bed.join(1, low);
    let mut bert = bed.join(2, |phone| {
        phone.codec = Codec::Pcma;
        high(phone);
    });
    bed.talk(40, &mut [&mut anne, &mut bert]);
    assert!(bert.heard.iter().all(|packet| packet.payload_type == 8));
    assert_level(&anne, HIGH, LOUD);
    assert_level(&bert, LOW, LOUD);
}

#[test]
fn a_leg_joins_deaf_and_silent() {
    let mut bed = Bed::new(3);
    let mut anne = bed.join(1, low);
    let mut bert = bed.join_deaf(2, high);
    bed.talk(40, &mut [&mut anne, &mut bert]);
    assert_silent(&anne, HIGH);
    assert_silent(&bert, LOW);

    bed.set(bert.leg, Control::Hear(Hear::Room { gain_db: -15.0 }));
    bed.talk(40, &mut [&mut anne, &mut bert]);
    assert_silent(&anne, HIGH);
    assert_level(&bert, LOW, LOUD - 15.0);
}

#[test]
fn every_ptime_is_received_and_sent() {
    for (ptime_ms, test) in [(10, 10), (20, 11), (30, 12), (40, 13), (60, 14)] {
        let mut bed = Bed::new(test);
        let mut anne = bed.join(1, |phone| {
            phone.ptime_ms = ptime_ms;
            low(phone);
        });
        let mut bert = bed.join(2, high);
        for tick in 1..=60 {
            anne.speak();
            bert.speak();
            bed.tick();
            bert.listen(1);
            let due = tick * 20 / usize::from(ptime_ms);
            anne.listen(due - anne.heard.len());
        }
        assert!(anne.hears_nothing(), "no packet too many at {ptime_ms} ms");
        assert!(anne.heard.iter().all(|packet| packet.payload.len() == usize::from(ptime_ms) * 8));
        anne.assert_continuous();
        assert_level(&anne, HIGH, LOUD);
        assert_level(&bert, LOW, LOUD);
    }
}

#[test]
fn a_private_playback_is_private_and_ends_once() {
    let mut bed = Bed::new(4);
    let mut anne = bed.join(1, |_| {});
    let mut bert = bed.join(2, |_| {});
    let to = Listener::Leg(anne.leg);
    let sounds = vec![tone(LOW, 8000), tone(LOW, 8000)];
    bed.command(Command::Play {
        playback: PlaybackId(5),
        to,
        sounds,
        repeat: false,
        gain_db: 0.0,
        duck_db: 0.0,
    });
    bed.talk(50, &mut [&mut anne, &mut bert]);
    assert_level(&anne, LOW, LOUD);
    assert_silent(&bert, LOW);
    assert_eq!(bed.events(), []);

    bed.talk(70, &mut [&mut anne, &mut bert]);
    assert_silent(&anne, LOW);
    assert_eq!(bed.events(), [Event::PlaybackDone { playback: PlaybackId(5) }]);
}

#[test]
fn a_room_playback_is_for_all_until_stopped() {
    let mut bed = Bed::new(5);
    let mut anne = bed.join(1, |_| {});
    let mut bert = bed.join(2, |_| {});
    let sounds = vec![tone(LOW, 800)];
    let to = Listener::Room(ROOM);
    bed.command(Command::Play {
        playback: PlaybackId(6),
        to,
        sounds,
        repeat: true,
        gain_db: 0.0,
        duck_db: 0.0,
    });
    bed.talk(50, &mut [&mut anne, &mut bert]);
    assert_level(&anne, LOW, LOUD);
    assert_level(&bert, LOW, LOUD);

    bed.command(Command::Stop { playback: PlaybackId(6) });
    bed.talk(20, &mut [&mut anne, &mut bert]);
    assert_silent(&anne, LOW);
    assert_silent(&bert, LOW);
    assert_eq!(bed.events(), [], "one that was stopped is not done");
}

#[test]
fn nothing_is_heard_of_a_held_leg_until_it_resumes() {
    let mut bed = Bed::new(6);
    let mut anne = bed.join(1, low);
    let mut bert = bed.join(2, high);
    bed.talk(20, &mut [&mut anne, &mut bert]);
    bed.command(Command::Hold { leg: anne.leg, on: true });
    bed.talk(30, &mut [&mut anne, &mut bert]);
    assert_silent(&bert, LOW);
    assert_level(&anne, HIGH, LOUD);

    bed.command(Command::Hold { leg: anne.leg, on: false });
    bed.talk(30, &mut [&mut anne, &mut bert]);
    assert_level(&bert, LOW, LOUD);
    anne.assert_continuous();
}

#[test]
fn a_direction_without_sending_keeps_the_media_time() {
    let mut bed = Bed::new(7);
    let mut anne = bed.join(1, low);
    bed.talk(5, &mut [&mut anne]);
    let mut stream = anne.stream();
    stream.send = false;
    bed.command(Command::UpdateStream { leg: anne.leg, stream });
    for _ in 0..10 {
        anne.speak();
        bed.tick();
    }
    assert!(anne.hears_nothing());

    bed.command(Command::UpdateStream { leg: anne.leg, stream: anne.stream() });
    bed.talk(5, &mut [&mut anne]);
    let (before, after) = (&anne.heard[4], &anne.heard[5]);
    assert_eq!(after.sequence, before.sequence.wrapping_add(1));
    assert_eq!(after.timestamp, before.timestamp.wrapping_add(11 * 160));
    assert_eq!(after.ssrc, before.ssrc);
    assert!(after.marker, "a talk spurt after silence");
}

#[test]
fn rtp_goes_on_through_mute_prompt_and_codec_change() {
    let mut bed = Bed::new(8);
    let mut anne = bed.join(1, low);
    bed.talk(5, &mut [&mut anne]);
    bed.set(anne.leg, Control::Speak(false));
    bed.set(anne.leg, Control::Hear(Hear::Nothing));
    bed.talk(5, &mut [&mut anne]);
    let to = Listener::Leg(anne.leg);
    let sounds = vec![tone(HIGH, 1600)];
    bed.command(Command::Play {
        playback: PlaybackId(1),
        to,
        sounds,
        repeat: false,
        gain_db: 0.0,
        duck_db: 0.0,
    });
    bed.talk(20, &mut [&mut anne]);
    anne.assert_continuous();

    anne.codec = Codec::Pcma;
    bed.command(Command::UpdateStream { leg: anne.leg, stream: anne.stream() });
    bed.talk(5, &mut [&mut anne]);
    anne.assert_continuous();
    assert_eq!(anne.heard.last().unwrap().payload_type, 8);
}

#[test]
fn all_who_hear_the_same_get_the_same_octets() {
    let mut bed = Bed::new(9);
    let mut singer = bed.join(1, low);
    let mut listeners: Vec<Phone> = (2..=101).map(|leg| bed.join(leg, |_| {})).collect();
    for _ in 0..30 {
        singer.speak();
        bed.tick();
        listeners.iter_mut().for_each(|phone| phone.listen(1));
    }
    let (first, others) = listeners.split_first().unwrap();
    assert_level(first, LOW, LOUD);
    for other in others {
        let same = first.heard.iter().zip(&other.heard).all(|(a, b)| a.payload == b.payload);
        assert!(same, "{:?} got other octets", other.leg);
        assert_ne!(other.heard[0].ssrc, first.heard[0].ssrc);
    }
}
