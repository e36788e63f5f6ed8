//! The settings of the tutorial.

use std::collections::BTreeMap;
use std::time::Duration;

use confab_conference::{
    Cue, Destination, DialTarget, Dialling, InviteCue, InvitePlan, InviteSounds, KeyMap, MemberFlag,
    MemberFlags, NumberEntry, NumberPlan, Outcall, OutcallLimits, PinRole, PlanEntry, Profile, Role, Route,
    Settings, Sounds,
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
            Route {
                flags: mute(),
                outcalls: vec![outcall(&["1004"], false)],
                ..route("2001", "1004", "guest")
            },
            Route {
                answer_after: Duration::from_millis(500),
                flags: [MemberFlag::MandatoryMemberEndConf].into(),
                outcalls: vec![outcall(&["1004"], true)],
                ..route("2002", "1004", "moderator")
            },
            Route {
                flags: mute(),
                pins: Some(vec![PinRole::guest("7536".parse().unwrap())]),
                ..route("2003", "2003", "guest")
            },
        ],
        outcalls: OutcallLimits::default(),
        max_legs: 100,
        ..Settings::default()
    }
}

pub(crate) fn route(number: &str, room: &str, role: &str) -> Route {
    Route::new(number.parse().unwrap(), room.parse().unwrap(), "simpleconf", role)
}

fn mute() -> MemberFlags {
    [MemberFlag::Mute].into()
}

pub(crate) fn outcall(users: &[&str], mute: bool) -> Outcall {
    Outcall {
        targets: users.iter().map(|user| DialTarget::User((*user).to_owned())).collect(),
        role: "station".to_owned(),
        flags: if mute { self::mute() } else { MemberFlags::new() },
        ..Outcall::default()
    }
}

pub(crate) fn plan() -> InvitePlan {
    let gateway = || Destination::Gateway("mygw".to_owned());
    InvitePlan {
        entry: NumberEntry::default(),
        plan: NumberPlan {
            deny: vec!["00.".parse().unwrap(), "900X{2,8}".parse().unwrap()],
            allow: vec![
                PlanEntry::new("X{4}".parse().unwrap(), Destination::User),
                PlanEntry {
                    dialling: Dialling { confirm: Some(false), ..Dialling::default() },
                    ..PlanEntry::new("X{5,11}".parse().unwrap(), gateway())
                },
            ],
        },
        role: "invited".to_owned(),
        sounds: invite_sounds(),
        ..InvitePlan::default()
    }
}

fn invite_sounds() -> InviteSounds {
    use InviteCue::{
        Busy, Cancelled, Declined, Invalid, NoAnswer, NoneLeft, NotAllowed, Prompt, Unreachable,
    };
    let sounds = [
        (Prompt, "number"),
        (Invalid, "invalid"),
        (Busy, "busy"),
        (Declined, "declined"),
        (NoAnswer, "no-answer"),
        (Unreachable, "unreachable"),
        (NotAllowed, "not-allowed"),
        (Cancelled, "cancelled"),
        (NoneLeft, "none-left"),
    ];
    sounds.map(|(cue, sound)| (cue, sound.to_owned())).into_iter().collect()
}

fn station() -> Role {
    role("station", false, Some(plan()))
}

fn role(name: &str, moderator: bool, invite: Option<InvitePlan>) -> Role {
    let sequences = SEQUENCES.iter().filter(|_| invite.is_some());
    let bindings = CONTROLS.iter().chain(sequences).map(|(keys, action)| (*keys, vec![*action]));
    let flags = if moderator { [MemberFlag::Moderator].into() } else { MemberFlags::new() };
    Role { name: name.to_owned(), keys: KeyMap::new(bindings).unwrap(), flags, invite, ..Role::default() }
}

fn profile() -> Profile {
    Profile { name: "simpleconf".to_owned(), sounds: sounds(), ..Profile::default() }
}

fn sounds() -> Sounds {
    let played = [
        (Cue::Alone, "alone"),
        (Cue::Enter, "welcome"),
        (Cue::Exit, "exit"),
        (Cue::Moh, "music"),
        (Cue::Muted, "muted"),
        (Cue::Unmuted, "unmuted"),
        (Cue::Pin, "pin"),
        (Cue::BadPin, "bad-pin"),
        (Cue::Kicked, "kicked"),
        (Cue::Minus, "minus"),
    ];
    let cues = played.map(|(cue, sound)| (cue, vec![sound.to_owned()])).into();
    Sounds { cues, digits: Some("digits".to_owned()), ..Sounds::default() }
}
