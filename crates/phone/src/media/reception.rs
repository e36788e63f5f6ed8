//! What a phone says by RTCP of how it receives.

use std::time::{Duration, Instant};

use confab_rtp::rtcp::{self, Incoming, ReportBlock, VoipMetrics};

use crate::heard::Header;

/// What the peer is told about its stream, true or not: for tests of what it makes of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reception {
    /// The share of packets lost since the last report, 0 to 1.
    pub fraction_lost: f32,
    /// Packets lost since the start.
    pub cumulative_lost: i32,
    /// The interarrival jitter.
    pub jitter: Duration,
    /// The VoIP metrics of RFC 3611 §4.7, sent beside the report; its SSRC is filled in.
    pub voip: Option<VoipMetrics>,
}

/// What a report is about: the peer's stream and its own last report.
#[derive(Debug, Default)]
pub(super) struct Peer {
    ssrc: u32,
    /// With the cycles above its 16 bits.
    highest_sequence: u32,
    /// The middle of the NTP time of the last sender report, and when it came.
    last_sr: Option<(u32, Instant)>,
}

impl Peer {
    /// A packet of the stream has come.
    pub(super) fn on_packet(&mut self, header: Header) {
        let ahead = header.sequence.wrapping_sub(self.highest_sequence as u16);
        if header.ssrc != self.ssrc {
            (self.ssrc, self.highest_sequence) = (header.ssrc, header.sequence.into());
        } else if ahead <= u16::MAX / 2 {
            self.highest_sequence += u32::from(ahead);
        }
    }

    /// A report has come.
    pub(super) fn on_report(&mut self, at: Instant, report: &Incoming) {
        if let Some(sender) = report.sender {
            self.last_sr = Some((rtcp::middle(sender.ntp), at));
        }
    }

    /// The report block that says so (RFC 3550 §6.4.1).
    pub(super) fn block(&self, now: Instant, reception: &Reception, clock_rate: u32) -> ReportBlock {
        let (last_sr, since) = self.last_sr.map_or((0, Duration::ZERO), |(sr, at)| (sr, now - at));
        ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: (reception.fraction_lost * 256.0) as u8,
            cumulative_lost: reception.cumulative_lost,
            highest_sequence: self.highest_sequence,
            jitter: (reception.jitter.as_secs_f64() * f64::from(clock_rate)) as u32,
            last_sr,
            delay_since_last_sr: (since.as_secs_f64() * 65_536.0) as u32,
        }
    }

    /// The metrics, with the SSRC of the stream.
    pub(super) fn voip(&self, reception: &Reception) -> Option<VoipMetrics> {
        reception.voip.map(|voip| VoipMetrics { ssrc: self.ssrc, ..voip })
    }
}

#[cfg(test)]
mod tests {
    use confab_rtp::rtcp::SenderInfo;

    use super::*;

    #[test]
    fn a_block_names_the_stream_and_answers_the_last_report() {
        let (mut peer, start) = (Peer::default(), Instant::now());
        for sequence in [65_534, 65_535, 0, 65_533, 1] {
            peer.on_packet(Header { ssrc: 7, sequence, ..Header::default() });
        }
        let sender = SenderInfo { ntp: 0x1234_5678_9abc_def0, rtp_timestamp: 1, packets: 2, octets: 3 };
        let report = Incoming { ssrc: 7, sender: Some(sender), block: None, voip: None, bye: false };
        peer.on_report(start, &report);
        let jitter = Duration::from_millis(10);
        let reception = Reception { fraction_lost: 0.25, cumulative_lost: 9, jitter, voip: None };
        let block = peer.block(start + Duration::from_millis(500), &reception, 8000);
        assert_eq!((block.ssrc, block.highest_sequence), (7, 65_537));
        assert_eq!((block.fraction_lost, block.cumulative_lost, block.jitter), (64, 9, 80));
        assert_eq!((block.last_sr, block.delay_since_last_sr), (0x5678_9abc, 32_768));
    }
}
