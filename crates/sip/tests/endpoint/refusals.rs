//! What is refused, with which answer, and what it leaves behind: nothing.

use std::net::SocketAddr;
use std::time::Duration;

use confab_sip::*;

use crate::network::*;

const SERVER: &str = "10.0.0.1:5080";
const URI: &str = "sip:2000@10.0.0.1:5080";

/// Knows 2000 only.
struct Only2000;

impl Admission for Only2000 {
    fn admit(&self, invite: &InviteSummary<'_>) -> Result<(), Refusal> {
        if invite.dialled == "2000" { Ok(()) } else { Err(404.into()) }
    }
}

fn bench(config: EndpointConfig) -> (Network, SocketAddr, SocketAddr) {
    let mut net = Network::new();
    net.admit_by(Only2000);
    let server = net.endpoint(SERVER, config);
    let peer = net.scripted("10.0.7.1:5060");
    (net, server, peer)
}

/// The statuses that come back for one message.
fn statuses(net: &mut Network, server: SocketAddr, peer: SocketAddr, text: &str) -> Vec<u16> {
    net.send_text(peer, server, text);
    net.run_ms(30);
    net.responses(peer).iter().map(|response| response.status).collect()
}

#[test]
fn requests_outside_of_dialogs_by_table() {
    let (mut net, server, peer) = bench(server());
    let table = [
        ("OPTIONS", URI, "", "", 200),
        ("INVITE", "sip:9999@10.0.0.1:5080", "", SDP, 404),
        ("INVITE", "sip:2000@192.0.2.55", "", SDP, 404),
        ("INVITE", "sips:2000@10.0.0.1", "", SDP, 416),
        ("INVITE", "weird:2000", "", SDP, 416),
        ("INVITE", URI, "Require: 100rel, nonsense\r\n", SDP, 420),
        ("INVITE", URI, "Require: multiple-refer\r\n", SDP, 420),
        ("INVITE", URI, "Supported: timer\r\nSession-Expires: 30\r\n", SDP, 422),
        ("INVITE", URI, "Session-Expires: soon\r\n", SDP, 400),
        ("INVITE", URI, "Replaces: none;to-tag=a;from-tag=b\r\n", SDP, 481),
        ("INVITE", URI, "Replaces: none;to-tag=a\r\n", SDP, 400),
        ("OPTIONS", URI, "Require: nonsense\r\n", "", 420),
        ("INVITE", URI, "Content-Encoding: gzip\r\n", SDP, 415),
        ("SUBSCRIBE", URI, "Event: presence\r\n", "", 405),
        ("NOTIFY", URI, "Event: presence\r\n", "", 405),
        ("MESSAGE", URI, "", "", 405),
        ("PUBLISH", URI, "Event: presence\r\n", "", 405),
        ("REFER", URI, "Refer-To: <sip:a@b>\r\n", "", 405),
        ("BYE", URI, "", "", 481),
        ("CANCEL", URI, "", "", 481),
        ("INFO", URI, "", "", 481),
        ("UPDATE", URI, "", "", 481),
        ("PRACK", URI, "RAck: 1 1 INVITE\r\n", "", 481),
        ("FROBNICATE", URI, "", "", 501),
        ("REGISTER", "sip:10.0.0.1:5080", "", "", 401),
    ];
    for (n, (method, uri, extra, body, status)) in table.into_iter().enumerate() {
        let text = request(method, uri, peer, &format!("t{n}"), extra, body);
        assert_eq!(statuses(&mut net, server, peer, &text), [status], "{method} {uri} {extra}");
    }
    let stats = net.stats(server);
    assert_eq!((stats.transactions, stats.calls, stats.calls_in), (0, 0, 0));
    assert_eq!(net.take_events(server), []);
}

#[test]
fn what_a_refusal_tells() {
    let (mut net, server, peer) = bench(server());
    let mut headers = |text: String| {
        net.send_text(peer, server, &text);
        net.run_ms(30);
        net.responses(peer).remove(0).headers
    };
    let options =
        headers(request("OPTIONS", URI, peer, "o", "Subject: long enough for all that is told\r\n", ""));
    assert!(options.list(header::ALLOW).any(|method| method == "UPDATE"));
    assert_eq!(options.get(header::ACCEPT), Some("application/sdp"));
    let via = options.top_via().unwrap();
    assert_eq!((via.received(), via.rport()), (Some(peer.ip()), Some(Some(peer.port()))));
    let bad = headers(request("INVITE", URI, peer, "r", "Require: foo, bar\r\n", SDP));
    assert_eq!(bad.list(header::UNSUPPORTED).collect::<Vec<_>>(), ["foo", "bar"]);
    assert!(headers(request("REFER", URI, peer, "m", "", "")).get(header::ALLOW).is_some());
    let type_text = request("INVITE", URI, peer, "c", "", SDP).replace("application/sdp", "text/plain");
    assert_eq!(headers(type_text).get(header::ACCEPT), Some("application/sdp"));
}

#[test]
fn a_spent_request_is_refused_but_for_options() {
    let (mut net, server, peer) = bench(server());
    for (method, body, status) in [("INVITE", SDP, 483), ("OPTIONS", "", 200)] {
        let text =
            request(method, URI, peer, method, "", body).replace("Max-Forwards: 70", "Max-Forwards: 0");
        assert_eq!(statuses(&mut net, server, peer, &text), [status]);
    }
}

#[test]
fn a_repeated_refusal_has_the_same_tag_and_its_ack_is_swallowed() {
    let (mut net, server, peer) = bench(server());
    let invite = request("INVITE", "sip:9999@10.0.0.1:5080", peer, "same", "", SDP);
    net.send_text(peer, server, &invite);
    net.send_text(peer, server, &invite);
    net.run_ms(30);
    let answers = net.responses(peer);
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0], answers[1]);
    let to = answers[0].headers.get(header::TO).unwrap().to_owned();
    let ack = request("ACK", "sip:9999@10.0.0.1:5080", peer, "same", "", "");
    let ours = ack.replace("To: <sip:9999@10.0.0.1:5080>", &format!("To: {to}"));
    assert_eq!(statuses(&mut net, server, peer, &ours), []);
    assert_eq!(net.stats(server).stray_acks, 0);
    assert_eq!(statuses(&mut net, server, peer, &ack), []);
    assert_eq!(net.stats(server).stray_acks, 1);
}

#[test]
fn a_merged_invite_gets_482() {
    let (mut net, server, peer) = bench(server());
    let one = request("INVITE", URI, peer, "one", "", SDP);
    assert_eq!(statuses(&mut net, server, peer, &one), [100]);
    let two = one.replace("z9hG4bKone", "z9hG4bKtwo");
    assert_eq!(statuses(&mut net, server, peer, &two), [482]);
    assert_eq!(statuses(&mut net, server, peer, &one), [100], "a repetition gets the last response");
}

#[test]
fn an_address_may_call_ten_times_a_second() {
    let mut config = server();
    config.limits.invites_per_second_per_ip = 10;
    let (mut net, server, peer) = bench(config);
    net.latency = Duration::from_millis(1);
    let mut refused = 0;
    for n in 0..30 {
        let text = request("INVITE", URI, peer, &format!("n{n}"), "", SDP);
        net.send_text(peer, server, &text);
        net.run_ms(2);
        refused += net.responses(peer).iter().filter(|response| response.status == 503).count();
    }
    assert_eq!(refused, 20);
    let stats = net.stats(server);
    assert_eq!((stats.rate_limited, stats.calls), (20, 10));
    net.run(Duration::from_secs(1));
    let text = request("INVITE", URI, peer, "later", "", SDP);
    assert_eq!(statuses(&mut net, server, peer, &text), [100]);
}

#[test]
fn full_tables_refuse_with_503() {
    let mut config = server();
    config.limits.calls = 2;
    let (mut net, server, peer) = bench(config);
    let answers: Vec<Vec<u16>> = (0..3)
        .map(|n| statuses(&mut net, server, peer, &request("INVITE", URI, peer, &format!("f{n}"), "", SDP)))
        .collect();
    assert_eq!(answers, [vec![100], vec![100], vec![503]]);
    assert_eq!(net.stats(server).table_full, 1);
    let options = request("OPTIONS", URI, peer, "alive", "", "");
    assert_eq!(statuses(&mut net, server, peer, &options), [200]);
}

#[test]
fn no_reply_is_larger_than_half_as_much_again() {
    let (mut net, server, peer) = bench(server());
    let bare = |method: &str, uri: &str| {
        format!(
            "{method} {uri} SIP/2.0\r\nv: SIP/2.0/UDP {peer};branch=z9hG4bK{method}\r\nf: <sip:a@b>;tag=1\r\n\
             t: <sip:1@a>\r\ni: {method}\r\nCSeq: 1 {method}\r\nMax-Forwards: 9\r\nm: <sip:a@{peer}>\r\nl: 0\r\n\r\n"
        )
    };
    for (method, uri) in
        [("OPTIONS", URI), ("REGISTER", "sip:10.0.0.1"), ("INVITE", "sip:9@10.0.0.1"), ("REFER", URI)]
    {
        let text = bare(method, uri);
        net.log.clear();
        net.send_text(peer, server, &text);
        net.run_ms(30);
        let replies: Vec<&String> =
            net.log.iter().filter(|(from, ..)| *from == server).map(|(_, _, t)| t).collect();
        let size: usize = replies.iter().map(|reply| reply.len()).sum();
        assert!(size <= text.len() * 3 / 2, "{method}: {} gave {size}", text.len());
        assert_eq!(replies.len(), usize::from(method != "REGISTER" || size > 0), "{method}");
    }
}

#[test]
fn replies_go_to_the_source_and_nowhere_else() {
    let (mut net, server, peer) = bench(server());
    let victim = net.scripted("10.0.9.9:5060");
    for (n, via) in
        ["10.0.9.9:5060", "10.0.9.9:5060;maddr=10.0.9.9", "10.0.9.9;received=10.0.9.9"].iter().enumerate()
    {
        let text = request("OPTIONS", URI, peer, &format!("v{n}"), "Route: <sip:10.0.9.9;lr>\r\n", "")
            .replace(&format!("UDP {peer};"), &format!("UDP {via};"));
        assert_eq!(statuses(&mut net, server, peer, &text), [200], "{via}");
    }
    assert!(net.inbox(victim).is_empty());
}

#[test]
fn stray_responses_are_dropped_and_counted() {
    let (mut net, server, peer) = bench(server());
    for status in [100, 180, 200, 302, 401, 407, 486, 503] {
        let text = format!(
            "SIP/2.0 {status} Stray\r\nVia: SIP/2.0/UDP 10.0.0.1:5080;branch=z9hG4bK{status}\r\nFrom: <sip:a@b>;tag=1\r\n\
             To: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
        );
        net.send_text(peer, server, &text);
    }
    net.run_ms(100);
    assert!(net.inbox(peer).is_empty());
    assert_eq!(net.stats(server).stray_responses, 8);
    assert_eq!(net.take_events(server), []);
}

#[test]
fn a_callers_text_is_cleaned() {
    let (mut net, server, peer) = bench(server());
    let text = request("INVITE", URI, peer, "dirty", "", SDP)
        .replace("\"Foreign\" <sip:4711@", "\"A\u{202e}B\" <sip:1,a%3Db%7D%24(id)@");
    net.send_text(peer, server, &text);
    net.run_ms(30);
    let events = net.take_events(server);
    let Some(Event::Offered { caller, .. }) = events.first() else { panic!("{events:?}") };
    assert_eq!((caller.user.as_str(), caller.display.as_deref()), ("1abid", Some("AB")));
}

#[test]
fn the_table_of_transactions_is_bounded() {
    let mut config = server();
    config.limits.transactions = 20;
    let (mut net, server, peer) = bench(config);
    for n in 0..100 {
        net.send_text(peer, server, &request("INVITE", URI, peer, &format!("b{n}"), "", SDP));
    }
    net.run_ms(100);
    let stats = net.stats(server);
    assert_eq!((stats.transactions, stats.calls, stats.table_full), (20, 20, 80));
    // Nobody needs a place in the table to be told no, or to be answered.
    net.inbox(peer);
    let options = request("OPTIONS", URI, peer, "alive", "", "");
    assert_eq!(statuses(&mut net, server, peer, &options), [200]);
    let calls: Vec<CallRef> =
        net.take_events(server).iter().map(|event| offered(std::slice::from_ref(event))).collect();
    for call in calls {
        net.at(server, |endpoint, now| endpoint.reject(now, call, 480.into()));
    }
    net.run(Duration::from_secs(33));
    let stats = net.stats(server);
    assert_eq!((stats.transactions, stats.calls), (0, 0), "without any ACK");
}

#[test]
fn the_smallest_usual_register_still_gets_a_challenge() {
    let (mut net, server, peer) = bench(server());
    let text = format!(
        "REGISTER sip:10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {peer};branch=z9hG4bK-1-1-0\r\nFrom: <sip:1001@10.0.0.1>;tag=1\r\n\
         To: <sip:1001@10.0.0.1>\r\nCall-ID: 1-4711@10.0.7.1\r\nCSeq: 1 REGISTER\r\nContact: <sip:1001@{peer}>\r\n\
         Max-Forwards: 70\r\nExpires: 3600\r\nContent-Length: 0\r\n\r\n"
    );
    net.send_text(peer, server, &text);
    net.run_ms(30);
    let reply = net.responses(peer).remove(0);
    let offered: Vec<Option<Algorithm>> =
        reply.headers.challenges(header::WWW_AUTHENTICATE).iter().map(Challenge::algorithm).collect();
    assert!(reply.to_bytes().len() * 2 <= text.len() * 3);
    assert_eq!((reply.status, offered), (401, vec![Some(Algorithm::Md5)]));
}
