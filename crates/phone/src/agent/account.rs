//! A phone as its endpoint is told of it.

use std::net::SocketAddr;

use confab_sip::{EndpointConfig, Gateway, Limits, Listener, Secret};

use crate::config::PhoneConfig;

/// The name of the only gateway of a phone: its server.
pub(super) const SERVER: &str = "server";

/// The endpoint of a phone that listens at `local`.
pub(super) fn endpoint_config(config: &PhoneConfig, local: SocketAddr) -> EndpointConfig {
    let limits = Limits { invites_per_second_per_ip: 10_000, digest_failures: u32::MAX, ..Limits::default() };
    EndpointConfig {
        listeners: vec![Listener::new(config.transport, local)],
        user_agent: concat!("confab-phone/", env!("CARGO_PKG_VERSION")).into(),
        gateways: config.server.map(|server| account(config, server)).into_iter().collect(),
        limits,
        others: config.options,
        ..EndpointConfig::default()
    }
}

/// A phone's account is a gateway to its server.
fn account(config: &PhoneConfig, server: SocketAddr) -> Gateway {
    let domain = config.domain.clone().unwrap_or_else(|| server.ip().to_string());
    Gateway {
        transport: config.transport,
        username: config.password.is_some().then(|| config.user.clone()),
        secret: config.password.clone().map(Secret::new),
        expires: config.expires,
        from_domain: Some(domain),
        options: config.options,
        ..Gateway::new(SERVER, server.ip().to_string(), server.port())
    }
}
