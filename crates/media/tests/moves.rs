//! Legs that go on in another room, on the same worker and on another one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::{Duration, Instant};

use common::{Heard, Phone, config, open};
use confab_audio::Event as AudioEvent;
use confab_media::{Codec, Command, Control, Engine, Event, Hear, LegId, RoomId, RoomPlan, RoomRate, Worker};
use confab_rtp::Packet;

const MS: Duration = Duration::from_millis(1);
const INTERVAL_MS: u32 = 20;

/// An engine with several workers, and phones that speak every 20 ms.
struct Floor {
    engine: Engine,
    workers: Vec<Worker>,
    phones: Vec<Phone>,
    /// When each packet came, ms.
    arrivals: Vec<Vec<u32>>,
    now: Instant,
    elapsed_ms: u32,
    /// The last worker is run first: what it waits for has not been done then.
    backwards: bool,
}

impl Floor {
    fn new(test: u8, workers: usize) -> Self {
        let config = confab_media::EngineConfig { workers, ..config(test, 50) };
        let (engine, workers) = Engine::manual(config);
        let now = Instant::now() + Duration::from_secs(1);
        let (phones, arrivals) = (Vec::new(), Vec::new());
        Self { engine, workers, phones, arrivals, now, elapsed_ms: 0, backwards: false }
    }

    fn join(&mut self, test: u8, leg: u64, room: u64, frequency: f32) {
        let leg = LegId(leg);
        let port = self.engine.open_leg(leg, Some(RoomId(room))).unwrap();
        let mut phone = Phone::new(common::loopback(test), leg, port);
        phone.sing(frequency, -20.0);
        phone.rtp.set_nonblocking(true).unwrap();
        self.command(Command::StartLeg { leg, room: RoomId(room), stream: phone.stream() });
        self.open_up(leg);
        self.phones.push(phone);
        self.arrivals.push(Vec::new());
    }

    fn go(&mut self, phone: usize, room: u64) {
        let (leg, stream) = (self.phones[phone].leg, self.phones[phone].stream());
        self.command(Command::MoveLeg { leg, room: RoomId(room), stream });
        self.open_up(leg);
    }

    fn open_up(&mut self, leg: LegId) {
        self.command(Command::Set { leg, control: Control::Speak(true) });
        self.command(Command::Set { leg, control: Control::Hear(Hear::Room { gain_db: 0.0 }) });
    }

    fn command(&mut self, command: Command) {
        self.engine.command(command).unwrap();
    }

    fn run(&mut self, ms: u32) {
        for _ in 0..ms {
            if self.elapsed_ms.is_multiple_of(INTERVAL_MS) {
                self.phones.iter_mut().for_each(Phone::speak);
            }
            self.run_workers();
            for (phone, arrivals) in self.phones.iter_mut().zip(&mut self.arrivals) {
                take(phone, arrivals, self.elapsed_ms);
            }
            self.now += MS;
            self.elapsed_ms += 1;
        }
    }

    fn run_workers(&mut self) {
        if self.backwards {
            self.workers.iter_mut().rev().for_each(|worker| {
                let _due = worker.run(self.now);
            });
        } else {
            self.workers.iter_mut().for_each(|worker| {
                let _due = worker.run(self.now);
            });
        }
    }

    fn assert_hears(&self, phone: usize, frequency: f32, heard: bool) {
        let level = self.phones[phone].level(frequency);
        let as_expected = if heard { (level + 20.0).abs() < 1.0 } else { level < -60.0 };
        assert!(as_expected, "phone {phone} hears {frequency} Hz at {level} dBov");
    }

    /// The longest time between two packets, ms.
    fn longest_gap(&self, phone: usize) -> u32 {
        self.arrivals[phone].windows(2).map(|pair| pair[1] - pair[0]).max().unwrap()
    }

    /// Asserts one SSRC and sequence. Returns by how much the timestamps are ahead of the clock at most, and behind it, ms.
    fn drift(&self, phone: usize) -> (i64, i64) {
        let heard = &self.phones[phone].heard;
        for [before, after] in heard.windows(2).map(|pair| [&pair[0], &pair[1]]) {
            assert_eq!((after.ssrc, after.sequence), (before.ssrc, before.sequence.wrapping_add(1)));
            let contiguous = after.timestamp.wrapping_sub(before.timestamp) == before.payload.len() as u32;
            assert!(contiguous || after.marker);
        }
        let ahead = heard.iter().zip(&self.arrivals[phone]).map(|(packet, arrival)| {
            let media_ms = packet.timestamp.wrapping_sub(heard[0].timestamp) / 8;
            i64::from(media_ms) - i64::from(arrival - self.arrivals[phone][0])
        });
        ahead.fold((0, 0), |(most, least), ahead| (most.max(ahead), least.min(ahead)))
    }
}

fn take(phone: &mut Phone, arrivals: &mut Vec<u32>, at_ms: u32) {
    let mut datagram = [0; 2048];
    while let Ok((len, _)) = phone.rtp.recv_from(&mut datagram) {
        let packet = Packet::parse(&datagram[..len]).unwrap();
        arrivals.push(at_ms);
        phone.heard.push(Heard {
            marker: packet.marker,
            payload_type: packet.payload_type,
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            ssrc: packet.ssrc,
            payload: packet.payload.to_vec(),
        });
    }
}

/// Anne goes from Bert's room to Carl's.
fn assert_moves(test: u8, workers: usize, backwards: bool) {
    let mut floor = Floor { backwards, ..Floor::new(test, workers) };
    floor.command(open(RoomId(1), 8000));
    floor.command(open(RoomId(2), 8000));
    for (leg, room, frequency) in [(1, 1, 500.0), (2, 1, 1000.0), (3, 2, 2000.0)] {
        floor.join(test, leg, room, frequency);
    }
    floor.run(600);
    floor.assert_hears(0, 1000.0, true);
    floor.assert_hears(1, 500.0, true);
    floor.assert_hears(2, 500.0, false);
    floor.go(0, 2);
    floor.run(600);
    floor.assert_hears(0, 2000.0, true);
    floor.assert_hears(0, 1000.0, false);
    floor.assert_hears(1, 500.0, false);
    floor.assert_hears(2, 500.0, true);
    assert!(floor.longest_gap(0) <= 40, "one packet may come late: {} ms", floor.longest_gap(0));
    let (ahead, behind) = floor.drift(0);
    assert!(ahead <= 10 && behind >= -10, "{ahead} {behind}");
    floor.command(Command::StopLeg { leg: LegId(1) });
    floor.command(Command::CloseRoom { room: RoomId(1) });
    floor.run(100);
    let told: Vec<_> = std::iter::from_fn(|| floor.engine.poll_event()).collect();
    let stopped = |event: &&Event| matches!(event, Event::Audio(AudioEvent::LegStats { leg: LegId(1), .. }));
    assert_eq!(told.iter().filter(stopped).count(), 1);
}

#[test]
fn a_leg_goes_on_in_another_room_of_its_worker() {
    assert_moves(90, 1, false);
}

#[test]
fn a_leg_goes_on_in_a_room_of_another_worker() {
    assert_moves(91, 2, false);
}

#[test]
fn a_worker_waits_for_a_leg_that_was_not_handed_over_yet() {
    assert_moves(92, 2, true);
}

/// Rooms tick at different phases of the interval.
#[test]
fn a_leg_that_goes_through_all_rooms_stays_in_time() {
    let (test, rooms) = (93, 16);
    let mut floor = Floor::new(test, 3);
    (1..=rooms).for_each(|room| floor.command(open(RoomId(room), 8000)));
    floor.join(test, 1, 1, 500.0);
    floor.run(100);
    for (step, room) in (1..=rooms).chain((1..rooms).rev()).skip(1).enumerate() {
        floor.backwards = step % 3 == 0;
        floor.go(0, room);
        floor.run(40 + 7 * (step as u32 % 3));
    }
    assert!(floor.longest_gap(0) <= 41, "{} ms", floor.longest_gap(0));
    let (ahead, behind) = floor.drift(0);
    assert!(ahead <= 10 && behind >= -10, "{ahead} {behind}");
}

#[test]
fn a_room_of_another_rate_and_interval_takes_a_leg_of_another_codec() {
    let test = 94;
    for codec in [Codec::G722, Codec::Pcma] {
        let mut floor = Floor::new(test, 2);
        floor.command(open(RoomId(1), 8000));
        let plan = RoomPlan { interval_ms: 30, denoise: true, ..RoomPlan::new(RoomRate::Auto) };
        floor.command(Command::OpenRoom { room: RoomId(2), plan, near: Some(RoomId(1)) });
        floor.join(test, 1, 1, 500.0);
        floor.join(test, 2, 2, 1000.0);
        for (phone, frequency) in floor.phones.iter_mut().zip([500.0, 1000.0]) {
            phone.codec = codec;
            phone.sing(frequency, -20.0);
        }
        let streams: Vec<_> = floor.phones.iter().map(|phone| (phone.leg, phone.stream())).collect();
        for (leg, stream) in streams {
            floor.command(Command::UpdateStream { leg, stream });
        }
        floor.run(400);
        floor.go(0, 2);
        floor.run(900);
        floor.phones[0].heard.drain(..25);
        floor.assert_hears(1, 500.0, true);
        assert!(floor.longest_gap(0) <= 60, "{} ms", floor.longest_gap(0));
    }
}

/// A leg that is stopped on its way is stopped where it arrives; orders that follow it find it there.
#[test]
fn a_leg_that_is_stopped_at_once_is_gone_from_both() {
    let test = 95;
    let mut floor = Floor { backwards: true, ..Floor::new(test, 2) };
    floor.command(open(RoomId(1), 8000));
    floor.command(open(RoomId(2), 8000));
    floor.join(test, 1, 1, 500.0);
    floor.run(100);
    floor.go(0, 2);
    floor.command(Command::StopLeg { leg: LegId(1) });
    floor.command(Command::CloseRoom { room: RoomId(1) });
    floor.run(40);
    let before = floor.arrivals[0].len();
    floor.run(100);
    assert_eq!(floor.arrivals[0].len(), before);
    floor.join(test, 2, 2, 700.0);
    floor.run(200);
    assert!(!floor.arrivals[1].is_empty(), "the room lives");
}
