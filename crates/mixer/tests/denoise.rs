//! The denoiser, as the room hears it: it arrives 10 ms late.

mod support;

use confab_mixer::{Control, MemberConfig, MixerConfig, Slot, Tone, level_dbov, tone_level_dbov};
use support::speech::{Speaker, music, noise};
use support::{Table, heard, member};

const RATES: [u32; 5] = [8000, 16_000, 24_000, 32_000, 48_000];

fn pair(rate: u32, interval_ms: u16, denoise: bool) -> (Table, Slot, Slot) {
    let mut mixer = Table::new(MixerConfig { rate, interval_ms, denoise: true, ..MixerConfig::default() });
    let talker = mixer.add(MemberConfig { denoise, ..member(0) });
    let listener = mixer.add(member(0));
    (mixer, talker, listener)
}

fn pass(mixer: &mut Table, talker: Slot, listener: Slot, samples: &[i16]) -> Vec<i16> {
    let mut out = Vec::new();
    for frame in samples.chunks_exact(mixer.frame_len()) {
        mixer.input(talker, frame);
        mixer.tick();
        out.extend(heard(mixer, listener));
    }
    out
}

fn cleaned(rate: u32, interval_ms: u16, samples: &[i16]) -> Vec<i16> {
    let (mut mixer, talker, listener) = pair(rate, interval_ms, true);
    let out = pass(&mut mixer, talker, listener, samples);
    out[rate as usize / 100..].to_vec()
}

fn mixed(speech: &[i16], noise: &[i16]) -> Vec<i16> {
    speech.iter().zip(noise).map(|(s, n)| s.saturating_add(*n)).collect()
}

/// Segmental signal-to-noise ratio over frames of speech, dB: the usual measure of denoisers.
fn segmental_snr(clean: &[i16], other: &[i16], rate: u32) -> f32 {
    let frame = rate as usize / 50;
    let mut ratios = Vec::new();
    for (clean, other) in clean.chunks_exact(frame).zip(other.chunks_exact(frame)) {
        if level_dbov(clean) > -45.0 {
            let error: Vec<i16> = clean.iter().zip(other).map(|(c, o)| c.saturating_sub(*o)).collect();
            ratios.push((level_dbov(clean) - level_dbov(&error)).clamp(-10.0, 35.0));
        }
    }
    ratios.iter().sum::<f32>() / ratios.len() as f32
}

#[test]
fn noise_in_pauses_falls_by_more_than_10_db_and_speech_gets_clearer() {
    for rate in RATES {
        for (snr, gained) in [(0.0, 3.0), (10.0, 2.0), (20.0, -0.5)] {
            let mut speech = vec![0; 3 * rate as usize];
            speech.extend(Speaker::new(rate, 3).talk(6.0, -24.0));
            let noisy = mixed(&speech, &noise(speech.len(), -24.0 - snr, 0.6, 7));
            let out = cleaned(rate, 20, &noisy);
            let pause = 2 * rate as usize..5 * rate as usize / 2;
            let fallen = level_dbov(&noisy[pause.clone()]) - level_dbov(&out[pause]);
            let from = 3 * rate as usize;
            let [before, after] = [&noisy, &out].map(|s| segmental_snr(&speech[from..], &s[from..], rate));
            assert!(fallen > 10.0 && after > before + gained);
        }
    }
}

#[test]
fn clean_speech_is_not_hurt() {
    for rate in RATES {
        let speech = mixed(&Speaker::new(rate, 5).talk(8.0, -22.0), &noise(8 * rate as usize, -75.0, 0.6, 7));
        let snr = segmental_snr(&speech, &cleaned(rate, 20, &speech), rate);
        assert!(snr > 25.0);
    }
}

#[test]
fn tones_and_music_on_hold_stay() {
    for frequency in [440.0, 1000.0, 2500.0] {
        let mut samples = vec![0; 8000 * 8];
        Tone::new(8000, frequency, -20.0).fill(&mut samples);
        let out = cleaned(8000, 20, &samples);
        let level = tone_level_dbov(&out[6 * 8000..7 * 8000], 8000, frequency);
        assert!((level + 20.0).abs() < 0.5, "{frequency} Hz: {level}");
    }
    let mut digit = noise(8000 * 4, -50.0, 0.0, 1);
    let mut tones = vec![0; 8000 * 4];
    Tone::dtmf(8000, '5', -15.0).unwrap().fill(&mut tones[8000..]);
    digit = mixed(&digit, &tones);
    let level = level_dbov(&cleaned(8000, 20, &digit)[3 * 8000..]);
    assert!((level - level_dbov(&digit[3 * 8000..])).abs() < 0.5, "{level}");
    for seed in 0..6 {
        let samples = music(8000, 10.0, -20.0, seed);
        let out = cleaned(8000, 20, &samples);
        let (before, after) = (level_dbov(&samples[8000..]), level_dbov(&out[8000..]));
        assert!(before - after < 1.0, "{seed}: {before} to {after}");
    }
}

#[test]
fn the_frame_length_does_not_matter() {
    let samples = mixed(&Speaker::new(8000, 5).talk(2.4, -22.0), &noise(19_200, -50.0, 0.6, 7));
    let reference = cleaned(8000, 10, &samples);
    for interval_ms in [20, 30, 40, 60] {
        let out = cleaned(8000, interval_ms, &samples);
        // The first frame fades in over the ramp of a gain, the same at every length.
        assert_eq!(out[480..19_000], reference[480..19_000], "{interval_ms} ms");
    }
}

#[test]
fn it_comes_and_goes_without_a_click() {
    let (mut mixer, talker, listener) = pair(8000, 20, false);
    let samples = support::tone(150.0, -12.0, 30 * 160);
    let natural = samples.windows(2).map(|w| w[0].abs_diff(w[1])).max().unwrap();
    let mut out = pass(&mut mixer, talker, listener, &samples[..10 * 160]);
    for (n, on) in [(10, true), (20, false)] {
        mixer.set(talker, Control::Denoise(on));
        out.extend(pass(&mut mixer, talker, listener, &samples[n * 160..][..10 * 160]));
    }
    let jump = out[160..].windows(2).map(|w| w[0].abs_diff(w[1])).max().unwrap();
    assert!(jump < natural * 5 / 4, "{jump} against {natural}");
    assert_eq!(out[22 * 160..], samples[22 * 160..]);
}

#[test]
fn while_time_is_short_it_rests_without_a_click_and_then_goes_on() {
    let (mut mixer, talker, listener) = pair(8000, 20, true);
    let samples = support::tone(150.0, -12.0, 60 * 160);
    let natural = samples.windows(2).map(|w| w[0].abs_diff(w[1])).max().unwrap();
    let mut out = pass(&mut mixer, talker, listener, &samples[..20 * 160]);
    mixer.allow_denoising(false);
    // What is set meanwhile holds for later.
    mixer.set(talker, Control::Denoise(true));
    out.extend(pass(&mut mixer, talker, listener, &samples[20 * 160..40 * 160]));
    assert_eq!(out[22 * 160..], samples[22 * 160..40 * 160], "nothing is done to it");
    mixer.allow_denoising(true);
    out.extend(pass(&mut mixer, talker, listener, &samples[40 * 160..]));
    assert_ne!(out[50 * 160..], samples[50 * 160..], "it is late again");
    let jump = out[160..].windows(2).map(|w| w[0].abs_diff(w[1])).max().unwrap();
    assert!(jump < natural * 5 / 4, "{jump} against {natural}");
}
