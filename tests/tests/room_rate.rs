//! A room that takes the rate of its members goes over to another while they talk.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use confab_phone::{Encoding, Heard, Source};
use confab_tests::{Bridge, Member, SOON, tones};

const HIGH: f32 = 6000.0;

/// The room has gone over to a wide rate, and back: his high voice is heard, and then is not.
async fn become_wide_and_narrow(bridge: &Bridge, codec: Encoding) {
    let one = quiet(bridge, codec).await;
    let other = quiet(bridge, codec).await;
    one.play_tone(HIGH, -40.0);
    other.wait_until_steady(HIGH, SOON).await.unwrap();
    one.silence();
    one.hang_up();
    one.wait_ended(SOON).await.unwrap();
    other.hang_up();
    other.wait_ended(SOON).await.unwrap();
}

async fn quiet(bridge: &Bridge, codec: Encoding) -> Member {
    let phone = bridge.caller("4155550002", HIGH).codecs([codec]).source(Source::Silence);
    bridge.member_as("1000", phone).await
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_hears_the_rate_change() {
    let bridge = Bridge::rooms(&[]).await;
    let talker = bridge.member("1000", Encoding::Pcmu, tones::TRUNK).await;
    let ear = quiet(&bridge, Encoding::Pcmu).await;
    ear.wait_until_steady(tones::TRUNK, SOON).await.unwrap();
    ear.restart_report();
    become_wide_and_narrow(&bridge, Encoding::G722).await;
    become_wide_and_narrow(&bridge, Encoding::Opus).await;
    ear.wait_until_steady(tones::TRUNK, SOON).await.unwrap();

    let report = ear.stream_report();
    assert!(report.is_gapless() && report.markers == 0, "{report:?}");
    let heard = ear.heard().samples(report.duration);
    // A seam is a step of 2.5 ms, −30 dBov; where the buffer follows a late packet by stretching the tone, it has up to −43.
    let impurity = tones::impurity_dbov(&heard, ear.heard().rate(), tones::TRUNK);
    assert!(impurity < -40.0, "the worst 20 ms are {impurity} dBov off");
    assert!(talker.heard().level(Heard::WINDOW) < -60.0);
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rate_is_the_best_that_two_have() {
    let bridge = Bridge::rooms(&[]).await;
    let wide = bridge.member("1000", Encoding::G722, HIGH).await;
    let narrow = bridge.member("1000", Encoding::Pcma, tones::TRUNK).await;
    wide.wait_until_steady(tones::TRUNK, SOON).await.unwrap();
    assert!(narrow.heard().level(Duration::from_millis(200)) < -60.0, "{}", narrow.heard());
    let full = bridge.member("1000", Encoding::Opus, 520.0).await;
    full.wait_until_steady(HIGH, SOON).await.unwrap();
    wide.hang_up();
    full.wait_until_silent_of(HIGH, SOON).await.unwrap();
    full.wait_until_steady(tones::TRUNK, SOON).await.unwrap();
    bridge.stop().await;
}
