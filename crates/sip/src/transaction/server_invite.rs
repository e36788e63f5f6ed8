//! INVITE server transaction (RFC 3261 §17.2.1, RFC 6026 §7.1).

use std::time::Duration;

use super::{Action, Pace, Timer};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Proceeding,
    Accepted,
    Completed,
    Confirmed,
}

/// The state of one INVITE that a peer sent.
#[derive(Debug)]
pub(crate) struct ServerInvite {
    pace: Pace,
    state: State,
    interval: Duration,
}

impl ServerInvite {
    /// The INVITE came.
    pub(crate) fn new(pace: Pace) -> Self {
        Self { pace, state: State::Proceeding, interval: pace.timers.t1 }
    }

    /// Whether no final response was sent.
    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Proceeding
    }

    /// Whether a failure response was sent, so that an ACK of the same branch is its own.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.state, State::Completed | State::Confirmed)
    }

    /// Whether a failure response waits for its ACK.
    pub(crate) fn awaits_ack(&self) -> bool {
        self.state == State::Completed
    }

    /// The INVITE came again. In Accepted it is absorbed: the dialog repeats its 2xx by itself.
    pub(crate) fn request(&self) -> Vec<Action> {
        match self.state {
            State::Proceeding | State::Completed => vec![Action::Send],
            State::Accepted | State::Confirmed => Vec::new(),
        }
    }

    /// The ACK of a failure response came.
    pub(crate) fn ack(&mut self) -> Vec<Action> {
        if self.state != State::Completed {
            return Vec::new();
        }
        self.state = State::Confirmed;
        let linger = self.pace.linger(Timer::I, self.pace.timers.t4);
        vec![Action::Stop(Timer::G), Action::Stop(Timer::H), linger]
    }

    /// The transaction user responds.
    pub(crate) fn respond(&mut self, status: u16) -> Vec<Action> {
        match (self.state, status / 100) {
            (State::Proceeding, 1) => vec![Action::Send],
            (State::Proceeding, 2) => {
                self.state = State::Accepted;
                vec![Action::Send, Action::Start(Timer::L, self.pace.long())]
            }
            (State::Proceeding, _) => {
                self.state = State::Completed;
                let mut actions = vec![Action::Send, Action::Start(Timer::H, self.pace.long())];
                actions.extend(self.pace.retransmit(Timer::G));
                actions
            }
            (State::Accepted, 2) => vec![Action::Send],
            _ => Vec::new(),
        }
    }

    /// A timer fired.
    pub(crate) fn timer(&mut self, timer: Timer) -> Vec<Action> {
        match (self.state, timer) {
            (State::Completed, Timer::G) => {
                self.interval = self.pace.doubled(self.interval);
                vec![Action::Send, Action::Start(Timer::G, self.interval)]
            }
            (State::Completed, Timer::H) => vec![Action::TimedOut, Action::Terminate],
            (State::Confirmed, Timer::I) | (State::Accepted, Timer::L) => vec![Action::Terminate],
            _ => Vec::new(),
        }
    }
}
