//! Abuse of digest, on both sides.

use std::net::SocketAddr;
use std::time::Duration;

use confab_sip::*;

use crate::network::*;

const SERVER: &str = "10.0.0.1:5080";

fn register_text(from: SocketAddr, user: &str, cseq: u32, authorization: &str) -> String {
    format!(
        "REGISTER sip:10.0.0.1:5080 SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bKr{cseq}{};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:{user}@10.0.0.1>;tag=ft\r\nTo: <sip:{user}@10.0.0.1>\r\nCall-ID: reg-{from}\r\n\
         CSeq: {cseq} REGISTER\r\nContact: <sip:{user}@{from}>\r\n{authorization}Expires: 3600\r\n\
         User-Agent: a phone with a name of the usual length\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO\r\n\
         Content-Length: 0\r\n\r\n",
        authorization.len()
    )
}

/// What the server says to one REGISTER.
fn ask(net: &mut Network, from: SocketAddr, user: &str, cseq: u32, authorization: &str) -> Vec<Response> {
    let server: SocketAddr = SERVER.parse().unwrap();
    net.send_text(from, server, &register_text(from, user, cseq, authorization));
    net.run_ms(30);
    net.responses(from)
}

fn challenge(response: &Response) -> Challenge {
    response.headers.challenges(header::WWW_AUTHENTICATE).remove(0)
}

fn header_line(challenge: &Challenge, user: &str, password: &str, nc: u32) -> String {
    let secret = Secret::new(password);
    let uri = "sip:10.0.0.1:5080";
    let credentials = challenge.answer("REGISTER", uri, user, &secret, "c0ffee", nc).unwrap();
    format!("Authorization: {credentials}\r\n")
}

fn bench() -> (Network, SocketAddr, SocketAddr) {
    let mut net = Network::new();
    let server = net.endpoint(SERVER, server());
    let phone = net.scripted("10.0.4.1:5060");
    (net, server, phone)
}

#[test]
fn a_replay_is_refused_and_the_next_count_accepted() {
    let (mut net, server, phone) = bench();
    let first = challenge(&ask(&mut net, phone, "1001", 1, "")[0]);
    let line = header_line(&first, "1001", "secret", 1);
    assert_eq!(ask(&mut net, phone, "1001", 2, &line)[0].status, 200);
    let replay = ask(&mut net, phone, "1001", 3, &line);
    assert_eq!(replay[0].status, 401);
    assert_eq!(ask(&mut net, phone, "1001", 4, &header_line(&first, "1001", "secret", 2))[0].status, 200);
    let forged = Challenge { nonce: "0123456789abcdef".repeat(4), ..first };
    let refused = ask(&mut net, phone, "1001", 5, &header_line(&forged, "1001", "secret", 1));
    assert_eq!(refused[0].status, 401);
    assert_eq!(net.at(server, |endpoint, _| endpoint.contacts("1001")), 1);
}

#[test]
fn a_repetition_of_an_accepted_register_gets_the_same_answer() {
    let (mut net, server, phone) = bench();
    let first = challenge(&ask(&mut net, phone, "1001", 1, "")[0]);
    let line = header_line(&first, "1001", "secret", 1);
    let one = ask(&mut net, phone, "1001", 2, &line);
    let two = ask(&mut net, phone, "1001", 2, &line);
    assert_eq!((one[0].status, &one), (200, &two));
    assert_eq!(net.stats(server).retransmitted, 1);
}

#[test]
fn an_unknown_user_gets_the_same_answers_as_a_wrong_password() {
    let shape = |user: &str| {
        let (mut net, _, phone) = bench();
        let first = ask(&mut net, phone, user, 1, "").remove(0);
        let line = header_line(&challenge(&first), user, "wrong", 1);
        let second = ask(&mut net, phone, user, 2, &line).remove(0);
        let names = |r: &Response| r.headers.iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
        let stale = challenge(&second).stale;
        (first.status, names(&first), second.status, second.reason.clone(), names(&second), stale)
    };
    assert_eq!(shape("1001"), shape("9999"));
    assert_eq!(shape("1001").0, 401);
}

#[test]
fn a_user_may_register_only_himself() {
    let (mut net, server, phone) = bench();
    let first = challenge(&ask(&mut net, phone, "1001", 1, "")[0]);
    let line = header_line(&first, "1001", "secret", 1);
    let stolen = ask(&mut net, phone, "1002", 2, &line);
    assert_eq!(stolen[0].status, 403);
    assert_eq!(net.at(server, |endpoint, _| endpoint.contacts("1002")), 0);
}

#[test]
fn guessing_from_many_addresses_is_stopped_while_the_registered_phone_lives() {
    let (mut net, server, phone) = bench();
    let first = challenge(&ask(&mut net, phone, "1001", 1, "")[0]);
    assert_eq!(ask(&mut net, phone, "1001", 2, &header_line(&first, "1001", "secret", 1))[0].status, 200);
    let guessers: Vec<SocketAddr> = (1..=20).map(|n| net.scripted(&format!("10.0.5.{n}:5060"))).collect();
    for round in 0..50_u32 {
        for guesser in &guessers {
            let line = header_line(&first, "1001", &format!("guess{round}"), 100 + round);
            let answers = ask(&mut net, *guesser, "1001", round + 1, &line);
            assert!(answers.iter().all(|answer| answer.status == 401));
        }
    }
    let stats = net.stats(server);
    assert!(stats.digest_failures < 30, "{}", stats.digest_failures);
    assert_eq!(stats.digest_failures + stats.digest_unchecked + stats.banned, 1000);
    // The right password does not help a guesser now; the phone's own refresh goes on.
    let fresh = challenge(&ask(&mut net, phone, "1001", 3, "")[0]);
    let right = ask(&mut net, guessers[0], "1001", 99, &header_line(&fresh, "1001", "secret", 1));
    assert!(right.iter().all(|answer| answer.status == 401));
    assert_eq!(ask(&mut net, phone, "1001", 4, &header_line(&fresh, "1001", "secret", 2))[0].status, 200);
}

#[test]
fn an_address_that_guesses_is_dropped_for_five_minutes() {
    let (mut net, server, guesser) = bench();
    let first = challenge(&ask(&mut net, guesser, "1001", 1, "")[0]);
    for n in 1..=10 {
        let user = format!("100{}", n % 5 + 1);
        ask(&mut net, guesser, &user, 1 + n, &header_line(&first, &user, "wrong", n));
    }
    assert_eq!(ask(&mut net, guesser, "1001", 50, ""), []);
    assert_eq!(net.stats(server).banned, 1);
    net.run(Duration::from_secs(301));
    assert_eq!(ask(&mut net, guesser, "1001", 51, "")[0].status, 401);
}

/// A challenge with the realm of the caller's gateway, by a rogue.
fn challenged(request: &Request, status: u16) -> Response {
    let mut response = request.respond(status);
    let name = if status == 401 { header::WWW_AUTHENTICATE } else { header::PROXY_AUTHENTICATE };
    response.headers.push(name, "Digest realm=\"confab\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256");
    let to = response.headers.to().unwrap();
    if to.tag().is_none() {
        response.headers.set(header::TO, to.with_tag("rogue").to_string());
    }
    response
}

#[test]
fn a_rogue_callee_gets_no_credentials_for_any_request() {
    for status in [401, 407] {
        let mut net = Network::new();
        let rogue = net.scripted("10.0.6.1:5060");
        let account = net.scripted("10.0.6.9:5060");
        let victim = net.endpoint("10.0.6.2:5060", phone("1001", "10.0.6.9:5060"));
        // It calls us, we answer; then everything that we send is challenged.
        let invite = request("INVITE", "sip:1001@10.0.6.2", rogue, "rogue", "", SDP);
        net.send_text(rogue, victim, &invite);
        net.run_ms(50);
        let call = offered(&net.take_events(victim));
        net.at(victim, |endpoint, now| endpoint.answer(now, call, sdp()));
        net.run_ms(50);
        let ok = net.responses(rogue).into_iter().find(|response| response.status == 200).unwrap();
        let to = ok.headers.get(header::TO).unwrap().to_owned();
        let ack = invite
            .replace("INVITE", "ACK")
            .replace("branch=z9hG4bKrogue", "branch=z9hG4bKack")
            .replace("To: <sip:1001@10.0.6.2>", &format!("To: {to}"));
        net.send_text(rogue, victim, &ack);
        net.run_ms(50);
        let uri: Uri = format!("sip:x@{rogue}").parse().unwrap();
        let target = Target::Address { uri, transport: Transport::Udp, remote: rogue };
        net.at(victim, |endpoint, now| endpoint.place(now, Outgoing { target, ..dial("") })).unwrap();
        net.at(victim, |endpoint, now| endpoint.options(now, rogue, Transport::Udp));
        net.at(victim, |endpoint, now| endpoint.reoffer(now, call, sdp()));
        net.at(victim, |endpoint, now| endpoint.info(now, call, "application/dtmf", "1".into()));
        for _ in 0..12 {
            net.run_ms(20);
            for sent in net.requests(rogue) {
                assert!(sent.headers.get(header::AUTHORIZATION).is_none());
                assert!(sent.headers.get(header::PROXY_AUTHORIZATION).is_none());
                if sent.method != Method::Ack {
                    net.send(rogue, victim, challenged(&sent, status).to_bytes());
                }
            }
        }
        net.at(victim, |endpoint, now| endpoint.hangup(now, call, Cause::NORMAL_CLEARING));
        net.run_ms(30);
        let bye = net.requests(rogue).into_iter().find(|sent| sent.method == Method::Bye).unwrap();
        net.send(rogue, victim, challenged(&bye, status).to_bytes());
        net.run_ms(50);
        assert!(net.log.iter().all(|(_, to, text)| *to == account || !text.contains("uthorization:")));
        assert!(net.stats(victim).challenges_ignored >= 5);
    }
}

/// A gateway of the caller that answers each INVITE with a new challenge.
fn challenging_gateway(realm: &str, from_elsewhere: bool) -> (Network, usize) {
    let mut net = Network::new();
    let gateway = net.scripted("10.0.6.1:5060");
    let elsewhere = net.scripted("10.0.6.7:5060");
    let mut config = phone("1001", "10.0.6.1:5060");
    config.gateways.iter_mut().for_each(|gateway| gateway.register = false);
    let caller = net.endpoint("10.0.6.2:5060", config);
    net.at(caller, |endpoint, now| endpoint.place(now, dial("12345"))).unwrap();
    let mut invites = 0;
    for round in 0..20 {
        net.run_ms(30);
        for sent in net.requests(gateway).into_iter().filter(|sent| sent.method == Method::Invite) {
            invites += 1;
            let mut response = challenged(&sent, 407);
            let value = format!("Digest realm=\"{realm}\", nonce=\"n{round}\", qop=\"auth\", stale=true");
            response.headers.set(header::PROXY_AUTHENTICATE, value);
            let source = if from_elsewhere { elsewhere } else { gateway };
            net.send(source, caller, response.to_bytes());
        }
    }
    assert_eq!(ends(&net.take_events(caller)).first().and_then(|end| end.status), Some(407));
    (net, invites)
}

#[test]
fn a_gateway_that_challenges_for_ever_gets_two_invites() {
    let (net, invites) = challenging_gateway("confab", false);
    assert_eq!(invites, 2);
    assert!(net.log.iter().any(|(_, _, text)| text.contains("Proxy-Authorization: Digest")));
}

#[test]
fn a_foreign_realm_or_source_gets_no_credentials() {
    for (realm, elsewhere) in [("other", false), ("confab", true)] {
        let (net, invites) = challenging_gateway(realm, elsewhere);
        assert_eq!(invites, 1, "{realm}");
        assert!(!net.log.iter().any(|(_, _, text)| text.contains("uthorization:")));
    }
}
