//! Invites: how they end, *2, the number plan and the limits.

use confab_conference::{Cause, Input, LegId, Outcome, Settings};

use crate::script::Script;
use crate::tutorial;

fn with_limits(change: impl FnOnce(&mut Settings)) -> Script {
    let mut settings = tutorial::settings();
    change(&mut settings);
    Script::with(settings)
}

fn limits(settings: &mut Settings) -> &mut confab_conference::InviteLimits {
    &mut settings.roles.get_mut("station").unwrap().invite.as_mut().unwrap().limits
}

/// As many at one time as the room takes.
fn patient() -> Script {
    with_limits(|settings| {
        limits(settings).pending_per_member = 10;
        limits(settings).per_member = 1000;
    })
}

#[test]
fn the_inviter_alone_hears_how_it_ended() {
    let outcomes = [
        (Outcome::Busy, "busy", "busy"),
        (Outcome::Declined, "declined", "declined"),
        (Outcome::NoAnswer, "no-answer", "no answer"),
        (Outcome::Unreachable, "unreachable", "unreachable"),
    ];
    for (outcome, sound, told) in outcomes {
        let mut script = Script::new();
        let (trunk, station) = script.conference();
        let invited = script.invited(station, "1005");
        script.fail(invited, outcome);
        assert_eq!(script.privately(station), [sound]);
        assert!(script.privately(trunk).is_empty() && script.in_room(trunk).is_empty());
        assert!(script.speaks(station) && script.speaks(trunk));
        assert!(script.told(&format!("invite of user/1005 by 1004: {told}")));
    }
}

#[test]
fn an_invite_that_rings_too_long_is_taken_back() {
    let mut script = Script::new();
    let (_, station) = script.conference();
    let invited = script.invited(station, "1005");
    script.input(Input::Ringing { leg: invited });
    script.wait(60_000);
    assert_eq!(script.ended(invited), Some(Cause::NoAnswer));
    assert_eq!(script.privately(station), ["no-answer"]);
}

#[test]
fn an_invited_call_lasts_four_hours_at_most_but_the_station_may_stay() {
    let mut script = Script::new();
    let (_, station) = script.conference();
    let invited = script.joined(station, "20001");
    script.wait(4 * 3600 * 1000 - 1);
    assert_eq!(script.ended(invited), None);
    script.wait(1);
    assert_eq!(script.ended(invited), Some(Cause::TimeLimit));
    script.wait(4 * 3600 * 1000);
    assert_eq!(script.ended(station), None);
}

#[test]
fn star_two_takes_back_what_rings() {
    let mut script = Script::new();
    let (trunk, station) = script.conference();
    for ringing in [false, true] {
        let invited = script.invited(station, "1005");
        if ringing {
            script.input(Input::Ringing { leg: invited });
        }
        script.press(station, "*2");
        assert_eq!(script.ended(invited), Some(Cause::Cancelled));
        assert_eq!(script.privately(station), ["cancelled"]);
        assert!(script.in_room(trunk).is_empty(), "nothing changes in the room");
        script.finish("cancelled");
    }
    assert!(script.told("invite of user/1005 by 1004: cancelled"));
}

#[test]
fn star_two_takes_back_who_has_joined() {
    let mut script = Script::new();
    let (trunk, station) = script.conference();
    let invited = script.joined(station, "1005");
    script.press(station, "*2");
    assert_eq!(script.ended(invited), Some(Cause::Normal));
    assert_eq!(script.in_room(trunk), ["exit"]);
    assert!(script.told("1005 left, taken back, 2 in the room"));
}

#[test]
fn star_two_takes_back_the_newest_then_the_one_before_then_none() {
    let mut script = patient();
    let (_, station) = script.conference();
    let (joined, ringing) = (script.joined(station, "1005"), script.invited(station, "20001"));
    script.press(station, "*2");
    assert!(script.ended(ringing).is_some() && script.ended(joined).is_none());
    script.press(station, "*2");
    assert!(script.ended(joined).is_some());
    script.finish_all();
    script.press(station, "*2");
    assert_eq!(script.privately(station), ["none-left"]);
}

#[test]
fn star_two_passes_over_what_is_over() {
    let mut script = patient();
    let (_, station) = script.conference();
    let older = script.joined(station, "1005");
    let failed = script.invited(station, "1006");
    script.fail(failed, Outcome::Busy);
    let left = script.joined(station, "1007");
    script.hang_up(left);
    script.press(station, "*2");
    assert!(script.ended(older).is_some());
}

#[test]
fn an_answer_that_crosses_star_two_changes_nothing() {
    let mut script = Script::new();
    let (_, station) = script.conference();
    let invited = script.invited(station, "1005");
    script.press(station, "*2");
    script.answer(invited);
    script.fail(invited, Outcome::Busy);
    script.hang_up(invited);
    assert!(!script.told("1005 joined") && script.privately(station) == ["cancelled"]);
}

/// A second station, called by 2001, in the room of the first.
fn two_stations(script: &mut Script) -> (LegId, LegId) {
    let (_, first) = script.conference();
    script.call("5551", "2001");
    let second = script.last_dialled().leg;
    script.answer(second);
    script.finish_all();
    (first, second)
}

#[test]
fn each_of_two_inviters_takes_back_his_own() {
    let mut settings = tutorial::settings();
    settings.routes[1].outcalls = vec![tutorial::outcall(&["1009"], false)];
    limits(&mut settings).pending_per_member = 2;
    let mut script = Script::with(settings);
    let (first, second) = two_stations(&mut script);
    let a = script.invited(first, "1005");
    let b = script.invited(second, "1006");
    let c = script.invited(first, "1007");
    let d = script.invited(second, "1008");
    script.press(first, "*2");
    assert!(script.ended(c).is_some() && script.ended(d).is_none());
    script.press(first, "*2");
    assert!(script.ended(a).is_some() && script.ended(b).is_none());
    script.finish_all();
    script.press(first, "*2");
    assert_eq!(script.privately(first), ["none-left"]);
    script.press(second, "*2*2");
    assert!(script.ended(d).is_some() && script.ended(b).is_some());
}

#[test]
fn the_station_itself_is_no_invite_of_anybody() {
    let mut script = Script::new();
    let (trunk, station) = script.conference();
    script.press(station, "*2");
    assert_eq!(script.privately(station), ["none-left"]);
    assert!(script.ended(station).is_none() && script.ended(trunk).is_none());
}

#[test]
fn an_invite_outlives_its_inviter() {
    let mut script = Script::new();
    let (trunk, station) = script.conference();
    let invited = script.invited(station, "1005");
    script.hang_up(station);
    script.finish_all();
    script.answer(invited);
    assert_eq!(script.in_room(trunk), ["welcome"]);
}

/// The number plan and the right to call, for every role and forty numbers.
#[test]
fn forty_numbers_and_four_roles() {
    let users = ["1001", "1005", "1010", "9999", "0101", "0123", "1234", "5555", "7530", "8080"];
    let gateway = [
        "12345",
        "20001",
        "99999",
        "123456",
        "1234567",
        "12345678",
        "123456789",
        "1234567890",
        "12345678901",
        "02125551111",
        "11111",
        "90112",
        "01111",
    ];
    let not_allowed = [
        "0012",
        "00123",
        "0044123456",
        "00000000000",
        "90012",
        "900123",
        "90012345678",
        "9001234567",
        "0000",
        "2000",
        "2001",
        "2002",
        "2003",
    ];
    let no_number = ["1", "12", "123", "123456789012"];
    let allowed = users.map(|n| (n, format!("user/{n}"))).into_iter();
    let allowed = allowed.chain(gateway.map(|n| (n, format!("gateway/mygw/{n}"))));
    let table: Vec<_> = allowed
        .map(|(n, target)| (n, Some(target), ""))
        .chain(not_allowed.map(|n| (n, None, "not-allowed")))
        .chain(no_number.map(|n| (n, None, "invalid")))
        .collect();
    assert_eq!(table.len(), 40);
    for (number, target, sound) in table {
        for role in ["station", "guest", "moderator", "invited"] {
            let may = role == "station";
            try_number(role, number, target.as_deref().filter(|_| may), if may { sound } else { "" });
        }
    }
}

fn try_number(role: &str, number: &str, target: Option<&str>, sound: &str) {
    let mut settings = tutorial::settings();
    settings.routes[0].role = role.to_owned();
    let mut script = Script::with(settings);
    let leg = script.call("77", "2000");
    script.finish_all();
    script.press(leg, "*1");
    script.press(leg, number);
    let before_end = script.privately(leg).contains(&sound);
    if role == "station" && !before_end {
        script.press(leg, "#");
    }
    assert_eq!(script.targets(), target.into_iter().collect::<Vec<_>>(), "{role} {number}");
    if !sound.is_empty() {
        assert_eq!(script.privately(leg), [sound], "{number}");
        assert_eq!(script.told("refused"), sound == "not-allowed", "{number}");
    }
}

fn assert_refused(script: &mut Script, station: LegId, number: &str, why: &str) {
    let before = script.world.dialled.len();
    script.finish_all();
    script.invite(station, number);
    assert_eq!(script.world.dialled.len(), before, "nobody is called");
    assert_eq!(script.privately(station), ["not-allowed"]);
    let line = script.events.iter().rfind(|event| event.contains("refused")).expect("an event");
    assert!(line.contains(why), "{line}");
}

#[test]
fn the_room_itself_is_not_called() {
    let mut script = Script::new();
    let (_, station) = script.conference();
    assert_refused(&mut script, station, "1004", "it would call this server");
}

#[test]
fn a_member_has_one_invite_that_rings() {
    let mut script = Script::new();
    let (_, station) = script.conference();
    let invited = script.invited(station, "1005");
    assert_refused(&mut script, station, "1006", "too many invites of the member ring");
    script.answer(invited);
    script.finish_all();
    script.invited(station, "1006");
}

#[test]
fn a_member_invites_five_times_in_ten_minutes_even_if_he_comes_back() {
    let mut script = Script::new();
    let (_, station) = script.conference();
    for _ in 0..5 {
        let invited = script.invited(station, "20001");
        script.fail(invited, Outcome::Busy);
        script.finish_all();
    }
    assert_refused(&mut script, station, "20001", "too many invites of the member");
    script.hang_up(station);
    script.call("5551", "2001");
    let station = script.last_dialled().leg;
    script.answer(station);
    assert_refused(&mut script, station, "20001", "too many invites of the member");
    script.finish_all();
    script.wait(600_000);
    script.invited(station, "20001");
}

#[test]
fn a_room_has_ten_invited() {
    let mut script = patient();
    let (_, station) = script.conference();
    let invited: Vec<_> = (0..10).map(|n| script.joined(station, &format!("30{n:02}"))).collect();
    assert_refused(&mut script, station, "3999", "too many invited in the room");
    script.hang_up(invited[3]);
    script.finish_all();
    script.invited(station, "3999");
}

#[test]
fn a_gateway_has_so_many_calls() {
    let mut script = with_limits(|settings| {
        settings.outcalls.live_per_gateway = 2;
        limits(settings).pending_per_member = 9;
    });
    let (_, station) = script.conference();
    let first = script.invited(station, "20001");
    script.invited(station, "20002");
    assert_refused(&mut script, station, "20003", "too many calls through the gateway");
    script.finish_all();
    script.invited(station, "1005");
    script.fail(first, Outcome::Declined);
    script.finish_all();
    script.invited(station, "20003");
}

#[test]
fn a_day_has_so_many_calls() {
    let mut script = with_limits(|settings| settings.outcalls.per_day = 2);
    let (_, station) = script.conference();
    for _ in 0..2 {
        let invited = script.invited(station, "20001");
        script.fail(invited, Outcome::Busy);
        script.finish_all();
    }
    assert_refused(&mut script, station, "20001", "24 hours");
    script.finish_all();
    script.wait(24 * 3600 * 1000);
    script.invited(station, "20001");
}
