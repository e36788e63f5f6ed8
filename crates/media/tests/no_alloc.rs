//! Once its legs are started, a worker neither allocates nor frees.

mod common;

use std::sync::Arc;

use allocation_counter::{AllocationInfo, measure};
use common::{Bed, EVENT_PAYLOAD_TYPE, Phone};
use confab_media::{Codec, Command, Control, Listener, PlaybackId, Sound};

/// What the worker allocated while it ran `ticks` ticks with all phones talking.
fn run(bed: &mut Bed, ticks: usize, phones: &mut [Phone]) -> AllocationInfo {
    let mut sum = AllocationInfo::default();
    for tick in 0..ticks {
        phones.iter_mut().for_each(Phone::speak);
        send_oddities(tick, &mut phones[0]);
        let now = bed.now;
        sum += measure(|| {
            bed.worker.run(now);
        });
        bed.now += common::TICK;
        phones.iter_mut().for_each(drain);
        bed.events();
    }
    sum
}

/// Keys, lost packets and junk, now and then.
fn send_oddities(tick: usize, phone: &mut Phone) {
    match tick % 50 {
        10 => phone.send_packet(EVENT_PAYLOAD_TYPE, phone.timestamp, &[3, 0x8a, 3, 32]),
        20 => phone.sequence += 1,
        30 => drop(phone.rtp.send_to(&[0; 7], phone.peer)),
        40 => drop(phone.rtcp.send_to(&[0x81; 9], (phone.peer.ip(), phone.peer.port() + 1))),
        _ => {}
    }
}

/// Throws away what came.
fn drain(phone: &mut Phone) {
    for socket in [&phone.rtp, &phone.rtcp] {
        socket.set_nonblocking(true).expect("a socket of ours");
        while socket.recv_from(&mut [0; 2048]).is_ok() {}
    }
}

#[test]
fn ticks_and_settings_do_not_allocate() {
    let mut bed = Bed::new(40);
    let prepare = |leg: u64| {
        move |phone: &mut Phone| {
            phone.codec = if leg.is_multiple_of(2) { Codec::Pcmu } else { Codec::G722 };
            phone.ptime_ms = [10, 20, 30, 60][leg as usize % 4];
            phone.sing(300.0 + 50.0 * leg as f32, -25.0);
        }
    };
    let mut phones: Vec<Phone> = (1..=12).map(|leg| bed.join(leg, prepare(leg))).collect();
    let music = Arc::new(Sound::new(8000, vec![500; 4000]));
    let to = Listener::Room(common::ROOM);
    let sounds = vec![Arc::clone(&music); 3];
    bed.command(Command::Play {
        playback: PlaybackId(1),
        to,
        sounds,
        repeat: true,
        gain_db: -3.0,
        duck_db: 0.0,
    });
    let to = Listener::Leg(phones[3].leg);
    let sounds = vec![music];
    bed.command(Command::Play {
        playback: PlaybackId(2),
        to,
        sounds,
        repeat: false,
        gain_db: 0.0,
        duck_db: 0.0,
    });
    bed.tick();

    let mut sum = run(&mut bed, 250, &mut phones);
    bed.set(phones[1].leg, Control::Speak(false));
    bed.set(phones[2].leg, Control::TalkGain(2));
    bed.command(Command::Hold { leg: phones[4].leg, on: true });
    bed.command(Command::Stop { playback: PlaybackId(1) });
    bed.command(Command::StopLeg { leg: phones[5].leg });
    sum += run(&mut bed, 50, &mut phones);
    assert_eq!((sum.count_total, sum.count_current), (0, 0), "allocations, and what they came to");
}
