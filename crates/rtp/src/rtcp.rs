//! RTCP reports (RFC 3550 §6, RFC 3611). NTP times are 32.32 fixed point seconds since 1900.

use std::time::Duration;

use rtcp_types::{
    Bye, Compound, ReceiverReport, RtcpPacket, RtcpPacketParser, RtcpParseError, Sdes, SdesItem, SenderReport,
};

pub use xr::VoipMetrics;

mod xr;

/// Time between reports of a session of two or a few (RFC 3550 §6.2).
const INTERVAL: Duration = Duration::from_secs(5);
/// Seconds from 1900, where NTP begins, to the Unix epoch.
const NTP_TO_UNIX_S: u64 = 2_208_988_800;
/// Makes up for the timer reconsideration converging below the intended mean (RFC 3550 §6.3.1).
const COMPENSATION: f64 = std::f64::consts::E - 1.5;
/// The largest and smallest loss that 24 bits hold.
const LOST: std::ops::RangeInclusive<i32> = -0x80_0000..=0x7f_ffff;

/// Why a datagram is no RTCP compound packet.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RtcpError {
    /// A length, version or padding is wrong.
    #[error("malformed RTCP: {0}")]
    Malformed(#[from] RtcpParseError),
    /// A compound packet starts with a report (RFC 3550 §6.1), and this one does not.
    #[error("no report at the start")]
    NoReport,
}

/// What a sender says of itself (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SenderInfo {
    /// When the report was made.
    pub ntp: u64,
    /// The same instant in RTP time.
    pub rtp_timestamp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Payload bytes sent.
    pub octets: u32,
}

/// What a receiver says of one stream (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReportBlock {
    /// The stream's SSRC.
    pub ssrc: u32,
    /// Lost since the last report, of 256.
    pub fraction_lost: u8,
    /// Lost since the beginning; negative when duplicates outnumber losses.
    pub cumulative_lost: i32,
    /// Highest sequence number received, extended by its cycles.
    pub highest_sequence: u32,
    /// Interarrival jitter in timestamp units.
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of the last sender report, 0 if there was none.
    pub last_sr: u32,
    /// Time since that report came, in 1/65536 s.
    pub delay_since_last_sr: u32,
}

/// A report to send.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// Our SSRC.
    pub ssrc: u32,
    /// Makes it a sender report; without it is a receiver report.
    pub sender: Option<SenderInfo>,
    /// The stream we receive.
    pub block: Option<ReportBlock>,
    /// How we find the stream we receive, for a peer that wants to know (`a=rtcp-xr`, RFC 3611 §5.1).
    pub xr: Option<VoipMetrics>,
    /// Canonical name, at most 255 bytes.
    pub cname: &'a str,
    /// Say goodbye at the end.
    pub bye: bool,
}

impl Report<'_> {
    /// Write the compound packet SR or RR, SDES, XR, BYE; its length, or 0 if `out` is too short.
    pub fn write(&self, out: &mut [u8]) -> usize {
        let mut writer = Writer { out, length: 0 };
        self.try_write(&mut writer).map_or(0, |()| writer.length)
    }

    fn try_write(&self, writer: &mut Writer<'_>) -> Option<()> {
        let blocks = u8::from(self.block.is_some());
        match &self.sender {
            Some(sender) => {
                writer.head(blocks, SenderReport::PACKET_TYPE, 6 + 6 * u16::from(blocks))?;
                writer.word(self.ssrc)?;
                writer.sender_info(sender)?;
            }
            None => {
                writer.head(blocks, ReceiverReport::PACKET_TYPE, 1 + 6 * u16::from(blocks))?;
                writer.word(self.ssrc)?;
            }
        }
        if let Some(block) = &self.block {
            writer.report_block(block)?;
        }
        writer.cname(self.ssrc, self.cname)?;
        if let Some(metrics) = &self.xr {
            metrics.write(self.ssrc, writer)?;
        }
        if self.bye {
            writer.head(1, Bye::PACKET_TYPE, 1)?;
            writer.word(self.ssrc)?;
        }
        Some(())
    }
}

/// What a received compound packet says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Incoming {
    /// Who sent it.
    pub ssrc: u32,
    /// From a sender report.
    pub sender: Option<SenderInfo>,
    /// What it says of our stream.
    pub block: Option<ReportBlock>,
    /// How it finds our stream.
    pub voip: Option<VoipMetrics>,
    /// It says goodbye. This is information, never a reason to end a call: it may be forged.
    pub bye: bool,
}

/// Read a compound packet; `own_ssrc` selects the report block.
pub fn parse(datagram: &[u8], own_ssrc: u32) -> Result<Incoming, RtcpError> {
    // Checks the lengths of all the packets; what is in them is read one by one, as SDES is of no use to us.
    Compound::parse(datagram)?;
    let (first, mut rest) = split_packet(datagram).ok_or(RtcpError::NoReport)?;
    let mut incoming = match packet_type(first) {
        Some(SenderReport::PACKET_TYPE) => of_sender_report(&SenderReport::parse(first)?, own_ssrc),
        Some(ReceiverReport::PACKET_TYPE) => of_receiver_report(&ReceiverReport::parse(first)?, own_ssrc),
        _ => return Err(RtcpError::NoReport),
    };
    while let Some((packet, further)) = split_packet(rest) {
        match packet_type(packet) {
            Some(Bye::PACKET_TYPE) => {
                incoming.bye |= Bye::parse(packet)?.ssrcs().any(|ssrc| ssrc == incoming.ssrc);
            }
            Some(xr::PACKET_TYPE) => incoming.voip = xr::find(packet, own_ssrc).or(incoming.voip),
            _ => {}
        }
        rest = further;
    }
    Ok(incoming)
}

/// Round trip time from a report block about us that came at `ntp` (RFC 3550 §6.4.1). `None` if the block answers no
/// sender report, or claims more than a minute.
#[must_use]
pub fn round_trip(block: &ReportBlock, ntp: u64) -> Option<Duration> {
    if block.last_sr == 0 {
        return None;
    }
    let units = middle(ntp).wrapping_sub(block.last_sr).wrapping_sub(block.delay_since_last_sr);
    (units < 60 << 16).then(|| Duration::from_secs(1) * units / (1 << 16))
}

/// The NTP time of what is so long after the Unix epoch.
#[must_use]
pub fn ntp(since_unix_epoch: Duration) -> u64 {
    let fraction = (u64::from(since_unix_epoch.subsec_nanos()) << 32) / 1_000_000_000;
    (since_unix_epoch.as_secs() + NTP_TO_UNIX_S) << 32 | fraction
}

/// The middle 32 bits of an NTP time: 16.16 fixed point seconds.
#[must_use]
pub fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}

/// Time to the next report of a session of two (RFC 3550 §6.3.1): 5 s (2.5 s for the `first`), randomised by
/// `random` in 0..1 to 0.5 to 1.5 times that, over e − 1.5.
#[must_use]
pub fn interval(random: f64, first: bool) -> Duration {
    let mean = if first { INTERVAL / 2 } else { INTERVAL };
    mean.mul_f64((random.clamp(0.0, 1.0) + 0.5) / COMPENSATION)
}

fn of_sender_report(report: &SenderReport<'_>, own_ssrc: u32) -> Incoming {
    let sender = SenderInfo {
        ntp: report.ntp_timestamp(),
        rtp_timestamp: report.rtp_timestamp(),
        packets: report.packet_count(),
        octets: report.octet_count(),
    };
    Incoming {
        ssrc: report.ssrc(),
        sender: Some(sender),
        block: report.report_blocks().find(|block| block.ssrc() == own_ssrc).map(|block| read_block(&block)),
        ..Incoming::default()
    }
}

fn read_block(block: &rtcp_types::ReportBlock<'_>) -> ReportBlock {
    ReportBlock {
        ssrc: block.ssrc(),
        fraction_lost: block.fraction_lost(),
        // 24 bits with a sign.
        cumulative_lost: (block.cumulative_lost() << 8).cast_signed() >> 8,
        highest_sequence: block.extended_sequence_number(),
        jitter: block.interarrival_jitter(),
        last_sr: block.last_sender_report_timestamp(),
        delay_since_last_sr: block.delay_since_last_sender_report_timestamp(),
    }
}

fn of_receiver_report(report: &ReceiverReport<'_>, own_ssrc: u32) -> Incoming {
    let block = report.report_blocks().find(|block| block.ssrc() == own_ssrc);
    Incoming { ssrc: report.ssrc(), block: block.map(|block| read_block(&block)), ..Incoming::default() }
}

fn packet_type(packet: &[u8]) -> Option<u8> {
    packet.get(1).copied()
}

/// The first packet of a compound, by its own length, and the rest.
fn split_packet(compound: &[u8]) -> Option<(&[u8], &[u8])> {
    let [_, _, high, low] = compound.first_chunk::<4>()?;
    compound.split_at_checked(4 + 4 * usize::from(u16::from_be_bytes([*high, *low])))
}

/// Writes packets one behind the other, as far as there is room.
struct Writer<'a> {
    out: &'a mut [u8],
    length: usize,
}

impl Writer<'_> {
    /// The common header; `words` is the length without it, in 32 bit words.
    fn head(&mut self, count: u8, kind: u8, words: u16) -> Option<()> {
        let [high, low] = words.to_be_bytes();
        self.put(&[0x80 | count, kind, high, low])
    }

    fn sender_info(&mut self, sender: &SenderInfo) -> Option<()> {
        self.put(&sender.ntp.to_be_bytes())?;
        self.word(sender.rtp_timestamp)?;
        self.word(sender.packets)?;
        self.word(sender.octets)
    }

    fn report_block(&mut self, block: &ReportBlock) -> Option<()> {
        let lost = block.cumulative_lost.clamp(*LOST.start(), *LOST.end()).cast_unsigned() & 0xff_ffff;
        self.word(block.ssrc)?;
        self.word(u32::from(block.fraction_lost) << 24 | lost)?;
        self.word(block.highest_sequence)?;
        self.word(block.jitter)?;
        self.word(block.last_sr)?;
        self.word(block.delay_since_last_sr)
    }

    /// One SDES chunk with one item, ended by one to four zeros (RFC 3550 §6.5).
    fn cname(&mut self, ssrc: u32, cname: &str) -> Option<()> {
        let name = cname.as_bytes();
        let name = name.get(..usize::from(u8::MAX)).unwrap_or(name);
        let length = u8::try_from(name.len()).ok()?;
        let words = (2 + u16::from(length)) / 4 + 1;
        let end = self.length + 8 + 4 * usize::from(words);
        self.head(1, Sdes::PACKET_TYPE, 1 + words)?;
        self.word(ssrc)?;
        self.put(&[SdesItem::CNAME, length])?;
        self.put(name)?;
        self.put([0; 4].get(..end - self.length)?)
    }

    fn halves(&mut self, first: u16, second: u16) -> Option<()> {
        self.word(u32::from(first) << 16 | u32::from(second))
    }

    fn word(&mut self, word: u32) -> Option<()> {
        self.put(&word.to_be_bytes())
    }

    fn put(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.length + bytes.len();
        self.out.get_mut(self.length..end)?.copy_from_slice(bytes);
        self.length = end;
        Some(())
    }
}

#[cfg(test)]
mod tests;
