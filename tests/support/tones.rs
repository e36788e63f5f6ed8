//! A tone for each voice and each prompt, far enough apart to be told from one another in any mix.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use confab_mixer::Tone;
use tempfile::TempDir;

/// The voice of the external phone, Hz.
pub const TRUNK: f32 = 440.0;
/// The voice of station 1004, Hz.
pub const STATION: f32 = 520.0;
/// The voice of an invited user, Hz.
pub const INVITED: f32 = 600.0;
/// The voice of whoever answers behind the gateway, Hz.
pub const FAR_END: f32 = 680.0;

/// Level of every prompt, dBov.
const LEVEL: f32 = -20.0;
/// Length of every prompt but the music, seconds.
const SECONDS: f32 = 0.7;
/// Lowest prompt and distance to the next, Hz.
const FIRST: f32 = 900.0;
const STEP: f32 = 80.0;
const RATE: u32 = 8000;

/// The prompts that the tutorial's file names, and digits, in the order of their names: as many as there are tones for.
static PROMPTS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let text = std::fs::read_to_string(crate::tutorial()).unwrap();
    let named =
        text.split('"').filter(|name| name.ends_with(".wav") && !name.contains('%')).map(str::to_owned);
    let digits = (0..=10).map(|digit| format!("digits/{digit}.wav"));
    named.chain(digits).chain(["currency/negative.wav".to_owned()]).collect()
});

/// The tone of a prompt, Hz.
///
/// # Panics
/// If the tutorial has no such prompt.
pub fn prompt(name: &str) -> f32 {
    let index = PROMPTS.iter().position(|known| known == name);
    FIRST + STEP * index.unwrap_or_else(|| panic!("no prompt {name}")) as f32
}

/// A folder with all prompts as tones; it goes with the returned value.
///
/// # Panics
/// If it cannot be written.
pub fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in PROMPTS.iter() {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        write(&path, RATE, prompt(name), SECONDS);
    }
    folder
}

/// Writes a tone of `hz` as a WAV file of `rate`.
///
/// # Panics
/// If it cannot be written.
pub fn write(path: &Path, rate: u32, hz: f32, seconds: f32) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut samples = vec![0; (seconds * rate as f32) as usize];
    Tone::new(rate, hz, LEVEL).fill(&mut samples);
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    samples.iter().for_each(|sample| writer.write_sample(*sample).unwrap());
    writer.finalize().unwrap();
}

/// How far `samples` are from a tone of `hz` in their worst 20 ms, in dBov: what clicks, gaps and noise leave.
pub fn impurity_dbov(samples: &[i16], rate: u32, hz: f32) -> f32 {
    let window = rate as usize / 50;
    let rests = samples.windows(window).step_by(window / 2).map(|part| rest_dbov(part, rate, hz));
    rests.fold(f32::MIN, f32::max)
}

/// What is left when the tone that fits best is taken away.
fn rest_dbov(samples: &[i16], rate: u32, hz: f32) -> f32 {
    let wave =
        |index: usize| (std::f64::consts::TAU * f64::from(hz) * index as f64 / f64::from(rate)).sin_cos();
    let (mut ss, mut sc, mut cc, mut xs, mut xc) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (index, sample) in samples.iter().enumerate() {
        let ((sin, cos), x) = (wave(index), f64::from(*sample));
        (ss, sc, cc) = (ss + sin * sin, sc + sin * cos, cc + cos * cos);
        (xs, xc) = (xs + x * sin, xc + x * cos);
    }
    let determinant = ss * cc - sc * sc;
    let (a, b) = ((xs * cc - xc * sc) / determinant, (xc * ss - xs * sc) / determinant);
    let rest = samples.iter().enumerate().map(|(index, sample)| {
        let (sin, cos) = wave(index);
        (f64::from(*sample) - a * sin - b * cos).round() as i16
    });
    confab_mixer::level_dbov(&rest.collect::<Vec<_>>())
}
