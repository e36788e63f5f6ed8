//! A look at a leg's line from time to time.

use std::time::{Duration, Instant};

use confab_rtp::{Evidence, Load, Quality, Verdict};

/// Time between two looks.
const INTERVAL: Duration = Duration::from_secs(5);

/// When a leg's line is looked at, and what was seen last.
#[derive(Debug)]
pub(crate) struct Watch {
    due: Instant,
    quality: Quality,
    load: Load,
}

impl Watch {
    /// The first look is due one interval after `now`.
    pub(crate) fn new(now: Instant) -> Self {
        Self { due: now + INTERVAL, quality: Quality::default(), load: Load::default() }
    }

    /// Whether it is time for a look.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        now >= self.due
    }

    /// Why the peer may be choppy, in the time since the last look.
    pub(crate) fn look(&mut self, now: Instant, quality: Quality, load: Load) -> Verdict {
        let verdict = Evidence::between((&self.quality, &self.load), (&quality, &load)).verdict();
        *self = Self { due: now + INTERVAL, quality, load };
        verdict
    }
}
