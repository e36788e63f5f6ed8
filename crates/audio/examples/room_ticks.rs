//! What a room's ticks cost without sockets: `cargo run --release -p confab-audio --example room_ticks -- [legs] [talkers]
//! [rooms] [ticks]`.
//!
//! All phones send G.711 in 20 ms packets, noise of −62 dBov those who do not talk. Under `valgrind --tool=callgrind` two
//! runs of different length tell the instructions of a tick: what they differ by.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use confab_audio::{
    Channel, Clock, Format, Leg, LegId, Outbox, Room, RoomConfig, SilenceLimits, StreamConfig, Tick, Tuning,
};
use confab_codec::{Codec, Law};
use confab_mixer::{Control, Hear, MixerConfig, Tone};
use confab_rtp::Packet;

/// Legs that are served at a time, as the server does it.
const BATCH: u64 = 32;

const FORMAT: Format = Format { rate: 8000, interval_ms: 20 };

/// The level of a phone's gate.
const ENERGY: u16 = 100;

fn main() {
    let mut arguments = std::env::args().skip(1).map_while(|argument| argument.parse::<u64>().ok());
    let legs = arguments.next().unwrap_or(100);
    let talkers = arguments.next().unwrap_or(3).min(legs);
    let rooms = arguments.next().unwrap_or(1);
    let ticks = arguments.next().unwrap_or(500);
    let mut house = House::new(rooms, legs, talkers);
    let mut times: Vec<Duration> = (0..ticks).map(|tick| house.tick(tick)).collect();
    times.sort();
    let at = |percent: usize| {
        times[times.len().saturating_sub(1) * percent / 100].as_nanos() / u128::from(rooms * legs)
    };
    println!("{rooms} rooms of {legs}, {talkers} talk: p10 {} ns, p50 {} ns a leg and tick", at(10), at(50));
}

/// Some rooms, and the payloads that their phones send in turn.
struct House {
    rooms: Vec<Room>,
    legs: u64,
    talkers: u64,
    talk: Vec<[u8; 160]>,
    noise: Vec<[u8; 160]>,
    outbox: Outbox,
    now: Instant,
}

impl House {
    fn new(rooms: u64, legs: u64, talkers: u64) -> Self {
        let now = begin();
        let mut house = Self {
            rooms: Vec::new(),
            legs,
            talkers,
            talk: payloads(Tone::new(8000, 440.0, -20.0)),
            noise: payloads(Tone::new(8000, 1111.0, -62.0)),
            outbox: Outbox::default(),
            now,
        };
        for _ in 0..rooms {
            house.open(now);
        }
        house
    }

    fn open(&mut self, now: Instant) {
        let mut room = Room::new(RoomConfig {
            mixer: MixerConfig {
                rate: FORMAT.rate,
                interval_ms: FORMAT.interval_ms,
                ..MixerConfig::default()
            },
            clock: Clock::new(now, Duration::ZERO),
            silence: SilenceLimits::default(),
        });
        for id in 0..self.legs {
            let remote = address(id);
            let stream = StreamConfig {
                remote: Some(remote),
                signalling_source: Some(remote.ip()),
                ..StreamConfig::new(Codec::Pcmu, 0)
            };
            let leg =
                Leg::new(LegId(id), stream, FORMAT, Tuning::Fixed, id, now).expect("G.711 can be coded");
            room.start(Box::new(leg));
            room.set(LegId(id), Control::Hear(Hear::Room { gain_db: 0.0 }));
            room.set(LegId(id), Control::Speak(true));
            room.set(LegId(id), Control::Energy(ENERGY));
        }
        room.reserve(&mut self.outbox, BATCH as usize);
        self.rooms.push(room);
    }

    fn tick(&mut self, tick: u64) -> Duration {
        let begun = begin();
        let arrival = self.now + Duration::from_millis(12);
        self.now += Duration::from_millis(20);
        let now = Tick { due: self.now, now: self.now };
        let legs = self.legs;
        let batches = || (0..legs).step_by(BATCH as usize).map(|first| first..legs.min(first + BATCH));
        let indices = |legs: Range<u64>| legs.start as usize..legs.end as usize;
        for room in &mut self.rooms {
            room.begin(now);
            for batch in batches() {
                room.warm(indices(batch.clone()));
                for id in batch.clone() {
                    let spoken = if id < self.talkers { &self.talk } else { &self.noise };
                    let datagram = datagram(id, tick, &spoken[(tick + id) as usize % spoken.len()]);
                    room.receive(id as usize, arrival, Channel::Rtp, address(id), &datagram);
                }
                room.pull(now, indices(batch), &mut |_| {});
            }
            room.mix(&mut |_| {});
            for batch in batches() {
                room.warm(indices(batch.clone()));
                room.write(now, indices(batch), &mut self.outbox);
                self.outbox.clear();
            }
        }
        begun.elapsed()
    }
}

/// A second of it in packets.
fn payloads(mut tone: Tone) -> Vec<[u8; 160]> {
    let mut next = || {
        let (mut pcm, mut payload) = ([0; 160], [0; 160]);
        tone.fill(&mut pcm);
        Law::Mu.encode(&pcm, &mut payload);
        payload
    };
    (0..50).map(|_| next()).collect()
}

fn datagram(id: u64, tick: u64, payload: &[u8]) -> [u8; 172] {
    let (sequence, timestamp) = (tick as u16, tick as u32 * 160);
    let mut datagram = [0; 172];
    Packet { sequence, timestamp, ssrc: id as u32, payload, ..Packet::default() }.write(&mut datagram);
    datagram
}

fn address(id: u64) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 1024 + id as u16))
}

#[expect(clippy::disallowed_methods, reason = "it is timed")]
fn begin() -> Instant {
    Instant::now()
}
