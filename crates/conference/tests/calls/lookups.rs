//! Calls about which one asks elsewhere.

use std::time::Duration;

use confab_conference::{Caller, Decision, Input, LegId, Lookup, MemberFlag, OnFailure, Route, Settings};

use crate::meeting::settings;
use crate::script::Script;
use crate::tutorial;

fn with(on_failure: OnFailure) -> Settings {
    let mut settings = settings(&[], &[]);
    let lookup =
        Lookup { url: "https://example.org/".to_owned(), timeout: Duration::from_secs(2), on_failure };
    settings.lookups.insert("crm".to_owned(), lookup);
    let route = tutorial::route("4000", "fallback", "member");
    settings.routes.push(Route { lookup: Some("crm".to_owned()), profile: "meeting".to_owned(), ..route });
    settings
}

fn asked(on_failure: OnFailure) -> (Script, LegId) {
    let mut script = Script::with(with(on_failure));
    let leg = script.call("7", "4000");
    assert_eq!(script.world.asked, [(leg, "crm".to_owned(), "4000".to_owned())]);
    assert!(!script.world.lines[&leg].up && !script.world.lines[&leg].rings);
    (script, leg)
}

fn decide(script: &mut Script, leg: LegId, decision: Decision) {
    script.input(Input::LookedUp { leg, answer: Ok(decision) });
}

#[test]
fn a_look_up_decides_room_role_flags_and_name() {
    let (mut script, leg) = asked(OnFailure::Reject);
    let decision = Decision {
        room: Some("vip".parse().unwrap()),
        role: Some("chair".to_owned()),
        flags: [MemberFlag::Mute].into(),
        name: Some("Ada".to_owned()),
        ..Decision::default()
    };
    decide(&mut script, leg, decision);
    assert!(script.told("room vip: 7 joined as chair, muted"));
    assert_eq!(script.roster(leg).members[0].name.as_deref(), Some("Ada"));
}

#[test]
fn what_a_look_up_leaves_out_stays_as_the_route_says() {
    let (mut script, leg) = asked(OnFailure::Reject);
    decide(&mut script, leg, Decision::default());
    assert!(script.told("room fallback: 7 joined as member"));
    script.input(Input::LookedUp { leg, answer: Ok(Decision::default()) });
    assert!(script.speaks(leg), "a second answer does nothing");
}

#[test]
fn a_look_up_may_ask_for_a_pin() {
    let (mut script, leg) = asked(OnFailure::Reject);
    decide(&mut script, leg, Decision { pin: Some("4711".parse().unwrap()), ..Decision::default() });
    assert_eq!(script.privately(leg), ["pin"]);
    script.press(leg, "1111");
    assert_eq!(script.privately(leg), ["bad-pin", "pin"]);
    script.press(leg, "4711");
    assert!(script.told("7 joined as member"));
}

#[test]
fn a_look_up_may_refuse_the_call() {
    let (mut script, leg) = asked(OnFailure::Continue);
    decide(&mut script, leg, Decision { reject: Some(603), ..Decision::default() });
    assert_eq!(script.world.rejected[&leg], 603);
    assert_eq!(script.conferences_timeout(), None);
    let (mut script, leg) = asked(OnFailure::Continue);
    decide(&mut script, leg, Decision { reject: Some(200), ..Decision::default() });
    assert_eq!(script.world.rejected[&leg], 403, "200 is no refusal");
}

#[test]
fn no_answer_in_time_is_a_failure() {
    let (mut script, leg) = asked(OnFailure::Continue);
    script.wait(1999);
    assert!(!script.world.lines[&leg].up);
    script.wait(1);
    assert!(
        script.told("room fallback: 7 joined")
            && script.told("look-up crm for the call of 7 failed: no answer")
    );
    decide(&mut script, leg, Decision { reject: Some(603), ..Decision::default() });
    assert!(script.speaks(leg), "the answer is too late");
}

#[test]
fn a_failed_look_up_refuses_or_goes_on() {
    for (on_failure, refused) in [(OnFailure::Reject, true), (OnFailure::Continue, false)] {
        let (mut script, leg) = asked(on_failure);
        script.input(Input::LookedUp { leg, answer: Err("connection refused".to_owned()) });
        assert_eq!(script.world.rejected.get(&leg).copied(), refused.then_some(503));
        assert!(script.told("failed: connection refused"));
    }
}

#[test]
fn an_unknown_role_or_profile_is_a_failure_and_no_surprise() {
    let unknown = [
        Decision { role: Some("king".to_owned()), ..Decision::default() },
        Decision { profile: Some("gold".to_owned()), ..Decision::default() },
    ];
    for decision in unknown {
        let (mut script, leg) = asked(OnFailure::Reject);
        decide(&mut script, leg, decision);
        assert_eq!(script.world.rejected[&leg], 503);
        assert!(script.told("failed: there is no"));
    }
}

#[test]
fn who_hangs_up_meanwhile_leaves_nothing() {
    let (mut script, leg) = asked(OnFailure::Reject);
    script.hang_up(leg);
    assert_eq!((script.conferences_timeout(), script.load().legs), (None, 0));
    script.input(Input::LookedUp { leg, answer: Ok(Decision::default()) });
    assert!(script.world.rooms.is_empty());
}

#[test]
fn a_look_up_that_is_not_there_is_a_failure() {
    let mut settings = with(OnFailure::Continue);
    settings.lookups.clear();
    let mut script = Script::with(settings);
    let leg = script.arrive(Caller { number: "7".into(), ..Caller::default() }, "4000");
    assert_eq!(script.world.rejected[&leg], 503);
}
