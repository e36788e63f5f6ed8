//! The words in which calls are asked for and refused.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use crate::message::{Replaces, Uri};
use crate::transport::Transport;

/// A call that we make.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Whom.
    pub target: Target,
    /// What the From shows.
    pub from: Identity,
    /// The user part of our Contact; the From user when absent.
    pub contact_user: Option<String>,
    /// The call whose place it is to take at the callee's (RFC 3891).
    pub replaces: Option<Replaces>,
    /// The offer.
    pub sdp: Bytes,
}

/// What a From shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The display name.
    pub display: Option<String>,
    /// The number or user.
    pub user: String,
}

/// Whom an outgoing call goes to.
#[derive(Clone, Debug)]
pub enum Target {
    /// All contacts of a user of ours; the first answer wins.
    User(String),
    /// A number through a gateway.
    Gateway {
        /// The gateway's name.
        gateway: String,
        /// The number, the user part of the request URI.
        number: String,
    },
    /// A URI at an address, whoever that is; its challenges are never answered.
    Address {
        /// The request URI.
        uri: Uri,
        /// How the INVITE travels.
        transport: Transport,
        /// Where it goes.
        remote: SocketAddr,
    },
}

/// Why a call could not even be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// The user is unknown or has no contact.
    #[error("the user is not registered")]
    NotRegistered,
    /// No gateway has that name.
    #[error("there is no such gateway")]
    UnknownGateway,
    /// The gateway did not answer our pings or refused our registration.
    #[error("the gateway is down")]
    GatewayDown,
    /// The gateway's host name has no address yet.
    #[error("the gateway's address is not known")]
    Unresolved,
    /// A table is full, or the endpoint shuts down.
    #[error("too many calls")]
    TooManyCalls,
    /// No listener speaks the transport and address family.
    #[error("no listener for that transport and address family")]
    NoListener,
}

/// How a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status, 400 to 699.
    pub status: u16,
    /// The reason phrase, when not the usual one.
    pub reason: Option<String>,
    /// Retry-After.
    pub retry_after: Option<Duration>,
    /// Code and text of a Warning header (RFC 3261 §20.43).
    pub warning: Option<(u16, String)>,
}

impl Refusal {
    /// A refusal with the usual phrase.
    pub fn new(status: u16) -> Self {
        Self { status, reason: None, retry_after: None, warning: None }
    }
}

impl From<u16> for Refusal {
    fn from(status: u16) -> Self {
        Self::new(status)
    }
}

/// Decides about an INVITE before any state exists for it.
pub trait Admission {
    /// `Err` is answered without state.
    ///
    /// # Errors
    /// The refusal that the caller is to get.
    fn admit(&self, invite: &InviteSummary<'_>) -> Result<(), Refusal>;
}

/// Lets every INVITE in.
#[derive(Clone, Copy, Debug, Default)]
pub struct AdmitAll;

impl Admission for AdmitAll {
    fn admit(&self, _: &InviteSummary<'_>) -> Result<(), Refusal> {
        Ok(())
    }
}

/// What is known of an INVITE when it is to be admitted.
#[derive(Clone, Copy, Debug)]
pub struct InviteSummary<'a> {
    /// The user part of the request URI, unescaped.
    pub dialled: &'a str,
    /// The user of ours whose password was shown.
    pub authenticated: Option<&'a str>,
    /// The gateway from whose address it came.
    pub gateway: Option<&'a str>,
    /// Where it came from.
    pub source: SocketAddr,
}
