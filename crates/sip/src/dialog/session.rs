//! A call that is up: its dialog, and how far offers and answers are (RFC 3261 §13, §14; RFC 3311; RFC 3264 §4).

use std::time::Duration;

use bytes::Bytes;

use super::Dialog;
use crate::endpoint::Cause;
use crate::message::CSeq;
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
    Ours { id: TransactionId, sdp: Bytes },
    /// The peer, for the owner of the endpoint to decide.
    Theirs { id: TransactionId, cseq: CSeq, offered: bool },
}

/// A call that is up.
#[derive(Debug)]
pub(crate) struct Session {
    /// The dialog.
    pub(crate) dialog: Dialog,
    /// Whether we called; then the Call-ID is ours, which decides who yields at glare.
    pub(crate) caller: bool,
    /// The gateway, by its index, that the call was placed through.
    pub(crate) gateway: Option<usize>,
    /// The 2xx that waits for its ACK.
    pub(crate) unacknowledged: Option<Unacknowledged>,
    /// Offer and answer.
    pub(crate) negotiation: Negotiation,
    /// An offer of ours that waits for its turn.
    pub(crate) queued: Option<Bytes>,
    /// Our re-INVITE met the peer's: no other one until the wait of RFC 3261 §14.1 is over.
    pub(crate) glare: bool,
    /// Our BYE waits for the ACK, as RFC 3261 §15 wants; the owner has been told that the call is over.
    pub(crate) closing: Option<Cause>,
    /// Our last ACK, in case the 2xx comes again: the INVITE's CSeq number and the bytes.
    pub(crate) acknowledged: Option<(u32, Bytes)>,
}

impl Session {
    /// A call whose first INVITE was just accepted.
    pub(crate) fn new(dialog: Dialog, caller: bool, gateway: Option<usize>) -> Self {
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
