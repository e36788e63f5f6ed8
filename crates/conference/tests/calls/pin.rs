//! The PIN of route 2003.

use confab_conference::{Caller, Cause, LegId, Users};

use crate::script::Script;
use crate::tutorial;

fn asked() -> (Script, LegId) {
    let mut script = Script::new();
    let leg = script.call("5551", "2003");
    assert!(script.world.lines[&leg].up, "answered first");
    assert_eq!(script.privately(leg), ["pin"]);
    (script, leg)
}

fn assert_no_member(script: &Script, leg: LegId) {
    assert_eq!((script.speaks(leg), script.hears(leg)), (false, None));
    assert!(!script.told("joined") && !script.told("created"));
}

#[test]
fn the_right_pin_enters_with_its_last_digit() {
    let (mut script, leg) = asked();
    script.press(leg, "7");
    assert!(script.privately(leg).is_empty(), "the first key stops the prompt");
    script.press(leg, "53");
    assert_no_member(&script, leg);
    script.press(leg, "6");
    assert!(script.told("room 2003: 5551 joined as guest, muted, 1 in the room"));
    assert_eq!(script.in_room(leg), ["alone"]);
    script.finish("alone");
    assert_eq!(script.privately(leg), ["muted"]);
    assert_eq!((script.speaks(leg), script.hears(leg)), (false, Some(0)));
}

#[test]
fn a_hash_after_the_right_pin_hangs_nobody_up() {
    let (mut script, leg) = asked();
    script.press(leg, "7536#");
    assert_eq!(script.ended(leg), None);
    script.press(leg, "#");
    assert!(script.ended(leg).is_some());
}

#[test]
fn wrong_pins_three_times() {
    let (mut script, leg) = asked();
    script.press(leg, "1111");
    assert_eq!(script.privately(leg), ["bad-pin", "pin"]);
    script.press(leg, "#");
    assert_eq!(script.privately(leg), ["bad-pin", "pin"], "a late # is no try");
    script.press(leg, "75#");
    assert_eq!(script.privately(leg), ["bad-pin", "pin"]);
    script.press(leg, "7*36");
    assert_eq!(script.privately(leg), ["bad-pin"]);
    assert_no_member(&script, leg);
    script.press(leg, "7536");
    assert_no_member(&script, leg);
    script.finish("bad-pin");
    assert_eq!(script.ended(leg), Some(Cause::Normal));
    assert!(script.world.rooms.is_empty());
    assert_eq!(script.events.iter().filter(|event| event.contains("wrong PIN")).count(), 3);
}

#[test]
fn the_right_pin_at_the_last_try() {
    let (mut script, leg) = asked();
    script.press(leg, "11117777");
    script.press(leg, "7536");
    assert!(script.told("joined"));
}

#[test]
fn no_input_for_ten_seconds_is_a_wrong_pin() {
    let (mut script, leg) = asked();
    for _ in 0..2 {
        script.finish("pin");
        script.wait(9_999);
        assert!(script.privately(leg).is_empty());
        script.wait(1);
        assert_eq!(script.privately(leg), ["bad-pin", "pin"]);
    }
    script.press(leg, "75");
    script.wait(10_000);
    script.finish("bad-pin");
    assert!(script.ended(leg).is_some());
}

#[test]
fn who_types_his_pin_does_not_count() {
    let (mut script, waiting) = asked();
    let member = script.call("5552", "2003");
    script.press(member, "7536");
    assert_eq!(script.in_room(member), ["alone"]);
    script.finish("alone");
    assert_eq!(script.in_room(member), ["music"]);
    script.hang_up(member);
    assert!(script.told("room 2003: ended, the last member left"));
    assert!(script.in_room(waiting).is_empty(), "no music for nobody");
    script.press(waiting, "7536");
    assert_eq!(script.in_room(waiting), ["alone"], "the room is a conference again");
    script.hang_up(waiting);
    assert!(script.world.rooms.is_empty());
}

fn bad_call(script: &mut Script, number: &str) {
    let leg = script.call(number, "2003");
    script.press(leg, "1111");
    script.hang_up(leg);
}

#[test]
fn after_five_bad_calls_a_caller_is_locked_out_for_longer_each_time() {
    let mut script = Script::new();
    for _ in 0..5 {
        bad_call(&mut script, "5551");
    }
    for lock in [60_000, 120_000, 240_000, 480_000, 960_000, 1_920_000, 3_600_000, 3_600_000] {
        let leg = script.call("5551", "2003");
        assert_eq!(script.world.rejected[&leg], 403);
        script.wait(lock - 1000);
        let leg = script.call("5551", "2003");
        assert_eq!(script.world.rejected[&leg], 403);
        script.wait(1000);
        bad_call(&mut script, "5551");
    }
    assert!(script.told("refused after wrong PINs"));
    let other = script.call("5552", "2003");
    script.press(other, "7536");
    assert!(script.told("5552 joined"));
    let elsewhere = script.call("5551", "2000");
    assert!(script.world.lines[&elsewhere].up, "only PINs are locked");
}

#[test]
fn an_address_that_guesses_under_many_numbers_is_locked_out() {
    let mut script = Script::new();
    for n in 0..20 {
        bad_call(&mut script, &n.to_string());
    }
    let leg = script.call("fresh", "2003");
    assert_eq!(script.world.rejected[&leg], 403);
}

#[test]
fn an_attack_from_fifty_addresses_makes_few_guesses() {
    let mut script = Script::new();
    for guess in 0..10_000u32 {
        let (number, source) = (format!("{guess:x}"), Some([198, 51, 100, (guess % 50) as u8].into()));
        let leg = script.arrive(Caller { number, source, ..Caller::default() }, "2003");
        if script.world.lines.contains_key(&leg) {
            script.press(leg, "1111");
        }
        script.wait(50);
    }
    let guesses = script.events.iter().filter(|event| event.contains("wrong PIN,")).count();
    assert!((40..100).contains(&guesses), "{guesses}");
    let honest = script.call("5551", "2003");
    script.press(honest, "7536");
    assert!(script.told("5551 joined"));
}

#[test]
fn the_right_pin_clears_the_caller() {
    let mut script = Script::new();
    for _ in 0..3 {
        for _ in 0..4 {
            bad_call(&mut script, "5551");
        }
        let leg = script.call("5551", "2003");
        script.press(leg, "7536");
        script.hang_up(leg);
    }
    assert!(script.world.rejected.is_empty());
}

/// His keys may not reach us at all; and an INVITE with a forged source never types.
#[test]
fn who_types_nothing_is_not_locked_out() {
    let mut script = Script::new();
    for _ in 0..6 {
        let leg = script.call("5551", "2003");
        script.settle();
        assert!(script.ended(leg).is_some());
    }
    let leg = script.call("5551", "2003");
    script.press(leg, "7536");
    assert!(script.told("5551 joined"));
}

/// Who mistyped his PIN once and then knew it shares his address with others: they are no suspects when somebody else attacks
/// the room.
#[test]
fn an_address_whose_only_bad_call_ended_well_is_no_suspect() {
    let mut script = Script::new();
    let leg = script.call("5551", "2003");
    script.press(leg, "1111");
    script.press(leg, "7536");
    for guess in 0..40u8 {
        let (number, source) = (format!("{guess}"), Some([198, 51, 100, guess].into()));
        let leg = script.arrive(Caller { number, source, ..Caller::default() }, "2003");
        script.press(leg, "1111");
    }
    let colleague = script.call("5552", "2003");
    script.press(colleague, "7536");
    assert!(script.told("5552 joined"));
}

#[test]
fn a_pin_is_never_shown() {
    let settings = tutorial::settings();
    assert!(!format!("{settings:?}").contains("7536"));
    let (mut script, leg) = asked();
    script.press(leg, "1111");
    script.press(leg, "7536");
    assert!(script.told("joined") && !script.told("7536") && !script.told("1111"));
    assert!(
        "12a4".parse::<confab_conference::Pin>().is_err() && "".parse::<confab_conference::Pin>().is_err()
    );
}

#[test]
fn a_route_may_be_for_users_only() {
    let mut settings = tutorial::settings();
    settings.routes[0].who.users = Users::Only(["1001".to_owned()].into());
    settings.routes[1].who.users = Users::Authenticated;
    let mut script = Script::with(settings);
    let caller = |user: Option<&str>| Caller {
        number: "1001".into(),
        user: user.map(Into::into),
        ..Caller::default()
    };
    let cases = [
        ("2000", None, false),
        ("2000", Some("1002"), false),
        ("2000", Some("1001"), true),
        ("2001", None, false),
        ("2001", Some("1002"), true),
    ];
    for (dialled, user, may) in cases {
        let leg = script.arrive(caller(user), dialled);
        assert_eq!(script.world.rejected.get(&leg).copied(), (!may).then_some(403), "{dialled} {user:?}");
    }
}
