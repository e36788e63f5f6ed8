//! Members that hear the same thing share one render.

mod support;

use confab_mixer::{Control, Hear, ListenKey, Slot};
use proptest::prelude::*;
use std::collections::BTreeMap;
use support::{FRAME, Table, heard, member, playback, room, tone};

const MEMBERS: usize = 6;

/// What happens to one member before one tick.
#[derive(Debug, Clone)]
enum Step {
    Talk { level_dbov: f32 },
    Set(Control),
    Private,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (-30f32..-3.1).prop_map(|level_dbov| Step::Talk { level_dbov }),
        1 => (-4..=4i8).prop_map(|step| Step::Set(Control::ListenGain(step))),
        1 => (-4..=4i8).prop_map(|step| Step::Set(Control::TalkGain(step))),
        1 => prop_oneof![Just(-15.0), Just(0.0)].prop_map(|gain_db| Step::Set(Control::Hear(Hear::Room { gain_db }))),
        1 => Just(Step::Set(Control::Hear(Hear::Nothing))),
        1 => Just(Step::Private),
    ]
}

fn apply(mixer: &mut Table, slot: Slot, step: &Step, tick: usize) {
    match step {
        Step::Talk { level_dbov } => {
            mixer.input(slot, &tone(300.0 + 10.0 * tick as f32, *level_dbov, FRAME));
        }
        Step::Set(control) => mixer.set(slot, *control),
        Step::Private => mixer.play(Some(slot), playback(tick as u64, &tone(900.0, -10.0, 3 * FRAME))),
    }
}

/// What all members hear, with one render for each key.
fn shared(mixer: &mut Table, slots: &[Slot]) -> Vec<Vec<i16>> {
    let mut renders: BTreeMap<ListenKey, Vec<i16>> = BTreeMap::new();
    for &slot in slots {
        let key = mixer.listening(slot);
        renders.entry(key).or_insert_with(|| heard(mixer, slot));
    }
    slots.iter().map(|&slot| renders[&mixer.listening(slot)].clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    /// In the second room a private playback of silence sets every member apart.
    #[test]
    fn a_shared_render_is_bit_exact_to_rendering_each_alone(
        ticks in prop::collection::vec(prop::collection::vec((0..MEMBERS, step()), 0..4), 1..60),
    ) {
        let (mut together, mut alone) = (room(), room());
        let slots: Vec<Slot> = (0..MEMBERS).map(|_| together.add(member(100))).collect();
        for id in 0..MEMBERS {
            let slot = alone.add(member(100));
            let mut silence = playback(1000 + id as u64, &[0; FRAME]);
            silence.repeat = true;
            alone.play(Some(slot), silence);
        }
        for (tick, steps) in ticks.iter().enumerate() {
            for mixer in [&mut together, &mut alone] {
                steps.iter().for_each(|(who, step)| apply(mixer, slots[*who], step, tick));
                mixer.tick();
            }
            let each: Vec<_> = slots.iter().map(|&slot| heard(&mut alone, slot)).collect();
            prop_assert!(shared(&mut together, &slots) == each, "in tick {tick}");
        }
    }
}

#[test]
fn a_hundred_listeners_and_three_talkers_need_four_renders() {
    let mut mixer = room();
    let slots: Vec<Slot> = (0..100).map(|_| mixer.add(member(100))).collect();
    for tick in 0..3 {
        for &slot in &slots[..3] {
            apply(&mut mixer, slot, &Step::Talk { level_dbov: -20.0 }, tick);
        }
        mixer.tick();
    }
    let mut keys: Vec<usize> = slots.iter().map(|&slot| mixer.listening(slot).index()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys, [0, 1, 2, 3]);
}

#[test]
fn a_render_may_be_asked_for_again_and_a_newcomer_hears_silence() {
    let mut mixer = room();
    let (talker, listener) = (mixer.add(member(0)), mixer.add(member(0)));
    for tick in 0..3 {
        apply(&mut mixer, talker, &Step::Talk { level_dbov: -3.1 }, tick);
        mixer.set(talker, Control::TalkGain(4));
        mixer.tick();
        let first = heard(&mut mixer, listener);
        assert_eq!(first, heard(&mut mixer, listener));
        assert_ne!(first, [0; FRAME]);
    }
    let newcomer = mixer.add(member(0));
    assert_eq!(heard(&mut mixer, newcomer), [0; FRAME]);
}
