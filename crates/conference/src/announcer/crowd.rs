//! Those who come or go one shortly after the other, and are announced together.

use std::time::{Duration, Instant};

use crate::action::{ClipId, LegId};

/// Who comes so soon after the one before is announced together with those that follow in this time.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// While they keep coming the pauses double, up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(16);

/// One of them, with the name that he recorded.
pub(super) type Comer = (LegId, Option<ClipId>);

/// Those who wait to be announced.
#[derive(Debug)]
pub(super) struct Crowd {
    waiting: Vec<Comer>,
    /// When the next may be announced; `None`: at any time.
    ready: Option<Instant>,
    pause: Duration,
}

impl Default for Crowd {
    fn default() -> Self {
        Self { waiting: Vec::new(), ready: None, pause: FIRST_PAUSE }
    }
}

impl Crowd {
    pub(super) fn add(&mut self, leg: LegId, name: Option<ClipId>) {
        self.waiting.push((leg, name));
    }

    /// Returns whether he was among them.
    pub(super) fn remove(&mut self, leg: LegId) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|(waiting, _)| *waiting != leg);
        self.waiting.len() < before
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// When the next time is to announce them, if there is anybody.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        (!self.is_empty()).then(|| self.ready.map_or(now, |ready| ready.max(now)))
    }

    /// They are announced now; the next ones have to wait, the longer the more there were.
    pub(super) fn take(&mut self, now: Instant) -> Vec<Comer> {
        let several = self.waiting.len() > 1;
        self.pause = if several { (self.pause * 2).min(LONGEST_PAUSE) } else { FIRST_PAUSE };
        self.ready = Some(now + self.pause);
        std::mem::take(&mut self.waiting)
    }

    /// Nobody is to be announced any more.
    pub(super) fn clear(&mut self) -> Vec<Comer> {
        std::mem::take(&mut self.waiting)
    }
}
