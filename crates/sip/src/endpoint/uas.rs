//! Calls to us: INVITE outside of dialogs, its answers, CANCEL and ACK (RFC 3261 §13.3, §9.2).

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::calls::{Call, Incoming, Party, reason_of};
use super::reliable::is_reliable;
use super::reply::{Arrival, apply_refusal};
use super::timer::grant_timer;
use super::{
    Admission, By, CallRef, Cause, End, Endpoint, Event, InviteSummary, PeerOptions, Refusal, SuppliedPin,
};
use crate::clean;
use crate::dialog::{Dialog, Refresh, Session, SessionTimer, Unacknowledged};
use crate::label::Label;
use crate::message::{Request, Response, Scheme, Uri, header};
use crate::transaction::{Due, ServerKey};
use crate::transport::Flow;

/// Retry-After of an INVITE above the rate.
const RATE_RETRY: Duration = Duration::from_secs(1);

/// Retry-After when a table is full.
const FULL_RETRY: Duration = Duration::from_secs(10);

/// An INVITE that may become a call.
struct Admitted {
    authenticated: Option<String>,
    options: PeerOptions,
    replaces: Option<CallRef>,
    dialled: String,
    dialog: Dialog,
}

impl Endpoint {
    /// Sends 180 Ringing on an inbound call.
    pub fn ring(&mut self, now: Instant, call: CallRef) {
        match self.calls.get(&call) {
            Some(Call::Incoming(incoming)) if incoming.reliable => self.ring_reliably(now, call),
            _ => drop(self.respond_incoming(now, call, |_| Response::new(180))),
        }
        self.settle(now);
    }

    /// Sends 200 with `sdp` on an inbound call.
    pub fn answer(&mut self, now: Instant, call: CallRef, sdp: Bytes) {
        let Some(Call::Incoming(incoming)) = self.calls.get(&call) else { return };
        let (invite, options) = (incoming.invite, incoming.options);
        let timer = self.granted_timer(invite, &options);
        let refresh = self.layer.asked(invite).map(|invite| Refresh::of(&invite.headers, &sdp));
        let ok = self.ok_with(sdp, &options, timer);
        if let Some(bytes) = self.respond_incoming(now, call, |_| ok)
            && let Some(Call::Incoming(incoming)) = self.calls.remove(&call)
        {
            let mut session = self.session_of_answer(*incoming, bytes);
            session.refresh = refresh.unwrap_or(session.refresh);
            self.calls.insert(call, Call::Up(Box::new(session)));
            self.layer.schedule.stop_call(call);
            self.await_ack(now, call);
            self.set_session_timer(now, call, timer);
        }
        self.settle(now);
    }

    /// Names the room itself in the Contact of an inbound call, where it was asked for by another name, as that of a
    /// conference factory (RFC 4579 §5.4).
    pub fn name_contact(&mut self, call: CallRef, user: &str) {
        let Some(Call::Incoming(incoming)) = self.calls.get(&call) else { return };
        let contact = self.dialog_contact(&incoming.dialog.peer, &clean::number(user), &incoming.options);
        if let Some(Call::Incoming(incoming)) = self.calls.get_mut(&call) {
            incoming.dialog.contact = contact.into();
        }
    }

    /// Refuses an inbound call that is not answered yet; `Ended` follows.
    pub fn reject(&mut self, now: Instant, call: CallRef, refusal: Refusal) {
        let status = refusal.status.clamp(400, 699);
        let refusal = Refusal { status, ..refusal };
        let response = |_: &Dialog| {
            let mut response = Response::new(status);
            apply_refusal(&mut response, &refusal);
            response
        };
        if self.respond_incoming(now, call, response).is_some() {
            self.ended(now, call, End { status: Some(status), by: By::Us, reason: refusal.reason });
        }
        self.settle(now);
    }

    /// An INVITE that asks for a new call. What is refused before admission leaves no state.
    pub(super) fn receive_invite(
        &mut self,
        now: Instant,
        key: ServerKey,
        arrival: Arrival,
        request: &Request,
        admission: &dyn Admission,
    ) {
        if let Some(refusal) = self.overload(now, arrival, request) {
            return self.refuse(now, arrival, request, &refusal);
        }
        let authenticated = match self.identify(now, arrival, request) {
            Ok(user) => user,
            Err(challenge) if challenge.status == 401 => return self.reply(arrival, request, challenge),
            Err(refusal) => return self.refuse_with(now, arrival, request, refusal),
        };
        let known = authenticated.is_some();
        match self.admit(now, arrival, request, authenticated, admission) {
            Ok(admitted) => self.offer_call(now, key, arrival, request, admitted),
            Err(challenge) if challenge.status == 401 => self.reply(arrival, request, challenge),
            Err(refusal) if !known => self.refuse_with(now, arrival, request, refusal),
            // The nonce is used up: without a transaction a repetition would be challenged again.
            Err(refusal) => self.refuse_known(now, key, arrival, request, refusal),
        }
    }

    /// CANCEL (RFC 3261 §9.2): it finds its INVITE by the branch.
    pub(super) fn receive_cancel(&mut self, now: Instant, arrival: Arrival, request: &Request) {
        let invite = ServerKey::of_cancelled(request).and_then(|key| self.layer.server_of(&key));
        let Some(invite) = invite else {
            return self.refuse(now, arrival, request, &481.into());
        };
        let calls = self.calls_of(request.headers.call_id().unwrap_or_default());
        let waits = |call: &CallRef| self.calls.get(call).is_some_and(|call| call.waits_for(invite));
        let call = calls.iter().copied().find(waits).filter(|_| self.layer.is_open(invite));
        let mut response = request.respond(200);
        // The same tag as in the response to the INVITE, also when that was the 200 which crossed the CANCEL.
        let tag = call.or_else(|| calls.first().copied()).and_then(|call| self.local_tag(call));
        if let (Some(tag), Ok(to)) = (tag, request.headers.to()) {
            response.headers.set(header::TO, to.with_tag(&tag).to_string());
        }
        self.reply(arrival, request, response);
        if let Some(call) = call {
            self.cancelled(now, call, reason_of(&request.headers));
        }
    }

    /// An ACK that belongs to no failure response: to a 2xx of ours, or to a reply without state.
    pub(super) fn receive_ack(&mut self, now: Instant, flow: Flow, request: &Request) {
        let tag = request.headers.to_tag().unwrap_or_default();
        match self.session_of(request) {
            Some(call) => self.acknowledged(now, call, flow, request),
            None if tag == self.tags.tag(request) => {}
            None => self.layer.stats.stray_acks += 1,
        }
    }

    /// Sends our 200 again (RFC 3261 §13.3.1.4).
    pub(super) fn repeat_answer(&mut self, now: Instant, call: CallRef) {
        let t2 = self.config.timers.t2;
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return };
        let Some(waiting) = &mut session.unacknowledged else { return };
        waiting.interval = (waiting.interval * 2).min(t2);
        let (flow, bytes, next) = (session.dialog.peer, waiting.response.clone(), now + waiting.interval);
        self.layer.stats.retransmitted += 1;
        self.layer.send(flow, bytes);
        self.layer.schedule.start(Due::Repeat(call), next);
    }

    /// No ACK within 64·T1: the call ends by BYE.
    pub(super) fn ack_overdue(&mut self, now: Instant, call: CallRef) {
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return };
        session.unacknowledged = None;
        self.layer.stats.timeouts += 1;
        self.close(now, call, Cause::RECOVERY_ON_TIMER_EXPIRE, By::Timeout);
    }

    /// Starts to repeat a 200 and to wait for its ACK.
    pub(super) fn await_ack(&mut self, now: Instant, call: CallRef) {
        let t1 = self.config.timers.t1;
        self.layer.schedule.start(Due::Repeat(call), now + t1);
        self.layer.schedule.start(Due::AckOverdue(call), now + t1 * 64);
    }

    fn overload(&mut self, now: Instant, arrival: Arrival, request: &Request) -> Option<Refusal> {
        let refusal = |wait| Refusal { retry_after: Some(wait), ..503.into() };
        if let Some(wait) = self.stopping {
            return Some(refusal(wait));
        }
        if !self.invites.allows(now, crate::limits::network(arrival.flow.remote.ip())) {
            self.layer.stats.rate_limited += 1;
            return Some(refusal(RATE_RETRY));
        }
        if self.layer.is_merged(request) {
            return Some(482.into());
        }
        if self.layer.is_full() || self.calls.len() >= self.config.limits.calls {
            self.layer.stats.table_full += 1;
            return Some(refusal(FULL_RETRY));
        }
        None
    }

    /// Decides whether an INVITE becomes a call: by what it asks of SIP, then by whom it asks for.
    fn admit(
        &mut self,
        now: Instant,
        arrival: Arrival,
        request: &Request,
        authenticated: Option<String>,
        admission: &dyn Admission,
    ) -> Result<Admitted, Response> {
        let options = self.options_for(authenticated.as_deref(), &arrival.flow);
        if let Some(refusal) = self.extension_refusal(&options, request) {
            return Err(self.extension_response(request, &options, &refusal));
        }
        if let Some(response) = self.timer_refusal(&options, request) {
            return Err(response);
        }
        let replaces = self.replaced(now, arrival, request, authenticated.as_deref(), &options)?;
        let found = self.find_room(arrival, request, authenticated.as_deref(), replaces, admission);
        let uri = found.map_err(|refusal| self.refusal_response(request, &refusal))?;
        let contact = self.dialog_contact(&arrival.flow, uri.user.as_deref().unwrap_or_default(), &options);
        let tag = self.layer.token();
        let dialled = uri.unescaped_user().unwrap_or_default();
        let dialog =
            Dialog::of_request(request, tag, contact, arrival.flow).ok_or_else(|| request.respond(400))?;
        Ok(Admitted { authenticated, options, replaces, dialled, dialog })
    }

    /// Asks whether the dialled user can be called. Who takes the place of another call was let in with that.
    fn find_room(
        &self,
        arrival: Arrival,
        request: &Request,
        authenticated: Option<&str>,
        replaces: Option<CallRef>,
        admission: &dyn Admission,
    ) -> Result<Uri, Refusal> {
        let uri: Uri = request.uri.parse().map_err(|_| Refusal::new(400))?;
        if uri.scheme != Scheme::Tel && !self.is_our_host(&uri.host) {
            return Err(404.into());
        }
        if replaces.is_none() {
            let dialled = uri.unescaped_user().unwrap_or_default();
            let (gateway, source) = (self.gateway_at(&arrival.flow), arrival.flow.remote);
            let gateway = gateway.as_deref();
            admission.admit(&InviteSummary { dialled: &dialled, authenticated, gateway, source })?;
        }
        Ok(uri)
    }

    fn refuse_known(
        &mut self,
        now: Instant,
        key: ServerKey,
        arrival: Arrival,
        request: &Request,
        response: Response,
    ) {
        let tag = self.tags.tag(request);
        self.note_refusal(now, arrival.flow.remote, &request.method, response.status, &response.reason);
        self.respond_to(now, key, request, arrival.flow, &tag, response);
    }

    fn offer_call(
        &mut self,
        now: Instant,
        key: ServerKey,
        arrival: Arrival,
        request: &Request,
        admitted: Admitted,
    ) {
        let Ok(from) = request.headers.from() else { return };
        let invite = self.layer.open(key, request.clone(), arrival.flow);
        self.layer.respond(now, invite, &request.respond(100));
        let call = CallRef(self.next_number());
        let Admitted { authenticated, options, replaces, dialled, dialog } = admitted;
        let sdp = sdp_of(request);
        self.dialogs.insert((dialog.call_id.clone(), dialog.local_tag.clone()), Party::Call(call));
        let offered = sdp.is_some();
        let reliable = is_reliable(&options, &request.headers, offered);
        let incoming = Incoming { invite, dialog, offered, options, reliable, provisional: None, rseq: None };
        self.calls.insert(call, Call::Incoming(Box::new(incoming)));
        self.layer.stats.calls_in += 1;
        self.events.push_back(Event::Offered {
            call,
            caller: clean::caller(&from),
            authenticated,
            gateway: self.gateway_at(&arrival.flow),
            dialled,
            source: arrival.flow.remote,
            replaces,
            pin: SuppliedPin::of(request),
            sdp,
        });
    }

    /// Responds to the INVITE of a call that is not answered yet; gives what was sent.
    pub(super) fn respond_incoming(
        &mut self,
        now: Instant,
        call: CallRef,
        response: impl FnOnce(&Dialog) -> Response,
    ) -> Option<Bytes> {
        let Some(Call::Incoming(incoming)) = self.calls.get(&call) else { return None };
        let wanted = response(&incoming.dialog);
        let (id, tag, contact) =
            (incoming.invite, incoming.dialog.local_tag.clone(), incoming.dialog.contact.clone());
        let opens_dialog = wanted.status < 300;
        let invite = self.layer.asked(id)?;
        let routes: Vec<String> = invite.headers.all(header::RECORD_ROUTE).map(str::to_owned).collect();
        self.respond_in_dialog(now, id, &tag, wanted.status, |response| {
            if opens_dialog {
                routes.iter().for_each(|route| response.headers.push(header::RECORD_ROUTE, route));
                response.headers.push(header::CONTACT, contact);
            }
            response.reason = wanted.reason;
            wanted.headers.iter().for_each(|(name, value)| response.headers.push(name, value));
            response.body = wanted.body;
        })
    }

    /// The calls of a Call-ID.
    fn calls_of(&self, call_id: &str) -> Vec<CallRef> {
        let wanted = Label::new(call_id);
        let from = (wanted.clone(), String::new());
        let same = self.dialogs.range(from..).take_while(|((known, _), _)| *known == wanted);
        let call = |(_, party): (_, &Party)| match party {
            Party::Call(call) => Some(*call),
            Party::Fork(_) | Party::Subscription(_) => None,
        };
        same.filter_map(call).collect()
    }

    fn cancelled(&mut self, now: Instant, call: CallRef, reason: Option<String>) {
        match self.calls.get(&call) {
            Some(Call::Incoming(_)) => {
                self.respond_incoming(now, call, |_| Response::new(487));
                self.ended(now, call, End { status: Some(487), by: By::Peer, reason });
            }
            Some(Call::Up(_)) => self.refuse_offer(now, call, 487.into()),
            _ => {}
        }
    }

    /// The session of a call that has just been answered.
    fn session_of_answer(&self, incoming: Incoming, response: Bytes) -> Session {
        let Incoming { dialog, offered, options, provisional, .. } = incoming;
        let cseq = dialog.remote_cseq().unwrap_or_default();
        let interval = self.config.timers.t1;
        let unacknowledged = Unacknowledged { response, cseq, interval, initial: true, offered: !offered };
        Session {
            unacknowledged: Some(unacknowledged.into()),
            provisional: Self::outstanding(provisional.as_ref()),
            ..Session::new(dialog, false, None, options)
        }
    }

    /// A 200 with a session description.
    pub(super) fn ok_with(&self, sdp: Bytes, options: &PeerOptions, timer: Option<SessionTimer>) -> Response {
        let mut response = Response::new(200);
        self.introduce(&mut response.headers, options);
        grant_timer(&mut response, timer);
        response.headers.push(header::CONTENT_TYPE, "application/sdp");
        response.body = sdp;
        response
    }

    fn acknowledged(&mut self, now: Instant, call: CallRef, flow: Flow, request: &Request) {
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return };
        let number = request.headers.cseq().map(|cseq| cseq.number).ok();
        let Some(two) = session.unacknowledged.take_if(|two| Some(two.cseq) == number) else { return };
        session.dialog.peer = flow;
        let closing = session.closing;
        self.layer.schedule.stop(Due::Repeat(call));
        self.layer.schedule.stop(Due::AckOverdue(call));
        if let Some(cause) = closing {
            return self.close(now, call, cause, By::Us);
        }
        let sdp = sdp_of(request).filter(|_| two.offered);
        if two.initial {
            self.events.push_back(Event::Confirmed { call, sdp });
        } else if two.offered {
            self.events.push_back(Event::OfferAnswered { call, sdp });
        }
        self.offer_queued(now, call);
    }
}

/// The session description of a request, if it has one.
pub(super) fn sdp_of(request: &Request) -> Option<Bytes> {
    (!request.body.is_empty()).then(|| request.body.clone())
}
