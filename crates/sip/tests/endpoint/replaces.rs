//! Calls that take the place of others (RFC 3891).

use confab_sip::*;

use crate::network::*;
use crate::peer::*;

/// A call is up between the server and a caller at 10.0.0.2: how somebody else would name it.
fn connected(config: EndpointConfig) -> (Network, std::net::SocketAddr, CallRef, Replaces) {
    let mut net = Network::new();
    let server = net.endpoint(SERVER, config);
    let caller = net.endpoint("10.0.0.2:5060", trunk(SERVER));
    let out = net.at(caller, |endpoint, now| endpoint.place(now, dial("2000"))).unwrap();
    net.run_ms(50);
    let call = offered(&net.take_events(server));
    net.at(server, |endpoint, now| endpoint.answer(now, call, sdp()));
    net.run_ms(50);
    net.take_events(server);
    let named = net.at(caller, |endpoint, _| endpoint.replaces(out)).unwrap();
    (net, server, call, named)
}

/// The status that an INVITE with those headers gets from `host`.
fn status(net: &mut Network, server: std::net::SocketAddr, host: &str, branch: &str, extra: &str) -> u16 {
    let peer = net.scripted(host);
    net.send_text(peer, server, &request("INVITE", URI, peer, branch, extra, SDP));
    net.run_ms(30);
    net.responses(peer).remove(0).status
}

#[test]
fn a_stranger_is_challenged_and_the_peers_own_host_is_not() {
    let (mut net, server, call, named) = connected(focus());
    let extra = format!("Require: replaces\r\nReplaces: {named}\r\n");
    assert_eq!(status(&mut net, server, "10.0.7.1:5060", "stranger", &extra), 401);
    assert_eq!(status(&mut net, server, "10.0.0.2:5070", "same", &extra), 100);
    let events = net.take_events(server);
    assert!(
        matches!(&events[..], [Event::Offered { replaces: Some(old), .. }] if *old == call),
        "{events:?}"
    );
}

#[test]
fn a_user_of_ours_takes_the_place() {
    let (mut net, server, call, named) = connected(focus());
    let phone = net.endpoint("10.0.0.9:5060", phone("1001", SERVER));
    net.run_ms(100);
    net.take_events(server);
    let outgoing = Outgoing { replaces: Some(named), ..dial("2000") };
    net.at(phone, |endpoint, now| endpoint.place(now, outgoing)).unwrap();
    net.run_ms(100);
    let events = net.take_events(server);
    let [Event::Offered { replaces, authenticated, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((*replaces, authenticated.as_deref()), (Some(call), Some("1001")));
}

#[test]
fn what_names_no_call_is_refused() {
    let (mut net, server, call, named) = connected(focus());
    let other = |change: fn(&mut Replaces)| {
        let mut named = named.clone();
        change(&mut named);
        format!("Replaces: {named}\r\n")
    };
    let table = [
        (other(|named| named.call_id.push('x')), 481),
        (other(|named| named.to_tag.push('x')), 481),
        (other(|named| named.from_tag.push('x')), 481),
        (other(|named| named.early_only = true), 486),
        (format!("Replaces: {named}\r\nReplaces: {named}\r\n"), 400),
        (format!("Replaces: {named}\r\nJoin: {named}\r\n"), 400),
    ];
    for (n, (extra, expected)) in table.into_iter().enumerate() {
        let branch = format!("n{n}");
        assert_eq!(status(&mut net, server, "10.0.0.2:5070", &branch, &extra), expected, "{extra}");
    }
    net.at(server, |endpoint, now| endpoint.hangup(now, call, Cause::NORMAL_CLEARING));
    net.run_ms(30);
    let gone = format!("Replaces: {named}\r\n");
    assert_eq!(status(&mut net, server, "10.0.0.2:5070", "gone", &gone), 481);
}

#[test]
fn a_peer_for_whom_it_is_off_calls_as_usual() {
    let options = PeerOptions { replaces: false, ..PeerOptions::default() };
    let (mut net, server, _, named) = connected(focus_with(options));
    let required = format!("Require: replaces\r\nReplaces: {named}\r\n");
    assert_eq!(status(&mut net, server, "10.0.0.2:5070", "a", &required), 420);
    assert_eq!(status(&mut net, server, "10.0.0.2:5070", "b", &format!("Replaces: {named}\r\n")), 100);
    let events = net.take_events(server);
    assert!(matches!(&events[..], [Event::Offered { replaces: None, .. }]), "{events:?}");
}

#[test]
fn a_ringing_call_of_ours_may_be_picked_up_but_not_one_to_us() {
    let mut net = Network::new();
    let server = net.endpoint(SERVER, focus());
    let ringing = net.endpoint("10.0.0.8:5060", phone("1001", SERVER));
    let other = net.endpoint("10.0.0.9:5060", phone("1002", SERVER));
    net.run_ms(100);
    let call = net.at(server, |endpoint, now| endpoint.place(now, ring_user("1001"))).unwrap();
    net.run_ms(50);
    let inbound = offered(&net.take_events(ringing));
    net.at(ringing, |endpoint, now| endpoint.ring(now, inbound));
    net.run_ms(50);
    net.take_events(server);
    let (_, _, invite) = net.log.iter().find(|(_, _, text)| text.starts_with("SIP/2.0 180")).unwrap();
    let Ok(Message::Response(ringing_now)) = Message::parse(invite.as_bytes()) else { panic!() };
    let (from, to) = (ringing_now.headers.from().unwrap(), ringing_now.headers.to().unwrap());
    let named = Replaces {
        call_id: ringing_now.headers.call_id().unwrap().to_owned(),
        to_tag: from.tag().unwrap().to_owned(),
        from_tag: to.tag().unwrap().to_owned(),
        early_only: true,
    };
    let outgoing = Outgoing { replaces: Some(named), ..dial("2000") };
    net.at(other, |endpoint, now| endpoint.place(now, outgoing)).unwrap();
    net.run_ms(100);
    let events = net.take_events(server);
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Offered { replaces: Some(old), .. } if *old == call)),
        "{events:?}"
    );
}
