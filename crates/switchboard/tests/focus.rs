//! The room as a focus (RFC 4579): its Contact, who watches it (RFC 4575), and who takes another's place (RFC 3891).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use confab_conference::Control;
use confab_sdp::Direction;
use confab_sip::{Event, Message, Method, Secret, header};
use confab_switchboard::{MediaCommand, MediaEvent};
use support::{Exchange, ms};

const WATCHING: &[&str] = &["roles.guest.may=[\"watch\"]"];

/// A phone in room 2000 that has subscribed to its state.
fn watching() -> (Exchange, usize) {
    let mut x = Exchange::with(WATCHING);
    let watcher = x.phone(20, "2125551111");
    x.call(watcher, "2000", true);
    x.run(ms(100));
    subscribe(&mut x, watcher);
    (x, watcher)
}

fn subscribe(x: &mut Exchange, phone: usize) {
    x.send_within(phone, Method::Subscribe, &[(header::EVENT, "conference")]);
    x.run(ms(50));
}

/// The documents that a phone was told since the last call.
fn told(x: &mut Exchange, phone: usize) -> Vec<String> {
    let events = std::mem::take(&mut x.phones[phone].events);
    let body = |event| match event {
        Event::Notify { package, body, .. } if package == "conference" => {
            Some(String::from_utf8(body.to_vec()).unwrap())
        }
        _ => None,
    };
    events.into_iter().filter_map(body).collect()
}

#[test]
fn every_dialog_of_the_focus_says_so() {
    let mut x = Exchange::new();
    let station = x.registered(4, "1004");
    let trunk = x.phone(20, "2125551111");
    x.call(trunk, "2002", true);
    x.run(ms(700));
    assert!(x.message_to(trunk, "SIP/2.0 200").contains("Contact: <sip:2002@10.0.0.1:5080>;isfocus"));
    assert!(x.message_to(station, "INVITE").contains("@10.0.0.1:5080>;isfocus"));
    let mut x = Exchange::with(&["users.0.isfocus=false"]);
    let station = x.registered(4, "1004");
    let trunk = x.phone(20, "2125551111");
    x.call(trunk, "2002", true);
    x.run(ms(700));
    assert!(!x.message_to(station, "INVITE").contains("isfocus"), "switched off for the users");
    assert!(x.message_to(trunk, "SIP/2.0 200").contains("isfocus"));
}

#[test]
fn a_member_watches_the_others_come_and_go() {
    let (mut x, watcher) = watching();
    let first = told(&mut x, watcher);
    assert_eq!(first.len(), 1);
    assert!(first[0].contains("state=\"full\" version=\"1\""), "{}", first[0]);
    assert!(first[0].contains("sip:2125551111@10.0.0.1:5080"), "{}", first[0]);
    assert!(first[0].contains("entity=\"sip:2000@10.0.0.1:5080\""), "{}", first[0]);
    let other = x.phone(21, "2125552222");
    x.call(other, "2000", true);
    x.run(ms(700));
    let second = told(&mut x, watcher);
    assert_eq!(second.len(), 1, "{second:#?}");
    assert!(second[0].contains("state=\"partial\" version=\"2\""), "{}", second[0]);
    assert!(second[0].contains("2125552222") && !second[0].contains("sip:2125551111"), "{}", second[0]);
    x.hang_up(other);
    x.run(ms(700));
    let third = told(&mut x, watcher);
    assert!(
        third[0].contains("<user entity=\"sip:2125552222@10.0.0.1:5080\" state=\"deleted\">"),
        "{third:?}"
    );
}

#[test]
fn what_changes_quickly_is_told_together() {
    let (mut x, watcher) = watching();
    x.run(ms(1000));
    told(&mut x, watcher);
    let leg = x.started(0);
    for _ in 0..20 {
        x.hears(MediaEvent::Digit { leg, digit: '0', inband: false });
        x.run(ms(100));
    }
    let documents = told(&mut x, watcher).len();
    assert!((2..=5).contains(&documents), "{documents} in 2 s");
    x.run(ms(2000));
    told(&mut x, watcher);
    x.run(ms(60_000));
    assert_eq!(told(&mut x, watcher).len(), 0, "nothing changes, nothing is told");
}

#[test]
fn mute_and_hold_are_told() {
    let (mut x, watcher) = watching();
    let other = x.phone(21, "2125552222");
    x.call(other, "2000", true);
    x.run(ms(700));
    told(&mut x, watcher);
    let leg = x.started(1);
    x.hears(MediaEvent::Digit { leg, digit: '0', inband: false });
    x.run(ms(700));
    let muted = told(&mut x, watcher).concat();
    assert!(
        muted.contains("<status>muted-via-focus</status>") && muted.contains("<status>recvonly</status>")
    );
    x.reoffer(other, Direction::SendOnly);
    x.run(ms(700));
    assert!(told(&mut x, watcher).concat().contains("<status>on-hold</status>"));
}

#[test]
fn the_end_of_the_room_ends_the_subscription_of_a_user_outside() {
    let mut x = Exchange::with(WATCHING);
    let member = x.phone(21, "2125552222");
    assert!(subscribe_outside(&mut x, "a").starts_with("SIP/2.0 403"), "there is no such room yet");
    x.call(member, "2000", true);
    x.run(ms(200));
    let notify = subscribe_outside(&mut x, "b");
    assert!(notify.contains("Subscription-State: active;expires=3600"), "{notify}");
    assert!(notify.contains("2125552222"), "{notify}");
    let Ok(Message::Request(request)) = Message::parse(notify.as_bytes()) else { panic!("{notify}") };
    x.raw(outside(), std::str::from_utf8(&request.respond(200).to_bytes()).unwrap());
    x.hang_up(member);
    x.run(ms(5000));
    let last = last_to_outside(&x);
    assert!(last.contains("Subscription-State: terminated;reason=noresource"), "{last}");
}

/// Where a user of ours subscribes from outside of calls.
fn outside() -> std::net::SocketAddr {
    "10.0.0.40:5060".parse().unwrap()
}

fn last_to_outside(x: &Exchange) -> String {
    x.sent.iter().rev().find(|(to, _)| *to == outside()).unwrap().1.clone()
}

/// User 1004 subscribes to room 2000, and answers the challenge; gives the last message to him.
fn subscribe_outside(x: &mut Exchange, branch: &str) -> String {
    let uri = "sip:2000@10.0.0.1:5080";
    let text = |n: u8, extra: &str| {
        format!(
            "SUBSCRIBE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.40:5060;branch=z9hG4bK{branch}{n}\r\n\
             From: <sip:1004@10.0.0.1>;tag=u\r\nTo: <{uri}>\r\nCall-ID: outside-{branch}\r\n\
             CSeq: {n} SUBSCRIBE\r\nContact: <sip:1004@10.0.0.40>\r\nMax-Forwards: 70\r\n\
             Event: conference\r\n{extra}Content-Length: 0\r\n\r\n"
        )
    };
    x.raw(outside(), &text(1, ""));
    let challenged = last_to_outside(x);
    let Ok(Message::Response(response)) = Message::parse(challenged.as_bytes()) else {
        panic!("{challenged}")
    };
    let challenge = response.headers.challenges(header::WWW_AUTHENTICATE).pop().unwrap();
    let secret = Secret::new("1234");
    let shown = challenge.answer("SUBSCRIBE", uri, "1004", &secret, "cnonce", 1).unwrap();
    x.raw(outside(), &text(2, &format!("Authorization: {shown}\r\n")));
    last_to_outside(x)
}

#[test]
fn whose_role_may_not_is_told_nothing() {
    let mut x = Exchange::new();
    let phone = x.phone(20, "2125551111");
    x.call(phone, "2000", true);
    x.run(ms(100));
    subscribe(&mut x, phone);
    assert!(x.sent_to(phone).iter().any(|line| line.contains("403")));
    assert_eq!(told(&mut x, phone), [""; 0]);
}

#[test]
fn another_call_takes_the_place_of_a_member_unheard() {
    let (mut x, watcher) = watching();
    let (old, new) = (x.phone(21, "2125552222"), x.phone(22, "2125553333"));
    x.call(old, "2000", true);
    x.run(ms(700));
    let sounds = x.count(|c| matches!(c, MediaCommand::Play { .. }));
    x.unplug_to(new, 21, 5070);
    x.replace(new, old);
    x.run(ms(700));
    assert!(x.has_ended(old), "{:#?}", x.log);
    assert!(x.sent_to(old).iter().any(|line| line.starts_with("BYE")));
    let (gone, come) = (x.started(1), x.started(2));
    assert!(x.media.iter().any(|c| matches!(c, MediaCommand::StopLeg { leg } if *leg == gone)));
    let speaks = |c: &MediaCommand| matches!(c, MediaCommand::Set { leg, control: Control::Speak(true) } if *leg == come);
    assert_eq!(x.count(speaks), 1);
    assert_eq!(x.count(|c| matches!(c, MediaCommand::Play { .. })), sounds, "nobody joins, nobody leaves");
    assert_eq!(x.count(|c| matches!(c, MediaCommand::OpenRoom { .. })), 1);
    let document = told(&mut x, watcher).concat();
    assert!(document.contains("2125553333"), "{document}");
}

#[test]
fn a_forged_replaces_is_challenged_and_changes_nothing() {
    let (mut x, watcher) = watching();
    let thief = x.phone(66, "2125556666");
    x.replace(thief, watcher);
    x.run(ms(500));
    assert!(x.sent_to(thief).iter().any(|line| line.contains("401")));
    assert!(!x.has_ended(watcher));
    assert_eq!(x.switchboard.calls(), 1);
}

#[test]
fn a_conference_factory_names_the_room_in_its_contact() {
    let mut x = Exchange::with(&[
        "routes=[{ number = \"7000\", room = \"adhoc-{unique}\", profile = \"simpleconf\", role = \"guest\" }, \
         { number = \"adhoc-.\", room = \"{number}\", profile = \"simpleconf\", role = \"guest\" }]",
    ]);
    let (first, second) = (x.phone(20, "2125551111"), x.phone(21, "2125552222"));
    x.call(first, "7000", true);
    x.run(ms(100));
    let ok = x.message_to(first, "SIP/2.0 200").to_owned();
    let contact = ok.lines().find_map(|line| line.strip_prefix("Contact: <sip:")).unwrap();
    let room = contact.split('@').next().unwrap().to_owned();
    assert!(room.starts_with("adhoc-"), "{contact}");
    x.call(second, &room, true);
    x.run(ms(100));
    assert_eq!(x.count(|c| matches!(c, MediaCommand::OpenRoom { .. })), 1, "both in one room");
}
