//! `[sip]` and `[security]`.

use std::net::{IpAddr, SocketAddr};

use confab_sip::{Algorithm, Limits, PeerOptions, RegistrarConfig, Transport};

use super::peers;
use crate::config::{SecurityConfig, SipConfig};
use crate::parse;
use crate::section::Section;
use crate::source::At;

pub(crate) fn sip(mut section: Section<'_>) -> SipConfig {
    let advertise = advertise(&mut section);
    SipConfig {
        listen: listen(&mut section, &advertise),
        advertise,
        realm: header_text(&mut section, "realm", "confab"),
        digest: digest(&mut section),
        domains: section
            .list("domains", "a host name", host_name)
            .into_iter()
            .flatten()
            .map(|at| at.value)
            .collect(),
        user_agent: header_text(&mut section, "user_agent", concat!("confab/", env!("CARGO_PKG_VERSION"))),
        registrar: registrar(section.section("registrar")),
        others: peers::options(&mut section, PeerOptions::default()),
    }
}

pub(crate) fn security(mut section: Section<'_>) -> SecurityConfig {
    let default = Limits::default();
    let window = section.parsed("digest_failure_window", parse::DURATION, parse::duration);
    let ban = section.parsed("ban", parse::DURATION, parse::duration);
    SecurityConfig {
        allow_weak_passwords: section.boolean("allow_weak_passwords").unwrap_or(false),
        limits: Limits {
            transactions: section.integer("transactions", 16..=1 << 20).unwrap_or(default.transactions),
            calls: section.integer("calls", 1..=1 << 20).unwrap_or(default.calls),
            subscriptions: section.integer("subscriptions", 0..=1 << 20).unwrap_or(default.subscriptions),
            subscriptions_per_user: section
                .integer("subscriptions_per_user", 0..=1 << 20)
                .unwrap_or(default.subscriptions_per_user),
            invites_per_second_per_ip: section
                .integer("invites_per_second", 1..=100_000)
                .unwrap_or(default.invites_per_second_per_ip),
            digest_failures: section
                .integer("digest_failures", 1..=1_000_000)
                .unwrap_or(default.digest_failures),
            digest_failure_window: window.map_or(default.digest_failure_window, |at| at.value),
            ban: ban.map_or(default.ban, |at| at.value),
        },
    }
}

/// The algorithms that users are offered; an old phone may give up on a challenge that it does not know.
fn digest(section: &mut Section<'_>) -> Vec<Algorithm> {
    let found = section.list("digest", "SHA-256 or MD5", Algorithm::parse).unwrap_or_default();
    if found.is_empty() { Algorithm::ALL.to_vec() } else { found.into_iter().map(|at| at.value).collect() }
}

/// A host name as it may stand in a URI.
pub(crate) fn host_name(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    ((1..=253).contains(&text.len()) && text.chars().all(allowed)).then(|| text.to_owned())
}

/// Addresses that peers are told, of each family one at most.
pub(crate) fn advertise(section: &mut Section<'_>) -> Vec<IpAddr> {
    let found = section.list("advertise", "an IP address that peers can reach", |text| {
        text.parse().ok().filter(|address: &IpAddr| !address.is_unspecified())
    });
    let mut kept: Vec<IpAddr> = Vec::new();
    for at in found.into_iter().flatten() {
        if kept.iter().any(|other| other.is_ipv4() == at.value.is_ipv4()) {
            section.context.report.error_at(
                &at,
                "a second address of the same family",
                "allowed: one IPv4, one IPv6",
            );
        }
        kept.push(at.value);
    }
    kept
}

fn listen(section: &mut Section<'_>, advertise: &[IpAddr]) -> Vec<(Transport, SocketAddr)> {
    let default = SocketAddr::from(([127, 0, 0, 1], 5080));
    let found = section.list("listen", parse::LISTEN, parse::listen).unwrap_or_default();
    if found.is_empty() {
        return vec![(Transport::Udp, default), (Transport::Tcp, default)];
    }
    let mut kept = Vec::new();
    for at in found {
        check_listen(section, &at, advertise, &kept);
        kept.push(at.value);
    }
    kept
}

fn check_listen(
    section: &Section<'_>,
    at: &At<(Transport, SocketAddr)>,
    advertise: &[IpAddr],
    others: &[(Transport, SocketAddr)],
) {
    let report = &section.context.report;
    let (_, address) = at.value;
    if address.port() != 0 && others.contains(&at.value) {
        report.error_at(at, "this address is here twice", "");
    }
    if address.ip().is_unspecified() && !advertise.iter().any(|outer| outer.is_ipv4() == address.is_ipv4()) {
        let message = format!("peers cannot be told to answer to {}", address.ip());
        report.error_at(at, message, "set sip.advertise to the address that they can reach, or listen on it");
    }
}

fn registrar(mut section: Section<'_>) -> RegistrarConfig {
    let default = RegistrarConfig::default();
    let errors = section.context.report.count();
    let mut time = |key| section.parsed(key, parse::DURATION, parse::duration).map(|at| at.value);
    let registrar = RegistrarConfig {
        min_expires: time("min_expires").unwrap_or(default.min_expires),
        max_expires: time("max_expires").unwrap_or(default.max_expires),
        default_expires: time("default_expires").unwrap_or(default.default_expires),
    };
    let readable = section.context.report.count() == errors;
    if readable && !(registrar.min_expires..=registrar.max_expires).contains(&registrar.default_expires) {
        section.error("default_expires is not between min_expires and max_expires", "");
    }
    registrar
}

/// Text that goes into a header between quotes or bare: printable ASCII without quote and backslash.
fn header_text(section: &mut Section<'_>, key: &'static str, default: &str) -> String {
    let printable = |text: &str| {
        let sound =
            !text.is_empty() && text.chars().all(|c| (' '..='~').contains(&c) && c != '"' && c != '\\');
        sound.then(|| text.to_owned())
    };
    let allowed = "printable ASCII without quotes and backslashes";
    section.parsed(key, allowed, printable).map_or_else(|| default.to_owned(), |at| at.value)
}
