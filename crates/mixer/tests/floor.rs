//! Who has the floor, how loud members are, and who talks though muted.

mod support;

use confab_mixer::{Control, Event, Slot, level_dbov};
use support::speech::Speaker;
use support::{FRAME, Table, member, room, tone};

/// Members who say these samples in frames; what is told of the floor, and in which tick.
fn floor(mixer: &mut Table, voices: &[(Slot, Vec<i16>)]) -> Vec<(usize, Slot, bool)> {
    let frames = voices.iter().map(|(_, samples)| samples.len() / FRAME).max().unwrap_or(0);
    let mut told = Vec::new();
    for tick in 0..frames {
        for (slot, samples) in voices {
            if let Some(frame) = samples.chunks_exact(FRAME).nth(tick) {
                mixer.input(*slot, frame);
            }
        }
        told.extend(mixer.tick().filter_map(|event| match event {
            Event::Floor { slot, on } => Some((tick, slot, on)),
            _ => None,
        }));
    }
    told
}

fn two() -> (Table, Slot, Slot) {
    let mut mixer = room();
    let (anne, bert) = (mixer.add(member(100)), mixer.add(member(100)));
    (mixer, anne, bert)
}

/// A tone of this level from and to these frames, in 10 s.
fn from_to(from: usize, to: usize, level: f32) -> Vec<i16> {
    let mut samples = vec![0; 500 * FRAME];
    let talk = tone(300.0, level, (to - from) * FRAME);
    samples[from * FRAME..to * FRAME].copy_from_slice(&talk);
    samples
}

#[test]
fn whoever_talks_first_has_it_and_keeps_it_in_his_pauses() {
    let (mut mixer, anne, bert) = two();
    let told = floor(&mut mixer, &[(anne, from_to(10, 100, -20.0)), (bert, from_to(30, 90, -20.0))]);
    assert_eq!(told, [(10, anne, true)], "he is no louder");
}

#[test]
fn another_one_takes_it_when_he_has_been_louder_for_a_while() {
    let (mut mixer, anne, bert) = two();
    let told = floor(&mut mixer, &[(anne, from_to(10, 100, -20.0)), (bert, from_to(120, 300, -26.0))]);
    assert_eq!(told.len(), 2);
    let (at, slot, on) = told[1];
    assert_eq!((slot, on), (bert, true));
    assert!((143..=155).contains(&at), "{at}: half a second after he began");
    let (mut mixer, anne, bert) = two();
    let told = floor(&mut mixer, &[(anne, from_to(0, 300, -26.0)), (bert, from_to(100, 300, -14.0))]);
    assert_eq!(
        told.iter().map(|(_, slot, _)| *slot).collect::<Vec<_>>(),
        [anne, bert],
        "also over his words"
    );
}

#[test]
fn a_word_thrown_in_takes_it_from_nobody() {
    let (mut mixer, anne, bert) = two();
    let words = [(120, 130), (180, 200), (260, 275)].map(|(from, to)| from_to(from, to, -14.0));
    let mut thrown_in = vec![0; 500 * FRAME];
    for word in &words {
        thrown_in.iter_mut().zip(word).for_each(|(all, sample)| *all += sample);
    }
    let told = floor(&mut mixer, &[(anne, from_to(10, 100, -20.0)), (bert, thrown_in)]);
    assert_eq!(told, [(10, anne, true)]);
}

#[test]
fn in_a_talk_by_turns_it_changes_with_the_turns_and_not_more_often() {
    let (mut mixer, anne, bert) = two();
    let mut voices = [(anne, Vec::new()), (bert, Vec::new())];
    let mut speakers = [Speaker::new(8000, 1), Speaker::new(8000, 2)];
    for turn in 0..20 {
        let (talks, listens) = (turn % 2, 1 - turn % 2);
        voices[talks].1.extend(speakers[talks].talk(3.0, -20.0));
        voices[listens].1.extend(vec![0; 24_000]);
    }
    let told = floor(&mut mixer, &voices);
    assert_eq!(told.len(), 20, "{told:?}");
    assert!(told.windows(2).all(|pair| pair[0].1 != pair[1].1));
}

#[test]
fn a_lock_gives_it_to_one_alone() {
    let (mut mixer, anne, bert) = two();
    mixer.set(anne, Control::Floor(true));
    assert_eq!(floor(&mut mixer, &[(bert, from_to(10, 200, -10.0))]), [(0, anne, true)]);
    mixer.set(bert, Control::Floor(false));
    assert_eq!(floor(&mut mixer, &[(bert, from_to(10, 200, -10.0))]), [], "it is not his to unlock");
    mixer.set(anne, Control::Floor(false));
    let told = floor(&mut mixer, &[(bert, from_to(10, 200, -10.0))]);
    assert_eq!(told.iter().map(|(_, slot, on)| (*slot, *on)).collect::<Vec<_>>(), [(bert, true)]);
}

#[test]
fn nobody_has_it_when_he_is_muted_held_or_gone() {
    for off in [Control::Speak(false), Control::Hold(true)] {
        let (mut mixer, anne, _) = two();
        floor(&mut mixer, &[(anne, from_to(0, 50, -20.0))]);
        mixer.set(anne, off);
        assert_eq!(floor(&mut mixer, &[(anne, vec![0; 10 * FRAME])]), [(0, anne, false)]);
    }
    let (mut mixer, anne, bert) = two();
    floor(&mut mixer, &[(anne, tone(300.0, -20.0, 50 * FRAME))]);
    let left: Vec<_> = mixer.remove(anne).collect();
    assert_eq!(left, [Event::TalkStopped(anne), Event::Floor { slot: anne, on: false }]);
    let again = mixer.add(member(100));
    assert_eq!(floor(&mut mixer, &[(bert, tone(300.0, -40.0, 50 * FRAME))])[0].1, bert, "not {again:?}");
}

#[test]
fn levels_are_those_of_the_voices() {
    let (mut mixer, anne, bert) = two();
    let voice = Speaker::new(8000, 3).talk(2.0, -24.0);
    floor(&mut mixer, &[(anne, voice.clone()), (bert, tone(300.0, -30.0, 100 * FRAME))]);
    let loud = i32::from(mixer.level(anne)) - level_dbov(&voice) as i32;
    assert!((-6..=6).contains(&loud), "{loud} dB");
    assert!((-32..=-30).contains(&mixer.level(bert)), "{}", mixer.level(bert));
    floor(&mut mixer, &[(anne, vec![0; 100 * FRAME])]);
    assert_eq!((mixer.level(anne), mixer.level(bert)), (-127, -127));
    mixer.set(anne, Control::Speak(false));
    floor(&mut mixer, &[(anne, voice)]);
    assert_eq!(mixer.level(anne), -127, "nobody hears him");
}

#[test]
fn who_talks_though_muted_is_told_so_once_in_a_while() {
    let (mut mixer, anne, bert) = two();
    let talk = Speaker::new(8000, 4).talk(4.0, -24.0);
    let told = |mixer: &mut Table| {
        let mut told = Vec::new();
        for frame in talk.chunks_exact(FRAME) {
            mixer.input(anne, frame);
            mixer.input(bert, frame);
            told.extend(mixer.tick().filter(|event| matches!(event, Event::MutedTalk(_))));
        }
        told
    };
    mixer.set(anne, Control::MuteDetect(true));
    assert_eq!(told(&mut mixer), [], "he is not muted");
    for slot in [anne, bert] {
        mixer.set(slot, Control::Speak(false));
    }
    assert_eq!(told(&mut mixer), [Event::MutedTalk(anne)], "of the other it was not wanted");
    mixer.set(anne, Control::Hold(true));
    assert_eq!(told(&mut mixer), [], "on hold it is not he who talks");
    mixer.set(anne, Control::Hold(false));
    assert_eq!(told(&mut mixer), [Event::MutedTalk(anne)], "another time");
}

#[test]
fn a_gate_that_is_off_lets_everything_through_at_once_and_tells_who_talks() {
    let (mut mixer, anne, bert) = two();
    mixer.set(anne, Control::AudioAlways(true));
    let soft = tone(300.0, -50.0, FRAME);
    let mut events = Vec::new();
    for tick in 0..20 {
        mixer.input(anne, &soft);
        events.extend(mixer.tick());
        assert!(tick == 0 || support::heard(&mut mixer, bert) == soft, "nothing is added to its delay");
    }
    assert_eq!(events, []);
    let loud = tone(300.0, -20.0, 50 * FRAME);
    let (heard, events) = support::run(&mut mixer, &[(anne, loud.clone())], &[bert]);
    assert_eq!(events, [Event::TalkStarted(anne)]);
    assert!(heard[0] == loud);
    mixer.set(anne, Control::Speak(false));
    mixer.tick();
    mixer.set(anne, Control::Speak(true));
    let (heard, _) = support::run(&mut mixer, &[(anne, vec![80; 20 * FRAME])], &[bert]);
    assert_eq!(heard[0][FRAME..], vec![80; 19 * FRAME], "a mute does not switch it off");
}
