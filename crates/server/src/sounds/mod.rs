//! The sounds that prompts are made of.
//!
//! A sound is a name:
//!
//! | name | is |
//! |---|---|
//! | `ivr/busy.wav` | a file (WAV, Ogg Opus, FLAC) below `sounds.dir`, else one that is built in |
//! | `music` | a folder below `sounds.dir`: its files by name, one after the other |
//! | `music.m3u`, `music.txt` | a list of names, one a line, seen from its folder |
//! | `tone_stream://SCRIPT` | tones ([`confab_mixer::ToneScript`]); `path=FILE` is a script in a file |
//! | `silence_stream://MS,NOISE` | silence, with comfort noise if NOISE (a divisor, as `comfort-noise`) is given |
//! | `say:TEXT` | what an external program speaks |
//! | `clip://N` | what a member has recorded |
//!
//! For a listener with a language `LANGUAGE/name` is looked for first, everywhere.
//!
//! What the configuration names is read and decoded once, before the first call, and played from memory, so a file that
//! vanishes later changes nothing. Anything else is loaded beside the control task when it is first asked for, and its
//! playback begins when that is done. What is held at most: [`NAMED_LIMIT`] of what is named in the configuration,
//! [`CACHE_LIMIT`] of what was loaded later and [`CLIPS_LIMIT`] of recorded clips, each at all rates.

mod builtin;
mod error;
mod loading;
mod name;
mod reader;
mod say;
mod store;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use std::sync::Arc;
use std::thread;

use confab_conference::{ClipId, PlaybackId};
use confab_config::Config;
use tokio::sync::mpsc::UnboundedSender;

pub use error::SoundError;
use loading::Waiting;
pub(crate) use loading::{Loaded, Ready, Request};
use name::Name;
use reader::{Reader, Track};
use say::Speaker;
use store::Store;

/// Octets of all sounds that the configuration names.
const NAMED_LIMIT: usize = 512 << 20;
/// Octets of sounds that were loaded when they were asked for; the least recently played goes first.
const CACHE_LIMIT: usize = 64 << 20;
/// Octets of recorded clips, as if each were played at all rates; the least recently played goes first. It is enough for
/// the names of 370 members who speak for 5 s each where rooms follow their members.
const CLIPS_LIMIT: usize = 256 << 20;
/// Sounds that are loaded at one time; what is asked for beyond it is silent.
const MAX_LOADING: usize = 64;

/// A name, for who has this language; empty: none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    language: String,
    name: String,
}

/// Decoded sounds, and playbacks that wait for some.
pub(crate) struct Library {
    reader: Arc<Reader>,
    speaker: Arc<Speaker>,
    /// What the configuration names. Empty: it is known not to be playable.
    named: HashMap<Key, Track>,
    /// Loaded since.
    cache: Store<Key>,
    clips: Store<ClipId>,
    /// Under way, and whether they belong to what the configuration names.
    loading: HashMap<Key, bool>,
    waiting: Vec<Waiting>,
    loaded: UnboundedSender<Loaded>,
}

impl Library {
    /// An empty library. What it loads beside everything else is told to `loaded`, and has to be handed to
    /// [`Library::loaded`].
    pub(crate) fn new(reader: Reader, speaker: Speaker, loaded: UnboundedSender<Loaded>) -> Self {
        Self {
            reader: Arc::new(reader),
            speaker: Arc::new(speaker),
            named: HashMap::new(),
            cache: Store::new(CACHE_LIMIT),
            clips: Store::new(CLIPS_LIMIT),
            loading: HashMap::new(),
            waiting: Vec::new(),
            loaded,
        }
    }

    /// Every sound that is named anywhere, and a line for each that will not be as it is named.
    pub(crate) fn of(config: &Config, loaded: UnboundedSender<Loaded>) -> (Self, Vec<String>) {
        let reader = Reader::new(config.sounds.dir.clone(), &config.conference);
        let mut library = Self::new(reader, Speaker::new(config.say.clone()), loaded);
        let languages = languages(config);
        let (mut lines, mut lent) = (Vec::new(), BTreeSet::new());
        for (name, place) in config.sound_names() {
            for error in library.name_sound(name, &languages, &mut lent) {
                lines.push(format!("{place}: {error}; silence is played instead"));
            }
        }
        // Who has sounds of his own need not have all that there are by default.
        let written = |name: &String| {
            config.sounds.names.iter().any(|sound| sound.name == *name && !sound.place.is_empty())
        };
        lent.retain(written);
        if !lent.is_empty() {
            let names = Vec::from_iter(lent).join(", ");
            lines.push(format!("not in sounds.dir, so that those of the program are played: {names}"));
        }
        (library, lines)
    }

    /// Brings all sounds to the rates of all profiles, beside everything else, and has the texts spoken: who calls before
    /// that is done waits for the sound that he is to hear, and nobody waits for the server to start.
    pub(crate) fn prepare(&self) -> io::Result<()> {
        let texts: Vec<Key> = self.loading.keys().cloned().collect();
        texts.into_iter().for_each(|key| self.start_loading(key));
        let reader = Arc::clone(&self.reader);
        let tracks: Vec<Track> = self.named.values().cloned().collect();
        let resample = move || tracks.iter().for_each(|track| reader.prepare(track));
        thread::Builder::new().name("sounds".into()).spawn(resample).map(drop)
    }

    /// All that is to be played, unless some of it has to be loaded first: then [`Library::loaded`] gives it back.
    pub(crate) fn play(&mut self, request: Request) -> Option<Ready> {
        let keys =
            request.names.iter().map(|name| Key { language: request.language.clone(), name: name.clone() });
        let parts: Vec<_> = keys.map(|key| self.find(&key).ok_or(key)).collect();
        let waiting = Waiting::new(request, parts);
        let missing: HashSet<Key> = waiting.missing().cloned().collect();
        match waiting.ready() {
            Ok(ready) => Some(ready),
            Err(waiting) => {
                self.waiting.push(waiting);
                missing.into_iter().for_each(|key| self.load(key));
                None
            }
        }
    }

    /// A playback that waits for a sound is not wanted any more.
    pub(crate) fn cancel(&mut self, playback: PlaybackId) {
        self.waiting.retain(|waiting| waiting.playback() != playback);
    }

    /// A sound was loaded: these playbacks waited for nothing else.
    pub(crate) fn loaded(&mut self, loaded: Loaded) -> Vec<Ready> {
        let Loaded { key, track, errors } = loaded;
        errors.iter().for_each(|error| tracing::warn!("{}", crate::log::OneLine(error)));
        let is_named = self.loading.remove(&key).unwrap_or_default();
        if !track.is_empty() && is_named {
            self.named.insert(key.clone(), track.clone());
        } else if !track.is_empty() {
            self.cache.insert(key.clone(), track.clone());
        }
        let mut ready = Vec::new();
        for mut waiting in std::mem::take(&mut self.waiting) {
            waiting.fill(&key, &track);
            match waiting.ready() {
                Ok(playback) => ready.push(playback),
                Err(waiting) => self.waiting.push(waiting),
            }
        }
        ready
    }

    /// What a member has recorded can be played from now on.
    pub(crate) fn keep_clip(&mut self, clip: ClipId, rate: u32, samples: Arc<[i16]>) {
        self.clips.insert(clip, self.reader.track(rate, samples));
    }

    /// A clip will not be played any more.
    pub(crate) fn forget_clip(&mut self, clip: ClipId) {
        self.clips.remove(&clip);
    }

    /// Loads a name of the configuration, in all languages that there are of it; gives what is wrong with it.
    fn name_sound(
        &mut self,
        name: &str,
        languages: &BTreeSet<String>,
        lent: &mut BTreeSet<String>,
    ) -> Vec<SoundError> {
        let key = |language: &str| Key { language: language.to_owned(), name: name.to_owned() };
        if self.named.contains_key(&key("")) || self.loading.keys().any(|key| key.name == name) {
            return Vec::new();
        }
        if let Ok(Name::Say(_)) = Name::parse(name) {
            if !self.speaker.can_speak() {
                return vec![SoundError::Speechless(name.to_owned())];
            }
            self.loading.extend(languages.iter().map(|language| (key(language), true)));
            return Vec::new();
        }
        let mut errors = Vec::new();
        for language in
            languages.iter().filter(|language| language.is_empty() || self.reader.has(language, name))
        {
            let mut read = self.reader.read(name, language);
            let held: usize = self.named.values().map(Track::octets).sum();
            if held + read.track.octets() > NAMED_LIMIT {
                read = SoundError::TooMuch(name.to_owned()).into();
            }
            lent.extend(read.lent.then(|| name.to_owned()));
            self.named.insert(key(language), read.track);
            errors.extend(read.errors);
        }
        errors
    }

    /// A sound that is at hand.
    fn find(&mut self, key: &Key) -> Option<Track> {
        if let Ok(Name::Clip(clip)) = Name::parse(&key.name) {
            // One that was forgotten is silent.
            return Some(self.clips.find(&clip).unwrap_or_default());
        }
        let plain = Key { language: String::new(), name: key.name.clone() };
        let named = self.named.get(key).or_else(|| self.named.get(&plain));
        named.cloned().or_else(|| self.cache.find(key))
    }

    fn load(&mut self, key: Key) {
        if self.loading.contains_key(&key) {
            return;
        }
        if self.loading.len() >= MAX_LOADING {
            let track = Track::default();
            let errors = vec![SoundError::TooMany(key.name.clone())];
            // The receiver is gone only when the server stops.
            _ = self.loaded.send(Loaded { key, track, errors });
            return;
        }
        self.loading.insert(key.clone(), false);
        self.start_loading(key);
    }

    fn start_loading(&self, key: Key) {
        tokio::spawn(loading::load(
            key,
            Arc::clone(&self.reader),
            Arc::clone(&self.speaker),
            self.loaded.clone(),
        ));
    }
}

/// Every language that somebody may hear, and none.
fn languages(config: &Config) -> BTreeSet<String> {
    let profiles = config.conference.profiles.values().map(|profile| profile.language.clone());
    let roles = config.conference.roles.values().filter_map(|role| role.language.clone());
    let rooms = config.conference.rooms.values().map(|room| room.profile.language.clone());
    profiles.chain(roles).chain(rooms).chain([String::new()]).collect()
}

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Library({} named, {} waiting)", self.named.len(), self.waiting.len())
    }
}
