//! The sounds that prompts are made of: read and decoded once, before the first call.
//!
//! They come from `sounds.dir` if that is set, else from the binary itself. A room then plays them from memory, so a
//! file that vanishes later changes nothing.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use confab_codec::{read_wav, resample};
use confab_config::Config;

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

/// Decoded sounds, by name and sampling rate.
#[derive(Debug)]
pub(crate) struct Library {
    dir: Option<PathBuf>,
    sounds: HashMap<(String, u32), Arc<[i16]>>,
}

impl Library {
    /// A library that reads from `dir`, or from the binary itself.
    pub(crate) fn new(dir: Option<PathBuf>) -> Self {
        Self { dir, sounds: HashMap::new() }
    }

    /// Every sound that is named anywhere, at the rate of every profile, and a line for each that will be silent.
    pub(crate) fn of(config: &Config) -> (Self, Vec<String>) {
        let mut library = Self::new(config.sounds.dir.clone());
        let mut silent = Vec::new();
        let rates: BTreeSet<u32> = config.conference.profiles.values().map(|profile| profile.rate).collect();
        for (name, place) in config.sound_names() {
            let failed = rates.iter().find_map(|rate| library.load(name, *rate).err());
            silent.extend(failed.map(|error| format!("{place}: {error}; silence is played instead")));
        }
        (library, silent)
    }

    /// Makes a sound ready to be played in rooms of `rate` Hz.
    ///
    /// # Errors
    /// When it is missing or not of a kind that can be played.
    pub(crate) fn load(&mut self, name: &str, rate: u32) -> Result<(), SoundError> {
        let key = (name.to_owned(), rate);
        if !self.sounds.contains_key(&key) {
            let samples = decode(name, &self.read(name)?, rate)?;
            self.sounds.insert(key, samples.into());
        }
        Ok(())
    }

    /// The samples of a sound that was loaded; nothing for one that could not be.
    pub(crate) fn find(&self, name: &str, rate: u32) -> Option<Arc<[i16]>> {
        self.sounds.get(&(name.to_owned(), rate)).cloned()
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

fn decode(name: &str, bytes: &[u8], rate: u32) -> Result<Vec<i16>, SoundError> {
    let unplayable = |why: String| SoundError::Unplayable { name: name.to_owned(), why };
    let wav = read_wav(bytes).map_err(|error| unplayable(error.to_string()))?;
    if !(8000..=48_000).contains(&wav.rate) || !(1..=2).contains(&wav.channels) {
        return Err(unplayable(format!("{} Hz, {} channels", wav.rate, wav.channels)));
    }
    if wav.samples.len() > wav.rate as usize * MAX_SECONDS {
        return Err(unplayable(format!("longer than {MAX_SECONDS} s")));
    }
    resample(&wav.samples, wav.rate, rate).map_err(|error| unplayable(error.to_string()))
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
            library.load(name, 8000).unwrap();
            assert!(library.find(name, 8000).unwrap().len() > 800, "{name} is shorter than 100 ms");
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
        library.load("a.wav", 8000).unwrap();
        let length = library.find("a.wav", 8000).unwrap().len();
        assert!((7990..=8010).contains(&length), "{length} samples");
    }

    #[test]
    fn what_cannot_be_played_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("text.wav"), "no RIFF here").unwrap();
        std::fs::write(dir.path().join("slow.wav"), wav(4000, 1, 0.1)).unwrap();
        let mut library = Library::new(Some(dir.path().to_owned()));
        assert!(matches!(library.load("gone.wav", 8000), Err(SoundError::Unreadable { .. })));
        for name in ["text.wav", "slow.wav"] {
            let error = library.load(name, 8000).unwrap_err();
            assert!(error.to_string().starts_with(name), "{error}");
        }
        assert!(matches!(Library::new(None).load("x.wav", 8000), Err(SoundError::NotBuiltIn(_))));
    }
}
