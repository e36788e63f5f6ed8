//! Rooms with phones around them, for the benches: no socket, and a clock that is told.

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use confab_audio::{
    Channel, Clock, Format, Leg, LegId, Outbox, Room, RoomConfig, SilenceLimits, StreamConfig, Tick, Tuning,
};
use confab_codec::{Codec, Encoder};
use confab_mixer::{Control, Desk, Hear, MixerConfig, Tone};
use confab_rtp::Outbound;

const TICK: Duration = Duration::from_millis(20);
const LONGEST_PACKET: usize = 1500;

/// Rooms of members of whom the first few talk, each with a tone of his own, and the others send the noise of their
/// lines.
pub(crate) struct Hall {
    rooms: Vec<(Room, Vec<Phone>)>,
    desk: Desk,
    outbox: Outbox,
    now: Instant,
}

impl Hall {
    /// A room of this rate, Hz, with a member for each codec.
    pub(crate) fn new(rate: u32, codecs: &[Codec], talkers: usize) -> Self {
        Self::of_rooms(1, rate, codecs, talkers)
    }

    /// So many such rooms, on one desk.
    pub(crate) fn of_rooms(count: usize, rate: u32, codecs: &[Codec], talkers: usize) -> Self {
        let now = Instant::now();
        let rooms: Vec<_> = (0..count).map(|_| occupied(rate, codecs, talkers, now)).collect();
        let (mut desk, mut outbox) = (Desk::default(), Outbox::default());
        rooms.iter().for_each(|(room, _)| room.reserve(&mut desk, &mut outbox, room.legs()));
        Self { rooms, desk, outbox, now }
    }

    /// Every phone writes its next packet.
    pub(crate) fn speak(&mut self) {
        self.now += TICK;
        self.rooms.iter_mut().flat_map(|(_, phones)| phones).for_each(Phone::speak);
    }

    /// The rooms take the packets of all phones.
    pub(crate) fn receive(&mut self) {
        self.rooms.iter_mut().for_each(|(room, phones)| receive(room, phones, self.now));
    }

    /// The rooms tick.
    pub(crate) fn tick(&mut self) {
        let Self { rooms, desk, outbox, now } = self;
        rooms.iter_mut().for_each(|(room, _)| tick(room, *now, desk, outbox));
    }

    /// Each room takes the packets of its phones and ticks.
    pub(crate) fn serve(&mut self) {
        let Self { rooms, desk, outbox, now } = self;
        for (room, phones) in rooms {
            receive(room, phones, *now);
            tick(room, *now, desk, outbox);
        }
    }
}

fn occupied(rate: u32, codecs: &[Codec], talkers: usize, now: Instant) -> (Room, Vec<Phone>) {
    let format = Format { rate, interval_ms: 20 };
    let mixer = MixerConfig { rate, interval_ms: format.interval_ms, ..MixerConfig::default() };
    let clock = Clock::new(now, Duration::from_secs(1_700_000_000));
    let mut room = Room::new(RoomConfig { mixer, clock, silence: SilenceLimits::default() });
    let join = |(index, codec): (usize, &Codec)| {
        let level_dbov = if index < talkers { -20.0 } else { -62.0 };
        Phone::join(index, *codec, level_dbov, &mut room, format, now)
    };
    let phones = codecs.iter().enumerate().map(join).collect();
    (room, phones)
}

fn receive(room: &mut Room, phones: &[Phone], now: Instant) {
    for (leg, phone) in phones.iter().enumerate() {
        black_box(room.receive(leg, now - TICK / 2, Channel::Rtp, phone.address, phone.packet()));
    }
}

fn tick(room: &mut Room, now: Instant, desk: &mut Desk, outbox: &mut Outbox) {
    room.tick(Tick { due: now, now }, desk, outbox, &mut |event| {
        black_box(event);
    });
    black_box(outbox.datagrams().count());
    outbox.clear();
}

/// 20 ms of a tone.
pub(crate) fn tone(rate: u32, hz: f32, level_dbov: f32) -> Vec<i16> {
    let mut pcm = vec![0; rate as usize / 50];
    Tone::new(rate, hz, level_dbov).fill(&mut pcm);
    pcm
}

/// An encoder at the codec's own rate.
#[expect(clippy::expect_used, reason = "every codec runs at its own rate")]
pub(crate) fn encoder(codec: Codec) -> Encoder {
    Encoder::new(codec, codec.sample_rate()).expect("an encoder")
}

struct Phone {
    address: SocketAddr,
    outbound: Outbound,
    units: u32,
    payload: Vec<u8>,
    datagram: [u8; LONGEST_PACKET],
    length: usize,
}

impl Phone {
    #[expect(clippy::expect_used, reason = "every codec runs in every room")]
    fn join(
        index: usize,
        codec: Codec,
        level_dbov: f32,
        room: &mut Room,
        format: Format,
        now: Instant,
    ) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], 4000 + 2 * index as u16));
        let stream = StreamConfig {
            remote: Some(address),
            signalling_source: Some(address.ip()),
            cname: "confab@bench".into(),
            ..StreamConfig::new(codec, 0)
        };
        let id = LegId(index as u64);
        let leg = Leg::new(id, stream, format, Tuning::Fixed, index as u64, now).expect("a leg");
        room.start(Box::new(leg));
        room.set(id, Control::Speak(true));
        room.set(id, Control::Hear(Hear::Room { gain_db: 0.0 }));
        room.set(id, Control::Energy(100));
        let mut payload = vec![0; LONGEST_PACKET];
        let pcm = tone(codec.sample_rate(), 300.0 + 50.0 * index as f32, level_dbov);
        let octets = encoder(codec).encode(&pcm, &mut payload);
        payload.truncate(octets);
        let units = codec.clock_rate() / 50;
        let (outbound, datagram) = (Outbound::new(index as u64), [0; LONGEST_PACKET]);
        Self { address, outbound, units, payload, datagram, length: 0 }
    }

    fn speak(&mut self) {
        self.length = self.outbound.write(0, &self.payload, self.units, &mut self.datagram);
    }

    fn packet(&self) -> &[u8] {
        &self.datagram[..self.length]
    }
}
