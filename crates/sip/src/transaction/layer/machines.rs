//! Of each side, the machine that the method wants.

use crate::message::Method;
use crate::transaction::{Action, Client, ClientInvite, Pace, Server, ServerInvite, Timer};

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
        match self {
            Self::Invite(machine) => machine.start(),
            Self::Other(machine) => machine.start(),
        }
    }

    pub(super) fn response(&mut self, status: u16) -> Vec<Action> {
        match self {
            Self::Invite(machine) => machine.response(status),
            Self::Other(machine) => machine.response(status),
        }
    }

    pub(super) fn timer(&mut self, timer: Timer) -> Vec<Action> {
        match self {
            Self::Invite(machine) => machine.timer(timer),
            Self::Other(machine) => machine.timer(timer),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        match self {
            Self::Invite(machine) => machine.is_open(),
            Self::Other(machine) => machine.is_open(),
        }
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
        match self {
            Self::Invite(machine) => machine.request(),
            Self::Other(machine) => machine.request(),
        }
    }

    pub(super) fn respond(&mut self, status: u16) -> Vec<Action> {
        match self {
            Self::Invite(machine) => machine.respond(status),
            Self::Other(machine) => machine.respond(status),
        }
    }

    pub(super) fn timer(&mut self, timer: Timer) -> Vec<Action> {
        match self {
            Self::Invite(machine) => machine.timer(timer),
            Self::Other(machine) => machine.timer(timer),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        match self {
            Self::Invite(machine) => machine.is_open(),
            Self::Other(machine) => machine.is_open(),
        }
    }

    pub(super) fn awaits_ack(&self) -> bool {
        matches!(self, Self::Invite(machine) if machine.awaits_ack())
    }
}
