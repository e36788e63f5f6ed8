//! Whole calls between two endpoints.

use std::net::SocketAddr;
use std::time::Duration;

use crate::network::*;
use confab_sip::*;

const SERVER: &str = "10.0.0.1:5080";
const CALLER: &str = "10.0.0.2:5060";

/// A network, the server, the caller.
fn pair() -> (Network, SocketAddr, SocketAddr) {
    let mut net = Network::new();
    let server_address = net.endpoint(SERVER, server());
    let caller = net.endpoint(CALLER, trunk(SERVER));
    (net, server_address, caller)
}

/// A call whose 200 is on its way: the caller's and the server's name for it.
fn answered(net: &mut Network, server: SocketAddr, caller: SocketAddr) -> (CallRef, CallRef) {
    let out = net.at(caller, |endpoint, now| endpoint.place(now, dial("2000"))).unwrap();
    net.run_ms(50);
    let inbound = offered(&net.take_events(server));
    net.at(server, |endpoint, now| endpoint.answer(now, inbound, sdp()));
    (out, inbound)
}

/// As [`pair`], with a call that is up: the caller's and the server's name for it.
fn connected() -> (Network, SocketAddr, SocketAddr, CallRef, CallRef) {
    let (mut net, server, caller) = pair();
    let (out, inbound) = answered(&mut net, server, caller);
    net.run_ms(50);
    net.take_events(caller);
    assert_eq!(net.take_events(server), [Event::Confirmed { call: inbound, sdp: None }]);
    (net, server, caller, out, inbound)
}

fn idle(net: &mut Network, address: SocketAddr) -> bool {
    let stats = net.stats(address);
    stats.transactions == 0 && stats.calls == 0
}

#[test]
fn a_call_is_offered_rung_answered_confirmed_and_ended() {
    let (mut net, server, caller) = pair();
    let out = net.at(caller, |endpoint, now| endpoint.place(now, dial("2000"))).unwrap();
    net.run_ms(50);
    let events = net.take_events(server);
    let Some(Event::Offered {
        call, caller: who, authenticated, gateway, dialled, source, sdp: offer, ..
    }) = events.first().cloned()
    else {
        panic!("{events:?}")
    };
    assert_eq!((dialled.as_str(), authenticated, gateway), ("2000", None, None));
    assert_eq!((who.user.as_str(), who.display.as_deref()), ("0301234", Some("Trunk")));
    assert_eq!((source, offer), (caller, Some(sdp())));

    net.at(server, |endpoint, now| endpoint.ring(now, call));
    net.run_ms(50);
    assert_eq!(net.take_events(caller), [Event::Progress { call: out, status: 180 }]);

    net.at(server, |endpoint, now| endpoint.answer(now, call, sdp()));
    net.run_ms(50);
    assert_eq!(net.take_events(caller), [Event::Answered { call: out, sdp: Some(sdp()) }]);
    assert_eq!(net.take_events(server), [Event::Confirmed { call, sdp: None }]);
    assert_eq!(net.at(caller, |endpoint, _| endpoint.peer(out)), Some(server));
    assert_eq!(net.at(server, |endpoint, _| endpoint.peer(call)), Some(caller));

    net.at(caller, |endpoint, now| endpoint.hangup(now, out, Cause::NORMAL_CLEARING));
    net.run_ms(50);
    assert_eq!(ends(&net.take_events(caller)), [End { status: None, by: By::Us, reason: None }]);
    let reason = Some("Q.850;cause=16;text=\"NORMAL_CLEARING\"".to_owned());
    assert_eq!(ends(&net.take_events(server)), [End { status: None, by: By::Peer, reason }]);
    net.run(Duration::from_secs(40));
    assert!(idle(&mut net, server) && idle(&mut net, caller));
    assert_eq!(net.at(server, |endpoint, _| endpoint.poll_timeout()), None);
}

#[test]
fn the_called_side_hangs_up() {
    let (mut net, server, caller, out, inbound) = connected();
    net.at(server, |endpoint, now| endpoint.hangup(now, inbound, Cause::NORMAL_CLEARING));
    net.run_ms(50);
    assert_eq!(ends(&net.take_events(server)).len(), 1);
    assert!(
        matches!(&net.take_events(caller)[..], [Event::Ended { call, end }] if *call == out && end.by == By::Peer)
    );
    net.run(Duration::from_secs(40));
    assert!(idle(&mut net, server) && idle(&mut net, caller));
}

#[test]
fn a_rejected_call_ends_with_its_status_on_both_sides() {
    let (mut net, server, caller) = pair();
    net.at(caller, |endpoint, now| endpoint.place(now, dial("2000"))).unwrap();
    net.run_ms(50);
    let call = offered(&net.take_events(server));
    let busy = Refusal { retry_after: Some(Duration::from_secs(30)), ..486.into() };
    net.at(server, |endpoint, now| endpoint.reject(now, call, busy));
    net.run_ms(50);
    assert_eq!(ends(&net.take_events(server)), [End { status: Some(486), by: By::Us, reason: None }]);
    let reason = Some("Busy Here".to_owned());
    assert_eq!(ends(&net.take_events(caller)), [End { status: Some(486), by: By::Peer, reason }]);
    assert!(net.log.iter().any(|(_, _, text)| text.contains("Retry-After: 30")));
    net.run(Duration::from_secs(40));
    assert!(idle(&mut net, server) && idle(&mut net, caller));
}

#[test]
fn the_caller_cancels_while_it_rings() {
    let (mut net, server, caller) = pair();
    let out = net.at(caller, |endpoint, now| endpoint.place(now, dial("2000"))).unwrap();
    net.run_ms(50);
    let call = offered(&net.take_events(server));
    net.at(server, |endpoint, now| endpoint.ring(now, call));
    net.run_ms(50);
    net.at(caller, |endpoint, now| endpoint.hangup(now, out, Cause::NO_ANSWER));
    net.run_ms(100);
    let [End { status: Some(487), by: By::Peer, reason: Some(reason) }] = &ends(&net.take_events(server))[..]
    else {
        panic!("no end")
    };
    assert!(reason.contains("cause=19"));
    assert_eq!((net.count("CANCEL"), net.count("SIP/2.0 487"), net.count("ACK")), (1, 1, 1));
    net.run(Duration::from_secs(40));
    assert!(idle(&mut net, server) && idle(&mut net, caller));
}

#[test]
fn a_cancel_waits_for_the_first_provisional_response() {
    let (mut net, server, caller) = pair();
    let out = net.at(caller, |endpoint, now| endpoint.place(now, dial("2000"))).unwrap();
    net.at(caller, |endpoint, now| endpoint.hangup(now, out, Cause::NORMAL_CLEARING));
    assert_eq!(net.count("CANCEL"), 0);
    net.run_ms(100);
    assert_eq!(net.count("CANCEL"), 1);
    assert_eq!(ends(&net.take_events(server)).len(), 1);
    assert_eq!(ends(&net.take_events(caller)).len(), 1);
    net.run(Duration::from_secs(40));
    assert!(idle(&mut net, server) && idle(&mut net, caller));
}

#[test]
fn an_answer_that_crosses_the_cancel_is_acknowledged_and_ended_by_bye() {
    let (mut net, server, caller) = pair();
    let (out, _) = answered(&mut net, server, caller);
    net.at(caller, |endpoint, now| endpoint.hangup(now, out, Cause::NORMAL_CLEARING));
    net.run_ms(100);
    assert_eq!((net.count("CANCEL"), net.count("SIP/2.0 487")), (1, 0));
    assert_eq!((net.count("ACK"), net.count("BYE")), (1, 1));
    let oks =
        net.log.iter().filter(|(_, _, text)| text.starts_with("SIP/2.0 200") && !text.contains("BYE\r\n"));
    let tags: Vec<Option<&str>> =
        oks.map(|(_, _, text)| text.lines().find(|line| line.starts_with("To:"))).collect();
    assert!(tags.len() == 2 && tags[0] == tags[1], "{tags:?}");
    assert!(matches!(&net.take_events(server)[..], [Event::Confirmed { .. }, Event::Ended { .. }]));
    net.run(Duration::from_secs(40));
    assert!(idle(&mut net, server) && idle(&mut net, caller));
}

#[test]
fn a_lost_answer_is_repeated_until_its_ack() {
    let (mut net, server, caller) = pair();
    net.lose_first(2, "SIP/2.0 200");
    let (_, call) = answered(&mut net, server, caller);
    net.run(Duration::from_secs(3));
    assert_eq!((net.count("SIP/2.0 200"), net.count("ACK")), (3, 1));
    assert_eq!(net.take_events(server), [Event::Confirmed { call, sdp: None }]);
}

#[test]
fn a_lost_ack_is_sent_again_for_each_repeated_answer() {
    let (mut net, server, caller) = pair();
    net.lose_first(3, "ACK");
    let (out, call) = answered(&mut net, server, caller);
    net.run(Duration::from_secs(5));
    assert_eq!(net.count("ACK"), 4);
    assert_eq!(net.take_events(server), [Event::Confirmed { call, sdp: None }]);
    assert_eq!(net.take_events(caller), [Event::Answered { call: out, sdp: Some(sdp()) }]);
}

#[test]
fn an_answer_without_any_ack_ends_by_bye_after_64_t1() {
    let (mut net, server, caller) = pair();
    net.eat = Box::new(|_, _, text| text.starts_with("ACK"));
    answered(&mut net, server, caller);
    let begun = net.now;
    net.run_ms(31_900);
    assert_eq!(net.take_events(server), []);
    net.run_ms(200);
    let [End { status: None, by: By::Timeout, .. }] = &ends(&net.take_events(server))[..] else {
        panic!("no end")
    };
    assert_eq!(net.now - begun, Duration::from_millis(32_100));
    // 0, .5, 1.5, 3.5, 7.5, 11.5 ... 31.5 s
    assert_eq!(net.count("SIP/2.0 200"), 11 + 1);
    assert_eq!(net.count("BYE"), 1);
    net.run(Duration::from_secs(40));
    assert!(idle(&mut net, server) && idle(&mut net, caller));
}

#[test]
fn our_bye_waits_for_the_ack_though_the_news_does_not() {
    let (mut net, server, caller) = pair();
    net.lose_first(1, "ACK");
    let (_, call) = answered(&mut net, server, caller);
    net.run_ms(100);
    net.at(server, |endpoint, now| endpoint.hangup(now, call, Cause::NORMAL_CLEARING));
    assert_eq!(ends(&net.take_events(server)).len(), 1);
    assert_eq!(net.count("BYE"), 0);
    net.run(Duration::from_secs(2));
    assert_eq!(net.count("BYE"), 1);
    assert_eq!(ends(&net.take_events(caller)).len(), 1);
    net.run(Duration::from_secs(40));
    assert_eq!(net.take_events(server), []);
    assert!(idle(&mut net, server) && idle(&mut net, caller));
}

#[test]
fn hold_and_resume_by_our_reinvite_and_by_theirs() {
    let (mut net, server, caller, out, inbound) = connected();
    for (from, to, here, there) in [(caller, server, out, inbound), (server, caller, inbound, out)] {
        net.at(from, |endpoint, now| endpoint.reoffer(now, here, sdp()));
        net.run_ms(50);
        assert_eq!(net.take_events(to), [Event::Offer { call: there, sdp: Some(sdp()) }]);
        net.at(to, |endpoint, now| endpoint.accept_offer(now, there, sdp()));
        net.run_ms(50);
        assert_eq!(net.take_events(from), [Event::OfferAnswered { call: here, sdp: Some(sdp()) }]);
        net.run(Duration::from_secs(1));
        assert_eq!(net.take_events(to), []);
    }
    net.run(Duration::from_secs(40));
    assert_eq!(net.stats(server).transactions, 0);
    assert_eq!(net.stats(server).calls, 1);
}

#[test]
fn a_refused_reinvite_leaves_the_session_as_it_was() {
    let (mut net, server, caller, out, inbound) = connected();
    net.at(caller, |endpoint, now| endpoint.reoffer(now, out, sdp()));
    net.run_ms(50);
    let warned = Refusal { warning: Some((305, "no common codec".into())), ..488.into() };
    net.at(server, |endpoint, now| endpoint.refuse_offer(now, inbound, warned));
    net.run_ms(50);
    assert_eq!(net.take_events(caller), [Event::OfferRefused { call: out, status: 488 }]);
    assert!(net.log.iter().any(|(_, _, text)| text.contains("Warning: 305 confab \"no common codec\"")));
    net.at(caller, |endpoint, now| endpoint.info(now, out, "application/dtmf-relay", "Signal=5".into()));
    net.run_ms(50);
    let events = net.take_events(server);
    assert!(matches!(events.last(), Some(Event::Info { content_type, body, .. })
        if content_type == "application/dtmf-relay" && body == "Signal=5"));
}

#[test]
fn a_peer_is_asked_within_the_call_whether_it_is_there() {
    let (mut net, server, caller, out, inbound) = connected();
    net.at(server, |endpoint, now| endpoint.ask(now, inbound));
    net.run_ms(50);
    assert_eq!(net.take_events(server), [Event::Asked { call: inbound, status: Some(200) }]);
    net.eat = Box::new(|_, _, text| text.starts_with("OPTIONS"));
    net.at(server, |endpoint, now| endpoint.ask(now, inbound));
    net.run(Duration::from_secs(33));
    assert_eq!(net.take_events(server), [Event::Asked { call: inbound, status: None }]);
    net.at(server, |endpoint, now| endpoint.ask(now, inbound));
    net.at(caller, |endpoint, now| endpoint.hangup(now, out, Cause::NORMAL_CLEARING));
    net.run(Duration::from_secs(33));
    let events = net.take_events(server);
    assert!(matches!(events.as_slice(), [Event::Ended { .. }]), "nothing after the end: {events:?}");
}

#[test]
fn a_peer_that_does_not_know_the_call_any_more_ends_it() {
    let (mut net, server, caller, out, inbound) = connected();
    net.eat = Box::new(|_, _, text| text.starts_with("BYE"));
    net.at(caller, |endpoint, now| endpoint.hangup(now, out, Cause::NORMAL_CLEARING));
    net.run_ms(50);
    net.at(server, |endpoint, now| endpoint.ask(now, inbound));
    net.run_ms(50);
    assert_eq!(ends(&net.take_events(server)).len(), 1);
}

#[test]
fn a_reinvite_without_answer_leaves_the_session_as_it_was() {
    let (mut net, server, caller, out, inbound) = connected();
    net.eat = Box::new(|_, _, text| text.starts_with("INVITE"));
    net.at(server, |endpoint, now| endpoint.reoffer(now, inbound, sdp()));
    net.run(Duration::from_secs(33));
    assert_eq!(net.take_events(server), [Event::OfferRefused { call: inbound, status: 408 }]);
    net.eat = Box::new(|_, _, _| false);
    net.at(caller, |endpoint, now| endpoint.hangup(now, out, Cause::NORMAL_CLEARING));
    net.run_ms(50);
    assert_eq!(ends(&net.take_events(server)).len(), 1);
}

#[test]
fn reinvites_that_meet_are_both_tried_again_the_caller_later() {
    let (mut net, server, caller, out, inbound) = connected();
    net.at(caller, |endpoint, now| endpoint.reoffer(now, out, sdp()));
    net.at(server, |endpoint, now| endpoint.reoffer(now, inbound, sdp()));
    let met = net.now;
    net.run_ms(30);
    assert_eq!(net.count("SIP/2.0 491"), 2);
    let mut answered = Vec::new();
    while answered.len() < 2 && net.step() {
        for (address, call) in [(server, inbound), (caller, out)] {
            for event in net.take_events(address) {
                match event {
                    Event::Offer { .. } => {
                        net.at(address, |endpoint, now| endpoint.accept_offer(now, call, sdp()))
                    }
                    Event::OfferAnswered { .. } => answered.push((address, net.now - met)),
                    other => panic!("{other:?}"),
                }
            }
        }
    }
    let [(first, early), (second, late)] = answered[..] else { panic!("{answered:?}") };
    assert_eq!((first, second), (server, caller));
    assert!(early < Duration::from_millis(2100) && late > Duration::from_millis(2100), "{early:?} {late:?}");
}

#[test]
fn a_bye_that_meets_a_reinvite_ends_the_call_once() {
    let (mut net, server, caller, out, inbound) = connected();
    net.at(caller, |endpoint, now| endpoint.hangup(now, out, Cause::NORMAL_CLEARING));
    net.at(server, |endpoint, now| endpoint.reoffer(now, inbound, sdp()));
    net.run(Duration::from_secs(40));
    assert_eq!(ends(&net.take_events(caller)).len(), 1);
    assert_eq!(ends(&net.take_events(server)).len(), 1);
    assert!(idle(&mut net, server) && idle(&mut net, caller));
}

#[test]
fn byes_that_meet_end_the_call_once_on_each_side() {
    let (mut net, server, caller, out, inbound) = connected();
    net.at(caller, |endpoint, now| endpoint.hangup(now, out, Cause::NORMAL_CLEARING));
    net.at(server, |endpoint, now| endpoint.hangup(now, inbound, Cause::NORMAL_CLEARING));
    net.run(Duration::from_secs(40));
    assert_eq!(ends(&net.take_events(caller)).len(), 1);
    assert_eq!(ends(&net.take_events(server)).len(), 1);
    assert!(idle(&mut net, server) && idle(&mut net, caller));
}

#[test]
fn a_pending_offer_is_answered_487_when_the_call_ends() {
    let (mut net, server, caller, out, inbound) = connected();
    net.at(caller, |endpoint, now| endpoint.reoffer(now, out, sdp()));
    net.run_ms(50);
    net.at(server, |endpoint, now| endpoint.hangup(now, inbound, Cause::NORMAL_CLEARING));
    net.run(Duration::from_secs(40));
    assert_eq!(net.count("SIP/2.0 487"), 1);
    assert!(idle(&mut net, server) && idle(&mut net, caller));
}

#[test]
fn an_unanswered_invite_times_out_after_64_t1() {
    let (mut net, _, caller) = pair();
    net.eat = Box::new(|_, _, _| true);
    net.at(caller, |endpoint, now| endpoint.place(now, dial("2000"))).unwrap();
    let begun = net.now;
    while ends(&net.events[&caller]).is_empty() {
        assert!(net.step());
    }
    assert_eq!(net.now - begun, Duration::from_secs(32));
    assert_eq!(ends(&net.take_events(caller)), [End { status: Some(408), by: By::Timeout, reason: None }]);
    // 0, .5, 1.5, 3.5, 7.5, 15.5, 31.5 s
    assert_eq!(net.count("INVITE"), 7);
    assert!(idle(&mut net, caller));
}

#[test]
fn an_endpoint_that_shuts_down_refuses_new_calls() {
    let (mut net, server, caller) = pair();
    net.at(server, |endpoint, now| endpoint.shut_down(now, Duration::from_secs(5)));
    net.at(caller, |endpoint, now| endpoint.place(now, dial("2000"))).unwrap();
    net.run_ms(100);
    assert_eq!(ends(&net.take_events(caller)).first().and_then(|end| end.status), Some(503));
    assert!(net.log.iter().any(|(_, _, text)| text.contains("Retry-After: 5")));
    assert_eq!(net.stats(server).transactions, 0);
    assert!(net.at(server, |endpoint, now| endpoint.place(now, ring_user("1001"))).is_err());
}

#[test]
fn a_ping_is_answered_or_told_to_have_failed() {
    let (mut net, server, caller) = pair();
    let ping = net.at(caller, |endpoint, now| endpoint.options(now, server, Transport::Udp));
    net.run_ms(50);
    assert_eq!(net.take_events(caller), [Event::Pong { ping, status: Some(200) }]);
    let nobody = "10.0.0.99:5060".parse().unwrap();
    let lost = net.at(caller, |endpoint, now| endpoint.options(now, nobody, Transport::Udp));
    net.run(Duration::from_secs(33));
    assert_eq!(net.take_events(caller), [Event::Pong { ping: lost, status: None }]);
    // RFC 3261 17.1.2.2: 0, .5, 1.5, 3.5, 7.5, 11.5 ... 31.5 s, and the one that was answered
    assert_eq!(net.count("OPTIONS"), 11 + 1);
}

#[test]
fn a_call_over_ipv6() {
    let mut net = Network::new();
    let server = net.endpoint("[2001:db8::1]:5080", server());
    let caller = net.endpoint("[2001:db8::2]:5060", trunk("[2001:db8::1]:5080"));
    let (out, _) = answered(&mut net, server, caller);
    net.run_ms(50);
    net.at(caller, |endpoint, now| endpoint.hangup(now, out, Cause::NORMAL_CLEARING));
    net.run_ms(50);
    assert!(matches!(&net.take_events(server)[..], [Event::Confirmed { .. }, Event::Ended { .. }]));
    assert!(net.log.iter().any(|(_, _, text)| text.starts_with("BYE sip:2000@[2001:db8::1]:5080 SIP/2.0")));
}

#[test]
fn what_a_stopping_driver_waits_for() {
    let (mut net, server, _, _, inbound) = connected();
    let unsettled = |net: &mut Network| net.at(server, |endpoint, _| endpoint.unsettled());
    assert_eq!(unsettled(&mut net), 0);
    net.at(server, |endpoint, now| endpoint.hangup(now, inbound, Cause::TEMPORARY_FAILURE));
    assert_eq!(unsettled(&mut net), 1);
    net.run_ms(30);
    assert_eq!(unsettled(&mut net), 0);
}
