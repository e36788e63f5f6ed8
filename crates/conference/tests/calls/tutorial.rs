//! The settings of the tutorial.

use std::collections::BTreeMap;
use std::time::Duration;

use confab_conference::{
    CallerIdChoice, Destination, DialTarget, InviteLimits, InvitePlan, InviteSounds, KeyMap, NumberEntry,
    NumberPlan, Outcall, OutcallLimits, Profile, Role, Route, Settings, Sounds, Who,
};

const CONTROLS: [(&str, &str); 11] = [
    ("0", "mute"),
    ("9", "energy up"),
    ("8", "energy equ"),
    ("7", "energy dn"),
    ("3", "vol talk up"),
    ("2", "vol talk zero"),
    ("1", "vol talk dn"),
    ("6", "vol listen up"),
    ("5", "vol listen zero"),
    ("4", "vol listen dn"),
    ("#", "hangup"),
];

const SEQUENCES: [(&str, &str); 2] = [("*1", "invite"), ("*2", "cancel last invite")];

pub(crate) fn settings() -> Settings {
    let roles =
        [role("guest", false, None), role("moderator", true, None), station(), role("invited", false, None)];
    Settings {
        profiles: BTreeMap::from([("simpleconf".to_owned(), profile())]),
        roles: roles.into_iter().map(|role| (role.name.clone(), role)).collect(),
        routes: vec![
            route("2000", "test", "guest"),
            Route { mute: true, outcalls: vec![outcall(&["1004"], false)], ..route("2001", "1004", "guest") },
            Route {
                answer_after: Duration::from_millis(500),
                end_conference_when_leaves: true,
                outcalls: vec![outcall(&["1004"], true)],
                ..route("2002", "1004", "moderator")
            },
            Route { mute: true, pin: Some("7536".parse().unwrap()), ..route("2003", "2003", "guest") },
        ],
        outcalls: OutcallLimits::default(),
        max_legs: 100,
    }
}

pub(crate) fn route(number: &str, room: &str, role: &str) -> Route {
    Route {
        pattern: number.parse().unwrap(),
        room: room.parse().unwrap(),
        profile: "simpleconf".to_owned(),
        role: role.to_owned(),
        who: Who::Anyone,
        pin: None,
        mute: false,
        answer_after: Duration::ZERO,
        end_conference_when_leaves: false,
        outcalls: Vec::new(),
    }
}

pub(crate) fn outcall(users: &[&str], mute: bool) -> Outcall {
    Outcall {
        targets: users.iter().map(|user| DialTarget::User((*user).to_owned())).collect(),
        role: "station".to_owned(),
        mute,
        timeout: Duration::from_secs(60),
        caller_id: CallerIdChoice::Caller,
    }
}

pub(crate) fn plan() -> InvitePlan {
    let gateway = || Destination::Gateway("mygw".to_owned());
    InvitePlan {
        entry: NumberEntry::default(),
        plan: NumberPlan {
            deny: vec!["00.".parse().unwrap(), "900X{2,8}".parse().unwrap()],
            allow: vec![
                ("X{4}".parse().unwrap(), Destination::User),
                ("X{5,11}".parse().unwrap(), gateway()),
            ],
        },
        caller_id: CallerIdChoice::Caller,
        role: "invited".to_owned(),
        mute: false,
        limits: InviteLimits::default(),
        sounds: InviteSounds {
            prompt: sound("number"),
            invalid: sound("invalid"),
            busy: sound("busy"),
            declined: sound("declined"),
            no_answer: sound("no-answer"),
            unreachable: sound("unreachable"),
            not_allowed: sound("not-allowed"),
            cancelled: sound("cancelled"),
            none_left: sound("none-left"),
        },
    }
}

fn station() -> Role {
    role("station", false, Some(plan()))
}

fn role(name: &str, moderator: bool, invite: Option<InvitePlan>) -> Role {
    let sequences = SEQUENCES.iter().filter(|_| invite.is_some());
    let bindings = CONTROLS.iter().chain(sequences).map(|(keys, action)| (*keys, vec![*action]));
    Role { name: name.to_owned(), keys: KeyMap::new(bindings).unwrap(), moderator, invite, ..Role::default() }
}

fn profile() -> Profile {
    Profile {
        name: "simpleconf".to_owned(),
        sounds: Sounds {
            alone: sound("alone"),
            enter: sound("welcome"),
            exit: sound("exit"),
            music: sound("music"),
            muted: sound("muted"),
            unmuted: sound("unmuted"),
            pin: sound("pin"),
            bad_pin: sound("bad-pin"),
            kicked: sound("kicked"),
            digits: sound("digits"),
            minus: sound("minus"),
        },
        ..Profile::default()
    }
}

fn sound(name: &str) -> Option<String> {
    Some(name.to_owned())
}
