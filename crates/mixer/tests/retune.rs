//! A running room changes its rate.

mod support;

use confab_mixer::{Control, EchoAction, Event, MemberConfig, MixerConfig, Slot, Tone, tone_level_dbov};
use support::{Table, heard, member, playback, remove};

const RATES: [u32; 5] = [8000, 16_000, 24_000, 32_000, 48_000];

fn config(rate: u32) -> MixerConfig {
    MixerConfig { rate, denoise: true, ..MixerConfig::default() }
}

/// Frames of a tone at a rate, as if it had run since the beginning at that rate.
fn frame(rate: u32, frequency: f32, tick: usize) -> Vec<i16> {
    let len = rate as usize / 50;
    let mut samples = vec![0; len * (tick + 1)];
    Tone::new(rate, frequency, -12.0).fill(&mut samples);
    samples.split_off(len * tick)
}

/// How far the samples are from the straight line through their neighbours, at the worst.
fn roughness(samples: &[i16]) -> f32 {
    samples
        .windows(3)
        .map(|w| (f32::from(w[1]) - (f32::from(w[0]) + f32::from(w[2])) / 2.0).abs())
        .fold(0.0, f32::max)
}

#[test]
fn a_tone_goes_on_without_a_click() {
    for (from, to) in RATES.iter().flat_map(|from| RATES.map(|to| (*from, to))) {
        let mut mixer = Table::new(config(from));
        let (talker, listener) = (mixer.add(member(100)), mixer.add(member(100)));
        mixer.set(listener, Control::ListenGain(-1));
        for tick in 0..20 {
            mixer.input(talker, &frame(from, 200.0, tick));
            mixer.tick();
        }
        let mut next = Table::shell(&config(to), 2);
        next.adopt(&mut mixer, &mut []);
        let mut out = Vec::new();
        for tick in 20..40 {
            next.input(talker, &frame(to, 200.0, tick));
            assert_eq!(next.tick().count(), 0, "he still talks");
            out.extend(heard(&mut next, listener));
        }
        let want: Vec<i16> = (20..40).flat_map(|tick| frame(to, 200.0, tick)).collect();
        let gain = 10f32.powf(-3.0 / 20.0);
        let off = out.iter().zip(&want).map(|(out, want)| (f32::from(*out) - f32::from(*want) * gain).abs());
        assert!(off.fold(0.0, f32::max) <= 1.5, "{from} to {to}");
    }
}

#[test]
fn what_the_gate_looks_back_to_is_still_heard() {
    for (from, to) in [(8000, 48_000), (48_000, 8000), (16_000, 24_000)] {
        let mut mixer = Table::new(config(from));
        let (talker, listener) = (mixer.add(member(100)), mixer.add(member(100)));
        let soft = |rate: u32, tick: usize| -> Vec<i16> {
            frame(rate, 300.0, tick).iter().map(|s| s / 120).collect()
        };
        for tick in 0..6 {
            mixer.input(talker, &soft(from, tick));
            mixer.tick();
        }
        let mut next = Table::shell(&config(to), 2);
        next.adopt(&mut mixer, &mut []);
        let mut out = Vec::new();
        for tick in 6..12 {
            next.input(talker, &frame(to, 300.0, tick));
            next.tick();
            out.extend(heard(&mut next, listener));
        }
        let len = to as usize / 50;
        let level = tone_level_dbov(&out[..3 * len], to, 300.0);
        assert!((level + 12.0 + 41.6).abs() < 1.0, "{from} to {to}: {level}");
        let natural = roughness(&soft(to, 3)) + 2.0; // it is soft: whole samples are rough
        let rough = roughness(&out[..3 * len]);
        assert!(rough < 2.0 * natural, "{from} to {to}: {rough} against {natural}");
    }
}

#[test]
fn playbacks_go_on_where_they_were() {
    let sound = |rate: u32| -> Vec<i16> { (0..50).flat_map(|tick| frame(rate, 400.0, tick)).collect() };
    let mut mixer = Table::new(config(8000));
    let (listener, other) = (mixer.add(member(0)), mixer.add(member(0)));
    mixer.play(None, playback(1, &sound(8000)));
    mixer.play(Some(other), playback(2, &[0; 160 * 50]));
    (0..20).for_each(|_| drop(mixer.tick()));
    let mut next = Table::shell(&config(16_000), 2);
    let mut fresh = [playback(1, &sound(16_000))];
    next.adopt(&mut mixer, &mut fresh);
    assert_eq!(fresh[0].sounds[0].len(), 160 * 50, "the old sounds come back");
    assert_eq!(next.retired().count(), 1);
    assert_eq!(next.tick().collect::<Vec<_>>(), [Event::PlaybackDone(2)]);
    let mut out = heard(&mut next, listener);
    for _ in 21..50 {
        next.tick();
        out.extend(heard(&mut next, listener));
    }
    assert_eq!(out, sound(16_000)[20 * 320..]);
}

#[test]
fn members_and_their_tools_are_kept_and_slots_too() {
    let mut mixer = Table::new(config(8000));
    let slots: Vec<Slot> =
        (0..4).map(|_| mixer.add(MemberConfig { inband_digits: true, ..member(0) })).collect();
    assert_eq!(remove(&mut mixer, slots[1]), []);
    let tone = |rate: u32| -> Vec<i16> {
        let mut samples = vec![0; rate as usize];
        Tone::dtmf(rate, '7', -15.0).unwrap().fill(&mut samples);
        samples
    };
    let mut events: Vec<Event> = Vec::new();
    for frame in tone(8000).chunks(160).take(4) {
        mixer.input(slots[2], frame);
        events.extend(mixer.tick());
    }
    let mut next = Table::shell(&config(16_000), 4);
    next.adopt(&mut mixer, &mut []);
    for frame in tone(16_000).chunks(320).skip(4) {
        next.input(slots[2], frame);
        events.extend(next.tick());
        assert!(heard(&mut next, slots[0]).iter().all(|s| s.abs() < 30), "the tone stays out of the mix");
    }
    let digits = events.iter().filter(|event| matches!(event, Event::Digit(..))).count();
    assert_eq!((digits, events.contains(&Event::Digit(slots[2], '7'))), (1, true));
    assert_eq!(next.add(member(0)), slots[1], "its slot is free");
    assert!(!slots.contains(&next.add(member(0))));
}

#[test]
fn the_floor_and_what_is_known_of_echoes_are_kept() {
    let config = |rate| MixerConfig { echo: true, ..config(rate) };
    let mut mixer = Table::new(config(8000));
    let slots = [(); 3].map(|()| mixer.add(member(100)));
    mixer.set(slots[0], Control::Echo(EchoAction::Tell));
    let mut told = Vec::new();
    let mut run = |mixer: &mut Table, frame: usize| {
        for level in [-20.0, -26.0].into_iter().cycle().take(25) {
            let mut voice = vec![0; frame];
            Tone::new(frame as u32 * 50, 300.0, level).fill(&mut voice);
            mixer.input(slots[1], &voice);
            told.extend(mixer.tick().filter(|event| matches!(event, Event::Floor { .. })));
            mixer.render(mixer.listening(slots[0]), &mut vec![0; frame]);
        }
    };
    run(&mut mixer, 160);
    let mut next = Table::shell(&config(48_000), 3);
    next.adopt(&mut mixer, &mut []);
    run(&mut next, 960);
    assert_eq!(told, [Event::Floor { slot: slots[1], on: true }], "it is not told again");
    assert_eq!(next.remove(slots[1]).count(), 2);
}
