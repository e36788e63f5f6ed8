//! What becomes of each INVITE of an outgoing call (RFC 3261 §13.2.2, §9.1, §16.7).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::calls::{Call, Party, reason_of};
use super::offers::copy_credentials;
use super::options::{RELIABLE, requires};
use super::timer::{asked_interval, raised};
use super::{By, CallRef, Cause, End, Endpoint, Event, Extension, PeerOptions};
use crate::clean;
use crate::dialog::{Dialog, Refresh, Session, SessionTimer};
use crate::label::Label;
use crate::message::{CSeq, Method, Request, Response, header};
use crate::transaction::{Due, ForkId, Owner, Sending, TransactionId};
use crate::transport::Flow;

/// Callees that one INVITE may reach behind a proxy; responses with further tags are not looked at.
const MAX_CALLEES: usize = 16;

/// How long one of several addresses of a gateway may be silent.
pub(super) const FAILOVER: Duration = Duration::from_secs(4);

/// One INVITE over all its tries. It outlives its call until nothing can come for it any more.
#[derive(Debug)]
pub(super) struct Fork {
    /// The call it was sent for.
    pub(super) call: CallRef,
    /// The transaction of the current try.
    pub(super) id: TransactionId,
    /// Our tag.
    pub(super) local_tag: String,
    /// The callees that sent a provisional response.
    pub(super) early: Vec<Early>,
    /// What the peer may do.
    pub(super) options: PeerOptions,
    /// See [`Dialog`].
    pub(super) anchored: bool,
    /// The gateway, by its index, that it goes through.
    pub(super) gateway: Option<usize>,
    /// Further addresses to try.
    pub(super) alternatives: Vec<SocketAddr>,
    call_id: Label,
    proceeding: bool,
    cancelling: Option<Cause>,
    /// The ACKs of its 2xx by the callee's tag, in case they come again.
    answered: BTreeMap<String, (Flow, Bytes)>,
}

/// A callee who has not answered yet.
#[derive(Debug, Default)]
pub(super) struct Early {
    /// His tag.
    pub(super) tag: String,
    /// The early dialog, once he was sent a PRACK.
    pub(super) dialog: Option<Box<Dialog>>,
    /// The number of his last provisional response that wanted one.
    pub(super) rseq: Option<u32>,
    /// The answer to our offer, if it came in one of those; his 2xx need not repeat it.
    pub(super) answer: Option<Bytes>,
}

impl Fork {
    /// An INVITE that has just been sent.
    pub(super) fn new(
        call: CallRef,
        id: TransactionId,
        call_id: Label,
        local_tag: String,
        options: PeerOptions,
    ) -> Self {
        Self {
            call,
            id,
            local_tag,
            early: Vec::new(),
            options,
            anchored: false,
            gateway: None,
            alternatives: Vec::new(),
            call_id,
            proceeding: false,
            cancelling: None,
            answered: BTreeMap::new(),
        }
    }
}

impl Endpoint {
    /// A response to an INVITE of ours.
    pub(super) fn fork_response(
        &mut self,
        now: Instant,
        fork: ForkId,
        id: TransactionId,
        response: &Response,
        source: SocketAddr,
    ) {
        match response.status {
            ..200 => self.fork_progress(now, fork, id, response),
            200..300 => self.fork_accepted(now, fork, id, response),
            status => {
                let wanted = self.forks.get(&fork).is_some_and(|fork| fork.cancelling.is_none());
                if wanted && let Some(id) = self.answer_challenge(now, id, response, source) {
                    return self.fork_again(fork, id);
                }
                if wanted && status == 422 && self.try_longer_session(now, fork, response) {
                    return;
                }
                let reason = reason_of(&response.headers).or_else(|| clean::text(&response.reason));
                self.fork_failed(now, fork, End { status: Some(status), by: By::Peer, reason });
            }
        }
    }

    /// No final response came.
    pub(super) fn fork_silent(&mut self, now: Instant, fork: ForkId, by: By) {
        let status = if by == By::Timeout { 408 } else { 503 };
        self.fork_failed(now, fork, End { status: Some(status), by, reason: None });
    }

    /// An address of a gateway is silent: the next one is tried.
    pub(super) fn failover(&mut self, now: Instant, id: ForkId) {
        let Some(fork) = self.forks.get(&id) else { return };
        let (silent, previous) = (!fork.proceeding && fork.cancelling.is_none(), fork.id);
        if silent && self.try_next_address(now, id) {
            self.layer.abandon(previous);
        }
    }

    /// The transaction is over: nothing can come for this INVITE any more.
    pub(super) fn fork_terminated(&mut self, now: Instant, fork: ForkId, id: TransactionId) {
        if self.forks.get(&fork).is_some_and(|fork| fork.id == id) && self.still_waits(fork) {
            // A 2xx that opened no dialog.
            self.fork_failed(now, fork, End { status: Some(500), by: By::Peer, reason: None });
        }
        if self.forks.get(&fork).is_some_and(|fork| fork.id == id)
            && let Some(gone) = self.forks.remove(&fork)
        {
            self.layer.schedule.stop(Due::Failover(fork));
            self.forget_early(fork, gone.call_id, gone.local_tag);
        }
    }

    /// Cancels an INVITE; the CANCEL waits for a provisional response (RFC 3261 §9.1).
    pub(super) fn cancel_fork(&mut self, now: Instant, fork: ForkId, cause: Cause) {
        let Some(fork) = self.forks.get_mut(&fork) else { return };
        if fork.cancelling.is_some() || !fork.answered.is_empty() {
            return;
        }
        fork.cancelling = Some(cause);
        if fork.proceeding {
            self.layer.cancel(now, fork.id, &cause.header());
        }
    }

    fn fork_progress(&mut self, now: Instant, id: ForkId, transaction: TransactionId, response: &Response) {
        let Some(fork) = self.forks.get_mut(&id) else { return };
        let first = !std::mem::replace(&mut fork.proceeding, true);
        if let (true, Some(cause)) = (first, fork.cancelling) {
            return self.layer.cancel(now, fork.id, &cause.header());
        }
        let tag = response.headers.to_tag().map(str::to_owned);
        let is_new = |tag: &String| !fork.early.iter().any(|early| early.tag == *tag);
        if let Some(tag) = tag.filter(|tag| fork.early.len() < MAX_CALLEES && is_new(tag)) {
            fork.early.push(Early { tag, ..Early::default() });
        }
        let (call, status) = (fork.call, response.status);
        let reliable = fork.options.reliable != Extension::Off && requires(&response.headers, RELIABLE);
        if reliable && status > 100 && !self.acknowledge(now, id, transaction, response) {
            return;
        }
        let Some(Call::Placed(placed)) = self.calls.get_mut(&call) else { return };
        if (180..190).contains(&status) && !placed.told.contains(&status) {
            placed.told.push(status);
            self.events.push_back(Event::Progress { call, status });
        }
    }

    /// A 2xx: acknowledged in any case; the first one for its call wins, any other is ended by BYE.
    fn fork_accepted(&mut self, now: Instant, id: ForkId, transaction: TransactionId, response: &Response) {
        let Some(fork) = self.forks.get(&id) else { return };
        let tag = response.headers.to_tag().unwrap_or_default().to_owned();
        if let Some((flow, ack)) = fork.answered.get(&tag).cloned() {
            self.layer.stats.retransmitted += 1;
            return self.layer.send(flow, ack);
        }
        if fork.answered.len() == MAX_CALLEES {
            self.layer.stats.stray_responses += 1;
            return;
        }
        let Some(sending) = self.layer.sending(transaction) else { return };
        let Some(mut dialog) = Dialog::of_response(&sending.request, response, sending.flow, fork.anchored)
        else {
            return;
        };
        let mut ack = dialog.ack(dialog.local_cseq);
        copy_credentials(&sending.request, &mut ack);
        let refresh = Refresh::of(&response.headers, &sending.request.body);
        let (call, gateway, cancelling, options) = (fork.call, fork.gateway, fork.cancelling, fork.options);
        let early = fork.early.iter().find(|early| early.tag == tag);
        let answer = early.and_then(|early| early.answer.clone());
        let last = early.and_then(|early| early.dialog.as_ref()).map_or(0, |early| early.local_cseq);
        dialog.local_cseq = dialog.local_cseq.max(last);
        let flow = self.way(&dialog);
        let bytes = self.layer.send_ack(ack, flow);
        if let Some(fork) = self.forks.get_mut(&id) {
            fork.answered.insert(tag, (flow, bytes));
        }
        match self.calls.get(&call) {
            Some(Call::Placed(_)) if cancelling.is_none() => {
                let session = Session { refresh, ..Session::new(dialog, true, gateway, options) };
                self.call_answered(now, call, id, session, response, answer);
            }
            _ => self.decline_answer(now, dialog, gateway, cancelling),
        }
    }

    fn call_answered(
        &mut self,
        now: Instant,
        call: CallRef,
        fork: ForkId,
        session: Session,
        response: &Response,
        answer: Option<Bytes>,
    ) {
        if let Some(Call::Placed(placed)) = self.calls.get_mut(&call) {
            placed.forks.retain(|other| *other != fork);
        }
        self.cancel_forks(now, call, Cause::LOSE_RACE);
        let key = (session.dialog.call_id.clone(), session.dialog.local_tag.clone());
        self.dialogs.insert(key, Party::Call(call));
        let timer = SessionTimer::of_response(&session.options, &response.headers);
        self.calls.insert(call, Call::Up(Box::new(session)));
        self.set_session_timer(now, call, timer);
        let sdp = answer.or_else(|| (!response.body.is_empty()).then(|| response.body.clone()));
        self.events.push_back(Event::Answered { call, sdp });
    }

    /// Nobody wants this answer any more.
    fn decline_answer(
        &mut self,
        now: Instant,
        mut dialog: Dialog,
        gateway: Option<usize>,
        cause: Option<Cause>,
    ) {
        let mut bye = dialog.request(Method::Bye);
        bye.headers.push(header::REASON, cause.unwrap_or(Cause::LOSE_RACE).header());
        self.send_within(now, &dialog, gateway, bye, Owner::Nobody);
    }

    /// A try failed: the next address of the gateway, or one failure more for the call.
    fn fork_failed(&mut self, now: Instant, fork: ForkId, end: End) {
        let Some(failed) = self.forks.get(&fork) else { return };
        // Several callees behind one INVITE: one has answered, the rest does not count.
        if failed.cancelling.is_some() || !failed.answered.is_empty() {
            return;
        }
        let call = failed.call;
        if matches!(end.status, Some(408 | 503)) && self.try_next_address(now, fork) {
            return;
        }
        let Some(Call::Placed(placed)) = self.calls.get_mut(&call) else { return };
        placed.forks.retain(|other| *other != fork);
        let is_final = end.status.is_some_and(|status| status >= 600);
        if placed.best.as_ref().is_none_or(|best| rank(&end) < rank(best)) {
            placed.best = Some(end);
        }
        if is_final {
            self.cancel_forks(now, call, Cause::CALL_REJECTED);
        }
        self.end_if_failed(now, call);
    }

    fn still_waits(&self, fork: ForkId) -> bool {
        let call = self.forks.get(&fork).and_then(|fork| self.calls.get(&fork.call));
        matches!(call, Some(Call::Placed(placed)) if placed.forks.contains(&fork))
    }

    fn end_if_failed(&mut self, now: Instant, call: CallRef) {
        if let Some(Call::Placed(placed)) = self.calls.get_mut(&call)
            && placed.forks.is_empty()
            && let Some(end) = placed.best.take()
        {
            self.ended(now, call, end);
        }
    }

    /// Sends the INVITE to the gateway's next address (RFC 3263 §4.3); whether there was one.
    fn try_next_address(&mut self, now: Instant, id: ForkId) -> bool {
        let Some(fork) = self.forks.get_mut(&id) else { return false };
        let Some(sending) = self.layer.sending(fork.id) else { return false };
        if fork.alternatives.is_empty() {
            return false;
        }
        let Some(flow) = self.layer.route(sending.flow.transport, fork.alternatives.remove(0)) else {
            return false;
        };
        let request = once_more(&sending.request);
        let sending = Sending { gateway: fork.gateway, ..Sending::new(request, flow, Owner::Fork(id)) };
        let more = !fork.alternatives.is_empty();
        let next = self.layer.request(now, sending);
        self.fork_again(id, next);
        if more {
            self.layer.schedule.start(Due::Failover(id), now + FAILOVER);
        }
        true
    }

    /// Sends the INVITE again with the session interval that the peer's 422 names; whether it is worth it.
    fn try_longer_session(&mut self, now: Instant, id: ForkId, refusal: &Response) -> bool {
        let Some(fork) = self.forks.get_mut(&id) else { return false };
        let Some(sending) = self.layer.sending(fork.id).cloned() else { return false };
        let asked = asked_interval(&sending.request).unwrap_or_default();
        let Some(least) = raised(asked, &refusal.headers) else { return false };
        (fork.options.session_expires, fork.options.min_se) = (least, least);
        let mut request = once_more(&sending.request);
        for name in [header::SESSION_EXPIRES, header::MIN_SE] {
            request.headers.set(name, least.as_secs().to_string());
        }
        let next = self.layer.request(now, Sending { request, ..sending });
        self.fork_again(id, next);
        true
    }

    fn fork_again(&mut self, fork: ForkId, id: TransactionId) {
        if let Some(fork) = self.forks.get_mut(&fork) {
            fork.id = id;
            fork.proceeding = false;
            fork.early.clear();
        }
    }

    fn forget_early(&mut self, fork: ForkId, call_id: Label, local_tag: String) {
        let key = (call_id, local_tag);
        if self.dialogs.get(&key) == Some(&Party::Fork(fork)) {
            self.dialogs.remove(&key);
        }
    }
}

/// The same request as the next one of its dialog.
fn once_more(sent: &Request) -> Request {
    let mut request = sent.clone();
    request.headers.remove(header::VIA);
    if let Ok(CSeq { number, method }) = request.headers.cseq() {
        request.headers.set(header::CSEQ, CSeq::new(number + 1, method).to_string());
    }
    request
}

/// The order of RFC 3261 §16.7 step 6: 6xx, then the lowest class, and within 4xx those that tell what would help.
fn rank(end: &End) -> (u16, u16) {
    let status = end.status.unwrap_or(699);
    let class = status / 100;
    let helpful = matches!(status, 401 | 407 | 415 | 420 | 484);
    // A silent branch tells less than one that spoke.
    let within = if helpful { 0 } else { 1 + u16::from(end.by != By::Peer) };
    (if class == 6 { 0 } else { class }, within)
}
