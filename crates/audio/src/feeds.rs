//! One encoder for all who hear the same thing in the same codec, and the way from one encoder to another without a
//! click.
//!
//! A *feed* is an encoder with what leads to it, and the legs that follow it: their peers' decoders have its state. Each
//! tick every leg says what it hears (a [`ListenKey`]) and in which codec. Legs that leave the majority of their feed, as
//! one does who begins to talk, go on with a *fork*: a feed that is made a twin of theirs at that moment. Feeds that have
//! carried the same for long enough that no decoder can tell them apart are merged into the oldest. So nobody is ever
//! moved between encoders of different states, and in a quiet room there is one encode per codec.
//!
//! Each leg brings one feed when it starts and takes one away when it ends, so there is always a spare one for a fork, and
//! nothing is allocated in between.

use confab_codec::Codec;
use confab_mixer::{ListenKey, Mixer};

pub use feed::Feed;

use crate::format::Format;
use place::Place;

mod feed;
mod place;

/// A feed that is followed by a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FeedId(u32);

impl FeedId {
    fn index(self) -> usize {
        self.0 as usize
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

/// The feeds of one room. In each tick: [`Feeds::begin`], a [`Feeds::vote`] for each leg that has a feed,
/// [`Feeds::count`], a [`Feeds::settle`] for each leg, and then [`Feeds::coded`].
#[derive(Debug)]
pub(crate) struct Feeds {
    /// By [`FeedId`]: followed by legs, or spare.
    places: Vec<Option<Place>>,
    /// By [`ListenKey`]: the first feed that carries it in this tick; the others follow in [`Place::next`].
    first_of: Vec<Option<FeedId>>,
    /// A frame at the room's rate.
    frame: Vec<i16>,
    interval_ms: u32,
    /// What was coded since the room began, ms: packets of the same length are full at the same ticks in all feeds.
    elapsed_ms: u64,
    /// Encodes so far.
    encodes: u64,
}

impl Feeds {
    /// Of a room that mixes in `format`.
    pub(crate) fn new(format: Format) -> Self {
        Self {
            places: Vec::new(),
            first_of: Vec::new(),
            frame: vec![0; format.frame()],
            interval_ms: format.interval_ms.into(),
            elapsed_ms: 0,
            encodes: 0,
        }
    }

    /// Makes place for so many legs at once: their feeds, and all that they may hear.
    pub(crate) fn grow(&mut self, legs: usize) {
        let places = legs.max(self.places.len());
        self.places.resize_with(places, || None);
        self.first_of.resize(places, None);
    }

    /// Takes in a feed that a leg brings, for which there is a place.
    pub(crate) fn add(&mut self, feed: Box<Feed>) {
        if let Some(hole) = self.places.iter_mut().find(|place| place.is_none()) {
            *hole = Some(Place::new(feed));
        }
    }

    /// Gives back a feed of the codec's kind for a leg that ends, or that changes its codec. `own` is the one that it
    /// followed; it is given back only if no other leg follows it, that is, if `is_last`.
    pub(crate) fn remove(&mut self, codec: Codec, own: Option<FeedId>, is_last: bool) -> Option<Box<Feed>> {
        self.places.iter_mut().flatten().for_each(Place::end_merge);
        if let Some(place) = own.filter(|_| is_last).and_then(|id| self.place_mut(id)) {
            place.rest();
        }
        let spare = |place: &Option<Place>| place.as_ref().is_some_and(|place| place.is_spare_for(codec));
        let hole = self.places.iter_mut().rfind(|place| spare(place))?;
        hole.take().map(|place| place.feed)
    }

    /// Encodes so far: what sharing saves shows here.
    pub(crate) fn encodes(&self) -> u64 {
        self.encodes
    }

    /// Forgets what was heard in the last tick.
    pub(crate) fn begin(&mut self) {
        self.first_of.fill(None);
        self.places.iter_mut().flatten().for_each(Place::begin);
    }

    /// A leg that follows `id` hears `key` in this tick, and wants it in `codec`.
    pub(crate) fn vote(&mut self, id: FeedId, key: ListenKey, codec: Codec) {
        if let Some(place) = self.place_mut(id) {
            place.vote(key, codec);
        }
    }

    /// Ends the votes: each feed goes on with what most of its legs hear, a feed without legs becomes spare, and those
    /// that no decoder can tell apart any more become one.
    pub(crate) fn count(&mut self) {
        for index in 0..self.places.len() as u32 {
            let id = FeedId(index);
            let Some(place) = self.place_mut(id) else { continue };
            place.count();
            if let Some(key) = place.key {
                self.enlist(id, key);
            }
        }
    }

    /// The feed that a leg follows from now on, `own` being the one until now; `None` if its codec's kind was never
    /// added.
    pub(crate) fn settle(&mut self, own: Option<FeedId>, key: ListenKey, codec: Codec) -> Option<FeedId> {
        let own = own.map(|id| self.place(id).and_then(|place| place.merged).unwrap_or(id));
        if own.and_then(|id| self.place(id)).is_some_and(|place| place.carries(key, codec)) {
            return own;
        }
        let same = |place: &Place| place.carries(key, codec);
        let joined = match own {
            // Its peer has heard nothing yet: any encoder will do.
            None => self.find(key, same),
            Some(_) => self.find(key, |place| same(place) && place.is_new_fork_of(own)),
        };
        joined.or_else(|| self.fork(own, key, codec)).or_else(|| self.find(key, same))
    }

    /// What the legs of this feed are sent in this tick; rendered and coded when it is asked for first.
    pub(crate) fn coded(&mut self, id: FeedId, mixer: &mut Mixer) -> Coded<'_> {
        let Self { places, frame, encodes, .. } = self;
        let Some(place) = places.get_mut(id.index()).and_then(Option::as_mut) else {
            return Coded::default();
        };
        if let Some(key) = place.key.filter(|_| !place.is_coded) {
            mixer.render(key, frame);
            *encodes += place.feed.code(frame);
            place.is_coded = true;
        }
        place.feed.coded()
    }

    /// The tick is over.
    pub(crate) fn advance(&mut self) {
        self.elapsed_ms += u64::from(self.interval_ms);
    }

    /// Goes on, in a room of another rate, where `old` stands: the feeds keep their ids and their legs. There must be as
    /// many places here as there, and as many spare feeds of each kind.
    pub(crate) fn adopt(&mut self, old: &mut Self) {
        self.elapsed_ms = old.elapsed_ms;
        self.encodes = old.encodes;
        for (index, theirs) in old.places.iter_mut().enumerate().take(self.places.len()) {
            let Some(theirs) = theirs.as_mut().filter(|place| !place.is_spare()) else { continue };
            let codec = theirs.feed.codec();
            let fits = |place: &Option<Place>| place.as_ref().is_some_and(|place| place.is_spare_for(codec));
            let Some(mine) = (0..self.places.len()).rfind(|&mine| fits(&self.places[mine])) else { continue };
            if let Some(place) = &mut self.places[mine] {
                place.continue_from(theirs);
            }
            self.places.swap(index, mine);
        }
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
                return place.merge_into(older);
            }
        }
        self.list(id, key);
    }

    /// A feed with the state of `own` for who no longer hears what that one carries: `own` itself if none of its legs does.
    fn fork(&mut self, own: Option<FeedId>, key: ListenKey, codec: Codec) -> Option<FeedId> {
        let own = own.filter(|&id| self.place(id).is_some_and(|place| place.feed.suits(codec)));
        let deserted = own.filter(|&id| self.place(id).is_some_and(Place::is_deserted));
        let id = deserted.or_else(|| self.spare(codec))?;
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

    fn spare(&self, codec: Codec) -> Option<FeedId> {
        let fits = |place: &Option<Place>| place.as_ref().is_some_and(|place| place.is_spare_for(codec));
        self.places.iter().position(fits).map(|index| FeedId(index as u32))
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
        self.places.get_mut(id.index()).and_then(Option::as_mut)
    }

    /// A place and, if it is another one, a second.
    fn two(&mut self, id: FeedId, other: Option<FeedId>) -> [Option<&mut Place>; 2] {
        let other = other.filter(|&other| other != id && other.index() < self.places.len());
        let Some(other) = other else { return [self.place_mut(id), None] };
        let pair = self.places.get_disjoint_mut([id.index(), other.index()]);
        pair.map_or([None, None], |pair| pair.map(Option::as_mut))
    }
}

#[cfg(test)]
mod tests;
