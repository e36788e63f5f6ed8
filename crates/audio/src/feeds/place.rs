//! A feed's part in its room: who votes for what it carries, and which other feed it is about to become one with.

use confab_codec::Codec;
use confab_mixer::ListenKey;

use super::{Feed, FeedId};

/// A feed and what is known of it in this tick.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) feed: Box<Feed>,
    /// What its legs hear in this tick; `None` for a spare one, and while the votes are counted.
    pub(super) key: Option<ListenKey>,
    /// Votes for `key`, less those against it (Boyer and Moore's majority vote).
    votes: u32,
    /// Whether any leg follows it.
    is_followed: bool,
    /// Another feed that carries the same key.
    pub(super) next: Option<FeedId>,
    /// The feed that it was made a twin of in this tick.
    parent: Option<FeedId>,
    /// An older feed that carries the same, and for how long it has, ms.
    beside: Option<(Option<FeedId>, u32)>,
    /// The feed that its legs go on with.
    pub(super) merged: Option<FeedId>,
    pub(super) is_coded: bool,
    is_spare: bool,
}

impl Place {
    /// A spare one.
    pub(super) fn new(feed: Box<Feed>) -> Self {
        Self {
            feed,
            key: None,
            votes: 0,
            is_followed: false,
            next: None,
            parent: None,
            beside: None,
            merged: None,
            is_coded: false,
            is_spare: true,
        }
    }

    pub(super) fn is_spare(&self) -> bool {
        self.is_spare
    }

    /// Whether it can become a feed of `codec`.
    pub(super) fn is_spare_for(&self, codec: Codec) -> bool {
        self.is_spare && self.feed.suits(codec)
    }

    pub(super) fn carries(&self, key: ListenKey, codec: Codec) -> bool {
        !self.is_spare && self.key == Some(key) && self.feed.codec() == codec
    }

    pub(super) fn begin(&mut self) {
        self.key = None;
        self.votes = 0;
        self.is_followed = false;
        self.next = None;
        self.parent = None;
        self.is_coded = false;
        self.end_merge();
    }

    /// All its legs have gone where it was merged into.
    pub(super) fn end_merge(&mut self) {
        self.is_spare |= self.merged.take().is_some();
    }

    /// A leg follows it, and hears `key` in this tick. The vote of one that wants another codec does not count.
    pub(super) fn vote(&mut self, key: ListenKey, codec: Codec) {
        self.is_followed = true;
        if codec != self.feed.codec() {
            return;
        }
        if self.votes == 0 {
            self.key = Some(key);
        }
        self.votes = if self.key == Some(key) { self.votes + 1 } else { self.votes - 1 };
    }

    /// Ends the votes: a feed that no leg follows is spare.
    pub(super) fn count(&mut self) {
        if !self.is_followed {
            self.rest();
        }
    }

    /// Nobody follows it any more.
    pub(super) fn rest(&mut self) {
        self.is_spare = true;
        self.beside = None;
    }

    /// Whether it has legs, but carries for none of them what they want.
    pub(super) fn is_deserted(&self) -> bool {
        !self.is_spare && self.key.is_none() && self.merged.is_none()
    }

    /// Carries this from now on.
    pub(super) fn start(&mut self, key: ListenKey, codec: Codec) {
        self.feed.adjust(codec);
        self.key = Some(key);
        self.beside = None;
        self.is_spare = false;
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

    /// Whether its legs can be moved to the other one, next to which it stands, without a click.
    pub(super) fn may_merge_into(&self, other: &Self) -> bool {
        let together_ms = self.beside.map_or(0, |(_, ms)| ms);
        other.key == self.key && self.feed.may_merge_into(&other.feed, together_ms)
    }

    /// Its legs go on with the other one; it is spare from the next tick on.
    pub(super) fn merge_into(&mut self, other: Option<FeedId>) {
        self.merged = other;
        self.key = None;
        self.beside = None;
    }

    /// Takes the part of a feed of a room with another rate.
    pub(super) fn continue_from(&mut self, old: &mut Self) {
        self.feed.continue_from(&mut old.feed);
        self.is_spare = false;
        self.beside = old.beside;
    }
}
