//! What is told of a leg's line, and what the peer's reports change.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{Bed, Phone};
use confab_audio::{Channel, Event, Tuning};
use confab_codec::{Codec, Opus};
use confab_rtp::{Packet, Quality, Verdict, rtcp};

fn looks(bed: &mut Bed, phone: usize) -> Vec<(Quality, Verdict)> {
    let own = bed.phones[phone].leg;
    let look = |event| match event {
        Event::LegQuality { leg, quality, verdict } if leg == own => Some((quality, verdict)),
        _ => None,
    };
    std::mem::take(&mut bed.events).into_iter().filter_map(look).collect()
}

/// A receiver report of the phone that so much is lost, in 1/256.
fn report_loss(bed: &mut Bed, phone: usize, fraction_lost: u8) {
    let leg = bed.phones[phone].leg;
    let sent = bed.phones[phone].reports.last().unwrap();
    let ssrc = u32::from_be_bytes(sent[4..8].try_into().unwrap());
    let block = rtcp::ReportBlock { ssrc, fraction_lost, ..rtcp::ReportBlock::default() };
    let report = rtcp::Report {
        ssrc: 77 + leg.0 as u32,
        sender: None,
        block: Some(block),
        xr: None,
        cname: "x",
        bye: false,
    };
    let mut octets = [0; 256];
    let len = report.write(&mut octets);
    let index = bed.room.index_of(leg).unwrap();
    bed.room.receive(index, bed.now, Channel::Rtcp, bed.phones[phone].address, &octets[..len]);
}

#[test]
fn the_line_is_looked_at_every_five_seconds() {
    let mut bed = Bed::new(8000, 20, Tuning::Fixed);
    let phone = bed.join(Phone::new(1, Codec::Pcmu).singing(500.0, -20.0));
    bed.run(5200);
    let told = looks(&mut bed, phone);
    assert_eq!(told.len(), 1);
    let (quality, verdict) = told[0];
    assert_eq!((verdict, quality.uplink.lost), (Verdict::Good, 0));
    assert!(quality.uplink.score.mos_lq > 4.3, "{:?}", quality.uplink.score);

    bed.phones[phone].loses_each = Some(20);
    bed.run(10_500);
    let told = looks(&mut bed, phone);
    let (quality, verdict) = told[1];
    assert_eq!(verdict, Verdict::Uplink);
    assert!(quality.uplink.concealed_ms > 300 && quality.uplink.score.mos_lq < 4.2, "{:?}", quality.uplink);

    bed.phones[phone].loses_each = None;
    bed.lateness = Duration::from_millis(12);
    bed.run(10_500);
    assert_eq!(looks(&mut bed, phone)[1].1, Verdict::OurLoad);
}

#[test]
fn a_peer_that_loses_packets_gets_them_twice() {
    let codec = Codec::Opus(Opus { bitrate: 24_000, ..Opus::default() });
    let mut bed = Bed::new(16_000, 20, Tuning::Fixed);
    bed.join(Phone::new(1, Codec::G722).singing(500.0, -20.0));
    let listener = bed.join(Phone::new(2, codec));
    let neighbour = bed.join(Phone::new(3, codec));
    bed.run(8000);
    let last = |bed: &Bed, phone: usize| bed.phones[phone].got.last().unwrap().payload.clone();
    assert_eq!(last(&bed, listener), last(&bed, neighbour), "they share an encoder");
    for _ in 0..10 {
        report_loss(&mut bed, listener, 25);
        report_loss(&mut bed, neighbour, 0);
        bed.run(200);
    }
    bed.run(1000);
    assert_ne!(last(&bed, listener), last(&bed, neighbour), "one is prepared for loss");
    for _ in 0..30 {
        report_loss(&mut bed, listener, 0);
        bed.run(200);
    }
    bed.run(3000);
    assert_eq!(last(&bed, listener), last(&bed, neighbour), "they share an encoder again");
}

#[test]
fn metrics_are_told_to_a_peer_that_wants_them() {
    for wanted in [false, true] {
        let mut bed = Bed::new(8000, 20, Tuning::Fixed);
        let mut phone = Phone::new(1, Codec::Pcmu).singing(500.0, -20.0);
        phone.stream.xr = wanted;
        let phone = bed.join(phone);
        bed.run(20_000);
        let told = bed.phones[phone].reports.iter().filter_map(|report| rtcp::parse(report, 78).ok());
        assert_eq!(told.filter(|report| report.voip.is_some()).count() > 0, wanted);
    }
}

#[test]
fn a_payload_type_that_nobody_agreed_on_is_ignored_and_counted() {
    let mut bed = Bed::new(8000, 20, Tuning::Fixed);
    let phone = bed.join(Phone::new(1, Codec::Pcmu).singing(500.0, -20.0));
    bed.run(200);
    for payload in [&[][..], &[1; 7], &[0xff; 1600]] {
        let datagram = bed.phones[phone].datagram(111, payload);
        bed.deliver(phone, &datagram);
    }
    bed.run(200);
    let leg = bed.room.stop(bed.phones[phone].leg, bed.now, &mut bed.outbox).unwrap();
    assert!(leg.stats().packets_dropped >= 3, "{:?}", leg.stats());
}

#[test]
fn broken_payloads_are_no_more_than_a_loss() {
    for codec in [Codec::Pcmu, Codec::G722, Codec::L16 { rate: 16_000 }, common::opus()] {
        let mut bed = Bed::new(16_000, 20, Tuning::Fixed);
        let phone = bed.join(Phone::new(1, codec).singing(500.0, -20.0));
        let listener = bed.join(Phone::new(2, codec));
        bed.run(200);
        for (round, len) in [0, 1, 2, 3, 5, 40, 161, 480, 1275, 1499, 1972].into_iter().enumerate() {
            let junk: Vec<u8> = (0..len).map(|at| (at * 37 + round * 101) as u8).collect();
            let datagram = bed.phones[phone].datagram(common::PAYLOAD_TYPE, &junk);
            assert!(Packet::parse(&datagram).is_ok());
            bed.deliver(phone, &datagram);
            bed.run(60);
        }
        bed.run(1500);
        let (level, _) = bed.phones[listener].hears(500.0, 200);
        assert!((level + 20.0).abs() < 0.5, "{codec:?}: {level}");
    }
}
