//! Feeds that no leg follows, and how many there should be.

use confab_codec::Codec;
use confab_fetch::fetch_all;

use super::{Demand, Feed};

/// What was asked for and has not come after so many ticks is asked for again.
const PATIENCE: u8 = 10;

/// Coders of one kind in a room.
#[derive(Debug)]
struct Kind {
    coder: Codec,
    /// Its feeds are so small that there is one for each leg.
    is_light: bool,
    /// Legs that may need one.
    legs: usize,
    /// Feeds that legs follow.
    used: usize,
    spare: usize,
    /// Legs for which there was none in the last tick.
    short: usize,
    /// Feeds that were asked for, and for how many ticks they are waited for.
    asked: usize,
    patience: u8,
}

impl Kind {
    fn new(coder: Codec) -> Self {
        Self { coder, is_light: false, legs: 0, used: 0, spare: 0, short: 0, asked: 0, patience: 0 }
    }

    fn all(&self) -> usize {
        self.used + self.spare
    }

    /// How many should be spare: the more talk, and the more might, the more may begin in one tick. Opus takes much memory,
    /// and a fork of it as long as two encodes.
    fn reserve(&self) -> usize {
        if self.is_light {
            return self.legs;
        }
        let share = if self.coder.is_packetized() { 64 } else { 16 };
        Feed::FEW + self.used / 2 + self.legs / share
    }

    fn wanted(&self) -> usize {
        self.legs.min(self.used + self.short + self.reserve())
    }

    /// How many are to be asked for now: none while at least half of the reserve is there or on its way.
    fn demand(&mut self) -> usize {
        self.patience = self.patience.saturating_sub(1);
        if self.patience == 0 {
            self.asked = 0;
        }
        let there = self.spare + self.asked;
        let missing = self.wanted().saturating_sub(self.used + there);
        self.short = 0;
        if missing == 0 || there >= self.reserve() / 2 {
            return 0;
        }
        self.asked += missing;
        self.patience = PATIENCE;
        missing
    }

    /// Whether one can go: after a peak twice of what is wanted stays, lest it is made and freed again and again.
    fn has_surplus(&self) -> bool {
        self.spare > 0 && self.all() > self.legs.min(2 * self.wanted())
    }
}

/// The spare feeds of one room.
#[derive(Debug)]
pub(super) struct Stock {
    kinds: Vec<Kind>,
    /// Of all kinds.
    #[expect(
        clippy::vec_box,
        reason = "a feed comes and goes in its box: a worker neither allocates nor frees"
    )]
    spare: Vec<Box<Feed>>,
}

/// There are not as many kinds of coders that a call can negotiate.
const KINDS: usize = 16;

impl Stock {
    pub(super) fn new() -> Self {
        Self { kinds: Vec::with_capacity(KINDS), spare: Vec::new() }
    }

    /// Makes place for so many feeds.
    pub(super) fn grow(&mut self, feeds: usize) {
        self.spare.reserve(feeds.saturating_sub(self.spare.len()));
    }

    /// A leg comes that is sent this.
    pub(super) fn enter(&mut self, codec: Codec) {
        self.kind(codec).legs += 1;
    }

    /// A leg goes that was sent this.
    pub(super) fn leave(&mut self, codec: Codec) {
        let kind = self.kind(codec);
        kind.legs = kind.legs.saturating_sub(1);
    }

    /// Takes in a feed that was made elsewhere; it comes back if there is no place for it.
    pub(super) fn add(&mut self, feed: Box<Feed>) -> Option<Box<Feed>> {
        if self.kinds.iter().map(Kind::all).sum::<usize>() >= self.spare.capacity() {
            return Some(feed);
        }
        let kind = self.kind(feed.codec());
        kind.is_light = feed.is_light();
        kind.spare += 1;
        kind.asked = kind.asked.saturating_sub(1);
        self.spare.push(feed);
        None
    }

    /// A feed for a leg.
    pub(super) fn take(&mut self, codec: Codec) -> Option<Box<Feed>> {
        let kind = self.kind(codec);
        if kind.spare == 0 {
            kind.short += 1;
            return None;
        }
        kind.spare -= 1;
        kind.used += 1;
        self.pick(codec.coder())
    }

    /// No leg follows the feed any more.
    pub(super) fn put_back(&mut self, feed: Box<Feed>) {
        let kind = self.kind(feed.codec());
        kind.used -= 1;
        kind.spare += 1;
        self.spare.push(feed);
    }

    /// Fetches what a tick touches.
    pub(super) fn fetch_rest(&self) {
        fetch_all(&self.kinds);
    }

    /// After each tick: feeds that the control side is to make.
    pub(super) fn demands(&mut self) -> impl Iterator<Item = Demand> {
        let demands = self.kinds.iter_mut().map(|kind| Demand { coder: kind.coder, feeds: kind.demand() });
        demands.filter(|demand| demand.feeds > 0)
    }

    /// A feed that can go.
    pub(super) fn surplus(&mut self) -> Option<Box<Feed>> {
        let kind = self.kinds.iter_mut().find(|kind| kind.has_surplus())?;
        kind.spare -= 1;
        let coder = kind.coder;
        self.pick(coder)
    }

    pub(super) fn feeds_mut(&mut self) -> impl Iterator<Item = &mut Feed> {
        self.spare.iter_mut().map(Box::as_mut)
    }

    fn pick(&mut self, coder: Codec) -> Option<Box<Feed>> {
        let at = self.spare.iter().rposition(|feed| feed.codec().coder() == coder)?;
        Some(self.spare.swap_remove(at))
    }

    fn kind(&mut self, codec: Codec) -> &mut Kind {
        let coder = codec.coder();
        let at = self.kinds.iter().position(|kind| kind.coder == coder);
        let at = at.unwrap_or_else(|| {
            self.kinds.push(Kind::new(coder));
            self.kinds.len() - 1
        });
        &mut self.kinds[at]
    }
}
