//! How much is called: counts of the calls that we place.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::action::DialTarget;
use crate::event::RefusalReason;
use crate::settings::{InviteLimits, OutcallLimits};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Whose invites are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Identity {
    User(String),
    Number(String),
}

/// The times of what happened in the last while.
#[derive(Debug, Default)]
pub(crate) struct Window {
    times: VecDeque<Instant>,
}

impl Window {
    pub(crate) fn count(&mut self, now: Instant, length: Duration) -> usize {
        while self.times.front().is_some_and(|time| now.saturating_duration_since(*time) >= length) {
            self.times.pop_front();
        }
        self.times.len()
    }

    pub(crate) fn add(&mut self, now: Instant) {
        self.times.push_back(now);
    }
}

/// All that was called. No window holds more times than its limit.
#[derive(Debug)]
pub(crate) struct Ledger {
    limits: OutcallLimits,
    live: BTreeMap<String, usize>,
    day: Window,
    inviters: BTreeMap<Identity, Window>,
}

impl Ledger {
    pub(crate) fn new(limits: OutcallLimits) -> Self {
        Self { limits, live: BTreeMap::new(), day: Window::default(), inviters: BTreeMap::new() }
    }

    /// Whether the gateway may take one call more.
    pub(crate) fn check(&mut self, now: Instant, target: &DialTarget) -> Result<(), RefusalReason> {
        let DialTarget::Gateway { gateway, .. } = target else { return Ok(()) };
        if self.live.get(gateway).copied().unwrap_or_default() >= self.limits.live_per_gateway {
            return Err(RefusalReason::PerGateway);
        }
        if self.day.count(now, DAY) >= self.limits.per_day {
            return Err(RefusalReason::PerDay);
        }
        Ok(())
    }

    /// Whether he may invite once more.
    pub(crate) fn check_inviter(
        &mut self,
        now: Instant,
        who: &Identity,
        limits: &InviteLimits,
    ) -> Result<(), RefusalReason> {
        let invites = self.inviters.get_mut(who).map_or(0, |window| window.count(now, limits.window));
        if invites < limits.per_member { Ok(()) } else { Err(RefusalReason::PerMember) }
    }

    /// A call is placed.
    pub(crate) fn placed(&mut self, now: Instant, target: &DialTarget) {
        if let DialTarget::Gateway { gateway, .. } = target {
            *self.live.entry(gateway.clone()).or_default() += 1;
            self.day.add(now);
        }
    }

    /// He has invited somebody.
    pub(crate) fn invited(&mut self, now: Instant, who: Identity, limits: &InviteLimits) {
        self.inviters.retain(|_, window| window.count(now, limits.window) > 0);
        self.inviters.entry(who).or_default().add(now);
    }

    /// A placed call is over.
    pub(crate) fn ended(&mut self, target: &DialTarget) {
        if let DialTarget::Gateway { gateway, .. } = target
            && let Some(live) = self.live.get_mut(gateway)
        {
            *live = live.saturating_sub(1);
        }
    }
}
