//! Who is admitted, where rooms are put, and what is left out so that workers keep up.

use std::fmt;
use std::time::Instant;

use confab_audio::{LegId, Relief};
use confab_codec::Codec;

use super::Engine;
use crate::command::RoomId;
use crate::link::Link;
use crate::order::{Order, What};
use crate::place::{LEAST_WEIGHT, LegPlace, RoomPlace, Started, weight};
use crate::pressure::{PERIOD, Sample, Step};

/// Why a leg was not opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// No port pair of the configured range is free.
    #[error("no free RTP port pair is left")]
    Ports,
    /// A room lives on one worker, and this one has no time for another leg; others have.
    #[error("the worker of the room has no time for another leg")]
    Room,
    /// No worker has time for another leg.
    #[error("no worker has time for another leg")]
    Workers,
}

/// What one worker does.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct WorkerLoad {
    /// Share of its time that it is busy, smoothed over a second.
    pub busy: f32,
    /// Rooms that live there.
    pub rooms: usize,
    /// Legs that live there, and those that will once they are started.
    pub legs: usize,
    /// What is left out there.
    pub step: Step,
}

/// A worker leaves something out from now on, or takes it up again.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Shift {
    /// Which worker.
    pub worker: usize,
    /// What was left out before.
    pub from: Step,
    /// How it is now.
    pub load: WorkerLoad,
    /// When callers are taken again: how many were refused.
    pub refused: u64,
}

impl fmt::Display for Shift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { worker, from, load: WorkerLoad { busy, legs, step, .. }, refused } = self;
        write!(f, "audio worker {worker} is busy for {:.1} % of the time with {legs} legs", busy * 100.0)?;
        let (low, high, says) =
            if step > from { (from, step, "leaves out") } else { (step, from, "takes up again") };
        for (index, step) in Step::ALL.iter().filter(|step| *step > low && *step <= high).enumerate() {
            write!(f, "{} {step}", if index == 0 { format!(": it {says}") } else { ",".into() })?;
        }
        if *refused > 0 { write!(f, " ({refused} were refused)") } else { Ok(()) }
    }
}

impl Engine {
    /// When [`Engine::measure`] wants to be called; `None` while there is nobody to be served.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.measured.map(|at| at + PERIOD)
    }

    /// Looks at what the workers did since the last time, if it is time to, and has their rooms leave out what there is no
    /// time for. What changed, for the log.
    pub fn measure(&mut self, now: Instant) -> Vec<Shift> {
        let Some(last) = self.measured.filter(|&last| now >= last + PERIOD) else { return Vec::new() };
        let elapsed = (now - last).as_secs_f32();
        self.links.iter_mut().for_each(|link| link.measure(now, elapsed));
        let at_rest = |link: &Link| link.legs == 0 && link.pressure.is_at_rest();
        self.measured = (!self.links.iter().all(at_rest)).then_some(now);
        (0..self.links.len()).filter_map(|worker| self.shift(worker)).collect()
    }

    /// What each worker does, as last measured.
    pub fn loads(&self) -> impl Iterator<Item = WorkerLoad> {
        self.links.iter().map(Link::load)
    }

    /// The share of each worker's core that may be used, 0 to 1: what the headroom leaves, or less where the system would
    /// stop threads of real-time priority that use more.
    pub fn limits(&self) -> impl Iterator<Item = f32> {
        self.links.iter().map(|link| link.pressure.limit())
    }

    /// The worker for a leg of this room, or of one that is not open yet, if there is time for it.
    pub(super) fn admit(&mut self, room: Option<RoomId>) -> Result<usize, Refusal> {
        self.begin_to_measure();
        let worker = self.worker_for(room);
        if self.links[worker].takes(self.usual_weight(room)) {
            return Ok(worker);
        }
        self.refused += 1;
        self.links[worker].refused += 1;
        self.links[worker].pressure.refuse(Instant::now());
        let others_take = self.links.iter().any(|link| link.takes(LEAST_WEIGHT));
        Err(if others_take { Refusal::Room } else { Refusal::Workers })
    }

    /// The worker that a new room is put on: one that takes callers, if any does.
    pub(super) fn least_loaded(&self) -> usize {
        let key = |link: &Link| (!link.takes(LEAST_WEIGHT), link.expected(), link.rooms);
        let order = |one: &Link, other: &Link| {
            let (one, other) = (key(one), key(other));
            one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)).then(one.2.cmp(&other.2))
        };
        (0..self.links.len()).min_by(|&a, &b| order(&self.links[a], &self.links[b])).unwrap_or_default()
    }

    /// What a leg of this codec weighs in this room.
    pub(super) fn weigh(&self, codec: Codec, room: RoomId) -> u32 {
        self.rooms.get(&room).map_or(LEAST_WEIGHT, |place| weight(codec, place.format.rate))
    }

    /// A leg's codec or its room's rate has changed.
    pub(super) fn reweigh(&mut self, leg: LegId) {
        let Ok(Started { worker, room, codec, weight: old, .. }) = self.started(leg) else { return };
        let weight = self.weigh(codec, room);
        self.links[worker].discount_leg(old);
        self.links[worker].count_leg(weight);
        if let Some(place) = self.rooms.get_mut(&room) {
            place.work = place.work - old + weight;
        }
        if let Some(LegPlace::Started(started)) = self.legs.get_mut(&leg) {
            started.weight = weight;
        }
    }

    /// What a leg of this room will weigh, as far as that is known.
    pub(super) fn usual_weight(&self, room: Option<RoomId>) -> u32 {
        room.and_then(|room| self.rooms.get(&room)).map_or(LEAST_WEIGHT, RoomPlace::usual_weight)
    }

    /// Lets a new room leave out what the others of its worker do.
    pub(super) fn ease_new_room(&mut self, worker: usize, room: RoomId) {
        let relief = self.relief(worker);
        if relief != Relief::default() {
            self.links[worker].send(Order { room, what: What::Ease(relief) });
        }
    }

    fn worker_for(&self, room: Option<RoomId>) -> usize {
        let open = room.and_then(|room| self.rooms.get(&room));
        open.map_or_else(|| self.least_loaded(), |place| place.worker)
    }

    /// Somebody has come: from here on time counts.
    fn begin_to_measure(&mut self) {
        if self.measured.is_none() {
            self.measured = Some(Instant::now());
            self.links.iter_mut().for_each(Link::look);
        }
    }

    /// Tells the rooms of a worker what they do without, if that has changed; what is left out from now on.
    fn shift(&mut self, worker: usize) -> Option<Shift> {
        self.ease_rooms(worker);
        let link = &mut self.links[worker];
        let (from, to) = (link.told, link.pressure.step());
        if from == to {
            return None;
        }
        link.told = to;
        let is_open = from == Step::Callers;
        let refused = if is_open { std::mem::take(&mut link.refused) } else { 0 };
        let shift = Shift { worker, from, load: link.load(), refused };
        self.shifts += 1;
        Some(shift)
    }

    fn relief(&self, worker: usize) -> Relief {
        let link = &self.links[worker];
        let relief = link.pressure.relief(link.rooms);
        Relief { keep_phase: relief.keep_phase || self.keep_phases, ..relief }
    }

    fn ease_rooms(&mut self, worker: usize) {
        let relief = self.relief(worker);
        let link = &mut self.links[worker];
        if link.relief != relief {
            link.relief = relief;
            for (&room, _) in self.rooms.iter().filter(|(_, place)| place.worker == worker) {
                link.send(Order { room, what: What::Ease(relief) });
            }
        }
    }
}

impl Link {
    /// A leg of this weight lives there, or will.
    pub(super) fn count_leg(&mut self, weight: u32) {
        self.legs += 1;
        self.work += weight;
    }

    /// A leg of this weight has gone.
    pub(super) fn discount_leg(&mut self, weight: u32) {
        self.legs -= 1;
        self.work -= weight;
    }

    /// Whether there is time for one more leg, of this weight.
    fn takes(&self, weight: u32) -> bool {
        self.pressure.takes(in_legs(self.work), in_legs(weight))
    }

    /// The share that its legs will use.
    fn expected(&self) -> f32 {
        self.pressure.expected(in_legs(self.work))
    }

    fn load(&self) -> WorkerLoad {
        WorkerLoad {
            busy: self.pressure.load(),
            rooms: self.rooms,
            legs: self.legs,
            step: self.pressure.step(),
        }
    }

    /// Forgets what was before.
    fn look(&mut self) {
        self.seen = self.counters.add_to(Default::default());
    }

    fn measure(&mut self, now: Instant, seconds: f32) {
        let before = self.seen;
        self.look();
        let ticks = self.seen.ticks - before.ticks;
        let late = self.seen.late_ticks - before.late_ticks;
        self.pressure.measure(
            now,
            Sample {
                busy: (self.seen.busy_us - before.busy_us) as f32 / 1e6 / seconds,
                work: in_legs(self.work),
                late: late as f32 / ticks.max(1) as f32,
            },
        );
    }
}

/// Weights as legs of G.711.
fn in_legs(weight: u32) -> f32 {
    weight as f32 / LEAST_WEIGHT as f32
}
