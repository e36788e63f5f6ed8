//! Any inputs in any order: the world keeps its rules, and nothing is left behind.

use confab_conference::{Input, LegId, Outcome};
use proptest::prelude::*;

use crate::script::Script;

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
}

fn step() -> impl Strategy<Value = Step> {
    let key = proptest::sample::select("0123456789*#A".chars().collect::<Vec<_>>());
    let keys =
        proptest::sample::select(vec!["*1", "*11005#", "*120001#", "*2", "7536", "1111", "#", "*1*", "0"]);
    prop_oneof![
        3 => (0..5u8).prop_map(Step::Call),
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
    ]
}

/// One of the legs there are, or one that never was.
fn pick(script: &Script, n: u8) -> LegId {
    let legs: Vec<_> = script.world.lines.keys().copied().collect();
    legs.get(usize::from(n) % (legs.len() + 1)).copied().unwrap_or(LegId(u64::MAX))
}

fn perform(script: &mut Script, step: Step) {
    match step {
        Step::Call(n) => {
            let dialled = ["2000", "2001", "2002", "2003", "2004"][usize::from(n)];
            script.call("5551", dialled);
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
    }
}

fn finish(script: &mut Script, n: u8) {
    let ends: Vec<_> =
        script.world.playing.iter().filter(|(_, playing)| !playing.repeat).map(|(id, _)| *id).collect();
    let Some(playback) = ends.get(usize::from(n) % (ends.len() + 1)).copied() else { return };
    script.world.playing.remove(&playback);
    script.input(Input::PlaybackDone { playback });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_world_keeps_its_rules(steps in proptest::collection::vec(step(), 0..120)) {
        let mut script = Script::new();
        for step in steps {
            perform(&mut script, step);
            for line in script.world.lines.values().filter(|line| line.up) {
                assert!(line.room.is_some_and(|room| script.world.rooms.contains_key(&room)));
            }
        }
        let all: Vec<_> = script.world.lines.keys().copied().collect();
        all.into_iter().for_each(|leg| script.hang_up(leg));
        script.wait(3000);
        prop_assert!(script.world.rooms.is_empty(), "rooms are closed when empty");
        prop_assert!(script.world.lines.is_empty());
        prop_assert!(script.world.playing.is_empty());
        prop_assert_eq!(script.conferences_timeout(), None, "an idle server has no timer");
    }

    #[test]
    fn shutdown_ends_everything(steps in proptest::collection::vec(step(), 0..60)) {
        let mut script = Script::new();
        steps.into_iter().for_each(|step| perform(&mut script, step));
        script.input(Input::Shutdown);
        prop_assert!(script.world.rooms.is_empty() && script.world.lines.is_empty());
    }
}
