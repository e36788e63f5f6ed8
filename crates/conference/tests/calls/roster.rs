//! Who is in a room, for those who watch.

use confab_conference::{Caller, Input, Origin, Rights, RosterState};

use crate::meeting::{Meeting, settings};
use crate::script::Script;
use crate::tutorial;

fn watchers() -> confab_conference::Settings {
    let mut settings = settings(&[("1", "lock")], &[("0", "mute"), ("1", "raise hand")]);
    let chair = settings.roles.get_mut("chair").unwrap();
    chair.rights = Rights { subscribe: true, ..Rights::default() };
    settings
}

#[test]
fn a_roster_tells_how_each_member_is() {
    let mut meeting = Meeting::of(watchers(), 2);
    let [anne, bob] = meeting.guests[..] else { panic!() };
    meeting.script.press(anne, "0");
    meeting.script.press(anne, "1");
    meeting.script.hold(bob, true);
    meeting.chair_presses("1");
    let roster = meeting.script.roster(anne);
    assert_eq!((roster.name.as_str(), roster.locked, roster.size), ("meeting", true, 3));
    let [chair, anne, bob] = &roster.members[..] else { panic!() };
    assert!(chair.moderator && !chair.muted && !chair.held && chair.role == "chair");
    assert!(
        anne.muted && anne.hand && !anne.held && anne.number == "101" && anne.state == RosterState::Joined
    );
    assert_eq!(anne.name.as_deref(), Some("Mr 101"));
    assert!(bob.held && !bob.muted && bob.joined.is_some());
}

#[test]
fn a_roster_holds_those_who_are_called_and_those_on_their_way() {
    let mut script = Script::with(tutorial::settings());
    let caller = script.call("7", "2001");
    let called = script.last_dialled().leg;
    let states = |script: &Script| -> Vec<_> {
        script.roster(caller).members.iter().map(|member| (member.leg, member.state)).collect()
    };
    assert_eq!(states(&script), [(caller, RosterState::Joined), (called, RosterState::Calling)]);
    assert_eq!(script.roster(caller).members[1].user.as_deref(), Some("1004"));
    script.answer(called);
    assert_eq!(states(&script), [(caller, RosterState::Joined), (called, RosterState::Joined)]);
    let typing = script.call("8", "2003");
    assert_eq!(script.roster(typing).members[0].state, RosterState::Entering);
}

#[test]
fn rooms_that_change_are_told_once() {
    let mut meeting = Meeting::of(watchers(), 1);
    let (guest, room) = (meeting.guests[0], meeting.script.world.lines[&meeting.chair].room);
    let changed = |meeting: &mut Meeting| meeting.script.conferences().poll_changed_room();
    assert_eq!((changed(&mut meeting), changed(&mut meeting)), (room, None));
    meeting.script.press(guest, "0");
    assert_eq!((changed(&mut meeting), changed(&mut meeting)), (room, None));
    meeting.script.hold(guest, true);
    assert_eq!(changed(&mut meeting), room);
    meeting.chair_presses("1");
    assert_eq!(changed(&mut meeting), room);
    meeting.script.hang_up(guest);
    assert_eq!(changed(&mut meeting), room);
    meeting.script.wait(60_000);
    assert_eq!(changed(&mut meeting), None);
    let chair = meeting.chair;
    meeting.script.hang_up(chair);
    assert_eq!((changed(&mut meeting), changed(&mut meeting)), (room, None), "the room is closed");
}

#[test]
fn flag_rfc_4579_lets_all_watch_who_may_be_there() {
    let mut settings = settings(&[], &[]);
    crate::meeting::profile_of(&mut settings).flags = [confab_conference::ConferenceFlag::Rfc4579].into();
    let mut script = Script::with(settings);
    let guest = script.call("1", "3001");
    let room = script.world.lines[&guest].room;
    let user = Origin { user: Some("1003"), ..Origin::default() };
    assert_eq!(script.conferences().may_subscribe(guest), room);
    assert_eq!(script.conferences().subscribable("3001", user), room);
    assert_eq!(script.conferences().subscribable("3001", Origin::default()), None, "who is nobody may not");
    assert_eq!(script.conferences().subscribable("meeting", user), None, "he must be able to dial it");
}

#[test]
fn who_may_watch_a_room() {
    let mut script = Script::with(watchers());
    let user = |name: &str| Caller { number: name.into(), user: Some(name.into()), ..Caller::default() };
    let origin = |name| Origin { user: Some(name), ..Origin::default() };
    assert_eq!(script.conferences().subscribable("3000", origin("1001")), None, "it is not open");
    let chair = script.arrive(user("1001"), "3000");
    let guest = script.arrive(user("1002"), "3001");
    let room = script.world.lines[&chair].room;
    let conferences = script.conferences();
    assert_eq!(conferences.may_subscribe(chair), room);
    assert_eq!(conferences.may_subscribe(guest), None);
    assert_eq!(conferences.subscribable("3000", origin("1003")), room, "his role there could");
    assert_eq!(conferences.subscribable("3001", origin("1002")), None);
    assert_eq!(conferences.subscribable("3001", origin("1001")), room, "he is a member who may");
    assert_eq!(conferences.subscribable("meeting", origin("1001")), room, "by the room's own name");
    assert_eq!(conferences.subscribable("meeting", Origin::default()), None);
    script.input(Input::Shutdown);
    assert_eq!(script.conferences().subscribable("3000", origin("1001")), None);
}
