//! Non-INVITE server transaction (RFC 3261 §17.2.2).

use super::{Action, Pace, Timer};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Trying,
    Proceeding,
    Completed,
}

/// The state of one request, other than INVITE and ACK, that a peer sent.
#[derive(Debug)]
pub(crate) struct Server {
    pace: Pace,
    state: State,
}

impl Server {
    /// The request came.
    pub(crate) fn new(pace: Pace) -> Self {
        Self { pace, state: State::Trying }
    }

    /// Whether no final response was sent.
    pub(crate) fn is_open(&self) -> bool {
        self.state != State::Completed
    }

    /// The request came again.
    pub(crate) fn request(&self) -> Vec<Action> {
        match self.state {
            State::Trying => Vec::new(),
            State::Proceeding | State::Completed => vec![Action::Send],
        }
    }

    /// The transaction user responds.
    pub(crate) fn respond(&mut self, status: u16) -> Vec<Action> {
        match (self.state, status / 100) {
            (State::Completed, _) => Vec::new(),
            (_, 1) => {
                self.state = State::Proceeding;
                vec![Action::Send]
            }
            _ => {
                self.state = State::Completed;
                vec![Action::Send, self.pace.linger(Timer::J, self.pace.long())]
            }
        }
    }

    /// A timer fired.
    pub(crate) fn timer(&self, timer: Timer) -> Vec<Action> {
        match (self.state, timer) {
            (State::Completed, Timer::J) => vec![Action::Terminate],
            _ => Vec::new(),
        }
    }
}
