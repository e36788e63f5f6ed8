//! Phones of every codec in one room: who hears whom, at which level, and how much of it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use confab_phone::{Encoding, Heard, Source};
use confab_tests::{Bridge, Member, SOON, tones};

/// A phone of each codec, and its voice in Hz.
const VOICES: [(Encoding, f32); 6] = [
    (Encoding::Pcmu, 400.0),
    (Encoding::Pcma, 550.0),
    (Encoding::G722, 700.0),
    (Encoding::L16 { rate: 16_000 }, 850.0),
    (Encoding::L16 { rate: 48_000 }, 1000.0),
    (Encoding::Opus, 1150.0),
];

/// Of every voice: six of them are far below full scale. In dBov.
const LEVEL: f32 = -26.0;

/// How far a level may be from the true one, in dB. Opus keeps what is heard, not what is measured.
fn tolerance(encodings: [Encoding; 2]) -> f32 {
    if encodings.contains(&Encoding::Opus) { 1.0 } else { 0.5 }
}

/// L16 is spoken at the room's rate at most: there is no use in more.
async fn everybody_hears_everybody_but_himself(room: &str, rate: u32) {
    let bridge = Bridge::rooms(&[]).await;
    let has_use = |codec: Encoding| !matches!(codec, Encoding::L16 { .. }) || codec.sample_rate() <= rate;
    let voices: Vec<_> = VOICES.into_iter().filter(|(codec, _)| has_use(*codec)).collect();
    let mut members = Vec::new();
    for &(codec, hz) in &voices {
        let phone = bridge.caller("4155550001", hz).codecs([codec]).source(Source::Tone { hz, dbov: LEVEL });
        members.push(bridge.member_as(room, phone).await);
    }
    for (ear, &(heard_by, own)) in members.iter().zip(&voices) {
        for (spoken_by, hz) in voices.iter().filter(|(codec, _)| *codec != heard_by) {
            let level = ear.wait_until_steady(*hz, SOON).await.unwrap();
            let tolerance = tolerance([heard_by, *spoken_by]);
            assert!(
                (level - LEVEL).abs() < tolerance,
                "{room}: {heard_by} hears {spoken_by} at {level} dBov"
            );
        }
        let echo = ear.heard().tone_level(own, Heard::WINDOW);
        assert!(echo < -60.0, "{room}: {heard_by} hears himself at {echo} dBov");
    }
    for (ear, (heard_by, _)) in members.iter().zip(&voices) {
        let report = ear.stream_report();
        assert!(report.is_gapless(), "{room}: {heard_by}: {report:?}");
    }
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_hears_everybody_but_himself_at_8_khz() {
    everybody_hears_everybody_but_himself("8000", 8000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_hears_everybody_but_himself_at_16_khz() {
    everybody_hears_everybody_but_himself("16000", 16_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_hears_everybody_but_himself_at_48_khz() {
    everybody_hears_everybody_but_himself("48000", 48_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_hears_everybody_but_himself_at_whatever_rate_they_have() {
    everybody_hears_everybody_but_himself("1000", 48_000).await;
}

/// A high voice by G.722 and another by Opus, each alone with an ear of the other codec and one of G.711.
struct Wide {
    bridge: Bridge,
    g722: Member,
    opus: Member,
    g711: Member,
}

impl Wide {
    /// Both talk at once.
    const G722_HZ: f32 = 6000.0;
    const OPUS_HZ: f32 = 5500.0;

    async fn meet_in(room: &str) -> Self {
        let bridge = Bridge::rooms(&[]).await;
        let g722 = bridge.member(room, Encoding::G722, Self::G722_HZ).await;
        let opus = bridge.member(room, Encoding::Opus, Self::OPUS_HZ).await;
        let g711 = bridge.member(room, Encoding::Pcmu, tones::TRUNK).await;
        for wide in [&g722, &opus] {
            wide.wait_until_steady(tones::TRUNK, SOON).await.unwrap();
        }
        Self { bridge, g722, opus, g711 }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_above_4_khz_is_heard_in_a_wide_room() {
    for room in ["16000", "48000", "1000"] {
        let Wide { bridge, g722, opus, g711 } = Wide::meet_in(room).await;
        for (ear, hz) in [(&g722, Wide::OPUS_HZ), (&opus, Wide::G722_HZ)] {
            let level = ear.wait_until_steady(hz, SOON).await.unwrap();
            assert!((level + 20.0).abs() < 1.5, "{room}: {hz} Hz at {level} dBov");
        }
        for (voice, alias) in [(Wide::G722_HZ, 2000.0), (Wide::OPUS_HZ, 2500.0)] {
            let level = g711.heard().tone_level(alias, Heard::WINDOW);
            assert!(level < -60.0, "{room}: {voice} Hz reaches G.711 as {alias} Hz at {level} dBov");
        }
        bridge.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_above_4_khz_is_nowhere_in_a_narrow_room() {
    let Wide { bridge, g722, opus, g711 } = Wide::meet_in("8000").await;
    for ear in [&g722, &opus, &g711] {
        for hz in [Wide::G722_HZ, Wide::OPUS_HZ, 2000.0, 2500.0] {
            let level = ear.heard().tone_level(hz, Heard::WINDOW);
            assert!(level < -60.0, "{hz} Hz at {level} dBov");
        }
    }
    bridge.stop().await;
}
