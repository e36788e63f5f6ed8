//! Cuts the stream of encoded frames into packets of the ptime that the peer asked for.

/// G.711 octets in a millisecond.
const OCTETS_PER_MS: usize = 8;

/// The longest packet that is sent, ms.
const LONGEST_PTIME_MS: usize = 60;

/// The longest frame that is taken at once, ms.
const LONGEST_FRAME_MS: usize = 60;

const CAPACITY: usize = (LONGEST_PTIME_MS + LONGEST_FRAME_MS) * OCTETS_PER_MS;

/// The octets of one leg that wait for their packet to be full.
#[derive(Debug)]
pub(crate) struct Packetizer {
    octets: [u8; CAPACITY],
    len: usize,
    packet: usize,
}

impl Packetizer {
    /// Makes packets of `ptime_ms`, kept within 10 to 60 ms.
    pub(crate) fn new(ptime_ms: u8) -> Self {
        let packet = usize::from(ptime_ms).clamp(10, LONGEST_PTIME_MS) * OCTETS_PER_MS;
        Self { octets: [0; CAPACITY], len: 0, packet }
    }

    /// Octets (and samples: G.711 has one octet per sample) that wait for their packet to be full.
    pub(crate) fn pending(&self) -> usize {
        self.len
    }

    /// Takes a frame and gives each packet that is full now to `send`.
    pub(crate) fn push(&mut self, frame: &[u8], mut send: impl FnMut(&[u8])) {
        let end = (self.len + frame.len()).min(CAPACITY);
        self.octets[self.len..end].copy_from_slice(&frame[..end - self.len]);
        self.len = end;
        let mut sent = 0;
        while self.len - sent >= self.packet {
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

    /// Lengths of the packets of each of six 20 ms ticks.
    fn lengths(ptime_ms: u8) -> Vec<Vec<usize>> {
        let mut packetizer = Packetizer::new(ptime_ms);
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
        assert_eq!(Packetizer::new(0).packet, 80);
        assert_eq!(Packetizer::new(200).packet, 480);
    }

    #[test]
    fn octets_keep_their_order() {
        let mut packetizer = Packetizer::new(30);
        let mut sent = Vec::new();
        let stream: Vec<u8> = (0..=255).cycle().take(160 * 6).collect();
        for frame in stream.chunks(160) {
            packetizer.push(frame, |packet| sent.extend_from_slice(packet));
        }
        assert_eq!(sent, stream);
    }
}
