//! The sounds that prompts are made of: read and decoded once, before the first call.
//!
//! They come from `sounds.dir` if that is set, else from the binary itself. A room then plays them from memory, so a
//! file that vanishes later changes nothing.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use confab_codec::read_wav;
use confab_conference::Rate;
use confab_config::Config;
use confab_media::Sound;

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../../config/sounds/", $name)))),*]
    };
}

/// The sounds of the tutorial, spoken by `config/sounds/make-sounds`.
const EMBEDDED: &[(&str, &[u8])] = embedded![
    "conference/conf-alone.wav",
    "conference/conf-bad-pin.wav",
    "conference/conf-exit.wav",
    "conference/conf-kicked.wav",
    "conference/conf-music.wav",
    "conference/conf-muted.wav",
    "conference/conf-pin.wav",
    "conference/conf-unmuted.wav",
    "conference/conf-welcome.wav",
    "currency/negative.wav",
    "digits/0.wav",
    "digits/1.wav",
    "digits/2.wav",
    "digits/3.wav",
    "digits/4.wav",
    "digits/5.wav",
    "digits/6.wav",
    "digits/7.wav",
    "digits/8.wav",
    "digits/9.wav",
    "ivr/busy.wav",
    "ivr/cancelled.wav",
    "ivr/declined.wav",
    "ivr/destination_telephone_number.wav",
    "ivr/invalid_entry.wav",
    "ivr/no_answer.wav",
    "ivr/no_invite.wav",
    "ivr/not_allowed.wav",
    "ivr/unreachable.wav",
];

/// A sound longer than this is refused: it would be held in memory whole, once for each rate. Seconds.
const MAX_SECONDS: usize = 600;

/// Why a sound cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum SoundError {
    /// Neither a file nor built in.
    #[error("{0}: no such sound is built in; set sounds.dir to the folder that holds it")]
    NotBuiltIn(String),
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// Where it was looked for.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Not a WAV file of a kind that we play.
    #[error("{name}: {why} (a WAV file of PCM samples is needed, 8 to 48 kHz, mono or stereo)")]
    Unplayable {
        /// Which sound.
        name: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Decoded sounds, by name.
#[derive(Debug)]
pub(crate) struct Library {
    dir: Option<PathBuf>,
    sounds: HashMap<String, Arc<Sound>>,
}

impl Library {
    /// A library that reads from `dir`, or from the binary itself.
    pub(crate) fn new(dir: Option<PathBuf>) -> Self {
        Self { dir, sounds: HashMap::new() }
    }

    /// Every sound that is named anywhere, and a line for each that will be silent.
    pub(crate) fn of(config: &Config) -> (Self, Vec<String>) {
        let mut library = Self::new(config.sounds.dir.clone());
        let mut silent = Vec::new();
        for (name, place) in config.sound_names() {
            if let Err(error) = library.load(name) {
                silent.push(format!("{place}: {error}; silence is played instead"));
            }
        }
        (library, silent)
    }

    /// Brings all sounds to the rates of all profiles, beside everything else: who calls before that is done waits for the
    /// sound that he is to hear, and nobody waits for the server to start.
    pub(crate) fn prepare(&self, config: &Config) -> io::Result<()> {
        let profiles = config.conference.profiles.values();
        let rates: BTreeSet<u32> = profiles.flat_map(|profile| usual_rates(profile.rate)).collect();
        let sounds: Vec<_> = self.sounds.values().cloned().collect();
        let resample = move || {
            sounds.iter().for_each(|sound| rates.iter().for_each(|rate| drop(sound.at(*rate))));
        };
        thread::Builder::new().name("sounds".into()).spawn(resample).map(drop)
    }

    /// Makes a sound ready to be played.
    ///
    /// # Errors
    /// When it is missing or not of a kind that can be played.
    pub(crate) fn load(&mut self, name: &str) -> Result<Arc<Sound>, SoundError> {
        if let Some(sound) = self.find(name) {
            return Ok(sound);
        }
        let sound = Arc::new(decode(name, &self.read(name)?)?);
        self.sounds.insert(name.to_owned(), Arc::clone(&sound));
        Ok(sound)
    }

    /// A sound that was loaded; nothing for one that could not be.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Sound>> {
        self.sounds.get(name).cloned()
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, SoundError> {
        if let Some(dir) = &self.dir {
            return read_file(&dir.join(name));
        }
        if Path::new(name).is_absolute() {
            return read_file(Path::new(name));
        }
        let built_in = EMBEDDED.iter().find(|(known, _)| *known == name);
        built_in.map(|(_, bytes)| bytes.to_vec()).ok_or_else(|| SoundError::NotBuiltIn(name.to_owned()))
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, SoundError> {
    std::fs::read(path).map_err(|source| SoundError::Unreadable { path: path.to_owned(), source })
}

/// The rates that sounds are prepared for; at any other they are made ready when they are first played.
fn usual_rates(rate: Rate) -> Vec<u32> {
    match rate {
        Rate::Fixed(rate) => vec![rate],
        // Those of the codecs.
        Rate::Auto => vec![8000, 16_000, 48_000],
    }
}

fn decode(name: &str, bytes: &[u8]) -> Result<Sound, SoundError> {
    let unplayable = |why: String| SoundError::Unplayable { name: name.to_owned(), why };
    let wav = read_wav(bytes).map_err(|error| unplayable(error.to_string()))?;
    if !(8000..=48_000).contains(&wav.rate) || !(1..=2).contains(&wav.channels) {
        return Err(unplayable(format!("{} Hz, {} channels", wav.rate, wav.channels)));
    }
    if wav.samples.len() > wav.rate as usize * MAX_SECONDS {
        return Err(unplayable(format!("longer than {MAX_SECONDS} s")));
    }
    Ok(Sound::new(wav.rate, wav.samples))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn wav(rate: u32, channels: u16, seconds: f32) -> Vec<u8> {
        let spec = hound::WavSpec {
            channels,
            sample_rate: rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        for n in 0..(seconds * rate as f32) as u32 * u32::from(channels) {
            writer.write_sample((n % 100) as i16).unwrap();
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    #[test]
    fn every_built_in_sound_is_playable_and_together_they_are_small() {
        let mut library = Library::new(None);
        for (name, _) in EMBEDDED {
            let sound = library.load(name).unwrap();
            assert!(sound.at(8000).len() > 800, "{name} is shorter than 100 ms");
        }
        let bytes: usize = EMBEDDED.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!(bytes < 4_000_000, "{bytes}");
    }

    #[test]
    fn every_sound_of_the_tutorial_is_built_in() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/tutorial.toml");
        let config = confab_config::load(&file, &[]).unwrap();
        let (_, silent) = Library::of(&config);
        assert_eq!(silent, [""; 0]);
    }

    #[test]
    fn a_sound_comes_out_at_the_rooms_rate() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.wav"), wav(44_100, 2, 1.0)).unwrap();
        let mut library = Library::new(Some(dir.path().to_owned()));
        let sound = library.load("a.wav").unwrap();
        for rate in [8000, 48_000] {
            let length = sound.at(rate).len();
            assert!(length.abs_diff(rate as usize) <= 10, "{length} samples");
        }
    }

    #[test]
    fn what_cannot_be_played_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("text.wav"), "no RIFF here").unwrap();
        std::fs::write(dir.path().join("slow.wav"), wav(4000, 1, 0.1)).unwrap();
        let mut library = Library::new(Some(dir.path().to_owned()));
        assert!(matches!(library.load("gone.wav"), Err(SoundError::Unreadable { .. })));
        for name in ["text.wav", "slow.wav"] {
            let error = library.load(name).unwrap_err();
            assert!(error.to_string().starts_with(name), "{error}");
        }
        assert!(matches!(Library::new(None).load("x.wav"), Err(SoundError::NotBuiltIn(_))));
    }
}
