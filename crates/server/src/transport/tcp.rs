//! TCP: listening sockets, and every connection that is open.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use confab_sip::{ConnectionId, Flow, Transport, network};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::connection::{self, Handle};
use super::{Arrival, Inbox};

/// Connections from one host or network to one of our addresses.
const MAX_PER_NETWORK: usize = 32;
/// Connections to one of our addresses, and connections in all before we open one.
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
    ids: Ids,
}

/// Numbers connections, those that we open and those that we accept, so that no two ever have the same id.
#[derive(Debug, Clone, Default)]
struct Ids(Arc<AtomicU64>);

impl Ids {
    fn next(&self) -> ConnectionId {
        ConnectionId(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

impl Connections {
    pub(super) fn new(inbox: Inbox) -> Self {
        Self {
            open: HashMap::new(),
            by_peer: HashMap::new(),
            acceptors: Vec::new(),
            inbox,
            ids: Ids::default(),
        }
    }

    pub(super) async fn listen(&mut self, address: SocketAddr) -> io::Result<SocketAddr> {
        let listener = open(address)?;
        let local = listener.local_addr()?;
        let acceptor = Acceptor {
            listener,
            local,
            ids: self.ids.clone(),
            inbox: self.inbox.clone(),
            per_network: HashMap::new(),
            connections: JoinSet::new(),
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
        let id = self.ids.next();
        let (handle, connection) = connection::new(id, flow, self.inbox.clone());
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
    ids: Ids,
    inbox: Inbox,
    /// Who is connected, and how often.
    per_network: HashMap<IpAddr, usize>,
    connections: JoinSet<IpAddr>,
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
                    if let Ok(peer) = ended {
                        self.forget(peer);
                    }
                }
            }
        }
    }

    async fn accept(&mut self, stream: TcpStream, remote: SocketAddr) {
        let peer = network(remote.ip());
        let count = self.per_network.get(&peer).copied().unwrap_or_default();
        if count >= MAX_PER_NETWORK || self.connections.len() >= MAX_CONNECTIONS {
            self.inbox.losses.connections.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.per_network.insert(peer, count + 1);
        let flow = Flow { transport: Transport::Tcp, local: self.local, remote, connection: None };
        let (handle, connection) = connection::new(self.ids.next(), flow, self.inbox.clone());
        self.inbox.deliver(Arrival::Opened(handle)).await;
        self.connections.spawn(async move {
            connection.run(stream).await;
            peer
        });
    }

    fn forget(&mut self, peer: IpAddr) {
        if let Some(count) = self.per_network.get_mut(&peer) {
            *count -= 1;
            if *count == 0 {
                self.per_network.remove(&peer);
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::Ipv4Addr;

    use tokio::io::AsyncReadExt;
    use tokio::sync::mpsc;

    use super::super::Losses;
    use super::*;

    #[tokio::test]
    async fn one_network_gets_so_many_connections_and_each_has_an_id_of_its_own() {
        let (queue, mut arrivals) = mpsc::channel(1000);
        let losses = Arc::new(Losses::default());
        let mut connections = Connections::new(Inbox { queue, losses: Arc::clone(&losses) });
        let mut open = Vec::new();
        for _ in 0..2 {
            let address = connections.listen((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
            for _ in 0..MAX_PER_NETWORK {
                open.push(TcpStream::connect(address).await.unwrap());
            }
            let mut refused = TcpStream::connect(address).await.unwrap();
            assert_eq!(refused.read(&mut [0]).await.unwrap(), 0);
        }
        let mut ids = BTreeSet::new();
        while ids.len() < open.len() {
            let Some(Arrival::Opened(handle)) = arrivals.recv().await else { panic!("a connection") };
            assert!(ids.insert(handle.id()), "{:?} comes twice", handle.id());
        }
        assert_eq!(losses.connections.load(Ordering::Relaxed), 2);
    }
}
