//! The user agent as one state machine: bytes, events and `now` in; bytes, events and the next timeout out.

mod auth;
mod call;
mod calls;
mod challenge;
mod checks;
mod config;
mod event;
mod events;
mod fork;
mod offers;
mod options;
mod receive;
mod register;
mod reliable;
mod replaces;
mod reply;
mod stats;
mod timer;
mod trunks;
mod uac;
mod uas;
mod within;

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};

pub use call::{Admission, AdmitAll, Identity, InviteSummary, Outgoing, PlaceError, Refusal, Target};
pub use config::{EndpointConfig, Gateway, Limits, Listener, RegistrarConfig, Timers, User};
pub use event::{
    Asker, By, CallRef, Caller, Cause, End, Event, PingRef, ReferMethod, SubscriptionRef, SuppliedPin,
};
pub use options::{Extension, PeerOptions};
pub use stats::Stats;

use self::calls::{Call, Party};
use self::events::Subscription;
use self::fork::Fork;
use self::reply::StatelessTags;
use self::trunks::Trunk;
use crate::digest::Verifier;
use crate::label::Label;
use crate::limits::{Failures, Rate};
use crate::message::Response;
use crate::registrar::Registrar;
use crate::transaction::{Due, ForkId, Layer, Owner, Sending, TransactionId, Upcall};
use crate::transport::{Flow, Transmit, Transport};

/// `Refused` events in a second; what is more is only counted.
const REFUSED_EVENTS_PER_SECOND: u32 = 20;

/// Something from outside.
#[derive(Clone, Debug)]
pub enum Input {
    /// A datagram, or one framed message of a stream.
    Packet {
        /// How it came.
        flow: Flow,
        /// The message.
        bytes: Bytes,
    },
    /// The head of a message on a stream, the end of whose body cannot be known
    /// ([`StreamError`](crate::StreamError)): it is answered 400 or 513, then the stream is to be closed.
    Unframed {
        /// How it came.
        flow: Flow,
        /// The start line and the headers.
        head: Bytes,
    },
    /// A datagram could not be sent, or a stream broke or could not be opened.
    FlowFailed {
        /// The way that failed.
        flow: Flow,
    },
    /// The addresses of a gateway's host name, best first; may be repeated at any time.
    GatewayResolved {
        /// The gateway's name.
        gateway: String,
        /// Its addresses with ports.
        addresses: Vec<SocketAddr>,
    },
}

/// Why the endpoint wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A transaction timer of RFC 3261 or RFC 6026.
    Transaction,
    /// A 200 is to be sent again, its ACK is overdue, or a re-INVITE is to be tried again.
    Dialog,
    /// A binding of a user runs out.
    Binding,
    /// A gateway is to be registered with, pinged, or given up for its next address.
    Gateway,
}

/// A SIP user agent, registrar and gateway client.
///
/// After each call of a method that takes `now`, drain [`poll_transmit`](Self::poll_transmit) and
/// [`poll_event`](Self::poll_event), and arm the timer with [`poll_timeout`](Self::poll_timeout).
#[derive(Debug)]
pub struct Endpoint {
    config: EndpointConfig,
    layer: Layer,
    events: VecDeque<Event>,
    tags: StatelessTags,
    verifier: Verifier,
    failures: Failures,
    invites: Rate<IpAddr>,
    log: Rate<()>,
    users: BTreeMap<String, User>,
    registrar: Registrar,
    trunks: Vec<Trunk>,
    calls: BTreeMap<CallRef, Call>,
    forks: BTreeMap<ForkId, Fork>,
    subscriptions: BTreeMap<SubscriptionRef, Subscription>,
    /// Dialogs by Call-ID and our tag.
    dialogs: BTreeMap<(Label, String), Party>,
    last_number: u64,
    /// Retry-After of the refusals while we shut down.
    stopping: Option<Duration>,
    started: bool,
}

impl Endpoint {
    /// An endpoint; `seed` is the source of its tags, branches and nonces. Call [`handle_timeout`](Self::handle_timeout)
    /// once to start registrations and pings.
    pub fn new(config: EndpointConfig, seed: [u8; 32]) -> Self {
        let mut rng = StdRng::from_seed(seed);
        let mut draw = || {
            let mut part = [0; 32];
            rng.fill_bytes(&mut part);
            part
        };
        let tags = StatelessTags::new(draw());
        let trunks = config.gateways.iter().map(|gateway| Trunk::new(gateway.clone())).collect();
        Self {
            layer: Layer::new(config.listeners.clone(), config.timers, config.limits.transactions, draw()),
            events: VecDeque::new(),
            tags,
            verifier: Verifier::new(config.realm.clone(), config.digest.clone(), draw()),
            failures: Failures::new(&config.limits),
            invites: Rate::new(config.limits.invites_per_second_per_ip),
            log: Rate::new(REFUSED_EVENTS_PER_SECOND),
            users: config.users.iter().map(|user| (user.name.clone(), user.clone())).collect(),
            registrar: Registrar::new(config.registrar),
            trunks,
            calls: BTreeMap::new(),
            forks: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            dialogs: BTreeMap::new(),
            last_number: 0,
            stopping: None,
            started: false,
            config,
        }
    }

    /// Takes a packet, a failure or a resolved name. `admission` decides about new INVITEs.
    pub fn handle_input(&mut self, now: Instant, input: Input, admission: &dyn Admission) {
        self.start(now);
        match input {
            Input::Packet { flow, bytes } => self.receive(now, flow, &bytes, admission),
            Input::Unframed { flow, head } => self.receive_unframed(now, flow, &head),
            Input::FlowFailed { flow } => self.flow_failed(flow),
            Input::GatewayResolved { gateway, addresses } => self.resolved(now, &gateway, addresses),
        }
        self.settle(now);
    }

    /// Does what is due at `now`; a late or extra call does no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.start(now);
        while let Some(due) = self.layer.schedule.pop(now) {
            match due {
                Due::Transaction(id, timer) => self.layer.timer(now, id, timer),
                Due::Repeat(call) => self.repeat_answer(now, call),
                Due::AckOverdue(call) => self.ack_overdue(now, call),
                Due::Glare(call) => self.reoffer_again(now, call),
                Due::Refresh(call) => self.refresh(now, call),
                Due::SessionEnd(call) => self.session_over(now, call),
                Due::Provisional(call) => self.repeat_provisional(now, call),
                Due::PrackOverdue(call) => self.prack_overdue(now, call),
                Due::Subscription(subscription) => self.subscription_due(now, subscription),
                Due::Failover(fork) => self.failover(now, fork),
                Due::Binding => self.expire_bindings(now),
                Due::Register(trunk) => self.send_register(now, trunk),
                Due::Ping(trunk) => self.probe(now, trunk),
            }
            self.settle(now);
        }
    }

    /// The next message to send; to be drained after every other call.
    #[must_use]
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.layer.poll_transmit()
    }

    /// The next event; to be drained after every other call.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When `handle_timeout` is to be called, and why.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, Reason)> {
        self.layer.schedule.next()
    }

    /// Pings an address; `Pong` follows.
    pub fn options(&mut self, now: Instant, target: SocketAddr, transport: Transport) -> PingRef {
        let ping = PingRef(self.next_number());
        match self.layer.route(transport, target) {
            Some(flow) => {
                let request = self.options_request(&flow, &format!("sip:{target}"));
                self.layer.request(now, Sending::new(request, flow, Owner::Ping(ping)));
            }
            None => self.events.push_back(Event::Pong { ping, status: None }),
        }
        ping
    }

    /// How many contacts the user has registered.
    #[must_use]
    pub fn contacts(&self, user: &str) -> usize {
        self.registrar.bindings(user).len()
    }

    /// From now on new INVITEs get 503 with Retry-After, and gateways are told that we are not there any more.
    pub fn shut_down(&mut self, now: Instant, retry_after: Duration) {
        self.stopping = Some(retry_after);
        for gateway in self.registered_at() {
            self.unregister(now, &gateway);
        }
    }

    /// What a driver that stops should wait for: requests of ours without a final response (but for pings), failures
    /// that we sent and that are not acknowledged, and calls whose BYE waits for an ACK.
    #[must_use]
    pub fn unsettled(&self) -> usize {
        self.layer.unsettled() + self.calls.values().filter(|call| call.is_closing()).count()
    }

    /// Counters of all that was taken, refused and dropped.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.layer.stats
    }

    /// Does what the transactions have to tell, until they are silent.
    fn settle(&mut self, now: Instant) {
        while let Some(upcall) = self.layer.poll_upcall() {
            match upcall {
                Upcall::Response { owner: Owner::Fork(fork), id, response, source } => {
                    self.fork_response(now, fork, id, &response, source);
                }
                Upcall::Response { owner, id, response, source } => {
                    self.other_response(now, owner, id, &response, source);
                }
                Upcall::TimedOut { owner } => self.no_response(now, owner, By::Timeout),
                Upcall::Failed { owner } => self.no_response(now, owner, By::Transport),
                Upcall::Terminated { id, owner: Owner::Fork(fork) } => self.fork_terminated(now, fork, id),
                Upcall::Terminated { .. } => {}
            }
        }
        self.layer.stats.calls = self.calls.len();
    }

    fn other_response(
        &mut self,
        now: Instant,
        owner: Owner,
        id: TransactionId,
        response: &Response,
        source: SocketAddr,
    ) {
        if self.answer_challenge(now, id, response, source).is_some() {
            return;
        }
        match owner {
            Owner::Reoffer(call) => self.reoffer_response(now, call, id, response),
            Owner::Within(call) | Owner::Told(call) if response.status == 481 => self.dialog_gone(now, call),
            Owner::Told(call) if response.status >= 200 => self.replied(call, Some(response.status)),
            Owner::Refresh(call) if response.status >= 200 => self.refresh_response(now, call, response),
            Owner::Notify(subscription) if response.status >= 200 => {
                self.notified(now, subscription, response.status);
            }
            Owner::Question(call) if response.status == 481 => self.dialog_gone(now, call),
            Owner::Question(call) if response.status >= 200 => self.asked(call, Some(response.status)),
            Owner::Ping(ping) if response.status >= 200 => {
                self.events.push_back(Event::Pong { ping, status: Some(response.status) });
            }
            Owner::Register(trunk) if response.status >= 200 => self.register_response(now, trunk, response),
            Owner::Probe(trunk) if response.status >= 200 => self.probed(now, trunk, Some(response.status)),
            _ => {}
        }
    }

    fn no_response(&mut self, now: Instant, owner: Owner, by: By) {
        match owner {
            Owner::Fork(fork) => self.fork_silent(now, fork, by),
            Owner::Reoffer(call) => self.reoffer_failed(now, call, 408),
            Owner::Question(call) => self.asked(call, None),
            Owner::Told(call) => self.replied(call, None),
            Owner::Refresh(call) => self.session_over(now, call),
            Owner::Notify(subscription) => self.notified(now, subscription, 408),
            Owner::Ping(ping) => self.events.push_back(Event::Pong { ping, status: None }),
            Owner::Register(trunk) => self.register_failed(now, trunk, None),
            Owner::Probe(trunk) => self.probed(now, trunk, None),
            Owner::Within(_) | Owner::Prack(_) | Owner::Nobody => {}
        }
    }

    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}
