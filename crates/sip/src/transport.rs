//! Where a message came from and where one goes to.

use std::fmt;
use std::net::SocketAddr;

use bytes::Bytes;

/// A transport protocol that the endpoint speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// Datagrams; requests and responses are retransmitted by the transactions.
    Udp,
    /// A reliable stream, framed by Content-Length.
    Tcp,
}

impl Transport {
    /// The name as it stands in a Via, `UDP` or `TCP`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        }
    }

    /// Whether the transport itself delivers (RFC 3261 §17: some timers are then zero).
    pub fn is_reliable(self) -> bool {
        self == Self::Tcp
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        })
    }
}

/// A stream connection; the driver numbers them and never uses a number twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// The way between one of our sockets and one of a peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flow {
    /// The protocol.
    pub transport: Transport,
    /// Our address: that of the listener, also for a connection that we opened.
    pub local: SocketAddr,
    /// The peer's address.
    pub remote: SocketAddr,
    /// The stream, for TCP; `None` lets the driver open or reuse one to `remote`.
    pub connection: Option<ConnectionId>,
}

impl Flow {
    /// Whether what was sent this way went over `other`: when it named no connection, that is any to the same peer.
    pub(crate) fn went_over(&self, other: &Self) -> bool {
        let on_any = Self { connection: other.connection, local: other.local, ..*self };
        self == other || self.connection.is_none() && other.connection.is_some() && on_any == *other
    }
}

/// Bytes that the driver shall send, one SIP message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// Where to.
    pub flow: Flow,
    /// The message as it goes on the wire.
    pub bytes: Bytes,
}
