//! Offers and answers within a call: re-INVITE both ways, UPDATE from the peer (RFC 3261 §14, RFC 3311).

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::calls::{Call, attach_sdp};
use super::reply::apply_refusal;
use super::timer::ask_for_timer;
use super::uas::sdp_of;
use super::within::retry_later;
use super::{CallRef, Endpoint, Event, Refusal};
use crate::dialog::{Negotiation, Queued, Unacknowledged};
use crate::message::{CSeq, Method, Request, Response, header};
use crate::transaction::{Due, Owner, ServerKey, TransactionId};
use crate::transport::Flow;

/// An offer of the peer that waited for us, and what its answer needs.
struct Theirs {
    id: TransactionId,
    invite: bool,
    cseq: u32,
    offered: bool,
    tag: String,
    contact: Box<str>,
}

impl Endpoint {
    /// Answers [`Event::Offer`].
    pub fn accept_offer(&mut self, now: Instant, call: CallRef, sdp: Bytes) {
        if let Some(Theirs { id, invite, cseq, offered, tag, contact }) = self.take_theirs(call) {
            let timer = self.granted_timer(id, &self.options_of(call));
            if let Some(Call::Up(session)) = self.calls.get_mut(&call) {
                session.refresh.describe(&sdp);
            }
            let ok = self.ok_with(sdp, &self.options_of(call), timer);
            let sent = self.respond_in_dialog(now, id, &tag, 200, |response| {
                response.headers.push(header::CONTACT, contact);
                ok.headers.iter().for_each(|(name, value)| response.headers.push(name, value));
                response.body = ok.body;
            });
            self.set_session_timer(now, call, timer);
            if let Some(bytes) = sent.filter(|_| invite) {
                self.await_answer_ack(now, call, cseq, bytes, offered);
            }
        }
        self.offer_queued(now, call);
        self.settle(now);
    }

    /// Refuses [`Event::Offer`]; the session goes on as it was.
    pub fn refuse_offer(&mut self, now: Instant, call: CallRef, refusal: Refusal) {
        if let Some(Theirs { id, tag, .. }) = self.take_theirs(call) {
            let status = refusal.status.clamp(400, 699);
            self.respond_in_dialog(now, id, &tag, status, |response| {
                apply_refusal(response, &Refusal { status, ..refusal });
            });
        }
        self.offer_queued(now, call);
        self.settle(now);
    }

    /// Sends a re-INVITE with an offer of ours, as soon as none is under way; a newer offer takes the place of one that
    /// waits.
    pub fn reoffer(&mut self, now: Instant, call: CallRef, sdp: Bytes) {
        if let Some(Call::Up(session)) = self.calls.get_mut(&call)
            && session.closing.is_none()
        {
            session.queued = Some(Box::new(Queued { sdp, refresh: false }));
            self.offer_queued(now, call);
        }
        self.settle(now);
    }

    /// A re-INVITE or UPDATE came in order.
    pub(super) fn offer_received(
        &mut self,
        now: Instant,
        key: ServerKey,
        flow: Flow,
        request: &Request,
        call: CallRef,
    ) {
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return };
        let tag = session.dialog.local_tag.clone();
        let sdp = sdp_of(request);
        let is_update = request.method == Method::Update;
        let negotiates = !is_update || sdp.is_some();
        if negotiates && let Some(status) = session.offer_conflict() {
            let response = if status == 491 { request.respond(491) } else { retry_later(request) };
            return self.respond_to(now, key, request, flow, &tag, response);
        }
        session.dialog.refresh_target(&request.headers);
        session.dialog.peer = flow;
        if !negotiates {
            return self.update_received(now, key, flow, request, call);
        }
        let Ok(CSeq { number: cseq, .. }) = request.headers.cseq() else { return };
        let id = self.layer.open(key, request.clone(), flow);
        session.negotiation = Negotiation::Theirs { id, invite: !is_update, cseq, offered: sdp.is_some() };
        if !is_update {
            self.layer.respond(now, id, &request.respond(100));
        }
        self.events.push_back(Event::Offer { call, sdp });
    }

    /// A response to our re-INVITE.
    pub(super) fn reoffer_response(
        &mut self,
        now: Instant,
        call: CallRef,
        id: TransactionId,
        response: &Response,
    ) {
        match response.status {
            ..200 => {}
            200..300 => self.reoffer_accepted(now, call, id, response),
            491 => self.glare(now, call),
            422 if self.raise_timer(call, response) => {
                self.requeue(call);
                self.offer_queued(now, call);
            }
            481 => {
                self.reoffer_failed(now, call, 481);
                self.dialog_gone(now, call);
            }
            status => self.reoffer_failed(now, call, status),
        }
    }

    /// Our re-INVITE failed: the session goes on as it was.
    pub(super) fn reoffer_failed(&mut self, now: Instant, call: CallRef, status: u16) {
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return };
        let Negotiation::Ours { offer, .. } = &session.negotiation else { return };
        let refresh = offer.refresh;
        session.negotiation = Negotiation::Idle;
        if refresh {
            self.refresh_failed(now, call, status);
        } else {
            self.events.push_back(Event::OfferRefused { call, status });
        }
        self.offer_queued(now, call);
    }

    /// Tries again the re-INVITE that had met one of the peer's.
    pub(super) fn reoffer_again(&mut self, now: Instant, call: CallRef) {
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return };
        session.glare = false;
        self.offer_queued(now, call);
    }

    /// Sends the offer that waits for its turn, if that has come.
    pub(super) fn offer_queued(&mut self, now: Instant, call: CallRef) {
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return };
        if !session.may_offer() {
            return;
        }
        let Some(offer) = session.queued.take() else { return };
        let mut invite = session.dialog.request(Method::Invite);
        invite.headers.push(header::CONTACT, &session.dialog.contact);
        session.refresh.describe(&offer.sdp);
        let (dialog, gateway, options, timer) =
            (session.dialog.clone(), session.gateway, session.options, session.timer);
        self.introduce(&mut invite.headers, &options);
        ask_for_timer(&mut invite.headers, &options, timer);
        attach_sdp(&mut invite, offer.sdp.clone());
        let id = self.send_within(now, &dialog, gateway, invite, Owner::Reoffer(call));
        if let Some(Call::Up(session)) = self.calls.get_mut(&call) {
            session.negotiation = Negotiation::Ours { id, offer };
        }
    }

    fn reoffer_accepted(&mut self, now: Instant, call: CallRef, id: TransactionId, response: &Response) {
        let cseq = response.headers.cseq().map_or(0, |cseq| cseq.number);
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return };
        let known = session.acknowledged.as_ref().filter(|known| known.0 == cseq);
        if let Some(bytes) = known.map(|known| known.1.clone()) {
            let flow = self.session_way(call);
            return flow.into_iter().for_each(|flow| self.layer.send(flow, bytes.clone()));
        }
        let Negotiation::Ours { id: ours, offer } = &session.negotiation else { return };
        if *ours != id {
            return;
        }
        let refresh = offer.refresh;
        session.negotiation = Negotiation::Idle;
        session.dialog.refresh_target(&response.headers);
        let mut ack = session.dialog.ack(cseq);
        if let Some(sending) = self.layer.sending(id) {
            copy_credentials(&sending.request, &mut ack);
        }
        let Some(flow) = self.session_way(call) else { return };
        let bytes = self.layer.send_ack(ack, flow);
        if let Some(Call::Up(session)) = self.calls.get_mut(&call) {
            session.acknowledged = Some(Box::new((cseq, bytes)));
        }
        self.refreshed_by(now, call, response);
        if !refresh {
            let sdp = (!response.body.is_empty()).then(|| response.body.clone());
            self.events.push_back(Event::OfferAnswered { call, sdp });
        }
        self.offer_queued(now, call);
    }

    /// Our re-INVITE met the peer's: the owner of the Call-ID waits longer (RFC 3261 §14.1).
    fn glare(&mut self, now: Instant, call: CallRef) {
        let random = u64::from(self.layer.below(200)) * 10;
        if !self.requeue(call) {
            return;
        }
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return };
        session.glare = true;
        let wait = if session.caller { 2100 + random * 19 / 20 } else { random };
        self.layer.schedule.start(Due::Glare(call), now + Duration::from_millis(wait));
    }

    /// The offer that is under way waits for its turn again, unless a newer one does.
    fn requeue(&mut self, call: CallRef) -> bool {
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return false };
        let Negotiation::Ours { offer, .. } = std::mem::take(&mut session.negotiation) else { return false };
        session.queued.get_or_insert(offer);
        true
    }

    fn await_answer_ack(&mut self, now: Instant, call: CallRef, cseq: u32, response: Bytes, offered: bool) {
        let interval = self.config.timers.t1;
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return };
        session.unacknowledged =
            Some(Box::new(Unacknowledged { response, cseq, interval, initial: false, offered: !offered }));
        self.await_ack(now, call);
    }

    /// Takes the peer's offer that waits for us.
    fn take_theirs(&mut self, call: CallRef) -> Option<Theirs> {
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return None };
        match std::mem::take(&mut session.negotiation) {
            Negotiation::Theirs { id, invite, cseq, offered } => {
                let (tag, contact) = (session.dialog.local_tag.clone(), session.dialog.contact.clone());
                Some(Theirs { id, invite, cseq, offered, tag, contact })
            }
            other => {
                session.negotiation = other;
                None
            }
        }
    }

    fn session_way(&self, call: CallRef) -> Option<Flow> {
        match self.calls.get(&call)? {
            Call::Up(session) => Some(self.way(&session.dialog)),
            _ => None,
        }
    }
}

/// The ACK of a 2xx carries the credentials of its INVITE (RFC 3261 §13.2.2.4).
pub(super) fn copy_credentials(invite: &Request, ack: &mut Request) {
    for name in [header::AUTHORIZATION, header::PROXY_AUTHORIZATION] {
        invite.headers.all(name).for_each(|value| ack.headers.push(name, value));
    }
}
