use proptest::prelude::*;

use rtcp_types::{Packet, RtcpPacketWriterExt};

use super::*;

fn metrics() -> VoipMetrics {
    VoipMetrics { ssrc: 9, loss_rate: 12, mos_lq: Some(41), buffer_limit_ms: 200, ..VoipMetrics::default() }
}

fn report() -> Report<'static> {
    let block = ReportBlock {
        ssrc: 9,
        fraction_lost: 12,
        cumulative_lost: -3,
        highest_sequence: 70_000,
        jitter: 40,
        last_sr: 5,
        delay_since_last_sr: 6,
    };
    let sender = SenderInfo { ntp: 0x0102_0304_0506_0708, rtp_timestamp: 1600, packets: 10, octets: 1600 };
    Report {
        ssrc: 4,
        sender: Some(sender),
        block: Some(block),
        xr: Some(metrics()),
        cname: "leg@confab",
        bye: true,
    }
}

#[test]
fn reports_are_read_as_written() {
    let whole = report();
    let table = [
        whole,
        Report { bye: false, ..whole },
        Report { xr: None, ..whole },
        Report { sender: None, ..whole },
        Report { block: None, ..whole },
        Report { sender: None, block: None, bye: false, ..whole },
    ];
    for sent in table {
        let mut out = [0; 200];
        let length = sent.write(&mut out);
        assert!(length % 4 == 0 && crate::is_rtcp(&out));
        let read = sent.xr.map(|sent| VoipMetrics { ..sent });
        let expected =
            Incoming { ssrc: 4, sender: sent.sender, block: sent.block, voip: read, bye: sent.bye };
        assert_eq!(parse(&out[..length], 9), Ok(expected));
        let other = parse(&out[..length], 8).unwrap();
        assert_eq!((other.block, other.voip), (None, None), "of another stream");
        for short in 0..length {
            assert_eq!(sent.write(&mut vec![0; short]), 0);
            let _ = parse(&out[..short], 9);
        }
    }
}

#[test]
fn the_name_is_read_by_another() {
    for length in 0..260 {
        let name = "n".repeat(length);
        let mut out = [0; 400];
        let written = Report { cname: &name, block: None, xr: None, ..report() }.write(&mut out);
        let mut packets = Compound::parse(&out[..written]).unwrap().skip(1);
        let Some(Ok(Packet::Sdes(sdes))) = packets.next() else { panic!("no SDES for {length}") };
        let chunk = sdes.chunks().next().unwrap();
        let item = chunk.items().next().unwrap();
        assert_eq!((chunk.ssrc(), item.value()), (4, &name.as_bytes()[..length.min(255)]));
        assert!(matches!(packets.next(), Some(Ok(Packet::Bye(_)))));
    }
}

#[test]
fn a_compound_begins_with_a_report() {
    let mut out = [0; 64];
    let length = Bye::builder().add_source(4).write_into(&mut out).unwrap();
    assert_eq!(parse(&out[..length], 9), Err(RtcpError::NoReport));
}

#[test]
fn round_trip_is_the_rest() {
    let block =
        ReportBlock { last_sr: 0x0001_8000, delay_since_last_sr: 0x0000_8000, ..ReportBlock::default() };
    let ntp = 0x0000_0002_4000_0000_u64;
    assert_eq!(round_trip(&block, ntp), Some(Duration::from_millis(250)));
    assert_eq!(round_trip(&ReportBlock { last_sr: 0, ..block }, ntp), None);
    assert_eq!(round_trip(&ReportBlock { delay_since_last_sr: 0x0002_0000, ..block }, ntp), None, "negative");
}

#[test]
fn ntp_counts_seconds_and_fractions_from_1900() {
    assert_eq!(ntp(Duration::ZERO), 2_208_988_800 << 32);
    assert_eq!(ntp(Duration::from_millis(1500)), 2_208_988_801 << 32 | 1 << 31);
}

#[test]
fn intervals_are_spread() {
    let at = |random, first| interval(random, first).as_millis();
    assert_eq!([at(0.0, false), at(1.0, false), at(0.0, true)], [2052, 6156, 1026]);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = parse(&bytes, 9);
    }

    #[test]
    fn any_damage_is_survived(place in 0usize..100, value: u8, length in 0usize..120) {
        let mut out = [0; 120];
        report().write(&mut out);
        out[place] = value;
        let _ = parse(&out[..length], 9);
    }
}
