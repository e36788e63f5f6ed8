//! The transaction layer: it keeps all transactions, matches what comes, and repeats and times out by itself.

mod key;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};

pub(crate) use self::key::ServerKey;
use self::key::{MergeKey, reply_address};
use super::schedule::{Due, Schedule};
use super::{Action, Client, ClientInvite, Pace, Server, ServerInvite, Timer};
use crate::endpoint::{CallRef, Listener, PingRef, Stats, Timers};
use crate::message::{CSeq, Host, Method, Request, Response, Via, header};
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
enum ClientMachine {
    Invite(ClientInvite),
    Other(Client),
}

#[derive(Debug)]
struct ClientRecord {
    machine: ClientMachine,
    sending: Sending,
    bytes: Bytes,
    branch: String,
}

#[derive(Debug)]
enum ServerMachine {
    Invite(ServerInvite),
    Other(Server),
}

#[derive(Debug)]
struct ServerRecord {
    machine: ServerMachine,
    request: Request,
    flow: Flow,
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
    upcalls: VecDeque<Upcall>,
    clients: BTreeMap<TransactionId, ClientRecord>,
    servers: BTreeMap<TransactionId, ServerRecord>,
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
        self.out.pop_front()
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

    // ---- what we send ----

    /// Hands bytes to the driver.
    pub(crate) fn send(&mut self, flow: Flow, bytes: Bytes) {
        self.stats.sent += 1;
        self.out.push_back(Transmit { flow, bytes });
    }

    /// Sends a request that has no transaction, the ACK of a 2xx; gives what was sent.
    pub(crate) fn send_ack(&mut self, mut request: Request, flow: Flow) -> Bytes {
        let branch = self.branch();
        self.push_via(&mut request, &flow, &branch);
        let bytes = request.to_bytes();
        self.send(flow, bytes.clone());
        bytes
    }

    /// Opens a client transaction.
    pub(crate) fn request(&mut self, now: Instant, mut sending: Sending) -> TransactionId {
        let branch = self.branch();
        self.push_via(&mut sending.request, &sending.flow, &branch);
        self.open_client(now, sending, branch)
    }

    /// Cancels an INVITE that has got a provisional response (RFC 3261 §9.1).
    pub(crate) fn cancel(&mut self, now: Instant, id: TransactionId, reason: &str) {
        let Some(record) = self.clients.get_mut(&id) else { return };
        let ClientMachine::Invite(machine) = &mut record.machine else { return };
        let actions = machine.cancelled();
        let mut request = derived(&record.sending.request, Method::Cancel);
        request.headers.push(header::REASON, reason);
        let sending = Sending { request, owner: Owner::Nobody, gateway: None, tries: 0, ..record.sending };
        let branch = record.branch.clone();
        self.apply_client(now, id, actions, None);
        self.open_client(now, sending, branch);
    }

    /// Ends a client transaction without a word.
    pub(crate) fn abandon(&mut self, id: TransactionId) {
        self.stats.timeouts += 1;
        self.forget_client(id);
    }

    /// The request of a client transaction, as it was sent.
    pub(crate) fn sending(&self, id: TransactionId) -> Option<&Sending> {
        self.clients.get(&id).map(|record| &record.sending)
    }

    // ---- what comes ----

    /// A response: matched by branch and method (RFC 3261 §17.1.3), else dropped.
    pub(crate) fn receive_response(&mut self, now: Instant, response: Response, source: SocketAddr) {
        let Some(id) = self.client_of(&response) else {
            self.stats.stray_responses += 1;
            return;
        };
        let Some(record) = self.clients.get_mut(&id) else { return };
        let actions = match &mut record.machine {
            ClientMachine::Invite(machine) => machine.response(response.status),
            ClientMachine::Other(machine) => machine.response(response.status),
        };
        self.apply_client(now, id, actions, Some((response, source)));
    }

    /// The transaction that a request belongs to, if it is not new. An ACK matches the INVITE.
    pub(crate) fn server_of(&self, key: &ServerKey) -> Option<TransactionId> {
        self.keys.get(key).copied()
    }

    /// Whether another transaction carries the same request (RFC 3261 §8.2.2.2).
    pub(crate) fn is_merged(&self, request: &Request) -> bool {
        MergeKey::of(request).is_some_and(|key| self.merges.contains_key(&key))
    }

    /// Opens a server transaction.
    pub(crate) fn open(&mut self, key: ServerKey, request: Request, flow: Flow) -> TransactionId {
        let id = self.next_id();
        let pace = self.pace(&flow);
        let machine = match request.method {
            Method::Invite => ServerMachine::Invite(ServerInvite::new(pace)),
            _ => ServerMachine::Other(Server::new(pace)),
        };
        let merge = MergeKey::of(&request);
        if let Some(merge) = &merge {
            self.merges.insert(merge.clone(), id);
        }
        self.keys.insert(key.clone(), id);
        self.servers.insert(id, ServerRecord { machine, request, flow, last: None, key, merge });
        self.count();
        id
    }

    /// A request of that transaction came again.
    pub(crate) fn receive_again(&mut self, now: Instant, id: TransactionId) {
        let Some(record) = self.servers.get_mut(&id) else { return };
        let actions = match &mut record.machine {
            ServerMachine::Invite(machine) => machine.request(),
            ServerMachine::Other(machine) => machine.request(),
        };
        self.stats.retransmitted += u64::from(actions.contains(&Action::Send));
        self.apply_server(now, id, actions);
    }

    /// An ACK with that INVITE's branch came; whether it belongs to a failure response.
    pub(crate) fn receive_ack(&mut self, now: Instant, id: TransactionId) -> bool {
        let Some(record) = self.servers.get_mut(&id) else { return false };
        let ServerMachine::Invite(machine) = &mut record.machine else { return false };
        if !machine.has_failed() {
            return false;
        }
        let actions = machine.ack();
        self.apply_server(now, id, actions);
        true
    }

    /// The request of a server transaction.
    pub(crate) fn asked(&self, id: TransactionId) -> Option<&Request> {
        self.servers.get(&id).map(|record| &record.request)
    }

    /// Whether a server transaction waits for its final response.
    pub(crate) fn is_open(&self, id: TransactionId) -> bool {
        self.servers.get(&id).is_some_and(|record| match &record.machine {
            ServerMachine::Invite(machine) => machine.is_open(),
            ServerMachine::Other(machine) => machine.is_open(),
        })
    }

    /// Responds; gives what was sent.
    pub(crate) fn respond(&mut self, now: Instant, id: TransactionId, response: &Response) -> Option<Bytes> {
        let record = self.servers.get_mut(&id)?;
        let bytes = response.to_bytes();
        record.last = Some(bytes.clone());
        let actions = match &mut record.machine {
            ServerMachine::Invite(machine) => machine.respond(response.status),
            ServerMachine::Other(machine) => machine.respond(response.status),
        };
        self.apply_server(now, id, actions);
        Some(bytes)
    }

    /// A timer of a transaction fired.
    pub(crate) fn timer(&mut self, now: Instant, id: TransactionId, timer: Timer) {
        if let Some(record) = self.clients.get_mut(&id) {
            let actions = match &mut record.machine {
                ClientMachine::Invite(machine) => machine.timer(timer),
                ClientMachine::Other(machine) => machine.timer(timer),
            };
            self.stats.retransmitted += u64::from(actions.contains(&Action::Send));
            self.apply_client(now, id, actions, None);
        } else if let Some(record) = self.servers.get_mut(&id) {
            let actions = match &mut record.machine {
                ServerMachine::Invite(machine) => machine.timer(timer),
                ServerMachine::Other(machine) => machine.timer(timer),
            };
            self.stats.retransmitted += u64::from(actions.contains(&Action::Send));
            self.apply_server(now, id, actions);
        }
    }

    /// A flow broke. A request on a connection is tried once more on a new one; else its transaction fails. A response
    /// goes to the address that the Via names (RFC 3261 §18.2.2).
    pub(crate) fn flow_failed(&mut self, failed: Flow) {
        let hit: Vec<TransactionId> =
            self.clients.iter().filter(|(_, c)| c.sending.flow == failed).map(|(id, _)| *id).collect();
        for id in hit {
            self.client_failed(id);
        }
        if failed.connection.is_some() {
            for record in self.servers.values_mut().filter(|record| record.flow == failed) {
                record.flow.connection = None;
                record.flow.remote = reply_address(&record.request).unwrap_or(failed.remote);
            }
        }
    }

    fn client_failed(&mut self, id: TransactionId) {
        let Some(record) = self.clients.get_mut(&id) else { return };
        self.stats.flow_failures += 1;
        if record.sending.flow.connection.take().is_some() {
            let (flow, bytes) = (record.sending.flow, record.bytes.clone());
            return self.send(flow, bytes);
        }
        let owner = record.sending.owner;
        self.upcalls.push_back(Upcall::Failed { owner });
        self.upcalls.push_back(Upcall::Terminated { id, owner });
    }

    fn open_client(&mut self, now: Instant, sending: Sending, branch: String) -> TransactionId {
        let id = self.next_id();
        let pace = self.pace(&sending.flow);
        let mut machine = match sending.request.method {
            Method::Invite => ClientMachine::Invite(ClientInvite::new(pace)),
            _ => ClientMachine::Other(Client::new(pace)),
        };
        let actions = match &mut machine {
            ClientMachine::Invite(machine) => machine.start(),
            ClientMachine::Other(machine) => machine.start(),
        };
        let bytes = sending.request.to_bytes();
        self.branches.insert((branch.clone(), sending.request.method == Method::Cancel), id);
        self.clients.insert(id, ClientRecord { machine, sending, bytes, branch });
        self.count();
        self.apply_client(now, id, actions, None);
        id
    }

    fn client_of(&self, response: &Response) -> Option<TransactionId> {
        let via = response.headers.top_via().ok()?;
        let cseq = response.headers.cseq().ok()?;
        let key = (via.branch()?.to_owned(), cseq.method == Method::Cancel);
        let id = *self.branches.get(&key)?;
        let sent = &self.clients.get(&id)?.sending.request;
        (sent.headers.cseq().ok()? == cseq).then_some(id)
    }

    fn apply_client(
        &mut self,
        now: Instant,
        id: TransactionId,
        actions: Vec<Action>,
        mut received: Option<(Response, SocketAddr)>,
    ) {
        for action in actions {
            let Some(record) = self.clients.get(&id) else { return };
            let (owner, flow) = (record.sending.owner, record.sending.flow);
            match action {
                Action::Send => {
                    let bytes = record.bytes.clone();
                    self.send(flow, bytes);
                }
                Action::Ack => {
                    if let Some((response, _)) = &received {
                        let bytes = failure_ack(&record.sending.request, response).to_bytes();
                        self.send(flow, bytes);
                    }
                }
                Action::Pass => {
                    if let Some((response, source)) = received.take() {
                        self.upcalls.push_back(Upcall::Response { id, owner, response, source });
                    }
                }
                Action::Start(timer, time) => self.schedule.start(Due::Transaction(id, timer), now + time),
                Action::Stop(timer) => self.schedule.stop(Due::Transaction(id, timer)),
                Action::TimedOut => {
                    self.stats.timeouts += 1;
                    self.upcalls.push_back(Upcall::TimedOut { owner });
                }
                Action::Terminate => self.upcalls.push_back(Upcall::Terminated { id, owner }),
            }
        }
    }

    fn apply_server(&mut self, now: Instant, id: TransactionId, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Send => {
                    let Some(record) = self.servers.get(&id) else { return };
                    if let (flow, Some(bytes)) = (record.flow, record.last.clone()) {
                        self.send(flow, bytes);
                    }
                }
                Action::Start(timer, time) => self.schedule.start(Due::Transaction(id, timer), now + time),
                Action::Stop(timer) => self.schedule.stop(Due::Transaction(id, timer)),
                Action::TimedOut => self.stats.timeouts += 1,
                Action::Terminate => self.forget_server(id),
                Action::Ack | Action::Pass => {}
            }
        }
    }

    fn forget_client(&mut self, id: TransactionId) {
        self.schedule.stop_transaction(id);
        if let Some(record) = self.clients.remove(&id) {
            self.branches.remove(&(record.branch, record.sending.request.method == Method::Cancel));
        }
        self.count();
    }

    fn forget_server(&mut self, id: TransactionId) {
        self.schedule.stop_transaction(id);
        if let Some(record) = self.servers.remove(&id) {
            self.keys.remove(&record.key);
            if let Some(merge) = record.merge.filter(|merge| self.merges.get(merge) == Some(&id)) {
                self.merges.remove(&merge);
            }
        }
        self.count();
    }

    fn pace(&self, flow: &Flow) -> Pace {
        Pace { reliable: flow.transport.is_reliable(), timers: self.timers }
    }

    fn branch(&mut self) -> String {
        format!("z9hG4bK{}", self.token())
    }

    fn push_via(&self, request: &mut Request, flow: &Flow, branch: &str) {
        let advertised = self.advertised(flow);
        let mut via = Via {
            transport: flow.transport.name().to_owned(),
            host: Host::Ip(advertised.ip()),
            port: Some(advertised.port()),
            params: crate::message::Params::new(),
        };
        via.params.set("rport", None);
        via.params.set("branch", Some(branch));
        request.headers.push_front(header::VIA, via.to_string());
    }

    fn next_id(&mut self) -> TransactionId {
        self.last_id += 1;
        TransactionId(self.last_id)
    }

    fn count(&mut self) {
        self.stats.transactions = self.clients.len() + self.servers.len();
    }
}

/// The ACK of a failure response (RFC 3261 §17.1.1.3).
fn failure_ack(invite: &Request, response: &Response) -> Request {
    let mut ack = derived(invite, Method::Ack);
    if let Some(to) = response.headers.get(header::TO) {
        ack.headers.set(header::TO, to);
    }
    ack
}

/// A request of the same branch as an INVITE: its ACK or CANCEL.
fn derived(invite: &Request, method: Method) -> Request {
    let mut request = Request::new(method.clone(), invite.uri.clone());
    if let Some(via) = invite.headers.get(header::VIA) {
        request.headers.push(header::VIA, via);
    }
    for name in [header::ROUTE, header::MAX_FORWARDS, header::FROM, header::TO, header::CALL_ID] {
        invite.headers.all(name).for_each(|value| request.headers.push(name, value));
    }
    if let Ok(cseq) = invite.headers.cseq() {
        request.headers.push(header::CSEQ, CSeq::new(cseq.number, method).to_string());
    }
    request
}
