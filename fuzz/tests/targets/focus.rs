use std::time::{Duration, Instant};

use bytes::Bytes;
use confab_sip::{
    AdmitAll, CallRef, Endpoint, EndpointConfig, Event, Extension, Flow, Input, Listener, PeerOptions,
    Transport,
};

const INVITE: &str = "INVITE sip:2000@10.0.0.1:5080 SIP/2.0\r\n\
    Via: SIP/2.0/UDP 10.0.7.1:5060;branch=z9hG4bKfirst;rport\r\nMax-Forwards: 70\r\n\
    From: <sip:4711@elsewhere.example>;tag=ft\r\nTo: <sip:2000@10.0.0.1:5080>\r\nCall-ID: call\r\nCSeq: 1 INVITE\r\n\
    Contact: <sip:4711@10.0.7.1:5060>\r\nSupported: 100rel, timer\r\nContent-Length: 0\r\n\r\n";

#[test]
fn focus() {
    confab_fuzz::run("corpus/focus", target);
}

/// A call is up with a focus. Whatever comes then does no harm, and whoever asks is answered.
fn target(input: &[u8]) {
    let mut focus = Focus::new();
    let call = focus.call();
    let tag = focus.endpoint.replaces(call).map(|named| named.from_tag).unwrap_or_default();
    let text = String::from_utf8_lossy(input).replace("@TAG@", &tag);
    focus.hear(Bytes::from(text));
    focus.run();
    let options = INVITE.replace("INVITE", "OPTIONS").replace("first", "last").replace("call", "else");
    focus.hear(Bytes::from(options));
    assert!(focus.sent().iter().any(|sent| sent.starts_with(b"SIP/2.0 200")));
}

struct Focus {
    endpoint: Endpoint,
    now: Instant,
}

impl Focus {
    fn new() -> Self {
        let all = Extension::Preferred;
        let config = EndpointConfig {
            listeners: vec![Listener::new(Transport::Udp, ([10, 0, 0, 1], 5080).into())],
            focus: true,
            others: PeerOptions { reliable: all, session_timers: all, ..PeerOptions::default() },
            ..EndpointConfig::default()
        };
        Self { endpoint: Endpoint::new(config, [7; 32]), now: Instant::now() }
    }

    fn call(&mut self) -> CallRef {
        self.hear(Bytes::from_static(INVITE.as_bytes()));
        let event = self.endpoint.poll_event();
        let Some(Event::Offered { call, .. }) = event else { panic!("{event:?}") };
        self.endpoint.answer(self.now, call, Bytes::from_static(b"v=0\r\n"));
        self.sent();
        call
    }

    fn hear(&mut self, bytes: Bytes) {
        let (local, remote) = (([10, 0, 0, 1], 5080).into(), ([10, 0, 7, 1], 5060).into());
        let flow = Flow { transport: Transport::Udp, local, remote, connection: None };
        self.endpoint.handle_input(self.now, Input::Packet { flow, bytes }, &AdmitAll);
    }

    /// Grants all that is asked for, for a while.
    fn run(&mut self) {
        for _ in 0..20 {
            while let Some(event) = self.endpoint.poll_event() {
                self.grant(event);
            }
            self.sent();
            self.now += Duration::from_millis(500);
            self.endpoint.handle_timeout(self.now);
        }
    }

    fn grant(&mut self, event: Event) {
        match event {
            Event::Subscribed { subscription, .. } => {
                self.endpoint.accept_subscription(self.now, subscription);
            }
            Event::Refreshed { subscription, .. } => {
                self.endpoint.notify(self.now, subscription, Bytes::from_static(b"<all/>"));
            }
            Event::Referred { subscription, .. } => self.endpoint.accept_refer(self.now, subscription),
            Event::Offer { call, .. } => {
                self.endpoint.accept_offer(self.now, call, Bytes::from_static(b"v=0\r\n"));
            }
            _ => {}
        }
    }

    fn sent(&mut self) -> Vec<Bytes> {
        std::iter::from_fn(|| self.endpoint.poll_transmit()).map(|transmit| transmit.bytes).collect()
    }
}
