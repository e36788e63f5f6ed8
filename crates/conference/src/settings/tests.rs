#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::Duration;

use super::*;
use crate::{KeyMap, Pin, RoomName, RoomTemplate};

fn route(number: &str) -> Route {
    Route::new(number.parse().unwrap(), "test".parse().unwrap(), "simpleconf", "guest")
}

fn settings() -> Settings {
    let guest = Role { name: "guest".to_owned(), ..Role::default() };
    Settings {
        profiles: [("simpleconf".to_owned(), Profile::default())].into(),
        roles: [("guest".to_owned(), guest)].into(),
        routes: vec![route("2000")],
        ..Settings::default()
    }
}

#[test]
fn what_fits_together_is_valid() {
    assert_eq!(settings().validate(), Ok(()));
}

#[test]
fn all_that_does_not_fit_together_is_told() {
    let mut broken = settings();
    let outcall = Outcall {
        targets: Vec::new(),
        role: "nobody".to_owned(),
        flags: MemberFlags::new(),
        dialling: Dialling::default(),
        announce: None,
    };
    broken.routes.push(Route { profile: "none".to_owned(), outcalls: vec![outcall], ..route("2000") });
    broken.roles.get_mut("guest").unwrap().keys = KeyMap::new([("*1", vec!["invite"])]).unwrap();
    broken.profiles.get_mut("simpleconf").unwrap().digit_timeout = Duration::ZERO;
    let errors: Vec<_> = broken.validate().unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "route 2000: there is no profile `none`",
            "route 2000: an earlier route has the same pattern",
            "route 2000: an outcall has no target",
            "route 2000: there is no role `nobody`",
            "role guest: `*1` is bound to `invite`, but the role may not invite",
            "profile simpleconf: with a digit timeout of 0, sequences of several keys can never be typed",
        ]
    );
}

#[test]
fn lists_call_somebody_as_somebody_and_keys_dial_lists_that_are_there() {
    let mut broken = settings();
    let nobody = Outcall { role: "nobody".to_owned(), ..Outcall::default() };
    broken.lists.insert("board".to_owned(), CallList { outcalls: vec![nobody] });
    let role = broken.roles.get_mut("guest").unwrap();
    role.invite = Some(InvitePlan { role: "guest".to_owned(), ..InvitePlan::default() });
    let keys = [("1", vec!["dial list board"]), ("2", vec!["dial list bored"])];
    role.keys = KeyMap::new(keys).unwrap();
    let errors: Vec<_> = broken.validate().unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "role guest: `2` dials the list `bored`, which is not there",
            "list board: there is no role `nobody`",
            "list board: an outcall has no target",
        ]
    );
}

#[test]
fn what_is_named_and_is_not_there_is_told_of_rooms_pins_and_look_ups_too() {
    let mut broken = settings();
    let pin = || PinRole::moderator("1234".parse().unwrap(), Some("boss".to_owned()));
    let profile = Profile { pins: vec![pin()], digit_timeout: Duration::ZERO, ..Profile::default() };
    broken.rooms.insert("hall".to_owned(), DeclaredRoom { profile });
    let route = &mut broken.routes[0];
    (route.lookup, route.pins) = (Some("crm".to_owned()), Some(vec![pin()]));
    route.roles_by_user.insert("1001".to_owned(), "chief".to_owned());
    let errors: Vec<_> = broken.validate().unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "route 2000: there is no look-up `crm`",
            "route 2000: there is no role `chief`",
            "a PIN of route 2000: there is no role `boss`",
            "a PIN of room hall: there is no role `boss`",
            "room hall: with a digit timeout of 0, sequences of several keys can never be typed",
        ]
    );
}

#[test]
fn a_number_may_lead_several_ways_for_several_callers() {
    let mut settings = settings();
    let users = Who { users: Users::Authenticated, ..Who::default() };
    settings.routes.insert(0, Route { who: users.clone(), ..route("2000") });
    assert_eq!(settings.validate(), Ok(()));
    settings.routes.insert(1, Route { who: users, ..route("2000") });
    assert_eq!(settings.validate().unwrap_err().len(), 1);
}

#[test]
fn names_of_rooms_hold_nothing_that_is_interpreted() {
    for good in ["1004", "test", "A_b-9", &"x".repeat(32)] {
        assert_eq!(good.parse::<RoomName>().unwrap().as_str(), good);
    }
    let hostile = ["", "../x", "a b", "a/b", "a,b", "a}b", "$(id)", "%n", "é", "a\n", "a\0", &"x".repeat(33)];
    hostile.into_iter().for_each(|name| assert!(name.parse::<RoomName>().is_err(), "{name}"));
}

#[test]
fn a_pin_matches_only_itself() {
    let pin: Pin = "7536".parse().unwrap();
    assert!(pin.matches("7536"));
    for typed in ["", "753", "75366", "7535", "753*"] {
        assert!(!pin.matches(typed), "{typed}");
    }
    assert_eq!(format!("{pin:?}"), "Pin(…)");
}

#[test]
fn a_room_may_be_named_by_the_number() {
    let name = |template: &str, dialled| {
        let template: RoomTemplate = template.parse().unwrap();
        template.name(dialled, Some("1001"), 7).map(|name| name.to_string())
    };
    assert_eq!(name("{number}", "9001"), Some("9001".to_owned()));
    assert_eq!(name("team-{number}_b", "9001"), Some("team-9001_b".to_owned()));
    assert_eq!(name("plain", "9001"), Some("plain".to_owned()));
    assert_eq!(name("{number}", "*98"), None);
    assert_eq!(name("{number}", &"1".repeat(33)), None);
    for wrong in ["", "{number", "{name}", "a b{number}", "{number}{number}"] {
        assert!(wrong.parse::<RoomTemplate>().is_err(), "{wrong}");
    }
}

#[test]
fn a_route_whose_numbers_name_no_room_is_told() {
    let mut broken = settings();
    broken.routes = vec![Route { room: "{number}".parse().unwrap(), ..route("*9X{2,3}") }];
    let errors = broken.validate().unwrap_err();
    assert_eq!(errors[0].to_string(), "route *9X{2,3}: `{number}` is no room's name when *9000 is dialled");
}

#[test]
fn keys_for_moderators_only_are_told() {
    let mut broken = settings();
    broken.roles.get_mut("guest").unwrap().keys =
        KeyMap::new([("*5", vec!["mute", "lecture mode"])]).unwrap();
    let profile = broken.profiles.get_mut("simpleconf").unwrap();
    profile.caller_controls = KeyMap::new([("5", vec!["kick last"]), ("6", vec!["lock"])]).unwrap();
    profile.moderator_controls = KeyMap::new([("5", vec!["kick last"])]).unwrap();
    let errors: Vec<_> = broken.validate().unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "role guest: `*5` is bound to `lecture mode`, which only moderators may do",
            "caller-controls of profile simpleconf: `5` is bound to `kick last`, which only moderators may do",
        ]
    );
    broken.roles.get_mut("guest").unwrap().flags.insert(MemberFlag::Moderator);
    assert_eq!(broken.validate().unwrap_err().len(), 1);
}

#[test]
fn names_of_sounds_read_and_write() {
    for (cue, name) in Cue::NAMES {
        let spellings =
            [name.to_owned(), format!("{name}-sound"), name.replace('-', "_"), format!("sound_{name}")];
        spellings.iter().for_each(|spelling| assert_eq!(spelling.parse(), Ok(cue), "{spelling}"));
        assert_eq!(cue.to_string(), name);
    }
    for (alias, name) in Cue::ALIASES {
        assert_eq!(alias.parse::<Cue>().unwrap().name(), name);
    }
    assert!(
        "entr"
            .parse::<Cue>()
            .unwrap_err()
            .to_string()
            .starts_with("there is no sound `entr`; the sounds are: enter,")
    );
}

#[test]
fn all_that_may_be_played_is_known_before() {
    let mut sounds = Sounds::built_in();
    assert!(sounds.of(Cue::Enter).is_empty(), "what FreeSWITCH has is silent unless it is configured");
    assert_eq!(sounds.of(Cue::HandRaised), ["conference/conf-hand-raised.wav"]);
    sounds.set(Cue::Enter, vec!["beep.wav".to_owned(), "tone_stream://%(200,0,500)".to_owned()]);
    sounds.set(Cue::HandRaised, Vec::new());
    let all = sounds.all();
    for name in
        ["beep.wav", "tone_stream://%(200,0,500)", "digits/0.wav", "digits/90.wav", "help/roll-call.wav"]
    {
        assert!(all.contains(name), "{name}");
    }
    assert!(!all.contains("conference/conf-hand-raised.wav"));
}
