//! Lists, redial last, what is under way, and two who call the same one.

use confab_conference::{Dialling, LegId, Outcome, Strategy};

use crate::invites_setup::{begin, list, plan, settings};
use crate::script::Script;

/// Two stations in one room.
fn two_stations() -> (Script, LegId, LegId) {
    let mut settings = settings();
    settings.routes[1].outcalls[0].targets = vec![crate::invites_setup::target("1003")];
    let (mut script, _, first) = begin(settings);
    script.call("5551", "2001");
    let second = script.call_of("1003");
    script.answer(second);
    script.settle();
    script.world.dialled.clear();
    (script, first, second)
}

#[test]
fn action_invite_and_cancel_last_invite() {
    let (mut script, _, station) = begin(settings());
    script.invite(station, "1005");
    assert_eq!(script.targets(), ["user/1005"]);
    script.press(station, "*2");
    assert_eq!(script.privately(station), ["cancelled-sound"]);
}

#[test]
fn action_cancel_last_invite_without_any() {
    let (mut script, _, station) = begin(settings());
    script.press(station, "*2");
    assert_eq!(script.privately(station), ["none-left-sound"]);
}

#[test]
fn action_redial_last_calls_the_number_that_this_member_called() {
    let (mut script, first, second) = two_stations();
    script.press(first, "*4");
    assert_eq!(script.privately(first), ["no-number-sound"]);
    script.finish_all();
    script.invite(first, "20001");
    script.invite(second, "1006");
    script.fail(script.call_of("20001"), Outcome::Busy);
    script.finish_all();
    script.press(first, "*4");
    assert_eq!(script.targets().last().unwrap(), "gateway/mygw/20001");
    assert_eq!(script.targets().len(), 3);
}

#[test]
fn action_list_pending_invites_speaks_the_numbers() {
    let (mut script, _, station) = begin(settings());
    script.press(station, "*3");
    assert_eq!(script.privately(station), ["none-pending-sound"]);
    script.finish_all();
    script.invite(station, "1005");
    script.invite(station, "20001");
    script.answer(script.call_of("1005"));
    script.settle_prompts();
    script.press(station, "*3");
    let spoken =
        ["pending-sound", "digits/2.wav", "digits/0.wav", "digits/0.wav", "digits/0.wav", "digits/1.wav"];
    assert_eq!(script.privately(station), spoken);
}

#[test]
fn action_dial_list_calls_all_of_it_as_one_order() {
    let mut settings = settings();
    plan(&mut settings).limits.pending_per_member = 1;
    plan(&mut settings).limits.per_member = 2;
    list(
        &mut settings,
        &["1005", "1006", "1007"],
        Dialling { strategy: Strategy::Everyone, ..Dialling::default() },
    );
    let (mut script, trunk, station) = begin(settings);
    script.press(station, "*5");
    assert_eq!(script.targets(), ["user/1005", "user/1006", "user/1007"]);
    let called = ["1005", "1006", "1007"].map(|number| script.call_of(number));
    script.answer(called[0]);
    script.answer(called[1]);
    assert!(script.told("1006 joined as invited"));
    script.finish_all();
    script.wait(2000);
    script.settle_prompts();
    script.invite(station, "1008");
    assert_eq!(script.privately(station), ["limit-sound"], "the list is still under way");
    script.finish_all();
    script.fail(called[2], Outcome::Declined);
    assert_eq!(script.privately(station), ["declined-sound"]);
    script.finish_all();
    script.press(station, "*2");
    assert!(
        script.ended(called[1]).is_some() && script.ended(called[0]).is_none(),
        "one by one, the newest first"
    );
    assert!(script.in_room(trunk).contains(&"exit"));
}

#[test]
fn action_dial_list_that_is_not_there() {
    let (mut script, _, station) = begin(settings());
    script.press(station, "*6");
    assert_eq!(script.privately(station), ["not-allowed-sound"]);
    assert!(script.told("invite of nobody by 1004 refused: there is no such list"));
}

#[test]
fn a_list_stops_at_the_limit_of_the_room() {
    let mut settings = settings();
    plan(&mut settings).limits.live_per_room = 2;
    list(
        &mut settings,
        &["1005", "1006", "1007"],
        Dialling { strategy: Strategy::Everyone, ..Dialling::default() },
    );
    let (mut script, _, station) = begin(settings);
    script.press(station, "*5");
    assert_eq!(script.targets(), ["user/1005", "user/1006"]);
    assert_eq!(script.privately(station), ["limit-sound"]);
    assert!(script.told("invite of 1007 by 1004 refused: too many invited in the room"));
}

#[test]
fn who_calls_whom_another_calls_already_is_told_and_hears_how_it_ends() {
    let (mut script, first, second) = two_stations();
    script.invite(first, "1005");
    script.invite(second, "1005");
    assert_eq!(script.targets(), ["user/1005"], "no second call");
    assert_eq!(script.privately(second), ["already-called-sound"]);
    assert!(script.told("invite of 1005 by 1003 refused: he is being called"));
    script.finish_all();
    script.fail(script.call_of("1005"), Outcome::Busy);
    assert_eq!((script.privately(first), script.privately(second)), (vec!["busy-sound"], vec!["busy-sound"]));
}

#[test]
fn the_second_inviter_cannot_take_back_what_the_first_has_placed() {
    let (mut script, first, second) = two_stations();
    script.invite(first, "1005");
    script.invite(second, "1005");
    script.finish_all();
    script.press(second, "*2");
    assert_eq!(script.privately(second), ["none-left-sound"]);
    script.finish_all();
    script.press(first, "*2");
    assert_eq!(
        (script.privately(first), script.privately(second)),
        (vec!["cancelled-sound"], vec!["cancelled-sound"])
    );
}

#[test]
fn who_is_in_the_room_is_not_called() {
    let (mut script, first, second) = two_stations();
    script.invite(first, "1003");
    assert!(script.targets().is_empty());
    assert_eq!(script.privately(first), ["already-here-sound"]);
    script.invite(first, "1005");
    script.answer(script.call_of("1005"));
    script.settle();
    script.invite(second, "1005");
    assert_eq!(script.privately(second), ["already-here-sound"]);
    assert_eq!(script.targets().len(), 1);
}
