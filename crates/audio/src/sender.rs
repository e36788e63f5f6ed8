//! What one leg sends: packets of the coded mix, or comfort noise where there is nothing to hear.

use std::net::SocketAddr;

use confab_codec::Codec;
use confab_fetch::fetch;
use confab_rtp::{EventPacket, Outbound, Packet};

use crate::feeds::Coded;
use crate::format::Format;
use crate::keys::Keys;
use crate::outbox::{LONGEST_REPORT, Most};
use crate::packetizer::Packetizer;
use crate::stream::StreamConfig;

/// The longest packet that an encoder makes, octets.
const LONGEST_PACKET: usize = 1276;

/// Digital silence for so long, ms, is replaced by comfort noise.
const HANGOVER_MS: u32 = 200;

/// Comfort noise is told again after so long, ms.
const REPEAT_MS: u32 = 1000;

/// The comfort noise that is told, −dBov (RFC 3389 §3.1): that of a quiet room.
const NOISE: [u8; 1] = [70];

/// The sending half of one leg's RTP.
#[derive(Debug)]
pub(crate) struct Sender {
    packetizer: Packetizer,
    duration: Duration,
    numbered: Numbered,
    interval_ms: u32,
}

/// How a payload tells its duration.
#[derive(Clone, Copy, Debug)]
enum Duration {
    /// By its length: so many octets are a ms.
    Octets(u32),
    /// It is always the same, ms.
    Fixed(u32),
}

/// What is in a packet.
enum Content<'a> {
    /// Coded audio.
    Audio(&'a [u8]),
    /// Comfort noise, of this payload type.
    Noise(u8),
}

/// What was negotiated of it.
#[derive(Clone, Copy, Debug)]
struct Terms {
    /// There is somebody who wants it.
    sends: bool,
    payload_type: u8,
    /// Payload type of comfort noise.
    noise: Option<u8>,
    /// Payload type of telephone-events, and the units of their clock in a ms.
    event: Option<u8>,
    event_per_ms: u32,
}

/// The numbers of the stream, and what goes out under them.
#[derive(Debug)]
struct Numbered {
    outbound: Outbound,
    terms: Terms,
    /// Timestamp units in a ms.
    per_ms: u32,
    /// For how long nothing but digital silence was to be sent, ms.
    silent_ms: u32,
    /// Since comfort noise was told, ms; `None` while audio is sent.
    noise_age_ms: Option<u32>,
    keys: Keys,
}

impl Sender {
    /// A stream that begins; `seed` gives SSRC, first sequence number and timestamp.
    pub(crate) fn new(stream: &StreamConfig, format: Format, seed: u64) -> Self {
        let codec = stream.codec;
        let outbound = Outbound::new(seed);
        Self {
            packetizer: Packetizer::new(codec, stream.ptime_ms, format),
            duration: match codec {
                Codec::Opus(opus) => Duration::Fixed(opus.packet_ms.max(10).into()),
                _ => Duration::Octets(codec.octets_per_ms().unwrap_or(1) as u32),
            },
            numbered: Numbered {
                outbound,
                terms: Terms::of(stream),
                per_ms: codec.clock_rate() / 1000,
                silent_ms: 0,
                noise_age_ms: None,
                keys: Keys::default(),
            },
            interval_ms: format.interval_ms.into(),
        }
    }

    /// Fetches what a packet touches.
    pub(crate) fn fetch(&self) {
        fetch(&self.duration);
        fetch(&self.numbered.outbound);
        fetch(&self.numbered.silent_ms);
        fetch(&self.packetizer);
    }

    /// What one tick can send at most, with a report.
    pub(crate) fn most(&self) -> Most {
        let tick_ms = self.interval_ms as usize;
        let (packet_ms, payload) = match self.duration {
            Duration::Fixed(ms) => (ms as usize, LONGEST_PACKET),
            Duration::Octets(per_ms) => {
                (self.packetizer.packet() / per_ms as usize, self.packetizer.packet())
            }
        };
        let datagrams = tick_ms.div_ceil(packet_ms.max(1)) + 1;
        Most { datagrams: datagrams + 1, octets: datagrams * (Packet::HEADER + payload) + LONGEST_REPORT }
    }

    /// Duration of a packet.
    pub(crate) fn packet_time(&self) -> std::time::Duration {
        let ms = match self.duration {
            Duration::Fixed(ms) => ms,
            Duration::Octets(per_ms) => self.packetizer.packet() as u32 / per_ms,
        };
        std::time::Duration::from_millis(ms.into())
    }

    /// Numbers and counts of the stream.
    pub(crate) fn outbound(&self) -> &Outbound {
        &self.numbered.outbound
    }

    /// Sends from now on what this wants; codec and packet time are as they were.
    pub(crate) fn negotiate(&mut self, stream: &StreamConfig) {
        self.numbered.terms = Terms::of(stream);
    }

    /// Goes on with the numbers of `old`, which ends here because it was renegotiated.
    pub(crate) fn continue_from(&mut self, old: &mut Self) {
        std::mem::swap(&mut self.numbered.outbound, &mut old.numbered.outbound);
        std::mem::swap(&mut self.numbered.keys, &mut old.numbered.keys);
        let pending = old.packetizer.pending() as u32;
        match old.duration {
            Duration::Octets(per_ms) if pending > 0 => self.skip(pending / per_ms),
            Duration::Octets(_) | Duration::Fixed(_) => {}
        }
    }

    /// Presses a key after those that wait; false if the peer knows no telephone-events, or if too many wait.
    pub(crate) fn press(&mut self, digit: char) -> bool {
        self.numbered.terms.event.is_some() && self.numbered.keys.press(digit)
    }

    /// So many ms of media time pass without a tick.
    pub(crate) fn skip(&mut self, ms: u32) {
        self.numbered.outbound.silence(ms.wrapping_mul(self.numbered.per_ms));
    }

    /// Puts what a tick gave into packets and hands each, as header and payload, to `send`. Without a destination, which
    /// is asked for each packet, the time passes all the same.
    pub(crate) fn push(
        &mut self,
        coded: Coded<'_>,
        mut destination: impl FnMut() -> Option<SocketAddr>,
        mut send: impl FnMut(SocketAddr, &[u8], &[u8]),
    ) {
        let Self { packetizer, duration, numbered, interval_ms } = self;
        numbered.silent_ms =
            if coded.is_silence { numbered.silent_ms.saturating_add(*interval_ms) } else { 0 };
        let mut packet = |payload: &[u8], ms| numbered.packet(payload, ms, &mut destination, &mut send);
        for piece in coded.pieces() {
            match *duration {
                Duration::Fixed(ms) => packet(piece, ms),
                Duration::Octets(per_ms) => {
                    packetizer.push(piece, |octets| packet(octets, octets.len() as u32 / per_ms));
                }
            }
        }
    }
}

impl Terms {
    fn of(stream: &StreamConfig) -> Self {
        Self {
            sends: stream.send && stream.remote.is_some(),
            payload_type: stream.send_payload_type,
            noise: stream.send_comfort_noise,
            event: stream.send_event_payload_type,
            event_per_ms: stream.event_clock_rate / 1000,
        }
    }
}

impl Numbered {
    fn packet(
        &mut self,
        payload: &[u8],
        ms: u32,
        destination: &mut impl FnMut() -> Option<SocketAddr>,
        send: &mut impl FnMut(SocketAddr, &[u8], &[u8]),
    ) {
        let units = ms * self.per_ms;
        let Terms { sends, payload_type, .. } = self.terms;
        let mut destination = || sends.then(&mut *destination).flatten();
        if let Some((payload_type, event)) = self.key(ms) {
            return match destination() {
                Some(to) => {
                    send(to, &self.outbound.event_header(payload_type, &event, units), &event.payload)
                }
                None => self.outbound.silence(units),
            };
        }
        let wanted = self.wanted(payload, ms);
        let Some((content, to)) = wanted.and_then(|content| Some((content, destination()?))) else {
            return self.outbound.silence(units);
        };
        match content {
            Content::Audio(payload) => {
                send(to, &self.outbound.header(payload_type, units, payload.len()), payload);
            }
            Content::Noise(payload_type) => {
                send(to, &self.outbound.noise_header(payload_type, units, NOISE.len()), &NOISE);
            }
        }
    }

    /// The packet of a key that is to be sent in the place of one of audio.
    fn key(&mut self, ms: u32) -> Option<(u8, EventPacket)> {
        let payload_type = self.terms.event?;
        let event = self.keys.next(ms, self.terms.event_per_ms, self.outbound.timestamp())?;
        Some((payload_type, event))
    }

    /// What is to be sent in the place of a packet: itself, comfort noise from time to time, or nothing.
    fn wanted<'a>(&mut self, payload: &'a [u8], ms: u32) -> Option<Content<'a>> {
        let Some(noise) = self.terms.noise.filter(|_| self.silent_ms > HANGOVER_MS) else {
            self.noise_age_ms = None;
            return (!payload.is_empty()).then_some(Content::Audio(payload));
        };
        let age = self.noise_age_ms.map_or(REPEAT_MS, |age| age + ms);
        self.noise_age_ms = Some(age % REPEAT_MS);
        (age >= REPEAT_MS).then_some(Content::Noise(noise))
    }
}
