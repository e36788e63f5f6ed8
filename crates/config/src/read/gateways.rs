//! `[gateways.NAME]`: where calls to the outside go.

use std::net::IpAddr;
use std::time::Duration;

use confab_sip::{Gateway, PeerOptions, Secret, Transport};

use super::peers;
use super::sip::host_name;
use crate::parse;
use crate::section::Section;
use crate::source::At;

pub(crate) fn gateways(named: Vec<(At<String>, Section<'_>)>, others: PeerOptions) -> Vec<Gateway> {
    named.into_iter().filter_map(|(title, section)| gateway(&title, section, others)).collect()
}

fn gateway(title: &At<String>, mut section: Section<'_>, others: PeerOptions) -> Option<Gateway> {
    let host = section.required("host", "a host name or an IP address", host);
    let port = section.integer("port", 1..=u16::MAX).unwrap_or(5060);
    let transport = section.parsed("transport", "udp, tcp", parse::transport);
    let register = section.boolean("register").unwrap_or(false);
    let username = section.string("username");
    let password = section.string("password");
    for (key, value) in [("username", &username), ("password", &password)] {
        if value.is_none() && (register || username.is_some() != password.is_some()) {
            section.missing(key, "whoever registers or answers a challenge needs a username and a password");
        }
    }
    let expires = section.parsed("expires", "60s or more", |text| at_least(60, text));
    let ping = section.parsed("ping", "5s or more", |text| at_least(5, text));
    let from_user = section.parsed("from_user", "a user's name or a number", name);
    let from_domain = section.parsed("from_domain", "a host name", host_name);
    Some(Gateway {
        transport: transport.map_or(Transport::Udp, |at| at.value),
        username: username.map(|at| at.value),
        secret: password.map(|at| Secret::new(at.value)),
        realm: section.string("realm").map(|at| at.value),
        register,
        expires: expires.map_or(Duration::from_secs(3600), |at| at.value),
        ping: ping.map(|at| at.value),
        from_user: from_user.map(|at| at.value),
        from_domain: from_domain.map(|at| at.value),
        options: peers::options(&mut section, others),
        ..Gateway::new(title.value.clone(), host?.value, port)
    })
}

/// A host name or an address; IPv6 without brackets.
fn host(text: &str) -> Option<String> {
    let address = text.parse::<IpAddr>().ok().map(|address| address.to_string());
    address.or_else(|| host_name(text))
}

fn name(text: &str) -> Option<String> {
    parse::is_name(text).then(|| text.to_owned())
}

fn at_least(seconds: u64, text: &str) -> Option<Duration> {
    parse::duration(text).filter(|time| time.as_secs() >= seconds)
}
