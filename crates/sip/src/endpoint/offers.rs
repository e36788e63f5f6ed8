//! Offers and answers within a call: re-INVITE both ways, UPDATE from the peer (RFC 3261 §14, RFC 3311).

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::calls::{Call, attach_sdp};
use super::reply::{ALLOW, apply_refusal};
use super::uas::{ok_with, sdp_of};
use super::within::retry_later;
use super::{CallRef, Endpoint, Event, Refusal};
use crate::dialog::{Negotiation, Unacknowledged};
use crate::message::{CSeq, Method, Request, Response, header};
use crate::transaction::{Due, Owner, ServerKey, TransactionId};
use crate::transport::Flow;

impl Endpoint {
    /// Answers [`Event::Offer`].
    pub fn accept_offer(&mut self, now: Instant, call: CallRef, sdp: Bytes) {
        if let Some((id, cseq, offered, tag, contact)) = self.take_theirs(call) {
            let ok = ok_with(sdp);
            let sent = self.respond_in_dialog(now, id, &tag, 200, |response| {
                response.headers.push(header::CONTACT, contact);
                ok.headers.iter().for_each(|(name, value)| response.headers.push(name, value));
                response.body = ok.body;
            });
            if let (Some(bytes), Method::Invite) = (sent, cseq.method) {
                self.await_answer_ack(now, call, cseq.number, bytes, offered);
            }
        }
        self.offer_queued(now, call);
        self.settle(now);
    }

    /// Refuses [`Event::Offer`]; the session goes on as it was.
    pub fn refuse_offer(&mut self, now: Instant, call: CallRef, refusal: Refusal) {
        if let Some((id, _, _, tag, _)) = self.take_theirs(call) {
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
            session.queued = Some(sdp);
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
            let mut response = request.respond(200);
            response.headers.push(header::CONTACT, &session.dialog.contact);
            return self.respond_to(now, key, request, flow, &tag, response);
        }
        let Ok(cseq) = request.headers.cseq() else { return };
        let id = self.layer.open(key, request.clone(), flow);
        session.negotiation = Negotiation::Theirs { id, cseq, offered: sdp.is_some() };
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
        if matches!(session.negotiation, Negotiation::Ours { .. }) {
            session.negotiation = Negotiation::Idle;
            self.events.push_back(Event::OfferRefused { call, status });
            self.offer_queued(now, call);
        }
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
        let Some(sdp) = session.queued.take() else { return };
        let mut invite = session.dialog.request(Method::Invite);
        invite.headers.push(header::CONTACT, &session.dialog.contact);
        invite.headers.push(header::ALLOW, ALLOW);
        attach_sdp(&mut invite, sdp.clone());
        let (dialog, gateway) = (session.dialog.clone(), session.gateway);
        let id = self.send_within(now, &dialog, gateway, invite, Owner::Reoffer(call));
        if let Some(Call::Up(session)) = self.calls.get_mut(&call) {
            session.negotiation = Negotiation::Ours { id, sdp };
        }
    }

    fn reoffer_accepted(&mut self, now: Instant, call: CallRef, id: TransactionId, response: &Response) {
        let cseq = response.headers.cseq().map_or(0, |cseq| cseq.number);
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return };
        if let Some((_, bytes)) = session.acknowledged.clone().filter(|(number, _)| *number == cseq) {
            let flow = self.session_way(call);
            return flow.into_iter().for_each(|flow| self.layer.send(flow, bytes.clone()));
        }
        if !matches!(session.negotiation, Negotiation::Ours { id: ours, .. } if ours == id) {
            return;
        }
        session.negotiation = Negotiation::Idle;
        session.dialog.refresh_target(&response.headers);
        let mut ack = session.dialog.ack(cseq);
        if let Some(sending) = self.layer.sending(id) {
            copy_credentials(&sending.request, &mut ack);
        }
        let Some(flow) = self.session_way(call) else { return };
        let bytes = self.layer.send_ack(ack, flow);
        if let Some(Call::Up(session)) = self.calls.get_mut(&call) {
            session.acknowledged = Some((cseq, bytes));
        }
        let sdp = (!response.body.is_empty()).then(|| response.body.clone());
        self.events.push_back(Event::OfferAnswered { call, sdp });
        self.offer_queued(now, call);
    }

    /// Our re-INVITE met the peer's: the owner of the Call-ID waits longer (RFC 3261 §14.1).
    fn glare(&mut self, now: Instant, call: CallRef) {
        let random = u64::from(self.layer.below(200)) * 10;
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return };
        let Negotiation::Ours { sdp, .. } = std::mem::take(&mut session.negotiation) else { return };
        session.queued.get_or_insert(sdp);
        session.glare = true;
        let wait = if session.caller { 2100 + random * 19 / 20 } else { random };
        self.layer.schedule.start(Due::Glare(call), now + Duration::from_millis(wait));
    }

    fn await_answer_ack(&mut self, now: Instant, call: CallRef, cseq: u32, response: Bytes, offered: bool) {
        let interval = self.config.timers.t1;
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return };
        session.unacknowledged =
            Some(Unacknowledged { response, cseq, interval, initial: false, offered: !offered });
        self.await_ack(now, call);
    }

    /// Takes the peer's offer that waits for us: transaction, CSeq, whether it carried one, our tag and Contact.
    fn take_theirs(&mut self, call: CallRef) -> Option<(TransactionId, CSeq, bool, String, String)> {
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return None };
        match std::mem::take(&mut session.negotiation) {
            Negotiation::Theirs { id, cseq, offered } => {
                let dialog = &session.dialog;
                Some((id, cseq, offered, dialog.local_tag.clone(), dialog.contact.clone()))
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
