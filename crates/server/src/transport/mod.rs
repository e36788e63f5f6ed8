//! The SIP sockets: UDP and TCP on the listening addresses.
//!
//! Each socket is read by a task of its own, which hands whole messages to the control task over one bounded queue.
//! Everything is sent by the control task. What does not fit is dropped and counted: SIP repeats itself on UDP.

mod connection;
mod tcp;
mod udp;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use confab_sip::{Flow, Input, Transmit, Transport};
use tokio::sync::mpsc;

use tcp::Connections;
use udp::UdpListener;

/// Messages that may wait for the control task.
const QUEUE: usize = 4096;

/// A listening address that could not be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {transport} {address}: {source}")]
pub struct BindError {
    transport: &'static str,
    address: SocketAddr,
    source: std::io::Error,
}

/// What a transport task tells the control task.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// A message, or the addresses of a gateway.
    Sip(Input),
    /// A peer opened a connection.
    Opened(connection::Handle),
    /// A connection is gone.
    Closed(Flow),
}

/// What the transports lost, for the log at the end.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    /// Messages that came while the queue was full.
    pub received: AtomicU64,
    /// Messages that a socket or connection did not take.
    pub sent: AtomicU64,
    /// Connections refused for being too many.
    pub connections: AtomicU64,
}

/// The queue from the transport tasks to the control task.
#[derive(Debug, Clone)]
pub(crate) struct Inbox {
    queue: mpsc::Sender<Arrival>,
    losses: Arc<Losses>,
}

impl Inbox {
    /// Never waits: what does not fit is counted.
    pub(crate) fn offer(&self, arrival: Arrival) {
        if self.queue.try_send(arrival).is_err() {
            self.losses.received.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// For what must not be lost: the opening and closing of connections.
    pub(crate) async fn deliver(&self, arrival: Arrival) {
        // The receiver is gone only when the server is.
        let _ = self.queue.send(arrival).await;
    }
}

/// Every SIP socket of the server.
#[derive(Debug)]
pub(crate) struct Transports {
    udp: Vec<UdpListener>,
    tcp: Connections,
    addresses: Vec<(Transport, SocketAddr)>,
    losses: Arc<Losses>,
    inbox: Inbox,
}

impl Transports {
    /// Binds every address; all or none.
    ///
    /// # Errors
    /// The first address that cannot be bound, with the system's reason.
    pub(crate) async fn bind(
        listen: &[(Transport, SocketAddr)],
    ) -> Result<(Self, mpsc::Receiver<Arrival>), BindError> {
        let (queue, arrivals) = mpsc::channel(QUEUE);
        let losses = Arc::new(Losses::default());
        let inbox = Inbox { queue, losses: Arc::clone(&losses) };
        let mut this = Self {
            udp: Vec::new(),
            tcp: Connections::new(inbox.clone()),
            addresses: Vec::new(),
            losses,
            inbox,
        };
        for (transport, address) in listen {
            this.listen(*transport, *address).await?;
        }
        Ok((this, arrivals))
    }

    /// The addresses as bound: a configured port 0 is the real one here.
    pub(crate) fn addresses(&self) -> &[(Transport, SocketAddr)] {
        &self.addresses
    }

    /// What was lost so far.
    pub(crate) fn losses(&self) -> &Losses {
        &self.losses
    }

    /// A sender of further [`Arrival`]s, such as resolved gateways.
    pub(crate) fn inbox(&self) -> Inbox {
        self.inbox.clone()
    }

    /// Sends without waiting.
    pub(crate) fn send(&mut self, transmit: Transmit) {
        let sent = match transmit.flow.transport {
            Transport::Udp => self.send_udp(&transmit),
            Transport::Tcp => self.tcp.send(transmit.flow, transmit.bytes),
        };
        if !sent {
            self.losses.sent.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A peer opened a connection.
    pub(crate) fn opened(&mut self, handle: connection::Handle) {
        self.tcp.add(handle);
    }

    /// A connection is gone.
    pub(crate) fn closed(&mut self, flow: Flow) {
        self.tcp.remove(flow);
    }

    async fn listen(&mut self, transport: Transport, address: SocketAddr) -> Result<(), BindError> {
        let bound = match transport {
            Transport::Udp => UdpListener::bind(address, self.inbox.clone()).await.map(|listener| {
                let local = listener.local();
                self.udp.push(listener);
                local
            }),
            Transport::Tcp => self.tcp.listen(address).await,
        };
        let name = transport.name();
        let local = bound.map_err(|source| BindError { transport: name, address, source })?;
        self.addresses.push((transport, local));
        Ok(())
    }

    fn send_udp(&self, transmit: &Transmit) -> bool {
        let flow = &transmit.flow;
        let same_family = |listener: &&UdpListener| listener.local().is_ipv4() == flow.remote.is_ipv4();
        let exact = self.udp.iter().find(|listener| listener.local() == flow.local);
        let listener = exact.or_else(|| self.udp.iter().find(same_family));
        listener.is_some_and(|listener| listener.send(&transmit.bytes, flow.remote))
    }
}
