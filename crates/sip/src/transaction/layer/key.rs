//! By what a request is recognised.

use std::net::SocketAddr;

use crate::message::{Host, Method, Request, Via};

/// Every branch of RFC 3261 begins so.
const MAGIC_COOKIE: &str = "z9hG4bK";

/// A server transaction (RFC 3261 §17.2.3): branch, sent-by and method, with ACK counted as INVITE.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ServerKey {
    branch: String,
    sent_by: String,
    method: String,
}

impl ServerKey {
    /// The key of a request; `None` without a readable Via.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        Self::with_method(request, &request.method)
    }

    /// The key of the INVITE that a CANCEL means.
    pub(crate) fn of_cancelled(cancel: &Request) -> Option<Self> {
        Self::with_method(cancel, &Method::Invite)
    }

    fn with_method(request: &Request, method: &Method) -> Option<Self> {
        let via = request.headers.top_via().ok()?;
        let method = if *method == Method::Ack { &Method::Invite } else { method };
        let port = via.port.unwrap_or(5060);
        let sent_by = format!("{}:{port}", via.host).to_ascii_lowercase();
        Some(Self { branch: branch(request, &via), sent_by, method: method.as_str().to_owned() })
    }
}

/// What makes two requests the same one that came over two ways (RFC 3261 §8.2.2.2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MergeKey {
    call_id: String,
    from_tag: String,
    cseq: u32,
    method: String,
}

impl MergeKey {
    /// The key of a request outside of dialogs.
    pub(super) fn of(request: &Request) -> Option<Self> {
        if request.method == Method::Cancel || request.headers.to_tag().is_some() {
            return None;
        }
        let cseq = request.headers.cseq().ok()?;
        Some(Self {
            call_id: request.headers.call_id()?.to_owned(),
            from_tag: request.headers.from().ok()?.tag()?.to_owned(),
            cseq: cseq.number,
            method: cseq.method.as_str().to_owned(),
        })
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
fn branch(request: &Request, via: &Via) -> String {
    match via.branch() {
        Some(branch) if branch.len() > MAGIC_COOKIE.len() && branch.starts_with(MAGIC_COOKIE) => {
            branch.to_owned()
        }
        _ => {
            let call_id = request.headers.call_id().unwrap_or_default();
            let from = request.headers.from().ok();
            let tag = from.as_ref().and_then(|from| from.tag()).unwrap_or_default();
            let number = request.headers.cseq().map_or(0, |cseq| cseq.number);
            format!("{call_id}|{tag}|{number}")
        }
    }
}
