//! A switchboard and scripted phones on a network of their own, in virtual time.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use confab_conference::LegId;
use confab_sdp::{Encoding, Local, Session};
use confab_sip::{
    AdmitAll, CallRef, Cause, Endpoint, EndpointConfig, Event, Flow, Gateway, Identity, Listener, Method,
    Outgoing, Replaces, Secret, Target, Transmit, Transport,
};
use confab_switchboard::{
    Action, Input, MediaCommand, MediaEvent, Notice, Shortage, Switchboard, SwitchboardConfig,
};

/// One way through the network.
const LATENCY: Duration = Duration::from_millis(2);

#[expect(clippy::disallowed_methods, reason = "a base for virtual time")]
fn base() -> Instant {
    Instant::now()
}

pub(crate) fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn address(last: u8, port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)), port)
}

/// A phone that does what the test says.
pub(crate) struct Phone {
    endpoint: Endpoint,
    pub(crate) session: Session,
    pub(crate) address: SocketAddr,
    pub(crate) name: String,
    pub(crate) events: VecDeque<Event>,
    pub(crate) call: Option<CallRef>,
}

impl Phone {
    fn new(last: u8, name: &str, encodings: &[Encoding]) -> Self {
        Self::at(last, 5060, name, encodings)
    }

    fn at(last: u8, port: u16, name: &str, encodings: &[Encoding]) -> Self {
        let address = address(last, port);
        let account = Gateway {
            register: false,
            username: Some(name.into()),
            secret: Some(Secret::new("1234")),
            ..Gateway::new("server", "10.0.0.1", 5080)
        };
        let config = EndpointConfig {
            listeners: vec![Listener::new(Transport::Udp, address)],
            gateways: vec![Gateway { from_user: Some(name.into()), ..account }],
            ..EndpointConfig::default()
        };
        let mut seed = [last; 32];
        seed[..2].copy_from_slice(&port.to_be_bytes());
        let endpoint = Endpoint::new(config, seed);
        let session = Session::new(local(SocketAddr::new(address.ip(), 4000), encodings), u64::from(last));
        Self { endpoint, session, address, name: name.into(), events: VecDeque::new(), call: None }
    }

    /// Whether its descriptions name telephone-events.
    pub(crate) fn set_events(&mut self, on: bool) {
        let target = SocketAddr::new(self.address.ip(), 4000);
        let local = Local { telephone_event: on, ..local(target, &[Encoding::Pcmu]) };
        self.session = Session::new(local, 1);
    }

    /// The port of the server that this phone sends its audio to.
    pub(crate) fn port_of_ours(&self) -> u16 {
        self.session.stream().and_then(|stream| stream.remote).unwrap().port()
    }
}

fn local(target: SocketAddr, encodings: &[Encoding]) -> Local {
    Local { encodings: encodings.to_vec(), ..Local::new(target.ip(), target.port()) }
}

/// The switchboard, the phones and what lies between.
pub(crate) struct Exchange {
    pub(crate) now: Instant,
    pub(crate) switchboard: Switchboard,
    pub(crate) phones: Vec<Phone>,
    /// All orders to the audio engine so far.
    pub(crate) media: Vec<MediaCommand>,
    /// The log so far.
    pub(crate) log: Vec<String>,
    /// What the switchboard sent, as text, with the destination.
    pub(crate) sent: Vec<(SocketAddr, String)>,
    /// Port pairs that are left.
    pub(crate) ports: u16,
    /// What is said to be missing when none is left.
    pub(crate) shortage: Shortage,
    wire: VecDeque<(Instant, SocketAddr, Transmit)>,
}

impl Exchange {
    /// The tutorial's configuration and no phone.
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// The tutorial's configuration with these overrides.
    pub(crate) fn with(overrides: &[&str]) -> Self {
        let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/tutorial.toml"));
        let gateway = "gateways.mygw.host=10.0.0.90";
        let overrides: Vec<String> = overrides.iter().chain([&gateway]).map(|key| (*key).into()).collect();
        let config = confab_config::load(file, &overrides).unwrap();
        let listener = Listener::new(Transport::Udp, address(1, 5080));
        let switchboard = Switchboard::new(SwitchboardConfig {
            endpoint: config.endpoint(vec![listener]),
            conference: config.conference,
            media_addresses: vec![address(1, 0).ip()],
            seed: [7; 32],
        });
        let mut this = Self {
            now: base(),
            switchboard,
            phones: Vec::new(),
            media: Vec::new(),
            log: Vec::new(),
            sent: Vec::new(),
            ports: 100,
            shortage: Shortage::Ports,
            wire: VecDeque::new(),
        };
        this.tell(Input::Sip(confab_sip::Input::GatewayResolved {
            gateway: "mygw".into(),
            addresses: vec![address(90, 5090)],
        }));
        this
    }

    /// Adds a phone that is not registered; returns its index.
    pub(crate) fn phone(&mut self, last: u8, name: &str) -> usize {
        self.phone_with(last, name, &Encoding::ALL)
    }

    pub(crate) fn phone_with(&mut self, last: u8, name: &str, encodings: &[Encoding]) -> usize {
        self.phones.push(Phone::new(last, name, encodings));
        let index = self.phones.len() - 1;
        let server = confab_sip::Input::GatewayResolved {
            gateway: "server".into(),
            addresses: vec![address(1, 5080)],
        };
        self.phones[index].endpoint.handle_input(self.now, server, &AdmitAll);
        index
    }

    /// Adds a registered phone.
    pub(crate) fn registered(&mut self, last: u8, name: &str) -> usize {
        let phone = self.phone(last, name);
        self.phones[phone].endpoint.register(self.now, "server");
        self.run(ms(50));
        let line = format!("user {name} registered");
        assert!(self.log.iter().any(|l| l.starts_with(&line)), "{:#?}", self.log);
        phone
    }

    /// The phone sends an INVITE with an offer (or without one).
    pub(crate) fn call(&mut self, phone: usize, number: &str, offer: bool) {
        self.call_replacing(phone, number, offer, None);
    }

    fn call_replacing(&mut self, phone: usize, number: &str, offer: bool, replaces: Option<Replaces>) {
        let caller = &mut self.phones[phone];
        let sdp = if offer { caller.session.offer() } else { Bytes::new() };
        let uri = format!("sip:{number}@10.0.0.1:5080").parse().unwrap();
        let outgoing = Outgoing {
            target: Target::Address { uri, transport: Transport::Udp, remote: address(1, 5080) },
            from: Identity { display: Some("Alice".into()), user: caller.name.clone() },
            contact_user: None,
            replaces,
            sdp,
        };
        caller.call = Some(caller.endpoint.place(self.now, outgoing).unwrap());
    }

    /// The phone accepts the call that came with a description of its own.
    pub(crate) fn answer_with(&mut self, phone: usize, answer: &'static str) {
        let (now, callee) = (self.now, &mut self.phones[phone]);
        let call = callee.events.iter().rev().find_map(|event| match event {
            Event::Offered { call, .. } => Some(*call),
            _ => None,
        });
        callee.call = call;
        callee.endpoint.answer(now, call.expect("no call came"), Bytes::from_static(answer.as_bytes()));
    }

    /// The phone accepts the call that came.
    pub(crate) fn answer(&mut self, phone: usize) {
        let (now, callee) = (self.now, &mut self.phones[phone]);
        let offered = callee.events.iter().rev().find_map(|event| match event {
            Event::Offered { call, sdp, .. } => Some((*call, sdp.clone())),
            _ => None,
        });
        let (call, offer) = offered.expect("no call came");
        let (answer, _) = callee.session.answer(&offer.unwrap()).unwrap();
        callee.call = Some(call);
        callee.endpoint.answer(now, call, answer);
    }

    pub(crate) fn refuse(&mut self, phone: usize, status: u16) {
        let (now, callee) = (self.now, &mut self.phones[phone]);
        let call = callee.events.iter().find_map(|event| match event {
            Event::Offered { call, .. } => Some(*call),
            _ => None,
        });
        callee.endpoint.reject(now, call.expect("no call came"), status.into());
    }

    pub(crate) fn hang_up(&mut self, phone: usize) {
        let (now, phone) = (self.now, &mut self.phones[phone]);
        phone.endpoint.hangup(now, phone.call.unwrap(), Cause::NORMAL_CLEARING);
    }

    /// The phone offers again: another direction.
    pub(crate) fn reoffer(&mut self, phone: usize, direction: confab_sdp::Direction) {
        let (now, phone) = (self.now, &mut self.phones[phone]);
        phone.session.set_direction(direction);
        let sdp = phone.session.offer();
        phone.endpoint.reoffer(now, phone.call.unwrap(), sdp);
    }

    /// The phone offers again: other encodings, at another address.
    pub(crate) fn reoffer_with(&mut self, phone: usize, encodings: &[Encoding], target: SocketAddr) {
        let (now, phone) = (self.now, &mut self.phones[phone]);
        let sdp = Session::new(local(target, encodings), 1).offer();
        phone.endpoint.reoffer(now, phone.call.unwrap(), sdp);
    }

    /// The phone offers again: its audio is to go to `target`.
    pub(crate) fn reoffer_towards(&mut self, phone: usize, target: SocketAddr) {
        let (now, phone) = (self.now, &mut self.phones[phone]);
        let sdp = Session::new(local(target, &Encoding::ALL), 1).offer();
        phone.endpoint.reoffer(now, phone.call.unwrap(), sdp);
    }

    /// The phone sends another request within its call.
    pub(crate) fn send_within(&mut self, phone: usize, method: Method, headers: &[(&str, &str)]) {
        let (now, phone) = (self.now, &mut self.phones[phone]);
        phone.endpoint.send_within_call(now, phone.call.unwrap(), method, headers, Bytes::new());
    }

    pub(crate) fn ring(&mut self, phone: usize) {
        let (now, callee) = (self.now, &mut self.phones[phone]);
        let call = callee.events.iter().rev().find_map(|event| match event {
            Event::Offered { call, .. } => Some(*call),
            _ => None,
        });
        callee.endpoint.ring(now, call.expect("no call came"));
    }

    /// The phone calls, to take the place of another one's call.
    pub(crate) fn replace(&mut self, phone: usize, other: usize) {
        let other = &self.phones[other];
        let named = other.endpoint.replaces(other.call.unwrap());
        self.call_replacing(phone, "2000", true, named);
    }

    /// A message from anywhere, as it is.
    pub(crate) fn raw(&mut self, from: SocketAddr, text: &str) {
        let flow =
            Flow { transport: Transport::Udp, local: from, remote: address(1, 5080), connection: None };
        let transmit = Transmit { flow, bytes: Bytes::from(text.to_owned()) };
        self.wire.push_back((self.now + LATENCY, from, transmit));
        self.run(ms(50));
    }

    /// The phone goes to another address.
    pub(crate) fn unplug_to(&mut self, phone: usize, last: u8, port: u16) {
        let new = Phone::at(last, port, &self.phones[phone].name, &Encoding::ALL);
        self.phones[phone] = new;
    }

    pub(crate) fn send_info(&mut self, phone: usize, digit: char) {
        let (now, phone) = (self.now, &mut self.phones[phone]);
        let body = Bytes::from(format!("Signal={digit}\r\nDuration=100\r\n"));
        phone.endpoint.info(now, phone.call.unwrap(), "application/dtmf-relay", body);
    }

    /// The phone is gone: nothing reaches it or comes from it any more.
    pub(crate) fn unplug(&mut self, phone: usize) {
        self.phones[phone].address = address(254, 9);
    }

    /// Something that the audio engine reports.
    pub(crate) fn hears(&mut self, event: MediaEvent) {
        self.tell(Input::Media(event));
    }

    pub(crate) fn tell(&mut self, input: Input) {
        self.switchboard.handle_input(self.now, input);
        self.drain();
    }

    /// Lets virtual time pass.
    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        self.drain();
        while let Some(at) = self.next_wake().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.deliver();
            self.switchboard.handle_timeout(self.now);
            for phone in &mut self.phones {
                phone.endpoint.handle_timeout(self.now);
            }
            self.drain();
        }
        self.now = end;
    }

    fn next_wake(&self) -> Option<Instant> {
        let phones = self.phones.iter().filter_map(|phone| phone.endpoint.poll_timeout());
        let wire = self.wire.iter().map(|(at, ..)| *at).min();
        phones.map(|(at, _)| at).chain(self.switchboard.poll_timeout().map(|(at, _)| at)).chain(wire).min()
    }

    fn deliver(&mut self) {
        while let Some(due) = self.wire.iter().position(|(at, ..)| *at <= self.now) {
            let Some((_, from, transmit)) = self.wire.remove(due) else { return };
            let to = transmit.flow.remote;
            let flow = confab_sip::Flow { local: to, remote: from, ..transmit.flow };
            let packet = confab_sip::Input::Packet { flow, bytes: transmit.bytes };
            if to == address(1, 5080) {
                self.switchboard.handle_input(self.now, Input::Sip(packet));
            } else if let Some(phone) = self.phones.iter_mut().find(|phone| phone.address == to) {
                phone.endpoint.handle_input(self.now, packet, &AdmitAll);
            }
            self.drain();
        }
    }

    fn drain(&mut self) {
        while let Some(action) = self.switchboard.poll_action() {
            match action {
                Action::Transmit(transmit) => {
                    let text = String::from_utf8_lossy(&transmit.bytes).into_owned();
                    self.sent.push((transmit.flow.remote, text));
                    self.wire.push_back((self.now + LATENCY, address(1, 5080), transmit));
                }
                Action::Media(command) => self.order(command),
                Action::LookUp { .. } => {}
                Action::Notice(notice) => self.note(&notice),
            }
        }
        for phone in &mut self.phones {
            while let Some(event) = phone.endpoint.poll_event() {
                phone.events.push_back(event);
            }
            while let Some(transmit) = phone.endpoint.poll_transmit() {
                self.wire.push_back((self.now + LATENCY, phone.address, transmit));
            }
        }
    }

    fn note(&mut self, notice: &Notice) {
        self.log.push(notice.to_string());
    }

    /// The audio engine: reserves ports at once, plays nothing.
    fn order(&mut self, command: MediaCommand) {
        let opened = match &command {
            MediaCommand::OpenLeg { leg, .. } if self.ports == 0 => {
                Some(MediaEvent::Refused { leg: *leg, shortage: self.shortage })
            }
            MediaCommand::OpenLeg { leg, .. } => {
                self.ports -= 1;
                Some(MediaEvent::Opened { leg: *leg, port: 20_000 + 2 * self.ports })
            }
            _ => None,
        };
        self.media.push(command);
        if let Some(event) = opened {
            self.switchboard.handle_input(self.now, Input::Media(event));
        }
    }

    /// The leg whose audio was started as the `nth`, counted from 0.
    pub(crate) fn started(&self, nth: usize) -> LegId {
        let started = self.media.iter().filter_map(|command| match command {
            MediaCommand::StartLeg { leg, .. } => Some(*leg),
            _ => None,
        });
        started.into_iter().nth(nth).expect("no such leg was started")
    }

    pub(crate) fn count(&self, wanted: impl Fn(&MediaCommand) -> bool) -> usize {
        self.media.iter().filter(|command| wanted(command)).count()
    }

    /// The first lines of what was sent to a phone.
    pub(crate) fn sent_to(&self, phone: usize) -> Vec<&str> {
        let to = self.phones[phone].address;
        let texts = self.sent.iter().filter(|(remote, _)| *remote == to);
        texts.filter_map(|(_, text)| text.lines().next()).collect()
    }

    /// The newest message to a phone that starts so.
    pub(crate) fn message_to(&self, phone: usize, start: &str) -> &str {
        let to = self.phones[phone].address;
        let found = self.sent.iter().rev().find(|(remote, text)| *remote == to && text.starts_with(start));
        found.map_or_else(|| panic!("no {start} among {:#?}", self.sent_to(phone)), |(_, text)| text)
    }

    pub(crate) fn has_ended(&self, phone: usize) -> bool {
        self.phones[phone].events.iter().any(|event| matches!(event, Event::Ended { .. }))
    }
}
