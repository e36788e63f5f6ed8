//! Session timers and hold, as the room sees them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use confab_conference::Control;
use confab_sdp::Direction;
use confab_switchboard::MediaCommand;
use support::{Exchange, ms};

const STATION: u8 = 4;

/// The trunk has called 2002 and station 1004 has answered.
fn two_in_a_room(overrides: &[&str]) -> (Exchange, usize, usize) {
    let mut x = Exchange::with(overrides);
    let station = x.registered(STATION, "1004");
    let trunk = x.phone(20, "2125551111");
    x.call(trunk, "2002", true);
    x.run(ms(700));
    x.answer(station);
    x.run(ms(500));
    (x, trunk, station)
}

#[test]
fn members_are_kept_for_hours_and_the_dead_are_put_out() {
    let (mut x, trunk, station) = two_in_a_room(&[]);
    x.run(ms(3 * 3_600_000));
    assert_eq!(x.switchboard.calls(), 2, "{:#?}", x.log);
    assert!(!x.has_ended(trunk) && !x.has_ended(station));
    assert!(x.sent_to(station).iter().any(|line| line.starts_with("UPDATE")));
    x.unplug(station);
    x.run(ms(1_800_000));
    assert!(x.log.iter().any(|line| line.contains("1004") && line.contains("left")), "{:#?}", x.log);
    assert_eq!(x.switchboard.calls(), 1);
}

#[test]
fn timers_are_off_where_they_are_switched_off() {
    let (mut x, _, station) = two_in_a_room(&["users.0.session-timers=off", "sip.session-timers=off"]);
    x.run(ms(2 * 3_600_000));
    assert!(!x.sent_to(station).iter().any(|line| line.starts_with("UPDATE")));
    assert!(!x.message_to(station, "INVITE").contains("Session-Expires"));
}

#[test]
fn hold_of_every_kind_silences_the_member_and_nothing_else() {
    // A phone that holds plays its music to us: none of it may be heard. What RFC 2543 phones send for hold, too.
    for direction in [Some(Direction::SendOnly), Some(Direction::Inactive), None] {
        let (mut x, trunk, _) = two_in_a_room(&[]);
        let leg = x.started(0);
        let speaks = |x: &Exchange| {
            let of_leg = x.media.iter().rev().find_map(|command| match command {
                MediaCommand::Set { leg: of, control: Control::Speak(on) } if *of == leg => Some(*on),
                _ => None,
            });
            of_leg.unwrap()
        };
        assert!(speaks(&x));
        let sounds = x.count(|c| matches!(c, MediaCommand::Play { .. }));
        match direction {
            Some(direction) => x.reoffer(trunk, direction),
            None => x.reoffer_towards(trunk, "0.0.0.0:4000".parse().unwrap()),
        }
        x.run(ms(100));
        assert!(!speaks(&x), "{direction:?}");
        assert_eq!(x.count(|c| matches!(c, MediaCommand::Play { .. })), sounds, "no music of ours either");
        x.reoffer(trunk, Direction::SendRecv);
        x.run(ms(100));
        assert!(speaks(&x), "{direction:?}: resumed");
    }
}

#[test]
fn who_only_listens_is_not_on_hold() {
    let (mut x, trunk, _) = two_in_a_room(&[]);
    let leg = x.started(0);
    let before =
        x.count(|c| matches!(c, MediaCommand::Set { leg: of, control: Control::Hear(None) } if *of == leg));
    x.reoffer(trunk, Direction::RecvOnly);
    x.run(ms(100));
    assert_eq!(
        x.count(|c| matches!(c, MediaCommand::Set { leg: of, control: Control::Hear(None) } if *of == leg)),
        before
    );
    let stream = x.media.iter().rev().find_map(|command| match command {
        MediaCommand::UpdateLeg { leg: of, stream, .. } if *of == leg => Some(stream.clone()),
        _ => None,
    });
    let stream = stream.unwrap();
    assert!(!stream.on_hold() && stream.direction == Direction::SendOnly, "we send and take nothing");
}
