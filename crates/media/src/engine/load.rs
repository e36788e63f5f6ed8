//! Who is admitted, where rooms are put, and what is left out so that workers keep up.

use std::fmt;
use std::time::Instant;

use super::Engine;
use crate::command::RoomId;
use crate::link::Link;
use crate::order::{Order, What};
use crate::pressure::{PERIOD, Sample, Step};

/// One of so many ticks may come late before a worker counts as behind.
const LATE_TICKS: u64 = 20;

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

    /// The worker for a leg of this room, or of one that is not open yet, if there is time for it.
    pub(super) fn admit(&mut self, room: Option<RoomId>) -> Result<usize, Refusal> {
        self.begin_to_measure();
        let worker = self.worker_for(room);
        if self.links[worker].takes() {
            return Ok(worker);
        }
        self.refused += 1;
        self.links[worker].refused += 1;
        self.links[worker].pressure.refuse(Instant::now());
        Err(if self.links.iter().any(Link::takes) { Refusal::Room } else { Refusal::Workers })
    }

    /// The worker that a new room is put on: one that takes callers, if any does.
    pub(super) fn least_loaded(&self) -> usize {
        let key = |link: &Link| (!link.takes(), link.pressure.expected(link.legs), link.rooms);
        let order = |one: &Link, other: &Link| {
            let (one, other) = (key(one), key(other));
            one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)).then(one.2.cmp(&other.2))
        };
        (0..self.links.len()).min_by(|&a, &b| order(&self.links[a], &self.links[b])).unwrap_or_default()
    }

    /// A leg that was counted on one worker lives on another.
    pub(super) fn move_leg(&mut self, from: usize, to: usize) {
        self.links[from].legs -= 1;
        self.links[to].legs += 1;
    }

    /// Lets a new room leave out what the others of its worker do.
    pub(super) fn ease_new_room(&mut self, worker: usize, room: RoomId) {
        let link = &mut self.links[worker];
        if link.told > Step::Nothing {
            let relief = link.told.relief();
            link.send(Order { room, what: What::Ease(relief) });
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

    /// Tells the rooms of a worker what is left out, if that has changed.
    fn shift(&mut self, worker: usize) -> Option<Shift> {
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
        for (&room, _) in self.rooms.iter().filter(|(_, place)| place.worker == worker) {
            link.send(Order { room, what: What::Ease(to.relief()) });
        }
        Some(shift)
    }
}

impl Link {
    /// Whether there is time for one more leg.
    fn takes(&self) -> bool {
        self.pressure.takes(self.legs)
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
                legs: self.legs,
                is_late: late * LATE_TICKS > ticks || self.seen.skipped_ticks > before.skipped_ticks,
            },
        );
    }
}
