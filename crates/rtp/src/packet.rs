//! RTP packets on the wire (RFC 3550 §5.1).

use crate::Extension;

const HEADER: usize = 12;

/// Why a datagram is no RTP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RtpError {
    /// Shorter than its own header says.
    #[error("truncated")]
    Truncated,
    /// Not version 2.
    #[error("not RTP version 2")]
    Version,
    /// The padding count is zero or larger than the payload.
    #[error("bad padding")]
    Padding,
}

/// One RTP packet (RFC 3550 §5.1), its payload borrowed from the datagram. CSRCs and padding are checked and skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Packet<'a> {
    /// First packet of a talk spurt, or of a key.
    pub marker: bool,
    /// Payload type, 0 to 127.
    pub payload_type: u8,
    /// Sequence number.
    pub sequence: u16,
    /// Timestamp in units of the clock rate.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
    /// The header extension, empty if there is none; [`Packet::write`] leaves it out.
    pub extension: Extension<'a>,
    /// The payload.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Length in bytes of the header that [`Packet::write`] writes.
    pub const HEADER: usize = HEADER;

    /// Read a datagram.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, RtpError> {
        let (header, rest) = datagram.split_first_chunk::<HEADER>().ok_or(RtpError::Truncated)?;
        let [flags, kind, s0, s1, t0, t1, t2, t3, i0, i1, i2, i3] = *header;
        if flags >> 6 != 2 {
            return Err(RtpError::Version);
        }
        let rest = skip_csrcs(rest, usize::from(flags & 0x0f))?;
        let (extension, rest) =
            if flags & 0x10 != 0 { split_extension(rest)? } else { (Extension::default(), rest) };
        let payload = if flags & 0x20 != 0 { strip_padding(rest)? } else { rest };
        Ok(Self {
            marker: kind & 0x80 != 0,
            payload_type: kind & 0x7f,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([i0, i1, i2, i3]),
            extension,
            payload,
        })
    }

    /// Write header and payload; the length written, or 0 if `out` is too short.
    pub fn write(&self, out: &mut [u8]) -> usize {
        let length = Self::HEADER + self.payload.len();
        let Some((header, payload)) =
            out.get_mut(..length).and_then(|out| out.split_at_mut_checked(Self::HEADER))
        else {
            return 0;
        };
        header.copy_from_slice(&self.header());
        payload.copy_from_slice(self.payload);
        length
    }

    /// The header alone, without CSRC, extension or padding.
    #[must_use]
    pub fn header(&self) -> [u8; HEADER] {
        let [s0, s1] = self.sequence.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.to_be_bytes();
        let [i0, i1, i2, i3] = self.ssrc.to_be_bytes();
        let kind = u8::from(self.marker) << 7 | self.payload_type & 0x7f;
        [0x80, kind, s0, s1, t0, t1, t2, t3, i0, i1, i2, i3]
    }
}

/// Whether a datagram that came to a port shared by RTP and RTCP is RTCP (RFC 5761 §4).
#[must_use]
pub fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram, [flags, kind, ..] if flags >> 6 == 2 && (192..=223).contains(kind))
}

fn skip_csrcs(rest: &[u8], count: usize) -> Result<&[u8], RtpError> {
    rest.get(4 * count..).ok_or(RtpError::Truncated)
}

fn split_extension(rest: &[u8]) -> Result<(Extension<'_>, &[u8]), RtpError> {
    let ([p0, p1, high, low], rest) = rest.split_first_chunk::<4>().ok_or(RtpError::Truncated)?;
    let words = usize::from(u16::from_be_bytes([*high, *low]));
    let (elements, rest) = rest.split_at_checked(4 * words).ok_or(RtpError::Truncated)?;
    Ok((Extension { profile: u16::from_be_bytes([*p0, *p1]), elements }, rest))
}

fn strip_padding(rest: &[u8]) -> Result<&[u8], RtpError> {
    let count = usize::from(*rest.last().ok_or(RtpError::Padding)?);
    match rest.len().checked_sub(count) {
        Some(length) if count > 0 => rest.get(..length).ok_or(RtpError::Padding),
        _ => Err(RtpError::Padding),
    }
}

#[cfg(test)]
mod tests;
