//! TCP: listening sockets, and every connection that is open.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use confab_sip::{ConnectionId, Flow, Transport};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::connection::{self, Handle};
use super::{Arrival, Inbox};

/// Connections from one address.
const MAX_PER_ADDRESS: usize = 32;
/// Connections in all.
const MAX_CONNECTIONS: usize = 4096;
/// Connections that the kernel may hold for us to accept.
const BACKLOG: i32 = 512;
/// A pause after the system refused to give us a connection (out of file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Every open connection, and the tasks that accept more.
#[derive(Debug)]
pub(super) struct Connections {
    open: HashMap<ConnectionId, Handle>,
    by_peer: HashMap<SocketAddr, ConnectionId>,
    acceptors: Vec<JoinHandle<()>>,
    inbox: Inbox,
    outbound: u64,
}

impl Connections {
    pub(super) fn new(inbox: Inbox) -> Self {
        Self { open: HashMap::new(), by_peer: HashMap::new(), acceptors: Vec::new(), inbox, outbound: 0 }
    }

    pub(super) async fn listen(&mut self, address: SocketAddr) -> io::Result<SocketAddr> {
        let listener = open(address)?;
        let local = listener.local_addr()?;
        let acceptor = Acceptor {
            listener,
            local,
            index: self.acceptors.len() as u64,
            inbox: self.inbox.clone(),
            per_address: HashMap::new(),
            connections: JoinSet::new(),
            accepted: 0,
        };
        self.acceptors.push(tokio::spawn(acceptor.run()));
        Ok(local)
    }

    pub(super) fn add(&mut self, handle: Handle) {
        self.by_peer.insert(handle.flow.remote, handle.id());
        self.open.insert(handle.id(), handle);
    }

    pub(super) fn remove(&mut self, flow: Flow) {
        let Some(id) = flow.connection else { return };
        self.open.remove(&id);
        if self.by_peer.get(&flow.remote) == Some(&id) {
            self.by_peer.remove(&flow.remote);
        }
    }

    /// Sends on the flow's own connection, else on any to that peer, else on a new one.
    pub(super) fn send(&mut self, flow: Flow, bytes: Bytes) -> bool {
        let known = flow.connection.filter(|id| self.open.contains_key(id));
        let id = known.or_else(|| self.by_peer.get(&flow.remote).copied()).or_else(|| self.connect(flow));
        id.and_then(|id| self.open.get(&id)).is_some_and(|handle| handle.send(bytes))
    }

    fn connect(&mut self, flow: Flow) -> Option<ConnectionId> {
        if self.open.len() >= MAX_CONNECTIONS {
            return None;
        }
        self.outbound += 1;
        let id = ConnectionId(u64::MAX - self.outbound);
        let flow = Flow { connection: Some(id), ..flow };
        let (handle, connection) = connection::new(flow, self.inbox.clone());
        tokio::spawn(connection.connect());
        self.add(handle);
        Some(id)
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        for acceptor in &self.acceptors {
            acceptor.abort();
        }
    }
}

/// Accepts on one address and counts who is connected.
struct Acceptor {
    listener: TcpListener,
    local: SocketAddr,
    index: u64,
    inbox: Inbox,
    per_address: HashMap<IpAddr, usize>,
    connections: JoinSet<IpAddr>,
    accepted: u64,
}

impl Acceptor {
    async fn run(mut self) {
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, remote)) => self.accept(stream, remote).await,
                    Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
                },
                Some(ended) = self.connections.join_next() => {
                    if let Ok(address) = ended {
                        self.forget(address);
                    }
                }
            }
        }
    }

    async fn accept(&mut self, stream: TcpStream, remote: SocketAddr) {
        let count = self.per_address.entry(remote.ip()).or_default();
        if *count >= MAX_PER_ADDRESS || self.connections.len() >= MAX_CONNECTIONS {
            self.inbox.losses.connections.fetch_add(1, Ordering::Relaxed);
            return;
        }
        *count += 1;
        self.accepted += 1;
        // 16 listeners at the most, so that ids of different acceptors never meet.
        let id = ConnectionId(self.accepted * 16 + self.index);
        let flow = Flow { transport: Transport::Tcp, local: self.local, remote, connection: Some(id) };
        let (handle, connection) = connection::new(flow, self.inbox.clone());
        self.inbox.deliver(Arrival::Opened(handle)).await;
        self.connections.spawn(async move {
            connection.run(stream).await;
            remote.ip()
        });
    }

    fn forget(&mut self, address: IpAddr) {
        if let Some(count) = self.per_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.per_address.remove(&address);
            }
        }
    }
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // A restart must not wait for the connections of the last run to time out.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}
