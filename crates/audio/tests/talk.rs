//! Who has the floor, whose line sends back what it is sent, and how loud the legs are, told of legs.

mod common;

use std::collections::VecDeque;

use common::{Bed, PAYLOAD_TYPE, Phone};
use confab_audio::{Event, LegId, Tuning};
use confab_codec::{Codec, Law};
use confab_mixer::{Control, EchoAction, MixerConfig, Tone};

fn floor(events: &[Event]) -> Vec<(u64, bool)> {
    let told = |event: &Event| match *event {
        Event::Floor { leg: LegId(leg), on } => Some((leg, on)),
        _ => None,
    };
    events.iter().filter_map(told).collect()
}

#[test]
fn the_floor_is_told_and_so_is_that_its_holder_left() {
    let mut bed = Bed::new(8000, 20, Tuning::Fixed);
    let anne = bed.join(Phone::new(1, Codec::Pcmu).singing(300.0, -20.0));
    let bert = bed.join(Phone::new(2, Codec::Pcmu));
    for leg in [1, 2] {
        bed.room.set(LegId(leg), Control::Energy(100));
    }
    bed.run(1000);
    assert_eq!(floor(&bed.events), [(1, true)]);
    bed.phones[bert].tone = bed.phones[anne].tone.take();
    bed.run(3000);
    assert_eq!(floor(&bed.events), [(1, true), (2, true)]);
    bed.leave(bert);
    assert_eq!(floor(&bed.events), [(1, true), (2, true), (2, false)]);
}

#[test]
fn levels_are_told_when_they_are_asked_for() {
    let mut bed = Bed::new(8000, 20, Tuning::Fixed);
    bed.join(Phone::new(1, Codec::Pcmu).singing(300.0, -20.0));
    bed.join(Phone::new(2, Codec::Pcmu));
    bed.run(500);
    let mut levels = Vec::new();
    bed.room.tell_levels(&mut |event| levels.push(event));
    let [Event::Level { leg: LegId(1), dbov: -22..=-20 }, Event::Level { leg: LegId(2), dbov: -127 }] =
        levels[..]
    else {
        panic!("{levels:?}");
    };
    assert!(!bed.events.iter().any(|event| matches!(event, Event::Level { .. })));
}

/// Syllables of no two lengths, as an echo of a steady tone looks like any other.
fn syllable(at_ms: u32) -> f32 {
    let word = at_ms / 230;
    let loudness = (word.wrapping_mul(2_654_435_761) >> 24) as f32 / 255.0;
    let within = (at_ms % 230) as f32 / 230.0;
    -20.0 - 30.0 * (1.0 - loudness) * (1.0 - within)
}

#[test]
fn a_phone_that_sends_back_what_it_is_sent_is_named_through_codecs_and_jitter_buffers() {
    let mixer = MixerConfig { echo: true, ..MixerConfig::default() };
    let mut bed = Bed::with(mixer, Tuning::Fixed);
    let talker = bed.join(Phone::new(1, Codec::Pcmu).singing(300.0, -20.0));
    let returner = bed.join(Phone::new(2, Codec::Pcmu));
    bed.room.set(LegId(2), Control::Echo(EchoAction::Tell));
    let mut way = VecDeque::from(vec![0; 80 * 8]);
    for tick in 0..1500 {
        bed.phones[talker].tone = Some(Tone::new(8000, 300.0, syllable(tick * 20)));
        bed.run(20);
        let phone = &mut bed.phones[returner];
        way.extend(phone.pcm.drain(..).map(|sample| sample / 4));
        let back: Vec<i16> = way.drain(..160.min(way.len())).collect();
        let mut payload = vec![0; back.len()];
        Law::Mu.encode(&back, &mut payload);
        let datagram = phone.datagram(PAYLOAD_TYPE, &payload);
        bed.deliver(returner, &datagram);
    }
    let echoes: Vec<Event> =
        bed.events.iter().filter(|event| matches!(event, Event::Echo { .. })).copied().collect();
    let [Event::Echo { leg: LegId(2), on: true, delay_ms, loss_db }] = echoes[..] else {
        panic!("{echoes:?}")
    };
    assert!((80..=200).contains(&delay_ms) && (10..=14).contains(&loss_db), "{delay_ms} ms, {loss_db} dB");
}
