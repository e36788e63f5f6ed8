use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use confab_codec::Codec;
use confab_rtp::Packet;

use super::*;
use confab_audio::Event::LegStats;
use confab_audio::{LegId, StreamConfig};

use super::place::CATCH_UP;
use crate::command::{Command, Event, RoomId, RoomPlan, RoomRate};
use crate::engine::{Engine, EngineConfig};

const TICK: Duration = Duration::from_millis(20);

/// An engine with one worker, at an address of its own, and its worker.
fn bed(test: u8) -> (Engine, Worker) {
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let address = Ipv4Addr::new(127, 64 + high % 64, low, test).into();
    let (engine, mut workers) =
        Engine::manual(EngineConfig { workers: 1, ..EngineConfig::new(address, 20000..=20099, 1) });
    (engine, workers.remove(0))
}

fn open_room(engine: &mut Engine, room: u64) {
    let plan = RoomPlan::new(RoomRate::Fixed(8000));
    engine.command(Command::OpenRoom { room: RoomId(room), plan, near: None }).unwrap();
}

/// Starts a leg for a phone that only listens.
fn start(engine: &mut Engine, leg: u64, room: u64) -> UdpSocket {
    let address: IpAddr = Ipv4Addr::LOCALHOST.into();
    let phone = UdpSocket::bind((address, 0)).unwrap();
    phone.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    engine.open_leg(LegId(leg), None).unwrap();
    let stream = StreamConfig {
        remote: Some(phone.local_addr().unwrap()),
        rtcp_mux: true,
        signalling_source: Some(address),
        ..StreamConfig::new(Codec::Pcmu, 0)
    };
    engine.command(Command::StartLeg { leg: LegId(leg), room: RoomId(room), stream }).unwrap();
    phone
}

/// Timestamp and sequence of the next packet.
fn listen(phone: &UdpSocket) -> (u32, u16) {
    let mut datagram = [0; 512];
    let len = phone.recv(&mut datagram).expect("a packet in time");
    let packet = Packet::parse(&datagram[..len]).unwrap();
    (packet.timestamp, packet.sequence)
}

/// Runs the worker until no orders wait; how often it was to run again at once.
fn take_all(worker: &mut Worker, now: Instant) -> usize {
    std::iter::repeat_with(|| worker.run(now)).take_while(|due| *due == Some(now)).count()
}

fn events(engine: &mut Engine) -> Vec<Event> {
    std::iter::from_fn(|| engine.poll_event()).collect()
}

#[test]
fn a_panic_ends_one_room_and_no_other() {
    let (mut engine, mut worker) = bed(1);
    open_room(&mut engine, 1);
    open_room(&mut engine, 2);
    start(&mut engine, 1, 1);
    let well = start(&mut engine, 2, 2);
    let now = worker.run(Instant::now()).unwrap() + TICK;
    worker.run(now);
    worker.rooms[0].room.panics = true;
    for tick in 1..5 {
        worker.run(now + tick * TICK);
    }
    for _ in 0..5 {
        listen(&well);
    }
    assert_eq!(events(&mut engine), [Event::RoomFailed { room: RoomId(1) }]);
    assert_eq!(engine.stats().rooms_failed, 1);

    let late = start(&mut engine, 3, 1);
    for leg in [1, 3] {
        engine.command(Command::StopLeg { leg: LegId(leg) }).unwrap();
    }
    engine.command(Command::CloseRoom { room: RoomId(1) }).unwrap();
    worker.run(now + 5 * TICK);
    assert!(matches!(
        events(&mut engine)[..],
        [Event::Audio(LegStats { .. }), Event::Audio(LegStats { .. })]
    ));
    assert_eq!(worker.rooms.len(), 1);
    drop(late);
}

#[test]
fn a_flood_of_orders_is_taken_a_few_at_a_time() {
    let (mut engine, mut worker) = bed(8);
    let rooms = 5 * ORDERS_AT_ONCE;
    (0..rooms as u64).for_each(|room| open_room(&mut engine, room));
    assert_eq!((take_all(&mut worker, Instant::now()), worker.rooms.len()), (4, rooms));
}

#[test]
fn a_late_room_catches_up_and_is_counted() {
    let (mut engine, mut worker) = bed(2);
    open_room(&mut engine, 1);
    let phone = start(&mut engine, 1, 1);
    let due = worker.run(Instant::now()).unwrap();
    worker.run(due);
    assert_eq!(worker.run(due + 3 * TICK + TICK / 2), Some(due + 4 * TICK), "the schedule is absolute");
    let packets: Vec<_> = (0..4).map(|_| listen(&phone)).collect();
    for pair in packets.windows(2) {
        assert_eq!(pair[1].0, pair[0].0.wrapping_add(160));
    }
    let stats = engine.stats();
    assert_eq!((stats.ticks, stats.late_ticks, stats.skipped_ticks), (4, 3, 0));
}

#[test]
fn many_late_rooms_all_catch_up() {
    let (mut engine, mut worker) = bed(5);
    (1..=300).for_each(|room| open_room(&mut engine, room));
    let start = Instant::now();
    while worker.rooms.len() < 300 {
        worker.run(start);
    }
    let late = start + 4 * TICK;
    assert!(worker.run(late).is_some_and(|due| due > late));
    let stats = engine.stats();
    assert!(stats.ticks >= 300 * 3 && stats.skipped_ticks == 0, "{stats:?}");
}

#[test]
fn after_a_stall_ticks_are_skipped_but_media_time_is_not() {
    let (mut engine, mut worker) = bed(3);
    open_room(&mut engine, 1);
    let phone = start(&mut engine, 1, 1);
    let due = worker.run(Instant::now()).unwrap();
    worker.run(due);
    assert_eq!(worker.run(due + 100 * TICK), Some(due + 101 * TICK));
    let stats = engine.stats();
    assert_eq!((stats.ticks, stats.skipped_ticks), (1 + u64::from(CATCH_UP), 100 - u64::from(CATCH_UP)));
    let first = listen(&phone);
    let packets: Vec<_> = (0..CATCH_UP).map(|_| listen(&phone)).collect();
    let last = packets.last().unwrap();
    assert_eq!(last.0, first.0.wrapping_add(100 * 160), "timestamps are elapsed media time");
    assert_eq!(last.1, first.1.wrapping_add(CATCH_UP as u16), "sequence numbers have no gap");
}

#[test]
fn rooms_are_spread_over_the_interval() {
    let (mut engine, mut worker) = bed(4);
    let start = Instant::now();
    assert_eq!(worker.run(start), None, "without rooms nothing is ever due");
    (1..=16).for_each(|room| open_room(&mut engine, room));
    take_all(&mut worker, start);
    let mut dues: Vec<Instant> = worker.rooms.iter().filter_map(Place::next_due).collect();
    dues.sort();
    assert!(dues.windows(2).all(|pair| pair[1] - pair[0] == TICK / 16));
}

#[test]
fn a_grid_is_kept_whenever_one_looks() {
    let start = Instant::now();
    let years = 100_000_000_000;
    for (now_ms, due_ms) in [(0, 20), (1, 20), (19, 20), (20, 40), (1001, 1020), (years + 5, years + 20)] {
        let due = next_on_grid(start, start + Duration::from_millis(now_ms), TICK);
        assert_eq!(due, start + Duration::from_millis(due_ms));
    }
}
