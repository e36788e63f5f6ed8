//! Provisional responses that are acknowledged (RFC 3262), both roles.

use std::time::Duration;

use bytes::Bytes;
use confab_sip::*;

use crate::network::*;
use crate::peer::*;

fn with_reliable(reliable: Extension) -> EndpointConfig {
    focus_with(PeerOptions { reliable, ..PeerOptions::default() })
}

fn ring(caller: &mut Peer) -> Option<Response> {
    caller.at(|endpoint, now, call| endpoint.ring(now, call));
    caller.net.run_ms(30);
    let ringing = caller.responses().into_iter().find(|response| response.status == 180)?;
    caller.learn_tag(&ringing);
    Some(ringing)
}

fn rseq(response: &Response) -> Option<u32> {
    response.headers.get(header::RSEQ).map(|rseq| rseq.parse().unwrap())
}

#[test]
fn when_180_is_sent_reliably_by_table() {
    use Extension::{Off, Preferred, Required, Supported};
    let (can, must) = ("Supported: 100rel\r\n", "Require: 100rel\r\n");
    let table = [
        (Off, "", false),
        (Off, can, false),
        (Supported, can, false),
        (Supported, must, true),
        (Preferred, "", false),
        (Preferred, can, true),
        (Required, can, true),
    ];
    for (reliable, extra, expected) in table {
        let mut caller = Peer::dialling(with_reliable(reliable), extra);
        let ringing = ring(&mut caller).unwrap();
        assert_eq!(rseq(&ringing).is_some(), expected, "{reliable:?} {extra}");
        assert_eq!(
            ringing.headers.get(header::REQUIRE),
            expected.then_some("100rel"),
            "{reliable:?} {extra}"
        );
    }
}

#[test]
fn who_cannot_or_may_not() {
    let table = [(Extension::Off, "Require: 100rel\r\n", 420), (Extension::Required, "", 421)];
    for (reliable, extra, status) in table {
        let mut net = Network::new();
        let server = net.endpoint(SERVER, with_reliable(reliable));
        let peer = net.scripted("10.0.7.1:5060");
        net.send_text(peer, server, &request("INVITE", URI, peer, "a", extra, SDP));
        net.run_ms(30);
        assert_eq!(net.responses(peer).remove(0).status, status, "{reliable:?}");
    }
}

#[test]
fn a_180_is_repeated_ever_more_slowly_until_its_prack() {
    let mut caller = Peer::dialling(with_reliable(Extension::Supported), "Require: 100rel\r\n");
    let ringing = ring(&mut caller).unwrap();
    caller.net.run(Duration::from_millis(7400));
    // After 0.5, 1.5, 3.5 and, no more than that, 7.5 s.
    assert_eq!(caller.responses().len(), 3);
    let rseq = rseq(&ringing).unwrap();
    let wrong = [format!("{} 1 INVITE", rseq + 1), format!("{rseq} 2 INVITE"), format!("{rseq} 1 BYE")];
    for rack in wrong {
        let reply = caller.send("PRACK", &format!("RAck: {rack}\r\n"), "").unwrap();
        assert_eq!(reply.status, 481, "{rack}");
    }
    assert_eq!(caller.send("PRACK", "RAck: nonsense\r\n", "").unwrap().status, 400);
    assert_eq!(caller.send("PRACK", &format!("RAck: {rseq} 1 INVITE\r\n"), "").unwrap().status, 200);
    caller.responses();
    caller.net.run(Duration::from_secs(60));
    assert_eq!(caller.responses().len(), 0);
    assert_eq!(caller.send("PRACK", &format!("RAck: {rseq} 1 INVITE\r\n"), "").unwrap().status, 481, "once");
    caller.at(|endpoint, now, call| endpoint.ring(now, call));
    caller.net.run_ms(30);
    assert_eq!(caller.responses().iter().filter_map(self::rseq).next(), Some(rseq + 1), "the next one");
}

#[test]
fn without_a_prack_the_invite_is_refused() {
    let mut caller = Peer::dialling(with_reliable(Extension::Supported), "Require: 100rel\r\n");
    ring(&mut caller);
    caller.net.run(Duration::from_secs(33));
    assert!(caller.responses().iter().any(|response| response.status == 504));
    let end = ends(&caller.events()).remove(0);
    assert_eq!((end.status, end.by), (Some(504), By::Timeout));
}

#[test]
fn the_answer_does_not_wait_and_its_late_prack_is_taken() {
    let mut caller = Peer::dialling(with_reliable(Extension::Supported), "Require: 100rel\r\n");
    let rseq = rseq(&ring(&mut caller).unwrap()).unwrap();
    caller.at(|endpoint, now, call| endpoint.answer(now, call, sdp()));
    caller.net.run_ms(30);
    assert!(caller.responses().iter().any(|response| response.status == 200));
    caller.send_ack();
    caller.net.run(Duration::from_secs(10));
    assert_eq!(caller.responses().len(), 0, "nothing is repeated any more");
    assert_eq!(caller.send("PRACK", &format!("RAck: {rseq} 1 INVITE\r\n"), "").unwrap().status, 200);
    caller.net.run(Duration::from_secs(60));
    assert_eq!(caller.net.stats(caller.server).calls, 1);
}

#[test]
fn an_offer_in_a_prack_is_not_taken() {
    let mut caller = Peer::dialling(with_reliable(Extension::Supported), "Require: 100rel\r\n");
    let rseq = rseq(&ring(&mut caller).unwrap()).unwrap();
    assert_eq!(caller.send("PRACK", &format!("RAck: {rseq} 1 INVITE\r\n"), SDP).unwrap().status, 488);
    assert_eq!(caller.send("PRACK", &format!("RAck: {rseq} 1 INVITE\r\n"), "").unwrap().status, 200);
}

#[test]
fn a_cancel_ends_the_repetitions() {
    let mut caller = Peer::dialling(with_reliable(Extension::Supported), "Require: 100rel\r\n");
    ring(&mut caller);
    caller.at(|endpoint, now, call| endpoint.reject(now, call, 486.into()));
    caller.net.run_ms(30);
    caller.responses();
    caller.net.run(Duration::from_secs(31));
    assert!(caller.responses().iter().all(|response| response.status == 486));
}

/// We call; the peer answers as the test says.
struct Callee {
    net: Network,
    server: std::net::SocketAddr,
    peer: std::net::SocketAddr,
    call: CallRef,
    invite: Request,
}

impl Callee {
    fn called(reliable: Extension) -> Self {
        let mut net = Network::new();
        let server = net.endpoint(SERVER, with_reliable(reliable));
        let peer = net.scripted("10.0.7.1:5060");
        let uri = "sip:1@10.0.7.1".parse().unwrap();
        let target = Target::Address { uri, transport: Transport::Udp, remote: peer };
        let call =
            net.at(server, |endpoint, now| endpoint.place(now, Outgoing { target, ..dial("") })).unwrap();
        net.run_ms(30);
        let invite = net.requests(peer).remove(0);
        Self { net, server, peer, call, invite }
    }

    /// Sends a response; gives the requests that it causes.
    fn respond(&mut self, status: u16, rseq: Option<u32>, body: &str) -> Vec<Request> {
        let mut response = self.invite.respond(status);
        let to = self.invite.headers.to().unwrap().with_tag("callee").to_string();
        response.headers.set(header::TO, to);
        response.headers.push(header::CONTACT, "<sip:1@10.0.7.1:5060>");
        if let Some(rseq) = rseq {
            response.headers.push(header::REQUIRE, "100rel");
            response.headers.push(header::RSEQ, rseq.to_string());
        }
        if !body.is_empty() {
            response.headers.push(header::CONTENT_TYPE, "application/sdp");
            response.body = Bytes::from(body.to_owned());
        }
        self.net.send(self.peer, self.server, response.to_bytes());
        self.net.run_ms(30);
        self.net.requests(self.peer)
    }

    fn accept(&mut self, requests: &[Request]) {
        for request in requests.iter().filter(|request| request.method != Method::Ack) {
            self.net.send(self.peer, self.server, request.respond(200).to_bytes());
        }
        self.net.run_ms(30);
    }
}

#[test]
fn reliable_responses_are_acknowledged_in_order() {
    let mut callee = Callee::called(Extension::Supported);
    assert!(callee.invite.headers.list(header::SUPPORTED).any(|tag| tag == "100rel"));
    let pracks = callee.respond(183, Some(7), "");
    let racks = |requests: &[Request]| {
        let rack = |request: &Request| request.headers.get(header::RACK).unwrap_or("none").to_owned();
        requests.iter().map(rack).collect::<Vec<_>>()
    };
    assert_eq!(racks(&pracks), ["7 1 INVITE"]);
    assert_eq!(pracks[0].headers.cseq().unwrap(), CSeq::new(2, Method::Prack));
    callee.accept(&pracks);
    assert_eq!(callee.respond(183, Some(7), "").len(), 0, "a repetition");
    assert_eq!(callee.respond(180, Some(9), "").len(), 0, "8 is missing");
    let pracks = callee.respond(180, Some(8), "");
    assert_eq!(racks(&pracks), ["8 1 INVITE"]);
    callee.accept(&pracks);
    let call = callee.call;
    let expected = [183, 180].map(|status| Event::Progress { call, status });
    assert_eq!(callee.net.take_events(callee.server), expected);
    // The ACK repeats the INVITE's number; the BYE goes on after the last PRACK.
    let ack = callee.respond(200, None, SDP).remove(0);
    assert_eq!(ack.headers.cseq().unwrap(), CSeq::new(1, Method::Ack));
    callee.net.at(callee.server, |endpoint, now| endpoint.hangup(now, call, Cause::NORMAL_CLEARING));
    callee.net.run_ms(30);
    assert_eq!(callee.net.requests(callee.peer).remove(0).headers.cseq().unwrap(), CSeq::new(4, Method::Bye));
}

#[test]
fn an_answer_in_a_reliable_response_holds_once_the_call_is_answered() {
    let mut callee = Callee::called(Extension::Supported);
    let early = SDP.replace("4000", "4444");
    let pracks = callee.respond(183, Some(1), &early);
    callee.accept(&pracks);
    let call = callee.call;
    assert_eq!(
        callee.net.take_events(callee.server),
        [Event::Progress { call, status: 183 }],
        "nobody hears of early media"
    );
    callee.respond(200, None, "");
    let sdp = Some(Bytes::from(early));
    assert_eq!(callee.net.take_events(callee.server), [Event::Answered { call, sdp }]);
}

#[test]
fn what_we_do_not_know_we_do_not_acknowledge() {
    let mut callee = Callee::called(Extension::Off);
    assert!(!callee.invite.headers.list(header::SUPPORTED).any(|tag| tag == "100rel"));
    assert_eq!(callee.respond(183, Some(7), "").len(), 0);
    let mut callee = Callee::called(Extension::Required);
    assert_eq!(callee.invite.headers.get(header::REQUIRE), Some("100rel"));
    assert_eq!(callee.respond(183, Some(0), "").len(), 0, "RSeq starts at 1");
}
