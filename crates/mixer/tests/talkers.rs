//! Who of many is heard, and who is too loud.

mod support;

use confab_mixer::{Control, Event, LoudGuard, MixerConfig, Slot, tone_level_dbov};
use support::speech::Speaker;
use support::{FRAME, RATE, Table, heard, member, run, tone};

fn crowd(places: u16, members: usize) -> (Table, Vec<Slot>, Slot) {
    let mut mixer = Table::new(MixerConfig { max_talkers: Some(places), ..MixerConfig::default() });
    let talkers = (0..members).map(|_| mixer.add(member(100))).collect();
    let listener = mixer.add(member(100));
    (mixer, talkers, listener)
}

fn frequency(n: usize) -> f32 {
    400.0 + 150.0 * n as f32
}

#[test]
fn the_loudest_are_mixed() {
    let (mut mixer, talkers, listener) = crowd(3, 6);
    let levels = [-30.0, -18.0, -40.0, -22.0, -35.0, -20.0];
    let voices: Vec<_> = talkers
        .iter()
        .enumerate()
        .map(|(n, slot)| (*slot, tone(frequency(n), levels[n], 50 * FRAME)))
        .collect();
    let (out, events) = run(&mut mixer, &voices, &[listener]);
    assert_eq!(events.len(), 6, "all of them talk");
    for (n, level) in levels.into_iter().enumerate() {
        let reached = tone_level_dbov(&out[0][10 * FRAME..], RATE, frequency(n));
        let right = if level > -25.0 { (reached - level).abs() < 0.1 } else { reached < -85.0 };
        assert!(right, "{n}: {reached}");
    }
}

#[test]
fn there_are_fewer_places_while_time_is_short_and_never_more_than_configured() {
    let (mut mixer, talkers, listener) = crowd(3, 4);
    let audible = |mixer: &mut Table, limit| {
        mixer.limit_talkers(limit);
        let voice = |n: usize, slot: &Slot| (*slot, tone(frequency(n), -20.0 - n as f32, 30 * FRAME));
        let voices: Vec<_> = talkers.iter().enumerate().map(|(n, slot)| voice(n, slot)).collect();
        let (out, _) = run(mixer, &voices, &[listener]);
        let level = |n: usize| tone_level_dbov(&out[0][20 * FRAME..], RATE, frequency(n));
        (0..4).filter(|&n| level(n) > -30.0).count()
    };
    let heard = [None, Some(1), Some(2), Some(9), None].map(|limit| audible(&mut mixer, limit));
    assert_eq!(heard, [3, 1, 2, 3, 3]);
}

#[test]
fn a_place_changes_hands_without_a_click_and_only_for_a_louder_voice() {
    let (mut mixer, talkers, listener) = crowd(1, 2);
    let mut out = Vec::new();
    let both =
        [tone(200.0, -20.0, 100 * FRAME), tone(200.0, -16.0, 100 * FRAME), tone(200.0, -12.0, 100 * FRAME)];
    for tick in 0..90 {
        let at = tick * FRAME..(tick + 1) * FRAME;
        mixer.input(talkers[0], &both[0][at.clone()]);
        let other = if tick < 10 {
            &vec![0; FRAME][..]
        } else if tick < 50 {
            &both[1][at]
        } else {
            &both[2][at]
        };
        mixer.input(talkers[1], other);
        mixer.tick();
        out.extend(heard(&mut mixer, listener));
    }
    let level = |ticks: std::ops::Range<usize>| {
        tone_level_dbov(&out[ticks.start * FRAME..ticks.end * FRAME], RATE, 200.0)
    };
    assert!((level(15..50) + 20.0).abs() < 0.1, "4 dB louder is not enough");
    assert!((level(52..90) + 12.0).abs() < 0.1, "8 dB is");
    let natural = both[2].windows(2).map(|w| w[0].abs_diff(w[1])).max().unwrap();
    let jump = out[FRAME..].windows(2).map(|w| w[0].abs_diff(w[1])).max().unwrap();
    assert!(jump <= natural * 3 / 2, "{jump} against {natural}");
}

#[test]
fn nobody_flutters() {
    let (mut mixer, talkers, listener) = crowd(1, 3);
    let speech: Vec<_> = (0..3).map(|seed| Speaker::new(RATE, seed).talk(30.0, -22.0)).collect();
    let (mut holder, mut changes) = (None, 0);
    for tick in 0..speech[0].len() / FRAME {
        for (slot, samples) in talkers.iter().zip(&speech) {
            mixer.input(*slot, &samples[tick * FRAME..][..FRAME]);
        }
        mixer.tick();
        // Who is heard does not hear the room's sum, which is his own voice alone.
        let out = heard(&mut mixer, listener);
        let now = talkers.iter().find(|slot| out != [0; FRAME] && heard(&mut mixer, **slot) == [0; FRAME]);
        if now.is_some() && now != holder {
            (holder, changes) = (now, changes + 1);
        }
    }
    assert!((2..45).contains(&changes), "{changes} in 30 s");
}

#[test]
fn a_place_that_is_free_is_taken_at_once_and_whole() {
    let (mut mixer, talkers, listener) = crowd(1, 2);
    let voice = tone(500.0, -15.0, 20 * FRAME);
    let (out, _) = run(&mut mixer, &[(talkers[1], voice.clone())], &[listener]);
    assert_eq!(out[0][FRAME..], voice[FRAME..]);
}

const GUARD: LoudGuard = LoudGuard { level: 10_000, hits: 10, mute_ms: 1000 };

#[test]
fn a_member_that_is_too_loud_is_muted_for_a_while() {
    let mut mixer = support::room();
    let (loud, listener) = (mixer.add(member(100)), mixer.add(member(100)));
    mixer.set(loud, Control::LoudGuard(Some(GUARD)));
    let (out, events) = run(&mut mixer, &[(loud, tone(400.0, -5.0, 40 * FRAME))], &[listener]);
    assert_eq!(events, [Event::TalkStarted(loud), Event::TooLoud(loud), Event::TalkStopped(loud)]);
    assert!(
        out[0][11 * FRAME..].iter().all(|&s| s == 0)
            && out[0][9 * FRAME..10 * FRAME].iter().any(|&s| s > 20_000)
    );
    let (out, events) = run(&mut mixer, &[(loud, tone(400.0, -20.0, 60 * FRAME))], &[listener]);
    assert_eq!(events, [Event::TalkStarted(loud)]);
    assert_eq!(
        out[0].chunks(FRAME).position(|frame| frame.iter().any(|&s| s != 0)),
        Some(19),
        "after a second"
    );
}

#[test]
fn loud_speech_is_not_too_loud() {
    let mut mixer = support::room();
    let (talker, listener) = (mixer.add(member(100)), mixer.add(member(100)));
    mixer.set(talker, Control::LoudGuard(Some(GUARD)));
    let (_, events) = run(&mut mixer, &[(talker, Speaker::new(RATE, 4).talk(20.0, -14.0))], &[listener]);
    assert!(!events.contains(&Event::TooLoud(talker)));
}
