//! *2 at each state of an invite, and what crosses it.

use confab_conference::{Cause, Dialling, Input, LegId, Outcome};

use crate::invites_setup::{begin, plan, redial, settings};
use crate::script::Script;

/// How far the invite is when the key comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    Queued,
    Ringing,
    Confirming,
    Joined,
    Redialling,
    Failed,
    Left,
}

use Reached::{Confirming, Failed, Joined, Left, Queued, Redialling, Ringing};

/// 20001 is invited, and is so far.
fn invited(reached: Reached) -> (Script, LegId, LegId) {
    let mut settings = settings();
    let confirm = Some(reached == Confirming);
    let again = if reached == Redialling { 1 } else { 0 };
    plan(&mut settings).plan.allow[1].dialling = Dialling { confirm, ..redial(again, 30) };
    let (mut script, _, station) = begin(settings);
    script.invite(station, "20001");
    let called = script.call_of("20001");
    if reached != Queued {
        script.input(Input::Ringing { leg: called });
    }
    match reached {
        Queued | Ringing => {}
        Confirming | Joined => script.answer(called),
        Redialling | Failed => script.fail(called, Outcome::Busy),
        Left => {
            script.answer(called);
            script.hang_up(called);
        }
    }
    script.settle_prompts();
    (script, station, called)
}

#[test]
fn star_two_at_each_state() {
    let table = [
        (Queued, Some(Cause::Cancelled), "cancelled-sound"),
        (Ringing, Some(Cause::Cancelled), "cancelled-sound"),
        (Confirming, Some(Cause::Normal), "cancelled-sound"),
        (Joined, Some(Cause::Normal), "cancelled-sound"),
        (Redialling, None, "cancelled-sound"),
        (Failed, None, "none-left-sound"),
        (Left, None, "none-left-sound"),
    ];
    for (reached, ended, sound) in table {
        let (mut script, station, called) = invited(reached);
        script.press(station, "*2");
        assert_eq!(script.ended(called), ended, "{reached:?}");
        assert_eq!(script.privately(station), [sound], "{reached:?}");
        assert_eq!(script.count(": cancelled"), usize::from(sound == "cancelled-sound"), "{reached:?}");
        let dialled = script.targets().len();
        script.wait(1_000_000);
        assert_eq!(script.targets().len(), dialled, "{reached:?}: nobody is called again");
    }
}

/// Whatever crosses the key on its way changes nothing: the call is over.
#[test]
fn what_crosses_star_two_changes_nothing() {
    for reached in [Queued, Ringing, Confirming, Joined] {
        for crossing in 0..6 {
            let (mut script, station, called) = invited(reached);
            script.press(station, "*2");
            let events = script.events.len();
            match crossing {
                0 => script.answer(called),
                1 => script.fail(called, Outcome::Busy),
                2 => script.input(Input::Left { leg: called }),
                3 => script.input(Input::Ringing { leg: called }),
                4 => script.press(called, "1"),
                _ => script.input(Input::Lost { leg: called }),
            }
            assert_eq!(script.events.len(), events, "{reached:?} {crossing}: {:?}", &script.events[events..]);
            assert_eq!(script.privately(station), ["cancelled-sound"], "{reached:?} {crossing}");
        }
    }
}

/// What comes in the moment before the key counts, and the key finds what there is.
#[test]
fn what_comes_just_before_star_two_counts() {
    let (mut script, station, called) = invited(Ringing);
    script.answer(called);
    script.press(station, "*2");
    assert_eq!(script.ended(called), Some(Cause::Normal), "a BYE, not a CANCEL");
    let (mut script, station, called) = invited(Ringing);
    script.fail(called, Outcome::Busy);
    script.settle_prompts();
    script.press(station, "*2");
    assert_eq!(script.privately(station), ["none-left-sound"]);
    assert_eq!(script.ended(called), None);
}

#[test]
fn two_moderators_with_four_calls_each_take_back_their_own() {
    let mut settings = settings();
    settings.routes[1].outcalls[0].targets = vec![crate::invites_setup::target("1003")];
    let (mut script, _, first) = begin(settings);
    script.call("5551", "2001");
    let second = script.call_of("1003");
    script.answer(second);
    script.settle();
    let mut calls = [Vec::new(), Vec::new()];
    for number in 0..4 {
        for (index, station) in [first, second].into_iter().enumerate() {
            let target = format!("12{index}{number}");
            script.invite(station, &target);
            calls[index].push(script.call_of(&target));
            if number % 2 == 0 {
                script.answer(calls[index][number]);
            }
        }
    }
    script.settle_prompts();
    for number in (0..4).rev() {
        for (index, station) in [first, second].into_iter().enumerate() {
            script.press(station, "*2");
            assert!(script.ended(calls[index][number]).is_some(), "{index} {number}");
            let left = calls.iter().flatten().filter(|leg| script.ended(**leg).is_none()).count();
            assert_eq!(left, 2 * number + 1 - index);
        }
    }
}

/// An inviter who left the room takes nothing back any more, and what he called goes on without him.
#[test]
fn a_station_that_leaves_while_it_is_told() {
    let (mut script, station, called) = invited(Ringing);
    script.hang_up(station);
    script.settle_prompts();
    script.fail(called, Outcome::Busy);
    assert!(script.told("invite of gateway/mygw/20001 by 1004: busy"));
}

#[test]
fn the_next_call_of_a_hunt_crosses_star_two() {
    let mut settings = settings();
    crate::invites_setup::hunt(&mut settings, &["1005", "1006"], Dialling::default());
    let (mut script, _, station) = begin(settings);
    script.invite(station, "1005");
    let first = script.call_of("1005");
    script.press(station, "*2");
    script.fail(first, Outcome::Busy);
    script.wait(200_000);
    assert_eq!(script.targets(), ["user/1005"], "the hunt is over");
}
