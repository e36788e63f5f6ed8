//! Members who add and remove others by REFER (RFC 4579).

use confab_conference::{Input, LegId, Outcome, Refer, ReferId, ReferMethod, Rights};

use crate::invites_setup::{begin, plan, settings, station};
use crate::script::Script;

/// The station may do both.
fn allowed() -> (Script, LegId, LegId) {
    let mut settings = settings();
    station(&mut settings).rights = Rights { refer_add: true, refer_remove: true, subscribe: false };
    begin(settings)
}

impl Script {
    fn refer(&mut self, id: u64, by: LegId, method: ReferMethod, number: &str) {
        let (refer, number) = (ReferId(id), number.to_owned());
        self.input(Input::Refer(Refer { refer, by: Some(by), user: None, room: None, number, method }));
    }

    /// The statuses of a request.
    fn statuses(&self, id: u64) -> Vec<u16> {
        let own = self.world.referred.iter().filter(|(refer, _)| *refer == ReferId(id));
        own.map(|(_, status)| *status).collect()
    }
}

#[test]
fn an_addition_is_an_invite_that_is_told_by_statuses() {
    let (mut script, trunk, station) = allowed();
    script.refer(1, station, ReferMethod::Invite, "1005");
    assert_eq!(script.statuses(1), [100]);
    let called = script.call_of("1005");
    script.input(Input::Ringing { leg: called });
    script.answer(called);
    assert_eq!(script.statuses(1), [100, 180, 200]);
    assert_eq!(script.in_room(trunk), ["welcome"]);
    assert!(script.privately(station).is_empty(), "it is told by SIP, not by voice");
    script.settle_prompts();
    script.press(station, "*2");
    assert!(script.ended(called).is_some(), "and taken back as any other");
}

#[test]
fn how_an_addition_fails() {
    let table = [
        (Outcome::Busy, 486),
        (Outcome::Declined, 603),
        (Outcome::NoAnswer, 408),
        (Outcome::Unreachable, 404),
    ];
    for (outcome, status) in table {
        let (mut script, _, station) = allowed();
        script.refer(1, station, ReferMethod::Invite, "1005");
        script.fail(script.call_of("1005"), outcome);
        assert_eq!(script.statuses(1), [100, status]);
    }
    let (mut script, _, station) = allowed();
    script.refer(1, station, ReferMethod::Invite, "1005");
    script.end_with(script.call_of("1005"), Outcome::Unreachable, 503);
    assert_eq!(script.statuses(1), [100, 503], "as it was told");
    script.refer(2, station, ReferMethod::Invite, "1006");
    script.press(station, "*2");
    assert_eq!(script.statuses(2), [100, 487]);
}

#[test]
fn who_may_not_is_refused_and_nobody_is_called() {
    let (mut script, trunk, station) = begin(settings());
    for (id, leg) in [(1, station), (2, trunk), (3, LegId(99))] {
        script.refer(id, leg, ReferMethod::Invite, "1005");
        script.refer(10 + id, leg, ReferMethod::Bye, "1004");
        assert_eq!((script.statuses(id), script.statuses(10 + id)), (vec![403], vec![403]));
    }
    assert!(script.targets().is_empty() && script.ended(station).is_none());
}

#[test]
fn plan_limits_and_loops_hold_for_additions() {
    let mut settings = settings();
    station(&mut settings).rights.refer_add = true;
    plan(&mut settings).limits.pending_per_member = 1;
    let (mut script, _, station) = begin(settings);
    let table = [("0012345", 403), ("abc", 403), ("2002", 482), ("1005;x", 403), ("", 403)];
    for (id, (number, status)) in (1..).zip(table) {
        script.refer(id, station, ReferMethod::Invite, number);
        assert_eq!(script.statuses(id), [status], "{number}");
    }
    script.refer(20, station, ReferMethod::Invite, "1005");
    script.refer(21, station, ReferMethod::Invite, "1006");
    assert_eq!(script.statuses(21), [480]);
    assert_eq!(script.targets(), ["user/1005"]);
}

#[test]
fn who_is_there_or_is_being_called_is_not_called_again() {
    let (mut script, _, station) = allowed();
    script.refer(1, station, ReferMethod::Invite, "1005");
    script.refer(2, station, ReferMethod::Invite, "1005");
    script.answer(script.call_of("1005"));
    assert_eq!((script.statuses(1), script.statuses(2)), (vec![100, 200], vec![100, 200]));
    script.refer(3, station, ReferMethod::Invite, "1005");
    assert_eq!(script.statuses(3), [100, 200]);
    assert_eq!(script.targets(), ["user/1005"]);
}

#[test]
fn a_removal_puts_out_a_member_or_takes_back_a_call() {
    let (mut script, trunk, station) = allowed();
    script.invite(station, "1005");
    script.refer(1, station, ReferMethod::Bye, "1005");
    assert!(script.ended(script.call_of("1005")).is_some());
    assert_eq!(script.statuses(1), [100, 200]);
    script.settle_prompts();
    let joined = script.joined(station, "1006");
    script.refer(2, station, ReferMethod::Bye, "1006");
    assert_eq!(script.privately(joined), ["kicked"]);
    assert_eq!(script.statuses(2), [100, 200]);
    script.refer(3, station, ReferMethod::Bye, "1007");
    assert_eq!(script.statuses(3), [404]);
    assert!(script.ended(trunk).is_none());
}

/// Outside of a call a user asks for the room in which he is a member.
#[test]
fn a_user_asks_outside_of_his_call() {
    let (mut script, _, station) = allowed();
    let room = script.world.lines[&station].room;
    let request = |id, user: Option<&str>, room| {
        let (refer, user, number) = (ReferId(id), user.map(str::to_owned), "1005".to_owned());
        Input::Refer(Refer { refer, by: None, user, room, number, method: ReferMethod::Invite })
    };
    script.input(request(1, Some("1009"), room));
    script.input(request(2, None, room));
    script.input(request(3, Some("1004"), None));
    assert_eq!(
        [script.statuses(1), script.statuses(2), script.statuses(3)],
        [vec![403], vec![403], vec![403]]
    );
    script.input(request(4, Some("1004"), room));
    assert_eq!(script.statuses(4), [100]);
}
