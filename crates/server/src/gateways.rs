//! Gateway names to addresses (RFC 3263 as far as A and AAAA): looked up beside the control task, and again every now
//! and then. While a look-up fails the last good answer holds.

use std::net::SocketAddr;
use std::time::Duration;

use confab_sip::{Gateway, Input};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::transport::{Arrival, Inbox};

/// How long one look-up may take.
const LOOKUP_TIME: Duration = Duration::from_secs(2);
/// How long an answer is used before it is looked up again.
const REFRESH: Duration = Duration::from_secs(60);
/// How soon a failed look-up is tried again.
const RETRY: Duration = Duration::from_secs(10);

/// Looks up every gateway for as long as the returned set lives.
pub(crate) fn resolve(gateways: &[Gateway], inbox: &Inbox) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for gateway in gateways {
        tasks.spawn(keep_resolved(gateway.name.clone(), gateway.host.clone(), gateway.port, inbox.clone()));
    }
    tasks
}

async fn keep_resolved(gateway: String, host: String, port: u16, inbox: Inbox) {
    loop {
        let addresses = look_up(&host, port).await;
        let pause = if addresses.is_empty() { RETRY } else { REFRESH };
        if addresses.is_empty() {
            tracing::warn!("gateway {gateway}: {host} cannot be resolved");
        } else {
            let gateway = gateway.clone();
            inbox.deliver(Arrival::Sip(Input::GatewayResolved { gateway, addresses })).await;
        }
        tokio::time::sleep(pause).await;
    }
}

async fn look_up(host: &str, port: u16) -> Vec<SocketAddr> {
    match timeout(LOOKUP_TIME, tokio::net::lookup_host((host, port))).await {
        Ok(Ok(addresses)) => addresses.collect(),
        _ => Vec::new(),
    }
}
