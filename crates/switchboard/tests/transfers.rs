//! A member goes on to another room by key: his audio moves, his call does not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use confab_conference::{Control, LegId, RoomId};
use confab_sip::Method;
use confab_switchboard::{MediaCommand, MediaEvent};
use support::{Exchange, ms};

const KEY: &str = "controls.simpleconf.*7=\"transfer 2001\"";

fn press(x: &mut Exchange, leg: LegId, keys: &str) {
    for digit in keys.chars() {
        x.hears(MediaEvent::Digit { leg, digit, inband: false });
        x.run(ms(100));
    }
    x.run(ms(200));
}

fn moved(x: &Exchange) -> Vec<(LegId, RoomId)> {
    let moved = x.media.iter().filter_map(|command| match command {
        MediaCommand::MoveLeg { leg, room, .. } => Some((*leg, *room)),
        _ => None,
    });
    moved.collect()
}

#[test]
fn the_audio_moves_and_the_call_goes_on() {
    let mut x = Exchange::with(&[KEY]);
    let phone = x.phone(20, "77");
    x.call(phone, "2000", true);
    x.run(ms(300));
    let leg = x.started(0);
    press(&mut x, leg, "*7");
    let [(moved_leg, room)] = moved(&x)[..] else { panic!("{:#?}", x.media) };
    assert_eq!(moved_leg, leg);
    let near = x.media.iter().find_map(|command| match command {
        MediaCommand::OpenRoom { room: opened, near, .. } if *opened == room => Some(*near),
        _ => None,
    });
    assert_eq!(near, Some(Some(RoomId(room.0 - 1))), "opened where he comes from");
    assert_eq!(x.count(|command| matches!(command, MediaCommand::StartLeg { .. })), 1);
    assert_eq!(x.count(|command| matches!(command, MediaCommand::StopLeg { leg: of } if *of == leg)), 0);
    assert_eq!(x.count(|command| matches!(command, MediaCommand::CloseRoom { .. })), 1);
    let after = x.media.iter().skip_while(|command| !matches!(command, MediaCommand::MoveLeg { .. }));
    let hears = |command: &&MediaCommand| matches!(command, MediaCommand::Set { control: Control::Hear(Some(_)), leg: set } if *set == leg);
    assert_eq!(after.clone().filter(hears).count(), 1, "he hears the other room");
    assert!(!x.has_ended(phone) && x.switchboard.calls() == 1);
    assert!(x.log.iter().any(|line| line.contains("left, transferred")), "{:#?}", x.log);
    let invites = x.sent_to(phone).iter().filter(|line| line.starts_with("INVITE")).count();
    assert_eq!(invites, 0, "his phone is not asked anything");
}

/// Keys in the audio are listened for anew: the other room's mixer knows nothing of him.
#[test]
fn keys_in_the_audio_are_heard_in_the_other_room_too() {
    let mut x = Exchange::with(&[KEY, "profiles.simpleconf.inband-dtmf=\"always\""]);
    let phone = x.phone(20, "77");
    x.call(phone, "2000", true);
    x.run(ms(300));
    let leg = x.started(0);
    press(&mut x, leg, "*7");
    let listens = |command: &MediaCommand| matches!(command, MediaCommand::Set { control: Control::InbandDigits(true), leg: set } if *set == leg);
    assert_eq!(x.count(listens), 2);
}

/// A phone that changes its codec or goes on hold afterwards does so in the room where it is.
#[test]
fn hold_and_renegotiation_follow_the_leg() {
    let mut x = Exchange::with(&[KEY]);
    let phone = x.phone(20, "77");
    x.call(phone, "2000", true);
    x.run(ms(300));
    let leg = x.started(0);
    press(&mut x, leg, "*7");
    let before = x.media.len();
    x.reoffer(phone, confab_sdp::Direction::SendOnly);
    x.run(ms(300));
    let updated =
        |command: &MediaCommand| matches!(command, MediaCommand::UpdateLeg { leg: of, .. } if *of == leg);
    assert!(x.media[before..].iter().any(updated));
    assert!(x.log.iter().any(|line| line.contains("room 1004: 77 on hold")), "{:#?}", x.log);
    x.hang_up(phone);
    x.run(ms(500));
    assert_eq!(x.count(|command| matches!(command, MediaCommand::StopLeg { leg: of } if *of == leg)), 1);
    assert!(x.message_to(phone, "SIP/2.0 200").contains(&Method::Bye.to_string()));
}

/// The final response to an INVITE of ours is in the event.
#[test]
fn how_an_invite_ended_is_told_with_its_status() {
    let mut x = Exchange::new();
    let station = x.registered(4, "1004");
    let phone = x.phone(20, "77");
    x.call(phone, "2001", true);
    x.run(ms(700));
    x.refuse(station, 486);
    x.run(ms(200));
    assert!(x.log.iter().any(|line| line.contains("invite of user/1004 by 77: busy (486")), "{:#?}", x.log);
}
