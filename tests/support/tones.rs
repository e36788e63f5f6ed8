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

/// The prompts of the tutorial, in the order of their names.
static PROMPTS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let config = confab_config::load(&crate::tutorial(), &[]).unwrap_or_else(|errors| panic!("{errors}"));
    config.sound_names().into_iter().map(|(name, _)| name.to_owned()).collect()
});

/// The tone of a prompt, Hz.
///
/// # Panics
/// If the server has no such prompt.
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
        write(&path, prompt(name), SECONDS);
    }
    folder
}

/// Writes a tone of `hz` as a WAV file.
///
/// # Panics
/// If it cannot be written.
pub fn write(path: &Path, hz: f32, seconds: f32) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut samples = vec![0; (seconds * RATE as f32) as usize];
    Tone::new(RATE, hz, LEVEL).fill(&mut samples);
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    samples.iter().for_each(|sample| writer.write_sample(*sample).unwrap());
    writer.finalize().unwrap();
}
