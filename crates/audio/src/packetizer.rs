//! Cuts the stream of encoded octets into packets of the ptime that the peer asked for.

use confab_codec::Codec;

use crate::format::Format;

/// The longest packet that is sent, ms.
const LONGEST_PTIME_MS: usize = 60;

/// The longest payload that is sent, octets: with all headers it fits into an Ethernet frame.
const LONGEST_PAYLOAD: usize = 1400;

/// The octets of one leg that wait for their packet to be full.
#[derive(Debug)]
pub(crate) struct Packetizer {
    octets: Box<[u8]>,
    len: usize,
    packet: usize,
}

impl Packetizer {
    /// Makes packets of `ptime_ms`, kept within 10 to 60 ms and within one datagram, from frames of a room's `format`.
    /// Nothing is to be cut for a codec that codes whole packets.
    pub(crate) fn new(codec: Codec, ptime_ms: u8, format: Format) -> Self {
        let per_ms = codec.octets_per_ms().unwrap_or(0);
        let fitting_ms = LONGEST_PAYLOAD.checked_div(per_ms).map_or(LONGEST_PTIME_MS, |ms| ms / 10 * 10);
        let longest_ms = fitting_ms.clamp(10, LONGEST_PTIME_MS);
        let packet = usize::from(ptime_ms).clamp(10, longest_ms) * per_ms;
        let frame = usize::from(format.interval_ms) * per_ms;
        Self { octets: vec![0; packet + frame].into(), len: 0, packet }
    }

    /// Octets of a packet.
    pub(crate) fn packet(&self) -> usize {
        self.packet
    }

    /// Octets that wait for their packet to be full.
    pub(crate) fn pending(&self) -> usize {
        self.len
    }

    /// Takes the octets of a frame and gives each packet that is full now to `send`.
    pub(crate) fn push(&mut self, frame: &[u8], mut send: impl FnMut(&[u8])) {
        if self.len == 0 && frame.len() == self.packet {
            return send(frame);
        }
        let end = (self.len + frame.len()).min(self.octets.len());
        self.octets[self.len..end].copy_from_slice(&frame[..end - self.len]);
        self.len = end;
        let mut sent = 0;
        while self.packet > 0 && self.len - sent >= self.packet {
            send(&self.octets[sent..sent + self.packet]);
            sent += self.packet;
        }
        self.octets.copy_within(sent..self.len, 0);
        self.len -= sent;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: Format = Format { rate: 8000, interval_ms: 20 };

    fn packetizer(ptime_ms: u8) -> Packetizer {
        Packetizer::new(Codec::Pcmu, ptime_ms, FORMAT)
    }

    /// Lengths of the packets of each of six 20 ms ticks.
    fn lengths(ptime_ms: u8) -> Vec<Vec<usize>> {
        let mut packetizer = packetizer(ptime_ms);
        let tick = |_| {
            let mut sent = Vec::new();
            packetizer.push(&[0; 160], |packet| sent.push(packet.len()));
            sent
        };
        (0..6).map(tick).collect()
    }

    #[test]
    fn every_ptime_from_20_ms_frames() {
        let none = Vec::new;
        assert_eq!(lengths(10), vec![vec![80, 80]; 6]);
        assert_eq!(lengths(20), vec![vec![160]; 6]);
        assert_eq!(lengths(30), [none(), vec![240], vec![240], none(), vec![240], vec![240]]);
        assert_eq!(lengths(40), [none(), vec![320], none(), vec![320], none(), vec![320]]);
        assert_eq!(lengths(60), [none(), none(), vec![480], none(), none(), vec![480]]);
    }

    #[test]
    fn odd_wishes_are_kept_in_bounds() {
        assert_eq!(packetizer(0).packet, 80);
        assert_eq!(packetizer(200).packet, 480);
        let wide = |rate, ptime_ms| Packetizer::new(Codec::L16 { rate }, ptime_ms, FORMAT).packet;
        assert_eq!((wide(48_000, 20), wide(16_000, 60), wide(8000, 60)), (960, 1280, 960));
    }

    #[test]
    fn octets_keep_their_order() {
        let mut packetizer = packetizer(30);
        let mut sent = Vec::new();
        let stream: Vec<u8> = (0..=255).cycle().take(160 * 6).collect();
        for frame in stream.chunks(160) {
            packetizer.push(frame, |packet| sent.extend_from_slice(packet));
        }
        assert_eq!(sent, stream);
    }
}
