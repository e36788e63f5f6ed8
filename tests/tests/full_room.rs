//! A full core: who calls one of its rooms is refused, and whoever calls a room of another core is taken.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use confab_phone::{Encoding, Phone};
use confab_tests::crowd::{self, Crowd};
use confab_tests::{Bridge, log, tones};

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_fit_into_his_room_is_refused_while_another_room_takes_callers() {
    log::keep();
    let bridge = Bridge::rooms(&[crowd::TIGHT, "media.workers=2"]).await;
    let phone = Phone::start(bridge.caller("4155550009", tones::INVITED)).await.unwrap();
    let crowd = Crowd::until_refused(&phone, "8000", 486).await;
    assert!(!crowd.inside.is_empty(), "the first of a room finds both cores idle");
    assert!(crowd.refusal.starts_with("SIP/2.0 486 Busy Here\r\n"), "{}", crowd.refusal);
    assert!(crowd.refusal.contains("Retry-After: 10\r\n"), "{}", crowd.refusal);
    let why = "4155550009 is not taken: the core on which the room lives is full";
    log::line("the refusal", |line| line.ends_with(why)).await;

    let _taken = bridge.member("16000", Encoding::Pcmu, tones::TRUNK).await;
    bridge.stop().await;
}
