//! One call to several contacts.

use std::net::SocketAddr;
use std::time::Duration;

use confab_sip::*;

use crate::network::*;

const SERVER: &str = "10.0.0.1:5080";

/// The server with so many phones of user 1004, and a call to them that has been offered to each.
fn ringing(count: usize) -> (Network, SocketAddr, CallRef, Vec<(SocketAddr, CallRef)>) {
    let mut net = Network::new();
    let server = net.endpoint(SERVER, server());
    let phones: Vec<SocketAddr> =
        (1..=count).map(|n| net.endpoint(&format!("10.0.1.{n}:5060"), phone("1004", SERVER))).collect();
    net.run_ms(200);
    net.take_events(server);
    let call = net.at(server, |endpoint, now| endpoint.place(now, ring_user("1004"))).unwrap();
    net.run_ms(50);
    let offers = phones.iter().map(|phone| (*phone, offered(&net.take_events(*phone)))).collect();
    (net, server, call, offers)
}

fn at_rest(net: &mut Network, addresses: &[SocketAddr]) {
    net.run(Duration::from_secs(40));
    for address in addresses {
        let stats = net.stats(*address);
        assert_eq!((stats.transactions, stats.calls), (0, 0), "{address}");
    }
}

#[test]
fn the_first_answer_wins_and_the_others_are_cancelled() {
    let (mut net, server, call, phones) = ringing(3);
    for (phone, inbound) in &phones {
        net.at(*phone, |endpoint, now| endpoint.ring(now, *inbound));
    }
    net.run_ms(50);
    assert_eq!(net.take_events(server), [Event::Progress { call, status: 180 }]);
    let (winner, inbound) = phones[1];
    net.at(winner, |endpoint, now| endpoint.answer(now, inbound, sdp()));
    net.run_ms(100);
    assert_eq!(net.take_events(server), [Event::Answered { call, sdp: Some(sdp()) }]);
    for (phone, _) in [phones[0], phones[2]] {
        let ended = ends(&net.take_events(phone));
        assert!(
            matches!(&ended[..], [End { status: Some(487), reason: Some(reason), .. }]
            if reason.contains("LOSE_RACE")),
            "{ended:?}"
        );
    }
    net.at(server, |endpoint, now| endpoint.hangup(now, call, Cause::NORMAL_CLEARING));
    net.run_ms(50);
    assert_eq!(ends(&net.take_events(server)).len(), 1);
    assert_eq!(ends(&net.take_events(winner)).len(), 1);
    at_rest(&mut net, &[server, phones[0].0, phones[1].0, phones[2].0]);
}

#[test]
fn an_answer_that_comes_second_is_acknowledged_and_ended() {
    let (mut net, server, call, phones) = ringing(2);
    for (phone, inbound) in &phones {
        net.at(*phone, |endpoint, now| endpoint.answer(now, *inbound, sdp()));
    }
    net.run_ms(200);
    assert_eq!(net.take_events(server), [Event::Answered { call, sdp: Some(sdp()) }]);
    assert_eq!((net.count("ACK"), net.count("BYE")), (2, 1));
    let ended: usize = phones.iter().map(|(phone, _)| ends(&net.take_events(*phone)).len()).sum();
    assert_eq!(ended, 1);
    net.at(server, |endpoint, now| endpoint.hangup(now, call, Cause::NORMAL_CLEARING));
    at_rest(&mut net, &[server, phones[0].0, phones[1].0]);
}

#[test]
fn the_best_failure_is_told_by_table() {
    // RFC 3261 16.7: 6xx wins; then the lowest class; within 4xx what would help the caller.
    let table: [(&[u16], u16); 5] =
        [(&[486, 480], 486), (&[503, 486], 486), (&[404, 484], 484), (&[486, 603], 603), (&[500, 503], 500)];
    for (statuses, best) in table {
        let (mut net, server, _, phones) = ringing(statuses.len());
        for ((phone, inbound), status) in phones.iter().zip(statuses) {
            net.at(*phone, |endpoint, now| endpoint.reject(now, *inbound, (*status).into()));
            net.run_ms(50);
        }
        let ended = ends(&net.take_events(server));
        assert_eq!(ended.iter().map(|end| end.status).collect::<Vec<_>>(), [Some(best)], "{statuses:?}");
        at_rest(&mut net, &[server]);
    }
}

#[test]
fn a_decline_by_all_means_stops_the_other_phones() {
    let (mut net, server, _, phones) = ringing(2);
    let (phone, inbound) = phones[0];
    net.at(phone, |endpoint, now| endpoint.reject(now, inbound, 603.into()));
    net.run_ms(100);
    assert_eq!(ends(&net.take_events(server)).first().and_then(|end| end.status), Some(603));
    assert_eq!(ends(&net.take_events(phones[1].0)).len(), 1);
    at_rest(&mut net, &[server, phones[0].0, phones[1].0]);
}

#[test]
fn hanging_up_cancels_every_phone() {
    let (mut net, server, call, phones) = ringing(3);
    net.at(server, |endpoint, now| endpoint.hangup(now, call, Cause::NO_ANSWER));
    net.run_ms(100);
    assert_eq!(net.count("CANCEL"), 3);
    for (phone, _) in &phones {
        assert_eq!(ends(&net.take_events(*phone)).len(), 1);
    }
    assert_eq!(ends(&net.take_events(server)).len(), 1);
    at_rest(&mut net, &[server]);
}

/// A scripted gateway, and the INVITE that it got.
fn at_gateway() -> (Network, SocketAddr, SocketAddr, Request) {
    let mut net = Network::new();
    let gateway = net.scripted("10.0.3.1:5090");
    let caller = net.endpoint("10.0.0.2:5060", trunk("10.0.3.1:5090"));
    net.at(caller, |endpoint, now| endpoint.place(now, dial("12345"))).unwrap();
    net.run_ms(50);
    let invite = net.requests(gateway).remove(0);
    (net, caller, gateway, invite)
}

fn reply(
    net: &mut Network,
    gateway: SocketAddr,
    caller: SocketAddr,
    invite: &Request,
    status: u16,
    tag: &str,
) {
    let mut response = invite.respond(status);
    let to = response.headers.to().unwrap().with_tag(tag).to_string();
    response.headers.set(header::TO, to);
    response.headers.push(header::CONTACT, format!("<sip:gw@{gateway}>"));
    net.send(gateway, caller, response.to_bytes());
    net.run_ms(50);
}

#[test]
fn a_flood_of_answers_to_one_invite_is_bounded() {
    let (mut net, caller, gateway, invite) = at_gateway();
    (0..100).for_each(|n| reply(&mut net, gateway, caller, &invite, 200, &format!("callee-{n}")));
    assert_eq!((net.count("ACK"), net.stats(caller).stray_responses), (16, 84));
}

#[test]
fn a_second_answer_of_the_same_branch_is_acknowledged_and_ended() {
    let (mut net, caller, gateway, invite) = at_gateway();
    reply(&mut net, gateway, caller, &invite, 180, "a");
    reply(&mut net, gateway, caller, &invite, 180, "b");
    reply(&mut net, gateway, caller, &invite, 200, "a");
    reply(&mut net, gateway, caller, &invite, 200, "b");
    reply(&mut net, gateway, caller, &invite, 200, "b");
    let got: Vec<(String, Option<String>)> = net
        .requests(gateway)
        .iter()
        .map(|r| (r.method.to_string(), r.headers.to().unwrap().tag().map(str::to_owned)))
        .collect();
    let expected = [("ACK", "a"), ("ACK", "b"), ("BYE", "b"), ("ACK", "b")];
    assert_eq!(got.len(), expected.len(), "{got:?}");
    for ((method, tag), (wanted, of)) in got.iter().zip(expected) {
        assert_eq!((method.as_str(), tag.as_deref()), (wanted, Some(of)));
    }
    assert_eq!(ends(&net.take_events(caller)), []);
}

#[test]
fn a_redirection_counts_as_a_failure() {
    let (mut net, caller, gateway, invite) = at_gateway();
    reply(&mut net, gateway, caller, &invite, 302, "a");
    assert_eq!(ends(&net.take_events(caller)).first().and_then(|end| end.status), Some(302));
    assert_eq!(net.count("INVITE"), 1);
}

#[test]
fn a_cancel_without_final_response_gives_up_after_64_t1() {
    let (mut net, caller, gateway, invite) = at_gateway();
    reply(&mut net, gateway, caller, &invite, 180, "a");
    let Some(Event::Progress { call, .. }) = net.take_events(caller).first().cloned() else {
        panic!("no progress")
    };
    net.at(caller, |endpoint, now| endpoint.hangup(now, call, Cause::NORMAL_CLEARING));
    net.run(Duration::from_secs(31));
    assert!(net.stats(caller).transactions > 0);
    at_rest(&mut net, &[caller]);
}

#[test]
fn a_callee_that_has_not_answered_may_ask_but_change_nothing() {
    let table = [
        ("OPTIONS", "", 200),
        ("INFO", "", 200),
        ("UPDATE", "", 200),
        ("UPDATE", SDP, 500),
        ("INVITE", SDP, 491),
        ("BYE", "", 481),
        ("REFER", "", 405),
        ("FROBNICATE", "", 501),
    ];
    for (n, (method, body, status)) in table.into_iter().enumerate() {
        let (mut net, caller, gateway, invite) = at_gateway();
        reply(&mut net, gateway, caller, &invite, 180, "callee");
        let text = request(method, "sip:trunk@10.0.0.2:5060", gateway, &format!("e{n}"), "", body)
            .replace(
                "From: \"Foreign\" <sip:4711@elsewhere.example>;tag=ft",
                "From: <sip:12345@10.0.3.1>;tag=callee",
            )
            .replace(
                "To: <sip:trunk@10.0.0.2:5060>",
                &format!("To: {}", invite.headers.get(header::FROM).unwrap()),
            )
            .replace(
                &format!("Call-ID: call-e{n}"),
                &format!("Call-ID: {}", invite.headers.call_id().unwrap()),
            );
        net.inbox(gateway);
        net.send_text(gateway, caller, &text);
        net.run_ms(30);
        let statuses: Vec<u16> = net.responses(gateway).iter().map(|response| response.status).collect();
        assert_eq!(statuses, [status], "{method}");
        assert_eq!(ends(&net.take_events(caller)), []);
        let stranger =
            text.replace("tag=callee", "tag=stranger").replace(&format!("z9hG4bKe{n}"), "z9hG4bKs");
        net.send_text(gateway, caller, &stranger);
        net.run_ms(30);
        let unknown = if method == "FROBNICATE" { 501 } else { 481 };
        assert_eq!(net.responses(gateway).first().map(|response| response.status), Some(unknown), "{method}");
    }
}
