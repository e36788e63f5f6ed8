//! How early the last packets were pulled.

use confab_fetch::fetch;

/// Pulls that are remembered: a tick of 60 ms pulls 24 of the shortest packets of Opus.
const PULLS: usize = 24;
/// Pulls that are looked at together at the least.
const PHASES: usize = 4;

/// The last pulls: how early each came, and how much the reader still held. All in clock units.
#[derive(Debug, Default)]
pub(super) struct Pulls {
    recent: [Kept; PULLS],
    count: usize,
    /// How often in a row there was too much delay.
    pub(super) impatience: u32,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Pull {
    pub(super) slack: i64,
    pub(super) held: i64,
}

/// A pull in as few octets as it takes, since each leg's are gone through in each tick.
#[derive(Debug, Default, Clone, Copy)]
struct Kept {
    slack: i32,
    held: i32,
}

impl Kept {
    fn of(pull: Pull) -> Self {
        let [slack, held] =
            [pull.slack, pull.held].map(|units| units.clamp(i32::MIN.into(), i32::MAX.into()) as i32);
        Self { slack, held }
    }

    fn pull(self) -> Pull {
        Pull { slack: self.slack.into(), held: self.held.into() }
    }
}

impl Pulls {
    /// None yet, but this much impatience.
    pub(super) fn impatient(impatience: u32) -> Self {
        Self { impatience, ..Self::default() }
    }

    pub(super) fn note(&mut self, pull: Pull, surplus: bool) {
        self.recent[self.count % PULLS] = Kept::of(pull);
        self.count += 1;
        self.impatience = if surplus { self.impatience + 1 } else { 0 };
    }

    pub(super) fn fetch(&self) {
        fetch(&self.recent[self.count % PULLS]);
        fetch(&self.recent[self.count.saturating_sub(PHASES) % PULLS]);
        fetch(&self.count);
    }

    pub(super) fn last(&self) -> Option<Pull> {
        self.count.checked_sub(1).map(|last| self.recent[last % PULLS].pull())
    }

    /// The least slack and the least held units, where packets and ticks meet in so many phases.
    pub(super) fn least(&self, phases: usize) -> Option<Pull> {
        let looked_at = phases.clamp(PHASES, PULLS);
        let first = self.count.checked_sub(looked_at)?;
        let least = |a: Pull, b: Pull| Pull { slack: a.slack.min(b.slack), held: a.held.min(b.held) };
        (first..self.count).map(|pull| self.recent[pull % PULLS].pull()).reduce(least)
    }
}
