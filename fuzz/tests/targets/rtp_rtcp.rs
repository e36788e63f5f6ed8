use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use confab_rtp::{
    Framing, Impairment, Inbound, InboundConfig, JitterBuffer, JitterConfig, Next, Packet, Received, Sent,
    rtcp,
};

const PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), 40_000);
const INTERVAL: Duration = Duration::from_millis(20);
const OWN_SSRC: u32 = 0x1234_5678;
const SENT: Sent =
    Sent { clock_rate: 8000, packet_time: INTERVAL, packets: 1000, impairment: Impairment::G722 };

#[test]
fn rtp() {
    let now = Instant::now();
    confab_fuzz::run("corpus/rtp", |input| sequence(now, input));
}

/// Whatever a report says, it is read alike alone and by a leg, and what the leg makes of it can be told to others.
#[test]
fn rtcp() {
    let now = Instant::now();
    confab_fuzz::run("corpus/rtcp", |input| {
        let mut leg = Inbound::new(now, config(1, JitterConfig::default()));
        let alone = rtcp::parse(input, OWN_SSRC);
        let heard = leg.receive_rtcp(7 << 32, PEER, input, OWN_SSRC);
        assert_eq!(alone.ok(), heard);
        let quality = leg.quality(&SENT);
        assert!(quality.downlink.is_none_or(|downlink| (1.0..=4.5).contains(&downlink.score.mos_cq)));
    });
}

/// A leg that hears the input cut into datagrams (a length byte, then as many bytes). The first of the input says what
/// codec it is and how irregularly the datagrams come.
fn sequence(start: Instant, input: &[u8]) {
    let kind = input.first().copied().unwrap_or(0);
    let (mut leg, mut now) = (Inbound::new(start, config(0, jitter(kind))), start);
    let mut rest = input;
    while let Some((&length, more)) = rest.split_first() {
        let (datagram, after) = more.split_at((length as usize).min(more.len()));
        rest = after;
        let told = leg.receive(now, PEER, datagram);
        assert!(!matches!(told, Received::Audio) || Packet::parse(datagram).is_ok());
        let _ = leg.audio_level();
        pull(&mut leg, now);
        now += INTERVAL * u32::from(length & (kind % 4)) / 2;
        if length == 0xff {
            reconfigure(&mut leg, now, kind.wrapping_add(1));
        }
    }
    check(&mut leg);
}

/// What a playout does at a tick: no more than a frame is ever held.
fn pull(leg: &mut Inbound, now: Instant) {
    let mut held = 0;
    for _ in 0..4 {
        match leg.next(now, held) {
            Next::Packet(frame) => {
                assert!(!frame.payload.is_empty() && frame.units > 0);
                held += frame.units;
            }
            Next::Lost { units, next } => {
                assert!(next.is_none_or(|payload| !payload.is_empty()));
                held += units;
            }
            Next::Wait => break,
        }
    }
    let surplus = leg.surplus_units();
    leg.skip(surplus.clamp(-100, 100));
}

fn reconfigure(leg: &mut Inbound, now: Instant, kind: u8) {
    let jitter = jitter(kind);
    leg.update(now, config(8, jitter), &mut JitterBuffer::new(jitter));
}

fn check(leg: &mut Inbound) {
    assert!(leg.delay() <= Duration::from_secs(1), "{:?}", leg.delay());
    let quality = leg.quality(&SENT);
    let uplink = quality.uplink;
    let score = uplink.score;
    assert!((1.0..=4.5).contains(&score.mos_lq) && score.mos_cq <= score.mos_lq, "{quality:?}");
    assert!((0.0..=1.0).contains(&uplink.burst_density) && (0.0..=1.0).contains(&uplink.gap_density));
    let report = rtcp::Report {
        ssrc: OWN_SSRC,
        sender: None,
        block: leg.report_block(0),
        xr: leg.voip_metrics(&SENT),
        cname: "leg@confab",
        bye: true,
    };
    let mut out = [0; 200];
    let length = report.write(&mut out);
    let read = rtcp::parse(&out[..length], report.block.map_or(0, |block| block.ssrc));
    assert!(read.is_ok_and(|read| read.block == report.block && read.voip == report.xr));
}

fn jitter(kind: u8) -> JitterConfig {
    let (clock_rate, framing) = match kind % 3 {
        0 => (8000, Framing::Octets { per_unit: 1 }),
        1 => (48_000, Framing::Opus),
        _ => (16_000, Framing::Octets { per_unit: 2 }),
    };
    JitterConfig { clock_rate, framing, fec: kind.is_multiple_of(2), ..JitterConfig::default() }
}

fn config(payload_type: u8, jitter: JitterConfig) -> InboundConfig {
    InboundConfig {
        remote: Some(PEER),
        remote_rtcp: None,
        rtcp_mux: true,
        signalling: Some(PEER.ip()),
        payload_type,
        event_payload_type: Some(101),
        event_clock_rate: jitter.clock_rate,
        comfort_noise: Some(13),
        audio_level: Some(1),
        impairment: Impairment::OPUS,
        jitter,
    }
}
