use proptest::prelude::*;

use super::*;

fn map(bindings: &[(&str, &str)]) -> KeyMap {
    KeyMap::new(bindings.iter().map(|(keys, action)| (*keys, vec![*action]))).unwrap()
}

/// Types the keys (`.` is the timeout) and returns what they set off.
fn typed(map: &KeyMap, keys: &str) -> Vec<KeyAction> {
    let (mut matcher, mut fired) = (Matcher::new(map.clone()), Vec::new());
    for key in keys.chars() {
        matcher.push(key);
        fired.extend(std::iter::from_fn(|| matcher.fire(key == '.')).flatten());
    }
    fired
}

#[test]
fn the_longest_match_wins() {
    use KeyAction::{CancelLastInvite, EnergyUp, Hangup, Invite, Mute, MuteOn, TalkDown, TalkZero};
    let seed = map(&[
        ("0", "mute"),
        ("1", "vol talk dn"),
        ("2", "vol talk zero"),
        ("9", "energy up"),
        ("#", "hangup"),
        ("*1", "invite"),
        ("*2", "cancel last invite"),
    ]);
    let star = map(&[
        ("*", "mute"),
        ("*1", "invite"),
        ("*123", "hangup"),
        ("1", "vol talk dn"),
        ("2", "vol talk zero"),
        ("3", "mute on"),
    ]);
    let cases: &[(&KeyMap, &str, &[KeyAction])] = &[
        (&seed, "0", &[Mute]),
        (&seed, "*1", &[Invite]),
        (&seed, "*2", &[CancelLastInvite]),
        (&seed, "*", &[]),
        (&seed, "*.", &[]),
        (&seed, "*.1", &[TalkDown]),
        (&seed, "*9", &[EnergyUp]),
        (&seed, "**1", &[Invite]),
        (&seed, "*#", &[Hangup]),
        (&seed, "3A*5", &[]),
        (&seed, "x\u{661}*1", &[Invite]),
        (&seed, "010*19", &[Mute, TalkDown, Mute, Invite, EnergyUp]),
        (&star, "*", &[]),
        (&star, "*.", &[Mute]),
        (&star, "*3", &[Mute, MuteOn]),
        (&star, "*1", &[]),
        (&star, "*1.", &[Invite]),
        (&star, "*12", &[]),
        (&star, "*12.", &[Invite, TalkZero]),
        (&star, "*123", &[Hangup]),
        (&star, "*124", &[Invite, TalkZero]),
        (&star, "*121", &[Invite, TalkZero, TalkDown]),
        (&star, "**", &[Mute]),
        (&star, "*12*.", &[Invite, TalkZero, Mute]),
    ];
    for (map, keys, fired) in cases {
        assert_eq!(typed(map, keys), *fired, "{keys}");
    }
}

#[test]
fn a_sequence_may_carry_several_actions() {
    let map = KeyMap::new([("0", vec!["mute on", "hangup"])]).unwrap();
    assert_eq!(typed(&map, "0"), [KeyAction::MuteOn, KeyAction::Hangup]);
}

#[test]
fn it_waits_only_while_the_digits_could_become_more() {
    let mut matcher = Matcher::new(map(&[("0", "mute"), ("*12", "invite")]));
    for (key, waits) in [('0', false), ('*', true), ('1', true), ('2', false), ('*', true), ('0', false)] {
        matcher.push(key);
        while matcher.fire(false).is_some() {}
        assert_eq!(matcher.is_waiting(), waits, "{key}");
    }
    matcher.push('*');
    matcher.clear();
    assert!(!matcher.is_waiting());
}

#[test]
fn what_follows_a_sequence_is_pending_until_one_asks_again() {
    let mut matcher = Matcher::new(map(&[("*1", "invite"), ("*123", "mute"), ("2", "deaf"), ("4", "deaf")]));
    "*124".chars().for_each(|key| matcher.push(key));
    assert_eq!(matcher.fire(false), Some(vec![KeyAction::Invite]));
    assert_eq!(matcher.take(), "24", "digits of the number, perhaps");
    assert_eq!(matcher.fire(true), None);
}

#[test]
fn all_errors_are_told_with_their_sequences() {
    let long = "1".repeat(33);
    let bindings = [
        ("0", vec!["mute"]),
        ("0", vec!["deaf"]),
        ("*x", vec!["mute"]),
        ("", vec!["mute"]),
        (long.as_str(), vec!["mute"]),
        ("5", vec!["vol up"]),
        ("6", vec![]),
        ("7", vec!["hangup", "mute"]),
        ("8", vec!["transfer 2000", "help"]),
        ("9", vec!["transfer"]),
    ];
    let errors = KeyMap::new(bindings).unwrap_err();
    let sequences: Vec<_> = errors.iter().map(KeyMapError::sequence).collect();
    assert_eq!(sequences, ["0", "*x", "", long.as_str(), "5", "6", "7", "8", "9"]);
    assert!(matches!(errors[0], KeyMapError::Duplicate { .. }));
    assert!(matches!(errors[1], KeyMapError::IllegalDigit { digit: 'x', .. }));
    assert!(errors[4].to_string().contains("`vol up`; the actions are: mute, mute on,"));
    assert!(errors[7].to_string().contains("what follows `transfer` can never act"));
    let unreachable = [2, 3, 5, 6, 7].map(|at| matches!(errors[at], KeyMapError::Unreachable { .. }));
    assert_eq!(unreachable, [true; 5]);
    assert!(matches!(errors[8], KeyMapError::UnknownAction { .. }), "to where?");
}

#[test]
fn the_longest_sequence_that_may_be_works() {
    let keys = "*1".repeat(16);
    let map = map(&[(&keys, "mute"), ("*", "deaf")]);
    assert_eq!(typed(&map, &keys), [KeyAction::Mute]);
    assert_eq!(typed(&map, &format!("{}.", &keys[..31])), vec![KeyAction::Deaf; 16]);
}

#[test]
fn names_of_actions_read_and_write() {
    for (action, name) in KeyAction::NAMES {
        if matches!(
            action,
            KeyAction::Transfer(_) | KeyAction::Play(_) | KeyAction::Event(_) | KeyAction::DialList(_)
        ) {
            assert!(name.parse::<KeyAction>().is_err(), "`{name}` needs something after it");
            let full: KeyAction = format!("{name} x").parse().unwrap();
            assert_eq!((full.name(), full.to_string()), (name, format!("{name} x")));
            continue;
        }
        assert_eq!(name.parse(), Ok(action.clone()));
        assert_eq!(name.replace(' ', "_").parse(), Ok(action.clone()));
        assert_eq!(action.to_string(), name);
        assert!(format!("{name} x").parse::<KeyAction>().is_err(), "{name} takes no data");
    }
}

#[test]
fn other_names_lead_to_actions() {
    for (alias, name) in KeyAction::ALIASES {
        let action = alias.parse().or_else(|_| format!("{alias} x").parse::<KeyAction>());
        assert_eq!(action.unwrap().name(), name, "{alias}");
    }
    let sounds = |names: &[&str]| KeyAction::Play(names.iter().map(|name| (*name).to_owned()).collect());
    let cases = [
        ("leave_conference", KeyAction::Hangup),
        ("no_op", KeyAction::NoOp),
        ("participant_count", KeyAction::ParticipantCount),
        ("admin_kick_last", KeyAction::KickLast),
        ("playback(a.wav&b.wav)", sounds(&["a.wav", "b.wav"])),
        ("playback_and_continue(a.wav)", sounds(&["a.wav"])),
        ("execute_application playback a_b-c.wav", sounds(&["a_b-c.wav"])),
        ("play rules.wav & thanks.wav", sounds(&["rules.wav", "thanks.wav"])),
        ("transfer 2000", KeyAction::Transfer("2000".to_owned())),
        ("event coffee break", KeyAction::Event("coffee break".to_owned())),
        ("dial list board", KeyAction::DialList("board".to_owned())),
    ];
    for (written, action) in cases {
        assert_eq!(written.parse(), Ok(action), "{written}");
    }
    for wrong in [
        "",
        "mut",
        "mutes",
        "mute  all of them",
        "play a.wav&&b.wav",
        "playback()",
        "é",
        "dial list",
        "event a\nb",
    ] {
        assert!(wrong.parse::<KeyAction>().is_err(), "{wrong}");
    }
}

#[test]
fn what_rules_the_room_needs_a_moderator() {
    let of = |right| move |(action, _): &(KeyAction, &str)| action.needs() == right;
    let moderators: Vec<_> = KeyAction::NAMES.into_iter().filter(of(Some(Right::Moderator))).collect();
    assert_eq!(moderators.len(), 18);
    let freeswitch = KeyAction::NAMES.into_iter().take_while(|(_, name)| *name != "no op");
    assert!(freeswitch.into_iter().all(|(action, _)| action.needs().is_none()), "there, who has the key may");
    assert_eq!(KeyAction::NAMES.into_iter().filter(of(Some(Right::Invite))).count(), 5);
}

proptest! {
    #[test]
    fn no_digit_is_lost_or_acts_twice(keys in "[0-9*#]{0,40}") {
        let all = "0123456789*#".chars().map(|key| (key.to_string(), vec!["mute"]));
        let map = KeyMap::new(all.chain([("*11".to_owned(), vec!["invite"]), ("*2".to_owned(), vec!["invite"])])).unwrap();
        let fired = typed(&map, &format!("{keys}."));
        let long = keys.matches("*11").count();
        let short = keys.replace("*11", "").matches("*2").count().min(keys.matches("*2").count());
        let invites = fired.iter().filter(|action| **action == KeyAction::Invite).count();
        prop_assert_eq!(invites, long + short);
        prop_assert_eq!(fired.len(), keys.len() - 2 * long - short);
    }

    #[test]
    fn what_is_pending_stays_short(keys in "[0-9*#A-Dx]{0,60}") {
        let mut matcher = Matcher::new(map(&[("*12345", "mute"), ("*1", "invite"), ("12", "deaf")]));
        for key in keys.chars() {
            matcher.push(key);
            while matcher.fire(false).is_some() {}
            prop_assert!(matcher.pending() < map::MAX_SEQUENCE);
        }
        while matcher.fire(true).is_some() {}
        prop_assert!(!matcher.is_waiting());
    }
}
