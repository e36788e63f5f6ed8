//! One encoder for all who hear the same thing in the same codec, and the way from one encoder to another without a
//! click.
//!
//! A *feed* is an encoder with what leads to it, and the legs that follow it: their peers' decoders have its state. Each
//! tick every leg votes with what it hears (a [`ListenKey`]) and its codec. Legs that leave the majority of their feed, as
//! one does who begins to talk, go on with a *fork*: a feed that is made a twin of theirs at that moment. Feeds that have
//! carried the same for long enough that no decoder can tell them apart are merged into the oldest. So nobody is ever
//! moved between encoders of different states, and in a quiet room there is one encode per codec. What is left of a merge
//! is heard least by those who have just come: their feeds do not wait.
//!
//! An encoder without state is small, and each leg brings a feed of such. One of Opus is as large as all the rest of a leg,
//! so of others a room has no more than are likely to be needed: one for each leg where there are few, else those that are
//! followed and a reserve for who may begin to talk in one tick, which is larger the more do. The control side lends them: it
//! is told when half of the reserve is gone ([`Demand`]), and gets back what there is too much of. Should more begin at once
//! than there are feeds for, the rest of them are sent nothing until there are: a packet that is missing is concealed, one of
//! a strange encoder is a click, and one with his own voice an echo.

use std::num::NonZeroU32;

use confab_codec::Codec;
use confab_fetch::{fetch, fetch_all};
use confab_mixer::{Desk, ListenKey, Mixer, Slot};

pub use feed::Feed;
pub(crate) use feed::Intake;

use crate::format::Format;
use follower::Follower;
use place::Place;
use stock::Stock;

mod feed;
mod follower;
mod place;
mod stock;

/// Feeds that a room needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// For which codec, however it is set.
    pub coder: Codec,
    /// How many.
    pub feeds: usize,
}

/// A feed that is followed by a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FeedId(NonZeroU32);

impl FeedId {
    fn new(index: usize) -> Self {
        Self(NonZeroU32::MIN.saturating_add(index as u32))
    }

    fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// What a tick gave the legs of one feed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Coded<'a> {
    octets: &'a [u8],
    ends: &'a [usize],
    /// Nothing but digital silence was coded.
    pub(crate) is_silence: bool,
}

impl<'a> Coded<'a> {
    /// For a codec that codes whole packets those that are full now, an empty one standing for one that is not to be
    /// sent; else one run of octets that may be cut at any ms.
    pub(crate) fn pieces(self) -> impl Iterator<Item = &'a [u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(self.ends).filter_map(move |(start, &end)| self.octets.get(start..end))
    }
}

/// The feeds of one room, and its legs as their followers, by the same indices as in the room. In each tick: once
/// [`Feeds::choose`], then [`Feeds::coded`] for each leg.
#[derive(Debug)]
pub(crate) struct Feeds {
    followers: Vec<Follower>,
    /// How each leg is to be sent, which its follower knows in short.
    codecs: Vec<Codec>,
    /// By [`FeedId`]: those that are followed. The few first.
    places: Vec<Option<Place>>,
    stock: Stock,
    /// By [`ListenKey`]: the first feed that carries it in this tick; the others follow in [`Place::next`].
    first_of: Vec<Option<FeedId>>,
    interval_ms: u32,
    /// Since the room began, with this tick, ms: packets of the same length are full at the same ticks in all feeds.
    elapsed_ms: u64,
    /// Encodes so far.
    encodes: u64,
    /// Legs for which there was no feed, times ticks.
    short: u64,
}

impl Feeds {
    /// Of a room that mixes in `format`.
    pub(crate) fn new(format: Format) -> Self {
        Self {
            followers: Vec::new(),
            codecs: Vec::new(),
            places: Vec::new(),
            stock: Stock::new(),
            first_of: Vec::new(),
            interval_ms: format.interval_ms.into(),
            elapsed_ms: 0,
            encodes: 0,
            short: 0,
        }
    }

    /// Fetches what a tick touches.
    pub(crate) fn fetch(&self) {
        fetch(&self.followers);
        fetch(&self.stock);
    }

    /// Once that is there: what it points to.
    pub(crate) fn fetch_rest(&self) {
        fetch_all(&self.followers);
        fetch_all(&self.places);
        fetch_all(&self.first_of);
        self.stock.fetch_rest();
    }

    /// Once that is there: the feeds.
    pub(crate) fn fetch_feeds(&self) {
        self.places.iter().flatten().for_each(|place| place.feed.fetch());
    }

    /// Once those are there: what they point to.
    pub(crate) fn fetch_rest_of_feeds(&self) {
        self.places.iter().flatten().for_each(|place| place.feed.fetch_rest());
    }

    /// Takes in the next leg, which is in the mix at `slot` if it is in it at all, and makes place for a feed of its own.
    pub(crate) fn enter(&mut self, slot: Option<Slot>, codec: Codec) {
        self.followers.push(Follower::new(slot, codec));
        self.codecs.push(codec);
        let legs = self.followers.len();
        self.first_of.resize(legs.max(self.first_of.len()), None);
        self.places.reserve(legs.saturating_sub(self.places.len()));
        self.stock.grow(legs);
        if slot.is_some() {
            self.stock.enter(codec);
        }
    }

    /// A leg leaves the mix, but stays among the legs. A feed that is not needed any more comes back.
    pub(crate) fn leave(&mut self, leg: usize) -> Option<Box<Feed>> {
        self.abandon(leg);
        self.followers[leg].slot = None;
        self.stock.leave(self.codecs[leg]);
        self.stock.surplus()
    }

    /// Takes a leg out of the legs; the last one takes its index.
    pub(crate) fn remove(&mut self, leg: usize) {
        self.followers.swap_remove(leg);
        self.codecs.swap_remove(leg);
    }

    /// Takes in a feed that was made elsewhere; it comes back if there is no place for it.
    pub(crate) fn add(&mut self, feed: Box<Feed>) -> Option<Box<Feed>> {
        self.stock.add(feed)
    }

    /// A leg is to be sent another codec, for which it may bring a feed. One that is not needed any more comes back.
    pub(crate) fn recode(&mut self, leg: usize, codec: Codec, feed: Option<Box<Feed>>) -> Option<Box<Feed>> {
        let old = self.codecs[leg];
        self.set(leg, codec);
        if self.followers[leg].slot.is_none() {
            return feed;
        }
        self.abandon(leg);
        self.stock.leave(old);
        self.stock.enter(codec);
        let surplus = self.stock.surplus();
        let refused = feed.and_then(|feed| self.stock.add(feed));
        surplus.or(refused)
    }

    /// How a leg's codec is set, which its feed can follow.
    pub(crate) fn set(&mut self, leg: usize, codec: Codec) {
        self.codecs[leg] = codec;
        self.followers[leg].codec = codec.id();
    }

    /// Encodes so far: what sharing saves shows here.
    pub(crate) fn encodes(&self) -> u64 {
        self.encodes
    }

    /// Legs that were sent nothing as there was no feed for them, times ticks.
    pub(crate) fn short(&self) -> u64 {
        self.short
    }

    /// After each tick: feeds that the control side is to make.
    pub(crate) fn demands(&mut self) -> impl Iterator<Item = Demand> {
        self.stock.demands()
    }

    /// A feed that is not needed any more.
    pub(crate) fn surplus(&mut self) -> Option<Box<Feed>> {
        self.stock.surplus()
    }

    /// Lets each leg go on with a feed that carries what it hears.
    pub(crate) fn choose(&mut self, mixer: &Mixer) {
        self.elapsed_ms += u64::from(self.interval_ms);
        self.begin();
        for follower in &self.followers {
            let (Some(slot), Some(id)) = (follower.slot, follower.feed) else { continue };
            if let Some(place) = place_mut(&mut self.places, id) {
                place.vote(mixer.listening(slot), follower.codec);
            }
        }
        self.count();
        for leg in 0..self.followers.len() {
            if let Some(slot) = self.followers[leg].slot {
                self.settle(leg, mixer.listening(slot));
            }
        }
    }

    /// What the leg is sent in this tick, rendered and coded for the first of those who hear the same; `None` if there is no
    /// feed for it.
    pub(crate) fn coded(&mut self, leg: usize, mixer: &mut Mixer, desk: &mut Desk) -> Option<Coded<'_>> {
        let Self { followers, places, encodes, .. } = self;
        let place = place_mut(places, followers[leg].carrier?)?;
        if let Some(key) = place.key.filter(|_| !place.is_coded) {
            *encodes += place.feed.code(mixer.render(desk, key));
            place.is_coded = true;
        }
        Some(place.feed.coded())
    }

    /// How much of this tick's sound a leg misses that is sent nothing, ms: packets that are coded whole are missing whole.
    pub(crate) fn missed_ms(&self, leg: usize) -> u32 {
        let Codec::Opus(opus) = self.codecs[leg] else { return self.interval_ms };
        let packet_ms = u64::from(opus.packet_ms.max(10));
        let packets =
            (self.elapsed_ms + u64::from(self.interval_ms)) / packet_ms - self.elapsed_ms / packet_ms;
        (packets * packet_ms) as u32
    }

    /// Goes on in a room of another rate with intakes that were made for it, which must be as many of each kind as there are
    /// legs. What is replaced is left there.
    pub(crate) fn retune(&mut self, intakes: &mut [Intake]) {
        let followed = self.places.iter_mut().flatten().map(|place| &mut *place.feed);
        let mut replaced = 0;
        for feed in followed.chain(self.stock.feeds_mut()) {
            let fits = |intake: &Intake| feed.suits(intake.coder());
            let Some(at) = intakes.iter().skip(replaced).position(fits) else { continue };
            intakes.swap(replaced, replaced + at);
            feed.retune(&mut intakes[replaced]);
            replaced += 1;
        }
    }

    /// Forgets what was heard in the last tick.
    fn begin(&mut self) {
        for index in 0..self.places.len() {
            let Some(place) = &mut self.places[index] else { continue };
            if let Some(first) = place.begin().and_then(|key| self.first_of.get_mut(key.index())) {
                *first = None;
            }
            if place.merged.is_some() {
                self.release(FeedId::new(index));
            }
        }
        while self.places.pop_if(|last| last.is_none()).is_some() {}
    }

    /// Ends the votes: each feed goes on with what most of its legs hear, a feed without legs becomes spare, and those
    /// that no decoder can tell apart any more become one.
    fn count(&mut self) {
        for id in (0..self.places.len()).map(FeedId::new) {
            let Some(place) = self.place(id) else { continue };
            match place.key {
                _ if place.is_over() => self.release(id),
                Some(key) => self.enlist(id, key),
                None => {}
            }
        }
    }

    /// Finds what the leg follows from now on.
    fn settle(&mut self, leg: usize, key: ListenKey) {
        let Follower { feed, codec, .. } = self.followers[leg];
        let own = feed.map(|id| self.place(id).and_then(|place| place.merged).unwrap_or(id));
        let same = |place: &Place| place.carries(key, codec);
        let carrier = match own {
            Some(id) if self.place(id).is_some_and(same) => own,
            Some(_) => self.find(key, |place| same(place) && place.is_new_fork_of(own)),
            // Its peer has heard nothing yet: any encoder will do.
            None => self.find(key, same),
        };
        let carrier =
            carrier.or_else(|| self.fork(own, key, self.codecs[leg])).or_else(|| self.change(key, same));
        self.short += u64::from(carrier.is_none());
        let follower = &mut self.followers[leg];
        follower.carrier = carrier;
        follower.feed = carrier.or(own);
    }

    /// Lists a feed with those that carry `key`, or merges it into one that carries the same.
    fn enlist(&mut self, id: FeedId, key: ListenKey) {
        let codec = self.place(id).map(|place| place.feed.codec());
        let older = self.find(key, |place| Some(place.feed.codec()) == codec);
        let interval_ms = self.interval_ms;
        if let [Some(place), Some(neighbour)] = self.two(id, older) {
            place.stand_beside(older, interval_ms);
            if place.may_merge_into(neighbour) {
                neighbour.feed.welcome();
                place.merge_into(older);
                return self.places.iter_mut().flatten().for_each(|place| place.stand_by(id, older));
            }
        }
        self.list(id, key);
    }

    /// A feed with the state of `own` for who no longer hears what that one carries: `own` itself if none of its legs does.
    fn fork(&mut self, own: Option<FeedId>, key: ListenKey, codec: Codec) -> Option<FeedId> {
        let own = own.filter(|&id| self.place(id).is_some_and(|place| place.feed.suits(codec)));
        let deserted = own.filter(|&id| self.place(id).is_some_and(Place::is_deserted));
        let id = deserted.or_else(|| self.fresh(codec))?;
        let elapsed_ms = self.elapsed_ms;
        match self.two(id, own) {
            [Some(fork), Some(parent)] => fork.fork_from(own, parent),
            [Some(fresh), None] if deserted.is_none() => fresh.feed.align(elapsed_ms),
            _ => {}
        }
        self.place_mut(id)?.start(key, codec);
        self.list(id, key);
        Some(id)
    }

    /// For want of a feed of its own, one that carries the same; its decoder has to make do with what led to it.
    fn change(&mut self, key: ListenKey, same: impl Fn(&Place) -> bool) -> Option<FeedId> {
        let id = self.find(key, same)?;
        self.place_mut(id)?.feed.welcome();
        Some(id)
    }

    /// A spare feed, in a place where it can be followed.
    fn fresh(&mut self, codec: Codec) -> Option<FeedId> {
        let place = Place::new(self.stock.take(codec)?);
        let hole = self.places.iter().position(Option::is_none);
        let index = hole.unwrap_or_else(|| {
            self.places.push(None);
            self.places.len() - 1
        });
        self.places[index] = Some(place);
        Some(FeedId::new(index))
    }

    /// A leg goes its own way; its feed is over if none other follows it.
    fn abandon(&mut self, leg: usize) {
        let follower = &mut self.followers[leg];
        follower.carrier = None;
        let Some(own) = follower.feed.take() else { return };
        if !self.followers.iter().any(|other| other.feed == Some(own)) {
            self.release(own);
        }
    }

    /// A feed that no leg follows becomes spare.
    fn release(&mut self, id: FeedId) {
        let Some(place) = self.places.get_mut(id.index()).and_then(Option::take) else { return };
        if let Some(first) = place.key.and_then(|key| self.first_of.get_mut(key.index())) {
            *first = None;
        }
        self.stock.put_back(place.feed);
        self.places.iter_mut().flatten().for_each(|place| place.stand_alone(id));
    }

    /// Puts a feed at the head of those that carry `key`.
    fn list(&mut self, id: FeedId, key: ListenKey) {
        let Some(head) = self.first_of.get_mut(key.index()) else { return };
        let next = head.replace(id);
        if let Some(place) = self.place_mut(id) {
            place.next = next;
        }
    }

    fn first(&self, key: ListenKey) -> Option<FeedId> {
        self.first_of.get(key.index()).copied().flatten()
    }

    /// The first of the feeds that carry `key` for which `wanted` holds.
    fn find(&self, key: ListenKey, wanted: impl Fn(&Place) -> bool) -> Option<FeedId> {
        let next = |id: &FeedId| self.place(*id).and_then(|place| place.next);
        std::iter::successors(self.first(key), next).find(|id| self.place(*id).is_some_and(&wanted))
    }

    fn place(&self, id: FeedId) -> Option<&Place> {
        self.places.get(id.index()).and_then(Option::as_ref)
    }

    fn place_mut(&mut self, id: FeedId) -> Option<&mut Place> {
        place_mut(&mut self.places, id)
    }

    /// A place and, if it is another one, a second.
    fn two(&mut self, id: FeedId, other: Option<FeedId>) -> [Option<&mut Place>; 2] {
        let other = other.filter(|&other| other != id && other.index() < self.places.len());
        let Some(other) = other else { return [self.place_mut(id), None] };
        let pair = self.places.get_disjoint_mut([id.index(), other.index()]);
        pair.map_or([None, None], |pair| pair.map(Option::as_mut))
    }
}

fn place_mut(places: &mut [Option<Place>], id: FeedId) -> Option<&mut Place> {
    places.get_mut(id.index()).and_then(Option::as_mut)
}

#[cfg(test)]
mod tests;
