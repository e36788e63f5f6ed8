//! Session timers (RFC 4028), both roles.

use std::time::Duration;

use confab_sip::*;

use crate::network::*;
use crate::peer::*;

const TIMED: &str = "Supported: timer\r\nSession-Expires: 600;refresher=uac\r\nAllow: INVITE, UPDATE\r\n";

fn timer_of(headers: &Headers) -> Option<String> {
    headers.get(header::SESSION_EXPIRES).map(str::to_owned)
}

fn with_timers(session_timers: Extension) -> EndpointConfig {
    focus_with(PeerOptions { session_timers, ..PeerOptions::default() })
}

/// The status and By of the end of the call, if it has ended.
fn ended(caller: &mut Peer) -> Option<By> {
    ends(&caller.events()).first().map(|end| end.by)
}

#[test]
fn what_the_caller_asks_for_is_granted_by_table() {
    use Extension::{Off, Preferred, Required, Supported};
    let plain = "";
    let can = "Supported: timer\r\n";
    let table = [
        (Off, TIMED, None, false),
        (Supported, plain, None, false),
        (Supported, can, None, false),
        (Supported, TIMED, Some("600;refresher=uac"), true),
        (Supported, "x: 600\r\nk: timer\r\n", Some("600;refresher=uac"), true),
        (Supported, "Session-Expires: 600\r\n", Some("600;refresher=uas"), false),
        (Preferred, plain, Some("1800;refresher=uas"), false),
        (Preferred, can, Some("1800;refresher=uac"), true),
        (Required, can, Some("1800;refresher=uac"), true),
    ];
    for (session_timers, extra, granted, required) in table {
        let (_, ok) = Peer::connected(with_timers(session_timers), extra);
        assert_eq!(timer_of(&ok.headers).as_deref(), granted, "{session_timers:?} {extra}");
        assert_eq!(
            ok.headers.list(header::REQUIRE).any(|tag| tag == "timer"),
            required,
            "{session_timers:?}"
        );
        assert_eq!(
            ok.headers.list(header::SUPPORTED).any(|tag| tag == "timer"),
            session_timers != Off,
            "{session_timers:?}"
        );
    }
}

#[test]
fn a_caller_that_must_and_cannot_is_told_so() {
    let mut net = Network::new();
    let server = net.endpoint(SERVER, with_timers(Extension::Required));
    let peer = net.scripted("10.0.7.1:5060");
    net.send_text(peer, server, &request("INVITE", URI, peer, "a", "", SDP));
    net.run_ms(30);
    let refused = net.responses(peer).remove(0);
    assert_eq!((refused.status, refused.headers.get(header::REQUIRE)), (421, Some("timer")));
    net.send_text(peer, server, &request("INVITE", URI, peer, "b", "Require: timer\r\n", SDP));
    net.run_ms(30);
    assert_eq!(net.responses(peer).remove(0).status, 100);
}

#[test]
fn a_timer_that_is_off_cannot_be_required() {
    let mut net = Network::new();
    let server = net.endpoint(SERVER, with_timers(Extension::Off));
    let peer = net.scripted("10.0.7.1:5060");
    net.send_text(peer, server, &request("INVITE", URI, peer, "a", "Require: timer\r\n", SDP));
    net.run_ms(30);
    let refused = net.responses(peer).remove(0);
    assert_eq!((refused.status, refused.headers.get(header::UNSUPPORTED)), (420, Some("timer")));
}

#[test]
fn too_small_an_interval_is_422_with_ours() {
    let mut net = Network::new();
    let server = net.endpoint(SERVER, with_timers(Extension::Supported));
    let peer = net.scripted("10.0.7.1:5060");
    let extra = "Supported: timer\r\nSession-Expires: 60\r\n";
    net.send_text(peer, server, &request("INVITE", URI, peer, "a", extra, SDP));
    net.run_ms(30);
    let refused = net.responses(peer).remove(0);
    assert_eq!((refused.status, refused.headers.get(header::MIN_SE)), (422, Some("90")));
    assert_eq!(net.stats(server).calls, 0);
}

#[test]
fn a_caller_that_does_not_refresh_is_ended_by_bye() {
    let (mut caller, _) = Peer::connected(with_timers(Extension::Supported), TIMED);
    caller.net.run(Duration::from_secs(567));
    assert_eq!(ended(&mut caller), None, "32 s before its end");
    caller.net.run(Duration::from_secs(2));
    assert_eq!(ended(&mut caller), Some(By::Timeout));
    let bye = caller.requests().remove(0);
    assert_eq!(bye.method, Method::Bye);
    assert!(bye.headers.get(header::REASON).unwrap().contains("RECOVERY_ON_TIMER_EXPIRE"));
    assert_eq!(caller.net.stats(caller.server).sessions_expired, 1);
}

#[test]
fn any_refresh_of_the_caller_keeps_the_session() {
    let (mut caller, _) = Peer::connected(with_timers(Extension::Supported), TIMED);
    for _ in 0..3 {
        caller.net.run(Duration::from_secs(500));
        let ok = caller.send("UPDATE", TIMED, "").unwrap();
        assert_eq!((ok.status, timer_of(&ok.headers).as_deref()), (200, Some("600;refresher=uac")));
    }
    caller.net.run(Duration::from_secs(500));
    assert!(caller.send("INVITE", TIMED, SDP).is_some());
    caller.at(|endpoint, now, call| endpoint.accept_offer(now, call, sdp()));
    caller.net.run_ms(30);
    let ok = caller.last_reply("INVITE").unwrap();
    assert_eq!(timer_of(&ok.headers).as_deref(), Some("600;refresher=uac"));
    assert_eq!(ended(&mut caller), None);
}

#[test]
fn a_small_interval_in_a_refresh_is_refused_and_the_session_goes_on() {
    let (mut caller, _) = Peer::connected(with_timers(Extension::Supported), TIMED);
    for method in ["UPDATE", "INVITE"] {
        let refused = caller.send(method, "Supported: timer\r\nSession-Expires: 10\r\n", "").unwrap();
        assert_eq!((refused.status, refused.headers.get(header::MIN_SE)), (422, Some("90")), "{method}");
    }
    assert_eq!(caller.net.stats(caller.server).calls, 1);
}

#[test]
fn we_refresh_by_update_where_the_peer_takes_it() {
    let ours = "Supported: timer\r\nSession-Expires: 600;refresher=uas\r\nAllow: INVITE, UPDATE\r\n";
    let (mut caller, _) = Peer::connected(with_timers(Extension::Supported), ours);
    for _ in 0..4 {
        caller.net.run(Duration::from_secs(300));
        let update = caller.requests().pop().unwrap();
        assert_eq!((&update.method, update.body.len()), (&Method::Update, 0));
        assert_eq!(timer_of(&update.headers).as_deref(), Some("600;refresher=uac"));
        caller.reply(&update, 200, &[(header::SESSION_EXPIRES, "600;refresher=uac")]);
    }
    assert_eq!(caller.events(), []);
}

#[test]
fn we_refresh_by_a_reinvite_that_changes_nothing_where_it_does_not() {
    let ours = "Session-Expires: 600\r\nAllow: INVITE, ACK, BYE\r\n";
    let (mut caller, ok) = Peer::connected(with_timers(Extension::Supported), ours);
    caller.net.run(Duration::from_secs(300));
    let invite = caller.requests().pop().unwrap();
    assert_eq!((&invite.method, &invite.body), (&Method::Invite, &ok.body), "the same session version");
    caller.net.send(caller.peer, caller.server, {
        let mut answer = invite.respond(200);
        answer.headers.push(header::CONTACT, "<sip:4711@10.0.7.1:5060>");
        answer.headers.push(header::CONTENT_TYPE, "application/sdp");
        answer.body = sdp();
        answer.to_bytes()
    });
    caller.net.run_ms(30);
    assert_eq!(caller.requests().pop().unwrap().method, Method::Ack);
    assert_eq!(caller.events(), [], "nothing has changed");
    // What the peer does not speak of we do all the same, since the next 2xx names no timer.
    caller.net.run(Duration::from_secs(1));
    assert_eq!(caller.net.stats(caller.server).calls, 1);
}

#[test]
fn what_becomes_of_a_refresh_that_fails() {
    let ours = "Supported: timer\r\nSession-Expires: 600;refresher=uas\r\nAllow: UPDATE\r\n";
    // Status, whether the call ends by it, whether by BYE.
    for (status, ends_it, bye) in
        [(481, true, false), (408, true, true), (500, false, false), (403, false, false)]
    {
        let (mut caller, _) = Peer::connected(with_timers(Extension::Supported), ours);
        caller.net.run(Duration::from_secs(300));
        let update = caller.requests().pop().unwrap();
        caller.reply(&update, status, &[]);
        assert_eq!(ended(&mut caller).is_some(), ends_it, "{status}");
        assert_eq!(caller.requests().iter().any(|request| request.method == Method::Bye), bye, "{status}");
        if !ends_it {
            caller.net.run(Duration::from_secs(11));
            assert_eq!(caller.requests().pop().unwrap().method, Method::Update, "{status}: tried again");
        }
    }
}

#[test]
fn a_peer_that_does_not_answer_a_refresh_is_gone() {
    let ours = "Supported: timer\r\nSession-Expires: 600;refresher=uas\r\nAllow: UPDATE\r\n";
    let (mut caller, _) = Peer::connected(with_timers(Extension::Supported), ours);
    caller.net.run(Duration::from_secs(333));
    assert_eq!(ended(&mut caller), Some(By::Timeout));
}

#[test]
fn a_peer_that_refuses_the_update_that_it_allows_is_there() {
    let ours = "Supported: timer\r\nSession-Expires: 600;refresher=uas\r\nAllow: UPDATE\r\n";
    let (mut caller, _) = Peer::connected(with_timers(Extension::Supported), ours);
    caller.net.run(Duration::from_secs(300));
    let update = caller.requests().pop().unwrap();
    caller.reply(&update, 405, &[]);
    caller.net.run(Duration::from_secs(300));
    assert_eq!(caller.net.stats(caller.server).calls, 1);
}

#[test]
fn a_422_to_a_refresh_raises_our_interval() {
    let ours = "Supported: timer\r\nSession-Expires: 600;refresher=uas\r\nAllow: UPDATE\r\n";
    let (mut caller, _) = Peer::connected(with_timers(Extension::Supported), ours);
    caller.net.run(Duration::from_secs(300));
    let update = caller.requests().pop().unwrap();
    caller.reply(&update, 422, &[(header::MIN_SE, "1200")]);
    let again = caller.requests().pop().unwrap();
    assert_eq!(timer_of(&again.headers).as_deref(), Some("1200;refresher=uac"));
    assert_eq!(again.headers.get(header::MIN_SE), Some("1200"));
}

#[test]
fn our_invite_asks_for_a_timer_and_gives_in_to_a_longer_one() {
    let mut net = Network::new();
    let server = net.endpoint(SERVER, with_timers(Extension::Preferred));
    let peer = net.scripted("10.0.7.1:5060");
    let target =
        Target::Address { uri: "sip:1@10.0.7.1".parse().unwrap(), transport: Transport::Udp, remote: peer };
    net.at(server, |endpoint, now| endpoint.place(now, Outgoing { target, ..dial("") })).unwrap();
    net.run_ms(30);
    let invite = net.requests(peer).remove(0);
    assert_eq!(timer_of(&invite.headers).as_deref(), Some("1800"));
    assert!(invite.headers.list(header::SUPPORTED).any(|tag| tag == "timer"));
    let mut small = invite.respond(422);
    small.headers.push(header::MIN_SE, "3600");
    net.send(peer, server, small.to_bytes());
    net.run_ms(30);
    let again = net.requests(peer).into_iter().find(|request| request.method == Method::Invite).unwrap();
    assert_eq!(timer_of(&again.headers).as_deref(), Some("3600"));
    assert_eq!(again.headers.get(header::MIN_SE), Some("3600"));
    assert_eq!(again.headers.cseq().unwrap().number, 2);
    // A second one that asks for more than a day is a failure like any other.
    let mut absurd = again.respond(422);
    absurd.headers.push(header::MIN_SE, "4000000");
    net.send(peer, server, absurd.to_bytes());
    net.run_ms(30);
    assert_eq!(ends(&net.take_events(server)).remove(0).status, Some(422));
}

#[test]
fn two_endpoints_keep_a_call_alive_for_a_day() {
    let mut net = Network::new();
    let server = net.endpoint(SERVER, focus());
    let caller = net.endpoint("10.0.0.2:5060", trunk(SERVER));
    net.at(caller, |endpoint, now| endpoint.place(now, dial("2000"))).unwrap();
    net.run_ms(50);
    let call = offered(&net.take_events(server));
    net.at(server, |endpoint, now| endpoint.answer(now, call, sdp()));
    net.run(Duration::from_secs(86_400));
    assert_eq!(net.stats(server).calls, 1);
    let updates = net.count("UPDATE");
    assert!((90..=100).contains(&updates), "{updates} refreshes by one side only");
    // The caller's host goes away.
    net.eat = Box::new(move |from, to, _| from == caller || to == caller);
    net.run(Duration::from_secs(1800));
    assert_eq!(ends(&net.take_events(server)).remove(0).by, By::Timeout);
    assert_eq!(ends(&net.take_events(caller)).remove(0).by, By::Timeout);
}
