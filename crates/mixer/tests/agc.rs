//! The gain control, as the room hears it.

mod support;

use confab_mixer::{Control, Hear, MemberConfig, MixerConfig, level_dbov};
use support::Table;
use support::speech::{Speaker, noise, speech_level};

const TARGET: i8 = -20;

/// What another member hears of samples that a member with gain control sends.
fn heard(rate: u32, agc: Option<i8>, energy: u16, samples: &[i16]) -> Vec<i16> {
    let mut mixer = Table::new(MixerConfig { rate, ..MixerConfig::default() });
    let hear = Hear::Room { gain_db: 0.0 };
    let config = MemberConfig { speak: true, hear, energy, agc, ..MemberConfig::default() };
    let (talker, listener) = (mixer.add(config), mixer.add(MemberConfig { hear, ..MemberConfig::default() }));
    let mut out = Vec::new();
    for frame in samples.chunks_exact(mixer.frame_len()) {
        mixer.input(talker, frame);
        mixer.tick();
        out.extend(support::heard(&mut mixer, listener));
    }
    out
}

/// Speech over the noise of a room.
fn speech(rate: u32, seed: u64, seconds: f32, level: f32, noise_level: f32) -> Vec<i16> {
    let speech = Speaker::new(rate, seed).talk(seconds, level);
    let noise = noise(speech.len(), noise_level, 0.7, seed);
    speech.iter().zip(noise).map(|(s, n)| s.saturating_add(n)).collect()
}

#[test]
fn speech_of_any_level_is_at_the_target_after_two_seconds() {
    for rate in [8000, 48_000] {
        for level in [-40.0, -35.0, -30.0, -25.0, -20.0, -15.0, -10.0] {
            for seed in 0..8 {
                let samples = speech(rate, seed, 8.0, level, level - 30.0);
                let out = heard(rate, Some(TARGET), 0, &samples);
                let reached = speech_level(&out[2 * rate as usize..], rate);
                assert!(
                    (reached - f32::from(TARGET)).abs() < 3.0,
                    "{rate} Hz, {level} dBov, {seed}: {reached} dBov"
                );
            }
        }
    }
}

#[test]
fn another_voice_on_the_line_is_at_the_target_after_three_seconds() {
    for (first, then) in [(-12.0, -38.0), (-38.0, -12.0)] {
        let mut samples = speech(8000, 1, 6.0, first, -70.0);
        samples.extend(speech(8000, 2, 6.0, then, -70.0));
        let out = heard(8000, Some(TARGET), 0, &samples);
        let reached = speech_level(&out[9 * 8000..], 8000);
        assert!((reached - f32::from(TARGET)).abs() < 3.0, "{first} then {then}: {reached}");
    }
}

/// The gain over time, dB, from 20 ms in which there was enough to be compared.
fn gains(input: &[i16], output: &[i16]) -> Vec<f32> {
    let levels = |samples: &[i16]| samples.chunks_exact(160).map(level_dbov).collect::<Vec<_>>();
    let pairs = levels(input).into_iter().zip(levels(output));
    pairs.filter(|(input, _)| *input > -45.0).map(|(input, output)| output - input).collect()
}

#[test]
fn the_gain_does_not_pump_and_rests_in_pauses() {
    for seed in 0..5 {
        let mut samples = speech(8000, seed, 10.0, -30.0, -65.0);
        samples.extend(noise(5 * 8000, -65.0, 0.7, 99));
        let back = samples.len();
        samples.extend(speech(8000, seed, 5.0, -30.0, -65.0));
        let out = heard(8000, Some(TARGET), 0, &samples);
        let gains = [
            gains(&samples[4 * 8000..10 * 8000], &out[4 * 8000..10 * 8000]),
            gains(&samples[back..], &out[back..]),
        ]
        .concat();
        let (least, most) = gains.iter().fold((f32::MAX, f32::MIN), |(l, m), g| (l.min(*g), m.max(*g)));
        let jump = gains.windows(25).map(|w| (w[24] - w[0]).abs()).fold(0.0, f32::max);
        assert!(most - least < 5.0 && jump < 2.5, "{seed}: {least} to {most} dB, {jump} in half a second");
        let pause = 20.0
            * (f64::from(rms(&out[11 * 8000..14 * 8000])) / f64::from(rms(&samples[11 * 8000..14 * 8000])))
                .log10();
        assert!((least as f64 - 1.0..most as f64 + 1.0).contains(&pause), "{pause} dB in the pause");
    }
}

fn rms(samples: &[i16]) -> f32 {
    (samples.iter().map(|&s| f32::from(s) * f32::from(s)).sum::<f32>() / samples.len() as f32).sqrt()
}

#[test]
fn noise_and_music_on_hold_are_not_pulled_up() {
    for level in [-60.0, -50.0, -40.0] {
        for colour in [0.0, 0.7, 0.95] {
            let mut samples = vec![0; 8000];
            samples.extend(noise(6 * 8000, level, colour, 3));
            let out = heard(8000, Some(TARGET), 0, &samples);
            let change = 20.0 * (rms(&out[8000..]) / rms(&samples[8000..])).log10();
            assert!(change.abs() < 1.0, "{level} dBov, {colour}: {change} dB");
        }
    }
}

#[test]
fn without_gain_control_nothing_is_changed() {
    let samples = speech(8000, 3, 2.0, -30.0, -60.0);
    assert_eq!(heard(8000, None, 0, &samples)[160..], samples[160..]);
}

#[test]
fn switched_off_it_lets_go() {
    let mut mixer = support::room();
    let talker = mixer.add(MemberConfig { agc: Some(TARGET), ..support::member(0) });
    let listener = mixer.add(support::member(0));
    let samples = speech(8000, 3, 6.0, -40.0, -75.0);
    let (out, _) = support::run(&mut mixer, &[(talker, samples.clone())], &[listener]);
    assert!(speech_level(&out[0][3 * 8000..], 8000) > -25.0);
    mixer.set(talker, Control::Agc(None));
    let (out, _) = support::run(&mut mixer, &[(talker, samples.clone())], &[listener]);
    assert_eq!(out[0][160..], samples[160..]);
}
