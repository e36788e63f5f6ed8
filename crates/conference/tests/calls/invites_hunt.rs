//! Hunt lists, in sequence and all at once; redial on busy; what each call and its caller sees.

use std::time::Duration;

use confab_conference::{CallerId, CallerIdChoice, Cause, Dialling, Outcome};

use crate::invites_setup::{begin, hunt, list, plan, redial, settings, simultaneous, target};
use crate::script::Script;

#[test]
fn one_after_the_other_until_one_joins() {
    let mut settings = settings();
    let ring = Some(Duration::from_secs(15));
    hunt(&mut settings, &["1005", "1006", "1007"], Dialling { ring, ..Dialling::default() });
    let (mut script, trunk, station) = begin(settings);
    script.invite(station, "1005");
    assert_eq!(script.targets(), ["user/1005"]);
    script.end_with(script.call_of("1005"), Outcome::Busy, 486);
    assert_eq!(script.targets(), ["user/1005", "user/1006"]);
    assert!(script.privately(station).is_empty(), "it goes on, so nothing is told");
    script.wait(15_000);
    assert_eq!(script.ended(script.call_of("1006")), Some(Cause::NoAnswer));
    script.answer(script.call_of("1007"));
    assert_eq!(script.in_room(trunk), ["welcome"]);
    script.wait(100_000);
    assert_eq!(script.targets().len(), 3);
    assert!(script.told("invite of user/1005 by 1004: busy (486)") && script.told("1006 by 1004: no answer"));
}

#[test]
fn the_most_telling_end_of_a_hunt_is_told_once() {
    let ends = [Outcome::NoAnswer, Outcome::Declined, Outcome::Busy, Outcome::Unreachable];
    let mut settings = settings();
    hunt(&mut settings, &["1005", "1006", "1007", "1008"], Dialling::default());
    let (mut script, _, station) = begin(settings);
    script.invite(station, "1005");
    for (number, end) in ["1005", "1006", "1007", "1008"].into_iter().zip(ends) {
        script.fail(script.call_of(number), end);
    }
    assert_eq!(script.privately(station), ["declined-sound"]);
    assert_eq!(script.count("nobody joined"), 1);
    script.finish_all();
    assert!(script.privately(station).is_empty());
}

/// RFC 3261 §21.6: a 6xx says of the person, not of the place, that he does not come.
#[test]
fn a_global_failure_ends_the_hunt() {
    let mut settings = settings();
    hunt(&mut settings, &["1005", "1006"], Dialling::default());
    let (mut script, _, station) = begin(settings);
    script.invite(station, "1005");
    script.end_with(script.call_of("1005"), Outcome::Declined, 603);
    assert_eq!(script.targets(), ["user/1005"]);
    assert_eq!(script.privately(station), ["declined-sound"]);
}

#[test]
fn all_at_once_the_first_wins_and_the_others_are_cancelled() {
    let mut settings = settings();
    hunt(&mut settings, &["1005", "1006", "1007"], simultaneous());
    let (mut script, trunk, station) = begin(settings);
    script.invite(station, "1005");
    assert_eq!(script.targets(), ["user/1005", "user/1006", "user/1007"]);
    let [first, second, third] = ["1005", "1006", "1007"].map(|number| script.call_of(number));
    script.fail(first, Outcome::Busy);
    assert!(script.privately(station).is_empty());
    script.answer(third);
    assert_eq!(script.ended(second), Some(Cause::Cancelled));
    assert!(script.speaks(third));
    script.answer(second);
    assert!(!script.told("1006 joined"), "an answer that crosses the CANCEL changes nothing");
    assert_eq!(script.in_room(trunk), ["welcome"]);
    assert!(script.told("invite of user/1006 by 1004: cancelled"));
    script.settle();
    script.press(station, "*2");
    assert_eq!(script.ended(third), Some(Cause::Normal), "the winner is what is taken back");
    script.settle();
    script.press(station, "*2");
    assert_eq!(script.privately(station), ["none-left-sound"]);
}

#[test]
fn all_at_once_and_all_fail() {
    let mut settings = settings();
    hunt(&mut settings, &["1005", "1006"], simultaneous());
    let (mut script, _, station) = begin(settings);
    script.invite(station, "1005");
    script.fail(script.call_of("1006"), Outcome::Busy);
    script.fail(script.call_of("1005"), Outcome::Unreachable);
    assert_eq!(script.privately(station), ["busy-sound"]);
}

#[test]
fn who_is_busy_is_called_again_so_often_after_so_long() {
    let mut settings = settings();
    hunt(&mut settings, &["1005"], redial(2, 30));
    let (mut script, _, station) = begin(settings);
    script.invite(station, "1005");
    for attempt in 1..=3 {
        assert_eq!(script.targets().len(), attempt);
        script.fail(script.call_of("1005"), Outcome::Busy);
        let sound = if attempt < 3 { "redial-sound" } else { "busy-sound" };
        assert_eq!(script.privately(station), [sound]);
        script.finish_all();
        script.wait(29_999);
        assert_eq!(script.targets().len(), attempt);
        script.wait(1);
    }
    assert_eq!(script.targets().len(), 3);
    assert!(script.told("busy, will be called again") && script.told("busy, attempt 3"));
    script.wait(1_000_000);
    assert_eq!(script.targets().len(), 3);
}

#[test]
fn only_busy_is_redialled_and_a_whole_hunt_begins_again() {
    let mut settings = settings();
    hunt(&mut settings, &["1005", "1006"], redial(1, 10));
    let (mut script, _, station) = begin(settings.clone());
    script.invite(station, "1005");
    script.fail(script.call_of("1005"), Outcome::NoAnswer);
    script.fail(script.call_of("1006"), Outcome::Unreachable);
    script.wait(20_000);
    assert_eq!(script.targets().len(), 2);

    let (mut script, _, station) = begin(settings);
    script.invite(station, "1005");
    script.fail(script.call_of("1005"), Outcome::Busy);
    script.fail(script.call_of("1006"), Outcome::NoAnswer);
    script.wait(10_000);
    assert_eq!(script.targets(), ["user/1005", "user/1006", "user/1005"]);
    script.answer(script.call_of("1005"));
    assert!(script.told("1005 joined"));
}

#[test]
fn what_waits_for_a_redial_is_taken_back() {
    let mut settings = settings();
    hunt(&mut settings, &["1005"], redial(3, 30));
    let (mut script, _, station) = begin(settings);
    script.invite(station, "1005");
    script.fail(script.call_of("1005"), Outcome::Busy);
    script.finish_all();
    script.press(station, "*2");
    assert_eq!(script.privately(station), ["cancelled-sound"]);
    assert!(script.told("invite of user/1005 by 1004: cancelled"));
    script.wait(1_000_000);
    assert_eq!(script.targets().len(), 1);
}

#[test]
fn the_end_of_the_room_ends_what_waits_for_a_redial() {
    let mut settings = settings();
    hunt(&mut settings, &["1005"], redial(3, 30));
    let (mut script, trunk, station) = begin(settings);
    script.invite(station, "1005");
    script.fail(script.call_of("1005"), Outcome::Busy);
    script.hang_up(trunk);
    script.settle();
    script.wait(100_000);
    assert!(script.world.rooms.is_empty() && script.targets().len() == 1);
    assert_eq!(script.conferences_timeout(), None);
}

#[test]
fn ring_time_and_caller_id_are_those_of_the_entry_then_of_the_plan_then_of_the_profile() {
    let id = |number: &str| CallerId { name: None, number: number.to_owned() };
    let fixed = |number: &str| Some(CallerIdChoice::Fixed(id(number)));
    let mut settings = settings();
    settings.profiles.get_mut("simpleconf").unwrap().caller_id = Some(id("333"));
    let profile = settings.clone();
    plan(&mut settings).caller_id = fixed("222");
    let ring = Some(Duration::from_secs(9));
    hunt(&mut settings, &["1005"], Dialling { caller_id: fixed("111"), ring, ..Dialling::default() });
    let (mut script, _, station) = begin(settings);
    script.invite(station, "1005");
    script.invite(station, "1006");
    let shown: Vec<_> = script.world.dialled.iter().map(|dialled| dialled.caller.number.as_str()).collect();
    assert_eq!(shown, ["111", "222"]);
    let called = script.call_of("1005");
    script.wait(9000);
    assert_eq!(script.ended(called), Some(Cause::NoAnswer));
    let (mut script, _, station) = begin(profile);
    script.invite(station, "1006");
    assert_eq!(script.last_dialled().caller.number, "333");
}

/// Of a route: everyone, each with a call of his own; or the first of them.
#[test]
fn a_route_calls_everyone_or_the_first() {
    use confab_conference::Strategy::{Everyone, Sequence, Simultaneous};
    for (strategy, called, joined) in [(Everyone, 3, 2), (Simultaneous, 3, 1), (Sequence, 1, 1)] {
        let mut settings = settings();
        let outcall = &mut settings.routes[2].outcalls[0];
        outcall.targets = ["1004", "1006", "1007"].map(target).into();
        outcall.dialling = Dialling { strategy, ..Dialling::default() };
        let mut script = Script::with(settings);
        script.call("77", "2002");
        script.wait(500);
        assert_eq!(script.targets().len(), called, "{strategy:?}");
        let legs: Vec<_> = script.world.dialled.iter().map(|dialled| dialled.leg).collect();
        legs.iter().take(2).for_each(|leg| script.answer(*leg));
        assert_eq!(script.count("joined as station"), joined, "{strategy:?}");
        if strategy == Everyone {
            script.fail(legs[2], Outcome::Busy);
            assert!(script.told("nobody joined"), "of the third invite");
        }
    }
}

#[test]
fn a_list_may_be_a_hunt() {
    let mut settings = settings();
    list(&mut settings, &["1005", "1006"], Dialling::default());
    let (mut script, _, station) = begin(settings);
    script.press(station, "*5");
    assert_eq!(script.targets(), ["user/1005"]);
    script.fail(script.call_of("1005"), Outcome::Busy);
    assert_eq!(script.targets(), ["user/1005", "user/1006"]);
}
