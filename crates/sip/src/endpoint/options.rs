//! What each peer may do beyond RFC 3261.

use std::time::Duration;

use super::{Endpoint, Refusal};
use crate::message::{Headers, Request, Response, header};
use crate::transport::Flow;

/// How far an extension of SIP is used with a peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extension {
    /// As if we had never heard of it.
    Off,
    /// When the peer asks for it.
    #[default]
    Supported,
    /// With every peer that can.
    Preferred,
    /// Always: a call with a peer that cannot is not made.
    Required,
}

/// What a peer may do beyond RFC 3261: one set for each user, one for each gateway, one for everybody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerOptions {
    /// Session timers (RFC 4028).
    pub session_timers: Extension,
    /// How long a session lasts without a refresh, as we propose it.
    pub session_expires: Duration,
    /// The shortest such time that we take (Min-SE).
    pub min_se: Duration,
    /// Provisional responses that are acknowledged (RFC 3262).
    pub reliable: Extension,
    /// Whether our Contact says that we are a focus (RFC 4579 §4.1); some old phones cannot read it.
    pub isfocus: bool,
    /// Whether it may subscribe to a conference's state (RFC 4575).
    pub events: bool,
    /// Whether it may have members added and removed by REFER (RFC 4579 §5).
    pub refer: bool,
    /// Whether its INVITE may take the place of another call (RFC 3891).
    pub replaces: bool,
}

impl Default for PeerOptions {
    fn default() -> Self {
        Self {
            session_timers: Extension::Preferred,
            session_expires: Duration::from_secs(1800),
            min_se: Duration::from_secs(90),
            reliable: Extension::Supported,
            isfocus: true,
            events: true,
            refer: true,
            replaces: true,
        }
    }
}

impl PeerOptions {
    /// The option tags of Supported.
    pub(super) fn supported(&self) -> String {
        let known = [TIMER, RELIABLE, REPLACES, NO_REFER_SUB];
        let tags: Vec<&str> = known.into_iter().filter(|tag| self.knows(tag)).collect();
        tags.join(", ")
    }

    /// Whether an extension may be required of us.
    fn knows(&self, tag: &str) -> bool {
        match tag {
            TIMER => self.session_timers != Extension::Off,
            RELIABLE => self.reliable != Extension::Off,
            REPLACES => self.replaces,
            NO_REFER_SUB => self.refer,
            _ => false,
        }
    }
}

/// Session timers.
pub(super) const TIMER: &str = "timer";
/// Reliable provisional responses.
pub(super) const RELIABLE: &str = "100rel";
const REPLACES: &str = "replaces";
/// REFER without a subscription (RFC 4488).
pub(super) const NO_REFER_SUB: &str = "norefersub";

impl Endpoint {
    /// What the peer may do who sent a request: the user whose password it shows, the gateway that it comes from, or
    /// somebody else.
    pub(super) fn options_for(&self, user: Option<&str>, flow: &Flow) -> PeerOptions {
        if let Some(user) = user.and_then(|name| self.user(name)) {
            return user.options;
        }
        let gateway = self.gateway_at(flow).and_then(|name| self.trunk_named(&name));
        self.gateway_options(gateway).unwrap_or(self.config.others)
    }

    /// What a gateway, by its index, may do.
    pub(super) fn gateway_options(&self, index: Option<usize>) -> Option<PeerOptions> {
        Some(self.trunks.get(index?)?.config.options)
    }

    /// The extensions that a request requires and that are not for this peer (RFC 3261 §8.2.2.3), or that we require of
    /// it in vain (§21.4.16).
    pub(super) fn extension_refusal(&self, options: &PeerOptions, request: &Request) -> Option<Refusal> {
        if request.headers.list(header::REQUIRE).any(|tag| !options.knows(&tag.to_ascii_lowercase())) {
            return Some(420.into());
        }
        let needed = [(TIMER, options.session_timers), (RELIABLE, options.reliable)];
        let lacks = |(tag, use_of): &(&str, Extension)| {
            *use_of == Extension::Required && !has_tag(&request.headers, tag)
        };
        needed.iter().any(lacks).then(|| 421.into())
    }

    /// The response that names them.
    pub(super) fn extension_response(
        &self,
        request: &Request,
        options: &PeerOptions,
        refusal: &Refusal,
    ) -> Response {
        let mut response = self.refusal_response(request, refusal);
        let unknown = |tag: &&str| !options.knows(&tag.to_ascii_lowercase());
        for tag in request.headers.list(header::REQUIRE).filter(unknown) {
            response.headers.push(header::UNSUPPORTED, tag);
        }
        if refusal.status == 421 {
            let needed = [(TIMER, options.session_timers), (RELIABLE, options.reliable)];
            let tags = needed.into_iter().filter(|(_, use_of)| *use_of == Extension::Required);
            tags.for_each(|(tag, _)| response.headers.push(header::REQUIRE, tag));
        }
        response
    }
}

/// Whether a message says that its sender knows an extension.
pub(super) fn has_tag(headers: &Headers, tag: &str) -> bool {
    supports(headers, tag) || requires(headers, tag)
}

/// Whether it is in Supported.
pub(super) fn supports(headers: &Headers, tag: &str) -> bool {
    headers.list(header::SUPPORTED).any(|known| known.eq_ignore_ascii_case(tag))
}

/// Whether it is in Require.
pub(super) fn requires(headers: &Headers, tag: &str) -> bool {
    headers.list(header::REQUIRE).any(|known| known.eq_ignore_ascii_case(tag))
}

/// Whether every extension of a request's Require is one that some peer may use.
pub(super) fn is_known(tag: &str) -> bool {
    [TIMER, RELIABLE, REPLACES, NO_REFER_SUB].iter().any(|known| known.eq_ignore_ascii_case(tag))
}
