//! One room's audio: its mixer, its legs, and the tick that joins them.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use confab_fetch::{fetch, fetch_all};
use confab_mixer::{
    Control, Desk, DigitFinder, Event as MixEvent, MemberConfig, Mixer, MixerConfig, Playback, Slot,
};
use confab_rtp::Load;

use crate::change::StreamChange;
use crate::clock::Clock;
use crate::event::{DigitSource, Event, LegId, PlaybackId};
use crate::feeds::{Demand, Feed, Feeds};
use crate::format::Format;
use crate::leg::Leg;
use crate::outbox::{Channel, Most, Outbox};
use crate::phase::Phase;
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

/// When a tick was due, and when it began.
#[derive(Clone, Copy, Debug)]
pub struct Tick {
    /// Its nominal time.
    pub due: Instant,
    /// When it really began.
    pub now: Instant,
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
    phase: Phase,
    /// What the most demanding of its legs sends in a tick.
    most: Most,
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
            phase: Phase::new(format.interval_ms),
            most: Most::default(),
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

    /// Makes place for its ticks on `desk`, and in `outbox` for what so many legs are written at once; not for the audio path, but
    /// whenever legs or playbacks have come or changed.
    pub fn reserve(&self, desk: &mut Desk, outbox: &mut Outbox, legs: usize) {
        self.mixer.reserve(desk);
        outbox.reserve(legs, self.most);
    }

    /// Takes a leg in and makes place for all that its ticks will need. It joins silent and deaf.
    pub fn start(&mut self, mut leg: Box<Leg>) {
        leg.slot = Some(self.mixer.add(MemberConfig::default()));
        leg.ease(self.relief.max_complexity);
        let brought = leg.brought.take();
        let index = self.legs.len();
        self.shelve(leg);
        self.legs[index].brought = brought.and_then(|feed| self.feeds.add(feed));
    }

    /// Takes a leg in that is never to be ticked.
    pub fn shelve(&mut self, mut leg: Box<Leg>) {
        leg.lag_by(-self.phase.offset_us());
        self.most = self.most.max(leg.most_datagrams());
        self.feeds.enter(leg.slot, leg.codec);
        self.ids.push(leg.id);
        self.legs.push(leg);
    }

    /// Takes a leg out of the mix; it stays among the legs.
    pub fn leave(&mut self, leg: LegId, events: &mut impl FnMut(Event)) {
        let Some(index) = self.index_of(leg) else { return };
        let Some(slot) = self.legs[index].slot.take() else { return };
        self.mixer.remove(slot).filter_map(|event| told(event, |_| Some(leg))).for_each(events);
        self.legs[index].brought = self.feeds.leave(index);
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
        self.feeds.remove(index);
        let mut leg = self.legs.swap_remove(index);
        leg.lag_by(self.phase.offset_us());
        Some(leg)
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

    /// Takes what a control that follows may need, see [`Mixer::equip`]; what is not needed comes back, to be freed elsewhere.
    pub fn equip(&mut self, finder: Box<DigitFinder>) -> Option<Box<DigitFinder>> {
        self.mixer.equip(finder)
    }

    /// Changes how a leg speaks and hears. Digits can be looked for in its audio only after [`Room::equip`].
    pub fn set(&mut self, leg: LegId, control: Control) {
        let Some(leg) = self.index_of(leg).and_then(|index| self.legs.get_mut(index)) else { return };
        let Some(slot) = leg.slot else { return };
        self.mixer.set(slot, control);
        leg.withhold(self.mixer.withheld_below(slot));
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
        self.phase.keep(relief.keep_phase);
        for (index, leg) in self.legs.iter_mut().enumerate() {
            leg.ease(relief.max_complexity);
            self.feeds.set(index, leg.codec);
        }
    }

    /// The call was renegotiated; what is left in `change` is to be freed elsewhere.
    pub fn update(&mut self, leg: LegId, now: Instant, change: &mut StreamChange) {
        let Some(index) = self.index_of(leg) else { return };
        let is_recoded = self.legs[index].update(now, change);
        self.most = self.most.max(self.legs[index].most_datagrams());
        let codec = self.legs[index].codec;
        match is_recoded {
            true => change.feed = self.feeds.recode(index, codec, change.feed.take()),
            false => self.feeds.set(index, codec),
        }
    }

    /// Takes in feeds that the control side lends; those for which there is no place stay where they are.
    pub fn lend(&mut self, feeds: &mut Vec<Box<Feed>>) {
        while let Some(feed) = feeds.pop() {
            if let Some(refused) = self.feeds.add(feed) {
                return feeds.push(refused);
            }
        }
    }

    /// After each tick: feeds that are to be lent.
    pub fn demands(&mut self) -> impl Iterator<Item = Demand> {
        self.feeds.demands()
    }

    /// A feed that is not needed any more, to be freed elsewhere.
    pub fn surplus(&mut self) -> Option<Box<Feed>> {
        self.feeds.surplus()
    }

    /// Legs that were sent nothing as there was no feed for them, times ticks.
    #[must_use]
    pub fn feeds_short(&self) -> u64 {
        self.feeds.short()
    }

    /// Encodes so far: what sharing saves shows here.
    #[must_use]
    pub fn encodes(&self) -> u64 {
        self.feeds.encodes()
    }

    /// Goes on at another rate, without a click; what is left in `new` is to be freed elsewhere.
    pub fn retune(&mut self, new: &mut Retuned) {
        new.mixer.adopt(&mut self.mixer, &mut new.playbacks);
        std::mem::swap(&mut self.mixer, &mut new.mixer);
        while let Some(feed) = self.feeds.surplus() {
            new.surplus.push(feed);
        }
        self.feeds.retune(&mut new.intakes);
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
    pub fn tap(&self, desk: &mut Desk, tap: &mut Tap) {
        tap.take(&self.mixer, desk, &self.legs);
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

    /// Where alone the audio of the leg of this index comes from, until it is renegotiated or falls silent.
    #[must_use]
    pub fn settled(&self, leg: usize, now: Instant) -> Option<SocketAddr> {
        self.legs.get(leg)?.settled(now)
    }

    /// Fetches what a tick touches of the room itself.
    pub fn fetch(&self) {
        fetch(&self.legs);
        fetch(&self.format);
        fetch(&self.most);
        self.phase.fetch();
        self.mixer.fetch();
        self.feeds.fetch();
    }

    /// Once that is there: what it points to.
    pub fn fetch_rest(&self) {
        fetch_all(&self.legs);
        self.mixer.fetch_rest();
        self.feeds.fetch_rest();
    }

    /// Once that is there: the feeds.
    pub fn fetch_feeds(&self) {
        self.feeds.fetch_feeds();
    }

    /// Once those are there: what they point to.
    pub fn fetch_rest_of_feeds(&self) {
        self.feeds.fetch_rest_of_feeds();
    }

    /// Fetches what [`Room::receive`] and [`Room::pull`] touch of a leg.
    pub fn fetch_leg(&self, leg: usize) {
        self.legs.get(leg).into_iter().for_each(|leg| leg.fetch());
    }

    /// Once that is there: what it points to.
    pub fn fetch_rest_of(&self, legs: Range<usize>) {
        for leg in self.legs.get(legs).unwrap_or_default() {
            leg.fetch_rest();
            leg.slot.into_iter().for_each(|slot| self.mixer.fetch_input(slot));
        }
    }

    /// Fetches what [`Room::write`] touches of these legs.
    pub fn fetch_to_send(&self, legs: Range<usize>) {
        self.legs.get(legs).unwrap_or_default().iter().for_each(|leg| leg.fetch_to_send());
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

    /// When the tick after the one that was due at `due` is due: an interval later, or a little sooner or later than that while
    /// the room is on its way to a phase at which its talkers' packets wait less.
    pub fn advance(&mut self, due: Instant) -> Instant {
        let next = due + self.format.interval();
        let step = self.phase.advance();
        let change = Duration::from_micros(step.unsigned_abs().into());
        if step < 0 { next.checked_sub(change).unwrap_or(next) } else { next + change }
    }

    /// A tick is left out: media time passes all the same.
    pub fn skip(&mut self) {
        self.legs.iter_mut().for_each(|leg| leg.miss_a_tick(self.format.interval_ms.into()));
    }

    /// Mixes one frame of what was received, and puts what each leg hears into `outbox`.
    pub fn tick(&mut self, tick: Tick, desk: &mut Desk, outbox: &mut Outbox, events: &mut impl FnMut(Event)) {
        self.begin(tick);
        self.pull(tick, 0..self.legs.len(), events);
        self.mix(desk, events);
        self.write(tick, 0..self.legs.len(), desk, outbox);
    }

    /// Begins a tick. What follows is what [`Room::tick`] does at once, for those who serve some legs at a time: first
    /// [`Room::pull`] for all, then [`Room::mix`], then [`Room::write`] for all before the desk is used by another room.
    pub fn begin(&mut self, tick: Tick) {
        let late = tick.now.saturating_duration_since(tick.due);
        self.load.ticks += 1;
        self.load.late_ticks += u64::from(late > LATE);
        self.phase.tick(late);
    }

    /// Takes the frames of the legs of these indices from what was received.
    pub fn pull(&mut self, tick: Tick, legs: Range<usize>, events: &mut impl FnMut(Event)) {
        let first = self.load.ticks + legs.start as u64;
        for (index, leg) in (first..).zip(self.legs.get_mut(legs).unwrap_or_default()) {
            if let Some(slot) = leg.slot {
                self.mixer.input_with(slot, |frame| leg.pull(tick.due, frame));
            }
            if !index.is_multiple_of(TICKS_PER_LOOK) {
                continue;
            }
            self.feeds.set((index - self.load.ticks) as usize, leg.codec);
            leg.withhold(leg.slot.and_then(|slot| self.mixer.withheld_below(slot)));
            if leg.slot.is_some_and(|slot| self.mixer.is_talking(slot)) {
                leg.spare_us().into_iter().for_each(|spare| self.phase.note(spare));
            }
            if let Some(for_ms) = leg.silence(tick.now, self.silence) {
                events(Event::LegSilent { leg: leg.id, for_ms });
            }
            if let Some((quality, verdict)) = leg.watch(tick.now, self.load) {
                events(Event::LegQuality { leg: leg.id, quality, verdict });
            }
        }
    }

    /// Mixes the frames, and chooses what carries to each leg what it hears.
    pub fn mix(&mut self, desk: &mut Desk, events: &mut impl FnMut(Event)) {
        let legs = &self.legs;
        let leg = |slot| legs.iter().find(|leg| leg.slot == Some(slot)).map(|leg| leg.id);
        self.mixer.tick(desk).filter_map(|event| told(event, leg)).for_each(events);
        self.feeds.choose(&self.mixer);
    }

    /// Puts what the legs of these indices hear into `outbox`.
    pub fn write(&mut self, tick: Tick, legs: Range<usize>, desk: &mut Desk, outbox: &mut Outbox) {
        for (index, leg) in (legs.start..).zip(self.legs.get_mut(legs).unwrap_or_default()) {
            if leg.slot.is_none() {
                continue;
            }
            match self.feeds.coded(index, &mut self.mixer, desk) {
                Some(coded) => leg.send(index, tick.now, coded, outbox),
                None => leg.skip(self.feeds.missed_ms(index)),
            }
            leg.report(index, tick.now, &self.clock, outbox);
        }
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
