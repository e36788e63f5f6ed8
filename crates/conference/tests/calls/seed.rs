//! The tutorial's conference, step by step.

use confab_conference::{Cause, DialTarget, Input, Outcome};

use crate::script::{Script, user};
use crate::tutorial;

#[test]
fn the_trunk_rings_for_half_a_second_and_1004_is_called_at_once() {
    let mut script = Script::new();
    let trunk = script.call("2125551111", "2002");
    assert!(script.world.lines[&trunk].rings);
    script.wait(499);
    assert!(
        !script.world.lines[&trunk].up && script.world.rooms.is_empty() && script.world.dialled.is_empty()
    );
    script.wait(1);
    assert!(script.world.lines[&trunk].up);
    assert_eq!(script.world.rooms.values().collect::<Vec<_>>(), ["1004"]);
    let dialled = script.last_dialled();
    assert_eq!(dialled.target, user("1004"));
    assert_eq!(
        (dialled.caller.number.as_str(), dialled.caller.name.as_deref()),
        ("2125551111", Some("Mr 2125551111"))
    );
    assert!(script.told("room 1004: created, profile simpleconf"));
    assert!(script.told("room 1004: 2125551111 joined as moderator, 1 in the room"));
}

#[test]
fn the_trunk_hears_that_it_is_alone_then_music_until_1004_joins() {
    let mut script = Script::new();
    let trunk = script.call("2125551111", "2002");
    script.wait(500);
    assert_eq!(script.in_room(trunk), ["alone"]);
    script.finish("alone");
    assert_eq!(script.in_room(trunk), ["music"]);
    assert!(script.world.playing.values().all(|playing| playing.repeat));
    let station = script.last_dialled().leg;
    script.input(Input::Ringing { leg: station });
    assert_eq!(script.in_room(trunk), ["music"]);
    script.answer(station);
    assert_eq!(script.in_room(trunk), ["welcome"]);
    script.finish("welcome");
    assert!(script.in_room(trunk).is_empty());
}

#[test]
fn who_answers_during_the_alone_sound_ends_it() {
    let mut script = Script::new();
    let trunk = script.call("2125551111", "2002");
    script.wait(500);
    script.answer(script.last_dialled().leg);
    assert_eq!(script.in_room(trunk), ["welcome"]);
}

#[test]
fn the_station_joins_muted_hears_so_after_the_welcome_and_unmutes_by_key() {
    let mut script = Script::new();
    let trunk = script.call("2125551111", "2002");
    script.wait(500);
    let station = script.last_dialled().leg;
    script.answer(station);
    assert!(!script.speaks(station) && script.hears(station) == Some(0) && script.speaks(trunk));
    assert!(script.privately(station).is_empty());
    script.finish("welcome");
    assert_eq!(script.privately(station), ["muted"]);
    script.press(station, "0");
    assert_eq!(script.privately(station), ["unmuted"]);
    assert!(script.speaks(station));
    assert!(script.in_room(trunk).is_empty() && script.privately(trunk).is_empty());
    script.press(station, "0");
    assert!(!script.speaks(station) && script.privately(station) == ["muted"]);
}

#[test]
fn who_unmutes_during_the_welcome_is_not_told_that_he_is_muted() {
    let mut script = Script::new();
    script.call("2125551111", "2002");
    script.wait(500);
    let station = script.last_dialled().leg;
    script.answer(station);
    script.press(station, "0");
    script.finish("unmuted");
    script.finish("welcome");
    assert!(script.privately(station).is_empty());
}

#[test]
fn while_he_types_he_hears_the_room_low_and_the_room_does_not_hear_him() {
    let mut script = Script::new();
    let (trunk, station) = script.conference();
    script.press(station, "*1");
    assert_eq!(script.privately(station), ["number"]);
    assert_eq!((script.speaks(station), script.hears(station)), (false, Some(-15)));
    assert!(script.speaks(trunk) && script.privately(trunk).is_empty() && script.in_room(trunk).is_empty());
    script.press(station, "1");
    assert!(script.privately(station).is_empty(), "the first key stops the prompt");
    script.press(station, "005#");
    assert_eq!((script.speaks(station), script.hears(station)), (true, Some(0)));
    assert_eq!(script.targets(), ["user/1004", "user/1005"]);
    assert_eq!(script.last_dialled().caller.number, "1004");
}

#[test]
fn the_invite_leaves_with_the_last_key() {
    let mut script = Script::new();
    let (_, station) = script.conference();
    script.press(station, "*1");
    script.press(station, "1005");
    script.input(Input::Digit { leg: station, digit: '#' });
    assert_eq!(script.targets(), ["user/1004", "user/1005"]);
}

#[test]
fn a_muted_inviter_stays_muted() {
    let mut script = Script::new();
    let (_, station) = script.conference();
    script.press(station, "0");
    script.finish("muted");
    script.invite(station, "1005");
    assert_eq!((script.speaks(station), script.hears(station)), (false, Some(0)));
}

#[test]
fn five_digits_or_more_go_to_the_gateway() {
    for number in ["20001", "200012", "12345678901"] {
        let mut script = Script::new();
        let (_, station) = script.conference();
        script.invite(station, number);
        let gateway = DialTarget::Gateway { gateway: "mygw".to_owned(), number: number.to_owned() };
        assert_eq!(script.last_dialled().target, gateway);
    }
}

#[test]
fn the_invited_person_joins_and_all_three_speak_and_hear() {
    let mut script = Script::new();
    let (trunk, station) = script.conference();
    let invited = script.invited(station, "1005");
    script.input(Input::Ringing { leg: invited });
    assert!(script.in_room(trunk).is_empty() && script.privately(station).is_empty());
    script.answer(invited);
    assert_eq!(script.in_room(trunk), ["welcome"]);
    for leg in [trunk, station, invited] {
        assert_eq!((script.speaks(leg), script.hears(leg)), (true, Some(0)));
    }
    for state in ["queued", "ringing", "answered", "joined"] {
        assert!(script.told(&format!("room 1004: invite of user/1005 by 1004: {state}")), "{state}");
    }
    assert!(script.told("1005 joined as invited, 3 in the room"));
}

#[test]
fn invited_persons_and_trunks_have_no_star_one() {
    let mut script = Script::new();
    let (trunk, station) = script.conference();
    let invited = script.joined(station, "1005");
    for leg in [trunk, invited] {
        script.press(leg, "*1");
        assert_eq!(script.privately(leg), ["minus", "digits/1.wav"], "the 1 is its own control");
        assert_eq!(script.world.lines[&leg].talk, -1);
        script.finish_all();
    }
    for _ in 0..100 {
        script.press(trunk, "*110055");
    }
    assert_eq!(script.world.dialled.len(), 2, "nobody is called");
}

#[test]
fn a_trunk_that_calls_itself_1004_is_a_guest() {
    let mut script = Script::new();
    let spoofed = script.call("1004", "2000");
    script.press(spoofed, "*11005#");
    assert!(script.world.dialled.is_empty());
}

#[test]
fn the_trunk_hears_exit_alone_and_music_when_1004_leaves() {
    let mut script = Script::new();
    let (trunk, station) = script.conference();
    script.hang_up(station);
    assert_eq!(script.in_room(trunk), ["exit"]);
    script.finish("exit");
    assert_eq!(script.in_room(trunk), ["alone"]);
    script.finish("alone");
    assert_eq!(script.in_room(trunk), ["music"]);
    assert!(script.told("room 1004: 1004 left, hung up, 1 in the room"));
}

#[test]
fn with_two_left_only_the_exit_sound_is_heard() {
    let mut script = Script::new();
    let (trunk, station) = script.conference();
    let invited = script.joined(station, "1005");
    script.hang_up(invited);
    script.finish("exit");
    assert!(script.in_room(trunk).is_empty());
}

#[test]
fn a_first_outcall_that_fails_leaves_the_trunk_with_music() {
    let outcomes = [
        (Outcome::Busy, "busy"),
        (Outcome::Declined, "declined"),
        (Outcome::NoAnswer, "no answer"),
        (Outcome::Unreachable, "unreachable"),
    ];
    for (outcome, told) in outcomes {
        let mut script = Script::new();
        let trunk = script.call("2125551111", "2002");
        script.wait(500);
        script.finish("alone");
        script.fail(script.last_dialled().leg, outcome);
        script.wait(100_000);
        assert_eq!(script.in_room(trunk), ["music"]);
        assert!(script.told(&format!("invite of user/1004 by 2125551111: {told}")), "{:?}", script.events);
        assert!(script.told("nobody joined"));
        assert_eq!(script.world.dialled.len(), 1);
    }
}

#[test]
fn a_first_outcall_that_is_not_answered_ends_after_a_minute() {
    let mut script = Script::new();
    script.call("2125551111", "2002");
    script.wait(500);
    let station = script.last_dialled().leg;
    script.wait(59_999);
    assert_eq!(script.ended(station), None);
    script.wait(1);
    assert_eq!(script.ended(station), Some(Cause::NoAnswer));
    assert!(script.told("no answer"));
}

#[test]
fn fallback_targets_are_tried_in_turn() {
    let mut settings = tutorial::settings();
    settings.routes[2].outcalls = vec![tutorial::outcall(&["1004", "1006", "1007"], true)];
    let mut script = Script::with(settings);
    let trunk = script.call("2125551111", "2002");
    script.wait(500);
    script.finish("alone");
    script.fail(script.last_dialled().leg, Outcome::Busy);
    assert_eq!(script.targets(), ["user/1004", "user/1006"]);
    script.wait(60_000);
    assert_eq!(script.targets(), ["user/1004", "user/1006", "user/1007"]);
    assert_eq!(script.in_room(trunk), ["music"]);
    script.answer(script.last_dialled().leg);
    assert_eq!(script.in_room(trunk), ["welcome"]);
    assert!(!script.told("nobody joined"));
}

#[test]
fn simple_invite_2001_joins_the_same_room_muted_and_calls_1004() {
    let mut script = Script::new();
    let caller = script.call("5551", "2001");
    assert!(!script.speaks(caller) && script.world.lines[&caller].up);
    assert_eq!(script.targets(), ["user/1004"]);
    script.finish("alone");
    assert_eq!(script.privately(caller), ["muted"]);
    let trunk = script.call("5552", "2002");
    script.wait(500);
    assert_eq!(script.world.rooms.len(), 1, "one room of the name");
    assert_eq!(script.targets(), ["user/1004"], "he is being called already");
    script.answer(script.last_dialled().leg);
    assert!(script.told("1004 joined as station, 3 in the room"));
    script.hang_up(trunk);
    assert!(script.privately(caller).contains(&"kicked"));
}

#[test]
fn plain_conference_2000_answers_at_once() {
    let mut script = Script::new();
    let first = script.call("1", "2000");
    let second = script.call("2", "2000");
    assert_eq!(script.in_room(first), ["welcome"]);
    assert!(script.speaks(first) && script.speaks(second) && script.world.dialled.is_empty());
    script.hang_up(first);
    script.hang_up(second);
    assert!(script.world.rooms.is_empty());
    assert!(script.told("room test: ended, the last member left"));
}

#[test]
fn other_numbers_get_404_and_leave_nothing() {
    let mut script = Script::new();
    for number in ["2004", "", "200", "20022", "../x", "1004", "%n", "$(id)", "X", "2002;x"] {
        let leg = script.call("1", number);
        assert_eq!(script.world.rejected[&leg], 404, "{number}");
    }
    assert!(script.world.rooms.is_empty() && script.world.lines.is_empty());
}

#[test]
fn a_caller_who_cancels_while_it_rings_calls_nobody() {
    let mut script = Script::new();
    let trunk = script.call("1", "2002");
    script.wait(300);
    script.hang_up(trunk);
    script.wait(10_000);
    assert!(script.world.dialled.is_empty() && script.world.rooms.is_empty());
}

#[test]
fn a_new_member_has_the_energy_level_of_the_profile() {
    let mut script = Script::new();
    let (trunk, station) = script.conference();
    assert_eq!((script.world.lines[&trunk].energy, script.world.lines[&station].energy), (100, 100));
}
