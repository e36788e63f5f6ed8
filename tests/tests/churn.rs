//! Ten thousand callers who come and go: afterwards everything is where it was.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::path::Path;

use confab::Server;
use confab_bench::Plan;

/// Callers at one time, and how many come, and go, in a second.
const CALLERS: usize = 60;
const CHURN: f64 = 300.0;

/// RTP and RTCP for so few more calls than there are at one time that no port may be lost.
const PORTS: &str = "media.ports=21000-21159";

/// What the process holds. (Memory: see the switchboard's and the conference's own tests, in virtual time; here the
/// transactions of the last 32 s would hide a leak.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    descriptors: usize,
    threads: usize,
}

impl Held {
    fn now() -> Self {
        let count = |folder: &str| std::fs::read_dir(folder).unwrap().count();
        Self { descriptors: count("/proc/self/fd"), threads: count("/proc/self/task") }
    }
}

/// Lets callers come and go for a while; how many came.
async fn churn(server: SocketAddr, seconds: f64) -> u64 {
    let plan = Plan { callers: CALLERS, ramp: 200.0, churn: CHURN, time: seconds, ..Plan::against(server) };
    let outcome = tokio::task::spawn_blocking(move || confab_bench::run(&plan)).await.unwrap().unwrap();
    let (answered, failed) = outcome.calls();
    assert_eq!(failed, 0, "{outcome}");
    answered
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_joins_leave_nothing_behind() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/bench.toml");
    let overrides = ["sip.listen=udp:127.0.0.1:0".to_owned(), PORTS.to_owned()];
    let config = confab_config::load(&file, &overrides).unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
    let server = Server::start(config).await.unwrap();
    let address = server.addresses()[0].1;
    churn(address, 4.0).await;
    let before = Held::now();
    let mut joined = 0;
    while joined < 10_000 {
        joined += churn(address, 10.0).await;
    }
    let after = Held::now();
    assert_eq!(after, before);
    server.stop().await;
}
