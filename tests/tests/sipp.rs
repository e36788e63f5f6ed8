//! SIPp as a foreign phone: call set-up, keys, retransmission. Needs the Debian package `sip-tester`, which
//! `scripts/test` installs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use confab_tests::{Bridge, log};
use tokio::process::Command;

fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sipp").join(name)
}

/// Runs a scenario against the server and expects every one of its calls to succeed; returns all messages.
async fn sipp(server: SocketAddr, transport: &str, name: &str, number: &str, calls: u32) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("sipp")
        .current_dir(folder.path())
        .arg(server.to_string())
        .arg("-sf")
        .arg(scenario(name))
        .args(["-s", number, "-i", "127.0.0.1", "-t", transport, "-m", &calls.to_string()])
        .args("-r 10 -l 20 -timeout 40s -timeout_error -nostdin -trace_err -trace_msg".split(' '))
        .stdin(Stdio::null())
        .output()
        .await
        .expect("sipp is needed: install sip-tester, or run scripts/test");
    let (errors, messages) = (logged(folder.path(), "_errors.log"), logged(folder.path(), "_messages.log"));
    assert!(output.status.success(), "{name} over {transport}: {}\n{errors}", output.status);
    messages
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let user = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap();
    user.split_whitespace().nth(1) == Some("0")
}

fn logged(folder: &Path, ending: &str) -> String {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let wanted = files.filter(|path| path.to_string_lossy().ends_with(ending));
    wanted.map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_set_up_and_ended_over_udp_and_tcp() {
    let bridge = Bridge::start().await;
    sipp(bridge.address(), "u1", "call.xml", "2000", 20).await;
    sipp(bridge.tcp_address(), "t1", "call.xml", "2000", 20).await;
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_by_info_hangs_up() {
    let bridge = Bridge::start().await;
    sipp(bridge.address(), "u1", "info_hash.xml", "2000", 5).await;
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_by_rfc_4733_hangs_up() {
    if !is_root() {
        // Everybody can run the same by confab's own phone: keys.rs.
        return eprintln!("not run: SIPp sends RTP from a raw socket, which root alone may open");
    }
    let bridge = Bridge::start().await;
    sipp(bridge.address(), "u1", "rtp_hash.xml", "2000", 1).await;
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_200_is_sent_again_until_it_is_acknowledged() {
    let bridge = Bridge::start().await;
    let messages = sipp(bridge.address(), "u1", "late_ack.xml", "2000", 1).await;
    // At once, T1 = 0.5 s and another 1 s later; the ACK comes after 2 s (RFC 3261 §13.3.1.4).
    let answers = messages.split("SIP/2.0 200 OK").skip(1).filter(|answer| answer.contains("CSeq: 1 INVITE"));
    assert_eq!(answers.count(), 3, "{messages}");
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_phone_that_knows_of_no_call_is_put_out() {
    log::keep();
    let bridge = Bridge::rooms(&["media.rtp-timeout-sec=1"]).await;
    sipp(bridge.address(), "u1", "gone.xml", "8000", 1).await;
    log::line("end of his call", |line| line.contains("4155550100 left")).await;
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_phone_that_does_not_answer_is_put_out() {
    let bridge = Bridge::rooms(&["media.rtp-timeout-sec=1"]).await;
    sipp(bridge.address(), "u1", "dead.xml", "8000", 1).await;
    bridge.stop().await;
}
