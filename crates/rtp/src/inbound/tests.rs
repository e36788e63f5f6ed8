use proptest::prelude::*;

use super::*;
use crate::Frame;
use crate::rtcp::{Report, SenderInfo};
use crate::{EventSender, Outbound};

#[expect(clippy::disallowed_methods, reason = "any instant serves as the zero of virtual time")]
fn zero() -> Instant {
    Instant::now()
}

fn phone() -> SocketAddr {
    "198.51.100.7:4000".parse().unwrap()
}

fn stranger() -> SocketAddr {
    "203.0.113.66:4000".parse().unwrap()
}

fn config() -> InboundConfig {
    InboundConfig {
        remote: Some(phone()),
        remote_rtcp: Some("198.51.100.7:4001".parse().unwrap()),
        rtcp_mux: false,
        signalling: Some("198.51.100.7".parse().unwrap()),
        payload_type: 0,
        event_payload_type: Some(101),
        event_clock_rate: 8000,
        comfort_noise: Some(13),
        audio_level: Some(1),
        impairment: Impairment::G711,
        jitter: JitterConfig::default(),
    }
}

/// A phone that sends to us, one packet every 20 ms.
struct Bench {
    now: Instant,
    inbound: Inbound,
    outbound: Outbound,
    keys: EventSender,
}

impl Bench {
    fn new() -> Self {
        let now = zero();
        let inbound = Inbound::new(now, config());
        Self { now, inbound, outbound: Outbound::new(3), keys: EventSender::new() }
    }

    fn step(&mut self) -> Received {
        self.now += Duration::from_millis(20);
        let mut out = [0; 200];
        let length = match self.keys.next(160) {
            Some(event) => self.outbound.write_event(101, &event, 160, &mut out),
            None => self.outbound.write(0, &[0xff; 160], 160, &mut out),
        };
        self.inbound.receive(self.now, phone(), &out[..length])
    }

    fn press(&mut self, digit: char) -> Vec<Received> {
        assert!(self.keys.press(digit, 800, self.outbound.timestamp()));
        (0..7).map(|_| self.step()).collect()
    }

    fn forge(&mut self, source: SocketAddr, packet: &Packet<'_>) -> Received {
        let mut out = [0; 200];
        let length = packet.write(&mut out);
        self.inbound.receive(self.now, source, &out[..length])
    }
}

fn event(ssrc: u32, payload_type: u8, number: u32) -> Packet<'static> {
    let sequence = number as u16;
    let payload = &[5, 10, 0, 160];
    Packet {
        marker: true,
        payload_type,
        sequence,
        timestamp: number * 800,
        ssrc,
        payload,
        ..Packet::default()
    }
}

#[test]
fn a_key_may_be_the_first_that_is_heard() {
    let received = Bench::new().press('5');
    assert_eq!(received[0], Received::Digit('5'));
    assert!(received[1..].iter().all(|received| *received == Received::Event));
}

#[test]
fn the_first_audio_is_heard() {
    let mut bench = Bench::new();
    assert_eq!(bench.step(), Received::Audio);
    assert!(matches!(bench.inbound.next(bench.now, 0), Next::Packet(_)));
}

#[test]
fn what_is_not_negotiated_or_no_rtp_is_dropped() {
    let mut bench = Bench::new();
    let table = [
        (event(1, 96, 1), Received::Dropped(DropReason::PayloadType)),
        (event(1, 8, 1), Received::Dropped(DropReason::PayloadType)),
        (
            Packet { payload: &[0x45], ..event(1, 13, 1) },
            Received::ComfortNoise(SpectralNoise::parse(&[0x45]).unwrap()),
        ),
        (Packet { payload: &[], ..event(1, 13, 2) }, Received::Dropped(DropReason::Payload)),
        (Packet { payload: &[], ..event(1, 0, 3) }, Received::Dropped(DropReason::Payload)),
        (Packet { payload: &[5], ..event(1, 101, 4) }, Received::Event),
    ];
    for (packet, expected) in table {
        assert_eq!(bench.forge(phone(), &packet), expected);
    }
    assert_eq!(
        bench.inbound.receive(bench.now, phone(), &[0x80; 5]),
        Received::Dropped(DropReason::Malformed)
    );
    let stats = bench.inbound.stats();
    assert_eq!((stats.malformed, stats.unnegotiated, stats.unusable), (1, 2, 2));
}

/// 10,000 forged keys of every kind among 100 true ones.
#[test]
fn forged_keys_are_never_taken() {
    let mut bench = Bench::new();
    bench.step();
    let own = bench.outbound.ssrc();
    let mut digits = String::new();
    for round in 0..100_u32 {
        for n in 0..100 {
            let number = round * 100 + n;
            let forged = match n % 3 {
                0 => bench.forge(stranger(), &event(own, 101, number)),
                1 => bench.forge("198.51.100.7:4444".parse().unwrap(), &event(own, 101, number)),
                _ => bench.forge(phone(), &event(number.wrapping_mul(0x9e37_79b9), 101, number)),
            };
            assert!(matches!(forged, Received::Dropped(_)), "{number}");
        }
        let digit = char::from_digit(round % 10, 10).unwrap();
        for received in bench.press(digit) {
            if let Received::Digit(heard) = received {
                digits.push(heard);
            }
        }
    }
    let expected: String = (0..100).filter_map(|round| char::from_digit(round % 10, 10)).collect();
    assert_eq!(digits, expected);
    assert_eq!(bench.inbound.stats().digits, 100);
}

#[test]
fn reports_tell_losses_and_round_trip() {
    let mut bench = Bench::new();
    assert_eq!(bench.inbound.report_block(0), None);
    for n in 0..100 {
        if n % 10 == 5 {
            bench.outbound.header(0, 160, 160);
            bench.now += Duration::from_millis(20);
        } else {
            bench.step();
        }
    }
    let second = 1_u64 << 32;
    let sender = SenderInfo { ntp: 7 * second, ..SenderInfo::default() };
    let about_us =
        ReportBlock { ssrc: 42, last_sr: 9 << 16, delay_since_last_sr: 1 << 15, ..ReportBlock::default() };
    let report = Report {
        ssrc: bench.outbound.ssrc(),
        sender: Some(sender),
        block: Some(about_us),
        xr: None,
        cname: "phone",
        bye: false,
    };
    let mut out = [0; 200];
    let length = report.write(&mut out);
    assert!(bench.inbound.receive_rtcp(10 * second, stranger(), &out[..length], 42).is_none());
    assert!(bench.inbound.receive_rtcp(10 * second, phone(), &out[..length], 42).is_some());
    assert_eq!(bench.inbound.stats().round_trip, Some(Duration::from_millis(500)));
    let block = bench.inbound.report_block(12 * second).unwrap();
    assert_eq!((block.cumulative_lost, block.fraction_lost), (10, 25));
    assert_eq!((block.last_sr, block.delay_since_last_sr), (7 << 16, 2 << 16));
}

#[test]
fn a_forged_goodbye_ends_nothing() {
    let mut bench = Bench::new();
    bench.step();
    let ssrc = bench.outbound.ssrc();
    let report = Report { ssrc, sender: None, block: None, xr: None, cname: "x", bye: true };
    let mut out = [0; 100];
    let length = report.write(&mut out);
    let incoming = bench.inbound.receive_rtcp(0, phone(), &out[..length], 1).unwrap();
    assert!(incoming.bye);
    assert_eq!(bench.step(), Received::Audio);
}

#[test]
fn rtcp_goes_where_it_is_wanted_and_allowed() {
    let mut bench = Bench::new();
    let to = |inbound: &Inbound| inbound.rtcp_destination().map(|address| address.to_string());
    assert_eq!(to(&bench.inbound).as_deref(), Some("198.51.100.7:4001"));
    let victim = InboundConfig { remote_rtcp: Some(stranger()), remote: Some(stranger()), ..config() };
    let mut third = Inbound::new(bench.now, victim);
    assert_eq!(to(&third), None);
    bench.outbound.write(0, &[1; 160], 160, &mut [0; 200]);
    let mut out = [0; 200];
    let length = bench.outbound.write(0, &[1; 160], 160, &mut out);
    third.receive(bench.now, stranger(), &out[..length]);
    assert_eq!(to(&third).as_deref(), Some("203.0.113.66:4000"));
    bench.inbound = Inbound::new(bench.now, InboundConfig { rtcp_mux: true, ..config() });
    bench.step();
    assert_eq!(to(&bench.inbound).as_deref(), Some("198.51.100.7:4000"));
}

#[test]
fn a_change_of_payload_type_on_its_own_is_ignored_and_counted() {
    let mut bench = Bench::new();
    for _ in 0..10 {
        bench.step();
    }
    let mut out = [0; 200];
    for _ in 0..10 {
        let length = bench.outbound.write(9, &[1; 160], 160, &mut out);
        let told = bench.inbound.receive(bench.now, phone(), &out[..length]);
        assert_eq!(told, Received::Dropped(DropReason::PayloadType));
        assert!(!matches!(bench.inbound.next(bench.now, 0), Next::Packet(Frame { payload: [1, ..], .. })));
    }
    assert_eq!(bench.inbound.stats().unnegotiated, 10);
    assert_eq!(bench.step(), Received::Audio, "what was agreed on is heard again");
}

#[test]
fn the_audio_level_of_the_last_packet_is_told() {
    let mut bench = Bench::new();
    bench.step();
    assert_eq!(bench.inbound.audio_level(), None);
    let mut datagram = vec![0x90, 0, 0, 9, 0, 0, 0, 160];
    datagram.extend(bench.outbound.ssrc().to_be_bytes());
    datagram.extend([0xbe, 0xde, 0, 1, 0x10, 0x85, 0, 0, 0xff, 0xff]);
    bench.inbound.receive(bench.now, phone(), &datagram);
    assert_eq!(bench.inbound.audio_level(), Some(AudioLevel { voice: true, dbov: 5 }));
    bench.step();
    assert_eq!(bench.inbound.audio_level(), None);
}

#[test]
fn a_clock_of_another_rate_is_no_jitter() {
    let mut bench = Bench::new();
    (0..20).for_each(|_| assert_eq!(bench.step(), Received::Audio));
    let jitter =
        JitterConfig { clock_rate: 48_000, framing: crate::Framing::Opus, ..JitterConfig::default() };
    let changed = InboundConfig { payload_type: 111, jitter, ..config() };
    bench.inbound.update(bench.now, changed, &mut JitterBuffer::new(jitter));
    for _ in 0..20 {
        bench.now += Duration::from_millis(20);
        let mut out = [0; 200];
        let length = bench.outbound.write(111, &[31 << 3, 1, 2, 3], 960, &mut out);
        assert_eq!(bench.inbound.receive(bench.now, phone(), &out[..length]), Received::Audio);
    }
    assert_eq!(bench.inbound.stats().jitter, 0);
}

#[test]
fn another_codec_by_reinvite_continues() {
    let mut bench = Bench::new();
    bench.step();
    bench.inbound.update(
        bench.now,
        InboundConfig { payload_type: 8, ..config() },
        &mut JitterBuffer::new(JitterConfig::default()),
    );
    assert_eq!(bench.step(), Received::Dropped(DropReason::PayloadType));
    let mut out = [0; 200];
    let length = bench.outbound.write(8, &[0xd5; 160], 160, &mut out);
    assert_eq!(bench.inbound.receive(bench.now, phone(), &out[..length]), Received::Audio);
}

proptest! {
    #[test]
    fn any_datagrams_are_survived(
        datagrams in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..40),
    ) {
        let now = zero();
        let mut inbound = Inbound::new(now, config());
        for mut datagram in datagrams {
            inbound.receive(now, phone(), &datagram);
            if let [flags, kind, ..] = &mut datagram[..] {
                (*flags, *kind) = (0x80 | *flags & 0x3f, [0, 101, 13, 200][usize::from(*kind % 4)]);
            }
            inbound.receive(now, phone(), &datagram);
            inbound.receive_rtcp(0, phone(), &datagram, 1);
            inbound.next(now, 0);
        }
    }
}
