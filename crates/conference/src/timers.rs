//! The timeouts that are armed, each for one reason.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use crate::action::{LegId, RoomId};
use crate::input::Reason;

#[derive(Debug, Default)]
pub(crate) struct Timers {
    by_reason: BTreeMap<Reason, Instant>,
    by_time: BTreeSet<(Instant, Reason)>,
}

impl Timers {
    /// Arms the timeout, in place of an earlier one for the same reason.
    pub(crate) fn set(&mut self, reason: Reason, at: Instant) {
        self.clear(reason);
        self.by_reason.insert(reason, at);
        self.by_time.insert((at, reason));
    }

    /// Returns whether it was armed.
    pub(crate) fn clear(&mut self, reason: Reason) -> bool {
        let at = self.by_reason.remove(&reason);
        at.is_some_and(|at| self.by_time.remove(&(at, reason)))
    }

    pub(crate) fn is_set(&self, reason: Reason) -> bool {
        self.by_reason.contains_key(&reason)
    }

    /// When the timeout is due.
    pub(crate) fn at(&self, reason: Reason) -> Option<Instant> {
        self.by_reason.get(&reason).copied()
    }

    /// Timeouts that are armed.
    pub(crate) fn len(&self) -> usize {
        self.by_reason.len()
    }

    pub(crate) fn clear_leg(&mut self, leg: LegId) {
        use Reason::{Answer, Confirm, Duration, Entry, Keys, LookUp, Prompt, Ring};
        for reason in [
            Confirm(leg),
            LookUp(leg),
            Answer(leg),
            Ring(leg),
            Duration(leg),
            Keys(leg),
            Entry(leg),
            Prompt(leg),
        ] {
            self.clear(reason);
        }
    }

    pub(crate) fn clear_room(&mut self, room: RoomId) {
        use Reason::{Announcement, Deadline, Grace, Linger, Silence};
        for reason in [Announcement(room), Deadline(room), Grace(room), Linger(room), Silence(room)] {
            self.clear(reason);
        }
    }

    pub(crate) fn next(&self) -> Option<(Instant, Reason)> {
        self.by_time.first().copied()
    }

    /// Disarms and returns the earliest timeout that is due.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Reason> {
        let (_, reason) = self.next().filter(|(at, _)| *at <= now)?;
        self.clear(reason);
        Some(reason)
    }
}
