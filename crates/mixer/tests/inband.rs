//! Digits that come as tones: told once, and not heard.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use confab_mixer::{Control, Event, INBAND_DELAY_MS, MemberConfig, MixerConfig, Slot, Tone, level_dbov};
use support::speech::{Speaker, noise};
use support::{Table, heard, member};

const RATES: [u32; 5] = [8000, 16_000, 24_000, 32_000, 48_000];
const INTERVALS: [u16; 5] = [10, 20, 30, 40, 60];

fn pair(rate: u32, interval_ms: u16, energy: u16) -> (Table, Slot, Slot) {
    let mut mixer = Table::new(MixerConfig { rate, interval_ms, ..MixerConfig::default() });
    let talker = mixer.add(MemberConfig { inband_digits: true, ..member(energy) });
    let listener = mixer.add(member(energy));
    (mixer, talker, listener)
}

/// What the listener hears of the talker, and what is told.
fn pass(mixer: &mut Table, talker: Slot, listener: Slot, samples: &[i16]) -> (Vec<i16>, Vec<Event>) {
    let (mut out, mut events) = (Vec::new(), Vec::new());
    for frame in samples.chunks_exact(mixer.frame_len()) {
        mixer.input(talker, frame);
        events.extend(mixer.tick());
        out.extend(heard(mixer, listener));
    }
    (out, events)
}

fn digits(events: &[Event]) -> String {
    events
        .iter()
        .filter_map(|event| if let Event::Digit(_, digit) = event { Some(*digit) } else { None })
        .collect()
}

/// `ms` of a digit somewhere in a second of nearly silent line.
fn press(rate: u32, digit: char, start_ms: usize, ms: usize, seed: u64) -> Vec<i16> {
    let mut samples = noise(rate as usize * 6 / 5, -75.0, 0.0, seed);
    let at = |ms: usize| ms * rate as usize / 1000;
    Tone::dtmf(rate, digit, -10.0).unwrap().fill(&mut samples[at(start_ms)..at(start_ms + ms)]);
    samples
}

#[test]
fn a_digit_is_told_once_and_nothing_of_it_is_heard() {
    for (rate, interval) in RATES.iter().flat_map(|rate| INTERVALS.map(|interval| (*rate, interval))) {
        for (n, digit) in "159#D".chars().enumerate() {
            for start in [200, 203, 207, 211, 216, 219] {
                let (mut mixer, talker, listener) = pair(rate, interval, 0);
                let samples = press(rate, digit, start, 45 + 40 * n, n as u64);
                let (out, events) = pass(&mut mixer, talker, listener, &samples);
                assert_eq!(digits(&events), digit.to_string(), "{rate} Hz, {interval} ms, {start} ms");
                let loudest = out.chunks(rate as usize / 200).map(level_dbov).fold(-127.0, f32::max);
                // The two tones together are at −7 dBov.
                assert!(loudest < -57.0, "{rate} Hz, {interval} ms, {digit} at {start} ms: {loudest} dBov");
            }
        }
    }
}

#[test]
fn who_presses_a_key_does_not_talk() {
    let (mut mixer, talker, listener) = pair(8000, 20, 100);
    let (_, events) = pass(&mut mixer, talker, listener, &press(8000, '5', 300, 200, 1));
    assert_eq!(events, [Event::Digit(talker, '5')]);
}

#[test]
fn speech_passes_unchanged_but_for_the_delay() {
    for seed in 0..10 {
        let (mut mixer, talker, listener) = pair(8000, 20, 0);
        let samples = Speaker::new(8000, seed).talk(20.0, -20.0);
        let (out, events) = pass(&mut mixer, talker, listener, &samples);
        assert_eq!(digits(&events), "");
        let delay = INBAND_DELAY_MS as usize * 8;
        let changed = out[delay..].iter().zip(&samples).filter(|(out, sample)| out != sample).count();
        assert!(changed < samples.len() / 100, "{seed}: {changed} of {}", samples.len());
    }
}

#[test]
fn digits_are_found_by_as_many_finders_as_there_are_listeners() {
    let mut mixer = support::room();
    let [anne, bert] = [mixer.add(member(0)), mixer.add(member(0))];
    let key = press(8000, '7', 200, 100, 1);
    let told = |mixer: &mut Table| {
        mixer.set(anne, Control::InbandDigits(true));
        mixer.set(bert, Control::InbandDigits(true));
        let mut told = Vec::new();
        for frame in key.chunks_exact(160) {
            mixer.input(anne, frame);
            mixer.input(bert, frame);
            told.extend(mixer.tick().filter(|event| matches!(event, Event::Digit(..))));
        }
        told
    };
    assert_eq!(told(&mut mixer), [], "there is no finder");
    assert!(mixer.equip(Box::default()).is_none());
    assert!(mixer.equip(Box::default()).is_some(), "one is enough at a time");
    assert_eq!(told(&mut mixer), [Event::Digit(anne, '7')]);
    assert!(mixer.equip(Box::default()).is_none());
    assert_eq!(told(&mut mixer), [Event::Digit(anne, '7'), Event::Digit(bert, '7')]);
    drop(mixer.remove(anne));
    assert!(mixer.equip(Box::default()).is_some(), "his is free now");
}

#[test]
fn it_comes_and_goes_without_a_click() {
    let (mut mixer, talker, listener) = pair(8000, 20, 0);
    mixer.set(talker, Control::InbandDigits(false));
    let samples = support::tone(150.0, -10.0, 30 * 160);
    let natural = samples.windows(2).map(|w| w[0].abs_diff(w[1])).max().unwrap();
    let mut out = pass(&mut mixer, talker, listener, &samples[..10 * 160]).0;
    for (n, on) in [(10, true), (20, false)] {
        mixer.set(talker, Control::InbandDigits(on));
        out.extend(pass(&mut mixer, talker, listener, &samples[n * 160..][..10 * 160]).0);
    }
    let jump = out[160..].windows(2).map(|w| w[0].abs_diff(w[1])).max().unwrap();
    assert!(jump < natural * 5 / 4, "{jump} against {natural}");
    assert_eq!(out[29 * 160..], samples[29 * 160..]);
}
