//! How conferences end.

use confab_conference::{Cause, Input, LegId};

use crate::script::Script;
use crate::tutorial;

fn assert_all_kicked(mut script: Script, legs: &[LegId]) {
    for leg in legs {
        assert_eq!(script.privately(*leg), ["kicked"]);
        assert_eq!((script.speaks(*leg), script.hears(*leg)), (false, None));
    }
    script.finish_all();
    for leg in legs {
        assert_eq!(script.ended(*leg), Some(Cause::Normal));
    }
    assert!(script.world.rooms.is_empty());
}

#[test]
fn the_room_ends_when_the_trunk_hangs_up() {
    let mut script = Script::new();
    let (trunk, station) = script.conference();
    let invited = script.joined(station, "1005");
    let ringing = script.invited(station, "1006");
    script.hang_up(trunk);
    assert_eq!(script.ended(ringing), Some(Cause::Cancelled));
    assert!(
        script.told("room 1004: ended, its caller left") && script.told("1005 left, kicked, 0 in the room")
    );
    assert_all_kicked(script, &[station, invited]);
}

#[test]
fn the_room_ends_when_the_trunk_presses_the_hangup_key() {
    let mut script = Script::new();
    let (trunk, station) = script.conference();
    script.press(trunk, "#");
    assert_eq!(script.ended(trunk), Some(Cause::Normal));
    assert!(script.told("2125551111 left, by key"));
    assert_all_kicked(script, &[station]);
}

#[test]
fn also_who_types_is_put_out() {
    for keys in ["*1", "*110", "*112#"] {
        let mut script = Script::new();
        let (trunk, station) = script.conference();
        script.press(station, keys);
        script.hang_up(trunk);
        script.press(station, "05#");
        assert_eq!(script.world.dialled.len(), 1, "nobody is called any more");
        assert_all_kicked(script, &[station]);
    }
}

#[test]
fn all_are_gone_within_three_seconds_even_if_the_sound_does_not_end() {
    let mut script = Script::new();
    let (trunk, station) = script.conference();
    let invited = script.joined(station, "1005");
    script.hang_up(trunk);
    script.wait(2600);
    assert!(script.ended(station).is_some() && script.ended(invited).is_some());
    assert!(script.world.rooms.is_empty());
}

#[test]
fn a_new_call_makes_a_fresh_room_even_while_the_old_one_says_goodbye() {
    let mut script = Script::new();
    let (trunk, station) = script.conference();
    script.hang_up(trunk);
    let again = script.call("2125552222", "2002");
    script.wait(500);
    assert_eq!(script.world.rooms.len(), 2);
    assert_ne!(script.world.lines[&again].room, script.world.lines[&station].room);
    assert_eq!(script.in_room(again), ["alone"]);
    assert_eq!(script.targets(), ["user/1004", "user/1004"]);
    script.wait(2600);
    assert_eq!(script.world.rooms.len(), 1);
    let station = script.last_dialled().leg;
    script.answer(station);
    assert!(script.told("1004 joined as station, muted, 2 in the room"));
}

#[test]
fn the_first_outcall_is_taken_back_when_its_caller_leaves() {
    let mut script = Script::new();
    for dialled in ["2002", "2001"] {
        let caller = script.call("1", dialled);
        script.wait(500);
        script.hang_up(caller);
        assert_eq!(script.ended(script.last_dialled().leg), Some(Cause::Cancelled));
        assert!(script.world.rooms.is_empty() && script.world.lines.is_empty());
    }
}

#[test]
fn a_second_trunk_that_leaves_ends_the_room_too() {
    let mut script = Script::new();
    let (trunk, station) = script.conference();
    let other = script.call("3", "2002");
    script.wait(500);
    script.finish_all();
    script.hang_up(other);
    assert_all_kicked(script, &[trunk, station]);
}

#[test]
fn shutdown_ends_all_and_takes_nobody() {
    let mut script = Script::new();
    let (trunk, station) = script.conference();
    let ringing = script.invited(station, "1005");
    let guest = script.call("1", "2000");
    let typing_pin = script.call("2", "2003");
    let arriving = script.call("3", "2002");
    script.input(Input::Shutdown);
    for leg in [trunk, station, ringing, guest, typing_pin] {
        assert!(script.ended(leg).is_some());
    }
    assert_eq!(script.world.rejected[&arriving], 503);
    assert!(script.world.rooms.is_empty() && script.world.lines.is_empty());
    assert!(script.told("room test: ended, the server shuts down"));
    let late = script.call("4", "2000");
    assert_eq!(script.world.rejected[&late], 503);
}

#[test]
fn a_failed_room_ends_and_the_others_live() {
    let mut script = Script::new();
    let (trunk, station) = script.conference();
    let ringing = script.invited(station, "1005");
    let guest = script.call("1", "2000");
    let room = script.world.lines[&trunk].room.unwrap();
    script.input(Input::RoomFailed { room });
    for leg in [trunk, station] {
        assert_eq!(script.ended(leg), Some(Cause::Failure));
    }
    assert_eq!(script.ended(ringing), Some(Cause::Cancelled));
    assert!(script.ended(guest).is_none() && script.world.rooms.len() == 1);
    assert!(script.told("room 1004: ended, its audio failed"));
    let trunk = script.call("1", "2002");
    script.wait(500);
    assert!(script.speaks(trunk));
}

#[test]
fn a_full_room_and_too_many_calls_are_refused() {
    let mut settings = tutorial::settings();
    settings.profiles.get_mut("simpleconf").unwrap().max_members = Some(2);
    settings.max_legs = 3;
    let mut script = Script::with(settings);
    for _ in 0..2 {
        script.call("1", "2000");
    }
    let third = script.call("1", "2000");
    assert_eq!(script.world.rejected[&third], 486);
    script.call("1", "2003");
    let beyond = script.call("1", "2003");
    assert_eq!(script.world.rejected[&beyond], 503);
}
