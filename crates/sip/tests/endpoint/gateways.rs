//! Gateways: pings, failover.

use std::time::Duration;

use confab_sip::*;

use crate::network::*;

#[test]
fn a_gateway_is_down_after_two_lost_pings_and_returns_by_itself() {
    let mut net = Network::new();
    let gateway = net.endpoint("10.0.3.1:5090", EndpointConfig::default());
    let mut config = trunk("10.0.3.1:5090");
    config.gateways.iter_mut().for_each(|gateway| gateway.ping = Some(Duration::from_secs(30)));
    let server = net.endpoint("10.0.0.1:5080", config);
    net.run_ms(100);
    let state = |up, status| Event::GatewayState { gateway: "home".into(), up, status };
    assert_eq!(net.take_events(server), [state(true, Some(200))]);
    net.eat = Box::new(move |_, to, _| to == gateway);
    net.run(Duration::from_secs(63));
    assert_eq!(net.take_events(server), []);
    net.run(Duration::from_secs(63));
    assert_eq!(net.take_events(server), [state(false, None)]);
    let refused = net.at(server, |endpoint, now| endpoint.place(now, dial("12345")));
    assert_eq!(refused, Err(PlaceError::GatewayDown));
    net.eat = Box::new(|_, _, _| false);
    net.run(Duration::from_secs(40));
    assert_eq!(net.take_events(server), [state(true, Some(200))]);
    assert!(net.at(server, |endpoint, now| endpoint.place(now, dial("12345"))).is_ok());
}

#[test]
fn a_gateway_without_address_is_not_called_until_it_is_resolved() {
    let mut net = Network::new();
    let gateway = net.scripted("10.0.3.1:5090");
    let gateways = vec![Gateway::new("home", "gw.example.com", 5090)];
    let server = net.endpoint("10.0.0.1:5080", EndpointConfig { gateways, ..EndpointConfig::default() });
    let place = |net: &mut Network| net.at(server, |endpoint, now| endpoint.place(now, dial("12345")));
    assert_eq!(place(&mut net), Err(PlaceError::Unresolved));
    let addresses = vec![gateway];
    let resolved = Input::GatewayResolved { gateway: "home".into(), addresses };
    net.at(server, |endpoint, now| endpoint.handle_input(now, resolved, &AdmitAll));
    assert!(place(&mut net).is_ok());
    net.run_ms(50);
    assert_eq!(net.requests(gateway)[0].uri, "sip:12345@gw.example.com:5090");
    let unknown = Target::Gateway { gateway: "none".into(), number: "1".into() };
    let placed =
        net.at(server, |endpoint, now| endpoint.place(now, Outgoing { target: unknown, ..dial("") }));
    assert_eq!(placed, Err(PlaceError::UnknownGateway));
}

#[test]
fn an_invite_goes_on_to_the_next_address_after_503_and_after_silence() {
    for silent in [false, true] {
        let mut net = Network::new();
        let first = net.scripted("10.0.3.1:5090");
        let second = net.scripted("10.0.3.2:5090");
        let gateways = vec![Gateway::new("home", "gw.example.com", 5090)];
        let server = net.endpoint("10.0.0.1:5080", EndpointConfig { gateways, ..EndpointConfig::default() });
        let resolved = Input::GatewayResolved { gateway: "home".into(), addresses: vec![first, second] };
        net.at(server, |endpoint, now| endpoint.handle_input(now, resolved, &AdmitAll));
        net.at(server, |endpoint, now| endpoint.place(now, dial("12345"))).unwrap();
        net.run_ms(50);
        let invite = net.requests(first).remove(0);
        if !silent {
            net.send(first, server, invite.respond(503).to_bytes());
        }
        net.run_ms(if silent { 4100 } else { 100 });
        let next = net.requests(second).remove(0);
        assert_eq!(
            (next.headers.call_id(), next.headers.cseq().unwrap().number),
            (invite.headers.call_id(), 2)
        );
        net.send(second, server, next.respond(486).to_bytes());
        net.run_ms(50);
        assert_eq!(ends(&net.take_events(server)).first().and_then(|end| end.status), Some(486));
    }
}
