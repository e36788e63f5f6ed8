//! Subscriptions to a conference's state (RFC 4575, RFC 6665): in a call, and outside.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use confab_sip::*;

use crate::network::*;
use crate::peer::*;

const CONFERENCE: &str = "Event: conference\r\n";

fn subscription(events: &[Event]) -> SubscriptionRef {
    let found = events.iter().find_map(|event| match event {
        Event::Subscribed { subscription, .. } => Some(*subscription),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{events:?}"))
}

/// A caller who has subscribed within his call, and got the first NOTIFY.
fn subscribed() -> (Peer, SubscriptionRef) {
    let options = PeerOptions { session_timers: Extension::Off, ..PeerOptions::default() };
    let (mut caller, _) = Peer::connected(focus_with(options), "");
    caller.send("SUBSCRIBE", CONFERENCE, "");
    let events = caller.events();
    let subscription = subscription(&events);
    let call = caller.call;
    let conference = "sip:2000@10.0.0.1:5080".to_owned();
    assert_eq!(events, [Event::Subscribed { subscription, asker: Asker::Call(call), conference }]);
    caller.at(|endpoint, now, _| endpoint.accept_subscription(now, subscription));
    caller.net.run_ms(30);
    assert_eq!(caller.events(), [Event::Refreshed { subscription, last: false }]);
    (caller, subscription)
}

fn tell(caller: &mut Peer, subscription: SubscriptionRef, body: &'static str) -> Vec<Request> {
    caller.at(|endpoint, now, _| endpoint.notify(now, subscription, Bytes::from_static(body.as_bytes())));
    caller.net.run_ms(30);
    caller.requests()
}

fn state(notify: &Request) -> &str {
    notify.headers.get(header::SUBSCRIPTION_STATE).unwrap()
}

#[test]
fn a_member_is_told_in_his_dialog_one_notify_after_the_other() {
    let (mut caller, subscription) = subscribed();
    let ok = caller.last_reply("SUBSCRIBE").unwrap();
    assert_eq!((ok.status, ok.headers.get(header::EXPIRES)), (200, Some("3600")));
    let first = tell(&mut caller, subscription, "<one/>").remove(0);
    assert_eq!((&first.method, first.body.as_ref()), (&Method::Notify, b"<one/>".as_slice()));
    assert_eq!(first.headers.get(header::EVENT), Some("conference"));
    assert_eq!(first.headers.content_type().as_deref(), Some("application/conference-info+xml"));
    assert!(state(&first).starts_with("active;expires=3"), "{}", state(&first));
    assert_eq!(tell(&mut caller, subscription, "<two/>"), [], "the first is not answered");
    assert_eq!(tell(&mut caller, subscription, "<three/>"), []);
    caller.reply(&first, 200, &[]);
    let second = caller.requests().remove(0);
    assert_eq!(second.body.as_ref(), b"<three/>", "the newest word");
    caller.reply(&second, 200, &[]);
    assert_eq!(caller.events(), [Event::Notified { subscription }]);
}

#[test]
fn a_subscription_is_refreshed_and_ended_by_the_subscriber() {
    let (mut caller, subscription) = subscribed();
    let first = tell(&mut caller, subscription, "<one/>").remove(0);
    caller.reply(&first, 200, &[]);
    caller.events();
    caller.net.run(Duration::from_secs(3000));
    caller.requests();
    let ok = caller.send("SUBSCRIBE", &format!("{CONFERENCE}Expires: 600\r\n"), "").unwrap();
    assert_eq!((ok.status, ok.headers.get(header::EXPIRES)), (200, Some("600")));
    assert_eq!(caller.events(), [Event::Refreshed { subscription, last: false }]);
    let ok = caller.send("SUBSCRIBE", &format!("{CONFERENCE}Expires: 0\r\n"), "").unwrap();
    assert_eq!(ok.headers.get(header::EXPIRES), Some("0"));
    assert_eq!(caller.events(), [Event::Refreshed { subscription, last: true }]);
    let last = tell(&mut caller, subscription, "<all/>").remove(0);
    assert_eq!((state(&last), last.body.as_ref()), ("terminated;reason=timeout", b"<all/>".as_slice()));
    caller.reply(&last, 200, &[]);
    assert_eq!(tell(&mut caller, subscription, "<more/>"), []);
    assert_eq!(caller.events(), []);
}

#[test]
fn a_subscription_runs_out() {
    let options = PeerOptions { session_timers: Extension::Off, ..PeerOptions::default() };
    let (mut caller, _) = Peer::connected(focus_with(options), "");
    caller.send("SUBSCRIBE", &format!("{CONFERENCE}Expires: 60\r\n"), "");
    let subscription = subscription(&caller.events());
    caller.at(|endpoint, now, _| endpoint.accept_subscription(now, subscription));
    caller.events();
    caller.net.run(Duration::from_secs(61));
    let last = caller.requests().pop().unwrap();
    assert_eq!(state(&last), "terminated;reason=timeout");
    assert_eq!(caller.events(), [Event::Unsubscribed { subscription }]);
}

#[test]
fn the_room_ends_and_the_call_ends() {
    let (mut caller, subscription) = subscribed();
    caller.at(|endpoint, now, _| endpoint.end_subscription(now, subscription, Bytes::new()));
    caller.net.run_ms(30);
    assert_eq!(state(&caller.requests()[0]), "terminated;reason=noresource");
    let (mut caller, subscription) = subscribed();
    caller.at(|endpoint, now, call| endpoint.hangup(now, call, Cause::NORMAL_CLEARING));
    caller.net.run_ms(30);
    let requests = caller.requests();
    let methods: Vec<&Method> = requests.iter().map(|request| &request.method).collect();
    assert_eq!(methods, [&Method::Bye, &Method::Notify]);
    assert_eq!(state(&requests[1]), "terminated;reason=noresource");
    assert!(caller.events().contains(&Event::Unsubscribed { subscription }));
}

#[test]
fn a_subscriber_that_is_gone_is_forgotten() {
    for status in [481, 500, 603] {
        let (mut caller, subscription) = subscribed();
        let notify = tell(&mut caller, subscription, "<one/>").remove(0);
        caller.reply(&notify, status, &[]);
        assert_eq!(caller.events(), [Event::Unsubscribed { subscription }], "{status}");
        assert_eq!(caller.net.stats(caller.server).calls, 1, "the call lives on");
    }
    let (mut caller, subscription) = subscribed();
    tell(&mut caller, subscription, "<one/>");
    caller.net.run(Duration::from_secs(33));
    assert_eq!(caller.events(), [Event::Unsubscribed { subscription }]);
}

#[test]
fn what_is_refused_within_a_call_by_table() {
    let table = [
        ("", 489),
        ("Event: presence\r\n", 489),
        ("o: dialog\r\n", 489),
        ("Event: refer\r\n", 489),
        ("Event: conference\r\nAccept: application/sdp\r\n", 406),
        ("Event: conference\r\nExpires: 59\r\n", 423),
        ("Event: conference\r\nExpires: soon\r\n", 400),
        ("Event: conference\r\nRequire: eventlist\r\n", 420),
    ];
    let (mut caller, _) = Peer::connected(focus(), "");
    for (extra, status) in table {
        let refused = caller.send("SUBSCRIBE", extra, "").unwrap();
        assert_eq!(refused.status, status, "{extra}");
        let (events, least) =
            (refused.headers.get(header::ALLOW_EVENTS), refused.headers.get(header::MIN_EXPIRES));
        assert_eq!(events, (status == 489).then_some("conference, refer"), "{extra}");
        assert_eq!(least, (status == 423).then_some("60"), "{extra}");
    }
    let stranger = caller.net.scripted("10.0.9.9:5060");
    assert_eq!(caller.forge(stranger, "SUBSCRIBE", CONFERENCE), [403], "from elsewhere");
    assert_eq!(caller.events(), []);
}

#[test]
fn each_peer_only_as_its_options_say() {
    let options = PeerOptions { events: false, refer: false, ..PeerOptions::default() };
    let (mut caller, ok) = Peer::connected(focus_with(options), "");
    assert_eq!(ok.headers.get(header::ALLOW_EVENTS), None);
    assert_eq!(caller.send("SUBSCRIBE", CONFERENCE, "").unwrap().status, 489);
    assert_eq!(caller.send("REFER", "Refer-To: <sip:1001@10.0.0.1>\r\n", "").unwrap().status, 403);
    // What is no focus knows nothing of it.
    let (mut caller, ok) = Peer::connected(server(), "");
    assert!(!ok.headers.list(header::ALLOW).any(|method| method == "SUBSCRIBE"));
    for method in ["SUBSCRIBE", "REFER", "NOTIFY"] {
        assert_eq!(caller.send(method, CONFERENCE, "").unwrap().status, 405, "{method}");
    }
}

#[test]
fn isfocus_is_in_the_contact_unless_it_is_switched_off() {
    let contact = |ok: &Response| ok.headers.get(header::CONTACT).unwrap().to_owned();
    let (_, ok) = Peer::connected(focus(), "");
    assert_eq!(contact(&ok), "<sip:2000@10.0.0.1:5080>;isfocus");
    assert_eq!(ok.headers.get(header::ALLOW_EVENTS), Some("conference, refer"));
    let options = PeerOptions { isfocus: false, ..PeerOptions::default() };
    let (_, ok) = Peer::connected(focus_with(options), "");
    assert_eq!(contact(&ok), "<sip:2000@10.0.0.1:5080>");
    let (_, ok) = Peer::connected(server(), "");
    assert_eq!(contact(&ok), "<sip:2000@10.0.0.1:5080>");
}

#[test]
fn the_contact_of_an_answer_may_name_the_room() {
    let mut caller = Peer::dialling(focus(), "");
    caller.at(|endpoint, now, call| {
        endpoint.name_contact(call, "room-7;x>y");
        endpoint.answer(now, call, sdp());
    });
    caller.net.run_ms(30);
    let ok = caller.responses().pop().unwrap();
    assert_eq!(ok.headers.get(header::CONTACT), Some("<sip:room-7xy@10.0.0.1:5080>;isfocus"));
}

/// A SUBSCRIBE outside of calls, answered to the challenge as user 1001.
fn subscribe_as_user(net: &mut Network, server: SocketAddr, peer: SocketAddr, branch: &str) -> Vec<Response> {
    let text = request("SUBSCRIBE", URI, peer, branch, CONFERENCE, "")
        .replace("\"Foreign\" <sip:4711@elsewhere.example>", "<sip:1001@10.0.0.1>");
    net.send_text(peer, server, &text);
    net.run_ms(30);
    let challenged = net.responses(peer).remove(0);
    assert_eq!(challenged.status, 401);
    let challenge = challenged.headers.challenges(header::WWW_AUTHENTICATE).pop().unwrap();
    let secret = Secret::new("secret");
    let credentials = challenge.answer("SUBSCRIBE", URI, "1001", &secret, "cnonce", 1).unwrap();
    let again = text
        .replace(&format!("z9hG4bK{branch}"), &format!("z9hG4bK{branch}2"))
        .replace("CSeq: 1", "CSeq: 2")
        .replace(CONFERENCE, &format!("{CONFERENCE}Authorization: {credentials}\r\n"));
    net.send_text(peer, server, &again);
    net.run_ms(30);
    net.responses(peer)
}

#[test]
fn outside_of_calls_only_users_may() {
    let mut net = Network::new();
    let server = net.endpoint(SERVER, focus());
    let peer = net.scripted("10.0.7.1:5060");
    for method in ["SUBSCRIBE", "REFER"] {
        net.send_text(peer, server, &request(method, URI, peer, method, CONFERENCE, ""));
        net.run_ms(30);
        assert_eq!(net.responses(peer).remove(0).status, 401, "{method}");
    }
    assert_eq!((net.take_events(server), net.stats(server).transactions), (vec![], 0));
    assert_eq!(subscribe_as_user(&mut net, server, peer, "s"), []);
    let events = net.take_events(server);
    let subscription = subscription(&events);
    let asker = Asker::User { user: "1001".into(), dialled: "2000".into() };
    let conference = URI.to_owned();
    assert_eq!(events, [Event::Subscribed { subscription, asker, conference }]);
    net.at(server, |endpoint, now| {
        endpoint.accept_subscription(now, subscription);
        endpoint.notify(now, subscription, Bytes::from_static(b"<all/>"));
    });
    net.run_ms(30);
    let messages = net.inbox(peer);
    let [Message::Response(ok), Message::Request(notify)] = &messages[..] else { panic!("{messages:?}") };
    assert_eq!((ok.status, &notify.method), (200, &Method::Notify));
    assert_eq!(notify.headers.to_tag(), Some("ft"));
    assert_eq!(ok.headers.to_tag(), notify.headers.from().unwrap().tag());
    net.send(peer, server, notify.respond(200).to_bytes());
    net.run_ms(30);
    // It is refreshed in its own dialog, and in no other.
    let refresh = request("SUBSCRIBE", URI, peer, "s", "Expires: 0\r\n", "")
        .replace("z9hG4bKs", "z9hG4bKs3")
        .replace("CSeq: 1", "CSeq: 3")
        .replace("\"Foreign\" <sip:4711@elsewhere.example>", "<sip:1001@10.0.0.1>");
    let to = |tag: &str| refresh.replace(&format!("To: <{URI}>"), &format!("To: <{URI}>;tag={tag}"));
    net.send_text(peer, server, &to("0123456789abcdef"));
    net.run_ms(30);
    assert_eq!(net.responses(peer).remove(0).status, 481);
    net.send_text(peer, server, &to(ok.headers.to_tag().unwrap()).replace("bKs3", "bKs4"));
    net.run_ms(30);
    assert_eq!(net.responses(peer).remove(0).status, 200);
    assert!(net.take_events(server).contains(&Event::Refreshed { subscription, last: true }));
    net.at(server, |endpoint, now| endpoint.notify(now, subscription, Bytes::new()));
    net.run(Duration::from_secs(40));
    assert_eq!(net.stats(server).transactions, 0);
    assert_eq!(net.at(server, |endpoint, _| endpoint.poll_timeout()), None, "nothing is left");
}

#[test]
fn a_subscription_that_nobody_decides_about_is_refused() {
    let (mut caller, _) = Peer::connected(focus(), "");
    caller.send("SUBSCRIBE", CONFERENCE, "");
    caller.net.run(Duration::from_secs(17));
    assert_eq!(caller.last_reply("SUBSCRIBE").unwrap().status, 500);
    caller.events();
    caller.send("SUBSCRIBE", CONFERENCE, "");
    let subscription = subscription(&caller.events());
    caller.at(|endpoint, now, _| endpoint.refuse_subscription(now, subscription, 403.into()));
    caller.net.run_ms(30);
    assert_eq!(caller.last_reply("SUBSCRIBE").unwrap().status, 403);
}

#[test]
fn there_is_a_limit_for_each_and_for_all() {
    let mut config = focus();
    (config.limits.subscriptions, config.limits.subscriptions_per_user) = (5, 3);
    let (mut caller, ok) = Peer::connected(config, "");
    let tag = ok.headers.to_tag();
    let accepted = (0..5)
        .filter(|_| {
            let refused = caller.send("REFER", "Refer-To: <sip:1001@10.0.0.1>\r\n", "");
            refused.is_none_or(|response| {
                assert_eq!((response.status, response.headers.to_tag()), (603, tag));
                false
            })
        })
        .count();
    assert_eq!(accepted, 3);
    let (mut net, server, peer) = (caller.net, caller.server, caller.peer);
    let statuses: Vec<Option<u16>> = (0..4)
        .map(|n| {
            let responses = subscribe_as_user(&mut net, server, peer, &format!("l{n}"));
            responses.first().map(|response| response.status)
        })
        .collect();
    assert_eq!(statuses, [None, None, Some(480), Some(480)], "five for all");
}
