//! What a re-INVITE may change in a running call, an INVITE without an offer, and codecs that nobody shares.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::time::Duration;

use confab_phone::{Encoding, Heard, Phone, PhoneConfig, Stranger};
use confab_tests::{Bridge, Member, SOON, pass, tones};
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// In a wide room: somebody who talks by G.722 for ever, and one who may have any codec.
async fn two(bridge: &Bridge, change: impl FnOnce(PhoneConfig) -> PhoneConfig) -> (Member, Member) {
    let other = bridge.member("16000", Encoding::G722, tones::STATION).await;
    let phone = bridge.caller("4155550001", tones::TRUNK).codecs(Encoding::ALL);
    let changing = bridge.member_as("16000", change(phone)).await;
    both_hear(&changing, &other).await;
    other.restart_report();
    (changing, other)
}

/// What is heard now was sent after the change.
async fn both_hear(changing: &Member, other: &Member) {
    pass(2 * Heard::WINDOW).await;
    for (ear, hz) in [(changing, tones::STATION), (other, tones::TRUNK)] {
        let level = ear.wait_until_steady(hz, SOON).await.unwrap();
        assert!((level + 20.0).abs() < 0.8, "{hz} Hz at {level} dBov");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_codec_changes_in_mid_call() {
    let bridge = Bridge::rooms(&[]).await;
    let (changing, other) = two(&bridge, |phone| phone).await;
    for codec in Encoding::ALL.into_iter().rev().filter(|codec| *codec != Encoding::L16 { rate: 48_000 }) {
        changing.change_codecs([codec]).await.unwrap();
        assert_eq!(changing.state().stream.unwrap().encoding, codec);
        both_hear(&changing, &other).await;
    }
    assert!(other.stream_report().is_gapless(), "{:?}", other.stream_report());
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_packet_time_changes_in_mid_call() {
    let bridge = Bridge::rooms(&[]).await;
    for codec in [Encoding::Pcma, Encoding::G722, Encoding::Opus] {
        let (changing, other) = two(&bridge, |phone| phone.codecs([codec])).await;
        for ptime in [60, 10, 40, 20] {
            changing.change_ptime(ptime).await.unwrap();
            both_hear(&changing, &other).await;
            changing.restart_report();
            pass(Duration::from_millis(600)).await;
            let report = changing.stream_report();
            let expected = report.duration.as_millis() as u64 / u64::from(ptime);
            assert!(report.packets.abs_diff(expected) <= 4, "{codec}, {ptime} ms: {report:?}");
        }
        assert!(other.stream_report().is_gapless(), "{codec}: {:?}", other.stream_report());
        changing.hang_up();
    }
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_changes_in_mid_call() {
    let bridge = Bridge::rooms(&[]).await;
    let (changing, other) = two(&bridge, |phone| phone).await;
    for _ in 0..2 {
        changing.change_ports().await.unwrap();
        both_hear(&changing, &other).await;
    }
    assert!(other.stream_report().is_gapless(), "{:?}", other.stream_report());
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_none_of_our_codecs_gets_488_and_is_told_what_we_have() {
    let bridge = Bridge::rooms(&["profiles.narrow.codecs=[\"PCMU\", \"G722\"]"]).await;
    let phone =
        Phone::start(bridge.caller("4155550001", tones::TRUNK).codecs([Encoding::Opus])).await.unwrap();
    let call = phone.call("8000").await.unwrap();
    assert_eq!(call.wait_ended(SOON).await.unwrap().status, Some(488));
    let refusal = phone.wait_message(SOON, |m| m.start_line().starts_with("SIP/2.0 488")).await.unwrap();
    let text = refusal.text();
    let warning =
        text.lines().find(|line| line.starts_with("Warning: 305 ")).unwrap_or_else(|| panic!("{text}"));
    assert!(warning.contains("PCMU") && warning.contains("G722") && !warning.contains("PCMA"), "{warning}");
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_re_invite_with_codecs_that_we_lack_leaves_the_call_as_it_is() {
    let bridge = Bridge::rooms(&["profiles.wide.codecs=[\"PCMU\", \"G722\"]"]).await;
    let (changing, other) = two(&bridge, |phone| phone).await;
    assert!(changing.change_codecs([Encoding::Opus]).await.is_err());
    both_hear(&changing, &other).await;
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_without_an_offer_gets_ours_and_answers_it_in_the_ack() {
    let bridge = Bridge::rooms(&[]).await;
    let ear = bridge.member("8000", Encoding::Pcma, tones::STATION).await;
    let mut media = Stranger::open(bridge.address().ip()).await.unwrap();
    let caller = LateCaller::invite(&bridge, "8000").await;
    let offer = caller.offer().await;
    for name in ["opus/48000/2", "G722/8000", "telephone-event/8000", "telephone-event/48000"] {
        assert!(offer.contains(name), "{name} is not offered: {offer}");
    }
    let port: u16 = offer.split("m=audio ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    caller.acknowledge(media.local_addr().unwrap()).await;
    let talk = tokio::spawn(async move {
        let to = SocketAddr::new(bridge.address().ip(), port);
        media.send_tone(to, tones::TRUNK, -20.0, SOON).await.unwrap();
        (bridge, media)
    });
    let level = ear.wait_until_steady(tones::TRUNK, SOON).await.unwrap();
    assert!((level + 20.0).abs() < 0.5, "{level} dBov");
    talk.abort();
}

/// A caller whose INVITE has no body.
struct LateCaller {
    socket: UdpSocket,
    server: SocketAddr,
    number: String,
}

impl LateCaller {
    async fn invite(bridge: &Bridge, number: &str) -> Self {
        let socket = UdpSocket::bind((bridge.address().ip(), 0)).await.unwrap();
        let caller = Self { socket, server: bridge.address(), number: number.into() };
        caller.send("INVITE", "", "").await;
        caller
    }

    /// The session description of the 200.
    async fn offer(&self) -> String {
        self.answered().await.split("\r\n\r\n").nth(1).unwrap().to_owned()
    }

    async fn acknowledge(&self, media: SocketAddr) {
        let answer = self.answered().await;
        let to = answer.lines().find_map(|line| line.strip_prefix("To: ")).unwrap();
        let tag = to.split(";tag=").nth(1).unwrap();
        let (ip, port) = (media.ip(), media.port());
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
        );
        self.send("ACK", &format!(";tag={tag}"), &sdp).await;
    }

    /// The 200, which is repeated until it is acknowledged.
    async fn answered(&self) -> String {
        let mut datagram = [0; 4096];
        loop {
            let length = timeout(SOON, self.socket.recv(&mut datagram)).await.unwrap().unwrap();
            let text = String::from_utf8_lossy(&datagram[..length]).into_owned();
            if text.starts_with("SIP/2.0 200 ") {
                return text;
            }
        }
    }

    async fn send(&self, method: &str, tag: &str, sdp: &str) {
        let (number, server, local) = (&self.number, self.server, self.socket.local_addr().unwrap());
        let kind = if sdp.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let text = format!(
            "{method} sip:{number}@{server} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{method}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:late@{local}>;tag=1\r\nTo: <sip:{number}@{server}>{tag}\r\n\
             Call-ID: late@{local}\r\nCSeq: 1 {method}\r\nContact: <sip:late@{local}>\r\n{kind}\
             Content-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        );
        self.socket.send_to(text.as_bytes(), self.server).await.unwrap();
    }
}
