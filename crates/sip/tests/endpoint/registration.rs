//! Phones that register at the server, and how they are called.

use std::net::SocketAddr;
use std::time::Duration;

use confab_sip::*;

use crate::network::*;

const SERVER: &str = "10.0.0.1:5080";

fn registered(users: &[&str]) -> (Network, SocketAddr, Vec<SocketAddr>) {
    let mut net = Network::new();
    let server = net.endpoint(SERVER, server());
    let address = |n: usize| format!("10.0.1.{}:5060", n + 1);
    let phones: Vec<SocketAddr> =
        users.iter().enumerate().map(|(n, user)| net.endpoint(&address(n), phone(user, SERVER))).collect();
    net.run_ms(200);
    (net, server, phones)
}

#[test]
fn a_phone_registers_with_digest_refreshes_and_unregisters() {
    let (mut net, server, phones) = registered(&["1001"]);
    let phone = phones[0];
    let up = Event::GatewayState { gateway: "home".into(), up: true, status: Some(200) };
    assert_eq!(net.take_events(phone), [up]);
    let contact = format!("sip:1001@{phone}");
    let expires = Duration::from_secs(3600);
    let bound = Event::Registered { user: "1001".into(), contact: contact.clone(), source: phone, expires };
    assert_eq!(net.take_events(server), std::slice::from_ref(&bound));
    // One 401, then the digest; the 401 left nothing behind.
    assert_eq!((net.count("REGISTER"), net.count("SIP/2.0 401")), (2, 1));

    net.run(Duration::from_secs(3300));
    assert_eq!(net.take_events(server), [bound]);
    assert_eq!(net.at(server, |endpoint, _| endpoint.contacts("1001")), 1);

    net.at(phone, |endpoint, now| endpoint.unregister(now, "home"));
    net.run_ms(200);
    assert_eq!(
        net.take_events(server),
        [Event::Unregistered { user: "1001".into(), contact, expired: false }]
    );
    assert!(matches!(&net.take_events(phone)[..], [Event::GatewayState { up: false, .. }]));
    net.run(Duration::from_secs(4000));
    assert_eq!(net.take_events(server), []);

    net.at(phone, |endpoint, now| endpoint.register(now, "home"));
    net.run_ms(200);
    assert!(matches!(&net.take_events(phone)[..], [Event::GatewayState { up: true, .. }]));
    assert_eq!(net.at(server, |endpoint, _| endpoint.contacts("1001")), 1);
}

#[test]
fn shutting_down_takes_registrations_back() {
    let (mut net, server, phones) = registered(&["1001", "1002"]);
    net.at(phones[0], |endpoint, now| endpoint.shut_down(now, Duration::from_secs(5)));
    assert_eq!(net.at(phones[0], |endpoint, _| endpoint.unsettled()), 1);
    net.run_ms(200);
    let contacts = |user| net.at(server, |endpoint, _| endpoint.contacts(user));
    assert_eq!(["1001", "1002"].map(contacts), [0, 1]);
    assert_eq!(net.at(phones[0], |endpoint, _| endpoint.unsettled()), 0);
}

#[test]
fn a_phone_that_vanishes_expires() {
    let (mut net, server, phones) = registered(&["1001"]);
    let gone = phones[0];
    net.take_events(server);
    net.eat = Box::new(move |from, _, _| from == gone);
    net.run(Duration::from_secs(3599));
    assert_eq!(net.take_events(server), []);
    net.run(Duration::from_secs(2));
    assert!(matches!(&net.take_events(server)[..], [Event::Unregistered { expired: true, .. }]));
    let refused = net.at(server, |endpoint, now| endpoint.place(now, ring_user("1001")));
    assert_eq!(refused, Err(PlaceError::NotRegistered));
}

#[test]
fn a_registered_phone_is_called_where_it_registered_from() {
    let (mut net, server, phones) = registered(&["1004"]);
    net.take_events(phones[0]);
    let call = net.at(server, |endpoint, now| endpoint.place(now, ring_user("1004"))).unwrap();
    net.run_ms(50);
    let events = net.take_events(phones[0]);
    let inbound = offered(&events);
    assert!(matches!(&events[..], [Event::Offered { caller, dialled, gateway, .. }]
        if caller.user == "0301234" && dialled == "1004" && gateway.as_deref() == Some("home")));
    net.at(phones[0], |endpoint, now| endpoint.answer(now, inbound, sdp()));
    net.run_ms(50);
    assert_eq!(net.take_events(server).last(), Some(&Event::Answered { call, sdp: Some(sdp()) }));
    let (_, _, invite) = net.log.iter().find(|(_, _, text)| text.starts_with("INVITE")).unwrap();
    assert!(invite.contains("Contact: <sip:0301234@10.0.0.1:5080>"), "{invite}");
}

#[test]
fn a_call_that_claims_a_user_is_challenged_and_then_authenticated() {
    let (mut net, server, phones) = registered(&["1004"]);
    net.take_events(server);
    net.log.clear();
    let admitted = |net: &mut Network| match &net.take_events(server)[..] {
        [Event::Offered { authenticated, .. }] => authenticated.clone(),
        other => panic!("{other:?}"),
    };
    net.at(phones[0], |endpoint, now| endpoint.place(now, dial("2000"))).unwrap();
    net.run_ms(100);
    assert_eq!(admitted(&mut net).as_deref(), Some("1004"));
    assert_eq!((net.count("INVITE"), net.count("SIP/2.0 401")), (2, 1));

    let stranger = net.endpoint("10.0.2.1:5060", trunk(SERVER));
    net.at(stranger, |endpoint, now| endpoint.place(now, dial("2000"))).unwrap();
    net.run_ms(100);
    assert_eq!(admitted(&mut net), None);

    // From 1004 without his password: challenged, and nothing else.
    let liar = net.scripted("10.0.2.2:5060");
    let text = request("INVITE", "sip:2000@10.0.0.1:5080", liar, "liar", "", SDP)
        .replace("4711@elsewhere.example", "1004@10.0.0.1");
    net.send_text(liar, server, &text);
    net.run_ms(100);
    assert_eq!(net.responses(liar).iter().map(|response| response.status).collect::<Vec<_>>(), [401]);
    assert_eq!(net.take_events(server), []);
}

#[test]
fn a_phone_with_the_wrong_password_backs_off() {
    let mut net = Network::new();
    let server = net.endpoint(SERVER, server());
    let mut config = phone("1001", SERVER);
    config.gateways.iter_mut().for_each(|gateway| gateway.secret = Some(Secret::new("wrong")));
    let phone = net.endpoint("10.0.1.1:5060", config);
    net.run(Duration::from_secs(60));
    let down = Event::GatewayState { gateway: "home".into(), up: false, status: Some(401) };
    assert_eq!(net.take_events(phone), [down]);
    // 0, 5, 15, 35 s; each with one challenge.
    assert_eq!(net.count("REGISTER"), 8);
    assert_eq!(net.stats(server).digest_failures, 4);
    let placed = net.at(phone, |endpoint, now| endpoint.place(now, dial("2000")));
    assert_eq!(placed, Err(PlaceError::GatewayDown));
}

#[test]
fn a_brief_wish_is_raised_to_what_the_registrar_wants() {
    let mut net = Network::new();
    let server = net.endpoint(SERVER, server());
    let mut config = phone("1001", SERVER);
    config.gateways.iter_mut().for_each(|gateway| gateway.expires = Duration::from_secs(10));
    net.endpoint("10.0.1.1:5060", config);
    net.run_ms(500);
    assert_eq!(net.count("SIP/2.0 423"), 1);
    let events = net.take_events(server);
    assert!(
        matches!(&events[..], [Event::Registered { expires, .. }] if expires.as_secs() == 60),
        "{events:?}"
    );
}

#[test]
fn no_min_expires_is_too_large_to_live_with() {
    let mut net = Network::new();
    let registrar = net.scripted(SERVER);
    let phone = net.endpoint("10.0.1.1:5060", phone("1001", SERVER));
    for wanted in ["18446744073709551615", "4294967295"] {
        net.run_ms(50);
        let asked = net.requests(registrar).remove(0);
        let mut brief = asked.respond(423);
        brief.headers.push(header::MIN_EXPIRES, wanted);
        net.send(registrar, phone, brief.to_bytes());
        net.run(Duration::from_secs(6));
    }
    let asked = net.requests(registrar).remove(0);
    assert_eq!(asked.headers.expires(), Some(Ok(u32::MAX)));
    net.send(registrar, phone, asked.respond(200).to_bytes());
    net.run_ms(50);
    let up = Event::GatewayState { gateway: "home".into(), up: true, status: Some(200) };
    assert_eq!(net.take_events(phone).last(), Some(&up));
}

#[test]
fn the_registrar_lists_all_contacts() {
    let (mut net, server, _) = registered(&["1001", "1001"]);
    assert_eq!(net.at(server, |endpoint, _| endpoint.contacts("1001")), 2);
    let (_, _, last) = net.log.iter().rev().find(|(_, _, text)| text.starts_with("SIP/2.0 200")).unwrap();
    assert_eq!(last.matches("Contact: <sip:1001@10.0.1.").count(), 2, "{last}");
}
