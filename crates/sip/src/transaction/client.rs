//! Non-INVITE client transaction (RFC 3261 §17.1.2).

use std::time::Duration;

use super::{Action, Pace, Timer};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Trying,
    Proceeding,
    Completed,
}

/// The state of one request, other than INVITE and ACK, that we sent.
#[derive(Debug)]
pub(crate) struct Client {
    pace: Pace,
    state: State,
    interval: Duration,
}

impl Client {
    /// Before [`start`](Self::start).
    pub(crate) fn new(pace: Pace) -> Self {
        Self { pace, state: State::Trying, interval: pace.timers.t1 }
    }

    /// Whether no final response came.
    pub(crate) fn is_open(&self) -> bool {
        self.state != State::Completed
    }

    /// The request goes out.
    pub(crate) fn start(&self) -> Vec<Action> {
        let mut actions = vec![Action::Send, Action::Start(Timer::F, self.pace.long())];
        actions.extend(self.pace.retransmit(Timer::E));
        actions
    }

    /// A response came.
    pub(crate) fn response(&mut self, status: u16) -> Vec<Action> {
        match (self.state, status / 100) {
            (State::Completed, _) => Vec::new(),
            (_, 1) => {
                self.state = State::Proceeding;
                vec![Action::Pass]
            }
            _ => {
                self.state = State::Completed;
                let linger = self.pace.linger(Timer::K, self.pace.timers.t4);
                vec![Action::Stop(Timer::E), Action::Stop(Timer::F), Action::Pass, linger]
            }
        }
    }

    /// A timer fired.
    pub(crate) fn timer(&mut self, timer: Timer) -> Vec<Action> {
        match (self.state, timer) {
            (State::Trying | State::Proceeding, Timer::E) => {
                let proceeding = self.state == State::Proceeding;
                self.interval =
                    if proceeding { self.pace.timers.t2 } else { self.pace.doubled(self.interval) };
                vec![Action::Send, Action::Start(Timer::E, self.interval)]
            }
            (State::Trying | State::Proceeding, Timer::F) => vec![Action::TimedOut, Action::Terminate],
            (State::Completed, Timer::K) => vec![Action::Terminate],
            _ => Vec::new(),
        }
    }
}
