//! How hard a worker works, who still fits, and what is left out so that it keeps up.
//!
//! All of it follows from what was measured: the share of the time that the worker was busy, and the work that its legs
//! are, counted in legs of G.711: what one of those costs is learnt, what the others cost beside it is known. Both are
//! smoothed alike, so that the share of those who came since then is known, too: their work is what there is more than the
//! smoothed work, and costs what the other costs.

use std::fmt;
use std::time::{Duration, Instant};

use confab_audio::Relief;

/// Time between two measurements.
pub(crate) const PERIOD: Duration = Duration::from_millis(500);

/// Weight of the newest measurement.
const NEWEST: f32 = 0.5;
/// Before anything is measured a leg is taken to cost so much of a core: the system calls of 50 packets a second each way.
const FIRST_GUESS: f32 = 0.0002;
/// The first guess counts as much as so many legs that were measured.
const GUESSED_LEGS: f32 = 1.0;

/// What was not measured yet is taken to cost so much more than what was: the more legs there are, the fewer find their memory
/// in a cache.
const UNMEASURED: f32 = 1.25;

/// A worker that is busy, and so many of whose ticks come late, is behind.
const BEHIND: f32 = 0.1;
/// Rooms keep their phases above this load, until it is below the other one.
const CROWDED: f32 = 0.5;
const UNCROWDED: f32 = 0.4;

/// For the effect of a step to be seen, before there is another one.
const SETTLES: Duration = Duration::from_secs(1);
/// A step is taken back after so long a calm; twice as long each time that it had to be taken again.
const SHORTEST_CALM: Duration = Duration::from_secs(10);
const LONGEST_CALM: Duration = Duration::from_secs(300);
/// Calm is a load below this share of that at which the step begins.
const CALM: f32 = 0.85;
/// Callers are taken again once there is place for this share of all that may be used.
const PLACE: f32 = 0.02;

/// What a worker leaves out, in this order; each step includes those before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Step {
    /// Nothing.
    #[default]
    Nothing,
    /// Noise is no longer taken out of voices.
    Denoising,
    /// Opus is coded at complexity 2 at most.
    Complexity,
    /// Only the four loudest talkers of a room are mixed.
    Talkers,
    /// New callers are refused.
    Callers,
}

impl Step {
    /// In order.
    pub const ALL: [Self; 5] =
        [Self::Nothing, Self::Denoising, Self::Complexity, Self::Talkers, Self::Callers];

    /// The most complex Opus under load, and the talkers of a room.
    const COMPLEXITY: u8 = 2;
    const MOST_TALKERS: u16 = 4;

    /// What its rooms are told.
    pub(crate) fn relief(self) -> Relief {
        Relief {
            no_denoising: self >= Self::Denoising,
            max_complexity: (self >= Self::Complexity).then_some(Self::COMPLEXITY),
            max_talkers: (self >= Self::Talkers).then_some(Self::MOST_TALKERS),
            keep_phase: false,
        }
    }

    /// The load, as a share of all that may be used, at which it begins. The last begins when a caller does not fit.
    fn begins(self) -> f32 {
        match self {
            Self::Nothing => 0.0,
            Self::Denoising => 0.85,
            Self::Complexity => 0.9,
            Self::Talkers => 0.95,
            Self::Callers => f32::INFINITY,
        }
    }

    fn before(self) -> Self {
        Self::ALL[(self as usize).saturating_sub(1)]
    }

    fn after(self) -> Self {
        Self::ALL[(self as usize + 1).min(Self::ALL.len() - 1)]
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Denoising => f.write_str("denoising"),
            Self::Complexity => write!(f, "Opus above complexity {}", Self::COMPLEXITY),
            Self::Talkers => write!(f, "all but the {} loudest talkers of a room", Self::MOST_TALKERS),
            Self::Callers => f.write_str("new callers"),
        }
    }
}

/// What one worker did since it was looked at last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Share of the time that it was busy.
    pub(crate) busy: f32,
    /// Work that its legs are now, in legs of G.711.
    pub(crate) work: f32,
    /// Share of its ticks that came late.
    pub(crate) late: f32,
}

/// One worker's load and what is done about it. Shares are of one core, 0 to 1.
#[derive(Clone, Debug)]
pub(crate) struct Pressure {
    /// The share that may be used.
    limit: f32,
    /// The share in use, smoothed.
    load: f32,
    /// The work that used it, and the share of ticks that came late, smoothed alike.
    work: f32,
    late: f32,
    /// The work when it was measured last.
    measured: f32,
    is_crowded: bool,
    step: Step,
    changed: Option<Instant>,
    calm_since: Option<Instant>,
    calm: Duration,
    /// When a step was taken back last.
    eased: Option<Instant>,
}

impl Pressure {
    /// Of a worker that may use this share of its core.
    pub(crate) fn new(limit: f32) -> Self {
        Self {
            limit,
            load: 0.0,
            work: 0.0,
            late: 0.0,
            measured: 0.0,
            is_crowded: false,
            step: Step::Nothing,
            changed: None,
            calm_since: None,
            calm: SHORTEST_CALM,
            eased: None,
        }
    }

    /// No more than this share may be used in any case.
    pub(crate) fn cap(&mut self, share: f32) {
        self.limit = self.limit.min(share);
    }

    /// The share that may be used.
    pub(crate) fn limit(&self) -> f32 {
        self.limit
    }

    /// The share in use, smoothed.
    pub(crate) fn load(&self) -> f32 {
        self.load
    }

    /// What is left out.
    pub(crate) fn step(&self) -> Step {
        self.step
    }

    /// What so many rooms of the worker do without. One that has it for itself may tick when it likes.
    pub(crate) fn relief(&self, rooms: usize) -> Relief {
        Relief { keep_phase: self.is_crowded && rooms > 1, ..self.step.relief() }
    }

    /// The share that so much work will use.
    pub(crate) fn expected(&self, work: f32) -> f32 {
        let more = work - self.work;
        let dearer = if more > 0.0 { UNMEASURED } else { 1.0 };
        (self.load + more * self.cost() * dearer).max(0.0)
    }

    /// Whether so much more can be taken beside so much work.
    pub(crate) fn takes(&self, work: f32, more: f32) -> bool {
        self.step < Step::Callers && self.fits(work + more, 0.0)
    }

    /// A caller had to be refused.
    pub(crate) fn refuse(&mut self, now: Instant) {
        if self.step < Step::Callers {
            self.climb(now, Step::Callers);
        }
    }

    /// Whether there is nothing to look at until somebody comes.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.step == Step::Nothing && self.load < 0.001 && self.work < 0.1
    }

    /// Takes note of what the worker did, and decides what is left out from now on.
    pub(crate) fn measure(&mut self, now: Instant, sample: Sample) {
        // Late without being busy: somebody else takes the core, and fewer callers would not help.
        self.late += (sample.late - self.late) * NEWEST;
        let is_behind = self.late > BEHIND && sample.busy > self.limit / 2.0;
        let busy = if is_behind { sample.busy.max(self.limit) } else { sample.busy };
        // The work grew while it was busy for so long; what came all at once may have come at the begin.
        let is_growing = sample.work < 2.0 * self.measured;
        let worked = if is_growing { f32::midpoint(self.measured, sample.work) } else { sample.work };
        self.measured = sample.work;
        self.load += (busy - self.load) * NEWEST;
        self.work += (worked - self.work) * NEWEST;
        self.is_crowded = self.load > if self.is_crowded { UNCROWDED } else { CROWDED };
        if self.step == Step::Callers {
            self.admit_again(now, sample.work);
        } else if !self.fits(sample.work + 1.0, 0.0) {
            self.climb(now, Step::Callers);
        } else if self.load >= self.limit * self.step.after().begins() {
            self.press(now);
        } else {
            self.ease(now);
        }
    }

    /// The share that one leg of G.711 uses.
    fn cost(&self) -> f32 {
        (self.load + FIRST_GUESS * GUESSED_LEGS) / (self.work + GUESSED_LEGS)
    }

    /// Whether so much work fits and leaves so much free.
    fn fits(&self, work: f32, free: f32) -> bool {
        self.expected(work) + free <= self.limit
    }

    fn admit_again(&mut self, now: Instant, work: f32) {
        if self.fits(work + 1.0, self.limit * PLACE) {
            self.step = self.step.before();
            self.changed = Some(now);
        }
    }

    fn press(&mut self, now: Instant) {
        self.calm_since = None;
        if has_passed(self.changed, now, SETTLES) {
            self.climb(now, self.step.after());
        }
    }

    fn climb(&mut self, now: Instant, step: Step) {
        let is_relapse = !has_passed(self.eased, now, LONGEST_CALM);
        if is_relapse {
            self.calm = (self.calm * 2).min(LONGEST_CALM);
        } else if self.step == Step::Nothing {
            self.calm = SHORTEST_CALM;
        }
        (self.step, self.changed) = (step, Some(now));
        (self.calm_since, self.eased) = (None, None);
    }

    /// Takes a step back when it has been calm for long enough.
    fn ease(&mut self, now: Instant) {
        let is_calm = self.step > Step::Nothing && self.load < self.limit * self.step.begins() * CALM;
        self.calm_since = is_calm.then(|| self.calm_since.unwrap_or(now));
        if is_calm && has_passed(self.calm_since, now, self.calm) {
            self.step = self.step.before();
            (self.changed, self.eased, self.calm_since) = (Some(now), Some(now), Some(now));
        }
    }
}

/// Whether so much time has passed since then; if it never was, it has.
fn has_passed(since: Option<Instant>, now: Instant, time: Duration) -> bool {
    since.is_none_or(|since| now.saturating_duration_since(since) >= time)
}

#[cfg(test)]
mod tests;
