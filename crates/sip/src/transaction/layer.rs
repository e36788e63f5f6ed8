//! The transaction layer: it keeps all transactions, matches what comes, and repeats and times out by itself.

mod clients;
mod key;
mod machines;
mod servers;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};

use self::key::MergeKey;
pub(crate) use self::key::ServerKey;
use self::machines::{ClientMachine, ServerMachine};
use super::schedule::Schedule;
use super::{Action, Pace, Timer};
use crate::endpoint::{CallRef, Listener, PingRef, Stats, SubscriptionRef, Timers};
use crate::message::{Request, Response};
use crate::transport::{Flow, Transmit, Transport};

/// A transaction of either side; a number is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TransactionId(u64);

/// One INVITE of an outgoing call, over all its tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ForkId(pub(crate) u64);

/// Whom a client transaction works for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// An outgoing call that is being set up.
    Fork(ForkId),
    /// A re-INVITE within a call.
    Reoffer(CallRef),
    /// Another request within a call, whose 481 ends it.
    Within(CallRef),
    /// An UPDATE that refreshes a call's session.
    Refresh(CallRef),
    /// A PRACK in an outgoing call that is being set up.
    Prack(ForkId),
    /// A NOTIFY.
    Notify(SubscriptionRef),
    /// A request that the owner of the endpoint sends within a call.
    Told(CallRef),
    /// An OPTIONS within a call, which asks whether the peer is there.
    Question(CallRef),
    /// A ping by the owner of the endpoint.
    Ping(PingRef),
    /// Our registration at a gateway, by its index.
    Register(usize),
    /// Our ping of a gateway, by its index.
    Probe(usize),
    /// Nobody waits for the result.
    Nobody,
}

/// A request to be sent, without its Via.
#[derive(Clone, Debug)]
pub(crate) struct Sending {
    /// The request.
    pub(crate) request: Request,
    /// The way it goes.
    pub(crate) flow: Flow,
    /// Whom the result is for.
    pub(crate) owner: Owner,
    /// The gateway, by its index, whose challenge may be answered.
    pub(crate) gateway: Option<usize>,
    /// How many tries went before this one, because of challenges.
    pub(crate) tries: u8,
}

impl Sending {
    /// A request to someone whose challenges are not answered.
    pub(crate) fn new(request: Request, flow: Flow, owner: Owner) -> Self {
        Self { request, flow, owner, gateway: None, tries: 0 }
    }
}

/// What the layer tells the user agent; drained after each step.
#[derive(Debug)]
pub(crate) enum Upcall {
    /// A response that is to be looked at.
    Response { id: TransactionId, owner: Owner, response: Response, source: SocketAddr },
    /// No final response came in time.
    TimedOut { owner: Owner },
    /// The way to the peer is broken.
    Failed { owner: Owner },
    /// A client transaction is over: always its last.
    Terminated { id: TransactionId, owner: Owner },
}

#[derive(Debug)]
struct ClientRecord {
    machine: ClientMachine,
    sending: Sending,
    bytes: Bytes,
    branch: String,
}

#[derive(Debug)]
struct ServerRecord {
    machine: ServerMachine,
    /// Until it has a final response.
    request: Option<Box<Request>>,
    flow: Flow,
    /// Where responses go when the connection breaks that the request came on (RFC 3261 §18.2.2).
    fallback: Option<SocketAddr>,
    /// What is sent again when the request comes again.
    last: Option<Bytes>,
    key: ServerKey,
    merge: Option<MergeKey>,
}

/// All transactions, and what is to be sent.
#[derive(Debug)]
pub(crate) struct Layer {
    /// The timer table of the whole endpoint.
    pub(crate) schedule: Schedule,
    /// The counters of the whole endpoint.
    pub(crate) stats: Stats,
    listeners: Vec<Listener>,
    timers: Timers,
    capacity: usize,
    rng: StdRng,
    out: VecDeque<Transmit>,
    /// The transaction whose 100 is the last of `out`.
    trying: Option<TransactionId>,
    upcalls: VecDeque<Upcall>,
    clients: BTreeMap<TransactionId, ClientRecord>,
    /// Boxed, since a tree keeps places free beside those in use.
    servers: BTreeMap<TransactionId, Box<ServerRecord>>,
    /// Client transactions by branch and whether it is a CANCEL (RFC 3261 §17.1.3).
    branches: BTreeMap<(String, bool), TransactionId>,
    keys: BTreeMap<ServerKey, TransactionId>,
    merges: BTreeMap<MergeKey, TransactionId>,
    last_id: u64,
}

impl Layer {
    pub(crate) fn new(listeners: Vec<Listener>, timers: Timers, capacity: usize, seed: [u8; 32]) -> Self {
        Self {
            schedule: Schedule::default(),
            stats: Stats::default(),
            listeners,
            timers,
            capacity,
            rng: StdRng::from_seed(seed),
            out: VecDeque::new(),
            trying: None,
            upcalls: VecDeque::new(),
            clients: BTreeMap::new(),
            servers: BTreeMap::new(),
            branches: BTreeMap::new(),
            keys: BTreeMap::new(),
            merges: BTreeMap::new(),
            last_id: 0,
        }
    }

    /// The next message for the driver.
    pub(crate) fn poll_transmit(&mut self) -> Option<Transmit> {
        let next = self.out.pop_front();
        self.trying = self.trying.filter(|_| !self.out.is_empty());
        next
    }

    /// The next thing to tell the user agent.
    pub(crate) fn poll_upcall(&mut self) -> Option<Upcall> {
        let upcall = self.upcalls.pop_front()?;
        if let Upcall::Terminated { id, .. } = upcall {
            self.forget_client(id);
        }
        Some(upcall)
    }

    /// 64 random bits, for tags, branches and Call-IDs.
    pub(crate) fn token(&mut self) -> String {
        format!("{:016x}", self.rng.next_u64())
    }

    /// A random number below `bound`.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        self.rng.next_u32() % bound.max(1)
    }

    /// Whether no further transaction may be opened for a stranger.
    pub(crate) fn is_full(&self) -> bool {
        self.clients.len() + self.servers.len() >= self.capacity
    }

    /// Requests of ours without a final response, but for pings, and failure responses without ACK.
    pub(crate) fn unsettled(&self) -> usize {
        let is_ping = |owner| matches!(owner, Owner::Ping(_) | Owner::Probe(_));
        let waits = |client: &&ClientRecord| client.machine.is_open() && !is_ping(client.sending.owner);
        let clients = self.clients.values().filter(waits).count();
        clients + self.servers.values().filter(|server| server.machine.awaits_ack()).count()
    }

    /// The flow to an address, from the listener that fits it.
    pub(crate) fn route(&self, transport: Transport, remote: SocketAddr) -> Option<Flow> {
        let fits = |l: &&Listener| l.transport == transport && l.local.is_ipv4() == remote.is_ipv4();
        let listener = self.listeners.iter().find(fits)?;
        Some(Flow { transport, local: listener.local, remote, connection: None })
    }

    /// The address that a peer at the other end of `flow` shall use for us.
    pub(crate) fn advertised(&self, flow: &Flow) -> SocketAddr {
        let fits = |l: &&Listener| l.transport == flow.transport && l.local == flow.local;
        self.listeners.iter().find(fits).map_or(flow.local, |listener| listener.advertised)
    }

    /// Hands bytes to the driver.
    pub(crate) fn send(&mut self, flow: Flow, bytes: Bytes) {
        self.stats.sent += 1;
        self.trying = None;
        self.out.push_back(Transmit { flow, bytes });
    }

    /// A timer of a transaction fired.
    pub(crate) fn timer(&mut self, now: Instant, id: TransactionId, timer: Timer) {
        if let Some(record) = self.clients.get_mut(&id) {
            let actions = record.machine.timer(timer);
            self.stats.retransmitted += u64::from(actions.contains(&Action::Send));
            self.apply_client(now, id, actions, None);
        } else if let Some(record) = self.servers.get_mut(&id) {
            let actions = record.machine.timer(timer);
            self.stats.retransmitted += u64::from(actions.contains(&Action::Send));
            self.apply_server(now, id, actions);
        }
    }

    /// A flow broke. A request on a connection is tried once more on a new one; else its transaction fails. A response
    /// goes to the address that the Via names (RFC 3261 §18.2.2).
    pub(crate) fn flow_failed(&mut self, failed: Flow) {
        let lost = self.clients.iter().filter(|(_, client)| client.sending.flow.went_over(&failed));
        let hit: Vec<TransactionId> = lost.map(|(id, _)| *id).collect();
        for id in hit {
            self.client_failed(id);
        }
        if failed.connection.is_some() {
            for record in self.servers.values_mut().filter(|record| record.flow == failed) {
                record.flow.connection = None;
                record.flow.remote = record.fallback.unwrap_or(failed.remote);
            }
        }
    }

    fn pace(&self, flow: &Flow) -> Pace {
        Pace { reliable: flow.transport.is_reliable(), timers: self.timers }
    }

    fn next_id(&mut self) -> TransactionId {
        self.last_id += 1;
        TransactionId(self.last_id)
    }

    fn count(&mut self) {
        self.stats.transactions = self.clients.len() + self.servers.len();
    }
}
