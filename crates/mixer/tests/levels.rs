//! Who hears whom, and how loud.

mod support;

use confab_mixer::{Control, Hear, MixerConfig, Slot, Tone, level_dbov, tone_level_dbov};
use proptest::prelude::*;
use support::{FRAME, RATE, Table, heard, member, room, run, tone};

const FREQUENCIES: [f32; 4] = [400.0, 700.0, 1100.0, 1900.0];
const LENGTH: usize = 30 * FRAME;
const SETTLED: usize = 10 * FRAME;

/// The level of each tone that each of the members hears; each member sends the tone of its place.
fn levels(sent: &[f32], controls: &[(usize, Control)]) -> Vec<Vec<f32>> {
    let mut mixer = room();
    let slots: Vec<Slot> = sent.iter().map(|_| mixer.add(member(0))).collect();
    controls.iter().for_each(|&(who, control)| mixer.set(slots[who], control));
    let voices: Vec<_> = (0..sent.len()).map(|i| (slots[i], tone(FREQUENCIES[i], sent[i], LENGTH))).collect();
    let (heard, _) = run(&mut mixer, &voices, &slots);
    let level = |heard: &[i16], i: usize| tone_level_dbov(&heard[SETTLED..], RATE, FREQUENCIES[i]);
    heard.iter().map(|heard| (0..sent.len()).map(|i| level(heard, i)).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn each_hears_the_others_at_their_level_and_not_itself(sent in prop::collection::vec(-40f32..-14.0, 2..5)) {
        for (me, heard) in levels(&sent, &[]).iter().enumerate() {
            for (who, level) in heard.iter().enumerate() {
                let right = if who == me { *level < -85.0 } else { (level - sent[who]).abs() < 0.1 };
                prop_assert!(right, "{me} hears {who} at {level}, sent at {}", sent[who]);
            }
        }
    }

    #[test]
    fn each_step_of_a_volume_is_three_db(talk in -4i8..=4, listen in -4i8..=4, hear in -9f32..0.0) {
        let controls = [
            (0, Control::TalkGain(talk)),
            (1, Control::ListenGain(listen)),
            (1, Control::Hear(Hear::Room { gain_db: hear })),
        ];
        let heard = levels(&[-30.0; 3], &controls);
        let (talk, listen) = (3.0 * f32::from(talk), 3.0 * f32::from(listen));
        prop_assert!((heard[2][0] - (-30.0 + talk)).abs() < 0.1, "{heard:?}");
        prop_assert!((heard[1][2] - (-30.0 + listen + hear)).abs() < 0.1, "{heard:?}");
        prop_assert!((heard[1][0] - (-30.0 + talk + listen + hear)).abs() < 0.1, "{heard:?}");
        prop_assert!((heard[0][2] + 30.0).abs() < 0.1, "{heard:?}");
    }

    #[test]
    fn without_gains_the_mix_is_the_exact_sum_of_the_others(
        samples in prop::collection::vec(prop::collection::vec(-7000i16..7000, FRAME * 4), 2..5),
    ) {
        let mut mixer = room();
        let slots: Vec<Slot> = samples.iter().map(|_| mixer.add(member(0))).collect();
        let voices: Vec<_> = slots.iter().copied().zip(samples.clone()).collect();
        let (heard, _) = run(&mut mixer, &voices, &slots);
        for (me, heard) in heard.iter().enumerate() {
            for i in FRAME..4 * FRAME {
                let others = samples.iter().enumerate().filter(|(who, _)| *who != me);
                prop_assert_eq!(heard[i], others.map(|(_, samples)| samples[i]).sum::<i16>());
            }
        }
    }
}

#[test]
fn loud_talkers_are_limited_and_quiet_ones_come_back_to_their_level() {
    let mut mixer = room();
    let slots = [(); 4].map(|()| mixer.add(member(0)));
    let loud: Vec<_> = (0..3).map(|i| (slots[i], tone(FREQUENCIES[i], -3.1, LENGTH))).collect();
    let (heard, _) = run(&mut mixer, &loud, &slots[3..]);
    let peak = heard[0].iter().map(|s| s.unsigned_abs()).max();
    assert!(peak > Some(30_000) && peak <= Some(32_767) && level_dbov(&heard[0]) < -3.0);
    let (heard, _) = run(&mut mixer, &[(slots[0], tone(400.0, -20.0, 50 * FRAME))], &slots[3..]);
    assert!((tone_level_dbov(&heard[0][20 * FRAME..], RATE, 400.0) + 20.0).abs() < 0.05);
}

#[test]
fn a_change_of_volume_does_not_click() {
    let mut mixer = room();
    let (talker, listener) = (mixer.add(member(0)), mixer.add(member(0)));
    let samples = tone(200.0, -12.0, 20 * FRAME);
    let natural = samples.windows(2).map(|w| w[0].abs_diff(w[1])).max().unwrap();
    let controls = [
        Control::Speak(false),
        Control::Speak(true),
        Control::Hear(Hear::Room { gain_db: -15.0 }),
        Control::Hear(Hear::Nothing),
        Control::Hear(Hear::Room { gain_db: 0.0 }),
    ];
    let mut all = Vec::new();
    for (n, frames) in samples.chunks(4 * FRAME).enumerate() {
        let slot = if n < 2 { talker } else { listener };
        all.extend(run(&mut mixer, &[(talker, frames.to_vec())], &[listener]).0.remove(0));
        mixer.set(slot, controls[n]);
    }
    let jump = all.windows(2).map(|w| w[0].abs_diff(w[1])).max().unwrap();
    assert!(jump < natural * 5 / 4, "{jump} {natural}");
}

#[test]
fn any_rate_and_interval_will_do() {
    for rate in [8000, 11_025, 16_000, 44_100, 48_000] {
        for interval_ms in [10, 20, 30, 40, 60] {
            let mut mixer = Table::new(MixerConfig { rate, interval_ms, ..MixerConfig::default() });
            let (talker, listener) = (mixer.add(member(100)), mixer.add(member(100)));
            let mut voice = Tone::new(rate, 700.0, -12.0);
            let mut said = vec![0; mixer.frame_len()];
            let mut all = Vec::new();
            for tick in 0..60 {
                if tick % 30 < 20 {
                    voice.fill(&mut said);
                    mixer.input(talker, &said);
                }
                mixer.tick();
                all.extend(heard(&mut mixer, listener));
            }
            let frame = mixer.frame_len();
            assert_eq!(frame as u32, rate * u32::from(interval_ms) / 1000);
            let level = level_dbov(&all[2 * frame..20 * frame]);
            assert!((level + 12.0).abs() < 0.1, "{rate} Hz, {interval_ms} ms: {level}");
        }
    }
}
