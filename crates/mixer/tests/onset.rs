//! What the gate does to speech: its beginnings, its noise, at all rates.

mod support;

use confab_mixer::{Control, Event, MemberConfig, MixerConfig, Slot};
use proptest::prelude::*;
use support::speech::{Chance, Speaker, at_level, noise};
use support::{Table, heard, member};

const INTERVALS: [u16; 5] = [10, 20, 30, 40, 60];

fn pair(rate: u32, interval_ms: u16) -> (Table, Slot, Slot) {
    let mut mixer = Table::new(MixerConfig { rate, interval_ms, ..MixerConfig::default() });
    let (talker, listener) = (mixer.add(member(100)), mixer.add(member(100)));
    mixer.tick();
    (mixer, talker, listener)
}

fn pass(mixer: &mut Table, talker: Slot, listener: Slot, samples: &[i16]) -> (Vec<i16>, Vec<Event>) {
    let (mut out, mut events) = (Vec::new(), Vec::new());
    for frame in samples.chunks_exact(mixer.frame_len()) {
        mixer.input(talker, frame);
        events.extend(mixer.tick());
        out.extend(heard(mixer, listener));
    }
    (out, events)
}

fn energy(samples: &[i16]) -> f64 {
    samples.iter().map(|&s| f64::from(s).powi(2)).sum()
}

/// How many of the first 40 ms are heard: the energy that comes out, whatever the delay.
fn kept(rate: u32, interval_ms: u16, start_ms: f32, syllable: &[f32], level: f32, noise_level: f32) -> f64 {
    let at = (start_ms * rate as f32 / 1000.0) as usize;
    let mut samples = noise(at + syllable.len() + rate as usize / 2, noise_level, 0.5, 3);
    let frame = rate as usize * usize::from(interval_ms) / 1000;
    samples.resize(samples.len().div_ceil(frame) * frame, 0);
    for (sample, voice) in samples[at..].iter_mut().zip(at_level(syllable, rate, level)) {
        *sample = sample.saturating_add(voice);
    }
    let (mut mixer, talker, listener) = pair(rate, interval_ms);
    let (out, _) = pass(&mut mixer, talker, listener, &samples);
    let at = if is_audible(&samples[at / frame * frame..][..frame], interval_ms) {
        at
    } else {
        at.next_multiple_of(frame)
    };
    let first = &samples[at..at + rate as usize / 25];
    let delays = 0..out.len().saturating_sub(at + first.len()).min(rate as usize / 5);
    delays.map(|delay| matching(first, &out[at + delay..][..first.len()])).fold(0.0, f64::max)
}

/// Whether a frame is one that the gate looks back to: of what is 18 dB below its level (100) nothing is heard anyway, as
/// where the first half millisecond of a hiss ends a frame.
fn is_audible(frame: &[i16], interval_ms: u16) -> bool {
    let mean = frame.iter().map(|&s| u32::from(s.unsigned_abs())).sum::<u32>() / frame.len() as u32;
    mean * 8 * u32::from(interval_ms.max(20)) / 20 > 100
}

/// The part of the energy of `want` that is the same in `got`.
fn matching(want: &[i16], got: &[i16]) -> f64 {
    let lost: f64 = want.iter().zip(got).map(|(w, g)| (f64::from(*w) - f64::from(*g)).powi(2)).sum();
    1.0 - lost / energy(want)
}

/// The beginnings of speech: how many ms of noise, how much softer, how long the vowel takes to rise.
fn beginning(rate: u32, seed: u64, hiss_ms: f32, hiss_db: f32, attack_ms: f32) -> Vec<f32> {
    let mut chance = Chance::new(seed);
    let mut vowel = Vec::new();
    (0..3).for_each(|_| Speaker::new(rate, seed).syllable(&mut vowel));
    let loudest = vowel.iter().fold(0f32, |most, s| most.max(s.abs()));
    let samples = |ms: f32| (ms * rate as f32 / 1000.0) as usize;
    let hiss = loudest * 10f32.powf(hiss_db / 20.0);
    let mut out: Vec<f32> = (0..samples(hiss_ms)).map(|_| chance.next() * hiss).collect();
    let attack = samples(attack_ms).max(1) as f32;
    out.extend(vowel.iter().enumerate().map(|(i, s)| s * (i as f32 / attack).min(1.0)));
    out
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn the_first_40_ms_are_kept(
        rate in prop::sample::select(vec![8000u32, 16_000]),
        interval_ms in prop::sample::select(INTERVALS.to_vec()),
        start_ms in 200f32..260.0,
        seed in 0u64..1000,
        hiss in prop_oneof![Just((0f32, -20f32)), (10f32..60.0, -26f32..-12.0)],
        attack_ms in prop_oneof![Just(0f32), 2f32..60.0],
        level in -34f32..-12.0,
    ) {
        let syllable = beginning(rate, seed, hiss.0, hiss.1, attack_ms);
        let kept = kept(rate, interval_ms, start_ms, &syllable, level, -75.0);
        prop_assert!(kept >= 0.99, "{:.2} %", kept * 100.0);
    }
}

#[test]
fn the_same_speech_opens_the_gate_alike_at_every_rate() {
    let mut speaker = Speaker::new(48_000, 11);
    let words = (0..8).flat_map(|n| [speaker.talk(1.2, -30.0 + n as f32), vec![0; 48_000 * 6 / 5]]);
    let wide: Vec<i16> = words.flatten().collect();
    let told = |rate: u32| {
        let step = 48_000 / rate as usize;
        let mean =
            |samples: &[i16]| (samples.iter().map(|&s| i32::from(s)).sum::<i32>() / step as i32) as i16;
        let samples: Vec<i16> = wide.chunks(step).map(mean).collect();
        let (mut mixer, talker, listener) = pair(rate, 20);
        let mut changes = Vec::new();
        for (tick, frame) in samples.chunks_exact(mixer.frame_len()).enumerate() {
            changes
                .extend(pass(&mut mixer, talker, listener, frame).1.into_iter().map(|event| (event, tick)));
        }
        changes
    };
    let reference = told(48_000);
    assert!(reference.len() > 2);
    for rate in [8000, 16_000, 24_000] {
        let changes = told(rate);
        assert_eq!(changes.len(), reference.len(), "{rate} Hz");
        // What is above the lower rate's band makes some hiss a little louder.
        for ((event, tick), (wanted, at)) in changes.iter().zip(&reference) {
            assert!(event == wanted && tick.abs_diff(*at) <= 3, "{rate} Hz: {event:?} at {tick}, not {at}");
        }
    }
}

#[test]
fn a_gate_does_not_flutter_at_its_level() {
    let (mut mixer, talker, listener) = pair(8000, 20);
    // White noise with a mean of |sample| near 100.
    let (_, events) = pass(&mut mixer, talker, listener, &noise(60 * 8000, -48.4, 0.0, 5));
    assert!(events.len() < 20, "{} changes in a minute", events.len());
}

#[test]
fn a_gate_that_sets_itself_keeps_noise_out_and_lets_speech_in() {
    for noise_level in [-60.0, -50.0, -42.0] {
        let mut mixer = support::room();
        let talker = mixer.add(MemberConfig { auto_energy: true, ..member(100) });
        let listener = mixer.add(member(100));
        let line = noise(20 * 8000, noise_level, 0.6, 5);
        let (_, first) = pass(&mut mixer, talker, listener, &line[..5 * 8000]);
        assert!(first.len() <= 2, "{noise_level}: {first:?}");
        let (_, later) = pass(&mut mixer, talker, listener, &line[5 * 8000..]);
        assert_eq!(later, [], "{noise_level}");
        let speech: Vec<i16> = Speaker::new(8000, 2)
            .talk(10.0, -22.0)
            .iter()
            .zip(&line)
            .map(|(s, n)| s.saturating_add(*n))
            .collect();
        let (_, events) = pass(&mut mixer, talker, listener, &speech);
        assert_eq!(events[0], Event::TalkStarted(talker), "{noise_level}");
        mixer.set(talker, Control::AutoEnergy(false));
        let (_, events) = pass(&mut mixer, talker, listener, &noise(8000, -30.0, 0.0, 1));
        assert!(events.len() <= 1);
    }
}
