//! 200 callers against the whole server: everybody hears whom he should, and nothing is lost. Not a test of speed. That
//! the audio allocates nothing meanwhile is held by `crates/media/tests/two_hundred.rs`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::path::Path;

use confab::Server;
use confab_bench::{Outcome, Plan};

const CALLERS: usize = 200;

/// The server with `config/bench.toml` on a free port.
async fn serve() -> (Server, SocketAddr) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/bench.toml");
    let overrides = ["sip.listen=udp:127.0.0.1:0".to_owned(), "media.ports=10000-31999".to_owned()];
    let config = confab_config::load(&file, &overrides).unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
    let server = Server::start(config).await.unwrap();
    let address = server.addresses()[0].1;
    (server, address)
}

/// Two runs at one time would measure each other.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

async fn load(plan: impl FnOnce(Plan) -> Plan) -> Outcome {
    let _alone = ALONE.lock().await;
    let (server, address) = serve().await;
    let plan = plan(Plan { callers: CALLERS, ramp: 200.0, ..Plan::against(address) });
    let outcome = tokio::task::spawn_blocking(move || confab_bench::run(&plan)).await.unwrap().unwrap();
    server.stop().await;
    outcome
}

/// Faults that a late generator makes itself.
const OF_LATENESS: [&str; 3] = ["gaps", "glitch", "level"];

/// On a machine that lets so few packets of a thousand leave late, windows of sound come up that nothing of ours disturbs.
const QUIET_PER_MILLE: f64 = 0.05;

/// What the machine does to the generator is no fault of the server: then only what does not depend on time counts.
fn judge(outcome: &Outcome) {
    let punctual = outcome.invalid().is_empty();
    let faults = outcome.faults();
    let counts = |fault: &&String| punctual || !OF_LATENESS.iter().any(|kind| fault.contains(kind));
    assert_eq!(faults.iter().filter(counts).collect::<Vec<_>>(), Vec::<&String>::new(), "{outcome}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_callers_hear_whom_they_should() {
    let outcome = load(|plan| Plan { per_room: Some(20), ..plan }).await;
    judge(&outcome);
    assert!(outcome.packets() > 90_000 && outcome.windows() > 2000, "{outcome}");
    let (strict, late) = (outcome.strict_windows(), outcome.late_per_mille());
    println!(
        "{strict} of {} windows judged strictly, {late:.2} of 1000 packets left late",
        outcome.windows()
    );
    assert!(late > QUIET_PER_MILLE || strict * 2 > outcome.windows(), "{outcome}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_come_and_go_and_keys_disturb_nobody() {
    judge(&load(|plan| Plan { churn: 20.0, keys: 20.0, time: 4.0, per_room: Some(20), ..plan }).await);
}
