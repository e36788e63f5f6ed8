//! The caller's own controls, by whichever way the keys come.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use confab_phone::{Call, Heard, KeyTiming, Keys};
use confab_tests::{Bridge, SOON, leave_by_hash, pass, tones};

/// The level at which `ear` hears `tone`, after a change has had time to arrive.
async fn settled(ear: &Call, tone: f32) -> f32 {
    pass(Duration::from_millis(600)).await;
    ear.wait_until_steady(tone, SOON).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn mute_is_toggled_by_events_by_info_and_by_both_at_once() {
    let bridge = Bridge::start().await;
    let two = bridge.talking().await;
    for by in [Keys::Rfc4733, Keys::Info, Keys::Both] {
        two.at_station.press_as("0", by, KeyTiming::default()).await.unwrap();
        two.at_trunk.wait_until_silent_of(tones::STATION, SOON).await.unwrap();
        two.at_station.wait_until_hears(tones::prompt("conference/conf-muted.wav"), SOON).await.unwrap();
        two.at_station.press_as("0", by, KeyTiming::default()).await.unwrap();
        two.at_trunk.wait_until_hears(tones::STATION, SOON).await.unwrap();
        two.at_station.wait_until_hears(tones::prompt("conference/conf-unmuted.wav"), SOON).await.unwrap();
        pass(Duration::from_secs(1)).await;
        let still = two.at_trunk.wait_until_hears(tones::STATION, SOON).await;
        assert!(still.is_ok(), "{by:?}: the key counted twice, {still:?}");
    }
    assert!(!two.at_trunk.heard().hears(tones::prompt("conference/conf-unmuted.wav")));
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn talk_volume_is_how_loud_others_hear_me() {
    let bridge = Bridge::start().await;
    let two = bridge.talking().await;
    let start = settled(&two.at_trunk, tones::STATION).await;
    two.at_station.press("3").await.unwrap();
    let louder = settled(&two.at_trunk, tones::STATION).await;
    assert!((louder - start - 3.0).abs() < 0.5, "{start} -> {louder}");
    two.at_station.press("2").await.unwrap();
    two.at_station.press("1").await.unwrap();
    let quieter = settled(&two.at_trunk, tones::STATION).await;
    assert!((start - quieter - 3.0).abs() < 0.5, "{start} -> {quieter}");
    let unchanged = settled(&two.at_station, tones::TRUNK).await;
    assert!((unchanged - start).abs() < 1.0, "what the presser hears stays: {unchanged}");
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn listen_volume_is_what_i_hear_and_its_value_is_told() {
    let bridge = Bridge::start().await;
    let two = bridge.talking().await;
    let start = settled(&two.at_station, tones::TRUNK).await;
    two.at_station.press("4").await.unwrap();
    two.at_station.wait_until_hears(tones::prompt("currency/negative.wav"), SOON).await.unwrap();
    two.at_station.wait_until_hears(tones::prompt("digits/1.wav"), SOON).await.unwrap();
    let quieter = settled(&two.at_station, tones::TRUNK).await;
    assert!((start - quieter - 3.0).abs() < 0.5, "{start} -> {quieter}");
    assert!(!two.at_trunk.heard().hears(tones::prompt("digits/1.wav")), "told to the presser alone");
    two.at_station.press("5").await.unwrap();
    let back = settled(&two.at_station, tones::TRUNK).await;
    assert!((start - back).abs() < 0.5, "{start} -> {back}");
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_energy_level_shuts_out_what_is_quieter() {
    let bridge = Bridge::start().await;
    let two = bridge.talking().await;
    // A tone of -20 dBov has a mean |sample| of some 2950 x 0.9; one of -40 dBov some 295.
    two.at_station.play_tone(tones::STATION, -40.0);
    pass(Duration::from_secs(1)).await;
    assert!(
        two.at_trunk.heard().tone_level(tones::STATION, Heard::WINDOW) > -45.0,
        "{}",
        two.at_trunk.heard()
    );
    two.at_station.press("9").await.unwrap();
    two.at_station.press("9").await.unwrap();
    pass(Duration::from_millis(1500)).await;
    assert!(
        two.at_trunk.heard().tone_level(tones::STATION, Heard::WINDOW) < -60.0,
        "{}",
        two.at_trunk.heard()
    );
    two.at_station.press("8").await.unwrap();
    pass(Duration::from_millis(500)).await;
    assert!(
        two.at_trunk.heard().tone_level(tones::STATION, Heard::WINDOW) > -45.0,
        "{}",
        two.at_trunk.heard()
    );
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hash_hangs_up() {
    let bridge = Bridge::start().await;
    let two = bridge.talking().await;
    leave_by_hash(&two.at_station).await;
    two.at_trunk.wait_until_hears(tones::prompt("conference/conf-exit.wav"), SOON).await.unwrap();
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fast_keys_are_all_counted() {
    let bridge = Bridge::start().await;
    let two = bridge.talking().await;
    let start = settled(&two.at_trunk, tones::STATION).await;
    let fast = KeyTiming { on: Duration::from_millis(50), off: Duration::from_millis(50) };
    two.at_station.press_as("1111", Keys::Rfc4733, fast).await.unwrap();
    let quieter = settled(&two.at_trunk, tones::STATION).await;
    assert!((start - quieter - 12.0).abs() < 0.8, "four steps of 3 dB: {start} -> {quieter}");
    bridge.stop().await;
}
