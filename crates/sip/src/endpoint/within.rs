//! Requests within dialogs (RFC 3261 §12.2.2), both ways, but for offers.

use std::time::Instant;

use bytes::Bytes;

use super::calls::{Call, Party, reason_of};
use super::checks::{content_fault, extension_fault};
use super::reply::Arrival;
use super::uas::sdp_of;
use super::{By, CallRef, End, Endpoint, Event, PeerOptions, Refusal};
use crate::label::Label;
use crate::message::{Method, Request, Response, header};
use crate::transaction::{ForkId, Owner, ServerKey};
use crate::transport::Flow;

impl Endpoint {
    /// Sends a SIP INFO within the call.
    pub fn info(&mut self, now: Instant, call: CallRef, content_type: &str, body: Bytes) {
        if let Some(Call::Up(session)) = self.calls.get_mut(&call)
            && session.closing.is_none()
        {
            let mut info = session.dialog.request(Method::Info);
            info.headers.push(header::CONTENT_TYPE, content_type);
            info.body = body;
            let (dialog, gateway) = (session.dialog.clone(), session.gateway);
            self.send_within(now, &dialog, gateway, info, Owner::Within(call));
        }
        self.settle(now);
    }

    /// Sends a request of another method within the call, for instance REFER or SUBSCRIBE, with these headers;
    /// [`Event::Replied`] tells its final status. The NOTIFYs that follow are [`Event::Notify`].
    pub fn send_within_call(
        &mut self,
        now: Instant,
        call: CallRef,
        method: Method,
        headers: &[(&str, &str)],
        body: Bytes,
    ) {
        if let Some(Call::Up(session)) = self.calls.get_mut(&call)
            && session.closing.is_none()
        {
            session.subscribed |= matches!(method, Method::Refer | Method::Subscribe);
            let mut request = session.dialog.request(method);
            request.headers.push(header::CONTACT, &session.dialog.contact);
            headers.iter().for_each(|(name, value)| request.headers.push(name, value));
            request.body = body;
            let (dialog, gateway) = (session.dialog.clone(), session.gateway);
            self.send_within(now, &dialog, gateway, request, Owner::Told(call));
        }
        self.settle(now);
    }

    /// The final status of such a request; of no interest once the call is over.
    pub(super) fn replied(&mut self, call: CallRef, status: Option<u16>) {
        if matches!(self.calls.get(&call), Some(Call::Up(session)) if session.closing.is_none()) {
            self.events.push_back(Event::Replied { call, status });
        }
    }

    /// Asks by an OPTIONS within the call whether the peer still knows it; [`Event::Asked`] tells.
    pub fn ask(&mut self, now: Instant, call: CallRef) {
        if let Some(Call::Up(session)) = self.calls.get_mut(&call)
            && session.closing.is_none()
        {
            let options = session.dialog.request(Method::Options);
            let (dialog, gateway) = (session.dialog.clone(), session.gateway);
            self.send_within(now, &dialog, gateway, options, Owner::Question(call));
        }
        self.settle(now);
    }

    /// The answer to the question whether the peer is there; of no interest once the call is over.
    pub(super) fn asked(&mut self, call: CallRef, status: Option<u16>) {
        if matches!(self.calls.get(&call), Some(Call::Up(session)) if session.closing.is_none()) {
            self.events.push_back(Event::Asked { call, status });
        }
    }

    /// A request with a To tag.
    pub(super) fn receive_within(
        &mut self,
        now: Instant,
        key: ServerKey,
        arrival: Arrival,
        request: &Request,
    ) {
        match self.party_of(request) {
            // A peer that floods within its own call; its BYE is always welcome.
            Some(_) if self.layer.is_full() && request.method != Method::Bye => {
                self.layer.stats.table_full += 1;
                self.refuse(now, arrival, request, &503.into());
            }
            Some(Party::Call(call)) => self.receive_in_call(now, key, arrival, request, call),
            Some(Party::Fork(fork)) => self.receive_early(now, key, arrival, request, fork),
            Some(Party::Subscription(subscription)) => {
                self.receive_subscribed(now, key, arrival, request, subscription);
            }
            None if self.is_banned(now, arrival.flow) => self.layer.stats.banned += 1,
            None if matches!(request.method, Method::Other(_)) => {
                self.refuse(now, arrival, request, &501.into())
            }
            None => self.refuse(now, arrival, request, &481.into()),
        }
    }

    /// The call, if it is up, whose dialog a request names by Call-ID and both tags.
    pub(super) fn session_of(&self, request: &Request) -> Option<CallRef> {
        match self.party_of(request)? {
            Party::Call(call) => matches!(self.calls.get(&call)?, Call::Up(_)).then_some(call),
            Party::Fork(_) | Party::Subscription(_) => None,
        }
    }

    /// Our tag in a call's dialog.
    pub(super) fn local_tag(&self, call: CallRef) -> Option<String> {
        match self.calls.get(&call)? {
            Call::Incoming(incoming) => Some(incoming.dialog.local_tag.clone()),
            Call::Up(session) => Some(session.dialog.local_tag.clone()),
            Call::Placed(_) => None,
        }
    }

    /// Whom a request belongs to: Call-ID and both tags must be right.
    fn party_of(&self, request: &Request) -> Option<Party> {
        let remote_tag = request.headers.from_tag().unwrap_or_default();
        let key = (Label::new(request.headers.call_id()?), request.headers.to_tag()?.to_owned());
        let party = *self.dialogs.get(&key)?;
        let known = match party {
            Party::Call(call) => match self.calls.get(&call)? {
                Call::Incoming(incoming) => incoming.dialog.remote_tag == remote_tag,
                Call::Up(session) => session.dialog.remote_tag == remote_tag,
                Call::Placed(_) => false,
            },
            Party::Fork(fork) => self.forks.get(&fork)?.early.iter().any(|early| early.tag == remote_tag),
            Party::Subscription(subscription) => self.is_subscriber(subscription, remote_tag),
        };
        known.then_some(party)
    }

    fn receive_in_call(
        &mut self,
        now: Instant,
        key: ServerKey,
        arrival: Arrival,
        request: &Request,
        call: CallRef,
    ) {
        let (flow, tag) = (arrival.flow, self.local_tag(call).unwrap_or_default());
        if let Some(response) = self.fault_in_call(call, request) {
            self.note_refusal(now, flow.remote, &request.method, response.status, &response.reason);
            return self.respond_to(now, key, request, flow, &tag, response);
        }
        match request.method {
            Method::Bye => {
                self.respond_to(now, key, request, flow, &tag, request.respond(200));
                self.bye_received(now, call, request);
            }
            Method::Info => self.info_received(now, key, flow, request, call, &tag),
            Method::Options => {
                let response = self.options_response(request, &self.options_of(call));
                self.respond_to(now, key, request, flow, &tag, response);
            }
            Method::Prack => self.prack_received(now, key, flow, request, call, &tag),
            Method::Notify => self.notify_received(now, key, flow, request, call, &tag),
            Method::Subscribe => self.subscribe_in_call(now, key, flow, request, call, &tag),
            Method::Refer => self.refer_in_call(now, key, flow, request, call, &tag),
            Method::Update if matches!(self.calls.get(&call), Some(Call::Incoming(_))) => {
                self.respond_to(now, key, request, flow, &tag, request.respond(200));
            }
            // Only calls that are up get so far.
            _ => self.offer_received(now, key, flow, request, call),
        }
    }

    /// What is wrong with a request for the state that its call is in.
    fn fault_in_call(&mut self, call: CallRef, request: &Request) -> Option<Response> {
        if let Some(refusal) = self.dialog_method_fault(request) {
            return Some(self.refusal_response(request, &refusal));
        }
        let options = self.options_of(call);
        let cseq = request.headers.cseq().ok()?;
        let (in_order, fits) = match self.calls.get_mut(&call)? {
            Call::Incoming(incoming) => {
                let early = match request.method {
                    Method::Bye | Method::Info | Method::Options | Method::Prack => true,
                    Method::Update => request.body.is_empty(),
                    _ => false,
                };
                (incoming.dialog.accept(&cseq), if early { Ok(()) } else { Err(retry_later(request)) })
            }
            Call::Up(session) => {
                let closing = session.closing.is_some() && request.method != Method::Bye;
                (session.dialog.accept(&cseq), if closing { Err(request.respond(481)) } else { Ok(()) })
            }
            Call::Placed(_) => (true, Err(request.respond(481))),
        };
        if !in_order {
            return Some(retry_later(request));
        }
        let fault = fits.err().or_else(|| extension_fault(request)).or_else(|| content_fault(request));
        fault.or_else(|| self.timer_refusal(&options, request))
    }

    /// What the peer of a call may do.
    pub(super) fn options_of(&self, call: CallRef) -> PeerOptions {
        match self.calls.get(&call) {
            Some(Call::Incoming(incoming)) => incoming.options,
            Some(Call::Up(session)) => session.options,
            _ => self.config.others,
        }
    }

    /// Methods that no dialog of ours takes.
    fn dialog_method_fault(&self, request: &Request) -> Option<Refusal> {
        match request.method {
            Method::Bye
            | Method::Info
            | Method::Options
            | Method::Invite
            | Method::Update
            | Method::Prack => None,
            Method::Refer | Method::Subscribe if self.config.focus => None,
            Method::Notify if self.expects_notify(request) => None,
            Method::Other(_) => Some(501.into()),
            _ => Some(405.into()),
        }
    }

    fn bye_received(&mut self, now: Instant, call: CallRef, request: &Request) {
        let reason = reason_of(&request.headers);
        if let Some(Call::Incoming(incoming)) = self.calls.get(&call) {
            let (id, tag) = (incoming.invite, incoming.dialog.local_tag.clone());
            self.respond_in_dialog(now, id, &tag, 487, |_| ());
            return self.ended(now, call, End { status: Some(487), by: By::Peer, reason });
        }
        self.over(now, call, End { status: None, by: By::Peer, reason });
    }

    /// An INFO counts only from the address that the peer is known at: keys are worth forging.
    fn info_received(
        &mut self,
        now: Instant,
        key: ServerKey,
        flow: Flow,
        request: &Request,
        call: CallRef,
        tag: &str,
    ) {
        let Some(known) = self.peer(call) else { return };
        if known.ip() != flow.remote.ip() {
            self.note_refusal(now, flow.remote, &request.method, 403, "INFO from elsewhere");
            return self.respond_to(now, key, request, flow, tag, request.respond(403));
        }
        self.respond_to(now, key, request, flow, tag, request.respond(200));
        if let (Some(content_type), Some(body)) = (request.headers.content_type(), sdp_of(request)) {
            self.events.push_back(Event::Info { call, content_type, body });
        }
    }

    /// A request of a callee who has not answered yet: nothing may change before that.
    fn receive_early(
        &mut self,
        now: Instant,
        key: ServerKey,
        arrival: Arrival,
        request: &Request,
        fork: ForkId,
    ) {
        let Some((tag, options)) = self.forks.get(&fork).map(|fork| (fork.local_tag.clone(), fork.options))
        else {
            return;
        };
        let response = match request.method {
            _ if let Some(refusal) = self.dialog_method_fault(request) => {
                self.refusal_response(request, &refusal)
            }
            Method::Options => self.options_response(request, &options),
            Method::Invite => request.respond(491),
            Method::Update if !request.body.is_empty() => retry_later(request),
            Method::Update | Method::Info => request.respond(200),
            _ => request.respond(481),
        };
        self.respond_to(now, key, request, arrival.flow, &tag, response);
    }
}

/// 500 with Retry-After: out of order, or at a bad time.
pub(super) fn retry_later(request: &Request) -> Response {
    let mut response = request.respond(500);
    response.headers.push(header::RETRY_AFTER, "1");
    response
}
