//! Every method in every state of a dialog: the right code, and no panic.

use std::net::SocketAddr;

use confab_sip::*;

use crate::network::*;

const SERVER: &str = "10.0.0.1:5080";
const METHODS: [&str; 15] = [
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "OPTIONS",
    "REGISTER",
    "INFO",
    "UPDATE",
    "PRACK",
    "SUBSCRIBE",
    "NOTIFY",
    "REFER",
    "MESSAGE",
    "PUBLISH",
    "FROBNICATE",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// INVITE came, 100 sent.
    Offered,
    Ringing,
    /// 200 sent, no ACK yet.
    Answered,
    Confirmed,
    /// The peer's re-INVITE waits for us.
    TheirOffer,
    /// Our re-INVITE waits for the peer.
    OurOffer,
    /// We hung up before the ACK.
    Closing,
    Ended,
}

const STATES: [State; 8] = [
    State::Offered,
    State::Ringing,
    State::Answered,
    State::Confirmed,
    State::TheirOffer,
    State::OurOffer,
    State::Closing,
    State::Ended,
];

/// What RFC 3261, 3311 and our Allow want; `None`: no response at all.
fn expected(state: State, method: &str) -> Option<u16> {
    use State::{Answered, Closing, Confirmed, Ended, Offered, OurOffer, Ringing, TheirOffer};
    Some(match (state, method) {
        (_, "ACK") => return None,
        // A CANCEL whose branch is no INVITE's.
        (_, "CANCEL") => 481,
        (_, "FROBNICATE") => 501,
        (Ended, _) => 481,
        (_, "REGISTER" | "SUBSCRIBE" | "NOTIFY" | "REFER" | "MESSAGE" | "PUBLISH") => 405,
        // It names no response that waits for it.
        (_, "PRACK") => 481,
        (_, "BYE") => 200,
        (Closing, _) => 481,
        (_, "OPTIONS" | "INFO") => 200,
        (Offered | Ringing | Answered | TheirOffer, "INVITE" | "UPDATE") => 500,
        (OurOffer, "INVITE" | "UPDATE") => 491,
        (Confirmed, "INVITE") => 100,
        // An UPDATE with an offer waits for the owner.
        (Confirmed, "UPDATE") => return None,
        other => panic!("{other:?}"),
    })
}

struct Bench {
    net: Network,
    server: SocketAddr,
    peer: SocketAddr,
    call: CallRef,
    to: String,
    cseq: u32,
}

impl Bench {
    fn in_state(state: State) -> Self {
        let mut net = Network::new();
        let server = net.endpoint(SERVER, server());
        let peer = net.scripted("10.0.7.1:5060");
        net.send_text(peer, server, &request("INVITE", "sip:2000@10.0.0.1:5080", peer, "dialog", "", SDP));
        net.run_ms(30);
        let call = offered(&net.take_events(server));
        let mut bench = Self { net, server, peer, call, to: String::new(), cseq: 1 };
        bench.reach(state);
        bench
    }

    fn reach(&mut self, state: State) {
        let (server, call) = (self.server, self.call);
        // The tag is only told by a response that has one; 180 is sent in each state, later than the test in one.
        self.net.at(server, |endpoint, now| endpoint.ring(now, call));
        self.learn_tag();
        if matches!(state, State::Offered | State::Ringing) {
            return;
        }
        self.net.at(server, |endpoint, now| endpoint.answer(now, call, sdp()));
        self.net.run_ms(30);
        if state == State::Closing {
            self.net.at(server, |endpoint, now| endpoint.hangup(now, call, Cause::NORMAL_CLEARING));
        }
        if matches!(state, State::Answered | State::Closing) {
            return;
        }
        self.send("ACK", "");
        match state {
            State::TheirOffer => self.send("INVITE", SDP),
            State::OurOffer => self.net.at(server, |endpoint, now| endpoint.reoffer(now, call, sdp())),
            State::Ended => {
                self.net.at(server, |endpoint, now| endpoint.hangup(now, call, Cause::NORMAL_CLEARING))
            }
            _ => {}
        }
        self.net.run_ms(30);
    }

    fn learn_tag(&mut self) {
        self.net.run_ms(30);
        let ringing =
            self.net.responses(self.peer).into_iter().find(|response| response.status == 180).unwrap();
        self.to = ringing.headers.get(header::TO).unwrap().to_owned();
    }

    /// A request within the dialog; the ACK repeats the CSeq of the INVITE.
    fn send(&mut self, method: &str, body: &str) {
        self.cseq += u32::from(method != "ACK");
        let text = self.within(method, body, self.cseq);
        self.net.send_text(self.peer, self.server, &text);
        self.net.run_ms(30);
    }

    fn within(&self, method: &str, body: &str, cseq: u32) -> String {
        let extra = if method == "PRACK" { "RAck: 1 1 INVITE\r\n" } else { "" };
        request(method, "sip:2000@10.0.0.1:5080", self.peer, "dialog", extra, body)
            .replace("z9hG4bKdialog", &format!("z9hG4bK{method}{cseq}"))
            .replace("To: <sip:2000@10.0.0.1:5080>", &format!("To: {}", self.to))
            .replace(&format!("CSeq: 1 {method}"), &format!("CSeq: {cseq} {method}"))
    }

    fn statuses_of(&mut self, method: &str) -> Vec<u16> {
        let of_method =
            |response: &Response| response.headers.cseq().is_ok_and(|cseq| cseq.method.as_str() == method);
        let number = self.cseq;
        let responses = self.net.responses(self.peer).into_iter().filter(of_method);
        let fresh =
            responses.filter(|response| response.headers.cseq().is_ok_and(|cseq| cseq.number == number));
        fresh.map(|response| response.status).collect()
    }
}

#[test]
fn every_method_in_every_state() {
    for state in STATES {
        for method in METHODS {
            let mut bench = Bench::in_state(state);
            bench.net.inbox(bench.peer);
            let body = if matches!(method, "INVITE" | "UPDATE") { SDP } else { "" };
            bench.send(method, body);
            let statuses = bench.statuses_of(method);
            assert_eq!(
                statuses.first().copied(),
                expected(state, method),
                "{method} in {state:?}: {statuses:?}"
            );
            assert!(statuses.len() <= 1, "{method} in {state:?}: {statuses:?}");
        }
    }
}

#[test]
fn one_wrong_tag_is_481_and_the_call_lives() {
    for state in [State::Ringing, State::Confirmed] {
        for method in ["BYE", "INFO", "UPDATE", "INVITE"] {
            let mut bench = Bench::in_state(state);
            bench.net.inbox(bench.peer);
            bench.cseq += 1;
            let right = bench.within(method, "", bench.cseq);
            let wrong_from = right.replace("tag=ft", "tag=xx");
            let wrong_to = right.replace(&bench.to, "<sip:2000@10.0.0.1:5080>;tag=0123456789abcdef");
            for text in [wrong_from, wrong_to] {
                assert_ne!(text, right);
                bench.net.send_text(bench.peer, bench.server, &text);
                bench.net.run_ms(30);
                assert_eq!(bench.statuses_of(method), [481], "{method} in {state:?}");
            }
            assert_eq!(ends(&bench.net.take_events(bench.server)), []);
            assert_eq!(bench.net.stats(bench.server).calls, 1);
        }
    }
}

#[test]
fn a_cseq_that_does_not_rise_is_refused() {
    let mut bench = Bench::in_state(State::Confirmed);
    bench.cseq = 10;
    bench.send("OPTIONS", "");
    assert_eq!(bench.statuses_of("OPTIONS"), [200]);
    for number in [8, 0] {
        bench.cseq = number;
        bench.send("INFO", "");
        assert_eq!(bench.statuses_of("INFO"), [500]);
    }
}

#[test]
fn a_cancel_of_a_pending_reinvite_refuses_only_that() {
    let mut bench = Bench::in_state(State::TheirOffer);
    let cancel = bench.within("CANCEL", "", bench.cseq).replace("z9hG4bKCANCEL", "z9hG4bKINVITE");
    bench.net.inbox(bench.peer);
    bench.net.send_text(bench.peer, bench.server, &cancel);
    bench.net.run_ms(30);
    let statuses: Vec<u16> = bench.net.responses(bench.peer).iter().map(|response| response.status).collect();
    assert_eq!(statuses, [200, 487]);
    assert_eq!(bench.net.stats(bench.server).calls, 1);
}

#[test]
fn a_late_offer_is_answered_in_the_ack() {
    let mut bench = Bench::in_state(State::Confirmed);
    bench.send("INVITE", "");
    let call = bench.call;
    assert_eq!(bench.net.take_events(bench.server).last(), Some(&Event::Offer { call, sdp: None }));
    bench.net.at(bench.server, |endpoint, now| endpoint.accept_offer(now, call, sdp()));
    bench.net.run_ms(30);
    bench.send("ACK", SDP);
    assert_eq!(bench.net.take_events(bench.server), [Event::OfferAnswered { call, sdp: Some(sdp()) }]);
}

#[test]
fn an_update_is_answered_with_or_without_an_offer() {
    let mut bench = Bench::in_state(State::Confirmed);
    bench.net.take_events(bench.server);
    bench.send("UPDATE", "");
    assert_eq!(bench.statuses_of("UPDATE"), [200]);
    assert_eq!(bench.net.take_events(bench.server), []);
    bench.send("UPDATE", SDP);
    let call = bench.call;
    assert_eq!(bench.net.take_events(bench.server), [Event::Offer { call, sdp: Some(sdp()) }]);
    bench.net.at(bench.server, |endpoint, now| endpoint.accept_offer(now, call, sdp()));
    bench.net.run_ms(30);
    assert_eq!(bench.statuses_of("UPDATE"), [200]);
    bench.net.run_ms(2000);
    assert_eq!(bench.statuses_of("UPDATE"), [], "nothing to acknowledge");
}
