//! What each key does: FreeSWITCH's actions, ConfBridge's, and what a member asks for alone.

use confab_conference::{Control, DialTarget, Input};

use crate::meeting::{Keys, Meeting, keys, settings};
use crate::script::Script;

/// A member with these keys, and his chair.
fn member(keys: Keys<'_>) -> (Meeting, confab_conference::LegId) {
    let meeting = Meeting::new(&[], keys, 1);
    let guest = meeting.guests[0];
    (meeting, guest)
}

#[test]
fn action_mute_and_again() {
    let (mut meeting, guest) = member(&[("1", "mute")]);
    assert_eq!(meeting.presses(guest, "1"), ["muted"]);
    assert!(!meeting.script.speaks(guest));
    assert_eq!(meeting.presses(guest, "1"), ["unmuted"]);
    assert!(meeting.script.speaks(guest));
}

#[test]
fn action_mute_on_mutes_once() {
    let (mut meeting, guest) = member(&[("1", "mute on")]);
    assert_eq!(meeting.presses(guest, "11"), ["muted"]);
    assert!(!meeting.script.speaks(guest));
    assert_eq!(meeting.script.events.iter().filter(|event| event.contains("101 muted")).count(), 1);
}

#[test]
fn action_mute_off_unmutes() {
    let (mut meeting, guest) = member(&[("1", "mute on"), ("2", "mute off")]);
    assert!(meeting.presses(guest, "2").is_empty(), "nothing changed, nothing to tell");
    meeting.presses(guest, "1");
    assert_eq!(meeting.presses(guest, "2"), ["unmuted"]);
    assert!(meeting.script.speaks(guest));
}

#[test]
fn action_deaf_and_again() {
    let (mut meeting, guest) = member(&[("1", "deaf")]);
    assert_eq!(meeting.presses(guest, "1"), ["deaf"]);
    assert_eq!(meeting.script.hears(guest), None);
    assert_eq!(meeting.presses(guest, "1"), ["undeaf"]);
    assert_eq!(meeting.script.hears(guest), Some(0));
}

#[test]
fn action_deaf_on_and_action_deaf_off() {
    let (mut meeting, guest) = member(&[("1", "deaf on"), ("2", "deaf off")]);
    meeting.presses(guest, "11");
    assert_eq!((meeting.script.speaks(guest), meeting.script.hears(guest)), (true, None));
    meeting.presses(guest, "22");
    assert_eq!(meeting.script.hears(guest), Some(0));
}

#[test]
fn action_deaf_off_for_who_hears_does_nothing() {
    let (mut meeting, guest) = member(&[("2", "deaf off")]);
    assert!(meeting.presses(guest, "2").is_empty());
}

#[test]
fn action_deaf_mute_goes_by_the_mute() {
    let (mut meeting, guest) = member(&[("1", "deaf mute"), ("2", "mute")]);
    meeting.presses(guest, "1");
    assert_eq!((meeting.script.speaks(guest), meeting.script.hears(guest)), (false, None));
    meeting.presses(guest, "1");
    assert_eq!((meeting.script.speaks(guest), meeting.script.hears(guest)), (true, Some(0)));
}

#[test]
fn action_energy_up_raises_the_gate() {
    let (mut meeting, guest) = member(&[("1", "energy up")]);
    assert_eq!(meeting.presses(guest, "11"), ["d/2.wav"]);
    assert_eq!(meeting.script.world.lines[&guest].energy, 500);
}

#[test]
fn action_energy_equ_takes_the_value_of_the_profile() {
    let (mut meeting, guest) = member(&[("1", "energy up"), ("2", "energy equ")]);
    meeting.presses(guest, "112");
    assert_eq!(meeting.script.world.lines[&guest].energy, 100);
}

#[test]
fn action_energy_dn_lowers_the_gate() {
    let (mut meeting, guest) = member(&[("1", "energy dn")]);
    assert_eq!(meeting.presses(guest, "1"), ["d/0.wav"]);
    assert_eq!(meeting.script.world.lines[&guest].energy, 0);
}

#[test]
fn action_vol_talk_up_makes_others_hear_him_louder() {
    let (mut meeting, guest) = member(&[("1", "vol talk up")]);
    assert_eq!(meeting.presses(guest, "11"), ["d/2.wav"]);
    let line = &meeting.script.world.lines[&guest];
    assert_eq!((line.talk, line.listen), (2, 0));
}

#[test]
fn action_vol_talk_zero_undoes_it() {
    let (mut meeting, guest) = member(&[("1", "vol talk up"), ("2", "vol talk zero")]);
    assert_eq!(meeting.presses(guest, "12"), ["d/0.wav"]);
    assert_eq!(meeting.script.world.lines[&guest].talk, 0);
}

#[test]
fn action_vol_talk_dn_makes_others_hear_him_less() {
    let (mut meeting, guest) = member(&[("1", "vol talk dn")]);
    assert_eq!(meeting.presses(guest, "1"), ["minus", "d/1.wav"]);
    assert_eq!(meeting.script.world.lines[&guest].talk, -1);
}

#[test]
fn action_vol_listen_up_makes_him_hear_more() {
    let (mut meeting, guest) = member(&[("1", "vol listen up")]);
    meeting.presses(guest, "1");
    let line = &meeting.script.world.lines[&guest];
    assert_eq!((line.talk, line.listen), (0, 1));
}

#[test]
fn action_vol_listen_zero_undoes_it() {
    let (mut meeting, guest) = member(&[("1", "vol listen up"), ("2", "vol listen zero")]);
    meeting.presses(guest, "112");
    assert_eq!(meeting.script.world.lines[&guest].listen, 0);
}

#[test]
fn action_vol_listen_dn_makes_him_hear_less() {
    let (mut meeting, guest) = member(&[("1", "vol listen dn")]);
    assert_eq!(meeting.presses(guest, "11111"), ["minus", "d/4.wav"]);
    assert_eq!(meeting.script.world.lines[&guest].listen, -4);
}

#[test]
fn action_moh_toggle_stops_the_music_of_who_is_alone() {
    let mut meeting = Meeting::new(&[("1", "moh toggle")], &[], 0);
    assert_eq!(meeting.room(), ["moh"]);
    assert_eq!(meeting.chair_presses("1"), ["moh-off"]);
    meeting.script.settle();
    assert!(meeting.room().is_empty());
    assert_eq!(meeting.chair_presses("1"), ["moh-on"]);
    assert_eq!(meeting.room(), ["moh"]);
}

#[test]
fn action_lock_locks_and_unlocks() {
    let mut meeting = Meeting::new(&[("1", "lock")], &[], 1);
    meeting.chair_presses("1");
    assert_eq!(meeting.room(), ["is-locked"]);
    let late = meeting.script.call("105", "3001");
    assert!(!meeting.script.world.lines.get(&late).is_some_and(|line| line.speaks), "he does not get in");
    meeting.script.settle();
    meeting.chair_presses("1");
    assert_eq!(meeting.room(), ["is-unlocked"]);
    let last = meeting.script.call("106", "3001");
    assert!(meeting.script.speaks(last));
}

#[test]
fn action_floor_is_held_by_one_until_he_gives_it_back() {
    let mut meeting = Meeting::new(&[("1", "floor")], &[("1", "floor")], 1);
    let guest = meeting.guests[0];
    let held = |meeting: &Meeting, leg| meeting.script.world.lines[&leg].voice.last().copied();
    assert_eq!(meeting.presses(guest, "1"), ["floor-taken"]);
    assert_eq!(held(&meeting, guest), Some(Control::Floor(true)));
    assert_eq!(meeting.chair_presses("1"), ["error-menu"], "another one has it");
    meeting.script.settle();
    assert_eq!(meeting.presses(guest, "1"), ["floor-released"]);
    assert_eq!(held(&meeting, guest), Some(Control::Floor(false)));
    meeting.presses(guest, "1");
    meeting.script.hang_up(guest);
    meeting.script.settle();
    assert_eq!(meeting.chair_presses("1"), ["floor-taken"], "who has left has it no more");
}

#[test]
fn action_play_is_heard_by_him_alone_until_he_presses_a_key() {
    let (mut meeting, guest) = member(&[("1", "play rules.wav&thanks.wav"), ("2", "no op")]);
    assert_eq!(meeting.presses(guest, "1"), ["rules.wav", "thanks.wav"]);
    assert!(meeting.room().is_empty());
    assert!(meeting.presses(guest, "2").is_empty());
}

#[test]
fn action_play_of_a_long_sound_is_not_cut_off() {
    let (mut meeting, guest) = member(&[("1", "play rules.wav")]);
    meeting.presses(guest, "1");
    meeting.script.wait(600_000);
    assert_eq!(meeting.script.privately(guest), ["rules.wav"]);
}

#[test]
fn action_event_tells_an_event_of_its_name() {
    let (mut meeting, guest) = member(&[("*7", "event coffee")]);
    meeting.presses(guest, "*7");
    assert!(meeting.script.told("101 tells the event `coffee` by key"), "{:?}", meeting.script.events);
}

#[test]
fn action_hangup_ends_his_call() {
    let (mut meeting, guest) = member(&[("#", "hangup")]);
    meeting.script.press(guest, "#");
    assert!(meeting.script.ended(guest).is_some());
    assert_eq!(meeting.room(), ["exit"]);
}

#[test]
fn action_no_op_takes_the_keys_and_does_nothing() {
    let (mut meeting, guest) = member(&[("1", "mute"), ("11", "no op")]);
    assert!(meeting.presses(guest, "11").is_empty());
    assert!(meeting.script.speaks(guest));
}

#[test]
fn action_participant_count_tells_how_many_others_there_are() {
    let counts: [(usize, &[&str]); 3] =
        [(0, &["alone"]), (1, &["only-one"]), (3, &["there-are", "d/3.wav", "other-in-party"])];
    for (guests, spoken) in counts {
        let mut meeting = Meeting::new(&[("1", "participant count")], &[], guests);
        assert_eq!(meeting.chair_presses("1"), spoken);
    }
}

#[test]
fn action_roll_call_is_for_the_asker_only() {
    let mut meeting = Meeting::new(&[("1", "roll call")], &[], 1);
    let roll = ["d/2.wav", "roll-call", "d/1.wav", "d/0.wav", "d/0.wav", "d/1.wav", "d/0.wav", "d/1.wav"];
    assert_eq!(meeting.chair_presses("1"), roll);
    assert!(meeting.room().is_empty() && meeting.script.privately(meeting.guests[0]).is_empty());
    assert!(meeting.chair_presses("9").is_empty(), "any key ends it");
}

#[test]
fn action_help_speaks_his_own_keys() {
    let (mut meeting, guest) = member(&[("*4", "help"), ("0", "mute"), ("#", "hangup")]);
    let help = ["help", "d/star.wav", "d/4.wav", "help-help", "d/0.wav", "help-mute"];
    assert_eq!(meeting.presses(guest, "*4"), help, "what has no sound is left out");
}

#[test]
fn several_actions_of_one_key_act_in_turn() {
    let (mut meeting, guest) = member(&[("1", "mute on+deaf on"), ("2", "deaf off+mute off")]);
    meeting.presses(guest, "1");
    assert_eq!((meeting.script.speaks(guest), meeting.script.hears(guest)), (false, None));
    meeting.presses(guest, "2");
    assert_eq!((meeting.script.speaks(guest), meeting.script.hears(guest)), (true, Some(0)));
}

#[test]
fn members_of_one_room_have_different_keys() {
    let mut settings = settings(&[("1", "lock")], &[("1", "deaf")]);
    let profile = settings.profiles.get_mut("meeting").unwrap();
    profile.caller_controls = keys(&[("1", "mute"), ("2", "raise hand")]);
    profile.moderator_controls = keys(&[("1", "mute"), ("2", "next speaker")]);
    for role in ["chair", "member"] {
        settings.roles.get_mut(role).unwrap().keys = Default::default();
    }
    let mut meeting = Meeting::of(settings, 1);
    let guest = meeting.guests[0];
    assert_eq!(
        meeting.presses(guest, "2"),
        ["hand-raised", "d/1.wav"],
        "the profile's, as his role has none"
    );
    meeting.script.settle();
    meeting.chair_presses("2");
    assert_eq!(meeting.script.privately(guest), ["your-turn"]);
}

#[test]
fn who_is_no_moderator_moderates_by_no_key() {
    let (mut meeting, guest) = member(&[("1", "mute all"), ("2", "end conference"), ("3", "kick last")]);
    assert!(meeting.presses(guest, "123").is_empty());
    assert!(
        meeting.room().is_empty() && meeting.script.speaks(guest),
        "the settings refuse such a key anyway"
    );
}

#[test]
fn the_timeout_of_sequences_is_the_profiles() {
    let mut settings = settings(&[], &[("*", "mute"), ("*1", "deaf")]);
    settings.profiles.get_mut("meeting").unwrap().digit_timeout = std::time::Duration::from_millis(400);
    let mut meeting = Meeting::of(settings, 1);
    let guest = meeting.guests[0];
    meeting.script.input(Input::Digit { leg: guest, digit: '*' });
    meeting.script.wait(399);
    assert!(meeting.script.speaks(guest));
    meeting.script.wait(1);
    assert!(!meeting.script.speaks(guest));
}

#[test]
fn action_invite_asks_for_a_number_and_calls_it() {
    let mut script = Script::new();
    let (_, station) = script.conference();
    script.press(station, "*1");
    assert_eq!(script.privately(station), ["number"]);
    script.press(station, "1005#");
    assert_eq!(script.last_dialled().target, DialTarget::User("1005".to_owned()));
}

#[test]
fn action_cancel_last_invite_takes_it_back() {
    let mut script = Script::new();
    let (_, station) = script.conference();
    let invited = script.invited(station, "1005");
    script.press(station, "*2");
    assert!(script.ended(invited).is_some());
    assert_eq!(script.privately(station), ["cancelled"]);
}
