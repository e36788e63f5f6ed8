//! SIP over TCP as strangers send it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use confab_tests::{Bridge, SOON};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const OPTIONS: &str = "OPTIONS sip:2000@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK1\r\n\
    Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:2000@127.0.0.1>\r\nCall-ID: stream\r\n\
    CSeq: 1 OPTIONS\r\n";

/// Everything that comes until the server closes the connection.
async fn answers(bridge: &Bridge, sent: &str) -> String {
    let mut stream = TcpStream::connect(bridge.tcp_address()).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut text = String::new();
    timeout(SOON, stream.read_to_string(&mut text)).await.unwrap().unwrap();
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_followed_is_answered_and_ends_the_connection() {
    let bridge = Bridge::start().await;
    let text = answers(&bridge, &format!("{OPTIONS}Content-Length: 0\r\n\r\n{OPTIONS}\r\n")).await;
    let statuses: Vec<&str> = text.lines().filter(|line| line.starts_with("SIP/2.0")).collect();
    assert!(
        matches!(statuses[..], ["SIP/2.0 200 OK", refused] if refused.starts_with("SIP/2.0 400")),
        "{text}"
    );
    bridge.stop().await;
}
