//! Who may speak: hands, the word, lectures, and what moderators do to all.

use confab_conference::LegId;

use crate::meeting::{Keys, Meeting};

const CHAIR: Keys<'_> = &[
    ("1", "lecture mode"),
    ("2", "question mode"),
    ("3", "discussion mode"),
    ("4", "next speaker"),
    ("5", "mute all"),
    ("6", "unmute all"),
    ("7", "mute all toggle"),
    ("8", "kick last"),
    ("9", "end conference"),
    ("*1", "entry tones"),
    ("*2", "entry tones on"),
    ("*3", "entry tones off"),
];
const GUEST: Keys<'_> = &[("0", "mute"), ("1", "raise hand"), ("2", "lower hand")];

fn meeting(guests: usize) -> Meeting {
    Meeting::new(CHAIR, GUEST, guests)
}

fn late(meeting: &mut Meeting) -> LegId {
    let leg = meeting.script.call("109", "3001");
    meeting.script.settle();
    leg
}

#[test]
fn action_raise_hand_tells_the_place_in_the_queue() {
    let mut meeting = meeting(3);
    let [anne, bob, carl] = meeting.guests[..] else { panic!() };
    assert_eq!(meeting.presses(anne, "1"), ["hand-raised", "d/1.wav"]);
    assert_eq!(meeting.script.privately(meeting.chair), ["hand-up"]);
    assert!(meeting.script.privately(bob).is_empty() && meeting.room().is_empty());
    assert_eq!(meeting.presses(carl, "1"), ["hand-raised", "d/2.wav"]);
    assert_eq!(meeting.presses(anne, "1"), ["hand-raised", "d/1.wav"], "once more changes nothing");
    assert!(meeting.script.told("101 asks for the word"));
    assert_eq!(meeting.script.events.iter().filter(|event| event.contains("101 asks")).count(), 1);
}

#[test]
fn action_raise_hand_of_many_is_not_told_over_and_over() {
    let mut meeting = meeting(7);
    for guest in meeting.guests.clone() {
        meeting.presses(guest, "1");
    }
    let mut told = 0;
    while !meeting.script.privately(meeting.chair).is_empty() {
        meeting.script.finish("hand-up");
        told += 1;
    }
    assert_eq!(told, 2, "the first one, and that there are more");
}

#[test]
fn action_lower_hand_leaves_the_queue() {
    let mut meeting = meeting(2);
    let [anne, bob] = meeting.guests[..] else { panic!() };
    assert!(meeting.presses(anne, "2").is_empty(), "he had not asked");
    meeting.presses(anne, "1");
    meeting.presses(bob, "1");
    assert_eq!(meeting.presses(anne, "2"), ["hand-lowered"]);
    assert_eq!(meeting.presses(bob, "1"), ["hand-raised", "d/1.wav"]);
}

#[test]
fn action_next_speaker_gives_the_word_to_the_first_hand() {
    let mut meeting = meeting(3);
    let [anne, bob, _] = meeting.guests[..] else { panic!() };
    meeting.chair_presses("2");
    meeting.presses(bob, "1");
    meeting.presses(anne, "1");
    meeting.script.settle();
    meeting.chair_presses("4");
    assert_eq!(meeting.script.privately(bob), ["your-turn"]);
    assert_eq!(meeting.speaking(), [false, true, false]);
    meeting.script.settle();
    meeting.chair_presses("4");
    assert_eq!(meeting.speaking(), [true, false, false]);
    assert_eq!(meeting.script.privately(bob), ["muted"], "his turn is over");
    meeting.script.settle();
    assert_eq!(meeting.chair_presses("4"), ["no-hands"]);
    assert_eq!(meeting.speaking(), [false; 3], "nobody has the word");
}

#[test]
fn in_a_discussion_who_had_the_word_is_not_muted() {
    let mut meeting = meeting(2);
    let [anne, bob] = meeting.guests[..] else { panic!() };
    meeting.presses(anne, "01");
    meeting.presses(bob, "1");
    meeting.chair_presses("44");
    assert_eq!(meeting.speaking(), [true, true]);
}

#[test]
fn action_lecture_mode_lets_moderators_speak_only() {
    let mut meeting = meeting(2);
    let [anne, _] = meeting.guests[..] else { panic!() };
    meeting.chair_presses("1");
    assert_eq!(meeting.room(), ["lecture-mode"]);
    assert_eq!(meeting.speaking(), [false, false]);
    assert!(meeting.script.speaks(meeting.chair));
    meeting.script.settle();
    assert_eq!(meeting.presses(anne, "0"), ["not-allowed"], "he may not unmute himself");
    meeting.script.settle();
    assert_eq!(meeting.presses(anne, "1"), ["error-menu"], "and nobody takes questions");
    let carl = late(&mut meeting);
    assert!(!meeting.script.speaks(carl), "who comes later is muted, too");
    assert!(meeting.script.told("lecture: only moderators speak"));
}

#[test]
fn action_question_mode_is_a_lecture_with_hands() {
    let mut meeting = meeting(2);
    let [anne, bob] = meeting.guests[..] else { panic!() };
    meeting.chair_presses("2");
    assert_eq!(meeting.room(), ["question-mode"]);
    assert_eq!(meeting.speaking(), [false, false]);
    meeting.script.settle();
    assert_eq!(meeting.presses(bob, "1"), ["hand-raised", "d/1.wav"]);
    meeting.chair_presses("4");
    meeting.script.settle();
    assert_eq!(meeting.presses(bob, "0"), ["muted"], "he may mute and unmute himself while he has the word");
    meeting.presses(bob, "0");
    assert_eq!(meeting.speaking(), [false, true]);
    meeting.presses(anne, "0");
    assert_eq!(meeting.speaking(), [false, true]);
}

#[test]
fn action_discussion_mode_unmutes_whom_the_lecture_has_muted() {
    let mut meeting = meeting(2);
    let [anne, _] = meeting.guests[..] else { panic!() };
    meeting.presses(anne, "0");
    meeting.chair_presses("1");
    meeting.script.settle();
    meeting.chair_presses("3");
    assert_eq!(meeting.room(), ["discussion-mode"]);
    assert_eq!(meeting.speaking(), [false, true], "who had muted himself stays muted");
    meeting.chair_presses("3");
    assert_eq!(meeting.script.world.announced.iter().filter(|said| said[0] == "discussion-mode").count(), 1);
}

#[test]
fn a_mode_that_is_no_more_is_not_announced() {
    let mut meeting = meeting(1);
    meeting.chair_presses("1");
    meeting.chair_presses("23");
    meeting.script.finish("lecture-mode");
    assert_eq!(meeting.room(), ["discussion-mode"], "the questions are over");
}

#[test]
fn action_mute_all_spares_moderators_and_lets_unmute() {
    let mut meeting = meeting(2);
    let [anne, _] = meeting.guests[..] else { panic!() };
    meeting.chair_presses("5");
    assert_eq!(meeting.room(), ["participants-muted"]);
    assert_eq!(meeting.speaking(), [false, false]);
    assert!(meeting.script.speaks(meeting.chair));
    assert!(meeting.script.privately(anne).is_empty(), "he hears what all hear");
    meeting.script.settle();
    assert_eq!(meeting.presses(anne, "0"), ["unmuted"]);
}

#[test]
fn action_mute_all_mutes_who_joins_later_and_he_may_unmute_himself() {
    let mut meeting = meeting(1);
    meeting.chair_presses("5");
    meeting.script.settle();
    let (late, chair) = (meeting.script.call("120", "3001"), meeting.script.call("121", "3000"));
    assert!(!meeting.script.speaks(late) && meeting.script.speaks(chair));
    meeting.script.settle();
    assert_eq!(meeting.presses(late, "0"), ["unmuted"]);
    assert!(meeting.script.speaks(late));
}

#[test]
fn action_unmute_all_unmutes_everybody() {
    let mut meeting = meeting(2);
    meeting.chair_presses("5");
    meeting.script.settle();
    meeting.chair_presses("6");
    assert_eq!(meeting.room(), ["participants-unmuted"]);
    assert_eq!(meeting.speaking(), [true, true]);
    assert!(meeting.script.told("room meeting: all but the moderators are unmuted"));
    meeting.script.settle();
    meeting.chair_presses("1");
    meeting.script.settle();
    assert_eq!(meeting.chair_presses("6"), ["error-menu"], "but not in a lecture");
}

#[test]
fn action_mute_all_toggle_does_either() {
    let mut meeting = meeting(1);
    meeting.chair_presses("7");
    assert_eq!(meeting.speaking(), [false]);
    meeting.chair_presses("7");
    assert_eq!(meeting.speaking(), [true]);
}

#[test]
fn action_kick_last_puts_out_the_last_participant() {
    let mut meeting = meeting(2);
    let [anne, bob] = meeting.guests[..] else { panic!() };
    let second_chair = meeting.script.call("110", "3000");
    meeting.script.settle();
    meeting.chair_presses("8");
    assert_eq!(meeting.script.privately(bob), ["kicked"]);
    assert!(meeting.script.speaks(anne) && meeting.script.speaks(second_chair));
    meeting.script.settle();
    assert!(meeting.script.ended(bob).is_some() && meeting.script.ended(anne).is_none());
    meeting.chair_presses("8");
    meeting.script.settle();
    assert!(meeting.script.ended(anne).is_some());
    assert_eq!(meeting.chair_presses("8"), ["error-menu"], "only moderators are left");
}

#[test]
fn action_end_conference_puts_all_out() {
    let mut meeting = meeting(2);
    meeting.chair_presses("9");
    for leg in [meeting.chair, meeting.guests[0], meeting.guests[1]] {
        assert_eq!(meeting.script.privately(leg), ["kicked"]);
    }
    meeting.script.settle();
    assert!(meeting.script.world.lines.is_empty() && meeting.script.world.rooms.is_empty());
    assert!(meeting.script.told("ended, by key"), "{:?}", meeting.script.events);
}

#[test]
fn action_entry_tones_switches_what_is_told_of_comings() {
    let mut meeting = meeting(1);
    assert_eq!(meeting.chair_presses("*1"), ["entry-tones-off"]);
    assert!(meeting.script.told("room meeting: entry tones off"));
    meeting.script.settle();
    let before = meeting.script.world.announced.len();
    let leg = late(&mut meeting);
    meeting.script.hang_up(leg);
    meeting.script.settle();
    assert_eq!(meeting.script.world.announced.len(), before);
    assert_eq!(meeting.chair_presses("*1"), ["entry-tones-on"]);
    late(&mut meeting);
    assert_eq!(meeting.script.world.announced.last().unwrap(), &["enter"]);
}

#[test]
fn action_entry_tones_on_switches_them_on() {
    let mut meeting = meeting(1);
    meeting.chair_presses("*3");
    assert_eq!(meeting.chair_presses("*2"), ["entry-tones-off"], "one after the other");
    meeting.script.settle();
    late(&mut meeting);
    assert_eq!(meeting.script.world.announced.last().unwrap(), &["enter"]);
}

#[test]
fn action_entry_tones_off_switches_them_off() {
    let mut meeting = meeting(1);
    meeting.chair_presses("*3");
    let before = meeting.script.world.announced.len();
    late(&mut meeting);
    assert_eq!(meeting.script.world.announced.len(), before);
}

#[test]
fn who_leaves_leaves_the_queue() {
    let mut meeting = meeting(2);
    let [anne, bob] = meeting.guests[..] else { panic!() };
    meeting.presses(anne, "1");
    meeting.presses(bob, "1");
    meeting.script.hang_up(anne);
    meeting.script.settle();
    assert_eq!(meeting.presses(bob, "1"), ["hand-raised", "d/1.wav"]);
}

#[test]
fn who_mutes_himself_while_he_has_the_word_stays_muted() {
    let mut meeting = meeting(2);
    let [anne, bob] = meeting.guests[..] else { panic!() };
    meeting.chair_presses("2");
    meeting.presses(anne, "1");
    meeting.presses(bob, "1");
    meeting.chair_presses("4");
    meeting.presses(anne, "0");
    meeting.chair_presses("4");
    meeting.presses(bob, "00");
    assert_eq!(meeting.speaking(), [false, true]);
    meeting.chair_presses("3");
    assert_eq!(meeting.speaking(), [false, true], "nobody was muted by the mode any more");
}

#[test]
fn who_was_muted_is_unmuted_for_his_turn() {
    let mut meeting = meeting(1);
    let anne = meeting.guests[0];
    meeting.presses(anne, "0");
    meeting.chair_presses("2");
    meeting.presses(anne, "1");
    meeting.chair_presses("4");
    assert_eq!(meeting.speaking(), [true]);
    meeting.chair_presses("4");
    assert_eq!(meeting.speaking(), [false]);
    meeting.chair_presses("3");
    assert_eq!(meeting.speaking(), [true], "the end of his turn has muted him, not he himself");
}
