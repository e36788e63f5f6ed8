//! Legs and rooms come and go: ports, RTCP, silence, errors, threads.

mod common;

use std::net::Ipv6Addr;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use common::{Bed, Phone, ROOM, TICK, config, loopback, open};
use confab_audio::Event;
use confab_media::{Command, CommandError, Engine, EngineConfig, LegId, Refusal, RoomId, StreamConfig};
use confab_rtp::rtcp;

fn next_report(phone: &Phone, own_ssrc: u32) -> rtcp::Incoming {
    let mut datagram = [0; 2048];
    let (len, source) = phone.rtcp.recv_from(&mut datagram).expect("a report in time");
    assert_eq!(source.port(), phone.peer.port() + 1);
    rtcp::parse(&datagram[..len], own_ssrc).expect("a report that is right")
}

#[test]
fn ports_run_out_and_come_back() {
    let mut bed = Bed::with_pairs(30, 2);
    let phone = bed.join(1, |_| {});
    assert_eq!(bed.engine.open_leg(LegId(2), None), Ok(phone.peer.port() + 2));
    assert_eq!(bed.engine.open_leg(LegId(2), None), Ok(phone.peer.port() + 2), "open already");
    assert_eq!(bed.engine.open_leg(LegId(3), None), Err(Refusal::Ports));

    bed.command(Command::StopLeg { leg: LegId(2) });
    assert_eq!(bed.engine.open_leg(LegId(3), None), Ok(phone.peer.port() + 2), "never started");
    bed.command(Command::StopLeg { leg: phone.leg });
    bed.tick();
    assert!(matches!(bed.events()[..], [Event::LegStats { .. }]));
    assert_eq!(bed.engine.open_leg(LegId(4), None), Ok(phone.peer.port()), "started and stopped");
}

#[test]
fn reports_come_with_the_cname_and_a_goodbye() {
    let mut bed = Bed::new(31);
    let mut phone = bed.join(1, |phone| phone.sing(600.0, -20.0));
    bed.talk(500, &mut [&mut phone]);
    let own = phone.heard[0].ssrc;
    let report = next_report(&phone, phone.ssrc);
    assert_eq!(report.ssrc, own);
    assert!(report.sender.is_some_and(|sender| sender.packets > 50));
    let block = report.block.expect("it hears us");
    assert_eq!((block.ssrc, block.cumulative_lost), (phone.ssrc, 0));
    assert!(!report.bye);

    bed.command(Command::StopLeg { leg: phone.leg });
    bed.tick();
    let mut last = next_report(&phone, phone.ssrc);
    while !last.bye {
        last = next_report(&phone, phone.ssrc);
    }
    assert_eq!(last.ssrc, own);
    assert!(phone.hears_nothing(), "no RTP after the goodbye");
}

#[test]
fn reports_share_the_rtp_port_when_multiplexed() {
    let mut bed = Bed::new(38);
    let mut phone = bed.join(1, |phone| phone.sing(600.0, -20.0));
    bed.talk(5, &mut [&mut phone]);
    let multiplexed = StreamConfig { rtcp_mux: true, ..phone.stream() };
    bed.command(Command::UpdateStream { leg: phone.leg, stream: multiplexed });
    let mut report = [0; 256];
    let own =
        rtcp::Report { ssrc: phone.ssrc, sender: None, block: None, xr: None, cname: "phone", bye: false };
    let len = own.write(&mut report);
    phone.rtp.send_to(&report[..len], phone.peer).unwrap();
    bed.talk(5, &mut [&mut phone]);

    bed.command(Command::StopLeg { leg: phone.leg });
    bed.tick();
    let (len, source) = phone.rtp.recv_from(&mut report).unwrap();
    assert_eq!(source, phone.peer);
    assert!(rtcp::parse(&report[..len], 0).unwrap().bye);
    let events = bed.events();
    let Some(Event::LegStats { stats, .. }) = events.last() else { panic!("no statistics in {events:?}") };
    assert_eq!(stats.packets_dropped, 0, "a report is no bad RTP");
}

#[test]
fn ipv6_phones_are_served() {
    let ports = 21000..=21999;
    let address = Ipv6Addr::LOCALHOST.into();
    let (engine, mut workers) =
        Engine::manual(EngineConfig { workers: 1, ..EngineConfig::new(address, ports, 3) });
    let mut bed = Bed { engine, worker: workers.remove(0), address, now: Instant::now() };
    bed.open_room(ROOM);
    let mut anne = bed.join(1, |phone| phone.sing(600.0, -20.0));
    let mut bert = bed.join(2, |_| {});
    bed.talk(30, &mut [&mut anne, &mut bert]);
    assert!((bert.level(600.0) + 20.0).abs() < 1.0);
}

#[test]
fn what_passed_is_told_at_the_end() {
    let mut bed = Bed::new(32);
    let mut phone = bed.join(1, |phone| phone.sing(600.0, -20.0));
    bed.talk(50, &mut [&mut phone]);
    phone.sequence += 3;
    phone.timestamp += 480;
    bed.talk(50, &mut [&mut phone]);
    bed.command(Command::StopLeg { leg: phone.leg });
    bed.tick();
    let events = bed.events();
    let Some(Event::LegStats { leg, stats, .. }) = events.last() else {
        panic!("no statistics in {events:?}")
    };
    assert_eq!(*leg, phone.leg);
    assert_eq!((stats.packets_sent, stats.packets_lost, stats.send_failures), (100, 3, 0));
    assert!(stats.packets_received >= 97, "{stats:?}");
}

#[test]
fn silence_is_told_at_every_limit_and_later_on_hold() {
    let mut bed = Bed::new(33);
    let phone = bed.join(1, |_| {});
    let silent = |bed: &mut Bed, seconds: usize| {
        (0..seconds * 50).for_each(|_| bed.tick());
        bed.events()
    };
    assert_eq!(silent(&mut bed, 29), []);
    assert!(matches!(silent(&mut bed, 2)[..], [Event::LegSilent { for_ms: 30_000..31_000, .. }]));
    assert!(matches!(silent(&mut bed, 30)[..], [Event::LegSilent { for_ms: 60_000..61_000, .. }]));
    bed.command(Command::Hold { leg: phone.leg, on: true });
    assert_eq!(silent(&mut bed, 299), []);
    assert!(matches!(silent(&mut bed, 2)[..], [Event::LegSilent { .. }]));
}

#[test]
fn a_closed_room_keeps_ports_until_its_legs_are_stopped() {
    let mut bed = Bed::with_pairs(34, 1);
    let mut phone = bed.join(1, |_| {});
    bed.talk(2, &mut [&mut phone]);
    bed.command(Command::CloseRoom { room: ROOM });
    bed.tick();
    bed.tick();
    assert!(phone.hears_nothing());
    assert_eq!(bed.worker.run(bed.now), None, "nothing is due any more");
    bed.command(Command::StopLeg { leg: phone.leg });
    bed.tick();
    assert!(matches!(bed.events()[..], [Event::LegStats { .. }]));
    assert!(bed.engine.open_leg(LegId(2), None).is_ok());
}

#[test]
fn wrong_commands_are_refused() {
    let mut bed = Bed::new(35);
    let phone = bed.join(1, |_| {});
    let unknown = LegId(9);
    let stream = phone.stream();
    bed.engine.open_leg(LegId(2), None).unwrap();
    let cases = [
        (Command::StopLeg { leg: unknown }, CommandError::UnknownLeg(unknown)),
        (Command::Hold { leg: LegId(2), on: true }, CommandError::UnknownLeg(LegId(2))),
        (Command::CloseRoom { room: RoomId(9) }, CommandError::UnknownRoom(RoomId(9))),
        (
            Command::StartLeg { leg: unknown, room: ROOM, stream: stream.clone() },
            CommandError::UnknownLeg(unknown),
        ),
        (
            Command::StartLeg { leg: phone.leg, room: ROOM, stream: stream.clone() },
            CommandError::AlreadyStarted(phone.leg),
        ),
        (Command::StartLeg { leg: LegId(2), room: RoomId(9), stream }, CommandError::UnknownRoom(RoomId(9))),
        (open(ROOM, 8000), CommandError::AlreadyOpen(ROOM)),
        (open(RoomId(3), 44_100), CommandError::Unmixable { rate: 44_100, interval_ms: 20 }),
    ];
    for (command, error) in cases {
        assert_eq!(bed.engine.command(command), Err(error));
    }
}

#[test]
fn a_full_queue_refuses_but_never_loses_a_stop() {
    let mut bed = Bed::new(36);
    let phone = bed.join(1, |_| {});
    let hold = Command::Hold { leg: phone.leg, on: false };
    let full = (0..100_000).map(|_| bed.engine.command(hold.clone())).find(Result::is_err);
    assert_eq!(full, Some(Err(CommandError::QueueFull)));
    bed.command(Command::StopLeg { leg: phone.leg });
    for _ in 0..200 {
        bed.tick();
        bed.engine.stats();
        if bed.events().iter().any(|event| matches!(event, Event::LegStats { .. })) {
            return;
        }
    }
    panic!("the stop was lost");
}

#[test]
fn threads_keep_pace_and_say_goodbye_when_the_engine_is_dropped() {
    let (woken, wakes) = mpsc::sync_channel(1);
    let mut engine = Engine::start(config(37, 10), move || {
        let _told_already = woken.try_send(());
    })
    .unwrap();
    engine.command(open(ROOM, 8000)).unwrap();
    let port = engine.open_leg(LegId(1), None).unwrap();
    let mut phone = Phone::new(loopback(37), LegId(1), port);
    engine.command(Command::StartLeg { leg: LegId(1), room: ROOM, stream: phone.stream() }).unwrap();
    engine.flush();

    phone.listen(1);
    let begun = Instant::now();
    phone.listen(40);
    let taken = begun.elapsed();
    assert!(taken > 25 * TICK, "packets do not come in bursts: {taken:?}");
    for pair in phone.heard.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        let elapsed = pair[1].timestamp.wrapping_sub(pair[0].timestamp);
        assert!(elapsed > 0 && elapsed.is_multiple_of(160), "timestamps are media time, also after a stall");
    }

    engine.command(Command::StopLeg { leg: LegId(1) }).unwrap();
    engine.flush();
    wakes.recv_timeout(Duration::from_secs(5)).expect("a wake for the statistics");
    let port = engine.open_leg(LegId(2), None).unwrap();
    let mut other = Phone::new(loopback(37), LegId(2), port);
    engine.command(Command::StartLeg { leg: LegId(2), room: ROOM, stream: other.stream() }).unwrap();
    engine.flush();
    other.listen(1);
    drop(engine);
    let mut report = next_report(&other, 0);
    while !report.bye {
        report = next_report(&other, 0);
    }
}
