//! What one received packet costs: header, latch, statistics and jitter buffer, insert and pull.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use confab_rtp::{Inbound, InboundConfig, JitterBuffer, JitterConfig, Next, Outbound, Packet};
use criterion::{Criterion, criterion_group, criterion_main};

const TICK: Duration = Duration::from_millis(20);

fn parse(criterion: &mut Criterion) {
    let mut datagram = [0; 172];
    Outbound::new(1).write(0, &[0xff; 160], 160, &mut datagram);
    criterion.bench_function("rtp/parse", |bencher| bencher.iter(|| Packet::parse(black_box(&datagram))));
}

/// A clean line, and one on which every other packet comes 35 ms late.
fn buffer(criterion: &mut Criterion) {
    for (name, late) in [("rtp/jitter_buffer_clean", 0), ("rtp/jitter_buffer_jittery", 35)] {
        let mut buffer = JitterBuffer::new(JitterConfig::default());
        let payload = [0xff; 160];
        let (mut now, mut number) = (Instant::now(), 0_u32);
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                now += TICK;
                number += 1;
                let arrival = now + Duration::from_millis(u64::from(number % 2) * late);
                let packet = Packet {
                    marker: false,
                    payload_type: 0,
                    sequence: number as u16,
                    timestamp: number.wrapping_mul(160),
                    ssrc: 1,
                    payload: &payload,
                };
                buffer.insert(arrival, &packet);
                matches!(buffer.next(black_box(now), 0), Next::Packet(_))
            });
        });
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
        comfort_noise: None,
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
}

criterion_group!(benches, parse, buffer, leg);
criterion_main!(benches);
