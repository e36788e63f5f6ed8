//! One room's audio: its mixer, its legs, and the tick that joins them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use confab_codec::Codec;
use confab_mixer::{Control, Event as MixEvent, MemberConfig, Mixer, MixerConfig, Playback, Slot};
use confab_rtp::Load;

use crate::change::StreamChange;
use crate::clock::Clock;
use crate::event::{DigitSource, Event, LegId, PlaybackId};
use crate::feeds::Feeds;
use crate::format::Format;
use crate::leg::Leg;
use crate::outbox::{Channel, Outbox};
use crate::relief::Relief;
use crate::retune::Retuned;
use crate::tap::Tap;

/// A tick that begins later than this after it was due is counted as late.
pub const LATE: Duration = Duration::from_millis(5);

/// Whether a leg is silent, and what its line is like, is looked at in each so-manieth tick, spread over the legs.
const TICKS_PER_LOOK: u64 = 8;

/// Legs for which a new room has place at once.
const USUAL_LEGS: usize = 16;

/// What a room is made of.
#[derive(Clone, Debug)]
pub struct RoomConfig {
    /// How it mixes.
    pub mixer: MixerConfig,
    /// For the times in RTCP.
    pub clock: Clock,
    /// When a leg's silence is told.
    pub silence: SilenceLimits,
}

/// For how long a leg may be silent before [`Event::LegSilent`] is told; `None`: for ever.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SilenceLimits {
    /// In a call.
    pub talking: Option<Duration>,
    /// On hold, or when we said that we do not want to receive.
    pub on_hold: Option<Duration>,
}

impl Default for SilenceLimits {
    /// 30 s, and 300 s on hold.
    fn default() -> Self {
        Self { talking: Some(Duration::from_secs(30)), on_hold: Some(Duration::from_secs(300)) }
    }
}

/// A room. Made by the control side; from then on it lives in a worker.
pub struct Room {
    format: Format,
    clock: Clock,
    silence: SilenceLimits,
    mixer: Mixer,
    #[allow(
        clippy::vec_box,
        reason = "a leg comes and goes in its box: a worker neither allocates nor frees"
    )]
    legs: Vec<Box<Leg>>,
    /// The same legs, as few octets as it takes to find one among thousands.
    ids: Vec<LegId>,
    feeds: Feeds,
    /// Its ticks, and those that came late.
    load: Load,
    relief: Relief,
}

impl Room {
    /// An empty room.
    #[must_use]
    pub fn new(config: RoomConfig) -> Self {
        let format = Format { rate: config.mixer.rate, interval_ms: config.mixer.interval_ms };
        Self {
            format,
            clock: config.clock,
            silence: config.silence,
            mixer: Mixer::new(config.mixer),
            legs: Vec::with_capacity(USUAL_LEGS),
            ids: Vec::with_capacity(USUAL_LEGS),
            feeds: Feeds::new(format),
            load: Load::default(),
            relief: Relief::default(),
        }
    }

    /// How it mixes.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// How many legs are in it; their indices are below.
    #[must_use]
    pub fn legs(&self) -> usize {
        self.legs.len()
    }

    /// A leg's index, which changes when a leg is stopped: the last leg takes the place of the one that goes.
    #[must_use]
    pub fn index_of(&self, leg: LegId) -> Option<usize> {
        self.ids.iter().position(|&other| other == leg)
    }

    /// Makes place in `outbox` for the datagrams of one tick; not for the audio path, but whenever legs have changed.
    pub fn reserve(&self, outbox: &mut Outbox) {
        outbox.reserve(self.legs.iter().map(|leg| leg.most_datagrams()));
    }

    /// Takes a leg in and makes place for all that its ticks will need. It joins silent and deaf.
    pub fn start(&mut self, mut leg: Box<Leg>) {
        leg.slot = Some(self.mixer.add(MemberConfig::default()));
        self.feeds.grow(self.legs.len() + 1);
        if let Some(feed) = leg.brought.take() {
            self.feeds.add(feed);
        }
        leg.ease(self.relief.max_complexity);
        self.shelve(leg);
    }

    /// Takes a leg in that is never to be ticked.
    pub fn shelve(&mut self, leg: Box<Leg>) {
        self.ids.push(leg.id);
        self.legs.push(leg);
    }

    /// Takes a leg out of the mix; it stays among the legs.
    pub fn leave(&mut self, leg: LegId, events: &mut impl FnMut(Event)) {
        let Some(index) = self.index_of(leg) else { return };
        let Some(slot) = self.legs[index].slot.take() else { return };
        self.mixer.remove(slot).filter_map(|event| told(event, |_| Some(leg))).for_each(events);
        let coder = self.legs[index].coder;
        self.take_feed(index, coder);
    }

    /// Says goodbye to a leg's peer and hands the leg back. What it was in the mix is over by [`Room::leave`].
    pub fn stop(&mut self, leg: LegId, now: Instant, outbox: &mut Outbox) -> Option<Box<Leg>> {
        let index = self.index_of(leg)?;
        self.legs[index].goodbye(index, now, &self.clock, outbox);
        self.release(leg)
    }

    /// Hands a leg over that goes on in another room. What it was in the mix is over by [`Room::leave`].
    pub fn release(&mut self, leg: LegId) -> Option<Box<Leg>> {
        let index = self.index_of(leg)?;
        self.ids.swap_remove(index);
        Some(self.legs.swap_remove(index))
    }

    /// Takes a leg in that comes from another room, as [`Room::start`] does; what is left in `change` is to be freed
    /// elsewhere.
    pub fn take_over(&mut self, mut leg: Box<Leg>, now: Instant, change: &mut StreamChange) {
        let (id, on_hold) = (leg.id, leg.is_on_hold());
        leg.rehouse(now, self.format.interval_ms, change);
        self.start(leg);
        self.set(id, Control::Hold(on_hold));
    }

    /// Says goodbye to all peers.
    pub fn stop_all(&mut self, now: Instant, outbox: &mut Outbox) {
        for (index, leg) in self.legs.iter_mut().enumerate() {
            leg.goodbye(index, now, &self.clock, outbox);
        }
    }

    /// Changes how a leg speaks and hears.
    pub fn set(&mut self, leg: LegId, control: Control) {
        if let Some(slot) = self.slot(leg) {
            self.mixer.set(slot, control);
        }
    }

    /// A leg is on hold or no longer: nothing of it is heard, and it may be silent for longer.
    pub fn hold(&mut self, leg: LegId, on: bool, now: Instant) {
        if let Some(held) = self.leg(leg) {
            held.hold(now, on);
        }
        self.set(leg, Control::Hold(on));
    }

    /// Leaves out what there is no time for, or takes it up again; without a click.
    pub fn ease(&mut self, relief: Relief) {
        self.relief = relief;
        self.mixer.allow_denoising(!relief.no_denoising);
        self.mixer.limit_talkers(relief.max_talkers);
        self.legs.iter_mut().for_each(|leg| leg.ease(relief.max_complexity));
    }

    /// The call was renegotiated; what is left in `change` is to be freed elsewhere.
    pub fn update(&mut self, leg: LegId, now: Instant, change: &mut StreamChange) {
        let Some(index) = self.index_of(leg) else { return };
        let coder = self.legs[index].coder;
        if !self.legs[index].update(now, change) || self.legs[index].slot.is_none() {
            return;
        }
        self.take_feed(index, coder);
        if let Some(feed) = change.feed.take() {
            self.feeds.add(feed);
        }
        change.feed = self.legs[index].brought.take();
    }

    /// Encodes so far: what sharing saves shows here.
    #[must_use]
    pub fn encodes(&self) -> u64 {
        self.feeds.encodes()
    }

    /// Goes on at another rate, without a click; what is left in `new` is to be freed elsewhere.
    pub fn retune(&mut self, new: &mut Retuned) {
        new.mixer.adopt(&mut self.mixer, &mut new.playbacks);
        new.feeds.adopt(&mut self.feeds);
        std::mem::swap(&mut self.mixer, &mut new.mixer);
        std::mem::swap(&mut self.feeds, &mut new.feeds);
        self.format = new.format;
        for (id, playout) in &mut new.playouts {
            if let Some(leg) = self.leg(*id) {
                leg.retune(playout);
            }
        }
    }

    /// Plays to one leg or to all; the playback comes back at once if there is no such leg.
    pub fn play(&mut self, leg: Option<LegId>, playback: Playback) -> Option<Playback> {
        let slot = leg.and_then(|leg| self.slot(leg));
        if leg.is_some() && slot.is_none() {
            return Some(playback);
        }
        self.mixer.play(slot, playback);
        None
    }

    /// Stops a playback.
    pub fn stop_playback(&mut self, playback: u64) {
        self.mixer.stop(playback);
    }

    /// Tells how loud each leg has been lately.
    pub fn tell_levels(&self, events: &mut impl FnMut(Event)) {
        for leg in &self.legs {
            if let Some(slot) = leg.slot {
                events(Event::Level { leg: leg.id, dbov: self.mixer.level(slot) });
            }
        }
    }

    /// Presses a key towards a leg's phone, by telephone-events (RFC 4733); false if they were not negotiated, or if too
    /// many wait.
    pub fn send_digit(&mut self, leg: LegId, digit: char) -> bool {
        self.leg(leg).is_some_and(|leg| leg.send_digit(digit))
    }

    /// Playbacks that are over, to be freed elsewhere.
    pub fn retired(&mut self) -> impl Iterator<Item = Playback> {
        self.mixer.retired()
    }

    /// Takes what the last tick gave.
    pub fn tap(&mut self, tap: &mut Tap) {
        tap.take(&mut self.mixer, &self.legs);
    }

    /// Takes a datagram that came at `now` for the leg of this index; a key that it tells.
    pub fn receive(
        &mut self,
        leg: usize,
        now: Instant,
        channel: Channel,
        source: SocketAddr,
        datagram: &[u8],
    ) -> Option<Event> {
        self.legs.get_mut(leg)?.receive(now, &self.clock, channel, source, datagram)
    }

    /// Whether more audio may have come by `now` for the leg of this index than was taken: if not, its socket need not be
    /// read until it is empty.
    #[must_use]
    pub fn expects_more(&self, leg: usize, now: Instant) -> bool {
        self.legs.get(leg).is_some_and(|leg| leg.expects_more(now))
    }

    /// A datagram of the leg of this index could not be sent.
    pub fn count_send_failure(&mut self, leg: usize) {
        if let Some(leg) = self.legs.get_mut(leg) {
            leg.count_send_failure();
        }
    }

    /// More came for the leg of this index than one tick may read.
    pub fn count_over_budget(&mut self, leg: usize) {
        if let Some(leg) = self.legs.get_mut(leg) {
            leg.count_over_budget();
        }
    }

    /// A tick is left out: media time passes all the same.
    pub fn skip(&mut self) {
        self.legs.iter_mut().for_each(|leg| leg.skip(self.format.interval_ms.into()));
    }

    /// Mixes one frame of what was received, and puts what each leg hears into `outbox`. The tick was due at `due` and
    /// began at `now`.
    pub fn tick(&mut self, due: Instant, now: Instant, outbox: &mut Outbox, events: &mut impl FnMut(Event)) {
        self.load.ticks += 1;
        self.load.late_ticks += u64::from(now.saturating_duration_since(due) > LATE);
        self.pull(due, now, events);
        self.mix(events);
        self.choose_feeds();
        self.write(now, outbox);
    }

    fn pull(&mut self, due: Instant, now: Instant, events: &mut impl FnMut(Event)) {
        for (index, leg) in (self.load.ticks..).zip(&mut self.legs) {
            if let (Some(slot), Some(frame)) = (leg.slot, leg.pull(due)) {
                self.mixer.input(slot).copy_from_slice(frame);
            }
            if !index.is_multiple_of(TICKS_PER_LOOK) {
                continue;
            }
            if let Some(for_ms) = leg.silence(now, self.silence) {
                events(Event::LegSilent { leg: leg.id, for_ms });
            }
            if let Some((quality, verdict)) = leg.watch(now, self.load) {
                events(Event::LegQuality { leg: leg.id, quality, verdict });
            }
        }
    }

    fn mix(&mut self, events: &mut impl FnMut(Event)) {
        let legs = &self.legs;
        let leg = |slot| legs.iter().find(|leg| leg.slot == Some(slot)).map(|leg| leg.id);
        self.mixer.tick().filter_map(|event| told(event, leg)).for_each(events);
    }

    /// Lets each leg go on with a feed that carries what it hears.
    fn choose_feeds(&mut self) {
        let Self { legs, feeds, mixer, .. } = self;
        feeds.begin();
        for leg in legs.iter() {
            if let (Some(slot), Some(feed)) = (leg.slot, leg.feed) {
                feeds.vote(feed, mixer.listening(slot), leg.codec);
            }
        }
        feeds.count();
        for leg in legs {
            if let Some(slot) = leg.slot {
                leg.feed = feeds.settle(leg.feed, mixer.listening(slot), leg.codec);
            }
        }
    }

    fn write(&mut self, now: Instant, outbox: &mut Outbox) {
        for (index, leg) in self.legs.iter_mut().enumerate().filter(|(_, leg)| leg.slot.is_some()) {
            match leg.feed {
                Some(feed) => leg.send(index, now, self.feeds.coded(feed, &mut self.mixer), outbox),
                None => leg.skip(self.format.interval_ms.into()),
            }
            leg.report(index, now, &self.clock, outbox);
        }
        self.feeds.advance();
    }

    /// Gives a leg a feed of its coder back in return for the one that it brought.
    fn take_feed(&mut self, index: usize, coder: Codec) {
        let own = self.legs[index].feed.take();
        let is_last = !self.legs.iter().any(|leg| leg.feed.is_some() && leg.feed == own);
        self.legs[index].brought = self.feeds.remove(coder, own, is_last);
    }

    fn slot(&self, leg: LegId) -> Option<Slot> {
        self.legs[self.index_of(leg)?].slot
    }

    fn leg(&mut self, leg: LegId) -> Option<&mut Box<Leg>> {
        self.index_of(leg).map(|index| &mut self.legs[index])
    }
}

/// What the mixer tells, of legs.
fn told(event: MixEvent, leg: impl Fn(Slot) -> Option<LegId>) -> Option<Event> {
    Some(match event {
        MixEvent::TalkStarted(slot) => Event::TalkStarted { leg: leg(slot)? },
        MixEvent::TalkStopped(slot) => Event::TalkStopped { leg: leg(slot)? },
        MixEvent::Digit(slot, digit) => Event::Digit { leg: leg(slot)?, digit, source: DigitSource::Inband },
        MixEvent::TooLoud(slot) => Event::TooLoud { leg: leg(slot)? },
        MixEvent::MutedTalk(slot) => Event::MutedTalk { leg: leg(slot)? },
        MixEvent::Floor { slot, on } => Event::Floor { leg: leg(slot)?, on },
        MixEvent::Echo { slot, on, delay_ms, loss_db } => {
            Event::Echo { leg: leg(slot)?, on, delay_ms, loss_db }
        }
        MixEvent::PlaybackDone(id) => Event::PlaybackDone { playback: PlaybackId(id) },
    })
}
