use std::net::SocketAddr;
use std::time::Instant;

use super::*;
use crate::rtcp::{Report, ReportBlock, SenderInfo};
use crate::{Evidence, Impairment, InboundConfig, JitterConfig, Load, Next, Outbound, Verdict};

#[expect(clippy::disallowed_methods, reason = "any instant serves as the zero of virtual time")]
fn zero() -> Instant {
    Instant::now()
}

/// A phone whose packets come 7 ms before the ticks of 20 ms, and what is wrong with its line.
#[derive(Default)]
struct Line {
    ppm: i64,
    /// Of 100 packets so many are lost, one by one.
    lost: u32,
    /// Packets are lost in runs of so many.
    run: u32,
    /// Every third packet comes so many ms late.
    late_ms: u64,
    /// Every packet comes twice.
    doubled: bool,
    report: Option<ReportBlock>,
    voip: Option<VoipMetrics>,
    load: Load,
}

struct Bench {
    zero: Instant,
    phone: SocketAddr,
    inbound: Inbound,
    outbound: Outbound,
    load: Load,
}

const SENT: Sent = Sent {
    clock_rate: 8000,
    packet_time: Duration::from_millis(20),
    packets: 3000,
    impairment: Impairment::G711,
};

impl Bench {
    fn new() -> Self {
        let (zero, phone) = (zero(), SocketAddr::from(([198, 51, 100, 7], 4000)));
        let config = InboundConfig {
            remote: Some(phone),
            remote_rtcp: None,
            rtcp_mux: true,
            signalling: Some(phone.ip()),
            payload_type: 0,
            event_payload_type: None,
            event_clock_rate: 8000,
            comfort_noise: None,
            audio_level: None,
            impairment: Impairment::G711,
            jitter: JitterConfig::default(),
        };
        let inbound = Inbound::new(zero, config);
        Self { zero, phone, inbound, outbound: Outbound::new(7), load: Load::default() }
    }

    /// A minute over such a line, and what is found of its second half.
    fn minute(&mut self, line: &Line) -> Evidence {
        self.play(line, 0..1500);
        let (before, load_before) = (self.inbound.quality(&SENT), self.load);
        self.load = line.load;
        self.play(line, 1500..3000);
        Evidence::between((&before, &load_before), (&self.inbound.quality(&SENT), &self.load))
    }

    fn play(&mut self, line: &Line, numbers: std::ops::Range<u64>) {
        for number in numbers {
            let tick = self.zero + number as u32 * Duration::from_millis(20);
            let late = if number % 3 == 1 { line.late_ms * 1000 } else { 0 };
            let elapsed = (20_000 * number).saturating_add_signed(-(number as i64) * line.ppm / 50);
            let arrival = self.zero + Duration::from_micros(13_000 + elapsed + late);
            let mut out = [0; 172];
            let length = self.outbound.write(0, &[0xff; 160], 160, &mut out);
            let lost = number % 100 < (line.lost * line.run).into() && line.run > 0
                || line.run == 0 && number % 100 * u64::from(line.lost) % 100 < u64::from(line.lost);
            for copy in 0..if lost { 0 } else { 1 + u64::from(line.doubled) } {
                self.inbound.receive(arrival + Duration::from_millis(4 * copy), self.phone, &out[..length]);
            }
            self.pull(tick + Duration::from_millis(20));
        }
        self.report(line);
    }

    fn pull(&mut self, now: Instant) {
        let mut held = 0;
        while held < 160 {
            match self.inbound.next(now, held) {
                Next::Packet(frame) => held += frame.units,
                Next::Lost { units, .. } => held += units,
                Next::Wait => return,
            }
        }
        let surplus = self.inbound.surplus_units();
        self.inbound.skip(surplus.clamp(-40, 0));
    }

    fn report(&mut self, line: &Line) {
        let report = Report {
            ssrc: self.outbound.ssrc(),
            sender: None,
            block: line.report,
            xr: line.voip,
            cname: "phone",
            bye: false,
        };
        let mut out = [0; 200];
        let length = report.write(&mut out);
        assert!(self.inbound.receive_rtcp(10 << 32, self.phone, &out[..length], 42).is_some());
    }
}

#[test]
fn each_cause_that_is_injected_is_found() {
    let block = ReportBlock { ssrc: 42, last_sr: (9 << 16) + 60_000, ..ReportBlock::default() };
    let voip = VoipMetrics { ssrc: 42, discard_rate: 12, ..VoipMetrics::default() };
    let late = Load { ticks: 3000, late_ticks: 60, send_failures: 0 };
    let table = [
        (Line::default(), Verdict::Good),
        (Line { report: Some(block), ..Line::default() }, Verdict::Good),
        (Line { ppm: 100, lost: 1, ..Line::default() }, Verdict::Good),
        (Line { lost: 5, ..Line::default() }, Verdict::Uplink),
        (Line { lost: 1, run: 4, ..Line::default() }, Verdict::Uplink),
        (Line { lost: 5, doubled: true, ..Line::default() }, Verdict::Uplink),
        (Line { doubled: true, ..Line::default() }, Verdict::Good),
        (Line { late_ms: 90, ..Line::default() }, Verdict::Uplink),
        (
            Line { report: Some(ReportBlock { fraction_lost: 20, ..block }), ..Line::default() },
            Verdict::Downlink,
        ),
        (Line { report: Some(ReportBlock { jitter: 500, ..block }), ..Line::default() }, Verdict::Downlink),
        (Line { report: Some(block), voip: Some(voip), ..Line::default() }, Verdict::Downlink),
        (Line { ppm: 900, ..Line::default() }, Verdict::Clock),
        (Line { ppm: -900, ..Line::default() }, Verdict::Clock),
        (Line { load: late, lost: 10, ..Line::default() }, Verdict::OurLoad),
    ];
    for (number, (line, verdict)) in table.iter().enumerate() {
        let evidence = Bench::new().minute(line);
        assert_eq!(evidence.verdict(), *verdict, "line {number}: {evidence:?}");
    }
}

#[test]
fn a_clean_line_is_as_good_as_its_codec() {
    let mut bench = Bench::new();
    bench.minute(&Line::default());
    let Quality { uplink, downlink, round_trip, clock_ppm } = bench.inbound.quality(&SENT);
    assert_eq!((uplink.packets, uplink.lost, uplink.concealed_ms, uplink.late), (3000, 0, 0, 0));
    assert_eq!((uplink.buffer_us, uplink.target_us, uplink.jitter_us), (7000, 0, 0));
    assert_eq!((uplink.burst_ms, uplink.gap_ms), (0, 60_000));
    assert!((uplink.score.mos_lq - 4.41).abs() < 0.01 && uplink.score.mos_cq == uplink.score.mos_lq);
    assert_eq!((downlink, round_trip, clock_ppm), (None, None, Some(0)));
    assert_eq!(uplink.delay, Duration::from_millis(27));
}

#[test]
fn duplicates_are_counted_and_change_nothing_else() {
    let quality = |doubled| {
        let mut bench = Bench::new();
        bench.minute(&Line { lost: 3, doubled, ..Line::default() });
        bench.inbound.quality(&SENT)
    };
    let (once, mut twice) = (quality(false), quality(true));
    assert_eq!(twice.uplink.duplicates, twice.uplink.packets);
    twice.uplink.duplicates = 0;
    assert_eq!(once, twice);
}

#[test]
fn both_directions_are_judged() {
    let block = ReportBlock {
        ssrc: 42,
        fraction_lost: 26,
        cumulative_lost: 300,
        jitter: 80,
        last_sr: 9 << 16,
        delay_since_last_sr: 52_429,
        ..ReportBlock::default()
    };
    let mut bench = Bench::new();
    bench.minute(&Line { lost: 1, run: 5, report: Some(block), ..Line::default() });
    let quality = bench.inbound.quality(&SENT);
    let Some(downlink) = quality.downlink else { panic!("a report came") };
    assert_eq!(quality.round_trip.map(|trip| trip.as_millis()), Some(199));
    assert_eq!((downlink.lost, downlink.jitter_us, downlink.delay.as_millis()), (300, 10_000, 159));
    assert!(downlink.score.mos_lq < 3.6, "10 % lost: {downlink:?}");
    assert!(quality.uplink.score.mos_lq < 4.0 && quality.uplink.score.mos_lq > 3.5, "{quality:?}");
    assert_eq!(quality.uplink.lost, 145, "those before the first are not missed");
    assert_eq!((quality.uplink.burst_density, quality.uplink.burst_ms), (1.0, 100));
    assert_eq!(quality.mouth_to_ear(), quality.uplink.delay + downlink.delay);
    assert!(quality.uplink.concealed_ms.abs_diff(2900) <= 100, "{quality:?}");
}

#[test]
fn what_we_tell_the_peer_is_what_we_find() {
    let mut bench = Bench::new();
    assert_eq!(bench.inbound.voip_metrics(&SENT), None);
    bench.minute(&Line { lost: 10, ..Line::default() });
    let ssrc = bench.outbound.ssrc();
    let metrics = bench.inbound.voip_metrics(&SENT).unwrap();
    assert_eq!((metrics.ssrc, metrics.loss_rate, metrics.discard_rate), (ssrc, 25, 0));
    assert_eq!((metrics.buffer_ms, metrics.buffer_limit_ms, metrics.end_system_ms), (7, 200, 47));
    assert_eq!((metrics.gap_minimum, metrics.burst_density), (16, 25), "every tenth: one long burst");
    assert!(metrics.mos_lq.is_some_and(|tenths| (30..36).contains(&tenths)), "{metrics:?}");
    let report = Report {
        ssrc: 42,
        sender: Some(SenderInfo::default()),
        block: bench.inbound.report_block(0),
        xr: Some(metrics),
        cname: "us",
        bye: true,
    };
    let mut out = [0; 200];
    let length = report.write(&mut out);
    let read = crate::rtcp::parse(&out[..length], ssrc).unwrap();
    assert_eq!((read.voip, read.bye), (Some(metrics), true));
}
