//! Sounds that are kept while there is room.

use std::collections::HashMap;
use std::hash::Hash;

use super::reader::Track;

/// Tracks up to a limit; who was played least recently makes room.
#[derive(Debug)]
pub(super) struct Store<K> {
    /// Octets.
    limit: usize,
    held: usize,
    /// Counts insertions and finds.
    clock: u64,
    tracks: HashMap<K, (u64, Track)>,
}

impl<K: Eq + Hash + Clone> Store<K> {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, held: 0, clock: 0, tracks: HashMap::new() }
    }

    /// A track that is larger than the limit alone is not kept.
    pub(super) fn insert(&mut self, key: K, track: Track) {
        self.remove(&key);
        if track.octets() > self.limit {
            return;
        }
        while self.held + track.octets() > self.limit {
            let Some(oldest) = self.oldest() else { break };
            self.remove(&oldest);
        }
        self.held += track.octets();
        self.clock += 1;
        self.tracks.insert(key, (self.clock, track));
    }

    pub(super) fn find(&mut self, key: &K) -> Option<Track> {
        self.clock += 1;
        let (used, track) = self.tracks.get_mut(key)?;
        *used = self.clock;
        Some(track.clone())
    }

    pub(super) fn remove(&mut self, key: &K) {
        if let Some((_, track)) = self.tracks.remove(key) {
            self.held -= track.octets();
        }
    }

    fn oldest(&self) -> Option<K> {
        self.tracks.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone())
    }
}
