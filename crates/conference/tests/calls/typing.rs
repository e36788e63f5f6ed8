//! How a number is typed after *1.

use crate::script::Script;

/// The station has pressed *1 and the prompt plays.
fn typing() -> (Script, confab_conference::LegId) {
    let mut script = Script::new();
    let (_, station) = script.conference();
    script.press(station, "*1");
    (script, station)
}

fn assert_rejected(mut script: Script, station: confab_conference::LegId) {
    assert_eq!(script.privately(station), ["invalid"]);
    assert_eq!((script.speaks(station), script.hears(station)), (false, Some(-15)), "until it was said");
    script.finish("invalid");
    assert_eq!((script.speaks(station), script.hears(station)), (true, Some(0)));
    assert!(script.privately(station).is_empty());
    assert_eq!(script.targets(), ["user/1004"], "nobody is called");
}

#[test]
fn too_few_digits() {
    for keys in ["12#", "#", "123#"] {
        let (mut script, station) = typing();
        script.press(station, keys);
        assert_rejected(script, station);
    }
}

#[test]
fn nothing_for_five_seconds_after_the_end_of_the_prompt() {
    let (mut script, station) = typing();
    script.wait(6000);
    assert_eq!(script.privately(station), ["number"], "a long prompt takes its time");
    script.finish("number");
    script.wait(4999);
    assert!(script.privately(station).is_empty());
    script.wait(1);
    assert_rejected(script, station);
}

#[test]
fn too_few_digits_for_five_seconds() {
    let (mut script, station) = typing();
    script.press(station, "123");
    script.wait(5000);
    assert_rejected(script, station);
}

#[test]
fn a_twelfth_digit() {
    let (mut script, station) = typing();
    script.press(station, "12345678901");
    assert!(script.privately(station).is_empty(), "eleven are a number");
    script.press(station, "2");
    assert_rejected(script, station);
}

#[test]
fn what_is_typed_on_while_the_number_is_rejected_does_nothing() {
    let (mut script, station) = typing();
    script.press(station, "1234567890120#");
    assert!(script.ended(station).is_none(), "the # hangs nobody up");
    assert_rejected(script, station);
}

#[test]
fn a_number_that_is_typed_at_once_behind_a_sequence_that_could_be_longer_loses_no_digit() {
    let mut settings = crate::tutorial::settings();
    let bindings =
        [("*1", vec!["invite"]), ("*19", vec!["mute"]), ("0", vec!["mute"]), ("#", vec!["hangup"])];
    settings.roles.get_mut("station").unwrap().keys = confab_conference::KeyMap::new(bindings).unwrap();
    let mut script = Script::with(settings);
    let (_, station) = script.conference();
    script.press(station, "*11005#");
    assert_eq!(script.targets(), ["user/1004", "user/1005"]);
    assert!(script.speaks(station) && script.ended(station).is_none());
}

#[test]
fn a_key_that_is_no_digit() {
    for keys in ["1*05#", "*", "10A", "D"] {
        let (mut script, station) = typing();
        script.press(station, keys);
        assert_rejected(script, station);
    }
}

#[test]
fn a_number_is_complete_five_seconds_after_its_last_digit() {
    let (mut script, station) = typing();
    script.press(station, "1005");
    script.wait(4799);
    assert_eq!(script.targets(), ["user/1004"]);
    assert!(!script.speaks(station));
    script.wait(1);
    assert_eq!(script.targets(), ["user/1004", "user/1005"]);
    assert!(script.speaks(station));
}

#[test]
fn a_late_end_of_a_number_hangs_nobody_up() {
    let (mut script, station) = typing();
    script.press(station, "1005");
    script.wait(5000);
    script.press(station, "#");
    assert_eq!(script.ended(station), None);
    script.wait(3000);
    script.press(station, "#");
    assert!(script.ended(station).is_some(), "but a # of its own does");
}

#[test]
fn six_and_eleven_digits_are_numbers() {
    for number in ["123456", "12345678901"] {
        let (mut script, station) = typing();
        script.press(station, number);
        script.press(station, "#");
        assert_eq!(script.targets()[1], format!("gateway/mygw/{number}"));
    }
}

#[test]
fn digits_typed_are_no_controls() {
    let (mut script, station) = typing();
    script.press(station, "0193#");
    let line = &script.world.lines[&station];
    assert_eq!((line.talk, line.energy, line.speaks), (0, 100, true));
}

#[test]
fn a_prompt_whose_end_is_never_reported_blocks_nobody() {
    let (mut script, station) = typing();
    script.wait(125_000);
    assert_eq!(script.privately(station), ["invalid"]);
    script.wait(120_000);
    assert!(script.speaks(station));
}

#[test]
fn who_is_put_on_hold_while_he_types_is_heard_only_after_both() {
    let (mut script, station) = typing();
    script.hold(station, true);
    script.press(station, "1005#");
    assert!(!script.speaks(station));
    script.hold(station, false);
    assert!(script.speaks(station));
}

#[test]
fn the_outcome_of_an_invite_waits_until_the_next_number_is_typed() {
    let mut settings = crate::tutorial::settings();
    let plan = settings.roles.get_mut("station").unwrap().invite.as_mut().unwrap();
    plan.limits.pending_per_member = 2;
    let mut script = Script::with(settings);
    let (_, station) = script.conference();
    let first = script.invited(station, "1005");
    script.press(station, "*110");
    script.fail(first, confab_conference::Outcome::Busy);
    assert!(script.privately(station).is_empty());
    script.press(station, "06#");
    assert_eq!(script.privately(station), ["busy"]);
}
