//! The task that owns a phone's SIP endpoint and sockets.

mod account;
mod events;
mod line;
mod sockets;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use confab_sdp::Encoding;
use confab_sip::{
    AdmitAll, CallRef, Cause, Endpoint, Identity, Input, Message, Method, Outgoing, PingRef, Refusal,
    Replaces, Target,
};
use tokio::sync::{mpsc, oneshot};

use crate::call::{Call, Hold, IncomingCall, Reply};
use crate::config::PhoneConfig;
use crate::error::PhoneError;
use crate::runtime;
use crate::trace::{Trace, Traced, Way};
use account::{SERVER, endpoint_config};
use line::Line;
use sockets::Sockets;

/// The answer to a BYE is waited for that long when all handles are dropped: a lost one is repeated twice.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What the handles ask for.
#[derive(Debug)]
pub(crate) enum Command {
    Register(Reply<()>),
    Unregister(Reply<()>),
    Place { number: String, replaces: Option<Replaces>, reply: Reply<Call> },
    Replaces { call: CallRef, reply: oneshot::Sender<Option<Replaces>> },
    Request { call: CallRef, method: Method, headers: Vec<(String, String)>, reply: Reply<u16> },
    Ring { call: CallRef },
    Answer { call: CallRef, reply: Reply<Call> },
    Refuse { call: CallRef, status: u16 },
    HangUp { call: CallRef, cause: Cause },
    Reoffer { call: CallRef, change: Change, reply: Reply<()> },
    Info { call: CallRef, content_type: String, body: Bytes },
    Options { target: SocketAddr, reply: oneshot::Sender<Option<u16>> },
    Settle(oneshot::Sender<()>),
    Raw { bytes: Bytes, to: SocketAddr },
}

/// What a re-INVITE is to change.
#[derive(Debug)]
pub(crate) enum Change {
    /// Whether the peer is on hold, and how.
    Hold(Option<Hold>),
    /// What is offered, best first.
    Codecs(Vec<Encoding>),
    /// The length of an RTP packet in ms.
    Ptime(u8),
    /// The ports that audio is sent from and received at: others that are free.
    Ports,
}

/// What the handle of a started phone holds.
pub(crate) struct Started {
    pub(crate) local: SocketAddr,
    pub(crate) commands: mpsc::UnboundedSender<Command>,
    pub(crate) incoming: mpsc::UnboundedReceiver<IncomingCall>,
    pub(crate) answered: mpsc::UnboundedReceiver<Call>,
    pub(crate) trace: Arc<Trace>,
}

/// Opens the sockets and starts the task.
pub(crate) async fn start(config: PhoneConfig) -> Result<Started, PhoneError> {
    let (bind, transport) = (config.bind, config.transport);
    let opened = runtime::handle().spawn(Sockets::open(bind, transport)).await;
    let sockets = opened.map_err(std::io::Error::other)??;
    let (commands, orders) = mpsc::unbounded_channel();
    let (offered, incoming) = mpsc::unbounded_channel();
    let (taken, answered) = mpsc::unbounded_channel();
    let started = Started { local: sockets.local(), commands, incoming, answered, trace: Arc::default() };
    let agent = Agent {
        endpoint: Endpoint::new(endpoint_config(&config, sockets.local()), rand::random()),
        handle: started.commands.downgrade(),
        trace: Arc::clone(&started.trace),
        lines: HashMap::new(),
        pings: HashMap::new(),
        registering: Vec::new(),
        unregistering: Vec::new(),
        settling: Vec::new(),
        invite_contact: None,
        config,
        sockets,
        offered,
        taken,
    };
    runtime::handle().spawn(agent.run(orders));
    Ok(started)
}

/// Sends a command that carries a reply channel and waits for the reply.
pub(crate) async fn ask<T>(
    commands: &mpsc::UnboundedSender<Command>,
    command: impl FnOnce(oneshot::Sender<T>) -> Command,
) -> Result<T, PhoneError> {
    let (reply, answer) = oneshot::channel();
    commands.send(command(reply)).map_err(|_| PhoneError::Ended)?;
    answer.await.map_err(|_| PhoneError::Ended)
}

/// The owner of everything that speaks SIP.
struct Agent {
    config: PhoneConfig,
    endpoint: Endpoint,
    sockets: Sockets,
    /// Weak: the task ends when the last handle of the user is gone.
    handle: mpsc::WeakUnboundedSender<Command>,
    trace: Arc<Trace>,
    lines: HashMap<CallRef, Line>,
    pings: HashMap<PingRef, oneshot::Sender<Option<u16>>>,
    registering: Vec<Reply<()>>,
    unregistering: Vec<Reply<()>>,
    /// Who waits until every request is answered.
    settling: Vec<oneshot::Sender<()>>,
    /// The Contact user of the INVITE that is being handled; the endpoint does not tell it.
    invite_contact: Option<String>,
    offered: mpsc::UnboundedSender<IncomingCall>,
    taken: mpsc::UnboundedSender<Call>,
}

impl Agent {
    async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Command>) {
        self.begin();
        loop {
            tokio::select! {
                command = orders.recv() => match command {
                    Some(command) => self.obey(command),
                    None => return self.finish().await,
                },
                input = self.sockets.next() => self.take(input),
                () = due(&self.endpoint) => self.endpoint.handle_timeout(Instant::now()),
            }
            self.drain();
        }
    }

    fn begin(&mut self) {
        let now = Instant::now();
        self.endpoint.handle_timeout(now);
        if let Some(server) = self.config.server {
            let resolved = Input::GatewayResolved { gateway: SERVER.into(), addresses: vec![server] };
            self.endpoint.handle_input(now, resolved, &AdmitAll);
        }
        self.drain();
    }

    /// Hangs up what is still up and gives the peers a moment to answer.
    async fn finish(mut self) {
        for call in self.lines.keys() {
            self.endpoint.hangup(Instant::now(), *call, Cause::NORMAL_CLEARING);
        }
        self.drain();
        let until = tokio::time::Instant::now() + LAST_WORDS;
        while self.endpoint.unsettled() > 0 {
            tokio::select! {
                input = self.sockets.next() => self.take(input),
                () = due(&self.endpoint) => self.endpoint.handle_timeout(Instant::now()),
                () = tokio::time::sleep_until(until) => return,
            }
            self.drain();
        }
    }

    fn take(&mut self, input: Input) {
        let now = Instant::now();
        if let Input::Packet { flow, bytes } = &input {
            self.trace.push(Traced { at: now, way: Way::In, peer: flow.remote, bytes: bytes.clone() });
            self.invite_contact = contact_user(bytes);
        }
        self.endpoint.handle_input(now, input, &AdmitAll);
    }

    /// Packets leave before events are told: who sees that a call has ended may end the program.
    fn drain(&mut self) {
        self.transmit();
        while let Some(event) = self.endpoint.poll_event() {
            self.on_event(event);
            self.transmit();
        }
        if self.endpoint.unsettled() == 0 {
            for reply in self.settling.drain(..) {
                let _ = reply.send(());
            }
        }
    }

    fn transmit(&mut self) {
        while let Some(transmit) = self.endpoint.poll_transmit() {
            let (at, peer) = (Instant::now(), transmit.flow.remote);
            self.trace.push(Traced { at, way: Way::Out, peer, bytes: transmit.bytes.clone() });
            self.sockets.send(transmit);
        }
    }

    fn obey(&mut self, command: Command) {
        let now = Instant::now();
        match command {
            Command::Register(reply) => self.register(now, reply),
            Command::Unregister(reply) => self.unregister(now, reply),
            Command::Place { number, replaces, reply } => {
                let _ = reply.send(self.place(now, number, replaces));
            }
            Command::Replaces { call, reply } => {
                let _ = reply.send(self.endpoint.replaces(call));
            }
            Command::Request { call, method, headers, reply } => {
                self.request(now, call, method, &headers, reply);
            }
            Command::Ring { call } => self.ring(now, call),
            Command::Answer { call, reply } => {
                let _ = reply.send(self.answer(now, call));
            }
            Command::Refuse { call, status } => self.endpoint.reject(now, call, Refusal::new(status)),
            Command::HangUp { call, cause } => self.endpoint.hangup(now, call, cause),
            Command::Reoffer { call, change, reply } => self.reoffer(now, call, change, reply),
            Command::Info { call, content_type, body } => self.endpoint.info(now, call, &content_type, body),
            Command::Options { target, reply } => {
                let ping = self.endpoint.options(now, target, self.config.transport);
                self.pings.insert(ping, reply);
            }
            Command::Settle(reply) => self.settling.push(reply),
            Command::Raw { bytes, to } => {
                self.sockets.send_raw(&bytes, to);
                self.trace.push(Traced { at: now, way: Way::Out, peer: to, bytes });
            }
        }
    }

    fn register(&mut self, now: Instant, reply: Reply<()>) {
        if self.config.server.is_none() {
            let _ = reply.send(Err(PhoneError::NoServer));
            return;
        }
        self.registering.push(reply);
        self.endpoint.register(now, SERVER);
    }

    fn unregister(&mut self, now: Instant, reply: Reply<()>) {
        self.unregistering.push(reply);
        self.endpoint.unregister(now, SERVER);
    }

    fn place(
        &mut self,
        now: Instant,
        number: String,
        replaces: Option<Replaces>,
    ) -> Result<Call, PhoneError> {
        if self.config.server.is_none() {
            return Err(PhoneError::NoServer);
        }
        let mut line = Line::open(now, &self.config)?;
        let from = Identity { display: self.config.display.clone(), user: self.config.user.clone() };
        let target = Target::Gateway { gateway: SERVER.into(), number };
        let outgoing = Outgoing { target, from, contact_user: None, replaces, sdp: line.offer() };
        let id = self.endpoint.place(now, outgoing)?;
        let call = self.handle_of(id, &line)?;
        self.lines.insert(id, line);
        Ok(call)
    }

    fn request(
        &mut self,
        now: Instant,
        call: CallRef,
        method: Method,
        headers: &[(String, String)],
        reply: Reply<u16>,
    ) {
        match self.lines.get_mut(&call) {
            Some(line) => line.asks(reply),
            None => return drop(reply.send(Err(PhoneError::Ended))),
        }
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        self.endpoint.send_within_call(now, call, method, &headers, Bytes::new());
    }

    fn ring(&mut self, now: Instant, call: CallRef) {
        self.endpoint.ring(now, call);
        if let Some(line) = self.lines.get_mut(&call) {
            line.rings();
        }
    }

    fn answer(&mut self, now: Instant, id: CallRef) -> Result<Call, PhoneError> {
        let line = self.lines.get_mut(&id).ok_or(PhoneError::Ended)?;
        match line.answer(now) {
            Ok(sdp) => self.endpoint.answer(now, id, sdp),
            Err(error) => {
                let status = if let PhoneError::Sdp(error) = &error { error.status() } else { 500 };
                self.endpoint.reject(now, id, Refusal::new(status));
                return Err(error);
            }
        }
        let line = self.lines.get(&id).ok_or(PhoneError::Ended)?;
        self.handle_of(id, line)
    }

    fn reoffer(&mut self, now: Instant, call: CallRef, change: Change, reply: Reply<()>) {
        let line = self.lines.get_mut(&call).ok_or(PhoneError::Ended);
        match line.and_then(|line| Ok((line.prepare(change)?, line))) {
            Ok((sdp, line)) => {
                line.reoffers(reply);
                self.endpoint.reoffer(now, call, sdp);
            }
            Err(error) => drop(reply.send(Err(error))),
        }
    }

    fn handle_of(&self, id: CallRef, line: &Line) -> Result<Call, PhoneError> {
        let commands = self.handle.upgrade().ok_or(PhoneError::Ended)?;
        Ok(Call { id, commands, state: line.watch(), leg: line.leg(), keys: self.config.keys })
    }
}

async fn due(endpoint: &Endpoint) {
    match endpoint.poll_timeout() {
        Some((at, _)) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// The user part of an INVITE's Contact.
fn contact_user(bytes: &[u8]) -> Option<String> {
    match Message::parse(bytes).ok()? {
        Message::Request(request) if request.method == Method::Invite => first_contact_user(&request.headers),
        _ => None,
    }
}

fn first_contact_user(headers: &confab_sip::Headers) -> Option<String> {
    match headers.contacts().ok()? {
        confab_sip::Contacts::List(contacts) => contacts.into_iter().next()?.uri.user,
        confab_sip::Contacts::Star => None,
    }
}
