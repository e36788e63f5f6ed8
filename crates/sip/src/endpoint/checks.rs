//! What is wrong with a request whatever else it means (RFC 3261 §8.2). The reader has seen to it that Via, From, To,
//! Call-ID, CSeq and Max-Forwards can be read.

use super::Endpoint;
use super::options::is_known;
use crate::message::{Method, Request, Response, Scheme, Uri, header};

impl Endpoint {
    /// The response to a request that cannot be processed.
    pub(super) fn objection(&self, request: &Request) -> Option<Response> {
        let status =
            self.method_fault(request).or_else(|| uri_fault(request)).or_else(|| hops_fault(request));
        match status {
            Some(status) => Some(self.refusal_response(request, &status.into())),
            None => {
                extension_fault(request).or_else(|| content_fault(request)).or_else(|| accept_fault(request))
            }
        }
    }

    fn method_fault(&self, request: &Request) -> Option<u16> {
        match request.method {
            Method::Register if self.config.users.is_empty() => Some(405),
            Method::Subscribe | Method::Refer if self.config.focus => None,
            Method::Subscribe | Method::Notify | Method::Refer | Method::Message | Method::Publish => {
                Some(405)
            }
            Method::Other(_) => Some(501),
            _ => None,
        }
    }
}

/// RFC 3261 §8.2.2.1. `sips` needs TLS on every hop, which no transport of ours has (RFC 5630).
fn uri_fault(request: &Request) -> Option<u16> {
    match request.uri.parse::<Uri>().map(|uri| uri.scheme) {
        Err(_) => Some(400),
        Ok(Scheme::Sips | Scheme::Other(_)) => Some(416),
        Ok(Scheme::Sip | Scheme::Tel) => None,
    }
}

/// An OPTIONS may be spent on its way on purpose, to see who is there (RFC 3261 §11).
fn hops_fault(request: &Request) -> Option<u16> {
    let spent = matches!(request.headers.max_forwards(), Some(Ok(0)));
    (spent && request.method != Method::Options).then_some(483)
}

/// RFC 3261 §8.2.2.3. Whether the extensions that we know are for this peer is seen when that is known.
pub(super) fn extension_fault(request: &Request) -> Option<Response> {
    let unknown: Vec<&str> = request.headers.list(header::REQUIRE).filter(|tag| !is_known(tag)).collect();
    if unknown.is_empty() {
        return None;
    }
    let mut response = request.respond(420);
    response.headers.push(header::UNSUPPORTED, unknown.join(", "));
    Some(response)
}

/// RFC 3261 §8.2.3: an offer or answer must be one that we can read.
pub(super) fn content_fault(request: &Request) -> Option<Response> {
    let carries_sdp = matches!(request.method, Method::Invite | Method::Update);
    if !carries_sdp || request.body.is_empty() {
        return None;
    }
    let encoded =
        request.headers.list(header::CONTENT_ENCODING).any(|name| !name.eq_ignore_ascii_case("identity"));
    let is_sdp = request.headers.content_type().is_none_or(|kind| kind == "application/sdp");
    if is_sdp && !encoded {
        return None;
    }
    let mut response = request.respond(415);
    response.headers.push(header::ACCEPT, "application/sdp");
    if encoded {
        response.headers.push("Accept-Encoding", "identity");
    }
    Some(response)
}

/// RFC 3261 §20.1: who accepts no session description cannot be answered.
fn accept_fault(request: &Request) -> Option<Response> {
    let mut accepted = request.headers.list(header::ACCEPT).peekable();
    if request.method != Method::Invite || accepted.peek().is_none() {
        return None;
    }
    let kind = |range: &str| range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let fits =
        accepted.any(|range| matches!(kind(range).as_str(), "application/sdp" | "application/*" | "*/*"));
    (!fits).then(|| request.respond(406))
}
