//! REGISTER to us (RFC 3261 §10.3).

use std::time::{Duration, Instant};

use super::reply::Arrival;
use super::{Endpoint, Event};
use crate::message::{Request, Response, Scheme, header};
use crate::registrar::{Change, Denial};
use crate::transaction::{Due, ServerKey};

impl Endpoint {
    /// Challenges without state; what follows a right password has a transaction, so that a repetition of the request
    /// is not taken for a replay.
    pub(super) fn receive_register(
        &mut self,
        now: Instant,
        key: ServerKey,
        arrival: Arrival,
        request: &Request,
    ) {
        if self.layer.is_full() {
            self.layer.stats.table_full += 1;
            return self.refuse(now, arrival, request, &503.into());
        }
        // An address of record is a SIP URI, whoever asks (RFC 3261 §10.3 step 5).
        if !request.headers.to().is_ok_and(|to| matches!(to.uri.scheme, Scheme::Sip | Scheme::Sips)) {
            return self.refuse(now, arrival, request, &400.into());
        }
        let user = match self.authenticate(now, arrival, request) {
            Ok(user) => user,
            Err(challenge) => return self.reply(arrival, request, challenge),
        };
        let response = self.register_user(now, &user, arrival, request);
        if response.status >= 300 {
            let (source, reason) = (arrival.flow.remote, response.reason.clone());
            self.note_refusal(now, source, &request.method, response.status, &reason);
        }
        let tag = self.tags.tag(request);
        self.respond_to(now, key, request, arrival.flow, &tag, response);
    }

    /// The bindings that have run out.
    pub(super) fn expire_bindings(&mut self, now: Instant) {
        for (user, contact) in self.registrar.expire(now) {
            self.events.push_back(Event::Unregistered { user, contact, expired: true });
        }
        self.watch_bindings();
    }

    fn register_user(&mut self, now: Instant, user: &str, arrival: Arrival, request: &Request) -> Response {
        // A phone may change its own bindings only (RFC 3261 §10.3 step 4).
        let owner = request.headers.to().ok().and_then(|to| to.uri.unescaped_user());
        if owner.as_deref() != Some(user) {
            return request.respond(403);
        }
        let max_contacts = self.user(user).map_or(0, |user| user.max_contacts);
        match self.registrar.register(now, user, max_contacts, &request.headers, arrival.flow) {
            Ok(changes) => {
                changes.into_iter().for_each(|change| self.tell_change(user, change, arrival));
                self.watch_bindings();
                self.bindings_response(now, user, request)
            }
            Err(denial) => self.denied(denial, request),
        }
    }

    fn tell_change(&mut self, user: &str, change: Change, arrival: Arrival) {
        let (user, source) = (user.to_owned(), arrival.flow.remote);
        self.events.push_back(match change {
            Change::Bound { contact, expires } => Event::Registered { user, contact, source, expires },
            Change::Removed { contact } => Event::Unregistered { user, contact, expired: false },
        });
    }

    /// 200 with all bindings of the user.
    fn bindings_response(&self, now: Instant, user: &str, request: &Request) -> Response {
        let mut response = request.respond(200);
        for binding in self.registrar.bindings(user) {
            let left = binding.expires.saturating_duration_since(now);
            let q = match binding.q {
                1000 => String::new(),
                q => format!(";q=0.{q:03}"),
            };
            let value = format!("<{}>;expires={}{q}", binding.contact, seconds(left));
            response.headers.push(header::CONTACT, value);
        }
        response
    }

    fn denied(&self, denial: Denial, request: &Request) -> Response {
        let status = match denial {
            Denial::Malformed | Denial::OutOfOrder => 400,
            Denial::TooMany => 403,
            Denial::TooBrief => 423,
        };
        let mut response = self.refusal_response(request, &status.into());
        match denial {
            Denial::OutOfOrder => response.reason = "Bad Request (CSeq out of order)".to_owned(),
            Denial::TooMany => response.reason = "Too Many Contacts".to_owned(),
            Denial::TooBrief => {
                let least = seconds(self.config.registrar.min_expires);
                response.headers.push(header::MIN_EXPIRES, least.to_string());
            }
            Denial::Malformed => {}
        }
        response
    }

    fn watch_bindings(&mut self) {
        match self.registrar.next_expiry() {
            Some(at) => self.layer.schedule.start(Due::Binding, at),
            None => self.layer.schedule.stop(Due::Binding),
        }
    }
}

/// Whole seconds, rounded up.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
