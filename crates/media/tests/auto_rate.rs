//! A room whose rate follows its members.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use common::{Bed, EVENT_PAYLOAD_TYPE, Phone};
use confab_audio::{DigitSource, Event};
use confab_media::{Codec, Command, Control, Listener, PlaybackId, RoomId, RoomPlan, RoomRate, Sound};
use confab_mixer::Tone;

const ROOM: RoomId = common::ROOM;

/// A bed with one room whose rate is not fixed.
fn bed(test: u8) -> Bed {
    let mut bed = Bed::new(test);
    bed.command(Command::CloseRoom { room: ROOM });
    bed.settle();
    bed.command(Command::OpenRoom { room: ROOM, plan: RoomPlan::new(RoomRate::Auto), near: None });
    bed.now = bed.worker.run(bed.now).unwrap();
    bed
}

fn wide(phone: &mut Phone) {
    phone.codec = Codec::G722;
}

fn tone(rate: u32, frequency: f32) -> Arc<Sound> {
    let mut pcm = vec![0; 10 * rate as usize];
    Tone::new(rate, frequency, -20.0).fill(&mut pcm);
    Arc::new(Sound::new(rate, pcm))
}

fn assert_hears(phone: &Phone, frequency: f32) {
    let level = phone.level(frequency);
    assert!((level + 20.0).abs() < 1.0, "{:?} hears {frequency} Hz at {level} dBov", phone.leg);
}

#[test]
fn two_wide_members_are_heard_wide_and_a_prompt_goes_on() {
    let mut bed = bed(60);
    let mut anne = bed.join(1, wide);
    let sounds = vec![tone(16_000, 1000.0)];
    let (playback, to) = (PlaybackId(1), Listener::Leg(anne.leg));
    bed.command(Command::Play { playback, to, sounds, repeat: false, gain_db: 0.0, duck_db: 0.0 });
    bed.talk(50, &mut [&mut anne]);
    assert_hears(&anne, 1000.0);

    let mut bert = bed.join(2, |phone| {
        wide(phone);
        phone.sing(6000.0, -20.0);
    });
    bed.talk(50, &mut [&mut anne, &mut bert]);
    assert_hears(&anne, 1000.0);
    assert_hears(&anne, 6000.0);

    bed.command(Command::StopLeg { leg: bert.leg });
    bed.talk(50, &mut [&mut anne]);
    assert_hears(&anne, 1000.0);
    bed.talk(400, &mut [&mut anne]);
    anne.assert_continuous();
    let done = |event: &Event| matches!(event, Event::PlaybackDone { playback: PlaybackId(1) });
    assert_eq!(bed.events().iter().filter(|event| done(event)).count(), 1);
}

#[test]
fn a_codec_change_brings_the_room_to_another_rate() {
    let mut bed = bed(61);
    let mut anne = bed.join(1, wide);
    let mut bert = bed.join(2, |_| {});
    bed.talk(10, &mut [&mut anne, &mut bert]);
    bert.codec = Codec::G722;
    bert.sing(6000.0, -20.0);
    bed.command(Command::UpdateStream { leg: bert.leg, stream: bert.stream() });
    bed.talk(60, &mut [&mut anne, &mut bert]);
    assert_hears(&anne, 6000.0);
    anne.assert_continuous();
}

#[test]
fn keys_in_the_audio_are_told_with_their_source() {
    let mut bed = bed(62);
    let mut anne = bed.join(1, |_| {});
    bed.set(anne.leg, Control::InbandDigits(true));
    anne.send_packet(EVENT_PAYLOAD_TYPE, anne.timestamp, &[5, 10, 0, 160]);
    bed.talk(2, &mut [&mut anne]);
    let (mut low, mut high) = (Tone::new(8000, 770.0, -13.0), Tone::new(8000, 1336.0, -13.0));
    for _ in 0..6 {
        let [mut pcm, mut other] = [[0; 160]; 2];
        low.fill(&mut pcm);
        high.fill(&mut other);
        pcm.iter_mut().zip(other).for_each(|(sample, other)| *sample += other);
        let mut payload = [0; 160];
        confab_codec::Law::Mu.encode(&pcm, &mut payload);
        anne.send_packet(0, anne.timestamp, &payload);
        anne.timestamp += 160;
        bed.talk(1, &mut [&mut anne]);
    }
    let source = |event| match event {
        Event::Digit { digit, source, .. } => Some((digit, source)),
        _ => None,
    };
    let told: Vec<_> = bed.events().into_iter().filter_map(source).collect();
    assert_eq!(told, [('5', DigitSource::Events), ('5', DigitSource::Inband)]);
}
