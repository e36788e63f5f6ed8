//! What the received packets sound like.

use confab_codec::{Codec, CodecError, Decoder};
use confab_rtp::Packet;

use super::format::Format;

/// The longest packet: 120 ms of Opus at 48 kHz (RFC 7587 §4.2).
const SAMPLES: usize = 120 * 48;

/// The decoder of a call. There is no jitter buffer: what comes is decoded at once.
pub(super) struct Receiver {
    codec: Codec,
    decoder: Decoder,
    /// The SSRC and the sequence number of the newest packet.
    newest: Option<(u32, u16)>,
    audio: Vec<i16>,
}

impl Receiver {
    pub(super) fn new(codec: Codec) -> Result<Self, CodecError> {
        let decoder = Decoder::new(codec, Format::of(codec).rate)?;
        Ok(Self { codec, decoder, newest: None, audio: vec![0; SAMPLES] })
    }

    pub(super) fn codec(&self) -> Codec {
        self.codec
    }

    /// The audio of a packet; `None` if it holds none, or comes too late for a decoder that has gone on without it.
    pub(super) fn decode(&mut self, packet: &Packet<'_>) -> Option<&[i16]> {
        if !self.goes_on(packet) && self.has_memory() {
            return None;
        }
        let samples = self.decoder.decode(packet.payload, &mut self.audio).ok()?;
        self.audio.get(..samples)
    }

    /// Whether the packet is younger than all before it.
    fn goes_on(&mut self, packet: &Packet<'_>) -> bool {
        let ahead = match self.newest {
            Some((ssrc, sequence)) if ssrc == packet.ssrc => packet.sequence.wrapping_sub(sequence),
            _ => 1,
        };
        let younger = (1..=u16::MAX / 2).contains(&ahead);
        if younger {
            self.newest = Some((packet.ssrc, packet.sequence));
        }
        younger
    }

    fn has_memory(&self) -> bool {
        matches!(self.codec, Codec::G722 | Codec::Opus(_))
    }
}

#[cfg(test)]
mod tests {
    use confab_codec::Encoder;

    use super::*;

    /// Packets of a loud sweep by a codec.
    fn payloads(codec: Codec) -> Vec<Vec<u8>> {
        let format = Format::of(codec);
        let mut encoder = Encoder::new(codec, format.rate).unwrap();
        let packet = |number: usize| {
            let samples = 20 * format.samples_per_ms();
            let pcm: Vec<i16> = (0..samples)
                .map(|n| (((number * samples + n).pow(2) / 700) % 20_000) as i16 - 10_000)
                .collect();
            let mut payload = vec![0; 2000];
            let octets = encoder.encode(&pcm, &mut payload);
            payload.truncate(octets);
            payload
        };
        (0..20).map(packet).collect()
    }

    fn packet(payload: &[u8], sequence: u16) -> Packet<'_> {
        Packet { payload, sequence, ..Packet::default() }
    }

    #[test]
    fn a_doubled_or_late_packet_does_not_spoil_those_behind_it() {
        for codec in [Codec::Pcmu, Codec::G722, Codec::Opus(Default::default())] {
            let payloads = payloads(codec);
            let (mut whole, mut torn) = (Receiver::new(codec).unwrap(), Receiver::new(codec).unwrap());
            for (number, payload) in payloads.iter().enumerate() {
                let sequence = 65_530_u16.wrapping_add(number as u16);
                let audio = whole.decode(&packet(payload, sequence)).unwrap();
                assert_eq!(torn.decode(&packet(payload, sequence)).unwrap(), audio, "{codec:?} {number}");
                let again = torn.decode(&packet(&payloads[0], sequence));
                assert_eq!(again.is_some(), codec == Codec::Pcmu);
            }
        }
    }

    #[test]
    fn what_is_no_audio_is_not_heard() {
        let mut receiver = Receiver::new(Codec::Opus(Default::default())).unwrap();
        assert_eq!(receiver.decode(&packet(&[], 1)), None);
        let mut receiver = Receiver::new(Codec::Pcmu).unwrap();
        assert_eq!(receiver.decode(&packet(&[0; 8000], 1)), None, "longer than any packet");
    }
}
