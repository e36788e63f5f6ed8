//! Responses, above all those that leave no state behind.

use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::{Endpoint, Event, PeerOptions, Refusal};
use crate::clean;
use crate::digest::{hex, keyed};
use crate::message::{Headers, Method, Request, Response, header};
use crate::transaction::{ServerKey, TransactionId};
use crate::transport::{Flow, Transport};

/// What we do, for Allow.
const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, INFO, UPDATE, PRACK";

/// The same for a focus.
const FOCUS_ALLOW: &str =
    "INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, INFO, UPDATE, PRACK, REFER, SUBSCRIBE";

/// The event packages of a focus.
pub(super) const PACKAGES: &str = "conference, refer";

/// What a reply to a stranger can do without, the most dispensable first.
const OPTIONAL: [&str; 7] = [
    header::SERVER,
    header::WARNING,
    header::ALLOW_EVENTS,
    header::SUPPORTED,
    header::ACCEPT,
    header::ALLOW,
    header::RETRY_AFTER,
];

/// How a request came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    /// The way.
    pub(super) flow: Flow,
    /// Its size in bytes.
    pub(super) size: usize,
}

/// Makes To tags for replies without state: the same request gets the same tag, which nobody else can compute.
#[derive(Debug)]
pub(super) struct StatelessTags {
    hmac: Hmac<Sha256>,
}

impl StatelessTags {
    pub(super) fn new(key: [u8; 32]) -> Self {
        Self { hmac: keyed(key) }
    }

    /// The tag of the reply to a request, or to the INVITE that an ACK belongs to: 64 bits of an HMAC over what a
    /// retransmission repeats.
    pub(super) fn tag(&self, request: &Request) -> String {
        let headers = &request.headers;
        let via = headers.top_via().ok();
        let branch = via.as_ref().and_then(|via| via.branch()).unwrap_or_default();
        let number = headers.cseq().map_or(0, |cseq| cseq.number).to_string();
        let from = headers.get(header::FROM).unwrap_or_default();
        let parts = [headers.call_id().unwrap_or_default(), from, branch, &number];
        let hash =
            parts.iter().fold(self.hmac.clone(), |hash, part| hash.chain_update(part).chain_update([0]));
        hex(&hash.finalize().into_bytes()[..8])
    }
}

impl Endpoint {
    /// Answers without leaving state behind; over UDP with no more than 1.5 times the bytes of the request.
    pub(super) fn reply(&mut self, arrival: Arrival, request: &Request, mut response: Response) {
        if response.headers.to_tag().is_none() {
            response.headers.tag_to(&self.tags.tag(request));
        }
        response.headers.push(header::SERVER, &self.config.user_agent);
        match fitted(response, arrival) {
            Some(bytes) => self.layer.send(arrival.flow, bytes),
            None => self.layer.stats.oversized += 1,
        }
    }

    /// Refuses without leaving state behind.
    pub(super) fn refuse(&mut self, now: Instant, arrival: Arrival, request: &Request, refusal: &Refusal) {
        let response = self.refusal_response(request, refusal);
        self.refuse_with(now, arrival, request, response);
    }

    /// The response that a refusal stands for.
    pub(super) fn refusal_response(&self, request: &Request, refusal: &Refusal) -> Response {
        let mut response = request.respond(refusal.status);
        apply_refusal(&mut response, refusal);
        match refusal.status {
            405 | 501 => response.headers.push(header::ALLOW, self.allow()),
            489 => response.headers.push(header::ALLOW_EVENTS, PACKAGES),
            _ => {}
        }
        response
    }

    /// The methods that we take.
    pub(super) fn allow(&self) -> &'static str {
        if self.config.focus { FOCUS_ALLOW } else { ALLOW }
    }

    /// Adds what we can do to an INVITE, UPDATE or OPTIONS, or to its 2xx.
    pub(super) fn introduce(&self, headers: &mut Headers, options: &PeerOptions) {
        headers.push(header::ALLOW, self.allow());
        headers.push(header::SUPPORTED, options.supported());
        if self.config.focus && (options.events || options.refer) {
            headers.push(header::ALLOW_EVENTS, PACKAGES);
        }
    }

    /// The same with a response that says more than a [`Refusal`] can.
    pub(super) fn refuse_with(
        &mut self,
        now: Instant,
        arrival: Arrival,
        request: &Request,
        response: Response,
    ) {
        self.note_refusal(now, arrival.flow.remote, &request.method, response.status, &response.reason);
        self.reply(arrival, request, response);
    }

    /// Counts a refusal, and tells of it as long as there are not too many.
    pub(super) fn note_refusal(
        &mut self,
        now: Instant,
        source: SocketAddr,
        method: &Method,
        status: u16,
        why: &str,
    ) {
        match status {
            0 => self.layer.stats.dropped_requests += 1,
            _ => self.layer.stats.refused += 1,
        }
        if !self.log.allows(now, ()) {
            self.layer.stats.events_suppressed += 1;
            return;
        }
        let method = clean::number(method.as_str());
        let why = clean::text(why).unwrap_or_default();
        self.events.push_back(Event::Refused { source, method, status, why });
    }

    /// Opens a transaction for a request and responds at once.
    pub(super) fn respond_to(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: &Request,
        flow: Flow,
        tag: &str,
        response: Response,
    ) {
        let id = self.layer.open(key, request.clone(), flow);
        self.respond(now, id, tag, response);
    }

    /// Responds within a transaction, with our tag.
    pub(super) fn respond(
        &mut self,
        now: Instant,
        id: TransactionId,
        tag: &str,
        mut response: Response,
    ) -> Option<Bytes> {
        response.headers.tag_to(tag);
        response.headers.push(header::SERVER, &self.config.user_agent);
        self.layer.respond(now, id, &response)
    }

    /// Responds to a transaction's request with that status, after `finish` has added what belongs to it.
    pub(super) fn respond_in_dialog(
        &mut self,
        now: Instant,
        id: TransactionId,
        tag: &str,
        status: u16,
        finish: impl FnOnce(&mut Response),
    ) -> Option<Bytes> {
        let mut response = self.layer.asked(id)?.respond(status);
        finish(&mut response);
        self.respond(now, id, tag, response)
    }
}

/// Adds what a refusal says beyond its status.
pub(super) fn apply_refusal(response: &mut Response, refusal: &Refusal) {
    if let Some(reason) = &refusal.reason {
        response.reason.clone_from(reason);
    }
    if let Some(wait) = refusal.retry_after {
        response.headers.push(header::RETRY_AFTER, wait.as_secs().max(1).to_string());
    }
    if let Some((code, text)) = &refusal.warning {
        let text = text.replace(['"', '\\'], "'");
        response.headers.push(header::WARNING, format!("{code} confab \"{text}\""));
    }
}

/// The response on the wire, without what makes it more than 1.5 times as large as the request. `None`: it cannot be
/// made small enough.
fn fitted(mut response: Response, arrival: Arrival) -> Option<Bytes> {
    let limit = match arrival.flow.transport {
        Transport::Udp => arrival.size + arrival.size / 2,
        Transport::Tcp => usize::MAX,
    };
    let mut bytes = response.to_bytes();
    for name in OPTIONAL {
        if bytes.len() <= limit {
            break;
        }
        response.headers.remove(name);
        bytes = response.to_bytes();
    }
    if bytes.len() > limit {
        keep_last_challenge(&mut response);
        bytes = response.to_bytes();
    }
    (bytes.len() <= limit).then_some(bytes)
}

/// Of two challenges the MD5 one stays, since every phone can answer that.
fn keep_last_challenge(response: &mut Response) {
    let last = response.headers.all(header::WWW_AUTHENTICATE).last().map(str::to_owned);
    if let Some(last) = last {
        response.headers.set(header::WWW_AUTHENTICATE, last);
    }
}
