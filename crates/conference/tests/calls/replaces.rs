//! A new call takes the place of an old one.

use confab_conference::{Caller, Cause, Control, Input, LegId};

use crate::meeting::{Meeting, settings};
use crate::script::Script;
use crate::tutorial;

const KEYS: &[(&str, &str)] = &[("0", "mute"), ("3", "vol talk up"), ("1", "raise hand")];

fn replace(script: &mut Script, old: LegId) -> LegId {
    let caller = Caller { number: "4711".into(), ..Caller::default() };
    script.replace(old, caller)
}

#[test]
fn the_new_leg_is_the_member_that_the_old_one_was() {
    let mut meeting = Meeting::new(&[("4", "next speaker")], KEYS, 2);
    let guest = meeting.guests[0];
    meeting.script.press(guest, "031");
    meeting.script.settle();
    let (events, announced) = (meeting.script.events.len(), meeting.script.world.announced.len());
    let new = replace(&mut meeting.script, guest);
    assert_eq!(meeting.script.ended(guest), Some(Cause::Normal));
    let line = &meeting.script.world.lines[&new];
    assert!(line.up && !line.speaks && line.hears == Some(0) && line.talk == 1 && line.energy == 100);
    assert_eq!(
        meeting.script.events[events..],
        [format!("room meeting: 101 goes on in another call ({})", new.0)]
    );
    meeting.script.settle();
    assert_eq!(meeting.script.world.announced.len(), announced, "nobody left and nobody joined");
    meeting.chair_presses("4");
    assert!(meeting.script.speaks(new), "his hand is still up");
    meeting.script.press(new, "0");
    meeting.script.hang_up(new);
    assert!(meeting.script.told("4711 left, hung up, 2 in the room"));
}

#[test]
fn one_who_waits_goes_on_waiting_with_his_music() {
    let mut settings = settings(&[], KEYS);
    crate::meeting::profile_of(&mut settings).flags = [confab_conference::ConferenceFlag::WaitMod].into();
    let mut script = Script::with(settings);
    let old = script.call("1", "3001");
    script.settle();
    let new = replace(&mut script, old);
    assert_eq!((script.privately(new), script.hears(new)), (vec!["moh"], None));
    script.call("100", "3000");
    assert!(script.speaks(new));
}

#[test]
fn a_call_that_rings_is_picked_up() {
    let mut script = Script::with(tutorial::settings());
    let caller = script.call("7", "2001");
    let ringing = script.last_dialled().leg;
    let new = replace(&mut script, ringing);
    assert_eq!(script.ended(ringing), Some(Cause::Cancelled));
    assert!(script.world.lines[&new].up && script.speaks(new) && script.speaks(caller) != script.speaks(new));
    script.wait(120_000);
    assert_eq!(script.ended(new), None);
    script.hang_up(new);
    script.hang_up(caller);
    let load = script.load();
    assert_eq!((load.legs, load.rooms, load.invites, load.timers), (0, 0, 0, 0));
}

#[test]
fn what_cannot_be_replaced_is_refused() {
    let mut script = Script::with(tutorial::settings());
    let typing = script.call("8", "2003");
    for old in [typing, LegId(4711)] {
        let new = replace(&mut script, old);
        assert_eq!(script.world.rejected[&new], 481);
    }
    assert!(script.ended(typing).is_none());
}

#[test]
fn an_invited_member_who_is_replaced_is_still_taken_back_by_who_invited_him() {
    let mut script = Script::new();
    let (_, station) = script.conference();
    let invited = script.joined(station, "1005");
    let new = replace(&mut script, invited);
    script.finish_all();
    script.press(station, "*2");
    script.wait(1500);
    assert!(script.ended(new).is_some());
}

#[test]
fn an_inviter_who_is_replaced_takes_his_invite_back() {
    let mut script = Script::new();
    let (_, station) = script.conference();
    let invited = script.joined(station, "1005");
    let new = replace(&mut script, station);
    script.finish_all();
    script.press(new, "*2");
    script.wait(1500);
    assert!(script.ended(invited).is_some());
    assert!(!script.world.lines[&new].voice.contains(&Control::Denoise(true)));
}

#[test]
fn the_one_with_whom_the_conference_ends_may_be_replaced() {
    let mut script = Script::new();
    let (trunk, station) = script.conference();
    let new = replace(&mut script, trunk);
    assert!(script.ended(station).is_none());
    script.hang_up(new);
    script.finish_all();
    assert!(script.ended(station).is_some());
    script.input(Input::Left { leg: new });
    assert!(script.world.rooms.is_empty());
}

#[test]
fn neither_talk_nor_hold_goes_over_to_the_new_call() {
    let mut meeting = Meeting::new(&[], KEYS, 1);
    let guest = meeting.guests[0];
    let script = &mut meeting.script;
    script.input(Input::Talking { leg: guest, on: true });
    let new = replace(script, guest);
    script.hold(new, true);
    let newest = replace(script, new);
    assert!(script.speaks(newest));
    assert!(!script.roster(newest).members.iter().any(|member| member.talking || member.held));
    let events = script.events.iter().filter(|event| event.contains("talking") || event.contains("hold"));
    let events: Vec<_> = events.map(|event| event.trim_start_matches("room meeting: ")).collect();
    assert_eq!(events, ["101 talking", "101 not talking", "4711 on hold", "4711 not on hold"]);
}

#[test]
fn the_floor_that_was_taken_by_key_goes_over_to_the_new_call() {
    let mut meeting = Meeting::new(&[("0", "floor")], &[("0", "floor")], 1);
    let guest = meeting.guests[0];
    meeting.script.press(guest, "0");
    let new = replace(&mut meeting.script, guest);
    assert!(meeting.script.world.lines[&new].voice.contains(&Control::Floor(true)));
    meeting.script.settle();
    assert_eq!(meeting.chair_presses("0"), ["error-menu"]);
    meeting.script.hang_up(new);
    meeting.script.settle();
    assert_eq!(meeting.chair_presses("0"), ["floor-taken"], "and is free when he is gone");
}
