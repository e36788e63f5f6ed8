//! The table of calls, and what is common to all of them.

use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;

use super::reliable::Provisional;
use super::{By, CallRef, Cause, End, Endpoint, Event, PeerOptions, Refusal, SubscriptionRef};
use crate::clean;
use crate::dialog::{Dialog, Negotiation, Session};
use crate::message::{Headers, Method, Request, header};
use crate::transaction::{Due, ForkId, Owner, Sending, TransactionId};
use crate::transport::Flow;

/// One call in the state it is in. Boxed, since a tree keeps places free beside those in use.
#[derive(Debug)]
pub(super) enum Call {
    /// A peer calls and waits for our final response.
    Incoming(Box<Incoming>),
    /// We call and wait for an answer.
    Placed(Box<Placed>),
    /// Answered.
    Up(Box<Session>),
}

/// An INVITE to us.
#[derive(Debug)]
pub(super) struct Incoming {
    /// Its transaction.
    pub(super) invite: TransactionId,
    /// The early dialog.
    pub(super) dialog: Dialog,
    /// Whether it carried an offer.
    pub(super) offered: bool,
    /// What the peer may do.
    pub(super) options: PeerOptions,
    /// Whether our provisional responses want a PRACK.
    pub(super) reliable: bool,
    /// The one that was sent so.
    pub(super) provisional: Option<Provisional>,
    /// The RSeq of the last one.
    pub(super) rseq: Option<u32>,
}

/// Our INVITEs.
#[derive(Debug, Default)]
pub(super) struct Placed {
    /// Those without a final response.
    pub(super) forks: Vec<ForkId>,
    /// Provisional statuses that were told.
    pub(super) told: Vec<u16>,
    /// The best of the failures so far.
    pub(super) best: Option<End>,
}

/// Whom a dialog belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Party {
    /// A call from a peer, or one that is up.
    Call(CallRef),
    /// An outgoing INVITE without a final response.
    Fork(ForkId),
    /// A subscription of its own.
    Subscription(SubscriptionRef),
}

impl Call {
    /// Whether that INVITE, re-INVITE or UPDATE waits for our final response.
    pub(super) fn waits_for(&self, transaction: TransactionId) -> bool {
        match self {
            Self::Incoming(incoming) => incoming.invite == transaction,
            Self::Up(session) => {
                matches!(session.negotiation, Negotiation::Theirs { id, .. } if id == transaction)
            }
            Self::Placed(_) => false,
        }
    }

    /// Whether our BYE waits for the ACK of our answer.
    pub(super) fn is_closing(&self) -> bool {
        matches!(self, Self::Up(session) if session.closing.is_some())
    }

    /// A connection broke: the next request of the dialog opens one to the peer's Contact, or where it was seen.
    pub(super) fn connection_lost(&mut self, flow: Flow) {
        let dialog = match self {
            Self::Incoming(incoming) => &mut incoming.dialog,
            Self::Up(session) => &mut session.dialog,
            Self::Placed(_) => return,
        };
        if dialog.peer == flow {
            let target = dialog.target_address().filter(|(transport, _)| *transport == flow.transport);
            dialog.peer.connection = None;
            dialog.peer.remote = target.map_or(flow.remote, |(_, address)| address);
        }
    }
}

impl Endpoint {
    /// Ends a call by CANCEL, BYE or a final response, as its state wants; `Ended` follows.
    pub fn hangup(&mut self, now: Instant, call: CallRef, cause: Cause) {
        match self.calls.get(&call) {
            Some(Call::Incoming(_)) => self.reject(now, call, Refusal::new(status_of(cause))),
            Some(Call::Placed(_)) => {
                self.cancel_forks(now, call, cause);
                self.ended(now, call, End { status: Some(487), by: By::Us, reason: None });
            }
            Some(Call::Up(session)) if session.closing.is_none() => self.close(now, call, cause, By::Us),
            _ => {}
        }
        self.settle(now);
    }

    /// Where a call's peer was last heard from; `None` while a call of ours has no answer.
    #[must_use]
    pub fn peer(&self, call: CallRef) -> Option<SocketAddr> {
        match self.calls.get(&call)? {
            Call::Incoming(incoming) => Some(incoming.dialog.peer.remote),
            Call::Up(session) => Some(session.dialog.peer.remote),
            Call::Placed(_) => None,
        }
    }

    /// Tells that a call is over, and forgets it.
    pub(super) fn ended(&mut self, now: Instant, call: CallRef, end: End) {
        self.forget(now, call);
        self.events.push_back(Event::Ended { call, end });
    }

    /// Ends a call that is up from our side. An answer that is not acknowledged delays the BYE (RFC 3261 §15), though
    /// not the news.
    pub(super) fn close(&mut self, now: Instant, call: CallRef, cause: Cause, by: By) {
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return };
        if session.unacknowledged.is_some() && by == By::Us {
            session.closing = Some(cause);
            self.refuse_pending(now, call);
            for due in [Due::Glare(call), Due::Refresh(call), Due::SessionEnd(call)] {
                self.layer.schedule.stop(due);
            }
            self.events.push_back(Event::Ended { call, end: End { status: None, by, reason: None } });
            return;
        }
        self.send_bye(now, call, cause);
        self.over(now, call, End { status: None, by, reason: None });
    }

    /// A call that was up is over; the owner is told, unless he knows.
    pub(super) fn over(&mut self, now: Instant, call: CallRef, end: End) {
        self.refuse_pending(now, call);
        match self.calls.get(&call) {
            Some(Call::Up(session)) if session.closing.is_some() => self.forget(now, call),
            Some(_) => self.ended(now, call, end),
            None => {}
        }
    }

    /// Sends the BYE of a call that is up.
    pub(super) fn send_bye(&mut self, now: Instant, call: CallRef, cause: Cause) {
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return };
        let mut bye = session.dialog.request(Method::Bye);
        bye.headers.push(header::REASON, cause.header());
        let (dialog, gateway) = (session.dialog.clone(), session.gateway);
        self.send_within(now, &dialog, gateway, bye, Owner::Nobody);
    }

    /// Sends a request of a dialog on its way; `gateway` is the one whose challenge may be answered.
    pub(super) fn send_within(
        &mut self,
        now: Instant,
        dialog: &Dialog,
        gateway: Option<usize>,
        mut request: Request,
        owner: Owner,
    ) -> TransactionId {
        self.decorate(&mut request.headers);
        let flow = self.way(dialog);
        self.layer.request(now, Sending { gateway, ..Sending::new(request, flow, owner) })
    }

    /// The peer does not know the dialog: the call is over without a BYE.
    pub(super) fn dialog_gone(&mut self, now: Instant, call: CallRef) {
        self.over(now, call, End { status: Some(481), by: By::Peer, reason: None });
    }

    /// A request of the peer that waits for an answer gets 487, since its call is over (RFC 3261 §15.1.2).
    fn refuse_pending(&mut self, now: Instant, call: CallRef) {
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return };
        if let Negotiation::Theirs { id, .. } = std::mem::take(&mut session.negotiation) {
            let tag = session.dialog.local_tag.clone();
            self.respond_in_dialog(now, id, &tag, 487, |_| ());
        }
    }

    fn forget(&mut self, now: Instant, call: CallRef) {
        self.end_subscriptions_of(now, call);
        self.layer.schedule.stop_call(call);
        let dialog = match self.calls.remove(&call) {
            Some(Call::Incoming(incoming)) => incoming.dialog,
            Some(Call::Up(session)) => session.dialog,
            _ => return,
        };
        self.dialogs.remove(&(dialog.call_id, dialog.local_tag));
    }

    /// The way of the next request within a dialog.
    pub(super) fn way(&self, dialog: &Dialog) -> Flow {
        match dialog.next_hop() {
            Some((transport, remote)) if remote != dialog.peer.remote => {
                self.layer.route(transport, remote).unwrap_or(dialog.peer)
            }
            _ => dialog.peer,
        }
    }

    /// The Contact that peers at the other end of `flow` shall use.
    pub(super) fn contact(&self, flow: &Flow, user: &str) -> String {
        let address = self.layer.advertised(flow);
        let transport = if flow.transport.is_reliable() { ";transport=tcp" } else { "" };
        let user = if user.is_empty() { String::new() } else { format!("{user}@") };
        format!("<sip:{user}{address}{transport}>")
    }

    /// The Contact of a dialog: a focus says that it is one (RFC 4579 §4.1).
    pub(super) fn dialog_contact(&self, flow: &Flow, user: &str, options: &PeerOptions) -> String {
        let contact = self.contact(flow, user);
        if self.config.focus && options.isfocus { format!("{contact};isfocus") } else { contact }
    }

    /// Adds who we are to a request.
    pub(super) fn decorate(&self, headers: &mut Headers) {
        headers.push(header::USER_AGENT, &self.config.user_agent);
    }
}

/// Puts a session description into a message.
pub(super) fn attach_sdp(request: &mut Request, sdp: Bytes) {
    request.headers.push(header::CONTENT_TYPE, "application/sdp");
    request.body = sdp;
}

/// The text of a Reason header or reason phrase, cleaned.
pub(super) fn reason_of(headers: &Headers) -> Option<String> {
    clean::text(headers.get(header::REASON)?)
}

/// The final response to an INVITE that says the same as a cause.
fn status_of(cause: Cause) -> u16 {
    match cause {
        Cause::USER_BUSY => 486,
        Cause::CALL_REJECTED => 603,
        Cause::TEMPORARY_FAILURE => 503,
        Cause::INCOMPATIBLE_DESTINATION => 488,
        _ => 480,
    }
}
