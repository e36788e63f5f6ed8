//! Who talks: in pairs, and for how long.

use confab_conference::{ConferenceFlag, Control, Event, Input, LegId, MemberEvent, MemberFlag};

use crate::meeting::{Meeting, door, profile_of, settings};
use crate::script::Script;

fn talk(script: &mut Script, leg: LegId, on: bool) {
    script.input(Input::Talking { leg, on });
}

/// The talk events of a member.
fn talks(script: &Script, who: &str) -> Vec<bool> {
    let (on, off) = (format!("{who} talking"), format!("{who} not talking"));
    let said = |event: &String| match () {
        () if event.ends_with(&off) => Some(false),
        () if event.ends_with(&on) => Some(true),
        () => None,
    };
    script.events.iter().filter_map(said).collect()
}

fn meeting() -> (Meeting, LegId) {
    let meeting = Meeting::new(&[("8", "kick last")], &[("0", "mute"), ("*1", "invite")], 1);
    let guest = meeting.guests[0];
    (meeting, guest)
}

#[test]
fn talk_ends_with_mute_though_the_mixer_says_so_later() {
    let (mut meeting, guest) = meeting();
    talk(&mut meeting.script, guest, true);
    meeting.script.press(guest, "0");
    assert_eq!(talks(&meeting.script, "101"), [true, false]);
    talk(&mut meeting.script, guest, false);
    talk(&mut meeting.script, guest, true);
    assert_eq!(talks(&meeting.script, "101"), [true, false], "he is muted");
    talk(&mut meeting.script, guest, false);
    meeting.script.press(guest, "0");
    talk(&mut meeting.script, guest, true);
    assert_eq!(talks(&meeting.script, "101"), [true, false, true]);
}

#[test]
fn talk_ends_with_hold_and_goes_on_after_it() {
    let (mut meeting, guest) = meeting();
    talk(&mut meeting.script, guest, true);
    meeting.script.hold(guest, true);
    meeting.script.hold(guest, false);
    assert_eq!(talks(&meeting.script, "101"), [true, false, true]);
}

#[test]
fn talk_ends_before_a_member_has_left_in_whatever_way() {
    for way in ["hangs up", "kicked", "lost", "room fails"] {
        let (mut meeting, guest) = meeting();
        let room = meeting.script.world.lines[&guest].room.unwrap();
        talk(&mut meeting.script, guest, true);
        match way {
            "hangs up" => meeting.script.hang_up(guest),
            "kicked" => meeting.script.press(meeting.chair, "8"),
            "lost" => meeting.script.input(Input::Lost { leg: guest }),
            _ => meeting.script.input(Input::RoomFailed { room }),
        }
        assert_eq!(talks(&meeting.script, "101"), [true, false], "{way}");
        let at = |what: &str| meeting.script.events.iter().position(|event| event.contains(what)).unwrap();
        assert!(at("101 not talking") < at("101 left"), "{way}");
        talk(&mut meeting.script, guest, false);
        assert_eq!(talks(&meeting.script, "101"), [true, false], "{way}");
    }
}

#[test]
fn talk_that_is_told_twice_is_told_once() {
    let (mut meeting, guest) = meeting();
    for on in [false, true, true, false, false] {
        talk(&mut meeting.script, guest, on);
    }
    assert_eq!(talks(&meeting.script, "101"), [true, false]);
}

#[test]
fn flag_talk_data_events_tells_how_long_a_talk_was() {
    let mut settings = settings(&[], &[]);
    door(&mut settings, "3002", &[MemberFlag::TalkDataEvents]);
    let mut meeting = Meeting::of(settings, 1);
    let leg = meeting.script.call("7", "3002");
    meeting.script.wait(1000);
    for ms in [700, 300] {
        talk(&mut meeting.script, leg, true);
        meeting.script.wait(ms);
        talk(&mut meeting.script, leg, false);
        meeting.script.wait(500);
    }
    assert!(meeting.script.told("7 talked for 700 ms, 700 ms in 1 talks in 1 s"));
    assert!(meeting.script.told("7 talked for 300 ms, 1000 ms in 2 talks in 2 s"));
    let guest = meeting.guests[0];
    talk(&mut meeting.script, guest, true);
    talk(&mut meeting.script, guest, false);
    assert!(!meeting.script.told("101 talked for"), "only with the flag");
}

#[test]
fn talk_time_is_in_the_roster_while_one_talks() {
    let (mut meeting, guest) = meeting();
    talk(&mut meeting.script, guest, true);
    meeting.script.wait(1500);
    let roster = meeting.script.roster(guest);
    let member = roster.members.iter().find(|member| member.leg == guest).unwrap();
    assert!(member.talking && member.talk_time.as_millis() == 1500);
}

#[test]
fn the_floor_and_an_echo_are_told() {
    let (mut meeting, guest) = meeting();
    meeting.script.input(Input::Floor { leg: guest, on: true });
    meeting.script.input(Input::Floor { leg: guest, on: true });
    assert_eq!(meeting.script.events.iter().filter(|event| event.contains("active speaker")).count(), 1);
    assert!(meeting.script.roster(guest).members.iter().any(|member| member.floor));
    meeting.script.input(Input::Floor { leg: guest, on: false });
    assert!(meeting.script.told("101 not the active speaker"));
    meeting.script.input(Input::Echo { leg: guest, on: true, delay_ms: 200, loss_db: 12 });
    assert!(meeting.script.told("101 sends back what he is sent, 200 ms late and 12 dB softer"));
    assert_eq!(meeting.script.privately(guest), ["echo"]);
}

#[test]
fn sound_echo_and_sound_too_loud_are_heard_by_him_alone() {
    let (mut meeting, guest) = meeting();
    meeting.script.input(Input::Echo { leg: guest, on: true, delay_ms: 90, loss_db: 6 });
    assert_eq!(meeting.script.privately(guest), ["echo"]);
    meeting.script.finish_all();
    meeting.script.input(Input::Echo { leg: guest, on: false, delay_ms: 90, loss_db: 6 });
    assert!(
        meeting.script.privately(guest).is_empty() && meeting.script.told("101 sends back nothing any more")
    );
    meeting.script.input(Input::TooLoud { leg: guest });
    assert_eq!(meeting.script.privately(guest), ["too-loud"]);
    assert!(meeting.script.privately(meeting.chair).is_empty() && meeting.room().is_empty());
}

#[test]
fn sound_mute_detect_is_heard_by_who_talks_though_muted() {
    let (mut meeting, guest) = meeting();
    meeting.script.press(guest, "0");
    meeting.script.settle();
    meeting.script.input(Input::MutedTalk { leg: guest });
    assert_eq!(meeting.script.privately(guest), ["mute-detect"]);
}

/// The floor events, as they came: who, and whether he has it.
fn floors(script: &Script) -> Vec<(LegId, bool)> {
    let floor = |event: &Event| match event {
        Event::Member { leg, what: MemberEvent::Floor(on), .. } => Some((*leg, *on)),
        _ => None,
    };
    script.told.iter().filter_map(floor).collect()
}

/// The mixer names the new one only.
#[test]
fn the_floor_is_lost_by_one_when_another_takes_it() {
    let (mut meeting, guest) = meeting();
    let (script, chair) = (&mut meeting.script, meeting.chair);
    for leg in [guest, chair, guest] {
        script.input(Input::Floor { leg, on: true });
        let has_it = script.roster(leg).members.into_iter().filter(|member| member.floor);
        assert_eq!(has_it.map(|member| member.leg).collect::<Vec<_>>(), [leg]);
    }
    script.input(Input::Floor { leg: chair, on: false });
    script.hang_up(guest);
    script.input(Input::Floor { leg: guest, on: false });
    let told = [(guest, true), (guest, false), (chair, true), (chair, false), (guest, true), (guest, false)];
    assert_eq!(floors(script), told);
}

/// What the mixer said of him before is not true any more when he is let in again.
#[test]
fn who_talked_when_he_was_sent_back_does_not_talk_when_he_returns() {
    let mut settings = settings(&[], &[("0", "mute")]);
    profile_of(&mut settings).flags = [ConferenceFlag::WaitMod, ConferenceFlag::PermanentWaitMod].into();
    let mut meeting = Meeting::of(settings, 1);
    let (guest, chair) = (meeting.guests[0], meeting.chair);
    let script = &mut meeting.script;
    talk(script, guest, true);
    script.hang_up(chair);
    script.call("100", "3000");
    assert!(script.speaks(guest));
    script.press(guest, "00");
    assert_eq!(talks(script, "101"), [true, false]);
}

#[test]
fn who_has_taken_the_floor_by_key_frees_it_when_he_is_sent_back() {
    let mut settings = settings(&[], &[("0", "floor")]);
    profile_of(&mut settings).flags = [ConferenceFlag::WaitMod, ConferenceFlag::PermanentWaitMod].into();
    let mut meeting = Meeting::of(settings, 1);
    let (guest, chair) = (meeting.guests[0], meeting.chair);
    meeting.script.press(guest, "0");
    meeting.script.hang_up(chair);
    let set = &meeting.script.world.lines[&guest].voice;
    assert_eq!(
        set.iter().rfind(|control| matches!(control, Control::Floor(_))),
        Some(&Control::Floor(false))
    );
}

#[test]
fn who_joins_on_hold_is_held_until_he_resumes() {
    let mut settings = settings(&[], &[]);
    profile_of(&mut settings).flags = [ConferenceFlag::WaitMod].into();
    let mut script = Script::with(settings);
    let guest = script.call("101", "3001");
    script.hold(guest, true);
    script.call("100", "3000");
    script.hold(guest, false);
    let held = |event: &Event| match event {
        Event::Member { leg, what: MemberEvent::Held(on), .. } if *leg == guest => Some(*on),
        _ => None,
    };
    assert_eq!(script.told.iter().filter_map(held).collect::<Vec<_>>(), [true, false]);
}
