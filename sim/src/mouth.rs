//! The sending half of a phone: its microphone, its encoder, its clock.

use std::time::Duration;

use confab_codec::{Codec, CodecError, Encoder};
use confab_rtp::{EventSender, Packet};

use crate::phone::{EVENTS, PhoneConfig, Press};
use crate::source::Source;
use crate::track::Track;

/// The longest payload: 60 ms of L16 at 48 kHz.
const LONGEST_PAYLOAD: usize = 5760;

/// How long a key is down, ms.
const KEY_MS: u32 = 100;

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
    /// Keys that are still to be pressed, the next one last.
    presses: Vec<Press>,
    keys: EventSender,
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
            presses: config.presses.iter().rev().copied().collect(),
            keys: EventSender::new(),
            said: Track::new(rate),
        })
    }

    pub(crate) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// When the next packet leaves.
    pub(crate) fn next_at(&self) -> Duration {
        self.joined + Duration::from_secs_f64(self.interval * f64::from(self.packets + 1))
    }

    /// The next datagram; `None` if its packet is not sent (discontinuous transmission).
    pub(crate) fn speak(&mut self) -> Option<Vec<u8>> {
        let at = self.next_at();
        let frame = self.listen_to_source(at);
        self.press_keys(at);
        let datagram = self.tell_key().or_else(|| self.encode(&frame));
        self.packets += 1;
        self.is_silent = datagram.is_none();
        datagram
    }

    fn press_keys(&mut self, at: Duration) {
        if let Some(press) = self.presses.pop_if(|press| self.joined + press.at <= at) {
            let units = self.codec.clock_rate() / 1000;
            self.keys.press(press.digit, KEY_MS * units, self.timestamp());
        }
    }

    /// A packet of the key that is down: instead of sound.
    fn tell_key(&mut self) -> Option<Vec<u8>> {
        let event = self.keys.next(self.units() as u16)?;
        Some(self.datagram(Packet {
            marker: event.marker,
            payload_type: EVENTS,
            timestamp: event.timestamp,
            payload: &event.payload,
            ..Packet::default()
        }))
    }

    fn encode(&mut self, frame: &[i16]) -> Option<Vec<u8>> {
        let mut payload = [0; LONGEST_PAYLOAD];
        let length = self.encoder.encode(frame, &mut payload);
        let packet = Packet {
            marker: self.is_silent,
            payload_type: self.payload_type,
            timestamp: self.timestamp(),
            payload: &payload[..length],
            ..Packet::default()
        };
        (length > 0).then(|| self.datagram(packet))
    }

    fn datagram(&self, packet: Packet<'_>) -> Vec<u8> {
        let sequence = self.first_sequence.wrapping_add(self.packets as u16);
        let packet = Packet { ssrc: self.ssrc, sequence, ..packet };
        let mut datagram = vec![0; Packet::HEADER + packet.payload.len()];
        packet.write(&mut datagram);
        datagram
    }

    fn timestamp(&self) -> u32 {
        self.first_timestamp.wrapping_add(self.packets.wrapping_mul(self.units()))
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
