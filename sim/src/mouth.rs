//! The sending half of a phone: its microphone, its encoder, its clock.

use std::time::Duration;

use confab_codec::{Codec, CodecError, Encoder};
use confab_rtp::Packet;

use crate::phone::PhoneConfig;
use crate::source::Source;
use crate::track::Track;

/// The longest payload: 60 ms of L16 at 48 kHz.
const LONGEST_PAYLOAD: usize = 5760;

/// Makes the packets of one phone.
#[derive(Debug)]
pub(crate) struct Mouth {
    codec: Codec,
    encoder: Encoder,
    source: Source,
    ptime_ms: u32,
    /// Time between two packets by our clock.
    interval: f64,
    joined: Duration,
    packets: u32,
    ssrc: u32,
    first_sequence: u16,
    first_timestamp: u32,
    payload_type: u8,
    is_silent: bool,
    pub(crate) said: Track,
}

impl Mouth {
    /// The first packet leaves a packet's length and the phone's phase after `joined`.
    pub(crate) fn new(config: &PhoneConfig, joined: Duration, ssrc: u32) -> Result<Self, CodecError> {
        let rate = config.codec.coder_rate(config.rate);
        let ptime_ms = config.ptime_ms();
        Ok(Self {
            codec: config.codec,
            encoder: Encoder::new(config.codec, rate)?,
            source: Source::new(&config.talk, rate),
            ptime_ms,
            interval: f64::from(ptime_ms) / 1000.0 / (1.0 + config.clock_ppm / 1e6),
            joined: joined + config.phase,
            packets: 0,
            ssrc,
            first_sequence: ssrc as u16,
            first_timestamp: ssrc.rotate_left(16),
            payload_type: config.payload_type(),
            is_silent: true,
            said: Track::new(rate),
        })
    }

    /// When the next packet leaves.
    pub(crate) fn next_at(&self) -> Duration {
        self.joined + Duration::from_secs_f64(self.interval * f64::from(self.packets + 1))
    }

    /// The next datagram; `None` if its packet is not sent (discontinuous transmission).
    pub(crate) fn speak(&mut self) -> Option<Vec<u8>> {
        let at = self.next_at();
        let frame = self.listen_to_source(at);
        let mut payload = [0; LONGEST_PAYLOAD];
        let length = self.encoder.encode(&frame, &mut payload);
        let packet = Packet {
            marker: self.is_silent,
            payload_type: self.payload_type,
            sequence: self.first_sequence.wrapping_add(self.packets as u16),
            timestamp: self.first_timestamp.wrapping_add(self.packets.wrapping_mul(self.units())),
            ssrc: self.ssrc,
            payload: &payload[..length],
            ..Packet::default()
        };
        let mut datagram = vec![0; Packet::HEADER + length];
        packet.write(&mut datagram);
        self.packets += 1;
        self.is_silent = length == 0;
        (length > 0).then_some(datagram)
    }

    /// Duration of a packet in units of the RTP clock.
    fn units(&self) -> u32 {
        self.codec.clock_rate() / 1000 * self.ptime_ms
    }

    fn listen_to_source(&mut self, at: Duration) -> Vec<i16> {
        let mut frame = vec![0; (self.source.rate() / 1000 * self.ptime_ms) as usize];
        self.source.fill(&mut frame);
        self.said.mark(at);
        self.said.samples.extend_from_slice(&frame);
        frame
    }
}
