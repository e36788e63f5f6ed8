//! When in its interval a room ticks: soon after the packets of those who talk have come.
//!
//! A packet waits for its tick, half an interval on average if nobody cares. So a room looks for the phase at which its
//! talkers' packets wait least, and goes there so slowly that to all others it is no more than a clock that is a little
//! off, which jitter buffers are made for.
//!
//! The way there matters. Towards sooner nobody who talks may be passed: his packets would come behind the tick, and a frame
//! of his would have to be made up. Towards later everybody may: what he then has too much is taken out where he pauses.
//! The phase stays within an interval of where the room was opened, so that its media time never runs away from the clock.
//!
//! Rooms that share a worker must not crowd: one that is late at each tick finds others there before it, and moves to where it
//! begins in fact. That costs its packets nothing.

use std::time::Duration;

use confab_fetch::fetch;

/// The longest interval, ms.
const LONGEST: usize = 60;
/// Ticks between two decisions.
const PERIOD: u32 = 64;
/// Observations that a decision takes: a talker is looked at in each eighth tick.
const ENOUGH: u32 = 8;
/// What one observation weighs, and that one part in so many of all weight is forgotten with each decision: after some three
/// seconds half of it.
const WEIGHT: u16 = 64;
const FORGOTTEN: u16 = 4;
/// A packet is to be ready so many ms before the tick, and one that was stays good until it is so few.
const AIMED_AT: i32 = 3;
const KEPT: i32 = 2;
/// A packet that waits so little less than an interval, ms, does not for long: its buffer takes an interval away, and leaves
/// less than a phone may be late now and then. One that may so be missing counts as if it waited so many intervals.
const CLOSE: i32 = 5;
const AT_RISK: i32 = 2;
/// What packets wait less on average after a move that is worth it, ms.
const WORTH: f32 = 3.0;
/// What must be left to who talks most closely before the tick after a move towards sooner, µs.
const SAFE_US: i32 = 1500;
/// The phase changes by one part in so many of an interval at each tick.
const SLOWNESS: i32 = 200;
/// Others are there before a room whose every tick is late by so much, µs.
const CROWDED_US: i32 = 1000;
/// After it has made way it stays there for so many decisions: more than a minute.
const STAYS: u32 = 50;

/// The phase of one room. Times are in µs after its opening phase, unless they say otherwise.
#[derive(Debug)]
pub(crate) struct Phase {
    interval: i32,
    /// How much later in the interval it ticks than when it was opened, and is going to.
    offset: i32,
    wanted: i32,
    /// How often the packets of talkers were ready in each ms of the interval.
    ready: [u16; LONGEST],
    /// Observations since the last decision, and the latest that a packet was ready for its tick.
    seen: u32,
    latest_ready: i32,
    /// Ticks since the last look, and by how much the most punctual of them was late.
    ticks: u32,
    least_late: i32,
    /// Decisions for which it stays where it is, whatever packets wait.
    stays: u32,
    is_kept: bool,
}

impl Phase {
    /// Of a room that ticks so often.
    pub(crate) fn new(interval_ms: u16) -> Self {
        Self {
            interval: 1000 * i32::from(interval_ms).clamp(1, LONGEST as i32),
            offset: 0,
            wanted: 0,
            ready: [0; LONGEST],
            seen: 0,
            latest_ready: i32::MIN,
            ticks: 0,
            least_late: i32::MAX,
            stays: 0,
            is_kept: false,
        }
    }

    /// Fetches what a tick touches.
    pub(crate) fn fetch(&self) {
        fetch(&self.offset);
        fetch(&self.ticks);
    }

    /// By how much it ticks later in its interval than when it was opened, µs.
    pub(crate) fn offset_us(&self) -> i64 {
        self.offset.into()
    }

    /// Whether it stays where it is because its worker has too much to do for rooms to choose.
    pub(crate) fn keep(&mut self, on: bool) {
        self.is_kept = on;
    }

    /// The packets of one who talks could have been played so much sooner, µs.
    pub(crate) fn note(&mut self, spare_us: i32) {
        let ready = self.offset.saturating_sub(spare_us);
        let place = &mut self.ready[(ready.rem_euclid(self.interval) / 1000) as usize];
        *place = place.saturating_add(WEIGHT);
        self.seen += 1;
        self.latest_ready = self.latest_ready.max(ready);
    }

    /// A tick began so late.
    pub(crate) fn tick(&mut self, late: Duration) {
        self.least_late = self.least_late.min(i32::try_from(late.as_micros()).unwrap_or(i32::MAX));
        self.ticks += 1;
        if self.ticks == PERIOD {
            self.look();
            (self.ticks, self.least_late) = (0, i32::MAX);
        }
    }

    /// By how much longer than an interval it is to the next tick, µs.
    pub(crate) fn advance(&mut self) -> i32 {
        let most = self.interval / SLOWNESS;
        let step = (self.wanted - self.offset).clamp(-most, most);
        self.offset += step;
        step
    }

    fn look(&mut self) {
        self.stays = self.stays.saturating_sub(1);
        if self.least_late >= CROWDED_US {
            self.make_way();
        } else if self.seen >= ENOUGH && self.offset == self.wanted {
            self.choose();
            self.forget();
        }
    }

    /// Moves to where its ticks begin in fact.
    fn make_way(&mut self) {
        let later = self.offset.saturating_add(self.least_late);
        if later <= self.interval {
            self.wanted = later;
        }
        self.stays = STAYS;
    }

    /// Sets out for the best phase if that is worth it.
    fn choose(&mut self) {
        let here = self.offset.rem_euclid(self.interval) / 1000;
        let waits = (0..self.interval / 1000).map(|place| (self.wait(place, AIMED_AT), place));
        let Some((least, best)) = waits.min_by(|one, other| one.0.total_cmp(&other.0)) else { return };
        let is_worth_it = self.wait(here, KEPT) - least >= WORTH;
        if is_worth_it && !self.is_kept && self.stays == 0 {
            self.set_out(1000 * best);
        }
    }

    fn set_out(&mut self, place: i32) {
        let sooner = self.offset - (self.offset - place).rem_euclid(self.interval);
        let later = sooner + self.interval;
        if sooner >= -self.interval && sooner - SAFE_US >= self.latest_ready {
            self.wanted = sooner;
        } else if later <= self.interval {
            self.wanted = later;
        }
    }

    /// How long packets would wait on average for a tick in this ms of the interval, ms, where those ready less than `margin`
    /// before it are at risk.
    fn wait(&self, place: i32, margin: i32) -> f32 {
        let interval = self.interval / 1000;
        let waited = |ready: i32| {
            let wait = (place - ready).rem_euclid(interval);
            if (margin..interval - CLOSE).contains(&wait) { wait } else { AT_RISK * interval }
        };
        let weights = || (0..interval).zip(self.ready.iter().map(|&weight| i64::from(weight)));
        let sum: i64 = weights().map(|(ready, weight)| weight * i64::from(waited(ready))).sum();
        let all: i64 = weights().map(|(_, weight)| weight).sum();
        sum as f32 / all.max(1) as f32
    }

    fn forget(&mut self) {
        self.ready.iter_mut().for_each(|weight| *weight -= weight.div_ceil(FORGOTTEN));
        (self.seen, self.latest_ready) = (0, i32::MIN);
    }
}

#[cfg(test)]
mod tests;
