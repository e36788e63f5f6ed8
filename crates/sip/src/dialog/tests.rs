//! Routes, targets and sequence numbers.

use super::Dialog;
use crate::message::{CSeq, Message, Method, Request, Response, header};
use crate::transport::{Flow, Transport};

fn flow() -> Flow {
    let (local, remote) = ("10.0.0.1:5080".parse().unwrap(), "192.0.2.9:40000".parse().unwrap());
    Flow { transport: Transport::Udp, local, remote, connection: None }
}

fn invite(extra: &str) -> Request {
    let text = format!(
        "INVITE sip:2000@10.0.0.1:5080 SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.5:5060;branch=z9hG4bKa\r\n\
         From: <sip:a@example.com>;tag=theirs\r\nTo: <sip:2000@10.0.0.1>\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\n\
         Max-Forwards: 70\r\nContact: <sip:a@192.168.1.5:5070>\r\n{extra}Content-Length: 0\r\n\r\n"
    );
    match Message::parse(text.as_bytes()).unwrap() {
        Message::Request(request) => request,
        Message::Response(_) => unreachable!(),
    }
}

fn inbound(extra: &str) -> Dialog {
    Dialog::of_request(&invite(extra), "ours".into(), "<sip:2000@10.0.0.1:5080>".into(), flow()).unwrap()
}

/// The dialog of our own INVITE, and its 200.
fn outbound(extra: &str, anchored: bool) -> Dialog {
    let mut response: Response = invite(extra).respond(200);
    let to = response.headers.to().unwrap().with_tag("callee").to_string();
    response.headers.set(header::TO, to);
    response.headers.push(header::CONTACT, "<sip:b@192.0.2.77:5099>");
    let routes: Vec<String> = invite(extra).headers.all(header::RECORD_ROUTE).map(str::to_owned).collect();
    routes.iter().for_each(|route| response.headers.push(header::RECORD_ROUTE, route));
    Dialog::of_response(&invite(extra), &response, flow(), anchored).unwrap()
}

fn routes(request: &Request) -> Vec<&str> {
    request.headers.all(header::ROUTE).collect()
}

#[test]
fn requests_of_a_called_side_go_to_where_the_caller_was_seen() {
    let mut dialog = inbound("");
    let bye = dialog.request(Method::Bye);
    assert_eq!(bye.uri, "sip:a@192.168.1.5:5070");
    assert_eq!(bye.headers.get(header::FROM), Some("<sip:2000@10.0.0.1>;tag=ours"));
    assert_eq!(bye.headers.to().unwrap().tag(), Some("theirs"));
    assert_eq!(dialog.next_hop(), None);
}

#[test]
fn a_loose_route_set_keeps_the_target_as_request_uri() {
    let extra = "Record-Route: <sip:192.0.2.1;lr>, <sip:192.0.2.2:5062;lr>\r\n";
    let mut dialog = inbound(extra);
    let bye = dialog.request(Method::Bye);
    assert_eq!(bye.uri, "sip:a@192.168.1.5:5070");
    assert_eq!(routes(&bye), ["<sip:192.0.2.1;lr>", "<sip:192.0.2.2:5062;lr>"]);
    assert_eq!(dialog.next_hop(), Some((Transport::Udp, "192.0.2.1:5060".parse().unwrap())));
    // The caller's side reverses it.
    let mut dialog = outbound(extra, false);
    assert_eq!(routes(&dialog.request(Method::Bye)), ["<sip:192.0.2.2:5062;lr>", "<sip:192.0.2.1;lr>"]);
    assert_eq!(dialog.next_hop(), Some((Transport::Udp, "192.0.2.2:5062".parse().unwrap())));
}

#[test]
fn a_strict_router_becomes_the_request_uri() {
    let mut dialog = inbound("Record-Route: <sip:192.0.2.1>, <sip:192.0.2.2;lr>\r\n");
    let bye = dialog.request(Method::Bye);
    assert_eq!(bye.uri, "sip:192.0.2.1");
    assert_eq!(routes(&bye), ["<sip:192.0.2.2;lr>", "<sip:a@192.168.1.5:5070>"]);
}

#[test]
fn a_caller_follows_the_contact_unless_the_callee_is_anchored() {
    assert_eq!(outbound("", false).next_hop(), Some((Transport::Udp, "192.0.2.77:5099".parse().unwrap())));
    assert_eq!(outbound("", true).next_hop(), None);
}

#[test]
fn no_packet_goes_to_a_host_name_a_group_or_nowhere() {
    for host in ["proxy.example.com", "224.0.0.1", "255.255.255.255", "0.0.0.0", "[ff02::1]", "192.0.2.1:0"] {
        let dialog = inbound(&format!("Record-Route: <sip:{host};lr>\r\n"));
        assert_eq!(dialog.next_hop(), None, "{host}");
    }
}

#[test]
fn the_peers_cseq_must_rise() {
    let mut dialog = inbound("");
    let table = [(7, false), (6, false), (8, true), (8, false), (100, true), (99, false)];
    for (number, accepted) in table {
        assert_eq!(dialog.accept(&CSeq::new(number, Method::Info)), accepted, "{number}");
    }
    assert!(outbound("", false).accept(&CSeq::new(0, Method::Bye)));
}

#[test]
fn our_cseq_rises_and_the_ack_repeats_that_of_its_invite() {
    let mut dialog = outbound("", false);
    let numbers: Vec<u32> =
        (0..3).map(|_| dialog.request(Method::Info).headers.cseq().unwrap().number).collect();
    assert_eq!(numbers, [8, 9, 10]);
    assert_eq!(dialog.ack(7).headers.cseq().unwrap(), CSeq::new(7, Method::Ack));
}

#[test]
fn a_new_contact_becomes_the_target() {
    let mut dialog = inbound("");
    let mut update = invite("");
    update.headers.set(header::CONTACT, "<sip:a@203.0.113.4:6000>");
    dialog.refresh_target(&update.headers);
    assert_eq!(dialog.request(Method::Info).uri, "sip:a@203.0.113.4:6000");
}

#[test]
fn an_address_behind_the_peers_nat_is_not_followed() {
    let table = [
        ("192.168.1.5", "192.0.2.9", false),
        ("10.1.2.3", "10.0.0.2", true),
        ("127.0.0.1", "192.0.2.9", false),
        ("127.0.0.1", "127.0.0.1", true),
        ("192.0.2.77", "192.0.2.9", true),
        ("192.0.2.77", "10.0.0.2", true),
        ("fd00::1", "2001:db8::1", false),
    ];
    for (named, seen, reachable) in table {
        assert_eq!(
            super::is_reachable(named.parse().unwrap(), seen.parse().unwrap()),
            reachable,
            "{named} {seen}"
        );
    }
}
