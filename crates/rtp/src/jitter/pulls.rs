//! How early the last packets were pulled.

/// Pulls that are looked at together: all phases of packets and ticks of different length are among them.
const PULLS: usize = 4;

/// The last pulls: how early each came, and how much the reader still held. All in clock units.
#[derive(Debug, Default)]
pub(super) struct Pulls {
    recent: [Pull; PULLS],
    count: usize,
    /// How often in a row there was too much delay.
    pub(super) impatience: u32,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pull {
    pub(super) slack: i64,
    pub(super) held: i64,
}

impl Pulls {
    /// None yet, but this much impatience.
    pub(super) fn impatient(impatience: u32) -> Self {
        Self { impatience, ..Self::default() }
    }

    pub(super) fn note(&mut self, pull: Pull, surplus: bool) {
        self.recent[self.count % PULLS] = pull;
        self.count += 1;
        self.impatience = if surplus { self.impatience + 1 } else { 0 };
    }

    pub(super) fn last(&self) -> Option<Pull> {
        self.count.checked_sub(1).map(|last| self.recent[last % PULLS])
    }

    /// The least slack and the least held units of all phases.
    pub(super) fn least(&self) -> Option<Pull> {
        let least = |a: Pull, b: Pull| Pull { slack: a.slack.min(b.slack), held: a.held.min(b.held) };
        self.recent.into_iter().reduce(least).filter(|_| self.count >= PULLS)
    }
}
