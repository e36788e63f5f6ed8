//! The energy gate as the room hears it.

mod support;

use confab_mixer::{Control, Event, Slot};
use proptest::prelude::*;
use support::{FRAME, Table, heard, member, remove, room, run};

/// Frames whose score is as given: half of the samples up, half down.
fn frames(scores: &[i16]) -> Vec<i16> {
    scores
        .iter()
        .flat_map(|&score| (0..FRAME).map(move |i| if i / 8 % 2 == 0 { score } else { -score }))
        .collect()
}

fn score(samples: &[i16]) -> u32 {
    samples.iter().map(|s| u32::from(s.unsigned_abs())).sum::<u32>() / samples.len() as u32
}

/// The score of each frame that a listener hears of a talker whose gate is at 100, and the events of the talker.
fn through(mixer: &mut Table, talker: Slot, listener: Slot, scores: &[i16]) -> (Vec<u32>, Vec<Event>) {
    let (heard, events) = run(mixer, &[(talker, frames(scores))], &[listener]);
    (heard[0].chunks(FRAME).map(score).collect(), events)
}

fn pair() -> (Table, Slot, Slot) {
    let mut mixer = room();
    let (talker, listener) = (mixer.add(member(100)), mixer.add(member(100)));
    through(&mut mixer, talker, listener, &[0]);
    (mixer, talker, listener)
}

#[test]
fn a_frame_must_be_strictly_above_the_level() {
    let (mut mixer, talker, listener) = pair();
    let (heard, events) = through(&mut mixer, talker, listener, &[100; 50]);
    assert_eq!((heard, events), (vec![0; 50], vec![]));
    let (_, events) = through(&mut mixer, talker, listener, &[101; 2]);
    assert_eq!(events, [Event::TalkStarted(talker)]);
}

#[test]
fn a_sharp_onset_is_heard_at_once_and_whole() {
    let (mut mixer, talker, listener) = pair();
    let (heard, events) = through(&mut mixer, talker, listener, &[0, 0, 5000, 4000]);
    assert_eq!(heard, [0, 0, 5000, 4000]);
    assert_eq!(events, [Event::TalkStarted(talker)]);
}

#[test]
fn sixty_ms_before_the_onset_are_heard_and_then_caught_up_in_the_next_pause() {
    let (mut mixer, talker, listener) = pair();
    let scores = [0, 71, 72, 73, 2000, 3000, 2500, 50, 51, 52, 53, 54, 55, 2100, 2200];
    let (heard, _) = through(&mut mixer, talker, listener, &scores);
    assert_eq!(heard[4..10], [71, 72, 73, 2000, 3000, 2500]);
    assert_eq!(heard[13..], [2100, 2200], "{heard:?}");
    assert!(heard[10..13].iter().all(|score| (50..56).contains(score)), "{heard:?}");
}

#[test]
fn a_soft_talker_loses_nothing_while_it_is_confirmed() {
    let (mut mixer, talker, listener) = pair();
    let (heard, events) = through(&mut mixer, talker, listener, &[61, 62, 63, 110, 120, 130, 140, 150]);
    assert_eq!(heard, [0, 0, 0, 0, 61, 62, 63, 110]);
    assert_eq!(events, [Event::TalkStarted(talker)]);
}

#[test]
fn a_single_soft_blip_is_no_talk() {
    let (mut mixer, talker, listener) = pair();
    let (heard, events) = through(&mut mixer, talker, listener, &[0, 300, 0, 0, 300, 0, 0]);
    assert_eq!((heard, events), (vec![0; 7], vec![]));
}

#[test]
fn the_gate_closes_after_800_ms_without_talk() {
    let (mut mixer, talker, listener) = pair();
    through(&mut mixer, talker, listener, &[5000]);
    let (heard, events) = through(&mut mixer, talker, listener, &[90; 39]);
    assert_eq!((heard, events), (vec![90; 39], vec![]));
    let (heard, events) = through(&mut mixer, talker, listener, &[90; 3]);
    assert!(heard[0] < 30 && heard[1..] == [0, 0], "{heard:?}");
    assert_eq!(events, [Event::TalkStopped(talker)]);
}

#[test]
fn level_zero_lets_all_through_without_delay() {
    let (mut mixer, talker, listener) = pair();
    mixer.set(talker, Control::Energy(0));
    through(&mut mixer, talker, listener, &[1]);
    let (heard, _) = through(&mut mixer, talker, listener, &[1, 2, 0, 3000, 1]);
    assert_eq!(heard, [1, 2, 0, 3000, 1]);
}

#[test]
fn what_was_said_while_muted_is_never_heard() {
    for off in [Control::Speak(false), Control::Hold(true)] {
        let (mut mixer, talker, listener) = pair();
        mixer.set(talker, off);
        let (heard, events) = through(&mut mixer, talker, listener, &[90, 90, 8000, 90, 90]);
        assert_eq!((heard, events), (vec![0; 5], vec![]));
        mixer.set(talker, Control::Speak(true));
        mixer.set(talker, Control::Hold(false));
        let (heard, _) = through(&mut mixer, talker, listener, &[1000, 1000]);
        assert!(heard[0] < 1000 && heard[1] == 1000, "{heard:?}");
    }
}

#[test]
fn mute_hold_and_removal_end_the_talk() {
    for off in [Control::Speak(false), Control::Hold(true)] {
        let (mut mixer, talker, listener) = pair();
        through(&mut mixer, talker, listener, &[5000, 5000]);
        mixer.set(talker, off);
        let (heard, events) = through(&mut mixer, talker, listener, &[5000, 5000]);
        assert_eq!(events, [Event::TalkStopped(talker)]);
        assert!(heard[0] < 1000 && heard[1] == 0, "{heard:?}");
        assert_eq!(remove(&mut mixer, talker), []);
    }
    let (mut mixer, talker, listener) = pair();
    through(&mut mixer, talker, listener, &[5000]);
    assert_eq!(remove(&mut mixer, talker), [Event::TalkStopped(talker)]);
    assert_eq!(remove(&mut mixer, talker), []);
    let (heard, events) = through(&mut mixer, talker, listener, &[5000]);
    assert_eq!((heard, events), (vec![0], vec![]));
}

#[test]
fn a_member_without_input_is_silent_and_not_repeated() {
    let (mut mixer, talker, listener) = pair();
    through(&mut mixer, talker, listener, &[5000, 5000]);
    for _ in 0..12 {
        assert_eq!(mixer.tick().count(), 0);
        assert_eq!(heard(&mut mixer, listener), [0; FRAME]);
    }
}

#[derive(Debug, Clone)]
enum Step {
    Frame(i16),
    Set(Control),
    Replace,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop_oneof![Just(0i16), 50..700i16].prop_map(Step::Frame),
        1 => any::<bool>().prop_map(|on| Step::Set(Control::Speak(on))),
        1 => any::<bool>().prop_map(|on| Step::Set(Control::Hold(on))),
        1 => (0..500u16).prop_map(|level| Step::Set(Control::Energy(level))),
        1 => (-4..5i8).prop_map(|step| Step::Set(Control::TalkGain(step))),
        1 => Just(Step::Replace),
    ]
}

proptest! {
    #[test]
    fn talk_events_come_in_pairs(steps in prop::collection::vec((step(), 1..60usize), 1..60)) {
        let (mut mixer, mut talker, _) = pair();
        let mut talking = false;
        for (step, frames_of_it) in steps {
            let mut events = Vec::new();
            match step {
                Step::Frame(score) => events = run(&mut mixer, &[(talker, frames(&vec![score; frames_of_it]))], &[]).1,
                Step::Set(control) => mixer.set(talker, control),
                Step::Replace => {
                    events = remove(&mut mixer, talker);
                    prop_assert!(talking != events.is_empty());
                    talker = mixer.add(member(100));
                }
            }
            for event in events {
                prop_assert_eq!(matches!(event, Event::TalkStarted(_)), !talking);
                talking = !talking;
            }
        }
        prop_assert_eq!(!remove(&mut mixer, talker).is_empty(), talking);
    }
}
