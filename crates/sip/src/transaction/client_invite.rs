//! INVITE client transaction (RFC 3261 §17.1.1, RFC 6026 §7.2).

use std::time::Duration;

use super::{Action, Pace, Timer};

/// Timer D of an unreliable transport: at least 32 s.
const TIMER_D: Duration = Duration::from_secs(32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Calling,
    Proceeding,
    Accepted,
    Completed,
}

/// The state of one INVITE that we sent.
#[derive(Debug)]
pub(crate) struct ClientInvite {
    pace: Pace,
    state: State,
    interval: Duration,
}

impl ClientInvite {
    /// Before [`start`](Self::start).
    pub(crate) fn new(pace: Pace) -> Self {
        Self { pace, state: State::Calling, interval: pace.timers.t1 }
    }

    /// Whether no final response came.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Calling | State::Proceeding)
    }

    /// The request goes out.
    pub(crate) fn start(&self) -> Vec<Action> {
        let mut actions = vec![Action::Send, Action::Start(Timer::B, self.pace.long())];
        actions.extend(self.pace.retransmit(Timer::A));
        actions
    }

    /// A response came.
    pub(crate) fn response(&mut self, status: u16) -> Vec<Action> {
        match (self.state, status / 100) {
            (State::Calling, 1) => {
                self.state = State::Proceeding;
                vec![Action::Stop(Timer::A), Action::Stop(Timer::B), Action::Pass]
            }
            (State::Proceeding, 1) | (State::Accepted, 2) => vec![Action::Pass],
            (State::Calling | State::Proceeding, 2) => self.settle(State::Accepted),
            (State::Calling | State::Proceeding, _) => self.settle(State::Completed),
            (State::Completed, 3..) => vec![Action::Ack],
            _ => Vec::new(),
        }
    }

    /// A CANCEL went out: the wait for a final response is bounded from now on.
    pub(crate) fn cancelled(&self) -> Vec<Action> {
        match self.state {
            State::Proceeding => vec![Action::Start(Timer::C, self.pace.long())],
            _ => Vec::new(),
        }
    }

    /// A timer fired.
    pub(crate) fn timer(&mut self, timer: Timer) -> Vec<Action> {
        match (self.state, timer) {
            (State::Calling, Timer::A) => {
                self.interval *= 2;
                vec![Action::Send, Action::Start(Timer::A, self.interval)]
            }
            (State::Calling, Timer::B) | (State::Proceeding, Timer::C) => {
                vec![Action::TimedOut, Action::Terminate]
            }
            (State::Completed, Timer::D) | (State::Accepted, Timer::M) => vec![Action::Terminate],
            _ => Vec::new(),
        }
    }

    fn settle(&mut self, state: State) -> Vec<Action> {
        self.state = state;
        let mut actions = [Timer::A, Timer::B, Timer::C].map(Action::Stop).to_vec();
        if state == State::Accepted {
            // Also over a reliable transport: another branch of a fork may still answer (RFC 6026 §8.4).
            actions.extend([Action::Pass, Action::Start(Timer::M, self.pace.long())]);
        } else {
            actions.extend([Action::Ack, Action::Pass, self.pace.linger(Timer::D, TIMER_D)]);
        }
        actions
    }
}
