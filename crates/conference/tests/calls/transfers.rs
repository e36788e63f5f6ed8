//! Members who go on to another room by key, without a new call.

use confab_conference::{Cause, Input, LegId, MemberFlag, PinRole, Settings, Users};

use crate::invites_setup::{begin, settings, station};
use crate::meeting::keys;
use crate::script::Script;

/// Something else in the settings.
type Change = fn(&mut Settings);

/// The key 7 of guests and of the station leads there.
fn with_key(mut settings: Settings, action: &str) -> Settings {
    for role in ["guest", "station"] {
        let role = settings.roles.get_mut(role).unwrap();
        role.keys = keys(&[("7", action), ("*1", "invite"), ("*2", "cancel last invite")]);
        role.invite = role.invite.clone().or_else(|| Some(crate::tutorial::plan()));
    }
    settings
}

/// Two in room `test`, of whom the first presses 7.
fn two(settings: Settings) -> (Script, LegId, LegId) {
    let mut script = Script::with(settings);
    let (first, second) = (script.call("1", "2000"), script.call("2", "2000"));
    script.settle();
    script.events.clear();
    (script, first, second)
}

#[test]
fn action_transfer_leads_where_the_number_leads() {
    let (mut script, first, second) = two(with_key(settings(), "transfer 2003"));
    script.press(first, "7");
    assert_eq!(script.in_room(second), ["exit"], "he has left");
    assert!(script.told("room test: 1 left, transferred, 1 in the room"));
    assert_eq!(script.privately(first), ["pin"], "the PIN of the other room");
    assert!(!script.speaks(first) && script.hears(first).is_none());
    script.press(first, "7536");
    assert!(script.told("room 2003: 1 joined as guest, muted, 1 in the room"));
    assert_ne!(script.world.lines[&first].room, script.world.lines[&second].room);
    assert_eq!(script.ended(first), None);
    script.hang_up(first);
    script.settle();
    assert_eq!(script.world.rooms.len(), 1);
}

#[test]
fn who_is_not_let_in_stays_where_he_is() {
    let table: [(&str, u16, Change); 5] = [
        ("transfer 4711", 404, |_| {}),
        ("transfer 2003", 403, |settings| settings.routes[3].who.users = Users::Authenticated),
        ("transfer 2000", 482, |_| {}),
        ("transfer 2003", 480, |settings| {
            settings.routes[3].pins = None;
            settings.routes[3].flags.insert(MemberFlag::JoinOnly);
        }),
        ("transfer 2003", 403, |settings| settings.routes[3].lookup = Some("web".to_owned())),
    ];
    for (action, status, change) in table {
        let mut settings = with_key(settings(), action);
        change(&mut settings);
        let (mut script, first, second) = two(settings);
        script.press(first, "7");
        let line = format!("1 is not transferred to {}: {status}", &action[9..]);
        assert!(script.told(&line), "{action} {status}: {:?}", script.events);
        assert_eq!(script.world.lines[&first].room, script.world.lines[&second].room);
        assert!(script.speaks(first) && script.hears(first) == Some(0));
        assert_eq!(script.events.len(), 1);
    }
}

#[test]
fn a_full_or_locked_room_takes_nobody_over() {
    let mut settings = with_key(settings(), "transfer 2003");
    settings.routes[3].pins = Some(Vec::new());
    settings.profiles.insert(
        "small".to_owned(),
        confab_conference::Profile { max_members: Some(1), ..settings.profiles["simpleconf"].clone() },
    );
    settings.routes[3].profile = "small".to_owned();
    let (mut script, first, second) = two(settings);
    script.call("3", "2003");
    script.press(first, "7");
    assert!(script.told("1 is not transferred to 2003: 486"));
    assert!(script.speaks(first) && script.in_room(second).is_empty());
}

#[test]
fn a_wrong_pin_there_ends_the_call() {
    let (mut script, first, _) = two(with_key(settings(), "transfer 2003"));
    script.press(first, "7");
    for _ in 0..3 {
        script.press(first, "1111");
    }
    script.settle();
    assert_eq!(script.ended(first), Some(Cause::Normal));
}

#[test]
fn who_was_called_has_as_many_tries_as_who_has_called() {
    let mut settings = with_key(settings(), "transfer 2003");
    settings.roles.get_mut("invited").unwrap().keys = keys(&[("7", "transfer 2003")]);
    let (mut script, _, station) = begin(settings);
    let invited = script.joined(station, "1005");
    script.settle_prompts();
    script.press(invited, "7");
    script.press(invited, "11111111");
    script.press(invited, "7536");
    assert!(script.told("room 2003: 1005 joined as guest"), "{:?}", script.events);
}

/// The invited one belongs to the other room from then on: the inviter cannot take him back any more, but his time still runs.
#[test]
fn an_invited_member_who_goes_on_is_no_invite_of_the_room_any_more() {
    let mut settings = with_key(settings(), "transfer 2003");
    settings.routes[3].pins = Some(vec![PinRole::guest("12".parse().unwrap())]);
    settings.roles.get_mut("invited").unwrap().keys = keys(&[("7", "transfer 2003")]);
    let (mut script, _, station) = begin(settings);
    let invited = script.joined(station, "1005");
    script.settle_prompts();
    script.press(invited, "7");
    script.press(invited, "12");
    assert!(script.told("room 2003: 1005 joined as guest"), "{:?}", script.events);
    script.settle_prompts();
    script.press(station, "*2");
    assert_eq!(script.privately(station), ["none-left-sound"]);
    script.wait(4 * 3600 * 1000);
    assert_eq!(script.ended(invited), Some(Cause::TimeLimit));
}

#[test]
fn the_room_ends_with_who_takes_all_with_him() {
    let mut settings = with_key(settings(), "transfer 2003");
    settings.routes[0].flags.insert(MemberFlag::MandatoryMemberEndConf);
    settings.routes[3].pins = Some(Vec::new());
    let (mut script, first, second) = two(settings);
    script.press(first, "7");
    assert_eq!(script.privately(second), ["kicked"]);
    assert_eq!(script.ended(first), None);
    assert!(script.told("room 2003: 1 joined"));
}

#[test]
fn the_route_of_the_other_room_calls_its_own() {
    let mut settings = with_key(settings(), "transfer 2002");
    station(&mut settings);
    let (mut script, first, _) = two(settings);
    script.press(first, "7");
    assert_eq!(script.targets(), ["user/1004"]);
    assert!(script.told("room 1004: 1 joined as moderator, 1 in the room"));
}

#[test]
fn hold_and_talk_go_with_him() {
    let mut settings = with_key(settings(), "transfer 2003");
    settings.routes[3].pins = Some(Vec::new());
    settings.routes[3].flags.clear();
    let (mut script, first, _) = two(settings);
    script.input(Input::Talking { leg: first, on: true });
    script.hold(first, true);
    script.press(first, "7");
    assert!(!script.speaks(first));
    script.hold(first, false);
    assert!(script.speaks(first));
    let talks = (script.count("1 talking"), script.count("1 not talking"));
    assert_eq!(talks.0, talks.1, "in pairs: {:?}", script.events);
}

#[test]
fn who_goes_to_and_fro_leaves_nothing_behind() {
    let mut settings = with_key(settings(), "transfer 2003");
    settings.roles.insert("other".to_owned(), {
        let mut role = settings.roles["guest"].clone();
        role.keys = keys(&[("7", "transfer 2000")]);
        role
    });
    settings.routes[3].role = "other".to_owned();
    settings.routes[3].pins = Some(Vec::new());
    let mut script = Script::with(settings);
    let leg = script.call("1", "2000");
    for _ in 0..50 {
        script.press(leg, "7");
        script.finish_all();
        assert_eq!(script.world.rooms.len(), 1);
    }
    script.hang_up(leg);
    assert!(script.world.rooms.is_empty() && script.world.playing.is_empty());
    assert_eq!(script.conferences_timeout(), None);
}
