#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use super::*;
use crate::RoomName;

fn route(number: &str) -> Route {
    Route {
        pattern: number.parse().unwrap(),
        room: "test".parse().unwrap(),
        profile: "simpleconf".to_owned(),
        role: "guest".to_owned(),
        who: Who::Anyone,
        pin: None,
        mute: false,
        answer_after: Duration::ZERO,
        end_conference_when_leaves: false,
        outcalls: Vec::new(),
    }
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
        mute: false,
        timeout: Duration::ZERO,
        caller_id: CallerIdChoice::Caller,
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
        template.name(dialled).map(|name| name.to_string())
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
