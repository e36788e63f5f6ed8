//! A network in virtual time: endpoints and scripted peers, with latency, loss and a hook that eats packets.
#![allow(unreachable_pub, reason = "a module of a test")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use confab_sip::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

pub const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                       m=audio 4000 RTP/AVP 0\r\n";

/// Eats the packet when it says `true`: sender, receiver, message as text.
pub type Eat = Box<dyn FnMut(SocketAddr, SocketAddr, &str) -> bool>;

pub enum Node {
    Endpoint(Box<Endpoint>),
    /// What came for a scripted peer.
    Scripted(Vec<Message>),
}

pub struct Network {
    pub now: Instant,
    pub latency: Duration,
    /// The share of packets that get lost.
    pub loss: f64,
    pub eat: Eat,
    /// Every packet that was sent, lost ones too: sender, receiver, text.
    pub log: Vec<(SocketAddr, SocketAddr, String)>,
    pub events: BTreeMap<SocketAddr, Vec<Event>>,
    pub keep_log: bool,
    nodes: BTreeMap<SocketAddr, Node>,
    in_flight: BTreeMap<(Instant, u64), (SocketAddr, SocketAddr, Bytes)>,
    admission: Box<dyn Admission>,
    rng: StdRng,
    sent: u64,
}

impl Network {
    pub fn new() -> Self {
        Self {
            now: instant(),
            latency: Duration::from_millis(10),
            loss: 0.0,
            eat: Box::new(|_, _, _| false),
            log: Vec::new(),
            events: BTreeMap::new(),
            keep_log: true,
            nodes: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            admission: Box::new(AdmitAll),
            rng: StdRng::seed_from_u64(7),
            sent: 0,
        }
    }

    pub fn admit_by(&mut self, admission: impl Admission + 'static) {
        self.admission = Box::new(admission);
    }

    /// Adds an endpoint at `address`, over UDP.
    pub fn endpoint(&mut self, address: &str, config: EndpointConfig) -> SocketAddr {
        let address: SocketAddr = address.parse().unwrap();
        let listeners = vec![Listener::new(Transport::Udp, address)];
        let seed = [address.port() as u8; 32];
        let endpoint = Endpoint::new(EndpointConfig { listeners, ..config }, seed);
        self.nodes.insert(address, Node::Endpoint(Box::new(endpoint)));
        self.at(address, |endpoint, now| endpoint.handle_timeout(now));
        address
    }

    /// Adds a peer that the test itself speaks for.
    pub fn scripted(&mut self, address: &str) -> SocketAddr {
        let address: SocketAddr = address.parse().unwrap();
        self.nodes.insert(address, Node::Scripted(Vec::new()));
        address
    }

    /// Does something with an endpoint, and takes what comes of it.
    pub fn at<T>(&mut self, address: SocketAddr, act: impl FnOnce(&mut Endpoint, Instant) -> T) -> T {
        let now = self.now;
        let Some(Node::Endpoint(endpoint)) = self.nodes.get_mut(&address) else {
            panic!("no endpoint {address}")
        };
        let result = act(endpoint, now);
        let mut out = Vec::new();
        while let Some(transmit) = endpoint.poll_transmit() {
            out.push(transmit);
        }
        let events = self.events.entry(address).or_default();
        while let Some(event) = endpoint.poll_event() {
            events.push(event);
        }
        for Transmit { flow, bytes } in out {
            self.send(address, flow.remote, bytes);
        }
        result
    }

    pub fn stats(&mut self, address: SocketAddr) -> Stats {
        self.at(address, |endpoint, _| endpoint.stats().clone())
    }

    /// Loses the first so many messages that begin like this.
    pub fn lose_first(&mut self, mut count: usize, start: &'static str) {
        self.eat = Box::new(move |_, _, text| {
            let hit = text.starts_with(start) && count > 0;
            count -= usize::from(hit);
            hit
        });
    }

    /// A scripted peer (or anyone) sends bytes.
    pub fn send(&mut self, from: SocketAddr, to: SocketAddr, bytes: Bytes) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let eaten = (self.eat)(from, to, &text) || self.rng.random_bool(self.loss);
        if self.keep_log {
            self.log.push((from, to, text));
        }
        if !eaten {
            self.sent += 1;
            self.in_flight.insert((self.now + self.latency, self.sent), (from, to, bytes));
        }
    }

    pub fn send_text(&mut self, from: SocketAddr, to: SocketAddr, text: &str) {
        self.send(from, to, Bytes::from(text.to_owned()));
    }

    /// Jumps to whatever comes next; `false` when nothing will.
    pub fn step(&mut self) -> bool {
        let packet = self.in_flight.first_key_value().map(|((at, _), _)| *at);
        let timers = self.nodes.iter().filter_map(|(address, node)| match node {
            Node::Endpoint(endpoint) => endpoint.poll_timeout().map(|(at, _)| (at, *address)),
            Node::Scripted(_) => None,
        });
        let timer = timers.min();
        match (packet, timer) {
            (Some(at), timer) if timer.is_none_or(|(then, _)| at <= then) => {
                self.now = self.now.max(at);
                self.deliver();
                true
            }
            (_, Some((at, address))) => {
                self.now = self.now.max(at);
                self.at(address, |endpoint, now| endpoint.handle_timeout(now));
                true
            }
            _ => false,
        }
    }

    /// Lets that much time pass.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.next().is_some_and(|at| at <= end) && self.step() {}
        self.now = end;
    }

    pub fn run_ms(&mut self, ms: u64) {
        self.run(Duration::from_millis(ms));
    }

    /// The events of an endpoint since the last call, but for `Refused`.
    pub fn take_events(&mut self, address: SocketAddr) -> Vec<Event> {
        let events = std::mem::take(self.events.entry(address).or_default());
        events.into_iter().filter(|event| !matches!(event, Event::Refused { .. })).collect()
    }

    /// What came for a scripted peer since the last call.
    pub fn inbox(&mut self, address: SocketAddr) -> Vec<Message> {
        match self.nodes.get_mut(&address) {
            Some(Node::Scripted(inbox)) => std::mem::take(inbox),
            _ => panic!("no scripted peer {address}"),
        }
    }

    /// Takes out of what came for a scripted peer what `wanted` does not want kept.
    pub fn keep(&mut self, address: SocketAddr, wanted: impl FnMut(&Message) -> bool) {
        if let Some(Node::Scripted(inbox)) = self.nodes.get_mut(&address) {
            inbox.retain(wanted);
        }
    }

    /// The responses among them.
    pub fn responses(&mut self, address: SocketAddr) -> Vec<Response> {
        let only = |message| match message {
            Message::Response(response) => Some(response),
            Message::Request(_) => None,
        };
        self.inbox(address).into_iter().filter_map(only).collect()
    }

    /// The requests among them.
    pub fn requests(&mut self, address: SocketAddr) -> Vec<Request> {
        let only = |message| match message {
            Message::Request(request) => Some(request),
            Message::Response(_) => None,
        };
        self.inbox(address).into_iter().filter_map(only).collect()
    }

    /// How many packets that begin so were sent.
    pub fn count(&self, start: &str) -> usize {
        self.log.iter().filter(|(_, _, text)| text.starts_with(start)).count()
    }

    fn next(&self) -> Option<Instant> {
        let packet = self.in_flight.first_key_value().map(|((at, _), _)| *at);
        let timer = self.nodes.values().filter_map(|node| match node {
            Node::Endpoint(endpoint) => endpoint.poll_timeout().map(|(at, _)| at),
            Node::Scripted(_) => None,
        });
        timer.chain(packet).min()
    }

    fn deliver(&mut self) {
        let Some((_, (from, to, bytes))) = self.in_flight.pop_first() else { return };
        match self.nodes.get_mut(&to) {
            Some(Node::Endpoint(endpoint)) => {
                let flow = Flow { transport: Transport::Udp, local: to, remote: from, connection: None };
                endpoint.handle_input(self.now, Input::Packet { flow, bytes }, &*self.admission);
                self.at(to, |_, _| ());
            }
            Some(Node::Scripted(inbox)) => inbox.extend(Message::parse(&bytes).ok()),
            None => {}
        }
    }
}

/// The base of virtual time.
#[expect(clippy::disallowed_methods, reason = "one base; time is virtual from here on")]
pub fn instant() -> Instant {
    Instant::now()
}

pub fn sdp() -> Bytes {
    Bytes::from_static(SDP.as_bytes())
}

/// Users 1001 to 1005 with the password `secret`, and rates that no test meets by accident.
pub fn server() -> EndpointConfig {
    let users = (1001..=1005).map(|n| User::new(n.to_string(), Secret::new("secret"))).collect();
    let limits = Limits { invites_per_second_per_ip: 1_000_000, ..Limits::default() };
    EndpointConfig { users, limits, realm: "confab".into(), ..EndpointConfig::default() }
}

/// A phone that registers as `user` at `server`.
pub fn phone(user: &str, server: &str) -> EndpointConfig {
    let server: SocketAddr = server.parse().unwrap();
    let gateway = Gateway {
        username: Some(user.into()),
        secret: Some(Secret::new("secret")),
        realm: Some("confab".into()),
        register: true,
        from_user: Some(user.into()),
        ..Gateway::new("home", server.ip().to_string(), server.port())
    };
    let limits = Limits { invites_per_second_per_ip: 1_000_000, ..Limits::default() };
    EndpointConfig {
        gateways: vec![gateway],
        limits,
        user_agent: "phone".into(),
        ..EndpointConfig::default()
    }
}

/// A caller without an account, whose gateway is `server`.
pub fn trunk(server: &str) -> EndpointConfig {
    let mut config = phone("trunk", server);
    config.gateways.iter_mut().for_each(|gateway| {
        gateway.register = false;
        gateway.secret = None;
        gateway.from_user = None;
    });
    config
}

/// A call of `number` through the gateway `home`.
pub fn dial(number: &str) -> Outgoing {
    Outgoing {
        target: Target::Gateway { gateway: "home".into(), number: number.into() },
        from: Identity { display: Some("Trunk".into()), user: "0301234".into() },
        contact_user: None,
        replaces: None,
        sdp: sdp(),
    }
}

/// A call to a user of ours.
pub fn ring_user(user: &str) -> Outgoing {
    Outgoing { target: Target::User(user.into()), ..dial("") }
}

pub fn offered(events: &[Event]) -> CallRef {
    let found = events.iter().find_map(|event| match event {
        Event::Offered { call, .. } => Some(*call),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no call was offered: {events:?}"))
}

pub fn ends(events: &[Event]) -> Vec<End> {
    let only = |event: &Event| match event {
        Event::Ended { end, .. } => Some(end.clone()),
        _ => None,
    };
    events.iter().filter_map(only).collect()
}

/// A request as a foreign phone writes it, with `extra` headers (each with its line end).
pub fn request(method: &str, uri: &str, from: SocketAddr, branch: &str, extra: &str, body: &str) -> String {
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{branch};rport\r\nMax-Forwards: 70\r\n\
         From: \"Foreign\" <sip:4711@elsewhere.example>;tag=ft\r\nTo: <{uri}>\r\nCall-ID: call-{branch}\r\n\
         CSeq: 1 {method}\r\nContact: <sip:4711@{from}>\r\n{kind}{extra}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
