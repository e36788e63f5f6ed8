use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use confab_rtp::{Inbound, InboundConfig, JitterConfig, Next, Packet, rtcp};

const PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), 40_000);
const INTERVAL: Duration = Duration::from_millis(20);

#[test]
fn rtp() {
    let now = Instant::now();
    confab_fuzz::run("corpus/rtp", |input| target(now, input));
}

#[test]
fn rtcp() {
    confab_fuzz::run("corpus/rtcp", |input| {
        let _ = rtcp::parse(input, 0x1234_5678);
    });
}

/// A leg that hears the input cut into datagrams (a length byte, then as many bytes), one in 20 ms.
fn target(start: Instant, input: &[u8]) {
    let (mut leg, mut now, mut rest) = (Inbound::new(start, config()), start, input);
    while let Some((&length, more)) = rest.split_first() {
        let (datagram, after) = more.split_at((length as usize).min(more.len()));
        rest = after;
        let _ = Packet::parse(datagram);
        let _ = leg.receive(now, PEER, datagram);
        pull(&mut leg, now);
        now += INTERVAL;
    }
    assert!(leg.delay() <= Duration::from_secs(1), "{:?}", leg.delay());
    let _ = leg.report_block(0);
}

/// What the mixer does at a tick: no more than a frame is ever held.
fn pull(leg: &mut Inbound, now: Instant) {
    let mut held = 0;
    for _ in 0..4 {
        match leg.next(now, held) {
            Next::Packet(frame) => held += frame.payload.len(),
            Next::Lost(samples) => held += samples as usize,
            Next::Wait => break,
        }
    }
    let _ = leg.surplus_samples();
}

fn config() -> InboundConfig {
    InboundConfig {
        remote: Some(PEER),
        remote_rtcp: None,
        rtcp_mux: true,
        signalling: Some(PEER.ip()),
        payload_type: 0,
        event_payload_type: Some(101),
        comfort_noise: Some(13),
        jitter: JitterConfig::default(),
    }
}
