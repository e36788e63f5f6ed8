//! Who talks: in pairs of begin and end, and for how long.

use std::time::{Duration, Instant};

/// One member's talk.
#[derive(Debug, Default)]
pub(crate) struct Talk {
    /// The mixer said so last. It may say so while he is muted, since its word takes a moment.
    voiced: bool,
    /// Since when he has talked.
    since: Option<Instant>,
    /// All his talks that are over.
    before: Duration,
    /// How many they are.
    pub(crate) talks: u32,
    /// How long the last one was.
    pub(crate) last: Duration,
}

impl Talk {
    /// The mixer says that he began or ceased.
    pub(crate) fn report(&mut self, on: bool) {
        self.voiced = on;
    }

    /// Whether he has begun or ceased, now that the room hears him or does not; `None`: nothing has changed.
    pub(crate) fn settle(&mut self, now: Instant, heard: bool) -> Option<bool> {
        match (self.since, self.voiced && heard) {
            (None, true) => {
                self.since = Some(now);
                Some(true)
            }
            (Some(since), false) => {
                self.since = None;
                self.last = now.saturating_duration_since(since);
                self.before += self.last;
                self.talks += 1;
                Some(false)
            }
            _ => None,
        }
    }

    /// Whether he talks.
    pub(crate) fn is_on(&self) -> bool {
        self.since.is_some()
    }

    /// All his talks.
    pub(crate) fn total(&self, now: Instant) -> Duration {
        self.before + self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }
}
