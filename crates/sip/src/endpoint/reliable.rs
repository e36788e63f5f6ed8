//! Provisional responses that are acknowledged (RFC 3262), both ways.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::calls::Call;
use super::fork::Early;
use super::options::{RELIABLE, requires, supports};
use super::{By, CallRef, End, Endpoint, Extension, PeerOptions};
use crate::dialog::Dialog;
use crate::message::{Headers, Method, RAck, Request, Response, header};
use crate::transaction::{Due, ForkId, Owner, ServerKey, TransactionId};
use crate::transport::Flow;

/// A provisional response of ours that wants a PRACK.
#[derive(Debug)]
pub(super) struct Provisional {
    /// Its number, and that of the INVITE.
    rseq: u32,
    cseq: u32,
    /// The response as it was sent.
    response: Bytes,
    /// The wait before the next repetition.
    interval: Duration,
}

/// Whether the provisional responses to an INVITE want a PRACK. Without an offer in it the first of them would have to
/// carry ours (RFC 3262 §5); then they are not wanted unless the peer insists.
pub(super) fn is_reliable(options: &PeerOptions, invite: &Headers, offered: bool) -> bool {
    let wanted = options.reliable >= Extension::Preferred && supports(invite, RELIABLE) && offered;
    wanted || (options.reliable != Extension::Off && requires(invite, RELIABLE))
}

impl Endpoint {
    /// Sends 180 so that it is acknowledged. There is one such response at a time; none without an offer to answer.
    pub(super) fn ring_reliably(&mut self, now: Instant, call: CallRef) {
        let first = 1 + self.layer.below(1 << 30);
        let Some(Call::Incoming(incoming)) = self.calls.get(&call) else { return };
        let rseq = incoming.rseq.map_or(first, |last| last + 1);
        if incoming.provisional.is_some() || !incoming.offered {
            return;
        }
        let cseq = incoming.dialog.remote_cseq().unwrap_or_default();
        let mut ringing = Response::new(180);
        ringing.headers.push(header::REQUIRE, RELIABLE);
        ringing.headers.push(header::RSEQ, rseq.to_string());
        let Some(response) = self.respond_incoming(now, call, |_| ringing) else { return };
        let t1 = self.config.timers.t1;
        if let Some(Call::Incoming(incoming)) = self.calls.get_mut(&call) {
            incoming.rseq = Some(rseq);
            incoming.provisional = Some(Provisional { rseq, cseq, response, interval: t1 });
        }
        self.layer.schedule.start(Due::Provisional(call), now + t1);
        self.layer.schedule.start(Due::PrackOverdue(call), now + t1 * 64);
    }

    /// Sends the provisional response again: it is repeated over any transport, and ever more slowly (RFC 3262 §3).
    pub(super) fn repeat_provisional(&mut self, now: Instant, call: CallRef) {
        let Some(Call::Incoming(incoming)) = self.calls.get_mut(&call) else { return };
        let Some(waiting) = &mut incoming.provisional else { return };
        waiting.interval *= 2;
        let (flow, bytes, next) = (incoming.dialog.peer, waiting.response.clone(), now + waiting.interval);
        self.layer.stats.retransmitted += 1;
        self.layer.send(flow, bytes);
        self.layer.schedule.start(Due::Provisional(call), next);
    }

    /// No PRACK within 64·T1: the INVITE is refused by a 5xx (RFC 3262 §3).
    pub(super) fn prack_overdue(&mut self, now: Instant, call: CallRef) {
        self.layer.stats.timeouts += 1;
        if self.respond_incoming(now, call, |_| Response::new(504)).is_some() {
            self.ended(now, call, End { status: Some(504), by: By::Timeout, reason: None });
        }
    }

    /// A PRACK: it must name the response that waits for it. An offer has no place in it, since we describe no session
    /// before the answer.
    pub(super) fn prack_received(
        &mut self,
        now: Instant,
        key: ServerKey,
        flow: Flow,
        request: &Request,
        call: CallRef,
        tag: &str,
    ) {
        let named = request.headers.get(header::RACK).map(str::parse::<RAck>);
        let status = match named {
            Some(Ok(named)) if !request.body.is_empty() && self.awaits_prack(call, &named) => 488,
            Some(Ok(named)) if self.take_prack(call, &named) => 200,
            Some(Ok(_)) => 481,
            Some(Err(_)) | None => 400,
        };
        self.respond_to(now, key, request, flow, tag, request.respond(status));
    }

    /// What waits for a PRACK still when the call is answered: the RSeq and the CSeq number.
    pub(super) fn outstanding(provisional: Option<&Provisional>) -> Option<(u32, u32)> {
        provisional.map(|waiting| (waiting.rseq, waiting.cseq))
    }

    /// A provisional response to our INVITE that wants a PRACK. Whether it is a new one: repetitions and those out of
    /// order mean nothing (RFC 3262 §4).
    pub(super) fn acknowledge(
        &mut self,
        now: Instant,
        id: ForkId,
        transaction: TransactionId,
        response: &Response,
    ) -> bool {
        let Some(sending) = self.layer.sending(transaction).cloned() else { return false };
        let Some(fork) = self.forks.get_mut(&id) else { return false };
        let (Some(tag), Some(rseq)) = (response.headers.to_tag(), rseq_of(&response.headers)) else {
            return false;
        };
        let (anchored, gateway) = (fork.anchored, fork.gateway);
        let Some(early) = fork.early.iter_mut().find(|early| early.tag == tag) else { return false };
        if early.rseq.is_some_and(|last| last.checked_add(1) != Some(rseq)) {
            return false;
        }
        let opened = || Dialog::of_response(&sending.request, response, sending.flow, anchored);
        let Some(dialog) = early.dialog.take().map(|dialog| *dialog).or_else(opened) else { return false };
        let prack = early.prack(dialog.clone(), rseq, &sending.request, response);
        self.send_within(now, &dialog, gateway, prack, Owner::Prack(id));
        true
    }

    fn awaits_prack(&self, call: CallRef, named: &RAck) -> bool {
        let waiting = match self.calls.get(&call) {
            Some(Call::Incoming(incoming)) => Self::outstanding(incoming.provisional.as_ref()),
            Some(Call::Up(session)) => session.provisional,
            _ => None,
        };
        named.cseq.method == Method::Invite && waiting == Some((named.rseq, named.cseq.number))
    }

    fn take_prack(&mut self, call: CallRef, named: &RAck) -> bool {
        if !self.awaits_prack(call, named) {
            return false;
        }
        self.layer.schedule.stop(Due::Provisional(call));
        self.layer.schedule.stop(Due::PrackOverdue(call));
        match self.calls.get_mut(&call) {
            Some(Call::Incoming(incoming)) => incoming.provisional = None,
            Some(Call::Up(session)) => session.provisional = None,
            _ => {}
        }
        true
    }
}

impl Early {
    /// The PRACK of a response, which may have brought the answer to our offer.
    fn prack(&mut self, mut dialog: Dialog, rseq: u32, invite: &Request, response: &Response) -> Request {
        let mut prack = dialog.request(Method::Prack);
        if let Ok(cseq) = invite.headers.cseq() {
            prack.headers.push(header::RACK, RAck { rseq, cseq }.to_string());
        }
        self.rseq = Some(rseq);
        self.dialog = Some(Box::new(dialog));
        if self.answer.is_none() && !response.body.is_empty() {
            self.answer = Some(response.body.clone());
        }
        prack
    }
}

fn rseq_of(headers: &Headers) -> Option<u32> {
    headers.get(header::RSEQ)?.trim().parse().ok().filter(|rseq| *rseq > 0)
}
