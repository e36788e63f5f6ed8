//! What one received packet costs: header, latch, statistics and jitter buffer, insert and pull.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use confab_rtp::{
    Framing, Impairment, Inbound, InboundConfig, JitterBuffer, JitterConfig, Next, Outbound, Packet, Sent,
};
use criterion::{Criterion, criterion_group, criterion_main};

const TICK: Duration = Duration::from_millis(20);

fn parse(criterion: &mut Criterion) {
    let mut datagram = [0; 172];
    Outbound::new(1).write(0, &[0xff; 160], 160, &mut datagram);
    criterion.bench_function("rtp/parse", |bencher| bencher.iter(|| Packet::parse(black_box(&datagram))));
}

/// A clean line, one on which every other packet comes 35 ms late, and one that loses every tenth, with G.711 and Opus.
fn buffer(criterion: &mut Criterion) {
    let opus =
        JitterConfig { clock_rate: 48_000, framing: Framing::Opus, fec: true, ..JitterConfig::default() };
    for (name, config, late, lost) in [
        ("rtp/jitter_buffer_clean", JitterConfig::default(), 0, 0),
        ("rtp/jitter_buffer_jittery", JitterConfig::default(), 35, 0),
        ("rtp/jitter_buffer_lossy", JitterConfig::default(), 0, 10),
        ("rtp/jitter_buffer_opus_lossy", opus, 35, 10),
    ] {
        let mut line = Line::new(config, late, lost);
        criterion.bench_function(name, |bencher| bencher.iter(|| line.tick()));
    }
}

struct Line {
    buffer: JitterBuffer,
    now: Instant,
    number: u32,
    units: u32,
    late: u64,
    lost: u32,
}

impl Line {
    /// Every other packet is `late` ms late, every `lost`th is lost.
    fn new(config: JitterConfig, late: u64, lost: u32) -> Self {
        let units = config.clock_rate / 50;
        Self { buffer: JitterBuffer::new(config), now: Instant::now(), number: 0, units, late, lost }
    }

    fn tick(&mut self) -> bool {
        self.now += TICK;
        self.number += 1;
        let arrival = self.now + Duration::from_millis(u64::from(self.number % 2) * self.late);
        let packet = Packet {
            sequence: self.number as u16,
            timestamp: self.number.wrapping_mul(self.units),
            payload: &[0xf8; 160],
            ..Packet::default()
        };
        if self.lost == 0 || !self.number.is_multiple_of(self.lost) {
            self.buffer.insert(arrival, &packet);
        }
        matches!(self.buffer.next(black_box(self.now), 0), Next::Packet(_))
    }
}

fn leg(criterion: &mut Criterion) {
    let phone: SocketAddr = ([198, 51, 100, 7], 4000).into();
    let config = InboundConfig {
        remote: Some(phone),
        remote_rtcp: None,
        rtcp_mux: true,
        signalling: Some(phone.ip()),
        payload_type: 0,
        event_payload_type: Some(101),
        event_clock_rate: 8000,
        comfort_noise: None,
        audio_level: None,
        impairment: Impairment::G711,
        jitter: JitterConfig::default(),
    };
    let mut now = Instant::now();
    let (mut inbound, mut outbound) = (Inbound::new(now, config), Outbound::new(1));
    criterion.bench_function("rtp/leg_send_receive_pull", |bencher| {
        bencher.iter(|| {
            now += TICK;
            let mut datagram = [0; 172];
            outbound.write(0, &[0xff; 160], 160, &mut datagram);
            inbound.receive(now, phone, black_box(&datagram));
            matches!(inbound.next(now, 0), Next::Packet(_))
        });
    });
    let sent = Sent { clock_rate: 8000, packet_time: TICK, packets: 1000, impairment: Impairment::G711 };
    criterion.bench_function("rtp/quality", |bencher| bencher.iter(|| inbound.quality(black_box(&sent))));
}

criterion_group!(benches, parse, buffer, leg);
criterion_main!(benches);
