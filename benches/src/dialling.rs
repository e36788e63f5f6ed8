//! The calls of all callers, by one SIP endpoint on one socket.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Instant;

use bytes::Bytes;
use confab_sip::{
    AdmitAll, CallRef, Cause, Endpoint, EndpointConfig, Event, Flow, Host, Identity, Input, Limits, Listener,
    Outgoing, Target, Transport, Uri,
};

use crate::histogram::Histogram;
use crate::sockets::bound;

/// SIP messages taken between two looks at the audio.
const MESSAGES_AT_ONCE: usize = 8;

/// What became of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum News {
    /// It was answered with this session description.
    Answered {
        /// Whose call.
        caller: usize,
        /// The answer.
        sdp: String,
    },
    /// It is over.
    Ended {
        /// Whose call.
        caller: usize,
    },
}

/// All calls.
#[derive(Debug)]
pub(crate) struct Dialling {
    endpoint: Endpoint,
    socket: UdpSocket,
    flow: Flow,
    calls: HashMap<CallRef, Call>,
    of_caller: HashMap<usize, CallRef>,
    tally: Calls,
}

#[derive(Debug)]
struct Call {
    caller: usize,
    placed: Instant,
    answered: bool,
    hung_up: bool,
}

/// What became of the calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls {
    /// INVITEs sent.
    pub(crate) placed: u64,
    /// Calls that were answered.
    pub(crate) answered: u64,
    /// From the INVITE to the 200.
    pub(crate) set_up: Histogram,
    /// Failures by status; 0 where there was none.
    pub(crate) failures: BTreeMap<u16, u64>,
    /// Calls that the server ended.
    pub(crate) dropped: u64,
    /// Calls that we ended.
    pub(crate) completed: u64,
}

impl Dialling {
    /// An endpoint that speaks UDP with `server`.
    ///
    /// # Errors
    /// When there is no socket.
    pub(crate) fn new(server: SocketAddr, local: SocketAddr) -> io::Result<Self> {
        let socket = bound(local)?;
        let local = socket.local_addr()?;
        let flow = Flow { transport: Transport::Udp, local, remote: server, connection: None };
        let limits = Limits { calls: usize::MAX, transactions: usize::MAX, ..Limits::default() };
        let config = EndpointConfig {
            listeners: vec![Listener::new(Transport::Udp, local)],
            user_agent: concat!("confab-bench/", env!("CARGO_PKG_VERSION")).into(),
            limits,
            ..EndpointConfig::default()
        };
        Ok(Self {
            endpoint: Endpoint::new(config, rand::random()),
            socket,
            flow,
            calls: HashMap::new(),
            of_caller: HashMap::new(),
            tally: Calls::default(),
        })
    }

    /// Calls a number.
    pub(crate) fn place(&mut self, caller: usize, number: &str, offer: String) {
        let (now, remote) = (Instant::now(), self.flow.remote);
        let uri = Uri::sip(Some(number), Host::Ip(remote.ip()), Some(remote.port()));
        let outgoing = Outgoing {
            target: Target::Address { uri, transport: Transport::Udp, remote },
            from: Identity { display: None, user: format!("load{caller}") },
            contact_user: None,
            replaces: None,
            sdp: Bytes::from(offer),
        };
        self.tally.placed += 1;
        match self.endpoint.place(now, outgoing) {
            Ok(id) => {
                self.calls.insert(id, Call { caller, placed: now, answered: false, hung_up: false });
                self.of_caller.insert(caller, id);
            }
            Err(_) => *self.tally.failures.entry(0).or_default() += 1,
        }
        self.transmit();
    }

    /// Ends a caller's call.
    pub(crate) fn hang_up(&mut self, caller: usize) {
        let Some(id) = self.of_caller.get(&caller) else { return };
        if let Some(call) = self.calls.get_mut(id) {
            call.hung_up = true;
        }
        self.endpoint.hangup(Instant::now(), *id, Cause::NORMAL_CLEARING);
        self.transmit();
    }

    /// Takes what has come and does what is due.
    pub(crate) fn turn(&mut self, now: Instant, mut tell: impl FnMut(News)) {
        let mut buffer = [0; 8192];
        for _ in 0..MESSAGES_AT_ONCE {
            let Ok((length, remote)) = self.socket.recv_from(&mut buffer) else { break };
            let bytes = Bytes::copy_from_slice(&buffer[..length]);
            let flow = Flow { remote, ..self.flow };
            self.endpoint.handle_input(now, Input::Packet { flow, bytes }, &AdmitAll);
            self.transmit();
        }
        if self.endpoint.poll_timeout().is_some_and(|(due, _)| due <= now) {
            self.endpoint.handle_timeout(now);
            self.transmit();
        }
        while let Some(event) = self.endpoint.poll_event() {
            self.note(event, &mut tell);
        }
    }

    /// Calls that are neither failed nor over.
    pub(crate) fn alive(&self) -> usize {
        self.calls.len()
    }

    /// Calls that are answered and not over.
    pub(crate) fn up(&self) -> usize {
        self.calls.values().filter(|call| call.answered).count()
    }

    /// Whether requests of ours wait for a response.
    pub(crate) fn is_settled(&self) -> bool {
        self.endpoint.unsettled() == 0
    }

    /// What became of the calls so far.
    pub(crate) fn tally(&self) -> &Calls {
        &self.tally
    }

    fn note(&mut self, event: Event, tell: &mut impl FnMut(News)) {
        match event {
            Event::Answered { call, sdp } => {
                let Some(call) = self.calls.get_mut(&call) else { return };
                call.answered = true;
                self.tally.answered += 1;
                self.tally.set_up.record(call.placed.elapsed());
                let sdp = String::from_utf8_lossy(sdp.as_deref().unwrap_or_default()).into_owned();
                tell(News::Answered { caller: call.caller, sdp });
            }
            Event::Ended { call: id, end } => {
                let Some(call) = self.calls.remove(&id) else { return };
                self.of_caller.remove(&call.caller);
                match (call.hung_up, call.answered) {
                    (true, _) => self.tally.completed += 1,
                    (false, true) => self.tally.dropped += 1,
                    (false, false) => {
                        *self.tally.failures.entry(end.status.unwrap_or_default()).or_default() += 1;
                    }
                }
                tell(News::Ended { caller: call.caller });
            }
            _ => {}
        }
    }

    fn transmit(&mut self) {
        while let Some(transmit) = self.endpoint.poll_transmit() {
            // A full socket loses it, as the network may: the transaction sends it again.
            let _ = self.socket.send_to(&transmit.bytes, transmit.flow.remote);
        }
    }
}
