//! Transactions (RFC 3261 §17 with the corrections of RFC 6026): four state machines, and the layer that runs them.
//!
//! The machines know no message and no clock: they are told what came and answer with [`Action`]s.

mod client;
mod client_invite;
mod layer;
mod schedule;
mod server;
mod server_invite;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub(crate) use client::Client;
pub(crate) use client_invite::ClientInvite;
pub(crate) use layer::{ForkId, Layer, Owner, Sending, ServerKey, TransactionId, Upcall};
pub(crate) use schedule::Due;
pub(crate) use server::Server;
pub(crate) use server_invite::ServerInvite;

use crate::endpoint::Timers;

/// The timers of RFC 3261 table 4 and RFC 6026.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// INVITE request retransmission.
    A,
    /// INVITE timeout.
    B,
    /// Wait for the final response after a CANCEL (RFC 3261 §9.1).
    C,
    /// Wait for retransmissions of a failure response.
    D,
    /// Request retransmission.
    E,
    /// Request timeout.
    F,
    /// INVITE failure response retransmission.
    G,
    /// Wait for the ACK.
    H,
    /// Wait for retransmissions of the ACK.
    I,
    /// Wait for retransmissions of a request.
    J,
    /// Wait for retransmissions of a response.
    K,
    /// Wait for retransmissions of an accepted INVITE.
    L,
    /// Wait for retransmissions of a 2xx, or for those of other branches.
    M,
}

/// What a machine wants done, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Send the request, or the last response (again).
    Send,
    /// Send the ACK of a failure response.
    Ack,
    /// Hand the message to the transaction user.
    Pass,
    /// Start a timer.
    Start(Timer, Duration),
    /// Stop a timer.
    Stop(Timer),
    /// Tell the transaction user that nothing came in time.
    TimedOut,
    /// Forget the transaction.
    Terminate,
}

/// The durations of one transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Whether the transport repeats for us.
    pub(crate) reliable: bool,
    /// T1, T2, T4.
    pub(crate) timers: Timers,
}

impl Pace {
    /// 64·T1, the life of timers B, F, H, J, L and M.
    pub(crate) fn long(&self) -> Duration {
        self.timers.t1 * 64
    }

    /// The first retransmission, where the transport is not reliable.
    fn retransmit(&self, timer: Timer) -> Option<Action> {
        (!self.reliable).then_some(Action::Start(timer, self.timers.t1))
    }

    /// Waits for late copies where the transport can make them, else ends at once.
    fn linger(&self, timer: Timer, time: Duration) -> Action {
        if self.reliable { Action::Terminate } else { Action::Start(timer, time) }
    }

    /// The next interval of a doubling retransmission.
    fn doubled(&self, interval: Duration) -> Duration {
        (interval * 2).min(self.timers.t2)
    }
}
