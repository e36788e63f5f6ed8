//! From a name to samples.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use confab_codec::{ComfortNoise, read_audio, resample};
use confab_conference::{Rate, Settings};
use confab_media::Sound;
use confab_mixer::ToneScript;

use super::name::Name;
use super::{NAMED_LIMIT, SoundError, builtin};

/// A sound longer than this is refused: it would be held in memory whole, once for each rate. Seconds.
const LONGEST: u32 = 600;
/// How long tones and silence without end are; they are repeated where they are to go on. Seconds.
const ENDLESS: u32 = 60;
/// Octets of a file: 600 s of two channels, 24 bits each, at 192 kHz are less than that.
const LARGEST_FILE: u64 = 768 << 20;
/// Sounds in a folder or a list.
const MAX_ENTRIES: usize = 1000;
/// What a folder's files end in to be sounds, and what lists end in.
const SOUND_ENDINGS: [&str; 5] = ["wav", "opus", "ogg", "oga", "flac"];
const LIST_ENDINGS: [&str; 3] = ["m3u", "m3u8", "txt"];
/// The rates of the codecs: those of a room that follows its members.
const CODEC_RATES: [u32; 3] = [8000, 16_000, 48_000];

/// Rates that can be brought to another, Hz.
const RATES: std::ops::RangeInclusive<u32> = 1000..=192_000;

/// What a name stands for: sounds that are played one after the other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Track {
    sounds: Arc<[Arc<Sound>]>,
    octets: usize,
}

/// What became of a name.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) track: Track,
    pub(super) errors: Vec<SoundError>,
    /// It is built in, though there is a folder of sounds.
    pub(super) lent: bool,
}

/// Finds and decodes sounds. Blocks.
#[derive(Debug)]
pub(crate) struct Reader {
    dir: Option<PathBuf>,
    /// Rates that rooms are likely to have; at any other a sound is made ready when it is first played.
    rates: BTreeSet<u32>,
    /// Octets of all sounds of a folder or a list.
    pub(super) most: usize,
}

/// Where a sound is.
enum Place {
    Folder(PathBuf),
    File(PathBuf),
    BuiltIn(&'static [u8]),
}

impl Track {
    pub(super) fn sounds(&self) -> &[Arc<Sound>] {
        &self.sounds
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sounds.is_empty()
    }

    /// At all rates together, 2 octets a sample.
    pub(super) fn octets(&self) -> usize {
        self.octets
    }

    fn join(tracks: impl Iterator<Item = Self>) -> Self {
        let (mut sounds, mut octets) = (Vec::new(), 0);
        for track in tracks {
            sounds.extend_from_slice(&track.sounds);
            octets += track.octets;
        }
        Self { sounds: sounds.into(), octets }
    }
}

impl From<SoundError> for Read {
    fn from(error: SoundError) -> Self {
        Self { errors: vec![error], ..Self::default() }
    }
}

impl From<Result<Track, SoundError>> for Read {
    fn from(result: Result<Track, SoundError>) -> Self {
        result.map_or_else(Self::from, |track| Self { track, ..Self::default() })
    }
}

impl Reader {
    /// Reads from `dir`, and what is not there from the program itself, for the rooms that there may be.
    pub(crate) fn new(dir: Option<PathBuf>, settings: &Settings) -> Self {
        let rooms = settings.rooms.values().map(|room| room.profile.rate);
        let rates = settings.profiles.values().map(|profile| profile.rate).chain(rooms);
        let usual = |rate| match rate {
            Rate::Fixed(rate) => vec![rate],
            Rate::Auto => CODEC_RATES.to_vec(),
        };
        Self { dir, rates: rates.flat_map(usual).collect(), most: NAMED_LIMIT }
    }

    /// What the name stands for; of what is spoken or recorded, nothing.
    pub(super) fn read(&self, name: &str, language: &str) -> Read {
        match Name::parse(name) {
            Ok(Name::Path(path)) => self.path(path, language),
            Ok(Name::ToneFile(path)) => self.tone_file(path).into(),
            Ok(Name::Tones(script)) => self.tones(script).into(),
            Ok(Name::Silence { ms, noise }) => self.silence(ms, noise).into(),
            Ok(Name::Say(_) | Name::Clip(_)) => SoundError::Failed(name.to_owned()).into(),
            Err(error) => error.into(),
        }
    }

    /// Whether there is one for this language.
    pub(super) fn has(&self, language: &str, name: &str) -> bool {
        let spoken = format!("{language}/{name}");
        !language.is_empty()
            && matches!(Name::parse(name), Ok(Name::Path(_)))
            && self.locate(&spoken).is_some()
    }

    /// Samples of a file.
    pub(super) fn decode(&self, name: &str, file: &[u8]) -> Result<Track, SoundError> {
        let unplayable = |source| SoundError::Unplayable { name: name.to_owned(), source };
        let file = read_audio(file, LONGEST).map_err(unplayable)?;
        if !RATES.contains(&file.rate) {
            return Err(SoundError::Rate { name: name.to_owned(), rate: file.rate });
        }
        // What no room can play need not be kept.
        let most = self.rates.last().copied().filter(|most| *most < file.rate);
        let lower = most.and_then(|most| Some((most, resample(&file.samples, file.rate, most).ok()?)));
        let (rate, samples) = lower.unwrap_or((file.rate, file.samples));
        Ok(self.track(rate, samples))
    }

    /// Samples that are at hand.
    pub(super) fn track(&self, rate: u32, samples: impl Into<Arc<[i16]>>) -> Track {
        let samples = samples.into();
        let at = |other: u32| samples.len() * other as usize / rate.max(1) as usize;
        let others = self.rates.iter().filter(|other| **other != rate).map(|other| at(*other));
        let octets = 2 * (samples.len() + others.sum::<usize>());
        Track { sounds: Arc::new([Arc::new(Sound::new(rate, samples))]), octets }
    }

    /// Brings it to all rates that rooms are likely to have.
    pub(super) fn prepare(&self, track: &Track) {
        track.sounds.iter().for_each(|sound| self.rates.iter().for_each(|rate| drop(sound.at(*rate))));
    }

    fn path(&self, path: &str, language: &str) -> Read {
        let place = match self.find(path, language) {
            Ok(place) => place,
            Err(error) => return error.into(),
        };
        let lent = self.dir.is_some() && matches!(place, Place::BuiltIn(_));
        let entries = match &place {
            Place::Folder(folder) => files_of(folder, path),
            Place::File(file) if ends_in(file, &LIST_ENDINGS) => entries_of(file, path),
            _ => return Read { lent, ..self.file(path, place).into() },
        };
        match entries {
            Ok(entries) => self.several(path, &entries, language),
            Err(error) => error.into(),
        }
    }

    /// The entries of a folder or a list: those that can be played.
    fn several(&self, name: &str, entries: &[String], language: &str) -> Read {
        if entries.len() > MAX_ENTRIES {
            return SoundError::LongList { name: name.to_owned(), most: MAX_ENTRIES }.into();
        }
        let entry = |entry: &String| match Name::parse(entry)? {
            Name::Path(path) => self.file(path, self.find(path, language)?),
            Name::Tones(script) => self.tones(script),
            Name::Silence { ms, noise } => self.silence(ms, noise),
            _ => Err(SoundError::UnknownKind(entry.clone())),
        };
        let (mut tracks, mut errors, mut octets) = (Vec::new(), Vec::new(), 0);
        for entry in entries.iter().map(entry) {
            match entry {
                Ok(track) => {
                    octets += track.octets;
                    tracks.push(track);
                }
                Err(error) => errors.push(error),
            }
            if octets > self.most {
                return SoundError::TooMuch(name.to_owned()).into();
            }
        }
        let track = Track::join(tracks.into_iter());
        if track.is_empty() && errors.is_empty() {
            errors.push(SoundError::Empty(name.to_owned()));
        }
        Read { track, errors, lent: false }
    }

    fn file(&self, name: &str, place: Place) -> Result<Track, SoundError> {
        match place {
            Place::File(path) => self.decode(name, &read_file(&path)?),
            Place::Folder(path) => self.decode(name, &read_file(&path)?),
            Place::BuiltIn(file) => self.decode(name, file),
        }
    }

    fn tone_file(&self, name: &str) -> Result<Track, SoundError> {
        match self.find(name, "")? {
            Place::File(path) | Place::Folder(path) => {
                self.tones(&String::from_utf8_lossy(&read_file(&path)?))
            }
            Place::BuiltIn(_) => Err(SoundError::Empty(name.to_owned())),
        }
    }

    fn tones(&self, script: &str) -> Result<Track, SoundError> {
        let read = ToneScript::parse(script);
        let tones = read.map_err(|source| SoundError::Tones { script: script.to_owned(), source })?;
        let rate = self.highest_rate();
        Ok(self.track(rate, tones.render(rate, if tones.is_endless() { ENDLESS } else { LONGEST })))
    }

    fn silence(&self, ms: Option<u32>, noise: Option<u16>) -> Result<Track, SoundError> {
        let ms = ms.unwrap_or(ENDLESS * 1000).min(LONGEST * 1000);
        let rate = if noise.is_some() { self.highest_rate() } else { CODEC_RATES[0] };
        let mut samples = vec![0; (u64::from(rate) * u64::from(ms) / 1000) as usize];
        if let Some(level) = noise {
            ComfortNoise::new(level, rate, 1).fill(&mut samples);
        }
        Ok(self.track(rate, samples))
    }

    fn highest_rate(&self) -> u32 {
        self.rates.last().copied().unwrap_or(CODEC_RATES[0])
    }

    /// The sound of the language, else the plain one; the folder's, else the program's.
    fn find(&self, path: &str, language: &str) -> Result<Place, SoundError> {
        if !is_below(path) {
            return Err(SoundError::NotBelow(path.to_owned()));
        }
        let spoken = format!("{language}/{path}");
        let spoken = Some(spoken).filter(|_| !language.is_empty()).and_then(|spoken| self.locate(&spoken));
        spoken.or_else(|| self.locate(path)).ok_or_else(|| match &self.dir {
            None => SoundError::NotBuiltIn(path.to_owned()),
            Some(dir) => {
                SoundError::Unreadable { path: dir.join(path), source: io::ErrorKind::NotFound.into() }
            }
        })
    }

    fn locate(&self, path: &str) -> Option<Place> {
        if !is_below(path) {
            return None;
        }
        let file = self.dir.as_ref().map(|dir| dir.join(path));
        match file.and_then(|file| Some((file.metadata().ok()?.is_dir(), file))) {
            Some((true, folder)) => Some(Place::Folder(folder)),
            Some((false, file)) => Some(Place::File(file)),
            None => builtin::find(path).map(Place::BuiltIn),
        }
    }
}

/// Whether a path stays below the folder that it is seen from.
fn is_below(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

fn ends_in(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
    ending.is_some_and(|ending| endings.contains(&ending.as_str()))
}

fn read_file(path: &Path) -> Result<Vec<u8>, SoundError> {
    let read = path.metadata().and_then(|kind| match kind.len() {
        _ if !kind.is_file() => Err(io::Error::other("it is no file")),
        LARGEST_FILE.. => Err(io::ErrorKind::FileTooLarge.into()),
        _ => std::fs::read(path),
    });
    read.map_err(|source| SoundError::Unreadable { path: path.to_owned(), source })
}

/// The sounds of a folder, by name; not those of folders in it.
fn files_of(folder: &Path, name: &str) -> Result<Vec<String>, SoundError> {
    let entries = std::fs::read_dir(folder);
    let entries = entries.map_err(|source| SoundError::Unreadable { path: folder.to_owned(), source })?;
    let files = entries.flatten().filter(|entry| ends_in(&entry.path(), &SOUND_ENDINGS));
    let names = files.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> =
        names.filter(|file| !file.starts_with('.')).map(|file| format!("{name}/{file}")).collect();
    names.sort_unstable();
    Ok(names)
}

/// The names in a list. Those of files are seen from the list's folder.
fn entries_of(list: &Path, name: &str) -> Result<Vec<String>, SoundError> {
    let text = read_file(list)?;
    let text = String::from_utf8_lossy(&text);
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let folder = name.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let entry = |line: &str| match Name::parse(line) {
        Ok(Name::Path(path)) => format!("{folder}{path}"),
        _ => line.to_owned(),
    };
    Ok(lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(entry).collect())
}
