//! Each sound on its occasion, and in whose ear.

use std::time::Duration;

use confab_conference::{AnnounceNames, ConferenceFlag, Cue, Input, MemberFlag, Settings};

use crate::meeting::{Keys, Meeting, profile_of, settings};
use crate::script::Script;

const CHAIR: Keys<'_> = &[
    ("1", "lecture mode"),
    ("2", "question mode"),
    ("3", "discussion mode"),
    ("4", "next speaker"),
    ("5", "mute all toggle"),
    ("6", "entry tones"),
    ("7", "moh toggle"),
    ("8", "roll call"),
    ("9", "participant count"),
    ("0", "help"),
    ("*1", "lock"),
    ("*2", "floor"),
];
const GUEST: Keys<'_> = &[
    ("0", "mute"),
    ("1", "raise hand"),
    ("2", "lower hand"),
    ("3", "deaf"),
    ("4", "vol talk dn"),
    ("5", "floor"),
];

fn meeting(guests: usize) -> Meeting {
    Meeting::new(CHAIR, GUEST, guests)
}

/// The same, with a change to the profile.
fn changed(guests: usize, change: impl FnOnce(&mut Settings)) -> Meeting {
    let mut settings = settings(CHAIR, GUEST);
    change(&mut settings);
    Meeting::of(settings, guests)
}

#[test]
fn sound_enter_is_heard_by_all_when_somebody_joins() {
    let mut meeting = meeting(1);
    meeting.script.call("105", "3001");
    assert_eq!(meeting.room(), ["enter"]);
}

#[test]
fn sound_exit_is_heard_by_all_who_remain() {
    let mut meeting = meeting(2);
    meeting.script.hang_up(meeting.guests[0]);
    assert_eq!(meeting.room(), ["exit"]);
}

#[test]
fn sound_member_enter_is_heard_by_who_joins() {
    let mut meeting = meeting(1);
    let late = meeting.script.call("105", "3001");
    assert!(meeting.script.privately(late).is_empty(), "after the announcement");
    meeting.script.finish("enter");
    assert_eq!(meeting.script.privately(late), ["member-enter"]);
    assert!(meeting.script.privately(meeting.chair).is_empty());
}

#[test]
fn sound_alone_is_heard_by_who_is_alone() {
    let mut meeting = meeting(1);
    meeting.script.hang_up(meeting.guests[0]);
    meeting.script.finish("exit");
    assert_eq!(meeting.room(), ["alone"]);
}

#[test]
fn sound_moh_is_heard_while_one_is_alone() {
    let mut meeting = meeting(0);
    assert_eq!(meeting.room(), ["moh"]);
    meeting.chair_presses("*1");
    assert_eq!(meeting.room(), ["is-locked"], "music makes way for what is said");
    meeting.script.settle();
    assert_eq!(meeting.room(), ["moh"]);
}

#[test]
fn sound_perpetual_is_heard_by_all_all_the_time() {
    let perpetual = |settings: &mut Settings| {
        profile_of(settings).sounds.set(Cue::Perpetual, vec!["waves".to_owned()]);
    };
    let mut meeting = changed(2, perpetual);
    assert_eq!(meeting.room(), ["waves"]);
    meeting.script.call("105", "3001");
    assert_eq!(meeting.room(), ["enter"]);
    meeting.script.finish("enter");
    assert_eq!(meeting.room(), ["waves"]);
}

#[test]
fn sound_kicked_is_the_last_that_one_hears() {
    let mut meeting = Meeting::new(&[("1", "kick last")], &[], 1);
    meeting.chair_presses("1");
    assert_eq!(meeting.script.privately(meeting.guests[0]), ["kicked"]);
}

#[test]
fn sound_is_locked_is_heard_by_all() {
    let mut meeting = meeting(1);
    meeting.chair_presses("*1");
    assert_eq!(meeting.room(), ["is-locked"]);
}

#[test]
fn sound_is_unlocked_is_heard_by_all() {
    let mut meeting = meeting(1);
    meeting.chair_presses("*1");
    meeting.script.settle();
    meeting.chair_presses("*1");
    assert_eq!(meeting.room(), ["is-unlocked"]);
}

#[test]
fn sound_muted_is_heard_by_who_joins_muted() {
    let mut settings = settings(&[], &[]);
    settings.roles.get_mut("member").unwrap().flags.insert(MemberFlag::Mute);
    profile_of(&mut settings).sounds.set(Cue::MemberEnter, Vec::new());
    let mut meeting = Meeting::of(settings, 0);
    let guest = meeting.script.call("105", "3001");
    meeting.script.finish("enter");
    assert_eq!(meeting.script.privately(guest), ["muted"]);
    assert!(meeting.room().is_empty());
}

#[test]
fn sound_unmuted_is_heard_by_him_alone() {
    let mut meeting = meeting(1);
    let guest = meeting.guests[0];
    meeting.presses(guest, "0");
    assert_eq!(meeting.presses(guest, "0"), ["unmuted"]);
    assert!(meeting.room().is_empty());
}

#[test]
fn sound_deaf_is_heard_though_he_hears_nothing_else() {
    let mut meeting = meeting(1);
    let guest = meeting.guests[0];
    assert_eq!(meeting.presses(guest, "3"), ["deaf"]);
}

#[test]
fn sound_undeaf_is_heard_by_who_hears_again() {
    let mut meeting = meeting(1);
    let guest = meeting.guests[0];
    assert_eq!(meeting.presses(guest, "33"), ["undeaf"]);
}

#[test]
fn sound_there_are_begins_the_count_of_the_others() {
    let mut meeting = meeting(2);
    assert_eq!(meeting.chair_presses("9"), ["there-are", "d/2.wav", "other-in-party"]);
}

#[test]
fn sound_other_in_party_follows_the_number() {
    let mut meeting = meeting(4);
    assert_eq!(meeting.chair_presses("9").last().unwrap(), "other-in-party");
}

#[test]
fn sound_only_one_tells_of_the_only_other() {
    let mut meeting = meeting(1);
    assert_eq!(meeting.chair_presses("9"), ["only-one"]);
}

#[test]
fn sound_participants_muted_is_heard_by_all() {
    let mut meeting = meeting(1);
    meeting.chair_presses("5");
    assert_eq!(meeting.room(), ["participants-muted"]);
}

#[test]
fn sound_participants_unmuted_is_heard_by_all() {
    let mut meeting = meeting(1);
    meeting.chair_presses("5");
    meeting.script.settle();
    meeting.chair_presses("5");
    assert_eq!(meeting.room(), ["participants-unmuted"]);
}

#[test]
fn sound_error_menu_answers_what_cannot_be() {
    let mut meeting = meeting(1);
    let guest = meeting.guests[0];
    meeting.chair_presses("1");
    meeting.script.settle();
    assert_eq!(meeting.presses(guest, "1"), ["error-menu"]);
}

#[test]
fn sound_not_allowed_answers_who_may_not() {
    let mut meeting = meeting(1);
    let guest = meeting.guests[0];
    meeting.chair_presses("1");
    meeting.script.settle();
    assert_eq!(meeting.presses(guest, "0"), ["not-allowed"]);
}

#[test]
fn sound_minus_stands_before_a_value_below_zero() {
    let mut meeting = meeting(1);
    let guest = meeting.guests[0];
    assert_eq!(meeting.presses(guest, "44"), ["minus", "d/2.wav"]);
}

#[test]
fn sound_hand_raised_stands_before_the_place() {
    let mut meeting = meeting(1);
    let guest = meeting.guests[0];
    assert_eq!(meeting.presses(guest, "1"), ["hand-raised", "d/1.wav"]);
}

#[test]
fn sound_hand_lowered_answers_who_asks_no_more() {
    let mut meeting = meeting(1);
    let guest = meeting.guests[0];
    assert_eq!(meeting.presses(guest, "12"), ["hand-lowered"]);
}

#[test]
fn sound_hand_up_is_heard_by_moderators_only() {
    let mut meeting = meeting(2);
    let guest = meeting.guests[0];
    meeting.presses(guest, "1");
    assert_eq!(meeting.script.privately(meeting.chair), ["hand-up"]);
    assert!(meeting.script.privately(meeting.guests[1]).is_empty());
}

#[test]
fn sound_your_turn_is_heard_by_who_has_the_word() {
    let mut meeting = meeting(1);
    let guest = meeting.guests[0];
    meeting.presses(guest, "1");
    meeting.script.settle();
    meeting.chair_presses("4");
    assert_eq!(meeting.script.privately(guest), ["your-turn"]);
}

#[test]
fn sound_no_hands_tells_the_moderator_that_nobody_asks() {
    let mut meeting = meeting(1);
    assert_eq!(meeting.chair_presses("4"), ["no-hands"]);
}

#[test]
fn sound_lecture_mode_is_heard_by_all() {
    let mut meeting = meeting(1);
    meeting.chair_presses("1");
    assert_eq!(meeting.room(), ["lecture-mode"]);
}

#[test]
fn sound_question_mode_is_heard_by_all() {
    let mut meeting = meeting(1);
    meeting.chair_presses("2");
    assert_eq!(meeting.room(), ["question-mode"]);
}

#[test]
fn sound_discussion_mode_is_heard_by_all() {
    let mut meeting = meeting(1);
    meeting.chair_presses("1");
    meeting.script.settle();
    meeting.chair_presses("3");
    assert_eq!(meeting.room(), ["discussion-mode"]);
}

#[test]
fn sound_floor_taken_is_heard_by_who_has_it() {
    let mut meeting = meeting(1);
    let guest = meeting.guests[0];
    assert_eq!(meeting.presses(guest, "5"), ["floor-taken"]);
}

#[test]
fn sound_floor_released_is_heard_by_who_had_it() {
    let mut meeting = meeting(1);
    let guest = meeting.guests[0];
    assert_eq!(meeting.presses(guest, "55"), ["floor-taken"]);
    meeting.script.finish("floor-taken");
    assert_eq!(meeting.script.privately(guest), ["floor-released"]);
}

#[test]
fn sound_roll_call_follows_the_number_of_members() {
    let mut meeting = meeting(1);
    assert_eq!(meeting.chair_presses("8")[..2], ["d/2.wav", "roll-call"]);
}

#[test]
fn sound_help_stands_before_the_keys() {
    let mut meeting = meeting(1);
    assert_eq!(meeting.chair_presses("0"), ["help", "d/0.wav", "help-help"]);
}

#[test]
fn sound_entry_tones_off_answers_the_moderator() {
    let mut meeting = meeting(1);
    assert_eq!(meeting.chair_presses("6"), ["entry-tones-off"]);
}

#[test]
fn sound_entry_tones_on_answers_the_moderator() {
    let mut meeting = meeting(1);
    meeting.chair_presses("6");
    meeting.script.settle();
    assert_eq!(meeting.chair_presses("6"), ["entry-tones-on"]);
}

#[test]
fn sound_moh_off_answers_him() {
    let mut meeting = meeting(1);
    assert_eq!(meeting.chair_presses("7"), ["moh-off"]);
}

#[test]
fn sound_moh_on_answers_him() {
    let mut meeting = meeting(1);
    meeting.chair_presses("7");
    meeting.script.settle();
    assert_eq!(meeting.chair_presses("7"), ["moh-on"]);
}

#[test]
fn sound_pin_asks_for_the_pin() {
    let mut meeting = changed(0, with_pin);
    let guest = meeting.script.call("105", "3001");
    assert_eq!(meeting.script.privately(guest), ["pin"]);
}

#[test]
fn sound_bad_pin_answers_a_wrong_one() {
    let mut meeting = changed(0, with_pin);
    let guest = meeting.script.call("105", "3001");
    meeting.script.press(guest, "1111");
    assert_eq!(meeting.script.privately(guest), ["bad-pin", "pin"]);
}

fn with_pin(settings: &mut Settings) {
    let pin = confab_conference::PinRole::guest("4711".parse().unwrap());
    settings.routes.last_mut().unwrap().pins = Some(vec![pin]);
}

#[test]
fn sound_place_into_conference_ends_the_wait_for_a_moderator() {
    let mut settings = settings(CHAIR, GUEST);
    profile_of(&mut settings).flags.insert(ConferenceFlag::WaitMod);
    let mut script = Script::with(settings);
    let guest = script.call("101", "3001");
    script.settle();
    script.call("100", "3000");
    assert_eq!(script.privately(guest), ["place-into-conference"]);
}

#[test]
fn sound_knock_is_heard_by_moderators_when_somebody_waits() {
    let mut meeting = changed(1, with_lobby);
    meeting.script.call("105", "3001");
    assert_eq!(meeting.script.privately(meeting.chair), ["knock"]);
}

#[test]
fn sound_admitted_is_heard_by_who_is_let_in() {
    let mut settings = settings(&[("1", "admit")], GUEST);
    with_lobby(&mut settings);
    let mut meeting = Meeting::of(settings, 0);
    let guest = meeting.script.call("105", "3001");
    meeting.script.settle();
    meeting.chair_presses("1");
    assert_eq!(meeting.script.privately(guest), ["admitted"]);
}

fn with_lobby(settings: &mut Settings) {
    profile_of(settings).flags.insert(ConferenceFlag::Lobby);
}

#[test]
fn sound_minutes_follows_their_number() {
    let mut meeting = changed(1, |settings| {
        let ends = &mut profile_of(settings).ends;
        (ends.max_duration, ends.warnings) =
            (Some(Duration::from_secs(3600)), vec![Duration::from_secs(300)]);
    });
    meeting.script.wait(3_300_000);
    assert!(
        meeting
            .script
            .world
            .announced
            .contains(&["ending-soon", "d/5.wav", "minutes"].map(String::from).into())
    );
}

#[test]
fn sound_too_loud_is_heard_by_who_is_muted_for_it() {
    let mut meeting = meeting(1);
    let guest = meeting.guests[0];
    meeting.script.input(Input::TooLoud { leg: guest });
    assert_eq!(meeting.script.privately(guest), ["too-loud"]);
}

#[test]
fn sounds_are_in_the_language_of_the_profile_or_of_the_role() {
    let mut settings = settings(CHAIR, GUEST);
    profile_of(&mut settings).language = "de".to_owned();
    settings.roles.get_mut("member").unwrap().language = Some("fr".to_owned());
    profile_of(&mut settings).announce_names = AnnounceNames::Off;
    let mut meeting = Meeting::of(settings, 1);
    let (chair, guest) = (meeting.chair, meeting.guests[0]);
    meeting.presses(guest, "1");
    meeting.script.press(chair, "1");
    let languages = |meeting: &Meeting| {
        let playing = meeting.script.world.playing.values().filter(|playing| !playing.repeat);
        playing.map(|playing| (playing.sounds[0].clone(), playing.language.clone())).collect::<Vec<_>>()
    };
    let spoken = languages(&meeting);
    for (sound, language) in [("hand-raised", "fr"), ("hand-up", "de"), ("lecture-mode", "de")] {
        assert!(spoken.contains(&(sound.to_owned(), language.to_owned())), "{sound}: {spoken:?}");
    }
}

#[test]
fn what_is_said_lowers_the_voices_and_music_does_not() {
    let mut meeting = meeting(0);
    assert!(meeting.script.world.playing.values().all(|playing| playing.duck_db == 0 && playing.repeat));
    meeting.chair_presses("16");
    assert_eq!(meeting.script.world.playing.len(), 2, "the announcement, and the answer");
    assert!(meeting.script.world.playing.values().all(|playing| playing.duck_db == 6));
}
