//! The one timer table of an endpoint.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::{ForkId, Timer, TransactionId};
use crate::endpoint::{CallRef, Reason, SubscriptionRef};

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// A transaction's.
    Transaction(TransactionId, Timer),
    /// The 200 of a call is to be sent again.
    Repeat(CallRef),
    /// The ACK of a call's 200 is overdue.
    AckOverdue(CallRef),
    /// A re-INVITE that met another is to be tried again.
    Glare(CallRef),
    /// A session is to be refreshed.
    Refresh(CallRef),
    /// A session was not refreshed in time.
    SessionEnd(CallRef),
    /// The provisional response of a call is to be sent again.
    Provisional(CallRef),
    /// The PRACK of a call's provisional response is overdue.
    PrackOverdue(CallRef),
    /// A subscription runs out, or has not been decided about.
    Subscription(SubscriptionRef),
    /// A gateway's address has not answered an INVITE, and there is another one.
    Failover(ForkId),
    /// A binding runs out.
    Binding,
    /// A registration at a gateway, by its index, is to be made or refreshed.
    Register(usize),
    /// A gateway, by its index, is to be pinged.
    Ping(usize),
}

impl Due {
    fn reason(self) -> Reason {
        match self {
            Self::Transaction(..) => Reason::Transaction,
            Self::Repeat(_)
            | Self::AckOverdue(_)
            | Self::Glare(_)
            | Self::Refresh(_)
            | Self::SessionEnd(_)
            | Self::Provisional(_)
            | Self::PrackOverdue(_)
            | Self::Subscription(_) => Reason::Dialog,
            Self::Binding => Reason::Binding,
            Self::Register(_) | Self::Ping(_) | Self::Failover(_) => Reason::Gateway,
        }
    }
}

/// Timers in the order in which they fire; each [`Due`] is set once at most.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    queue: BTreeSet<(Instant, Due)>,
    set: BTreeMap<Due, Instant>,
}

impl Schedule {
    /// Sets a timer, or moves it.
    pub(crate) fn start(&mut self, due: Due, at: Instant) {
        self.stop(due);
        self.queue.insert((at, due));
        self.set.insert(due, at);
    }

    /// Sets a timer, unless it is set already.
    pub(crate) fn start_first(&mut self, due: Due, at: Instant) {
        if !self.set.contains_key(&due) {
            self.start(due, at);
        }
    }

    /// Takes a timer back, if it is set.
    pub(crate) fn stop(&mut self, due: Due) {
        if let Some(at) = self.set.remove(&due) {
            self.queue.remove(&(at, due));
        }
    }

    /// Takes all timers of a call back.
    pub(crate) fn stop_call(&mut self, call: CallRef) {
        let all = [
            Due::Repeat,
            Due::AckOverdue,
            Due::Glare,
            Due::Refresh,
            Due::SessionEnd,
            Due::Provisional,
            Due::PrackOverdue,
        ];
        all.into_iter().for_each(|due| self.stop(due(call)));
    }

    /// Takes all timers of a transaction back.
    pub(crate) fn stop_transaction(&mut self, id: TransactionId) {
        let (first, last) = (Due::Transaction(id, Timer::A), Due::Transaction(id, Timer::M));
        let timers: Vec<Due> = self.set.range(first..=last).map(|(due, _)| *due).collect();
        timers.into_iter().for_each(|due| self.stop(due));
    }

    /// The next timer that is due at `now`; it is no longer set then.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<Due> {
        let (_, due) = *self.queue.first().filter(|(at, _)| *at <= now)?;
        self.stop(due);
        Some(due)
    }

    /// When the next timer fires, and why.
    pub(crate) fn next(&self) -> Option<(Instant, Reason)> {
        self.queue.first().map(|(at, due)| (*at, due.reason()))
    }
}
