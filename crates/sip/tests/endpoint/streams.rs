//! TCP: which connection a message goes over.

use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use confab_sip::*;

use crate::network::*;

const ONE: Option<ConnectionId> = Some(ConnectionId(1));

struct Bench {
    endpoint: Endpoint,
    now: Instant,
    flow: Flow,
    peer: SocketAddr,
}

impl Bench {
    fn new() -> Self {
        let local: SocketAddr = "10.0.0.1:5080".parse().unwrap();
        let listeners = vec![Listener::new(Transport::Tcp, local)];
        let endpoint = Endpoint::new(EndpointConfig { listeners, ..server() }, [1; 32]);
        let remote = "10.0.7.1:43210".parse().unwrap();
        let flow = Flow { transport: Transport::Tcp, local, remote, connection: ONE };
        Self { endpoint, now: instant(), flow, peer: "10.0.7.1:5060".parse().unwrap() }
    }

    fn take(&mut self, text: &str) -> Vec<(Flow, String)> {
        let bytes = Bytes::from(text.replace("SIP/2.0/UDP", "SIP/2.0/TCP"));
        self.endpoint.handle_input(self.now, Input::Packet { flow: self.flow, bytes }, &AdmitAll);
        self.sent()
    }

    fn sent(&mut self) -> Vec<(Flow, String)> {
        let text =
            |transmit: Transmit| (transmit.flow, String::from_utf8_lossy(&transmit.bytes).into_owned());
        std::iter::from_fn(|| self.endpoint.poll_transmit()).map(text).collect()
    }

    fn call(&mut self) -> CallRef {
        let invite = request("INVITE", "sip:2000@10.0.0.1:5080;transport=tcp", self.peer, "tcp", "", SDP);
        self.take(&invite);
        offered(&std::iter::from_fn(|| self.endpoint.poll_event()).collect::<Vec<_>>())
    }
}

#[test]
fn a_head_without_a_usable_length_is_answered_on_its_connection() {
    let table = [("", "400 Bad Request (missing"), ("l: x\r\n", "400"), ("l: 2000000\r\n", "513")];
    for (length, status) in table {
        let mut bench = Bench::new();
        let head = request("OPTIONS", "sip:10.0.0.1:5080", bench.peer, "o", "", "")
            .replace("Content-Length: 0\r\n", length);
        let (mut reader, flow) = (StreamReader::new(), bench.flow);
        reader.push(head.as_bytes());
        let head = reader.next().unwrap_err().into_head().unwrap();
        bench.endpoint.handle_input(bench.now, Input::Unframed { flow, head }, &AdmitAll);
        let [(answered, text)] = &bench.sent()[..] else { panic!("one answer to {length:?}") };
        assert!(*answered == flow && text.starts_with(&format!("SIP/2.0 {status}")), "{text}");
    }
}

#[test]
fn replies_go_over_the_connection_that_the_request_came_by() {
    let mut bench = Bench::new();
    let options = request("OPTIONS", "sip:10.0.0.1:5080", bench.peer, "o", "", "");
    let sent = bench.take(&options);
    assert_eq!(sent.iter().map(|(flow, _)| *flow).collect::<Vec<_>>(), [bench.flow]);
    let call = bench.call();
    bench.endpoint.answer(bench.now, call, sdp());
    let (flow, text) = bench.sent().remove(0);
    assert_eq!(flow, bench.flow);
    assert!(text.contains("Contact: <sip:2000@10.0.0.1:5080;transport=tcp>"), "{text}");
}

#[test]
fn a_broken_connection_is_opened_anew_to_the_address_of_the_via_or_contact() {
    let mut bench = Bench::new();
    let call = bench.call();
    bench.endpoint.handle_input(bench.now, Input::FlowFailed { flow: bench.flow }, &AdmitAll);
    bench.endpoint.answer(bench.now, call, sdp());
    let (flow, _) = bench.sent().remove(0);
    assert_eq!((flow.connection, flow.remote), (None, bench.peer));
}

#[test]
fn a_request_is_tried_once_more_on_a_new_connection_and_then_fails() {
    let mut bench = Bench::new();
    let target = "10.0.7.9:5060".parse().unwrap();
    let ping = bench.endpoint.options(bench.now, target, Transport::Tcp);
    let (flow, _) = bench.sent().remove(0);
    assert_eq!((flow.remote, flow.connection), (target, None));
    bench.endpoint.handle_input(bench.now, Input::FlowFailed { flow }, &AdmitAll);
    assert_eq!(bench.endpoint.poll_event(), Some(Event::Pong { ping, status: None }));
    assert_eq!(bench.endpoint.stats().transactions, 0);
}

#[test]
fn the_connection_that_was_opened_for_a_request_fails_it() {
    let mut bench = Bench::new();
    let ping = bench.endpoint.options(bench.now, "10.0.7.9:5060".parse().unwrap(), Transport::Tcp);
    let (flow, _) = bench.sent().remove(0);
    let other = Flow { connection: ONE, remote: bench.peer, ..flow };
    bench.endpoint.handle_input(bench.now, Input::FlowFailed { flow: other }, &AdmitAll);
    assert_eq!(bench.endpoint.poll_event(), None);
    let opened = Flow { connection: ONE, ..flow };
    bench.endpoint.handle_input(bench.now, Input::FlowFailed { flow: opened }, &AdmitAll);
    assert_eq!(bench.endpoint.poll_event(), Some(Event::Pong { ping, status: None }));
}

#[test]
fn over_tcp_a_reply_may_be_as_large_as_it_has_to_be() {
    let mut bench = Bench::new();
    let bare = format!(
        "OPTIONS sip:a SIP/2.0\r\nv: SIP/2.0/TCP {};branch=z9hG4bKx\r\nf: <sip:a@b>;tag=1\r\nt: <sip:a>\r\ni: 1\r\n\
         CSeq: 1 OPTIONS\r\nMax-Forwards: 9\r\nl: 0\r\n\r\n",
        bench.peer
    );
    let (_, text) = bench.take(&bare).remove(0);
    assert!(text.contains("Allow: ") && text.contains("Server: "), "{text}");
}
