//! A feed's part in its room: who votes for what it carries, and which other feed it is about to become one with.

use confab_codec::{Codec, CodecId};
use confab_mixer::ListenKey;

use super::{Feed, FeedId};

/// A feed that legs follow, and what is known of it in this tick.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) feed: Box<Feed>,
    /// What the feed codes, and what its legs hear in this tick; `None` while the votes are counted.
    codec: CodecId,
    pub(super) key: Option<ListenKey>,
    /// Votes for `key`, less those against it (Boyer and Moore's majority vote).
    votes: u32,
    is_followed: bool,
    pub(super) is_coded: bool,
    /// Another feed that carries the same key.
    pub(super) next: Option<FeedId>,
    /// The feed that it was made a twin of in this tick.
    parent: Option<FeedId>,
    /// An older feed that carries the same, and for how long it has, ms.
    beside: Option<(Option<FeedId>, u32)>,
    /// The feed that its legs go on with.
    pub(super) merged: Option<FeedId>,
}

impl Place {
    /// Of a feed that carries nothing yet.
    pub(super) fn new(feed: Box<Feed>) -> Self {
        Self {
            codec: feed.codec().id(),
            feed,
            key: None,
            votes: 0,
            is_followed: false,
            is_coded: false,
            next: None,
            parent: None,
            beside: None,
            merged: None,
        }
    }

    pub(super) fn carries(&self, key: ListenKey, codec: CodecId) -> bool {
        self.key == Some(key) && self.codec == codec
    }

    /// Another tick begins; what it carried in the last one.
    pub(super) fn begin(&mut self) -> Option<ListenKey> {
        self.votes = 0;
        self.is_followed = false;
        self.is_coded = false;
        self.next = None;
        self.parent = None;
        self.key.take()
    }

    /// A leg follows it, and hears `key` in this tick. The vote of one that wants another codec does not count.
    pub(super) fn vote(&mut self, key: ListenKey, codec: CodecId) {
        self.is_followed = true;
        if codec != self.codec {
            return;
        }
        if self.votes == 0 {
            self.key = Some(key);
        }
        self.votes = if self.key == Some(key) { self.votes + 1 } else { self.votes - 1 };
    }

    /// Whether no leg follows it any more.
    pub(super) fn is_over(&self) -> bool {
        !self.is_followed
    }

    /// Whether it has legs, but carries for none of them what they want.
    pub(super) fn is_deserted(&self) -> bool {
        self.key.is_none() && self.merged.is_none()
    }

    /// Carries this from now on.
    pub(super) fn start(&mut self, key: ListenKey, codec: Codec) {
        self.feed.adjust(codec);
        self.codec = codec.id();
        self.key = Some(key);
        self.beside = None;
    }

    /// From here on it is a twin of its parent.
    pub(super) fn fork_from(&mut self, id: Option<FeedId>, parent: &Self) {
        self.parent = id;
        self.feed.take_over(&parent.feed);
    }

    pub(super) fn is_new_fork_of(&self, parent: Option<FeedId>) -> bool {
        parent.is_some() && self.parent == parent
    }

    /// In this tick it carries the same as an older feed.
    pub(super) fn stand_beside(&mut self, older: Option<FeedId>, interval_ms: u32) {
        let together_ms = match self.beside {
            Some((before, ms)) if before == older => ms + interval_ms,
            _ => 0,
        };
        self.beside = Some((older, together_ms));
    }

    /// The feed that it stood beside becomes one with another, which has carried the same for longer.
    pub(super) fn stand_by(&mut self, merged: FeedId, older: Option<FeedId>) {
        if let Some((other, _)) = self.beside.as_mut().filter(|(other, _)| *other == Some(merged)) {
            *other = older;
        }
    }

    /// The other feed is gone.
    pub(super) fn stand_alone(&mut self, gone: FeedId) {
        self.beside = self.beside.filter(|(other, _)| *other != Some(gone));
    }

    /// Whether its legs can be moved to the other one, next to which it stands, without a click.
    pub(super) fn may_merge_into(&self, other: &Self) -> bool {
        let together_ms = self.beside.map_or(0, |(_, ms)| ms);
        other.key == self.key && self.feed.may_merge_into(&other.feed, together_ms)
    }

    /// Its legs go on with the other one; it is over with this tick.
    pub(super) fn merge_into(&mut self, other: Option<FeedId>) {
        self.merged = other;
        self.key = None;
        self.beside = None;
    }
}
