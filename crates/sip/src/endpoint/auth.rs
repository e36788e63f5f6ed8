//! Who a peer is: digest of our users (RFC 3261 §22), and what happens after too many wrong passwords.

use std::time::Instant;

use super::reply::Arrival;
use super::{Endpoint, User};
use crate::digest::Verdict;
use crate::message::{Host, NameAddr, Request, Response, Uri, header};
use crate::transport::Flow;

impl Endpoint {
    /// The user whose password the request shows.
    ///
    /// # Errors
    /// The challenge to be sent; it is the same for unknown users, and when passwords are not looked at any more.
    pub(super) fn authenticate(
        &mut self,
        now: Instant,
        arrival: Arrival,
        request: &Request,
    ) -> Result<String, Response> {
        let Some(shown) = self.verifier.credentials(request) else {
            return Err(self.challenge(now, request, false));
        };
        let (name, source) = (shown.username.as_str(), arrival.flow.remote);
        if !self.registrar.is_source_of(source, name) && self.failures.exhausted(now, name, source.ip()) {
            self.layer.stats.digest_unchecked += 1;
            return Err(self.challenge(now, request, false));
        }
        let secret = self.users.get(name).map(|user| &user.secret);
        match self.verifier.judge(now, &shown, request.method.as_str(), secret) {
            Verdict::Ok(user) => Ok(user),
            Verdict::Missing => Err(self.challenge(now, request, false)),
            Verdict::Stale => Err(self.challenge(now, request, true)),
            Verdict::Refused => {
                self.count_failure(now, arrival.flow, name, request);
                Err(self.challenge(now, request, false))
            }
        }
    }

    /// The user that an INVITE comes from: challenged when it claims to be one of ours, or shows credentials.
    pub(super) fn identify(
        &mut self,
        now: Instant,
        arrival: Arrival,
        request: &Request,
    ) -> Result<Option<String>, Response> {
        let claims = request.headers.from().is_ok_and(|from| self.is_ours(&from, request));
        if !claims && !self.shows_credentials(request) {
            return Ok(None);
        }
        let user = self.authenticate(now, arrival, request)?;
        let from = request.headers.from().ok().and_then(|from| from.uri.unescaped_user());
        if claims && from.as_ref() != Some(&user) {
            return Err(request.respond(403));
        }
        Ok(Some(user))
    }

    /// The user of that name.
    pub(super) fn user(&self, name: &str) -> Option<&User> {
        self.users.get(name)
    }

    /// Whether packets from there are dropped, unless they belong to a dialog.
    pub(super) fn is_banned(&self, now: Instant, flow: Flow) -> bool {
        self.failures.banned(now, flow.remote.ip())
            && !self.registrar.is_source(flow.remote)
            && self.gateway_at(&flow).is_none()
    }

    /// Whether a host means this server. Without configured domains every name does.
    pub(super) fn is_our_host(&self, host: &Host) -> bool {
        match host {
            Host::Name(name) => self.config.domains.is_empty() || self.is_our_domain(name),
            Host::Ip(ip) => self.config.listeners.iter().any(|listener| {
                let unknown = listener.local.ip().is_unspecified();
                unknown || listener.local.ip() == *ip || listener.advertised.ip() == *ip
            }),
        }
    }

    fn is_our_domain(&self, name: &str) -> bool {
        let known = self.config.domains.iter().chain([&self.config.realm]);
        known.map(String::as_str).chain(["localhost"]).any(|domain| domain.eq_ignore_ascii_case(name))
    }

    /// Whether a From names a user of ours, at a host that is ours or that the request itself is addressed to.
    fn is_ours(&self, from: &NameAddr, request: &Request) -> bool {
        let user = from.uri.unescaped_user().unwrap_or_default();
        if self.user(&user).is_none() {
            return false;
        }
        let same_host = request.uri.parse::<Uri>().is_ok_and(|uri| uri.host == from.uri.host);
        same_host
            || match &from.uri.host {
                Host::Name(name) => self.is_our_domain(name),
                ip @ Host::Ip(_) => self.is_our_host(ip),
            }
    }

    /// Whether there are credentials for our realm, of whatever algorithm.
    fn shows_credentials(&self, request: &Request) -> bool {
        let credentials = request.headers.credentials(header::AUTHORIZATION);
        credentials.iter().any(|shown| shown.realm == self.config.realm)
    }

    fn count_failure(&mut self, now: Instant, flow: Flow, name: &str, request: &Request) {
        self.layer.stats.digest_failures += 1;
        let known = Some(name).filter(|name| self.users.contains_key(*name));
        let banned = self.failures.count(now, known, flow.remote.ip());
        let why =
            if banned { "too many wrong passwords: dropped for a while" } else { "wrong user or password" };
        self.note_refusal(now, flow.remote, &request.method, 401, why);
    }

    /// A challenge.
    pub(super) fn challenge(&mut self, now: Instant, request: &Request, stale: bool) -> Response {
        self.layer.stats.challenged += 1;
        let mut response = request.respond(401);
        for challenge in self.verifier.challenges(now, stale) {
            response.headers.push(header::WWW_AUTHENTICATE, challenge.to_string());
        }
        response
    }
}
