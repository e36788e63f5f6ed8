//! A call that is up: its dialog, and how far offers and answers are (RFC 3261 §13, §14; RFC 3311; RFC 3264 §4).

use std::time::Duration;

use bytes::Bytes;

use super::{Dialog, SessionTimer};
use crate::endpoint::{Cause, PeerOptions};
use crate::message::{Headers, header};
use crate::transaction::TransactionId;

/// A 2xx of ours whose ACK has not come.
#[derive(Debug)]
pub(crate) struct Unacknowledged {
    /// The response as it was sent.
    pub(crate) response: Bytes,
    /// The INVITE's CSeq number, which the ACK repeats.
    pub(crate) cseq: u32,
    /// The wait before the next repetition.
    pub(crate) interval: Duration,
    /// Whether it opened the call.
    pub(crate) initial: bool,
    /// Whether it carried an offer of ours, so that the ACK carries the answer.
    pub(crate) offered: bool,
}

/// Who waits for an answer from whom.
#[derive(Debug, Default)]
pub(crate) enum Negotiation {
    /// Nobody.
    #[default]
    Idle,
    /// We: our re-INVITE is under way.
    Ours { id: TransactionId, offer: Box<Queued> },
    /// The peer, by a re-INVITE or an UPDATE, for the owner of the endpoint to decide.
    Theirs { id: TransactionId, invite: bool, cseq: u32, offered: bool },
}

/// An offer of ours.
#[derive(Clone, Debug)]
pub(crate) struct Queued {
    /// The session description.
    pub(crate) sdp: Bytes,
    /// Whether it is the one that holds already, sent to refresh the session: its owner need not hear of it.
    pub(crate) refresh: bool,
}

/// How a session is refreshed (RFC 4028 §7.4).
#[derive(Debug)]
pub(crate) enum Refresh {
    /// By an UPDATE.
    Update,
    /// By a re-INVITE that repeats our last session description, since the peer takes no UPDATE.
    Repeat(Box<Bytes>),
}

impl Refresh {
    /// What the peer of a new session takes, by its INVITE or 2xx; `sdp` is our description.
    pub(crate) fn of(headers: &Headers, sdp: &Bytes) -> Self {
        let takes_update = headers.list(header::ALLOW).any(|method| method == "UPDATE");
        if takes_update { Self::Update } else { Self::Repeat(sdp.clone().into()) }
    }

    /// Our session description is another one.
    pub(crate) fn describe(&mut self, sdp: &Bytes) {
        if let Self::Repeat(last) = self {
            **last = sdp.clone();
        }
    }
}

/// A call that is up. What most calls do not need is boxed: there may be thousands that do nothing.
#[derive(Debug)]
pub(crate) struct Session {
    /// The dialog.
    pub(crate) dialog: Dialog,
    /// Whether we called; then the Call-ID is ours, which decides who yields at glare.
    pub(crate) caller: bool,
    /// The gateway, by its index, that the call was placed through.
    pub(crate) gateway: Option<usize>,
    /// The 2xx that waits for its ACK.
    pub(crate) unacknowledged: Option<Box<Unacknowledged>>,
    /// Offer and answer.
    pub(crate) negotiation: Negotiation,
    /// An offer of ours that waits for its turn.
    pub(crate) queued: Option<Box<Queued>>,
    /// Our re-INVITE met the peer's: no other one until the wait of RFC 3261 §14.1 is over.
    pub(crate) glare: bool,
    /// Our BYE waits for the ACK, as RFC 3261 §15 wants; the owner has been told that the call is over.
    pub(crate) closing: Option<Cause>,
    /// Our last ACK, in case the 2xx comes again: the INVITE's CSeq number and the bytes.
    pub(crate) acknowledged: Option<Box<(u32, Bytes)>>,
    /// What the peer may do.
    pub(crate) options: PeerOptions,
    /// The session timer.
    pub(crate) timer: Option<SessionTimer>,
    /// How it is refreshed.
    pub(crate) refresh: Refresh,
    /// The provisional response that waits for its PRACK: RSeq, and the INVITE's CSeq number.
    pub(crate) provisional: Option<(u32, u32)>,
    /// We have subscribed within the dialog, by SUBSCRIBE or REFER: NOTIFYs may come.
    pub(crate) subscribed: bool,
}

impl Session {
    /// A call whose first INVITE was just accepted.
    pub(crate) fn new(dialog: Dialog, caller: bool, gateway: Option<usize>, options: PeerOptions) -> Self {
        Self {
            dialog,
            caller,
            gateway,
            unacknowledged: None,
            negotiation: Negotiation::Idle,
            queued: None,
            glare: false,
            closing: None,
            acknowledged: None,
            options,
            timer: None,
            refresh: Refresh::Update,
            provisional: None,
            subscribed: false,
        }
    }

    /// Whether an INVITE of ours may go out now.
    pub(crate) fn may_offer(&self) -> bool {
        let idle = matches!(self.negotiation, Negotiation::Idle) && self.unacknowledged.is_none();
        idle && !self.glare && self.closing.is_none()
    }

    /// How an offer of the peer is refused when it comes at a bad time: 491 against ours, 500 against its own
    /// (RFC 3261 §14.2, RFC 3311 §5.2).
    pub(crate) fn offer_conflict(&self) -> Option<u16> {
        match self.negotiation {
            Negotiation::Ours { .. } => Some(491),
            Negotiation::Theirs { .. } => Some(500),
            _ if self.unacknowledged.as_ref().is_some_and(|two| two.offered) => Some(491),
            _ if self.unacknowledged.is_some() => Some(500),
            _ => None,
        }
    }
}
