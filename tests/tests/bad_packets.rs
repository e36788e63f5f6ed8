//! What is no proper packet is not heard, and hurts nobody.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use confab_phone::{Encoding, Stranger};
use confab_tests::{Bridge, Member, SOON, log, pass, tones, until};

/// What a packet of the phones lasts.
const PACKET: Duration = Duration::from_millis(20);

/// Opus' payload type in the phone's offers is dynamic; telephone-events' too. Every one is tried.
const PAYLOAD_TYPES: std::ops::Range<u8> = 0..128;

/// An RTP packet of a stream of its own.
fn packet(first: u8, payload_type: u8, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![first, payload_type];
    packet.extend(sequence.to_be_bytes());
    packet.extend((u32::from(sequence) * 160).to_be_bytes());
    packet.extend([0xba, 0xad, 0xf0, 0x0d]);
    packet.extend(payload);
    packet
}

/// Headers that promise more than comes, and other versions.
fn broken_headers(payload_type: u8, sequence: u16) -> Vec<Vec<u8>> {
    let noise: Vec<u8> = (0..160_u16).map(|n| (n.wrapping_mul(2_654) >> 3) as u8).collect();
    let with = |first, payload: &[u8]| packet(first, payload_type, sequence, payload);
    vec![
        with(0x00, &noise),                // version 0
        with(0xc0, &noise),                // version 3
        with(0x8f, &noise[..20]),          // 15 CSRCs, of which 5 are there
        with(0x90, &[0, 0, 0xff, 0xff]),   // an extension of 262 kB
        with(0xa0, &[1, 2, 3, 255]),       // more padding than payload
        with(0xa0, &[1, 2, 3, 0]),         // padding of nothing
        with(0x80, &[]),                   // nothing
        with(0x80, &noise)[..11].to_vec(), // less than a header
        vec![0x80],
        vec![],
    ]
}

/// Payloads that no codec can have (RFC 6716 §3.4; telephone-events of RFC 4733 §2.3 with less than they need).
const BROKEN_PAYLOADS: [&[u8]; 8] = [
    &[0xff],                   // code 3 without a count
    &[0xff, 0x00],             // no frame
    &[0xff, 0x3f, 1, 2],       // 63 frames of 20 ms
    &[0xfd, 1, 2, 3, 4],       // two frames of equal length in an odd number of octets
    &[0xfe, 252, 252],         // a frame that is longer than the packet
    &[0xff, 0x41, 0xff, 0xff], // padding without an end
    &[3, 0x80],                // half a key
    &[200, 0x8a, 0x03, 0x20],  // a key that no telephone has
];

const BROKEN_RTCP: [&[u8]; 7] = [
    &[],
    &[0x81],
    &[0x81, 201, 0xff, 0xff, 0, 0, 0, 1],
    &[0x9f, 200, 0, 1, 0, 0, 0, 1],
    &[0x01, 201, 0, 1, 0, 0, 0, 1],
    &[0xbf, 203, 0, 0, 0xff],
    &[0x80, 207, 0, 2, 0, 0, 0, 1, 7, 0, 0xff, 0xff],
];

/// Some twenty packets for each of the phone's own; were they many more, the server would read them late, and his with
/// them.
async fn flood(from: &Member) {
    for (sequence, payload_type) in PAYLOAD_TYPES.enumerate() {
        broken_headers(payload_type, sequence as u16).into_iter().for_each(|packet| from.send_rtp(packet));
        BROKEN_RTCP.iter().for_each(|packet| from.send_rtcp(*packet));
        pass(PACKET / 2).await;
    }
}

async fn nothing_of_a_flood_is_heard_from(codec: Encoding) {
    let bridge = Bridge::rooms(&[]).await;
    let ear = bridge.member("16000", Encoding::L16 { rate: 16_000 }, tones::STATION).await;
    let talker = bridge.member("16000", codec, tones::TRUNK).await;
    let clean = ear.wait_until_steady(tones::TRUNK, SOON).await.unwrap();
    pass(Duration::from_millis(500)).await;
    flood(&talker).await;
    let stream = talker.state().stream.unwrap();
    for sequence in 0..20 {
        if codec == Encoding::Opus {
            BROKEN_PAYLOADS.iter().for_each(|payload| {
                talker.send_rtp(packet(0x80, stream.send_payload_type, sequence, payload));
            });
        }
        let events = stream.events.unwrap().send_payload_type;
        for payload in &BROKEN_PAYLOADS[6..] {
            talker.send_rtp(packet(0x80, events, sequence, payload));
        }
        pass(PACKET).await;
    }
    pass(Duration::from_millis(200)).await;
    let heard = ear.heard().samples(Duration::from_secs(1));
    let impurity = tones::impurity_dbov(&heard, ear.heard().rate(), tones::TRUNK);
    assert!(impurity < -35.0, "{codec}: the worst 20 ms are {impurity} dBov off");
    let level = ear.wait_until_steady(tones::TRUNK, SOON).await.unwrap();
    assert!((level - clean).abs() < 0.5, "{codec}: {clean} -> {level} dBov");
    assert!(talker.state().ended.is_none() && ear.stream_report().is_gapless(), "{:?}", ear.stream_report());
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_flood_is_heard_beside_g711() {
    nothing_of_a_flood_is_heard_from(Encoding::Pcmu).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_flood_is_heard_beside_g722() {
    nothing_of_a_flood_is_heard_from(Encoding::G722).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_flood_is_heard_beside_opus() {
    nothing_of_a_flood_is_heard_from(Encoding::Opus).await;
}

/// The packets come from the phone's own port; the only thing wrong is that nobody agreed on their codec.
#[tokio::test(flavor = "multi_thread")]
async fn another_payload_type_than_was_agreed_on_is_ignored_and_counted() {
    log::keep();
    let bridge = Bridge::rooms(&[]).await;
    let ear = bridge.member("8000", Encoding::Pcma, tones::STATION).await;
    let talker = bridge.member("8000", Encoding::Pcmu, tones::TRUNK).await;
    ear.wait_until_steady(tones::TRUNK, SOON).await.unwrap();
    for sequence in 0..25 {
        for payload_type in [8, 9, 96, 100, 127] {
            talker.send_rtp(packet(0x80, payload_type, sequence, &[0x2a; 160]));
        }
        pass(PACKET).await;
    }
    let heard = ear.heard().samples(Duration::from_millis(500));
    let impurity = tones::impurity_dbov(&heard, ear.heard().rate(), tones::TRUNK);
    assert!(impurity < -45.0, "the worst 20 ms are {impurity} dBov off");
    // A tick reads a socket up to the packet that is due: the last of them wait for the next ticks.
    let ticks = ear.stream_report().packets;
    until("more ticks", SOON, || (ear.stream_report().packets >= ticks + 5).then_some(())).await;
    talker.hang_up();
    let dropped = |line: &str| line.split("packets_dropped: ").nth(1)?.split(',').next()?.parse().ok();
    log::line("dropped packets", |line| dropped(line).is_some_and(|count: u64| count >= 125)).await;
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_heard_by_no_codec() {
    let bridge = Bridge::rooms(&[]).await;
    let ear = bridge.member("8000", Encoding::Pcma, tones::STATION).await;
    let talker = bridge.member("8000", Encoding::Opus, tones::TRUNK).await;
    ear.wait_until_steady(tones::TRUNK, SOON).await.unwrap();
    let target = talker.remote_media().unwrap();
    let stranger = Stranger::open(target.ip()).await.unwrap();
    for (sequence, payload_type) in PAYLOAD_TYPES.enumerate() {
        stranger.send(&packet(0x80, payload_type, sequence as u16, &[0x2a; 160]), target).await.unwrap();
    }
    ear.wait_until_steady(tones::TRUNK, SOON).await.unwrap();
    bridge.stop().await;
}
