//! Phones made of plain sockets, and an engine whose worker is run in virtual time: packets are real, waiting is not.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests, outside of a test function")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use confab_codec::{Decoder, Encoder};
use confab_media::{
    Codec, Command, Control, Engine, EngineConfig, Event, Hear, LegId, RoomId, RoomPlan, RoomRate,
    StreamConfig, Worker,
};
use confab_mixer::{Tone, tone_level_dbov};
use confab_rtp::Packet;

pub(crate) const ROOM: RoomId = RoomId(1);
pub(crate) const TICK: Duration = Duration::from_millis(20);
pub(crate) const EVENT_PAYLOAD_TYPE: u8 = 101;

/// Longest wait for a packet that must come.
const PATIENCE: Duration = Duration::from_secs(2);

/// A loopback address that no other test uses, in this process or in another: so no port is ever in the way.
pub(crate) fn loopback(test: u8) -> IpAddr {
    let [_, _, high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, 128 + high % 64, low, test).into()
}

pub(crate) fn config(test: u8, pairs: u16) -> EngineConfig {
    let usual = EngineConfig::new(loopback(test), 20000..=19999 + 2 * pairs, 7);
    EngineConfig { workers: 1, keep_phases: true, ..usual }
}

/// A received packet, owned.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) marker: bool,
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
    pub(crate) payload: Vec<u8>,
}

/// One phone: sends a tone in packets of its ptime, keeps what it gets.
pub(crate) struct Phone {
    pub(crate) leg: LegId,
    pub(crate) rtp: UdpSocket,
    pub(crate) rtcp: UdpSocket,
    pub(crate) peer: SocketAddr,
    pub(crate) codec: Codec,
    encoder: Option<Encoder>,
    pub(crate) ptime_ms: u8,
    pub(crate) tone: Option<Tone>,
    pub(crate) ssrc: u32,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) heard: Vec<Heard>,
    elapsed_ms: u32,
}

impl Phone {
    pub(crate) fn new(address: IpAddr, leg: LegId, peer_port: u16) -> Self {
        let rtp = UdpSocket::bind((address, 0)).unwrap();
        let rtcp = UdpSocket::bind((address, 0)).unwrap();
        for socket in [&rtp, &rtcp] {
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
        }
        let peer = SocketAddr::new(address, peer_port);
        Self {
            leg,
            rtp,
            rtcp,
            peer,
            codec: Codec::Pcmu,
            encoder: None,
            ptime_ms: 20,
            tone: None,
            ssrc: 0x1000 + leg.0 as u32,
            sequence: 100,
            timestamp: 1000,
            heard: Vec::new(),
            elapsed_ms: 0,
        }
    }

    /// What its call negotiated.
    pub(crate) fn stream(&self) -> StreamConfig {
        StreamConfig {
            remote: Some(self.rtp.local_addr().unwrap()),
            remote_rtcp: Some(self.rtcp.local_addr().unwrap()),
            event_payload_type: Some(EVENT_PAYLOAD_TYPE),
            ptime_ms: self.ptime_ms,
            cname: "confab@test".into(),
            signalling_source: Some(self.rtp.local_addr().unwrap().ip()),
            ..StreamConfig::new(self.codec, self.payload_type())
        }
    }

    fn payload_type(&self) -> u8 {
        match self.codec {
            Codec::Pcmu => 0,
            Codec::Pcma => 8,
            Codec::G722 => 9,
            _ => 96,
        }
    }

    pub(crate) fn sing(&mut self, frequency: f32, level_dbov: f32) {
        self.tone = Some(Tone::new(self.codec.sample_rate(), frequency, level_dbov));
    }

    /// Sends what 20 ms bring; without a tone nothing.
    pub(crate) fn speak(&mut self) {
        self.elapsed_ms += 20;
        while self.elapsed_ms >= u32::from(self.ptime_ms) {
            self.elapsed_ms -= u32::from(self.ptime_ms);
            self.send_audio();
        }
    }

    fn send_audio(&mut self) {
        let Some(tone) = &mut self.tone else { return };
        let mut pcm = vec![0; usize::from(self.ptime_ms) * self.codec.sample_rate() as usize / 1000];
        tone.fill(&mut pcm);
        let mut payload = vec![0; 2 * pcm.len()];
        let encoder = self.encoder.take().filter(|encoder| encoder.codec() == self.codec);
        let mut encoder =
            encoder.unwrap_or_else(|| Encoder::new(self.codec, self.codec.sample_rate()).unwrap());
        let len = encoder.encode(&pcm, &mut payload);
        self.encoder = Some(encoder);
        self.send_packet(self.payload_type(), self.timestamp, &payload[..len]);
        let units = u32::from(self.ptime_ms) * self.codec.clock_rate() / 1000;
        self.timestamp = self.timestamp.wrapping_add(units);
    }

    /// Sends one packet, the next in sequence.
    pub(crate) fn send_packet(&mut self, payload_type: u8, timestamp: u32, payload: &[u8]) {
        let datagram = packet(payload_type, self.sequence, timestamp, self.ssrc, payload);
        self.sequence = self.sequence.wrapping_add(1);
        self.rtp.send_to(&datagram, self.peer).unwrap();
    }

    /// Receives `count` packets more.
    pub(crate) fn listen(&mut self, count: usize) {
        let mut datagram = [0; 2048];
        for _ in 0..count {
            let (len, source) = self.rtp.recv_from(&mut datagram).expect("a packet in time");
            assert_eq!(source, self.peer, "symmetric RTP");
            let packet = Packet::parse(&datagram[..len]).unwrap();
            self.heard.push(Heard {
                marker: packet.marker,
                payload_type: packet.payload_type,
                sequence: packet.sequence,
                timestamp: packet.timestamp,
                ssrc: packet.ssrc,
                payload: packet.payload.to_vec(),
            });
        }
    }

    /// Whether nothing waits to be received.
    pub(crate) fn hears_nothing(&self) -> bool {
        self.rtp.set_nonblocking(true).unwrap();
        let nothing = self.rtp.recv_from(&mut [0; 2048]).is_err();
        self.rtp.set_nonblocking(false).unwrap();
        nothing
    }

    /// The last `ms` that it heard, decoded.
    pub(crate) fn samples(&self, ms: usize) -> Vec<i16> {
        let mut decoder = Decoder::new(self.codec, self.codec.sample_rate()).unwrap();
        let (mut all, mut pcm) = (Vec::new(), vec![0; 8000]);
        for packet in self.heard.iter().filter(|packet| packet.payload_type == self.payload_type()) {
            let len = decoder.decode(&packet.payload, &mut pcm).unwrap();
            all.extend(&pcm[..len]);
        }
        all.split_off(all.len().saturating_sub(ms * self.codec.sample_rate() as usize / 1000))
    }

    /// Level of a tone in the last 200 ms that it heard, dBov.
    pub(crate) fn level(&self, frequency: f32) -> f32 {
        tone_level_dbov(&self.samples(200), self.codec.sample_rate(), frequency)
    }

    /// Asserts one SSRC, sequences without a gap, timestamps as long as what was sent, one marker at the start.
    pub(crate) fn assert_continuous(&self) {
        for (at, pair) in self.heard.windows(2).enumerate() {
            let [before, after] = pair else { unreachable!() };
            assert_eq!(after.ssrc, before.ssrc, "SSRC after packet {at}");
            assert_eq!(after.sequence, before.sequence.wrapping_add(1), "sequence after packet {at}");
            let elapsed = before.payload.len() as u32;
            assert_eq!(
                after.timestamp,
                before.timestamp.wrapping_add(elapsed),
                "timestamp after packet {at}"
            );
            assert!(!after.marker, "marker only at the start, not after packet {at}");
        }
        assert!(self.heard[0].marker);
    }
}

/// An RTP datagram.
pub(crate) fn packet(payload_type: u8, sequence: u16, timestamp: u32, ssrc: u32, payload: &[u8]) -> Vec<u8> {
    let mut datagram = vec![0; Packet::HEADER + payload.len()];
    let packet = Packet { payload_type, sequence, timestamp, ssrc, payload, ..Packet::default() };
    packet.write(&mut datagram);
    datagram
}

/// Opens a room that ticks every 20 ms.
pub(crate) fn open(room: RoomId, rate: u32) -> Command {
    Command::OpenRoom { room, plan: RoomPlan::new(RoomRate::Fixed(rate)), near: None }
}

/// An engine with one worker that is run by hand, and one room.
pub(crate) struct Bed {
    pub(crate) engine: Engine,
    pub(crate) worker: Worker,
    pub(crate) address: IpAddr,
    pub(crate) now: Instant,
}

impl Bed {
    pub(crate) fn new(test: u8) -> Self {
        Self::with_pairs(test, 200)
    }

    pub(crate) fn with_pairs(test: u8, pairs: u16) -> Self {
        let config = config(test, pairs);
        let address = config.address;
        let (engine, mut workers) = Engine::manual(config);
        let mut bed = Self { engine, worker: workers.remove(0), address, now: Instant::now() };
        bed.open_room(ROOM);
        bed
    }

    pub(crate) fn open_room(&mut self, room: RoomId) {
        self.command(open(room, 8000));
        let due = self.worker.run(self.now);
        self.now = due.unwrap();
    }

    pub(crate) fn command(&mut self, command: Command) {
        self.engine.command(command).unwrap();
    }

    /// Opens a leg for a new phone that `prepare` sets up, and starts it deaf and silent.
    pub(crate) fn join_deaf(&mut self, leg: u64, prepare: impl FnOnce(&mut Phone)) -> Phone {
        let leg = LegId(leg);
        let port = self.engine.open_leg(leg, None).unwrap();
        let mut phone = Phone::new(self.address, leg, port);
        prepare(&mut phone);
        self.command(Command::StartLeg { leg, room: ROOM, stream: phone.stream() });
        self.settle();
        phone
    }

    /// The same, but it speaks and hears.
    pub(crate) fn join(&mut self, leg: u64, prepare: impl FnOnce(&mut Phone)) -> Phone {
        let phone = self.join_deaf(leg, prepare);
        self.set(phone.leg, Control::Speak(true));
        self.set(phone.leg, Control::Hear(Hear::Room { gain_db: 0.0 }));
        self.settle();
        phone
    }

    pub(crate) fn set(&mut self, leg: LegId, control: Control) {
        self.command(Command::Set { leg, control });
    }

    /// Lets the worker take its orders, shortly before the next tick.
    pub(crate) fn settle(&mut self) {
        let before = self.now - TICK / 2;
        while self.worker.run(before).is_some_and(|due| due <= before) {}
    }

    /// Runs the worker at the next tick and lets time pass to the one after it.
    pub(crate) fn tick(&mut self) {
        while self.worker.run(self.now).is_some_and(|due| due <= self.now) {}
        self.now += TICK;
    }

    /// Lets all phones speak for some ticks and takes what they are sent; each wants 20 ms packets.
    pub(crate) fn talk(&mut self, ticks: usize, phones: &mut [&mut Phone]) {
        for _ in 0..ticks {
            phones.iter_mut().for_each(|phone| phone.speak());
            self.tick();
            phones.iter_mut().for_each(|phone| phone.listen(1));
        }
    }

    /// What happened since the last call, but for the looks at the lines.
    pub(crate) fn events(&mut self) -> Vec<confab_audio::Event> {
        let audio = |event| match event {
            Event::Audio(event) => event,
            failed => panic!("{failed:?}"),
        };
        let is_look = |event: &confab_audio::Event| matches!(event, confab_audio::Event::LegQuality { .. });
        std::iter::from_fn(|| self.engine.poll_event()).map(audio).filter(|event| !is_look(event)).collect()
    }
}
