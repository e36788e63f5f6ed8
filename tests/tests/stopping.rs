//! The server stops: everybody is told, in time.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use confab_phone::By;
use confab_tests::{Bridge, SOON};

#[tokio::test(flavor = "multi_thread")]
async fn every_call_gets_its_bye_or_cancel_within_three_seconds() {
    let bridge = Bridge::start().await;
    let (two, phone) = bridge.ringing().await;

    let asked = Instant::now();
    bridge.stop().await;
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    for call in [&two.at_trunk, &two.at_station] {
        assert_eq!(call.wait_ended(SOON).await.unwrap().by, By::Peer);
        assert!(call.stream_report().is_gapless(), "{:?}", call.stream_report());
    }
    phone.wait_message(SOON, |m| m.text().starts_with("CANCEL")).await.unwrap();
}
