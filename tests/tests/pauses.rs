//! Comfort noise in place of packets of silence (RFC 3389), both ways, and Opus that sends nothing (DTX).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use confab_phone::{Encoding, Heard, Opus, PhoneConfig, Source};
use confab_tests::{Bridge, Member, SOON, pass, tones};

/// Comfort noise on its static payload type.
const COMFORT_NOISE: u8 = 13;

async fn with_comfort_noise(bridge: &Bridge, hz: f32) -> Member {
    let phone = bridge.caller("4155550001", hz).codecs([Encoding::Pcmu]);
    bridge.member_as("8000", PhoneConfig { comfort_noise: true, ..phone }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_pause_a_phone_that_knows_it_gets_comfort_noise() {
    let bridge = Bridge::rooms(&["profiles.narrow.send-comfort-noise=true"]).await;
    let ear = with_comfort_noise(&bridge, tones::STATION).await;
    let talker = with_comfort_noise(&bridge, tones::TRUNK).await;
    ear.wait_until_steady(tones::TRUNK, SOON).await.unwrap();
    talker.silence();
    ear.wait_until_silent_of(tones::TRUNK, SOON).await.unwrap();
    ear.restart_report();
    pass(Duration::from_secs(1)).await;
    let pause = ear.stream_report();
    assert!(pause.packets < 20 && pause.lost == 0, "50 packets of silence need not be sent: {pause:?}");
    talker.play_tone(tones::TRUNK, -20.0);
    ear.wait_until_steady(tones::TRUNK, SOON).await.unwrap();
    let report = ear.stream_report();
    assert!(report.is_gapless() && report.markers >= 1, "{report:?}");
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_does_not_know_it_gets_packets_of_silence() {
    let bridge = Bridge::rooms(&["profiles.narrow.send-comfort-noise=true"]).await;
    let ear = bridge.member("8000", Encoding::Pcmu, tones::STATION).await;
    ear.restart_report();
    pass(Duration::from_secs(1)).await;
    let report = ear.stream_report();
    assert!(report.is_gapless() && report.packets > 40, "{report:?}");
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn comfort_noise_from_a_phone_is_heard_at_its_level() {
    let bridge = Bridge::rooms(&["profiles.narrow.energy-level=0"]).await;
    let ear = bridge.member("8000", Encoding::Pcmu, tones::STATION).await;
    let pausing = with_comfort_noise(&bridge, tones::TRUNK).await;
    ear.wait_until_steady(tones::TRUNK, SOON).await.unwrap();
    pausing.play(Source::Nothing);
    for sequence in 0..8 {
        pausing.send_rtp(noise_packet(sequence, 40));
        pass(Duration::from_millis(200)).await;
    }
    let level = ear.heard().level(Heard::WINDOW);
    assert!((level + 40.0).abs() < 3.0, "{level} dBov");
    pausing.play_tone(tones::TRUNK, -20.0);
    ear.wait_until_steady(tones::TRUNK, SOON).await.unwrap();
    bridge.stop().await;
}

/// Comfort noise of −`level` dBov, 200 ms after the one before, of a stream of its own.
fn noise_packet(sequence: u16, level: u8) -> Vec<u8> {
    let timestamp = u32::from(sequence) * 1600;
    let mut packet = vec![0x80, COMFORT_NOISE];
    packet.extend(sequence.to_be_bytes());
    packet.extend(timestamp.to_be_bytes());
    packet.extend(0x0c0f_fee0_u32.to_be_bytes());
    packet.push(level);
    packet
}

#[tokio::test(flavor = "multi_thread")]
async fn opus_falls_silent_and_comes_back() {
    let bridge = Bridge::rooms(&["profiles.full.opus.dtx=true"]).await;
    let saving = |hz| {
        let phone = bridge.caller("4155550001", hz).codecs([Encoding::Opus]);
        phone.opus(Opus { dtx: true, ..Opus::default() })
    };
    let ear = bridge.member_as("48000", saving(tones::STATION)).await;
    let talker = bridge.member_as("48000", saving(tones::TRUNK)).await;
    for _ in 0..2 {
        talker.play_tone(tones::TRUNK, -20.0);
        ear.wait_until_steady(tones::TRUNK, SOON).await.unwrap();
        talker.silence();
        ear.wait_until_silent_of(tones::TRUNK, SOON).await.unwrap();
        pass(Duration::from_secs(1)).await;
        ear.restart_report();
        pass(Duration::from_secs(1)).await;
        let report = ear.stream_report();
        assert!(report.packets < 20 && report.lost == 0, "{report:?}");
    }
    bridge.stop().await;
}
