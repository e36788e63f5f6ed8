//! The line itself: codecs, packet times, hold, and what strangers send.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use confab_phone::{Encoding, Heard, Hold, Phone, PhoneConfig, Stranger, Transport};
use confab_tests::{Bridge, SOON, pass, tones};

#[tokio::test(flavor = "multi_thread")]
async fn every_codec_meets_every_packet_time() {
    let bridge = Bridge::start().await;
    let listener = Phone::start(bridge.caller("4155550000", tones::TRUNK)).await.unwrap();
    let ear = listener.call("2000").await.unwrap();
    ear.wait_answered(SOON).await.unwrap();
    for (codec, ptime) in [
        (Encoding::Pcmu, 10),
        (Encoding::Pcma, 20),
        (Encoding::Pcma, 30),
        (Encoding::Pcmu, 40),
        (Encoding::Pcma, 60),
    ] {
        let config = bridge.caller("4155550001", tones::INVITED).codecs([codec]).ptime_ms(ptime);
        let phone = Phone::start(config).await.unwrap();
        let call = phone.call("2000").await.unwrap();
        let level = ear.wait_until_steady(tones::INVITED, SOON).await.unwrap();
        assert!((level + 20.0).abs() < 0.5, "{codec:?} {ptime} ms: heard at {level} dBov");
        call.wait_until_hears(tones::TRUNK, SOON).await.unwrap();
        call.restart_report();
        pass(Duration::from_secs(1)).await;
        let report = call.stream_report();
        assert!(report.is_gapless(), "{codec:?} {ptime} ms: {report:?}");
        let expected = 1000 / u64::from(ptime);
        assert!(report.packets.abs_diff(expected) <= expected / 5 + 1, "{ptime} ms: {report:?}");
        call.hang_up();
        ear.wait_until_silent_of(tones::INVITED, SOON).await.unwrap();
    }
    assert!(ear.stream_report().is_gapless());
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_member_on_hold_is_heard_and_he_comes_back() {
    let bridge = Bridge::start().await;
    let two = bridge.talking().await;
    for by in [Hold::SendOnly, Hold::Inactive, Hold::ZeroAddress] {
        two.at_station.hold_by(by).await.unwrap();
        two.at_trunk.wait_until_silent_of(tones::STATION, SOON).await.unwrap();
        pass(Duration::from_millis(500)).await;
        assert!(
            !two.at_trunk.heard().hears(tones::prompt("conference/conf-music.wav")),
            "he is still a member"
        );
        two.at_station.resume().await.unwrap();
        two.at_trunk.wait_until_hears(tones::STATION, SOON).await.unwrap();
        two.at_station.wait_until_hears(tones::TRUNK, SOON).await.unwrap();
    }
    assert!(two.at_trunk.stream_report().is_gapless());
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_hears_himself_and_levels_are_true() {
    let bridge = Bridge::start().await;
    let two = bridge.talking().await;
    for (ear, other, own) in
        [(&two.at_trunk, tones::STATION, tones::TRUNK), (&two.at_station, tones::TRUNK, tones::STATION)]
    {
        let level = ear.wait_until_steady(other, SOON).await.unwrap();
        let echo = ear.heard().tone_level(own, Heard::WINDOW);
        assert!((level + 20.0).abs() < 0.5, "{level} dBov");
        assert!(echo < -65.0, "own voice at {echo} dBov");
    }
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_sprays_the_ports_is_neither_heard_nor_sent_anything() {
    let bridge = Bridge::start().await;
    let two = bridge.talking().await;
    let target: SocketAddr = two.at_trunk.remote_media().unwrap();
    let mut stranger = Stranger::open(target.ip()).await.unwrap();
    stranger.send_tone(target, 1000.0, -10.0, Duration::from_secs(1)).await.unwrap();
    for payload_type in [96, 101, 127] {
        stranger.send_key(target, payload_type, '#').await.unwrap();
    }
    assert!(two.at_station.heard().tone_level(1000.0, Duration::from_secs(1)) < -60.0);
    assert!(two.at_trunk.state().ended.is_none(), "a spoofed # hangs nobody up");
    two.at_station.wait_until_hears(tones::TRUNK, SOON).await.unwrap();
    let received = stranger.receive(&mut [0; 1500], Duration::from_millis(500)).await;
    assert_eq!(received, None, "no packet goes to the stranger");
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_come_by_rtcp_with_our_name() {
    let bridge = Bridge::start().await;
    let two = bridge.talking().await;
    pass(Duration::from_secs(4)).await;
    for call in [&two.at_trunk, &two.at_station] {
        let report = call.heard().rtcp_report();
        assert!(report.sender_reports > 0 && report.about_us > 0 && !report.bye, "{report:?}");
        assert!(report.newest.windows(16).any(|name| name == b"confab@127.0.0.1"), "{report:?}");
    }
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_ports_are_used_up_the_next_caller_gets_503() {
    // An address of its own, so that nobody else has one of the four ports.
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let address = format!("media.address=127.{}.{low}.1", 64 + high % 64);
    let bridge = Bridge::with(&[&address, "media.ports=20000-20003"]).await;
    let phone = Phone::start(bridge.caller("4155550000", tones::TRUNK)).await.unwrap();
    let first = phone.call("2000").await.unwrap();
    first.wait_answered(SOON).await.unwrap();
    let second = phone.call("2000").await.unwrap();
    second.wait_answered(SOON).await.unwrap();
    let third = phone.call("2000").await.unwrap();
    assert_eq!(third.wait_ended(SOON).await.unwrap().status, Some(503));
    first.hang_up();
    phone
        .wait_message(SOON, |m| m.text().starts_with("SIP/2.0 200") && m.text().contains(" BYE\r\n"))
        .await
        .unwrap();
    // The worker gives the ports back at its next tick.
    let until = Instant::now() + SOON;
    while phone.call("2000").await.unwrap().wait_answered(SOON).await.is_err() {
        assert!(Instant::now() < until, "the ports of the call that ended are not free again");
    }
    bridge.stop().await;
}

/// A server on both address families, and its IPv6 address for UDP.
async fn on_both_families() -> (Bridge, SocketAddr) {
    let listen = "sip.listen=[\"udp:127.0.0.1:0\", \"udp:[::1]:0\", \"tcp:[::1]:0\"]";
    let both = "media.advertise=[\"127.0.0.1\", \"::1\"]";
    let bridge = Bridge::with(&[listen, "media.address=::", both]).await;
    let udp = bridge.address_of(|address| address.is_ipv6());
    (bridge, udp)
}

#[tokio::test(flavor = "multi_thread")]
async fn ipv4_and_ipv6_phones_meet_over_udp_and_tcp() {
    let (bridge, udp) = on_both_families().await;
    let by_udp = Phone::start(PhoneConfig::new(udp, "4155550000").tone(tones::INVITED)).await.unwrap();
    let by_tcp = PhoneConfig::new(bridge.tcp_address(), "4155550001").transport(Transport::Tcp);
    let by_tcp = Phone::start(by_tcp.tone(tones::FAR_END)).await.unwrap();
    let (one, two) = (by_udp.call("2000").await.unwrap(), by_tcp.call("2000").await.unwrap());
    let by_ipv4 = bridge.trunk().await;
    let three = by_ipv4.call("2000").await.unwrap();
    for (ear, voice) in [(&one, tones::FAR_END), (&two, tones::TRUNK), (&three, tones::INVITED)] {
        ear.wait_until_hears(voice, SOON).await.unwrap();
    }
    assert!(one.remote_media().unwrap().is_ipv6() && three.remote_media().unwrap().is_ipv4());
    assert_eq!(by_udp.options(udp, SOON).await.unwrap(), 200);
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_on_ipv6_is_called_from_a_conference_on_ipv4() {
    let (bridge, udp) = on_both_families().await;
    let station = PhoneConfig::new(udp, "1004").tone(tones::STATION);
    let station = bridge.registered(station).await;
    let at_trunk = bridge.trunk().await.call("2001").await.unwrap();
    let at_station = station.next_call(SOON).await.unwrap().answer().await.unwrap();
    at_trunk.wait_until_hears(tones::STATION, SOON).await.unwrap();
    assert!(at_station.remote_media().unwrap().is_ipv6());
    bridge.stop().await;
}
