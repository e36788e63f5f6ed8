//! By what a request is recognised.

use crate::label::Label;
use crate::message::{Host, Method, Request, Via};
use std::borrow::Cow;
use std::net::SocketAddr;

/// Every branch of RFC 3261 begins so.
const MAGIC_COOKIE: &str = "z9hG4bK";

/// A server transaction (RFC 3261 §17.2.3): method, sent-by and branch, with ACK counted as INVITE. One text, since it is
/// kept for 32 s after the last word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ServerKey(Label);

impl ServerKey {
    /// The key of a request with this topmost Via.
    pub(crate) fn of(request: &Request, via: &Via) -> Self {
        Self::with_method(request, via, &request.method)
    }

    /// The key of the INVITE that a CANCEL means; `None` without a readable Via.
    pub(crate) fn of_cancelled(cancel: &Request) -> Option<Self> {
        let via = cancel.headers.top_via().ok()?;
        Some(Self::with_method(cancel, &via, &Method::Invite))
    }

    fn with_method(request: &Request, via: &Via, method: &Method) -> Self {
        let method = if *method == Method::Ack { &Method::Invite } else { method };
        let host = via.host.to_string().to_ascii_lowercase();
        // Neither of the first two holds a blank.
        let key = format!("{method} {host}:{} {}", via.port.unwrap_or(5060), branch(request, via));
        Self(Label::new(key))
    }
}

/// What makes two requests the same one that came over two ways (RFC 3261 §8.2.2.2): CSeq, Call-ID and From tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MergeKey(Label);

impl MergeKey {
    /// The key of a request outside of dialogs.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let headers = &request.headers;
        if request.method == Method::Cancel || headers.to_tag().is_some() {
            return None;
        }
        let cseq = headers.cseq().ok()?;
        // A Call-ID holds no blank.
        let key = format!("{cseq} {} {}", headers.call_id()?, headers.from_tag()?);
        Some(Self(Label::new(key)))
    }
}

/// Where a response goes when its connection is gone: the address seen, and the port of sent-by.
pub(super) fn reply_address(request: &Request) -> Option<SocketAddr> {
    let via = request.headers.top_via().ok()?;
    let sent_by = match via.host {
        Host::Ip(ip) => Some(ip),
        Host::Name(_) => None,
    };
    let ip = via.received().or(sent_by)?;
    Some(SocketAddr::new(ip, via.port.unwrap_or(5060)))
}

/// The branch; one from before RFC 3261 says too little, so what else tells requests apart stands in for it.
fn branch<'a>(request: &Request, via: &'a Via) -> Cow<'a, str> {
    match via.branch() {
        Some(branch) if branch.len() > MAGIC_COOKIE.len() && branch.starts_with(MAGIC_COOKIE) => {
            branch.into()
        }
        _ => {
            let call_id = request.headers.call_id().unwrap_or_default();
            let tag = request.headers.from_tag().unwrap_or_default();
            let number = request.headers.cseq().map_or(0, |cseq| cseq.number);
            format!("{call_id}|{tag}|{number}").into()
        }
    }
}
