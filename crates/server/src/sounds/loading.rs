//! Playbacks that wait until their sounds are loaded, and the loading.

use std::sync::Arc;

use confab_conference::{Listener, PlaybackId};
use confab_media::Sound;
use tokio::sync::mpsc::UnboundedSender;

use super::name::Name;
use super::reader::{Read, Reader, Track};
use super::say::Speaker;
use super::{Key, SoundError};

/// What is to be played to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) playback: PlaybackId,
    pub(crate) to: Listener,
    pub(crate) names: Vec<String>,
    /// Of the listener; empty: none.
    pub(crate) language: String,
    pub(crate) repeat: bool,
    /// How much quieter the room is meanwhile, dB.
    pub(crate) duck_db: u8,
}

/// A playback whose sounds are all there; those that cannot be played are left out.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) request: Request,
    pub(crate) sounds: Vec<Arc<Sound>>,
}

/// A sound that was loaded, or could not be.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(super) key: Key,
    pub(super) track: Track,
    pub(super) errors: Vec<SoundError>,
}

/// A playback with the sounds that it has, and the keys of those that it waits for.
#[derive(Debug)]
pub(super) struct Waiting {
    request: Request,
    parts: Vec<Result<Track, Key>>,
}

impl Waiting {
    pub(super) fn new(request: Request, parts: Vec<Result<Track, Key>>) -> Self {
        Self { request, parts }
    }

    pub(super) fn playback(&self) -> PlaybackId {
        self.request.playback
    }

    pub(super) fn missing(&self) -> impl Iterator<Item = &Key> {
        self.parts.iter().filter_map(|part| part.as_ref().err())
    }

    pub(super) fn fill(&mut self, key: &Key, track: &Track) {
        for part in self.parts.iter_mut().filter(|part| part.as_ref().is_err_and(|missing| missing == key)) {
            *part = Ok(track.clone());
        }
    }

    /// Itself, if it still waits.
    pub(super) fn ready(self) -> Result<Ready, Self> {
        if self.missing().next().is_some() {
            return Err(self);
        }
        let sounds = self.parts.iter().flatten().flat_map(Track::sounds).cloned().collect();
        Ok(Ready { request: self.request, sounds })
    }
}

/// Loads a sound and brings it to the rates of rooms.
pub(super) async fn load(
    key: Key,
    reader: Arc<Reader>,
    speaker: Arc<Speaker>,
    loaded: UnboundedSender<Loaded>,
) {
    let Read { track, errors, .. } = read(&key, reader, &speaker).await.unwrap_or_else(Read::from);
    // The receiver is gone only when the server stops.
    _ = loaded.send(Loaded { key, track, errors });
}

async fn read(key: &Key, reader: Arc<Reader>, speaker: &Speaker) -> Result<Read, SoundError> {
    let Key { language, name } = key.clone();
    let spoken = match Name::parse(&key.name)? {
        Name::Say(text) => Some(speaker.speak(text, &key.language).await?),
        _ => None,
    };
    let work = move || {
        let read = match spoken {
            Some(file) => reader.decode(&name, &file).into(),
            None => reader.read(&name, &language),
        };
        reader.prepare(&read.track);
        read
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| SoundError::Failed(key.name.clone()))
}
