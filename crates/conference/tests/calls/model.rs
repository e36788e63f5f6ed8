//! Any inputs in any order: the world keeps its rules, and nothing is left behind.

use std::time::Duration;

use confab_conference::{
    AnnounceNames, Caller, ConferenceFlag, Decision, EchoPolicy, Event, Input, LegId, Load, Lookup,
    MemberEvent, MemberFlag, OnFailure, Outcome, PinRole, Settings,
};
use proptest::prelude::*;

use crate::meeting::{door, profile_of, settings};
use crate::script::Script;
use crate::tutorial;

const TUTORIAL: [&str; 9] = ["2000", "2001", "2002", "2003", "2004", "2000", "2001", "2002", "2003"];
const HOUSE: [&str; 9] = ["3000", "3001", "3002", "3003", "3004", "3005", "3006", "3007", "3008"];

#[derive(Debug, Clone)]
enum Step {
    Call(u8),
    Answer(u8),
    Ring(u8),
    Fail(u8, u8),
    Leave(u8),
    Press(u8, char),
    Keys(u8, &'static str),
    Hold(u8, bool),
    Finish(u8),
    Wait(u16),
    FailRoom(u8),
    Talk(u8, bool),
    TalkMuted(u8),
    Replace(u8),
    LookedUp(u8, bool),
    Named(u8, u16),
    Floor(u8, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let key = proptest::sample::select("0123456789*#A".chars().collect::<Vec<_>>());
    let keys = proptest::sample::select(vec![
        "*1", "*11005#", "*120001#", "*2", "7536", "1111", "#", "*1*", "0", "1", "2", "3", "4", "5", "6",
        "7", "8", "9",
    ]);
    prop_oneof![
        3 => (0..9u8).prop_map(Step::Call),
        3 => any::<u8>().prop_map(Step::Answer),
        1 => any::<u8>().prop_map(Step::Ring),
        1 => (any::<u8>(), 0..4u8).prop_map(|(leg, outcome)| Step::Fail(leg, outcome)),
        2 => any::<u8>().prop_map(Step::Leave),
        3 => (any::<u8>(), key).prop_map(|(leg, key)| Step::Press(leg, key)),
        5 => (any::<u8>(), keys).prop_map(|(leg, keys)| Step::Keys(leg, keys)),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(leg, on)| Step::Hold(leg, on)),
        4 => any::<u8>().prop_map(Step::Finish),
        3 => (0..8000u16).prop_map(Step::Wait),
        1 => any::<u8>().prop_map(Step::FailRoom),
        2 => (any::<u8>(), any::<bool>()).prop_map(|(leg, on)| Step::Talk(leg, on)),
        1 => any::<u8>().prop_map(Step::TalkMuted),
        1 => any::<u8>().prop_map(Step::Replace),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(leg, good)| Step::LookedUp(leg, good)),
        1 => (any::<u8>(), 0..3000u16).prop_map(|(leg, ms)| Step::Named(leg, ms)),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(leg, on)| Step::Floor(leg, on)),
    ]
}

/// One of the legs there are, or one that never was.
fn pick(script: &Script, n: u8) -> LegId {
    let legs: Vec<_> = script.world.lines.keys().copied().collect();
    legs.get(usize::from(n) % (legs.len() + 1)).copied().unwrap_or(LegId(u64::MAX))
}

fn perform(script: &mut Script, numbers: [&str; 9], step: Step) {
    match step {
        Step::Call(n) => {
            script.call("5551", numbers[usize::from(n)]);
        }
        Step::Answer(n) => script.answer(pick(script, n)),
        Step::Ring(n) => script.input(Input::Ringing { leg: pick(script, n) }),
        Step::Fail(n, outcome) => {
            let outcomes = [Outcome::Busy, Outcome::Declined, Outcome::NoAnswer, Outcome::Unreachable];
            script.fail(pick(script, n), outcomes[usize::from(outcome)]);
        }
        Step::Leave(n) => script.hang_up(pick(script, n)),
        Step::Press(n, key) => script.press(pick(script, n), &key.to_string()),
        Step::Keys(n, keys) => script.press(pick(script, n), keys),
        Step::Hold(n, on) => script.hold(pick(script, n), on),
        Step::Finish(n) => finish(script, n),
        Step::Wait(ms) => script.wait(u64::from(ms)),
        Step::FailRoom(n) => {
            // Rooms seldom fail.
            if let Some(room) = script.world.rooms.keys().nth(usize::from(n)).copied() {
                script.input(Input::RoomFailed { room });
            }
        }
        Step::Talk(n, on) => script.input(Input::Talking { leg: pick(script, n), on }),
        Step::Floor(n, on) => script.input(Input::Floor { leg: pick(script, n), on }),
        Step::TalkMuted(n) => script.input(Input::MutedTalk { leg: pick(script, n) }),
        Step::Replace(n) => {
            let old = pick(script, n);
            script.replace(old, Caller::default());
        }
        Step::LookedUp(n, good) => {
            let answer = if good { Ok(Decision::default()) } else { Err("down".to_owned()) };
            script.input(Input::LookedUp { leg: pick(script, n), answer });
        }
        Step::Named(n, ms) => {
            let leg = pick(script, n);
            let clip = script.world.naming.get(&leg).copied();
            if let Some(clip) = clip.filter(|clip| script.world.clips.contains(clip)) {
                let length = Duration::from_millis(ms.into());
                script.input(Input::NameRecorded { leg, clip, length });
            }
        }
    }
}

fn finish(script: &mut Script, n: u8) {
    let ends: Vec<_> =
        script.world.playing.iter().filter(|(_, playing)| !playing.repeat).map(|(id, _)| *id).collect();
    let Some(playback) = ends.get(usize::from(n) % (ends.len() + 1)).copied() else { return };
    script.world.playing.remove(&playback);
    script.input(Input::PlaybackDone { playback });
}

/// Every way into a room, every flag, every key.
fn house() -> Settings {
    let chair = [
        ("0", "mute"),
        ("1", "lock"),
        ("2", "admit"),
        ("3", "deny"),
        ("4", "mute all toggle"),
        ("5", "kick last"),
        ("6", "lecture mode"),
        ("7", "record toggle"),
        ("8", "transfer 3001"),
        ("9", "end conference"),
        ("*1", "invite"),
    ];
    let guest =
        [("0", "mute"), ("1", "raise hand"), ("2", "transfer 2000"), ("3", "roll call"), ("#", "hangup")];
    let mut settings = settings(&chair[..10], &guest);
    let marks = [MemberFlag::Marked, MemberFlag::EndConf, MemberFlag::MuteDetect, MemberFlag::TalkDataEvents];
    door(&mut settings, "3002", &[MemberFlag::Ghost, MemberFlag::DistDtmf]);
    door(&mut settings, "3003", &[MemberFlag::WaitMarked, MemberFlag::EndMarkedAny, MemberFlag::Quiet]);
    door(&mut settings, "3004", &marks);
    door(&mut settings, "3005", &[MemberFlag::MinTwo, MemberFlag::NoMoh, MemberFlag::SkipLobby]);
    door(&mut settings, "3006", &[MemberFlag::JoinOnly, MemberFlag::MandatoryMemberEndConf]);
    door(&mut settings, "3007", &[MemberFlag::EndMarked, MemberFlag::WaitMarked, MemberFlag::Mute]);
    door(&mut settings, "3008", &[]);
    let asked = settings.routes.last_mut().unwrap();
    (asked.lookup, asked.pins) =
        (Some("crm".to_owned()), Some(vec![PinRole::guest("7536".parse().unwrap())]));
    asked.outcalls = vec![tutorial::outcall(&["1004"], true)];
    let lookup =
        Lookup { url: String::new(), timeout: Duration::from_secs(2), on_failure: OnFailure::Continue };
    settings.lookups.insert("crm".to_owned(), lookup);
    let profile = profile_of(&mut settings);
    profile.max_members = Some(3);
    profile.echo = EchoPolicy::Tell;
    profile.announce_names = AnnounceNames::Review;
    profile.ends.grace = Duration::from_secs(3);
    profile.ends.silence = Some(Duration::from_secs(20));
    profile.ends.max_duration = Some(Duration::from_secs(60));
    profile.ends.warnings = vec![Duration::from_secs(10), Duration::from_secs(30)];
    profile.ends.linger = Duration::from_secs(5);
    settings
}

/// The same, in rooms of these flags.
fn house_of(flags: u8) -> Settings {
    let mut settings = house();
    let all = [
        ConferenceFlag::WaitMod,
        ConferenceFlag::PermanentWaitMod,
        ConferenceFlag::Lobby,
        ConferenceFlag::Knock,
        ConferenceFlag::AudioAlways,
    ];
    let chosen = all.into_iter().enumerate().filter(|(bit, _)| flags >> bit & 1 == 1);
    profile_of(&mut settings).flags = chosen.map(|(_, flag)| flag).collect();
    settings
}

/// What begins and ends, does so in turn: a member's presence, his talk, his floor, his hold, his waiting. His hold ends
/// with his presence.
fn check_pairs(script: &Script) {
    let mut on = std::collections::BTreeMap::new();
    for event in &script.told {
        let Event::Member { leg, what, .. } = event else { continue };
        let (subject, begins) = match what {
            MemberEvent::Joined { .. } => ("present", true),
            MemberEvent::Left { .. } => {
                on.remove(&(*leg, "holds"));
                ("present", false)
            }
            MemberEvent::Held(on) => ("holds", *on),
            MemberEvent::Floor(on) => ("speaks", *on),
            MemberEvent::Talking(on) => ("talks", *on),
            MemberEvent::Waiting(on) => ("waits", *on),
            MemberEvent::Replaced { by } => {
                for subject in ["present", "waits"] {
                    let state: Option<bool> = on.remove(&(*leg, subject));
                    state.map(|state| on.insert((*by, subject), state));
                }
                continue;
            }
            _ => continue,
        };
        let before = on.insert((*leg, subject), begins).unwrap_or(false);
        assert_ne!(before, begins, "{leg:?} {subject}: {event}");
    }
    assert!(on.values().all(|on| !on), "{on:?}");
}

/// All hang up. Nothing is left.
fn empty(script: &mut Script) {
    let all: Vec<_> = script.world.lines.keys().copied().collect();
    all.into_iter().for_each(|leg| script.hang_up(leg));
    script.wait(10_000);
    let tapes: Vec<_> = script.world.tapes.keys().copied().collect();
    tapes.into_iter().for_each(|recording| script.input(Input::RecordingStopped { recording, error: None }));
    assert!(script.world.rooms.is_empty() && script.world.lines.is_empty());
    assert!(script.world.playing.is_empty() && script.world.clips.is_empty());
    assert_eq!(script.conferences_timeout(), None, "an idle server has no timer");
    let left = Load { guessed_rooms: 0, ..script.load() };
    assert_eq!(left, Load::default());
    check_pairs(script);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_world_keeps_its_rules(steps in proptest::collection::vec(step(), 0..120)) {
        let mut script = Script::new();
        for step in steps {
            perform(&mut script, TUTORIAL, step);
            for line in script.world.lines.values().filter(|line| line.up) {
                assert!(line.room.is_some_and(|room| script.world.rooms.contains_key(&room)));
            }
        }
        empty(&mut script);
    }

    #[test]
    fn the_world_keeps_its_rules_with_every_flag(
        flags in 0..32u8,
        steps in proptest::collection::vec(step(), 0..100),
    ) {
        let mut script = Script::with(house_of(flags));
        steps.into_iter().for_each(|step| perform(&mut script, HOUSE, step));
        empty(&mut script);
    }

    #[test]
    fn shutdown_ends_everything(flags in 0..32u8, steps in proptest::collection::vec(step(), 0..60)) {
        for (numbers, settings) in [(TUTORIAL, tutorial::settings()), (HOUSE, house_of(flags))] {
            let mut script = Script::with(settings);
            steps.iter().for_each(|step| perform(&mut script, numbers, step.clone()));
            script.input(Input::Shutdown);
            prop_assert!(script.world.rooms.is_empty() && script.world.lines.is_empty());
            prop_assert_eq!(script.conferences_timeout(), None);
        }
    }
}
