//! What a room costs with real sockets: `cargo run --release -p confab-media --example room_cost -- [legs] [talkers]`.
//!
//! All phones send G.711 in 20 ms packets over loopback; the worker is run by hand, so that nothing but its ticks is
//! timed. The kernel's loopback path is the larger part: each packet it sends is also delivered within that time.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use confab_codec::Law;
use confab_media::{
    Codec, Command, Control, Engine, EngineConfig, Hear, LegId, RoomId, RoomPlan, RoomRate, StreamConfig,
    Worker,
};
use confab_mixer::Tone;
use confab_rtp::Packet;

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const ROOM: RoomId = RoomId(1);
const TICKS: u32 = 500;

struct Phone {
    socket: UdpSocket,
    port: u16,
    tone: Tone,
}

fn main() {
    let mut arguments = std::env::args().skip(1).map_while(|argument| argument.parse::<u64>().ok());
    let legs = arguments.next().unwrap_or(100);
    let talkers = arguments.next().unwrap_or(3).min(legs);
    let config =
        EngineConfig { workers: 1, keep_phases: true, ..EngineConfig::new(ADDRESS, 20000..=29999, 1) };
    let (mut engine, mut workers) = Engine::manual(config);
    let open = Command::OpenRoom { room: ROOM, plan: RoomPlan::new(RoomRate::Fixed(8000)), near: None };
    engine.command(open).expect("a room");
    let mut phones: Vec<Phone> =
        (0..legs).map(|leg| join(&mut engine, &mut workers[0], leg, talkers)).collect();
    report(legs, measure(&mut workers[0], &mut phones));
}

fn join(engine: &mut Engine, worker: &mut Worker, leg: u64, talkers: u64) -> Phone {
    let socket = UdpSocket::bind((ADDRESS, 0)).expect("a socket");
    socket.set_nonblocking(true).expect("a socket that does not block");
    let leg_id = LegId(leg);
    let port = engine.open_leg(leg_id, None).expect("a port pair");
    let stream = StreamConfig {
        remote: socket.local_addr().ok(),
        cname: "confab".into(),
        signalling_source: Some(ADDRESS),
        ..StreamConfig::new(Codec::Pcmu, 0)
    };
    let commands = [
        Command::StartLeg { leg: leg_id, room: ROOM, stream },
        Command::Set { leg: leg_id, control: Control::Hear(Hear::Room { gain_db: 0.0 }) },
        Command::Set { leg: leg_id, control: Control::Speak(leg < talkers) },
    ];
    for command in commands {
        engine.command(command).expect("a command");
    }
    worker.run(Instant::now());
    Phone { socket, port, tone: Tone::new(8000, 300.0 + leg as f32, -20.0) }
}

/// The time of each tick.
fn measure(worker: &mut Worker, phones: &mut [Phone]) -> Vec<Duration> {
    let mut now = worker.run(Instant::now()).expect("a room that ticks");
    let mut times = Vec::new();
    for tick in 0..TICKS {
        phones.iter_mut().for_each(|phone| phone.speak(tick));
        let begun = Instant::now();
        worker.run(now);
        times.push(begun.elapsed());
        now += Duration::from_millis(20);
        phones.iter().for_each(|phone| while phone.socket.recv(&mut [0; 2048]).is_ok() {});
    }
    times
}

impl Phone {
    fn speak(&mut self, tick: u32) {
        let (mut pcm, mut payload, mut datagram) = ([0; 160], [0; 160], [0; 172]);
        self.tone.fill(&mut pcm);
        Law::Mu.encode(&pcm, &mut payload);
        let packet = Packet {
            payload_type: 0,
            sequence: tick as u16,
            timestamp: tick * 160,
            ssrc: u32::from(self.port),
            payload: &payload,
            ..Packet::default()
        };
        packet.write(&mut datagram);
        self.socket.send_to(&datagram, (ADDRESS, self.port)).expect("a packet sent");
    }
}

fn report(legs: u64, mut times: Vec<Duration>) {
    times.sort();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e6;
    let per_leg = at(50) / legs as f64;
    println!("{legs} legs: tick p50 {:.0} us, p99 {:.0} us, max {:.0} us", at(50), at(99), at(100));
    println!("{per_leg:.2} us per leg and tick, {:.3} % of a core per leg", per_leg / 20_000.0 * 100.0);
}
