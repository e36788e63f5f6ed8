//! Of each side, the machine that the method wants.

use crate::message::Method;
use crate::transaction::{Action, Client, ClientInvite, Pace, Server, ServerInvite, Timer};

/// Asks the machine, whichever it is.
macro_rules! either {
    ($self:ident, $machine:ident => $asked:expr) => {
        match $self {
            Self::Invite($machine) => $asked,
            Self::Other($machine) => $asked,
        }
    };
}

/// A client transaction's machine.
#[derive(Debug)]
pub(super) enum ClientMachine {
    Invite(ClientInvite),
    Other(Client),
}

impl ClientMachine {
    pub(super) fn new(method: &Method, pace: Pace) -> Self {
        match method {
            Method::Invite => Self::Invite(ClientInvite::new(pace)),
            _ => Self::Other(Client::new(pace)),
        }
    }

    pub(super) fn start(&self) -> Vec<Action> {
        either!(self, machine => machine.start())
    }

    pub(super) fn response(&mut self, status: u16) -> Vec<Action> {
        either!(self, machine => machine.response(status))
    }

    pub(super) fn timer(&mut self, timer: Timer) -> Vec<Action> {
        either!(self, machine => machine.timer(timer))
    }

    pub(super) fn is_open(&self) -> bool {
        either!(self, machine => machine.is_open())
    }
}

/// A server transaction's machine.
#[derive(Debug)]
pub(super) enum ServerMachine {
    Invite(ServerInvite),
    Other(Server),
}

impl ServerMachine {
    pub(super) fn new(method: &Method, pace: Pace) -> Self {
        match method {
            Method::Invite => Self::Invite(ServerInvite::new(pace)),
            _ => Self::Other(Server::new(pace)),
        }
    }

    pub(super) fn request(&self) -> Vec<Action> {
        either!(self, machine => machine.request())
    }

    pub(super) fn respond(&mut self, status: u16) -> Vec<Action> {
        either!(self, machine => machine.respond(status))
    }

    pub(super) fn timer(&mut self, timer: Timer) -> Vec<Action> {
        either!(self, machine => machine.timer(timer))
    }

    pub(super) fn is_open(&self) -> bool {
        either!(self, machine => machine.is_open())
    }

    /// Whether the last response is sent again when the request comes again.
    pub(super) fn repeats(&self) -> bool {
        self.request().contains(&Action::Send)
    }

    pub(super) fn awaits_ack(&self) -> bool {
        matches!(self, Self::Invite(machine) if machine.awaits_ack())
    }
}
