//! What a room is told of comings and goings: merged, in order, and never more than one can bear.

use std::time::Duration;

use confab_conference::{Cue, MemberFlag, Settings};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::meeting::{Keys, Meeting, profile_of, settings};

const LOCK: Keys<'_> = &[("1", "lock"), ("2", "lecture mode")];

fn changed(guests: usize, change: impl FnOnce(&mut Settings)) -> Meeting {
    let mut settings = settings(LOCK, &[("1", "participant count")]);
    change(&mut settings);
    Meeting::of(settings, guests)
}

/// Somebody joins each so many ms, and each announcement takes so long, ms.
fn storm(meeting: &mut Meeting, members: usize, apart: u64, announcement: u64) {
    let mut over = None;
    for n in 0..members {
        meeting.script.call(&(200 + n).to_string(), "3001");
        meeting.script.wait(apart);
        if meeting.room().is_empty() {
            over = None;
            continue;
        }
        let until = *over.get_or_insert_with(|| meeting.script.now + Duration::from_millis(announcement));
        if meeting.script.now >= until {
            meeting.script.finish_all();
            over = None;
        }
    }
    meeting.script.settle();
}

#[test]
fn a_storm_of_200_members_in_2_s_is_three_announcements_at_most() {
    for announcement in [50, 300, 1000, 5000] {
        let mut meeting = changed(0, |_| {});
        let before = meeting.script.world.announced.len();
        storm(&mut meeting, 200, 10, announcement);
        let said = &meeting.script.world.announced[before..];
        assert!((2..=3).contains(&said.len()), "{said:?}");
        assert_eq!(meeting.script.world.lines.len(), 201);
    }
}

#[test]
fn they_are_counted_right() {
    let mut meeting = changed(0, |_| {});
    storm(&mut meeting, 124, 10, 300);
    let said = meeting.script.world.announced.iter().map(|said| said.join(" ")).collect::<Vec<_>>();
    assert_eq!(said, ["alone", "enter", "d/1.wav d/hundred.wav d/20.wav d/3.wav have-joined"]);
}

#[test]
fn sound_have_joined_tells_of_several_at_once() {
    let mut meeting = changed(1, |_| {});
    for number in ["201", "202", "203", "204"] {
        meeting.script.call(number, "3001");
    }
    assert_eq!(meeting.room(), ["enter"]);
    meeting.script.finish("enter");
    meeting.script.finish_all();
    assert!(meeting.room().is_empty(), "not at once");
    meeting.script.wait(2000);
    assert_eq!(meeting.room(), ["d/3.wav", "have-joined"]);
}

#[test]
fn sound_have_left_tells_of_several_at_once() {
    let mut meeting = changed(5, |_| {});
    for guest in &meeting.guests[..4] {
        meeting.script.hang_up(*guest);
    }
    meeting.script.finish("exit");
    meeting.script.wait(2000);
    assert_eq!(meeting.room(), ["d/3.wav", "have-left"]);
}

#[test]
fn who_left_before_his_coming_was_told_is_not_told_of() {
    let mut meeting = changed(1, |_| {});
    meeting.script.call("201", "3001");
    let brief = meeting.script.call("202", "3001");
    meeting.script.finish("enter");
    let before = meeting.script.world.announced.len();
    meeting.script.hang_up(brief);
    meeting.script.settle();
    assert_eq!(meeting.script.world.announced.len(), before);
}

#[test]
fn where_comings_are_silent_several_are_silent_too() {
    let mut meeting = changed(1, |settings| profile_of(settings).sounds.set(Cue::Enter, Vec::new()));
    let before = meeting.script.world.announced.len();
    for number in ["201", "202", "203"] {
        meeting.script.call(number, "3001");
    }
    meeting.script.settle();
    assert_eq!(meeting.script.world.announced.len(), before);
}

#[test]
fn who_joins_long_after_another_is_announced_at_once() {
    let mut meeting = changed(1, |_| {});
    meeting.script.call("201", "3001");
    meeting.script.finish("enter");
    meeting.script.wait(2000);
    meeting.script.call("202", "3001");
    assert_eq!(meeting.room(), ["enter"]);
}

#[test]
fn what_matters_more_is_said_first() {
    let mut meeting = changed(3, |_| {});
    meeting.script.hang_up(meeting.guests[0]);
    meeting.script.call("201", "3001");
    meeting.chair_presses("1");
    meeting.script.finish("exit");
    assert_eq!(meeting.room(), ["is-locked"]);
    meeting.script.finish("is-locked");
    assert_eq!(meeting.room(), ["enter"]);
}

#[test]
fn an_announcement_whose_end_is_never_told_blocks_nothing() {
    let mut meeting = changed(1, |_| {});
    meeting.chair_presses("1");
    meeting.script.wait(125_000);
    assert!(meeting.room().is_empty());
    meeting.script.call("201", "3001");
    meeting.chair_presses("2");
    assert_eq!(meeting.room(), ["lecture-mode"]);
}

#[test]
fn profile_announce_count_tells_who_joins_how_many_others_there_are() {
    let mut meeting = changed(0, |settings| profile_of(settings).announce_count = Some(3));
    let first = meeting.script.call("201", "3001");
    meeting.script.finish("enter");
    assert_eq!(meeting.script.privately(first), ["member-enter"], "two are not worth it");
    meeting.script.settle();
    let second = meeting.script.call("202", "3001");
    meeting.script.finish("enter");
    let greeting = ["member-enter", "there-are", "d/2.wav", "other-in-party"];
    assert_eq!(meeting.script.privately(second), greeting);
    assert!(meeting.room().is_empty());
}

#[test]
fn profile_announce_count_all_tells_all() {
    let mut meeting = changed(1, |settings| profile_of(settings).announce_count_all = Some(3));
    meeting.script.call("202", "3001");
    assert_eq!(meeting.room(), ["enter", "there-are", "d/2.wav", "other-in-party"]);
}

#[test]
fn profile_quiet_above_keeps_large_rooms_quiet() {
    let mut meeting = changed(2, |settings| profile_of(settings).quiet_above = Some(3));
    let before = meeting.script.world.announced.len();
    let late = meeting.script.call("202", "3001");
    meeting.script.settle();
    assert_eq!(meeting.script.world.announced.len(), before);
    meeting.script.hang_up(late);
    assert_eq!(meeting.room(), ["exit"], "three are not above three");
}

#[test]
fn profile_hear_own_join_sound_spares_who_joins() {
    use confab_conference::Control::Announcements;
    let mut meeting = changed(1, |settings| profile_of(settings).hear_own_join_sound = false);
    let late = meeting.script.call("202", "3001");
    let hears = |meeting: &Meeting| {
        let set = meeting.script.world.lines[&late].voice.iter();
        set.filter(|control| matches!(control, Announcements(_))).copied().collect::<Vec<_>>()
    };
    assert_eq!(hears(&meeting), [Announcements(false)]);
    meeting.script.finish("enter");
    assert_eq!(hears(&meeting), [Announcements(false), Announcements(true)]);
    let chair = meeting.script.world.lines[&meeting.chair].voice.iter();
    assert!(
        !chair.copied().any(|control| control == Announcements(false)),
        "he was alone, and had to hear so"
    );
}

#[test]
fn quiet_members_come_and_go_unannounced() {
    let mut meeting = changed(1, |settings| {
        settings.roles.get_mut("member").unwrap().flags.insert(MemberFlag::Quiet);
    });
    let before = meeting.script.world.announced.len();
    let late = meeting.script.call("202", "3001");
    meeting.script.settle();
    meeting.script.hang_up(late);
    meeting.script.settle();
    assert_eq!(meeting.script.world.announced.len(), before);
    assert!(meeting.script.world.lines.len() == 2);
}

#[test]
fn who_leaves_before_he_is_greeted_is_forgotten() {
    let mut meeting = changed(1, |settings| profile_of(settings).hear_own_join_sound = false);
    let late = meeting.script.call("202", "3001");
    meeting.script.hang_up(late);
    meeting.script.settle();
    assert!(meeting.room().is_empty());
}

#[test]
fn what_takes_long_ends_with_the_next_key() {
    let mut meeting = changed(2, |_| {});
    let guest = meeting.guests[0];
    assert_eq!(meeting.presses(guest, "1"), ["there-are", "d/2.wav", "other-in-party"]);
    assert!(meeting.presses(guest, "5").is_empty());
}

/// What may happen in a room; the world holds that nothing overlaps in one ear, and nothing is done to who is gone.
#[derive(Debug, Clone)]
enum Step {
    Join,
    Leave(usize),
    Press(usize, char),
    Finish,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Join),
        1 => (0..20_usize).prop_map(Step::Leave),
        4 => (0..20_usize, "[0-9*#A-D]").prop_map(|(who, key)| Step::Press(who, key.chars().next().unwrap())),
        3 => Just(Step::Finish),
        2 => (1..6000_u64).prop_map(Step::Wait),
    ]
}

const EVERYTHING: Keys<'_> = &[
    ("0", "mute"),
    ("1", "raise hand"),
    ("2", "lower hand"),
    ("3", "next speaker"),
    ("4", "lecture mode"),
    ("5", "question mode"),
    ("6", "discussion mode"),
    ("7", "mute all toggle"),
    ("8", "roll call"),
    ("9", "help"),
    ("*", "participant count"),
    ("*1", "kick last"),
    ("*2", "lock"),
    ("*3", "moh toggle"),
    ("*4", "deaf mute"),
    ("*5", "floor"),
    ("#", "entry tones"),
    ("A", "play a&b"),
    ("B", "hangup"),
    ("C", "vol talk dn"),
    ("D", "admit+deny"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_happens_nothing_overlaps_in_one_ear(steps in vec(step(), 1..120)) {
        let mut settings = settings(EVERYTHING, EVERYTHING);
        let profile = profile_of(&mut settings);
        (profile.announce_count, profile.announce_count_all) = (Some(2), Some(3));
        profile.hear_own_join_sound = false;
        let mut meeting = Meeting::of(settings, 1);
        for step in steps {
            let members: Vec<_> = meeting.script.world.lines.keys().copied().collect();
            let member = |who: usize| members.get(who % members.len().max(1)).copied();
            match step {
                Step::Join => drop(meeting.script.call("300", if members.len() % 3 == 0 { "3000" } else { "3001" })),
                Step::Leave(who) => member(who).into_iter().for_each(|leg| meeting.script.hang_up(leg)),
                Step::Press(who, key) => {
                    member(who).into_iter().for_each(|leg| meeting.script.press(leg, &key.to_string()));
                }
                Step::Finish => meeting.script.finish_all(),
                Step::Wait(ms) => meeting.script.wait(ms),
            }
        }
        meeting.script.settle();
        let once = meeting.script.world.playing.values().filter(|playing| !playing.repeat);
        prop_assert_eq!(once.count(), 0, "all is said in the end");
    }
}
