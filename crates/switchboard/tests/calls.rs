//! Whole calls through the switchboard, with scripted phones in virtual time.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::net::SocketAddr;

use confab_conference::Control;
use confab_sdp::Direction;
use confab_sip::Event;
use confab_switchboard::{Input, MediaCommand, MediaEvent, Shortage};
use support::{Exchange, ms};

const TRUNK: u8 = 20;
const STATION: u8 = 4;

/// The trunk has called 2002 and station 1004 has answered.
fn two_in_a_room() -> (Exchange, usize, usize) {
    let mut x = Exchange::new();
    let station = x.registered(STATION, "1004");
    let trunk = x.phone(TRUNK, "2125551111");
    x.call(trunk, "2002", true);
    x.run(ms(700));
    x.answer(station);
    x.run(ms(100));
    (x, trunk, station)
}

#[test]
fn the_trunk_is_answered_after_half_a_second_and_the_station_is_called() {
    let mut x = Exchange::new();
    let station = x.registered(STATION, "1004");
    let trunk = x.phone(TRUNK, "2125551111");
    x.call(trunk, "2002", true);
    x.run(ms(400));
    assert_eq!(x.sent_to(trunk), ["SIP/2.0 180 Ringing"]);
    x.run(ms(200));
    assert_eq!(x.sent_to(trunk).last(), Some(&"SIP/2.0 200 OK"));
    let invite = x.message_to(station, "INVITE");
    assert!(invite.contains("From: \"Alice\" <sip:2125551111@"), "{invite}");
    assert!(invite.contains("Contact: <sip:2125551111@10.0.0.1:5080"), "{invite}");
    assert_eq!(
        x.count(|c| matches!(c, MediaCommand::StartLeg { .. })),
        1,
        "only the trunk hears audio so far"
    );
    x.answer(station);
    x.run(ms(50));
    assert_eq!(x.count(|c| matches!(c, MediaCommand::StartLeg { .. })), 2);
    assert_eq!(x.count(|c| matches!(c, MediaCommand::OpenRoom { .. })), 1, "both in one room");
}

#[test]
fn a_key_that_comes_by_rtp_and_by_info_counts_once() {
    let (mut x, _, station) = two_in_a_room();
    let leg = x.started(1);
    let unmutes = |x: &Exchange| {
        x.count(|c| matches!(c, MediaCommand::Set { leg: l, control: Control::Speak(true) } if *l == leg))
    };
    let before = unmutes(&x);
    x.hears(MediaEvent::Digit { leg, digit: '0', inband: false });
    x.send_info(station, '0');
    x.run(ms(100));
    assert_eq!(unmutes(&x), before + 1, "unmuted once, not muted again");
}

#[test]
fn star_one_calls_by_the_number_plan_and_star_two_takes_it_back() {
    let (mut x, _, _) = two_in_a_room();
    let gateway = x.phone(90, "far-end");
    x.phones[gateway].address.set_port(5090);
    let leg = x.started(1);
    for digit in "*120001#".chars() {
        x.hears(MediaEvent::Digit { leg, digit, inband: false });
        x.run(ms(150));
    }
    let invites =
        x.sent.iter().filter(|(to, text)| to.port() == 5090 && text.starts_with("INVITE sip:20001@"));
    assert!(invites.count() >= 1, "{:#?}", x.log);
    for digit in "*2".chars() {
        x.hears(MediaEvent::Digit { leg, digit, inband: false });
    }
    x.run(ms(50));
    assert!(x.log.iter().any(|line| line.contains("cancelled")), "{:#?}", x.log);
}

#[test]
fn the_trunk_hangs_up_and_the_station_gets_a_bye() {
    let (mut x, trunk, station) = two_in_a_room();
    x.hang_up(trunk);
    x.run(ms(3000));
    assert!(x.sent_to(station).iter().any(|line| line.starts_with("BYE")));
    assert!(x.has_ended(station));
    assert_eq!(x.count(|c| matches!(c, MediaCommand::StopLeg { .. })), 2);
    assert_eq!(x.count(|c| matches!(c, MediaCommand::CloseRoom { .. })), 1);
    assert_eq!(x.switchboard.calls(), 0);
}

#[test]
fn a_caller_who_gives_up_while_it_rings_leaves_nothing_behind() {
    let mut x = Exchange::new();
    let station = x.registered(STATION, "1004");
    let trunk = x.phone(TRUNK, "2125551111");
    x.call(trunk, "2002", true);
    x.run(ms(200));
    x.hang_up(trunk);
    x.run(ms(2000));
    assert!(x.sent_to(trunk).iter().any(|line| line.contains("487")));
    assert!(!x.sent_to(station).iter().any(|line| line.starts_with("INVITE")));
    assert_eq!(x.count(|c| matches!(c, MediaCommand::StopLeg { .. })), 1);
    assert_eq!(x.switchboard.calls(), 0);
}

#[test]
fn hold_is_the_members_state() {
    let (mut x, trunk, _) = two_in_a_room();
    let leg = x.started(0);
    let speaks = |x: &Exchange, on: bool| {
        x.count(|c| matches!(c, MediaCommand::Set { leg: l, control: Control::Speak(s) } if *l == leg && *s == on))
    };
    let silenced = speaks(&x, false);
    let updates = x.count(|c| matches!(c, MediaCommand::UpdateLeg { .. }));
    x.reoffer(trunk, Direction::SendOnly);
    x.run(ms(100));
    assert!(x.message_to(trunk, "SIP/2.0 200").contains("a=recvonly"));
    assert_eq!(x.count(|c| matches!(c, MediaCommand::UpdateLeg { .. })), updates + 1);
    assert_eq!(speaks(&x, false), silenced + 1);
    let heard = speaks(&x, true);
    x.reoffer(trunk, Direction::SendRecv);
    x.run(ms(100));
    assert_eq!(speaks(&x, true), heard + 1);
    assert!(!x.has_ended(trunk));
}

#[test]
fn an_invite_without_an_offer_gets_ours_and_audio_follows_the_ack() {
    let mut x = Exchange::new();
    let trunk = x.phone(TRUNK, "2125551111");
    x.call(trunk, "2000", false);
    x.run(ms(1000));
    let answered = x.phones[trunk].events.iter().find_map(|event| match event {
        Event::Answered { sdp, .. } => sdp.clone(),
        _ => None,
    });
    let offer = String::from_utf8(answered.expect("a 200 with our offer").to_vec()).unwrap();
    assert!(offer.contains("m=audio") && offer.contains("RTP/AVP"), "{offer}");
    assert_eq!(x.count(|c| matches!(c, MediaCommand::StartLeg { stream, .. } if stream.remote.is_none())), 1);
}

#[test]
fn when_no_ports_are_left_the_caller_is_told_to_come_back() {
    let mut x = Exchange::new();
    x.ports = 0;
    let trunk = x.phone(TRUNK, "2125551111");
    x.call(trunk, "2000", true);
    x.run(ms(100));
    let refusal = x.message_to(trunk, "SIP/2.0 503");
    assert!(refusal.contains("Retry-After: 10"), "{refusal}");
    assert_eq!(x.switchboard.calls(), 0);
}

#[test]
fn a_full_machine_is_503_and_a_full_core_keeps_callers_only_from_its_rooms() {
    for (shortage, status, line) in
        [(Shortage::Machine, 503, "every core is full"), (Shortage::Room, 486, "the core on which the room")]
    {
        let mut x = Exchange::new();
        let first = x.phone(TRUNK, "2125551111");
        x.call(first, "2000", true);
        x.run(ms(5000));
        (x.ports, x.shortage) = (0, shortage);
        let second = x.phone(STATION, "2125552222");
        x.call(second, "2000", true);
        x.run(ms(100));
        let refusal = x.message_to(second, &format!("SIP/2.0 {status}"));
        assert!(refusal.contains("Retry-After: 10"), "{refusal}");
        assert!(x.log.iter().any(|said| said.contains("2125552222 is not taken") && said.contains(line)));
        assert!(!x.has_ended(first));

        let asked = |command: &MediaCommand| match command {
            MediaCommand::OpenLeg { room, .. } => Some(*room),
            _ => None,
        };
        let rooms: Vec<_> = x.media.iter().filter_map(asked).collect();
        assert!(rooms[0].is_none() && rooms.last().is_some_and(Option::is_some), "{rooms:?}");
    }
}

#[test]
fn an_outcall_without_ports_leaves_the_caller_with_his_music() {
    let mut x = Exchange::new();
    x.registered(STATION, "1004");
    x.ports = 1;
    let trunk = x.phone(TRUNK, "2125551111");
    x.call(trunk, "2002", true);
    x.run(ms(5000));
    assert!(!x.has_ended(trunk));
    assert!(x.log.iter().any(|line| line.contains("media.ports")), "{:#?}", x.log);
}

#[test]
fn unknown_numbers_are_refused_without_any_state() {
    let mut x = Exchange::new();
    let trunk = x.phone(TRUNK, "2125551111");
    x.call(trunk, "2999", true);
    x.run(ms(100));
    assert_eq!(x.sent_to(trunk), ["SIP/2.0 404 Not Found"]);
    assert!(x.media.is_empty());
}

#[test]
fn the_unregistered_station_leaves_the_trunk_in_the_room() {
    let mut x = Exchange::new();
    let trunk = x.phone(TRUNK, "2125551111");
    x.call(trunk, "2002", true);
    x.run(ms(3000));
    assert!(!x.has_ended(trunk));
    assert!(
        x.log.iter().any(|line| line.contains("not called") && line.contains("not registered")),
        "{:#?}",
        x.log
    );
}

#[test]
fn a_busy_station_is_in_the_log_and_the_trunk_stays() {
    let mut x = Exchange::new();
    let station = x.registered(STATION, "1004");
    let trunk = x.phone(TRUNK, "2125551111");
    x.call(trunk, "2002", true);
    x.run(ms(700));
    x.refuse(station, 486);
    x.run(ms(1000));
    assert!(!x.has_ended(trunk));
    assert!(x.log.iter().any(|line| line.contains("busy")), "{:#?}", x.log);
}

#[test]
fn a_room_that_fails_ends_its_calls_only() {
    let (mut x, trunk, station) = two_in_a_room();
    let other = x.phone(30, "4155550000");
    x.call(other, "2000", true);
    x.run(ms(1000));
    let room = x.media.iter().find_map(|command| match command {
        MediaCommand::OpenRoom { room, .. } => Some(*room),
        _ => None,
    });
    x.hears(MediaEvent::RoomFailed { room: room.unwrap() });
    x.run(ms(1000));
    assert!(x.has_ended(trunk) && x.has_ended(station) && !x.has_ended(other));
}

#[test]
fn shutting_down_ends_every_leg_and_refuses_new_ones() {
    let (mut x, trunk, station) = two_in_a_room();
    let late = x.phone(31, "4155550001");
    x.tell(Input::ShutDown { retry_after: ms(30_000) });
    x.run(ms(500));
    assert!(x.has_ended(trunk) && x.has_ended(station));
    x.call(late, "2000", true);
    x.run(ms(500));
    let refusal = x.message_to(late, "SIP/2.0 503");
    assert!(refusal.contains("Retry-After: 30"), "{refusal}");
    assert_eq!(x.switchboard.calls(), 0);
}

#[test]
fn audio_may_go_to_where_the_signalling_is_proved_to_come_from() {
    let (x, trunk, station) = two_in_a_room();
    let proved = |leg| {
        let told = x.media.iter().filter_map(move |command| match command {
            MediaCommand::StartLeg { leg: l, signalling, .. }
            | MediaCommand::UpdateLeg { leg: l, signalling, .. }
                if *l == leg =>
            {
                Some(*signalling)
            }
            _ => None,
        });
        told.collect::<Vec<_>>()
    };
    let address = |phone: usize| Some(x.phones[phone].address.ip());
    assert_eq!(proved(x.started(0)), [None, address(trunk)], "a caller by his ACK");
    assert_eq!(proved(x.started(1)), [address(station)], "a callee by his answer");
}

#[test]
fn audio_for_a_port_of_ours_is_refused() {
    let (mut x, trunk, station) = two_in_a_room();
    let stations = x.phones[station].port_of_ours();
    let updates = x.count(|c| matches!(c, MediaCommand::UpdateLeg { .. }));
    x.reoffer_towards(trunk, SocketAddr::from(([10, 0, 0, 1], stations)));
    x.run(ms(100));
    let refusal = x.message_to(trunk, "SIP/2.0 488");
    assert!(refusal.contains("media address 10.0.0.1"), "{refusal}");
    assert_eq!(x.count(|c| matches!(c, MediaCommand::UpdateLeg { .. })), updates);
    assert!(!x.has_ended(trunk));
}

/// Who gets another answer in the same moment need not be told to wait for it (RFC 3261 §17.2.1).
#[test]
fn who_is_answered_at_once_gets_no_100() {
    let mut x = Exchange::new();
    let trunk = x.phone(TRUNK, "2125551111");
    x.call(trunk, "2000", true);
    x.run(ms(700));
    let told = x.sent_to(trunk);
    assert!(told.iter().any(|line| line.starts_with("SIP/2.0 200")), "{told:?}");
    assert!(!told.iter().any(|line| line.starts_with("SIP/2.0 100")), "{told:?}");
}
