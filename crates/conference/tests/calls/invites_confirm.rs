//! Who answers must press a key to join, so that no answering machine is ever heard in the room.

use std::time::Duration;

use confab_conference::{Cause, Confirmation, Dialling, LegId, Outcome};

use crate::invites_setup::{begin, hunt, plan, settings};
use crate::script::Script;

const CONFIRM: &str = "conference/conf-confirm.wav";

/// 20001 is called through the gateway; it must confirm.
fn confirming() -> (Script, LegId, LegId) {
    let mut settings = settings();
    plan(&mut settings).plan.allow[1].dialling = Dialling::default();
    begin(settings)
}

#[test]
fn who_answers_behind_a_gateway_is_asked_and_joins_by_key() {
    let (mut script, trunk, station) = confirming();
    script.invite(station, "20001");
    let called = script.call_of("20001");
    script.answer(called);
    assert_eq!(script.privately(called), [CONFIRM, "silence_stream://1500"]);
    assert!(!script.speaks(called) && script.hears(called).is_none());
    assert!(script.in_room(trunk).is_empty() && !script.told("20001 joined"));
    script.press(called, "279");
    assert!(!script.speaks(called));
    script.press(called, "1");
    assert!(script.speaks(called) && script.hears(called) == Some(0));
    assert_eq!(script.in_room(trunk), ["welcome"]);
    let states = ["queued", "answered", "confirming", "joined"];
    let told: Vec<_> = script.events.iter().filter(|event| event.contains("invite of")).collect();
    assert!(told.iter().zip(states).all(|(event, state)| event.ends_with(state)), "{told:?}");
}

#[test]
fn a_user_need_not_confirm_unless_the_plan_says_so() {
    let (mut script, trunk, station) = confirming();
    script.invite(station, "1005");
    script.answer(script.call_of("1005"));
    assert_eq!(script.in_room(trunk), ["welcome"]);
    let mut settings = settings();
    hunt(&mut settings, &["1005"], Dialling { confirm: Some(true), ..Dialling::default() });
    let (mut script, _, station) = begin(settings);
    script.invite(station, "1005");
    let called = script.call_of("1005");
    script.answer(called);
    assert!(!script.speaks(called));
}

#[test]
fn a_machine_is_asked_again_then_hung_up_and_the_inviter_told() {
    let (mut script, trunk, station) = confirming();
    script.invite(station, "20001");
    let called = script.call_of("20001");
    script.answer(called);
    assert_eq!(script.privately(called), [CONFIRM, "silence_stream://1500"]);
    assert!(script.world.playing.values().any(|playing| playing.repeat && playing.sounds[0] == CONFIRM));
    script.wait(20_000);
    assert_eq!(script.ended(called), Some(Cause::Normal), "a BYE: it was answered");
    assert_eq!(script.privately(station), ["not-confirmed-sound"]);
    assert!(script.in_room(trunk).is_empty() && script.privately(trunk).is_empty());
    assert!(script.told("invite of gateway/mygw/20001 by 1004: answered, but not confirmed"));
    assert!(!script.told("20001 joined"));
}

#[test]
fn who_hangs_up_instead_of_confirming_has_not_joined() {
    let (mut script, _, station) = confirming();
    script.invite(station, "20001");
    let called = script.call_of("20001");
    script.answer(called);
    script.hang_up(called);
    assert_eq!(script.privately(station), ["not-confirmed-sound"]);
    script.wait(60_000);
    script.finish_all();
    script.press(station, "*2");
    assert_eq!(script.privately(station), ["none-left-sound"]);
}

/// As [`confirming`], but the profile says how; 20001 has answered.
fn asked(change: impl FnOnce(&mut Confirmation)) -> (Script, LegId) {
    let mut settings = settings();
    plan(&mut settings).plan.allow[1].dialling = Dialling::default();
    change(&mut settings.profiles.get_mut("simpleconf").unwrap().confirm);
    let (mut script, _, station) = begin(settings);
    script.invite(station, "20001");
    let called = script.call_of("20001");
    script.answer(called);
    (script, called)
}

#[test]
fn profile_confirm_key_is_the_one_that_joins() {
    let (mut script, called) = asked(|confirm| confirm.key = '#');
    script.press(called, "1");
    assert!(!script.speaks(called));
    script.press(called, "#");
    assert!(script.speaks(called));
}

#[test]
fn profile_confirm_timeout_ends_the_call() {
    let (mut script, called) = asked(|confirm| confirm.timeout = Duration::from_secs(7));
    script.wait(6999);
    assert_eq!(script.ended(called), None);
    script.wait(1);
    assert_eq!(script.ended(called), Some(Cause::Normal));
}

#[test]
fn profile_confirm_sound_asks_or_nothing_does() {
    let (script, called) = asked(|confirm| confirm.sound = Some("join?".to_owned()));
    assert_eq!(script.privately(called), ["join?", "silence_stream://1500"]);
    let (mut script, called) = asked(|confirm| confirm.sound = None);
    assert!(script.privately(called).is_empty() && !script.speaks(called));
    script.press(called, "1");
    assert!(script.speaks(called));
}

#[test]
fn a_hunt_goes_on_behind_a_machine() {
    let mut settings = settings();
    hunt(&mut settings, &["20001", "1006"], Dialling::default());
    let (mut script, trunk, station) = begin(settings);
    script.invite(station, "1005");
    script.answer(script.call_of("20001"));
    script.wait(20_000);
    script.answer(script.call_of("1006"));
    assert_eq!(script.in_room(trunk), ["welcome"]);
    assert!(script.privately(station).iter().all(|sound| *sound == "joined-sound"));
}

/// A voicemail that answers first does not take the call from the phones that still ring.
#[test]
fn of_several_that_ring_the_first_that_confirms_is_in() {
    let mut settings = settings();
    hunt(&mut settings, &["20001", "1006", "20003"], crate::invites_setup::simultaneous());
    let (mut script, _, station) = begin(settings);
    script.invite(station, "1005");
    let [machine, desk, other] = ["20001", "1006", "20003"].map(|number| script.call_of(number));
    script.answer(machine);
    script.answer(other);
    assert!(script.ended(desk).is_none());
    script.answer(desk);
    assert!(script.speaks(desk));
    assert_eq!((script.ended(machine), script.ended(other)), (Some(Cause::Normal), Some(Cause::Normal)));
    script.press(station, "*2");
    assert_eq!(script.ended(desk), Some(Cause::Normal));
}

#[test]
fn the_end_of_the_room_ends_who_is_asked() {
    let (mut script, trunk, station) = confirming();
    script.invite(station, "20001");
    let called = script.call_of("20001");
    script.answer(called);
    script.hang_up(trunk);
    assert_eq!(script.ended(called), Some(Cause::Normal));
    script.settle();
    assert!(script.world.rooms.is_empty() && script.world.lines.is_empty());
}

/// The outcalls of a route are asked too, and hear their announcement first.
#[test]
fn an_outcall_of_a_route_hears_its_announcement_before_it_joins() {
    let mut settings = settings();
    settings.routes[2].outcalls[0].announce = Some("you-are-called".to_owned());
    let mut script = Script::with(settings);
    let trunk = script.call("77", "2002");
    script.wait(500);
    script.finish_all();
    let station = script.last_dialled().leg;
    script.answer(station);
    assert_eq!(script.privately(station), ["you-are-called"]);
    assert!(script.hears(station).is_none() && script.in_room(trunk) != ["welcome"]);
    script.finish("you-are-called");
    assert_eq!(script.in_room(trunk), ["welcome"]);

    let mut settings = crate::invites_setup::settings();
    settings.routes[2].outcalls[0].announce = Some("you-are-called".to_owned());
    settings.routes[2].outcalls[0].targets = vec![crate::invites_setup::target("20009")];
    let mut script = Script::with(settings);
    script.call("77", "2002");
    script.wait(500);
    let called = script.last_dialled().leg;
    script.answer(called);
    assert_eq!(script.privately(called), ["you-are-called"]);
    script.finish("you-are-called");
    assert_eq!(script.privately(called), [CONFIRM, "silence_stream://1500"]);
    script.fail(called, Outcome::Busy);
    script.press(called, "1");
    assert!(!script.told("nobody joined") || script.speaks(called), "a failure after the answer is none");
}
