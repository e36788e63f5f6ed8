//! A room and its phones in virtual time, without sockets.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests, outside of a test function")]

use std::f64::consts::TAU;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use confab_audio::{
    Channel, Clock, Event, Format, Leg, LegId, Outbox, Retuned, Room, RoomConfig, SilenceLimits,
    StreamChange, StreamConfig, Tick, Tuning,
};
use confab_codec::{Codec, Decoder, Encoder, Opus};
use confab_mixer::{Control, Desk, Hear, MixerConfig, Tone};
use confab_rtp::Packet;

pub(crate) const PAYLOAD_TYPE: u8 = 96;
pub(crate) const EVENT_PAYLOAD_TYPE: u8 = 101;
pub(crate) const NOISE_PAYLOAD_TYPE: u8 = 13;

/// Time moves on in such steps.
const STEP_MS: u32 = 10;

/// Opus as the tests use it.
pub(crate) fn opus() -> Codec {
    Codec::Opus(Opus { bitrate: 64_000, ..Opus::default() })
}

/// A packet that a phone got.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) marker: bool,
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) payload: Vec<u8>,
}

/// A phone: sends a tone and keeps what it gets.
pub(crate) struct Phone {
    pub(crate) leg: LegId,
    pub(crate) address: SocketAddr,
    pub(crate) stream: StreamConfig,
    /// Length of the packets that it sends, ms.
    pub(crate) ptime_ms: u32,
    pub(crate) tone: Option<Tone>,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
    /// Level and voice bit that it tells with each packet (RFC 6464).
    pub(crate) level: Option<u8>,
    pub(crate) got: Vec<Got>,
    pub(crate) reports: Vec<Vec<u8>>,
    /// What it heard, at the codec's rate.
    pub(crate) pcm: Vec<i16>,
    /// Each so-manieth packet is lost on its way to the room.
    pub(crate) loses_each: Option<u16>,
    /// Each so-manieth packet comes so many ms later than the others.
    pub(crate) held_back: Option<(u16, u32)>,
    elapsed_ms: u32,
    encoder: Encoder,
    decoder: Decoder,
}

impl Phone {
    pub(crate) fn new(leg: u64, codec: Codec) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], 4000 + 2 * leg as u16));
        Self {
            leg: LegId(leg),
            address,
            stream: StreamConfig {
                remote: Some(address),
                remote_rtcp: Some(SocketAddr::new(address.ip(), address.port() + 1)),
                event_payload_type: Some(EVENT_PAYLOAD_TYPE),
                comfort_noise: Some(NOISE_PAYLOAD_TYPE),
                cname: "confab@test".into(),
                signalling_source: Some(address.ip()),
                ..StreamConfig::new(codec, PAYLOAD_TYPE)
            },
            ptime_ms: 20,
            tone: None,
            sequence: 100 * leg as u16,
            timestamp: 5000,
            ssrc: 77 + leg as u32,
            level: None,
            got: Vec::new(),
            reports: Vec::new(),
            pcm: Vec::new(),
            loses_each: None,
            held_back: None,
            elapsed_ms: 0,
            encoder: Encoder::new(codec, codec.sample_rate()).unwrap(),
            decoder: Decoder::new(codec, codec.sample_rate()).unwrap(),
        }
    }

    /// Both ways in packets of this length.
    pub(crate) fn with_ptime(mut self, ptime_ms: u8) -> Self {
        self.ptime_ms = ptime_ms.into();
        self.stream.ptime_ms = ptime_ms;
        self
    }

    pub(crate) fn singing(mut self, frequency: f32, level_dbov: f32) -> Self {
        self.tone = Some(Tone::new(self.codec().sample_rate(), frequency, level_dbov));
        self
    }

    pub(crate) fn codec(&self) -> Codec {
        self.stream.codec
    }

    /// Another codec from now on.
    pub(crate) fn recode(&mut self, codec: Codec, frequency: f32, level_dbov: f32) {
        self.stream.codec = codec;
        self.stream.send_payload_type += 1;
        self.stream.receive_payload_type += 1;
        self.encoder = Encoder::new(codec, codec.sample_rate()).unwrap();
        self.decoder = Decoder::new(codec, codec.sample_rate()).unwrap();
        self.tone = Some(Tone::new(codec.sample_rate(), frequency, level_dbov));
        self.pcm.clear();
    }

    /// The next packet of what it sings.
    pub(crate) fn sing(&mut self) -> Option<Vec<u8>> {
        let mut pcm = vec![0; (self.codec().sample_rate() / 1000 * self.ptime_ms) as usize];
        self.tone.as_mut()?.fill(&mut pcm);
        let mut payload = vec![0; 12_000];
        let len = self.encoder.encode(&pcm, &mut payload);
        payload.truncate(len);
        Some(payload)
    }

    /// A datagram, the next in sequence; its duration passes.
    pub(crate) fn datagram(&mut self, payload_type: u8, payload: &[u8]) -> Vec<u8> {
        let packet = Packet {
            payload_type,
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: self.ssrc,
            payload,
            ..Packet::default()
        };
        let mut datagram = packet.header().to_vec();
        if let Some(level) = self.level {
            datagram[0] |= 0x10;
            datagram.extend([0xbe, 0xde, 0, 1, 0x10, level, 0, 0]);
        }
        datagram.extend(payload);
        self.sequence = self.sequence.wrapping_add(1);
        datagram
    }

    pub(crate) fn hear(&mut self, datagram: &[u8]) {
        let packet = Packet::parse(datagram).unwrap();
        let Packet { marker, payload_type, sequence, timestamp, payload, .. } = packet;
        self.got.push(Got { marker, payload_type, sequence, timestamp, payload: payload.to_vec() });
        if payload_type == self.stream.send_payload_type {
            let mut pcm = vec![0; 8000];
            let len = self.decoder.decode(payload, &mut pcm).unwrap();
            self.pcm.extend(&pcm[..len]);
        }
    }

    /// The last ms that it heard.
    pub(crate) fn last(&self, ms: usize) -> &[i16] {
        &self.pcm[self.pcm.len() - self.codec().sample_rate() as usize / 1000 * ms..]
    }

    /// Level of a tone in the last ms that it heard, and of all that is no such tone, dBov.
    pub(crate) fn hears(&self, frequency: f32, ms: usize) -> (f32, f32) {
        tone_and_rest_dbov(self.last(ms), self.codec().sample_rate(), frequency)
    }

    /// Asserts one sequence without a gap, and timestamps as long as what was sent.
    pub(crate) fn assert_continuous(&self, units: u32) {
        for (at, pair) in self.got.windows(2).enumerate() {
            let (before, after) = (&pair[0], &pair[1]);
            assert_eq!(after.sequence, before.sequence.wrapping_add(1), "sequence after packet {at}");
            assert_eq!(after.timestamp, before.timestamp.wrapping_add(units), "timestamp after packet {at}");
        }
    }
}

/// A room, its clock and its phones.
pub(crate) struct Bed {
    pub(crate) room: Room,
    pub(crate) format: Format,
    pub(crate) tuning: Tuning,
    pub(crate) now: Instant,
    pub(crate) phones: Vec<Phone>,
    pub(crate) events: Vec<Event>,
    pub(crate) desk: Desk,
    pub(crate) outbox: Outbox,
    pub(crate) elapsed_ms: u32,
    /// How late each tick begins.
    pub(crate) lateness: Duration,
    /// Phones at once so far at most.
    most_phones: usize,
    /// Datagrams that are held back, when they come, and of which phone.
    late: Vec<(Instant, usize, Vec<u8>)>,
}

impl Bed {
    pub(crate) fn new(rate: u32, interval_ms: u16, tuning: Tuning) -> Self {
        Self::with(MixerConfig { rate, interval_ms, ..MixerConfig::default() }, tuning)
    }

    #[expect(clippy::disallowed_methods, reason = "some instant to count from")]
    pub(crate) fn with(mixer: MixerConfig, tuning: Tuning) -> Self {
        let now = Instant::now();
        let format = Format::new(mixer.rate, mixer.interval_ms).unwrap();
        let clock = Clock::new(now, Duration::from_secs(1_700_000_000));
        Self {
            room: Room::new(RoomConfig { mixer, clock, silence: SilenceLimits::default() }),
            format,
            tuning,
            now,
            phones: Vec::new(),
            events: Vec::new(),
            desk: Desk::default(),
            outbox: Outbox::default(),
            elapsed_ms: 0,
            lateness: Duration::ZERO,
            most_phones: 0,
            late: Vec::new(),
        }
    }

    /// Takes a phone in that speaks and hears; its place in `phones`.
    pub(crate) fn join(&mut self, phone: Phone) -> usize {
        let leg = Leg::new(phone.leg, phone.stream.clone(), self.format, self.tuning, phone.leg.0, self.now);
        self.room.start(Box::new(leg.unwrap()));
        self.room.reserve(&mut self.desk, &mut self.outbox, self.room.legs());
        self.room.set(phone.leg, Control::Speak(true));
        self.room.set(phone.leg, Control::Hear(Hear::Room { gain_db: 0.0 }));
        self.phones.push(phone);
        self.most_phones = self.most_phones.max(self.phones.len());
        self.phones.len() - 1
    }

    /// A phone hangs up.
    pub(crate) fn leave(&mut self, phone: usize) {
        let Phone { leg, .. } = self.phones.remove(phone);
        self.room.leave(leg, &mut |event| self.events.push(event));
        drop(self.room.stop(leg, self.now, &mut self.outbox));
        self.hand_out();
    }

    pub(crate) fn update(&mut self, phone: usize) {
        let Phone { leg, stream, .. } = &self.phones[phone];
        let mut change = StreamChange::new(stream.clone(), self.format, self.tuning).unwrap();
        self.room.update(*leg, self.now, &mut change);
        self.room.reserve(&mut self.desk, &mut self.outbox, self.room.legs());
    }

    /// What brings the room to another rate.
    pub(crate) fn retuned(&self, rate: u32) -> Retuned {
        let mixer = MixerConfig { rate, interval_ms: self.format.interval_ms, ..MixerConfig::default() };
        let legs = self.phones.iter().map(|phone| (phone.leg, phone.codec()));
        Retuned::new(&mixer, self.most_phones, legs, Vec::new()).unwrap()
    }

    pub(crate) fn retune(&mut self, rate: u32) {
        let mut retuned = self.retuned(rate);
        self.room.retune(&mut retuned);
        self.format.rate = rate;
    }

    /// Hands a datagram of a phone to the room.
    pub(crate) fn deliver(&mut self, phone: usize, datagram: &[u8]) {
        let Phone { leg, address, .. } = self.phones[phone];
        let index = self.room.index_of(leg).unwrap();
        let event =
            self.room.receive(index, self.now + Duration::from_millis(2), Channel::Rtp, address, datagram);
        self.events.extend(event);
    }

    /// Lets all phones sing and hear for so long.
    pub(crate) fn run(&mut self, ms: u32) {
        for _ in 0..ms / STEP_MS {
            self.sing();
            self.deliver_late();
            if self.elapsed_ms.is_multiple_of(self.format.interval_ms.into()) {
                self.tick();
            }
            self.elapsed_ms += STEP_MS;
            self.now += Duration::from_millis(STEP_MS.into());
        }
    }

    pub(crate) fn sing(&mut self) {
        for index in 0..self.phones.len() {
            let phone = &mut self.phones[index];
            phone.elapsed_ms += STEP_MS;
            if phone.elapsed_ms < phone.ptime_ms {
                continue;
            }
            phone.elapsed_ms = 0;
            let payload = phone.sing();
            if let Some(payload) = payload.filter(|payload| !payload.is_empty()) {
                let datagram = phone.datagram(phone.stream.receive_payload_type, &payload);
                let sequence = phone.sequence;
                let is_each = |each: u16| sequence.is_multiple_of(each);
                match phone.held_back.filter(|(each, _)| is_each(*each)) {
                    Some((_, ms)) => {
                        self.late.push((self.now + Duration::from_millis(ms.into()), index, datagram));
                    }
                    None if phone.loses_each.is_some_and(is_each) => {}
                    None => self.deliver(index, &datagram),
                }
            }
            let phone = &mut self.phones[index];
            let units = phone.codec().clock_rate() / 1000 * phone.ptime_ms;
            phone.timestamp = phone.timestamp.wrapping_add(units);
        }
    }

    fn deliver_late(&mut self) {
        let now = self.now;
        let due: Vec<_> = self.late.extract_if(.., |(at, ..)| *at <= now).collect();
        due.into_iter().for_each(|(_, phone, datagram)| self.deliver(phone, &datagram));
    }

    pub(crate) fn tick(&mut self) {
        let due = self.now + Duration::from_millis(5);
        let Self { room, desk, outbox, events, .. } = self;
        let tick = Tick { due, now: due + self.lateness };
        room.tick(tick, desk, outbox, &mut |event| events.push(event));
        self.hand_out();
    }

    pub(crate) fn hand_out(&mut self) {
        for datagram in self.outbox.datagrams() {
            let phone = self.phones.iter_mut().find(|phone| {
                phone.address.ip() == datagram.to.ip() && phone.address.port() / 2 == datagram.to.port() / 2
            });
            let Some(phone) = phone else { continue };
            match datagram.channel {
                Channel::Rtp => phone.hear(datagram.octets),
                Channel::Rtcp => phone.reports.push(datagram.octets.to_vec()),
            }
        }
        self.outbox.clear();
    }
}

/// The level of a sine that fits best, and of what is left without it, dBov (a full-scale sine has −3.01).
pub(crate) fn tone_and_rest_dbov(pcm: &[i16], rate: u32, frequency: f32) -> (f32, f32) {
    let step = TAU * f64::from(frequency) / f64::from(rate);
    let waves = |at: usize| (step * at as f64).sin_cos();
    let [mut ss, mut sc, mut cc, mut ps, mut pc] = [0.0; 5];
    for (at, &sample) in pcm.iter().enumerate() {
        let ((sin, cos), sample) = (waves(at), f64::from(sample));
        (ss, sc, cc) = (ss + sin * sin, sc + sin * cos, cc + cos * cos);
        (ps, pc) = (ps + sample * sin, pc + sample * cos);
    }
    let determinant = ss * cc - sc * sc;
    let (a, b) = ((ps * cc - pc * sc) / determinant, (pc * ss - ps * sc) / determinant);
    let (mut tone, mut rest) = (0.0, 0.0);
    for (at, &sample) in pcm.iter().enumerate() {
        let (sin, cos) = waves(at);
        let fitted = a * sin + b * cos;
        tone += fitted * fitted;
        rest += (f64::from(sample) - fitted).powi(2);
    }
    let dbov = |sum: f64| (10.0 * (sum / pcm.len() as f64 / 32768.0_f64.powi(2)).max(1e-12).log10()) as f32;
    (dbov(tone), dbov(rest))
}
