//! Members who add others, and remove them, by REFER (RFC 4579 §5.5, §5.11).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use confab_sip::{Event, Method, header};
use support::{Exchange, ms};

const MANAGING: &[&str] = &["roles.station.may=[\"add\", \"remove\"]"];

/// The trunk has called 2002, and station 1004, whose role may add and remove, has answered.
fn two_in_a_room() -> (Exchange, usize, usize) {
    let mut x = Exchange::with(MANAGING);
    let station = x.registered(4, "1004");
    let trunk = x.phone(20, "2125551111");
    x.call(trunk, "2002", true);
    x.run(ms(700));
    x.answer(station);
    x.run(ms(500));
    x.phones[station].events.clear();
    (x, trunk, station)
}

fn refer(x: &mut Exchange, phone: usize, target: &str) {
    x.send_within(phone, Method::Refer, &[(header::REFER_TO, target)]);
    x.run(ms(100));
}

/// What a phone has heard of its REFER: the status of the response, then the fragments.
fn heard(x: &mut Exchange, phone: usize) -> Vec<String> {
    let events = std::mem::take(&mut x.phones[phone].events);
    let line = |event| match event {
        Event::Replied { status, .. } => Some(status.unwrap_or_default().to_string()),
        Event::Notify { body, .. } => Some(String::from_utf8(body.to_vec()).unwrap().trim().to_owned()),
        _ => None,
    };
    events.into_iter().filter_map(line).collect()
}

#[test]
fn a_member_calls_another_user_into_the_room() {
    let (mut x, _, station) = two_in_a_room();
    let other = x.registered(5, "1005");
    refer(&mut x, station, "<sip:1005@10.0.0.1;method=INVITE>");
    assert!(x.sent_to(other).iter().any(|line| line.starts_with("INVITE")), "{:#?}", x.log);
    assert_eq!(heard(&mut x, station), ["202", "SIP/2.0 100 Trying"]);
    x.ring(other);
    x.run(ms(100));
    assert_eq!(heard(&mut x, station), ["SIP/2.0 180 Ringing"]);
    x.answer(other);
    x.run(ms(500));
    assert_eq!(heard(&mut x, station), ["SIP/2.0 200 OK"]);
    assert_eq!(x.switchboard.calls(), 3);
}

#[test]
fn how_a_call_ends_that_a_refer_asked_for() {
    let (mut x, _, station) = two_in_a_room();
    let other = x.registered(5, "1005");
    refer(&mut x, station, "<sip:1005@10.0.0.1>");
    x.refuse(other, 486);
    x.run(ms(200));
    assert_eq!(heard(&mut x, station), ["202", "SIP/2.0 100 Trying", "SIP/2.0 486 Busy Here"]);
}

#[test]
fn a_member_removes_another() {
    let (mut x, trunk, station) = two_in_a_room();
    let other = x.registered(5, "1005");
    refer(&mut x, station, "<sip:1005@10.0.0.1>");
    x.answer(other);
    x.run(ms(500));
    heard(&mut x, station);
    refer(&mut x, station, "<sip:1005@10.0.0.1;method=BYE>");
    x.run(ms(5000));
    assert_eq!(heard(&mut x, station).last().unwrap(), "SIP/2.0 200 OK");
    assert!(x.has_ended(other) && !x.has_ended(trunk));
}

#[test]
fn who_may_not_and_what_is_not_allowed() {
    let (mut x, trunk, station) = two_in_a_room();
    let invites = |x: &Exchange| x.sent.iter().filter(|(_, text)| text.starts_with("INVITE")).count();
    let before = invites(&x);
    refer(&mut x, trunk, "<sip:1005@10.0.0.1>");
    assert_eq!(heard(&mut x, trunk), ["403"], "his role may not");
    let table = [
        ("<sip:1005@192.0.2.1>", "403"),
        ("<sip:0123456789012@10.0.0.1>", "403"),
        ("<sip:12@10.0.0.1>", "403"),
        ("<sip:9999@10.0.0.1;method=BYE>", "404"),
        ("<sip:1005@10.0.0.1?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>", "603"),
    ];
    for (target, status) in table {
        refer(&mut x, station, target);
        assert_eq!(heard(&mut x, station), [status], "{target}");
    }
    assert_eq!(invites(&x), before, "nobody was called");
}

#[test]
fn it_is_off_where_it_is_switched_off() {
    let off = [MANAGING, &["users.0.refer=false"]].concat();
    let mut x = Exchange::with(&off);
    let station = x.registered(4, "1004");
    let trunk = x.phone(20, "2125551111");
    x.call(trunk, "2002", true);
    x.run(ms(700));
    x.answer(station);
    x.run(ms(100));
    x.phones[station].events.clear();
    refer(&mut x, station, "<sip:1005@10.0.0.1>");
    assert_eq!(heard(&mut x, station), ["403"]);
}
