//! What a room's ticks cost without sockets: `cargo run --release -p confab-audio --example room_ticks -- [legs] [talkers]
//! [rooms] [ticks] [pcmu | opus | levels | dtx]`.
//!
//! All phones send packets of 20 ms, noise of −62 dBov those who do not talk: G.711 in rooms of 8 kHz or Opus in rooms of
//! 48 kHz, `levels` with the level of each packet (RFC 6464), `dtx` a packet of silence each 400 ms. Under `valgrind
//! --tool=callgrind` two runs of different length tell the instructions of a tick: what they differ by.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use confab_audio::{
    Channel, Clock, Format, Leg, LegId, Outbox, Room, RoomConfig, SilenceLimits, StreamConfig, Tick, Tuning,
};
use confab_codec::{Codec, Encoder, Opus};
use confab_mixer::{Control, Desk, Hear, MixerConfig, Tone};
use confab_rtp::Packet;

/// Legs that are served at a time, as the server does it.
const BATCH: u64 = 32;

/// The id of the header extension that tells a packet's level.
const LEVEL_EXT: u8 = 1;

/// A sender that pauses sends one packet in so many.
const PAUSE: u64 = 20;

/// Feeds of Opus that a room has.
const FEEDS: u64 = 16;

/// The level of a phone's gate.
const ENERGY: u16 = 100;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number =
        |place: usize, usual| arguments.get(place).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (legs, rooms, ticks) = (number(0, 100), number(2, 1), number(3, 500));
    let talkers = number(1, 3).min(legs);
    let kind = Kind::named(arguments.get(4).map_or("pcmu", String::as_str));
    let before = resident_kib();
    let mut house = House::new(kind, rooms, legs, talkers);
    let mut times: Vec<Duration> = (0..ticks).map(|tick| house.tick(tick)).collect();
    times.sort();
    let at = |percent: usize| {
        times[times.len().saturating_sub(1) * percent / 100].as_nanos() / u128::from(rooms * legs)
    };
    let kib = (resident_kib() - before) / (rooms * legs) as f64;
    println!(
        "{rooms} rooms of {legs}, {talkers} talk: p10 {} ns, p50 {} ns a leg and tick, {kib:.1} KiB a leg",
        at(10),
        at(50)
    );
}

/// What the phones send.
#[derive(Clone, Copy)]
struct Kind {
    codec: Codec,
    rate: u32,
    /// Those who do not talk tell how quiet they are, or pause.
    levels: bool,
    dtx: bool,
}

impl Kind {
    fn named(name: &str) -> Self {
        let opus = Self { codec: Codec::Opus(Opus::default()), rate: 48_000, levels: false, dtx: false };
        match name {
            "opus" => opus,
            "levels" => Self { levels: true, ..opus },
            "dtx" => Self { dtx: true, ..opus },
            _ => Self { codec: Codec::Pcmu, rate: 8000, ..opus },
        }
    }

    fn format(self) -> Format {
        Format { rate: self.rate, interval_ms: 20 }
    }

    /// A second of it in packets.
    fn payloads(self, hz: f32, dbov: f32) -> Vec<Vec<u8>> {
        let mut encoder = Encoder::new(self.codec, self.rate).expect("the codec runs at this rate");
        let mut tone = Tone::new(self.rate, hz, dbov);
        let mut next = || {
            let (mut pcm, mut payload) = (vec![0; self.rate as usize / 50], vec![0; 2000]);
            tone.fill(&mut pcm);
            let length = encoder.encode(&pcm, &mut payload);
            payload.truncate(length);
            payload
        };
        (0..50).map(|_| next()).collect()
    }

    fn datagram(self, id: u64, tick: u64, payload: &[u8], talks: bool) -> Vec<u8> {
        let units = self.codec.clock_rate() / 50;
        let (sequence, timestamp) = (tick as u16, tick as u32 * units);
        let header = Packet { sequence, timestamp, ssrc: id as u32, ..Packet::default() }.header();
        let mut datagram = header.to_vec();
        if self.levels {
            let level = if talks { 0x80 | 20 } else { 62 };
            datagram[0] |= 0x10;
            datagram.extend([0xbe, 0xde, 0, 1, LEVEL_EXT << 4, level, 0, 0]);
        }
        datagram.extend(payload);
        datagram
    }
}

/// Some rooms, and the payloads that their phones send in turn.
struct House {
    kind: Kind,
    rooms: Vec<Room>,
    legs: u64,
    talkers: u64,
    talk: Vec<Vec<u8>>,
    noise: Vec<Vec<u8>>,
    desk: Desk,
    outbox: Outbox,
    now: Instant,
}

impl House {
    fn new(kind: Kind, rooms: u64, legs: u64, talkers: u64) -> Self {
        let now = begin();
        let mut house = Self {
            kind,
            rooms: Vec::new(),
            legs,
            talkers,
            talk: kind.payloads(440.0, -20.0),
            noise: kind.payloads(1111.0, if kind.dtx { -120.0 } else { -62.0 }),
            desk: Desk::default(),
            outbox: Outbox::default(),
            now,
        };
        for _ in 0..rooms {
            house.open(now);
        }
        house
    }

    fn open(&mut self, now: Instant) {
        let Format { rate, interval_ms } = self.kind.format();
        let mut room = Room::new(RoomConfig {
            mixer: MixerConfig { rate, interval_ms, ..MixerConfig::default() },
            clock: Clock::new(now, Duration::ZERO),
            silence: SilenceLimits::default(),
        });
        for id in 0..self.legs {
            room.start(Box::new(self.leg(id, now)));
            room.set(LegId(id), Control::Hear(Hear::Room { gain_db: 0.0 }));
            room.set(LegId(id), Control::Speak(true));
            room.set(LegId(id), Control::Energy(ENERGY));
        }
        room.reserve(&mut self.desk, &mut self.outbox, BATCH as usize);
        self.rooms.push(room);
    }

    /// As in the server, the first few bring feeds, and all where those have no state.
    fn leg(&self, id: u64, now: Instant) -> Leg {
        let Kind { codec, .. } = self.kind;
        let remote = address(id);
        let stream = StreamConfig {
            remote: Some(remote),
            signalling_source: Some(remote.ip()),
            audio_level_ext: self.kind.levels.then_some(LEVEL_EXT),
            ..StreamConfig::new(codec, 0)
        };
        let make = if id < FEEDS || codec == Codec::Pcmu { Leg::new } else { Leg::without_feed };
        make(LegId(id), stream, self.kind.format(), Tuning::Fixed, id, now).expect("the codec can be coded")
    }

    fn tick(&mut self, tick: u64) -> Duration {
        let begun = begin();
        let arrival = self.now + Duration::from_millis(12);
        self.now += Duration::from_millis(20);
        let now = Tick { due: self.now, now: self.now };
        let (kind, legs) = (self.kind, self.legs);
        let batches = || (0..legs).step_by(BATCH as usize).map(|first| first..legs.min(first + BATCH));
        let indices = |legs: Range<u64>| legs.start as usize..legs.end as usize;
        for room in &mut self.rooms {
            room.begin(now);
            for batch in batches() {
                indices(batch.clone()).for_each(|leg| room.fetch_leg(leg));
                room.fetch_rest_of(indices(batch.clone()));
                for id in batch.clone() {
                    let talks = id < self.talkers;
                    if kind.dtx && !talks && !(tick + id).is_multiple_of(PAUSE) {
                        continue;
                    }
                    let spoken = if talks { &self.talk } else { &self.noise };
                    let payload = &spoken[(tick + id) as usize % spoken.len()];
                    let datagram = kind.datagram(id, tick, payload, talks);
                    room.receive(id as usize, arrival, Channel::Rtp, address(id), &datagram);
                }
                room.pull(now, indices(batch), &mut |_| {});
            }
            room.mix(&mut self.desk, &mut |_| {});
            for batch in batches() {
                room.fetch_to_send(indices(batch.clone()));
                room.write(now, indices(batch), &mut self.desk, &mut self.outbox);
                self.outbox.clear();
            }
        }
        begun.elapsed()
    }
}

fn address(id: u64) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 1024 + id as u16))
}

/// What the process keeps in memory, by Linux.
fn resident_kib() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.map_or(f64::NAN, |pages: f64| 4.0 * pages)
}

#[expect(clippy::disallowed_methods, reason = "it is timed")]
fn begin() -> Instant {
    Instant::now()
}
