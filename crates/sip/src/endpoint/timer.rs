//! Session timers (RFC 4028): sessions are refreshed by UPDATE, or by a re-INVITE that changes nothing, and ended when
//! nobody did so.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::calls::Call;
use super::options::{TIMER, has_tag};
use super::{By, CallRef, Cause, Endpoint, Extension, PeerOptions};
use crate::dialog::timer::{min_se, session_expires};
use crate::dialog::{NoTimer, Queued, Refresh, SessionTimer};
use crate::message::{Headers, Method, Request, Response, header};
use crate::transaction::Due;
use crate::transaction::{Owner, ServerKey, TransactionId};
use crate::transport::Flow;

/// The wait before a refresh is tried again that failed for a reason of its own.
const RETRY: Duration = Duration::from_secs(10);

/// The longest Min-SE that we give in to: a day.
const LONGEST: Duration = Duration::from_secs(86_400);

impl Endpoint {
    /// What speaks against the session timer that a request wants.
    pub(super) fn timer_refusal(&self, options: &PeerOptions, request: &Request) -> Option<Response> {
        if !matches!(request.method, Method::Invite | Method::Update) {
            return None;
        }
        match SessionTimer::granted(options, &request.headers, has_tag(&request.headers, TIMER)) {
            Ok(_) => None,
            Err(NoTimer::Malformed) => Some(request.respond(400)),
            Err(NoTimer::TooSmall) => {
                let mut response = request.respond(422);
                response.headers.push(header::MIN_SE, options.min_se.as_secs().to_string());
                Some(response)
            }
        }
    }

    /// The timer that the 2xx to a request which waits for one will set.
    pub(super) fn granted_timer(&self, id: TransactionId, options: &PeerOptions) -> Option<SessionTimer> {
        let headers = &self.layer.asked(id)?.headers;
        SessionTimer::granted(options, headers, has_tag(headers, TIMER)).ok().flatten()
    }

    /// A 2xx to an INVITE or UPDATE has passed: the session lives on from now.
    pub(super) fn set_session_timer(&mut self, now: Instant, call: CallRef, timer: Option<SessionTimer>) {
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return };
        session.timer = timer;
        self.layer.schedule.stop(Due::Refresh(call));
        self.layer.schedule.stop(Due::SessionEnd(call));
        let Some(timer) = timer else { return };
        // One after the other: a call is to cost little while nothing happens.
        match timer.ours {
            true => self.layer.schedule.start(Due::Refresh(call), now + timer.refresh_after()),
            false => self.layer.schedule.start(Due::SessionEnd(call), now + timer.ends_after()),
        }
    }

    /// The peer accepted an INVITE or UPDATE of ours.
    pub(super) fn refreshed_by(&mut self, now: Instant, call: CallRef, response: &Response) {
        let Some(Call::Up(session)) = self.calls.get(&call) else { return };
        let timer = SessionTimer::of_response(&session.options, &response.headers);
        self.set_session_timer(now, call, timer);
    }

    /// An UPDATE without an offer: the target, the session timer.
    pub(super) fn update_received(
        &mut self,
        now: Instant,
        key: ServerKey,
        flow: Flow,
        request: &Request,
        call: CallRef,
    ) {
        let Some(Call::Up(session)) = self.calls.get(&call) else { return };
        let (tag, contact, options) =
            (session.dialog.local_tag.clone(), session.dialog.contact.clone(), session.options);
        let can = has_tag(&request.headers, TIMER);
        let timer = SessionTimer::granted(&options, &request.headers, can).ok().flatten();
        let mut response = request.respond(200);
        response.headers.push(header::CONTACT, contact);
        self.introduce(&mut response.headers, &options);
        grant_timer(&mut response, timer);
        self.respond_to(now, key, request, flow, &tag, response);
        self.set_session_timer(now, call, timer);
    }

    /// Refreshes a session.
    pub(super) fn refresh(&mut self, now: Instant, call: CallRef) {
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return };
        let Some(timer) = session.timer.filter(|_| session.closing.is_none()) else { return };
        let rest = timer.ends_after().saturating_sub(timer.refresh_after());
        self.layer.schedule.start_first(Due::SessionEnd(call), now + rest);
        if let Refresh::Repeat(sdp) = &session.refresh {
            let offer = Queued { sdp: Bytes::clone(sdp), refresh: true };
            session.queued.get_or_insert_with(|| offer.into());
            return self.offer_queued(now, call);
        }
        let mut update = session.dialog.request(Method::Update);
        update.headers.push(header::CONTACT, &session.dialog.contact);
        let (dialog, gateway, options) = (session.dialog.clone(), session.gateway, session.options);
        self.introduce(&mut update.headers, &options);
        ask_for_timer(&mut update.headers, &options, Some(timer));
        self.send_within(now, &dialog, gateway, update, Owner::Refresh(call));
    }

    /// The final response to the UPDATE that was to refresh a session.
    pub(super) fn refresh_response(&mut self, now: Instant, call: CallRef, response: &Response) {
        match response.status {
            ..300 => self.refreshed_by(now, call, response),
            422 if self.raise_timer(call, response) => self.refresh(now, call),
            481 => self.dialog_gone(now, call),
            // It said that it takes UPDATE. Whoever answers is there.
            405 | 501 => self.refreshed_by(now, call, response),
            status => self.refresh_failed(now, call, status),
        }
    }

    /// A refresh failed: without an answer the peer is gone (RFC 4028 §10), else it is tried again until the session ends.
    pub(super) fn refresh_failed(&mut self, now: Instant, call: CallRef, status: u16) {
        match status {
            408 => self.session_over(now, call),
            481 => {}
            _ => self.layer.schedule.start(Due::Refresh(call), now + RETRY),
        }
    }

    /// Nobody has refreshed the session: it ends by BYE.
    pub(super) fn session_over(&mut self, now: Instant, call: CallRef) {
        if matches!(self.calls.get(&call), Some(Call::Up(session)) if session.closing.is_none()) {
            self.layer.stats.sessions_expired += 1;
            self.close(now, call, Cause::RECOVERY_ON_TIMER_EXPIRE, By::Timeout);
        }
    }

    /// A 422: our interval becomes the one that it names. Whether it is worth another try.
    pub(super) fn raise_timer(&mut self, call: CallRef, response: &Response) -> bool {
        let Some(Call::Up(session)) = self.calls.get_mut(&call) else { return false };
        let now = session.timer.map_or(session.options.session_expires, SessionTimer::interval);
        let Some(least) = raised(now, &response.headers) else { return false };
        session.options.session_expires = least;
        session.options.min_se = least;
        let ours = session.timer.is_none_or(|timer| timer.ours);
        session.timer = Some(SessionTimer::new(least, ours));
        true
    }
}

/// The interval that a 422 names, if it is a longer one than ours.
pub(super) fn raised(ours: Duration, refusal: &Headers) -> Option<Duration> {
    min_se(refusal).ok().filter(|least| *least > ours && *least <= LONGEST)
}

/// Asks for a session timer in a request of ours: the one that holds, or the one that we want.
pub(super) fn ask_for_timer(headers: &mut Headers, options: &PeerOptions, timer: Option<SessionTimer>) {
    let wanted = options.session_timers >= Extension::Preferred;
    let value = match timer {
        _ if options.session_timers == Extension::Off => None,
        Some(timer) => Some(timer.in_request()),
        None => wanted.then(|| options.session_expires.max(options.min_se).as_secs().to_string()),
    };
    if let Some(value) = value {
        headers.push(header::SESSION_EXPIRES, value);
        headers.push(header::MIN_SE, options.min_se.as_secs().to_string());
    }
}

/// Says in a 2xx of ours which session timer holds; a peer that is to refresh must know (RFC 4028 §9).
pub(super) fn grant_timer(response: &mut Response, timer: Option<SessionTimer>) {
    let Some(timer) = timer else { return };
    response.headers.push(header::SESSION_EXPIRES, timer.in_response());
    if !timer.ours {
        response.headers.push(header::REQUIRE, TIMER);
    }
}

/// The interval that a request of ours asked for.
pub(super) fn asked_interval(request: &Request) -> Option<Duration> {
    Some(session_expires(&request.headers).ok()??.interval)
}
