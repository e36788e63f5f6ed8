//! Receiving, playing and reporting allocate nothing once a leg is set up.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use confab_rtp::rtcp::Report;
use confab_rtp::{
    EventSender, Framing, Impairment, Inbound, InboundConfig, JitterBuffer, JitterConfig, Outbound, Sent,
};

#[expect(clippy::disallowed_methods, reason = "any instant serves as the zero of virtual time")]
fn zero() -> Instant {
    Instant::now()
}

const SENT: Sent = Sent {
    clock_rate: 8000,
    packet_time: Duration::from_millis(20),
    packets: 1000,
    impairment: Impairment::G711,
};

/// One leg that talks to itself: audio with losses, keys, reports.
struct Leg {
    now: Instant,
    phone: SocketAddr,
    inbound: Inbound,
    outbound: Outbound,
    keys: EventSender,
}

impl Leg {
    fn new() -> Self {
        let now = zero();
        let phone: SocketAddr = ([198, 51, 100, 7], 4000).into();
        let inbound = Inbound::new(now, Self::config(phone));
        Self { now, phone, inbound, outbound: Outbound::new(1), keys: EventSender::new() }
    }

    fn config(phone: SocketAddr) -> InboundConfig {
        InboundConfig {
            remote: Some(phone),
            remote_rtcp: None,
            rtcp_mux: true,
            signalling: Some(phone.ip()),
            payload_type: 0,
            event_payload_type: Some(101),
            event_clock_rate: 8000,
            comfort_noise: Some(13),
            audio_level: None,
            impairment: Impairment::G711,
            jitter: JitterConfig::default(),
        }
    }

    fn tick(&mut self, number: u32) {
        self.now += Duration::from_millis(20);
        let mut out = [0; 400];
        if number.is_multiple_of(50) {
            self.keys.press('5', 800, self.outbound.timestamp());
        }
        let length = match self.keys.next(160) {
            Some(event) => self.outbound.write_event(101, &event, 160, &mut out),
            None => self.outbound.write(0, &[0xff; 160], 160, &mut out),
        };
        if number % 17 != 3 {
            self.inbound.receive(self.now, self.phone, &out[..length]);
        }
        self.inbound.receive(self.now, ([203, 0, 113, 1], 9).into(), &out[..length]);
        self.inbound.next(self.now, 0);
        self.inbound.skip(self.inbound.surplus_units().clamp(-40, 40));
        self.inbound.destination(self.now);
        if number.is_multiple_of(25) {
            self.report(u64::from(number) << 32);
        }
    }

    fn report(&mut self, ntp: u64) {
        let report = Report {
            ssrc: self.outbound.ssrc(),
            sender: Some(self.outbound.sender_info(ntp)),
            block: self.inbound.report_block(ntp),
            xr: self.inbound.voip_metrics(&SENT),
            cname: "leg@confab",
            bye: true,
        };
        let mut out = [0; 300];
        let length = report.write(&mut out);
        assert!(length > 0);
        assert!(self.inbound.receive_rtcp(ntp, self.phone, &out[..length], 1).is_some());
        assert!(self.inbound.receive_rtcp(ntp, self.phone, &out[..length - 1], 1).is_none());
    }
}

#[test]
fn a_running_leg_allocates_nothing() {
    let mut leg = Leg::new();
    let counted = allocation_counter::measure(|| (0..5000).for_each(|number| leg.tick(number)));
    assert_eq!(counted.count_total, 0);
    assert!(leg.inbound.stats().packets > 4500 && leg.inbound.stats().digits == 100);
}

#[test]
fn a_change_of_codec_allocates_and_frees_nothing() {
    let mut leg = Leg::new();
    (0..100).for_each(|number| leg.tick(number));
    let jitter = JitterConfig { framing: Framing::Octets { per_unit: 2 }, ..JitterConfig::default() };
    let config = InboundConfig { payload_type: 96, jitter, ..Leg::config(leg.phone) };
    let mut fresh = JitterBuffer::new(jitter);
    let counted = allocation_counter::measure(|| leg.inbound.update(leg.now, config, &mut fresh));
    assert_eq!((counted.count_total, counted.count_current), (0, 0));
    assert!(leg.inbound.stats().buffer.played > 80 && fresh.stats().played > 80, "the counters go on");
}

#[test]
fn a_leg_of_g711_takes_ten_kib_at_most() {
    let mut leg = None;
    let counted = allocation_counter::measure(|| leg = Some(Leg::new().inbound));
    let octets = counted.bytes_total as usize + size_of::<Inbound>();
    assert!(leg.is_some() && octets <= 10 * 1024, "{octets} octets");
    println!("{octets} octets");
}
