//! A full machine: the next caller is told to come back, and nobody inside hears anything of it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use confab_phone::{Encoding, Phone, PhoneConfig};
use confab_tests::crowd::{self, Crowd};
use confab_tests::{Bridge, SOON, log, pass, tones};

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_fit_is_refused_and_those_inside_hear_nothing_of_it() {
    log::keep();
    let bridge = Bridge::rooms(&[crowd::TIGHT, "media.workers=1"]).await;
    let (anne, bert) = tokio::join!(
        bridge.member("8000", Encoding::Pcmu, tones::TRUNK),
        bridge.member("8000", Encoding::Pcmu, tones::STATION)
    );
    anne.call.wait_until_steady(tones::STATION, SOON).await.unwrap();
    // Those who come are silent: of five who talk a worker that has no time mixes four.
    let phone = Phone::start(PhoneConfig::new(bridge.address(), "4155550009")).await.unwrap();
    let crowd = Crowd::until_refused(&phone, "8000", 503).await;
    assert!(crowd.refusal.contains("Retry-After: 10\r\n"), "{}", crowd.refusal);
    log::line("the step", |line| line.contains("it leaves out") && line.ends_with("new callers")).await;
    log::line("the refusal", |line| line.contains("4155550009 is not taken: every core is full")).await;

    pass(Duration::from_secs(1)).await;
    for (ear, other) in [(&anne, tones::STATION), (&bert, tones::TRUNK)] {
        let level = ear.call.wait_until_steady(other, SOON).await.unwrap();
        assert!((level + 20.0).abs() < 0.5, "{level} dBov");
        assert!(ear.call.stream_report().is_gapless(), "{:?}", ear.call.stream_report());
    }
    bridge.stop().await;
}
