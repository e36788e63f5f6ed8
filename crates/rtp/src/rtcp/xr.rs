//! The VoIP metrics block of extended reports (RFC 3611 §4.7).

use super::Writer;

/// Packet type of extended reports (RFC 3611 §2).
pub(super) const PACKET_TYPE: u8 = 207;
/// Block type of VoIP metrics.
const VOIP_METRICS: u8 = 7;
/// Words of such a block behind its header.
const WORDS: u16 = 8;
/// What cannot be told.
const UNAVAILABLE: u8 = 127;
/// Standard concealment, adaptive jitter buffer (RFC 3611 §4.7.6).
const RECEIVER: u8 = 0b1111_0000;

/// How a receiver finds the quality of one stream (RFC 3611 §4.7). Shares are of 256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VoipMetrics {
    /// The stream's SSRC.
    pub ssrc: u32,
    /// Share of packets lost.
    pub loss_rate: u8,
    /// Share of packets that came too late, or were thrown away.
    pub discard_rate: u8,
    /// Share of bad packets in bursts.
    pub burst_density: u8,
    /// Share of bad packets in gaps.
    pub gap_density: u8,
    /// Mean length of bursts, ms.
    pub burst_ms: u16,
    /// Mean length of gaps, ms.
    pub gap_ms: u16,
    /// Last round trip, ms.
    pub round_trip_ms: u16,
    /// Delay within the reporter, ms.
    pub end_system_ms: u16,
    /// From this many good packets on it is a gap.
    pub gap_minimum: u8,
    /// R factor of the conversation, 0 to 100.
    pub r_factor: Option<u8>,
    /// Listening quality in tenths of MOS, 10 to 50.
    pub mos_lq: Option<u8>,
    /// Conversational quality in tenths of MOS.
    pub mos_cq: Option<u8>,
    /// Delay of the jitter buffer at present, ms.
    pub buffer_ms: u16,
    /// What it would be for the latest packets that are not discarded, ms.
    pub buffer_maximum_ms: u16,
    /// The most that it may become, ms.
    pub buffer_limit_ms: u16,
}

impl VoipMetrics {
    pub(super) fn write(&self, ssrc: u32, writer: &mut Writer<'_>) -> Option<()> {
        writer.head(0, PACKET_TYPE, 2 + WORDS)?;
        writer.word(ssrc)?;
        writer.put(&[VOIP_METRICS, 0, 0, WORDS as u8])?;
        writer.word(self.ssrc)?;
        writer.put(&[self.loss_rate, self.discard_rate, self.burst_density, self.gap_density])?;
        writer.halves(self.burst_ms, self.gap_ms)?;
        writer.halves(self.round_trip_ms, self.end_system_ms)?;
        writer.put(&[UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, self.gap_minimum])?;
        let told = |value: Option<u8>| value.unwrap_or(UNAVAILABLE);
        writer.put(&[told(self.r_factor), UNAVAILABLE, told(self.mos_lq), told(self.mos_cq)])?;
        writer.put(&[RECEIVER, 0])?;
        writer.put(&self.buffer_ms.to_be_bytes())?;
        writer.halves(self.buffer_maximum_ms, self.buffer_limit_ms)
    }
}

/// The VoIP metrics of `ssrc` in an extended report, which may hold blocks of any kind. `None` also if one is cut off.
pub(super) fn find(packet: &[u8], ssrc: u32) -> Option<VoipMetrics> {
    let mut rest = packet.get(8..)?;
    loop {
        let ([kind, _, high, low], behind) = rest.split_first_chunk::<4>()?;
        let length = 4 * usize::from(u16::from_be_bytes([*high, *low]));
        let (block, behind) = behind.split_at_checked(length)?;
        if *kind == VOIP_METRICS
            && let Some(metrics) = read(block).filter(|metrics| metrics.ssrc == ssrc)
        {
            return Some(metrics);
        }
        rest = behind;
    }
}

fn read(block: &[u8]) -> Option<VoipMetrics> {
    let block: &[u8; 4 * WORDS as usize] = block.try_into().ok()?;
    let half = |at: usize| u16::from_be_bytes([block[at], block[at + 1]]);
    let told = |at: usize, known: std::ops::RangeInclusive<u8>| {
        Some(block[at]).filter(|value| known.contains(value))
    };
    Some(VoipMetrics {
        ssrc: u32::from(half(0)) << 16 | u32::from(half(2)),
        loss_rate: block[4],
        discard_rate: block[5],
        burst_density: block[6],
        gap_density: block[7],
        burst_ms: half(8),
        gap_ms: half(10),
        round_trip_ms: half(12),
        end_system_ms: half(14),
        gap_minimum: block[19],
        r_factor: told(20, 0..=100),
        mos_lq: told(22, 10..=50),
        mos_cq: told(23, 10..=50),
        buffer_ms: half(26),
        buffer_maximum_ms: half(28),
        buffer_limit_ms: half(30),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn metrics() -> VoipMetrics {
        VoipMetrics {
            ssrc: 0x1234_5678,
            loss_rate: 1,
            discard_rate: 2,
            burst_density: 3,
            gap_density: 4,
            burst_ms: 500,
            gap_ms: 60_000,
            round_trip_ms: 70,
            end_system_ms: 80,
            gap_minimum: 16,
            r_factor: Some(93),
            mos_lq: Some(44),
            mos_cq: None,
            buffer_ms: 20,
            buffer_maximum_ms: 60,
            buffer_limit_ms: 200,
        }
    }

    fn written(metrics: &VoipMetrics) -> Vec<u8> {
        let mut out = [0; 100];
        let mut writer = Writer { out: &mut out, length: 0 };
        metrics.write(9, &mut writer).unwrap();
        let length = writer.length;
        out[..length].to_vec()
    }

    #[test]
    fn the_octets_are_those_of_the_rfc() {
        let expected = [
            [0x80, 207, 0, 10],
            [0, 0, 0, 9],
            [7, 0, 0, 8],
            [0x12, 0x34, 0x56, 0x78],
            [1, 2, 3, 4],
            [0x01, 0xf4, 0xea, 0x60],
            [0, 70, 0, 80],
            [127, 127, 127, 16],
            [93, 127, 44, 127],
            [0xf0, 0, 0, 20],
            [0, 60, 0, 200],
        ];
        assert_eq!(written(&metrics()), expected.as_flattened());
    }

    #[test]
    fn other_blocks_and_other_streams_are_passed() {
        let ours = written(&metrics());
        let mut report = ours[..8].to_vec();
        // A receiver reference time, a VoIP block of a wrong length, one of another stream.
        report.extend([4, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 7, 0, 0, 1, 0x12, 0x34, 0x56, 0x78]);
        report.extend(&written(&VoipMetrics { ssrc: 1, ..metrics() })[8..]);
        assert_eq!(find(&report, 0x1234_5678), None);
        report.extend(&ours[8..]);
        assert_eq!(find(&report, 0x1234_5678), Some(metrics()));
        assert_eq!(find(&report[..report.len() - 1], 0x1234_5678), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(octets in proptest::collection::vec(any::<u8>(), 0..120), ssrc: u32) {
            let _ = find(&octets, ssrc);
        }
    }
}
