//! What an endpoint is told once, when it is made.

use std::net::SocketAddr;
use std::time::Duration;

use super::PeerOptions;
use crate::digest::{Algorithm, Secret};
use crate::transport::Transport;

/// Everything an [`Endpoint`](crate::Endpoint) needs to know at its start.
#[derive(Clone, Debug)]
pub struct EndpointConfig {
    /// The sockets that the driver has open.
    pub listeners: Vec<Listener>,
    /// The digest realm shown to phones.
    pub realm: String,
    /// The digest algorithms that users are offered, the most wanted first.
    pub digest: Vec<Algorithm>,
    /// Host names that are ours, beside the listeners' addresses.
    pub domains: Vec<String>,
    /// The value of User-Agent and Server.
    pub user_agent: String,
    /// Who may register and is challenged.
    pub users: Vec<User>,
    /// The trunks (and, for a phone, its account).
    pub gateways: Vec<Gateway>,
    /// What peers may do that are neither users nor gateways.
    pub others: PeerOptions,
    /// Whether this is the focus of conferences (RFC 4579): it takes REFER and SUBSCRIBE, and says so.
    pub focus: bool,
    /// The registrar's bounds.
    pub registrar: RegistrarConfig,
    /// What the endpoint refuses to exceed.
    pub limits: Limits,
    /// RFC 3261 T1, T2, T4.
    pub timers: Timers,
}

impl Default for EndpointConfig {
    fn default() -> Self {
        Self {
            listeners: Vec::new(),
            realm: "confab".into(),
            digest: Algorithm::ALL.to_vec(),
            domains: Vec::new(),
            user_agent: "confab".into(),
            users: Vec::new(),
            gateways: Vec::new(),
            others: PeerOptions::default(),
            focus: false,
            registrar: RegistrarConfig::default(),
            limits: Limits::default(),
            timers: Timers::default(),
        }
    }
}

/// One open socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    /// The protocol.
    pub transport: Transport,
    /// The address it is bound to.
    pub local: SocketAddr,
    /// The address that peers shall use (Via, Contact); equals `local` where nothing translates.
    pub advertised: SocketAddr,
}

impl Listener {
    /// A listener that is reached at the address it is bound to.
    pub fn new(transport: Transport, local: SocketAddr) -> Self {
        Self { transport, local, advertised: local }
    }
}

/// A user of ours.
#[derive(Clone, Debug)]
pub struct User {
    /// The user part of his address of record, and his digest user name.
    pub name: String,
    /// His password.
    pub secret: Secret,
    /// How many contacts he may register at a time.
    pub max_contacts: usize,
    /// What his phones may do beyond RFC 3261.
    pub options: PeerOptions,
}

impl User {
    /// A user with the usual five contacts.
    pub fn new(name: impl Into<String>, secret: Secret) -> Self {
        Self { name: name.into(), secret, max_contacts: 5, options: PeerOptions::default() }
    }
}

/// A peer that calls go to and come from by configuration; a phone's account is one too.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// The name that the rest of the program uses.
    pub name: String,
    /// Its domain, the host of the request URIs sent to it; the driver resolves it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How it is reached.
    pub transport: Transport,
    /// The digest user name, if it challenges.
    pub username: Option<String>,
    /// The password that goes with it.
    pub secret: Option<Secret>,
    /// The only realm that is answered; `None`: the first one that it shows.
    pub realm: Option<String>,
    /// Whether we register there.
    pub register: bool,
    /// The registration's life that is asked for.
    pub expires: Duration,
    /// The interval of OPTIONS pings, if any.
    pub ping: Option<Duration>,
    /// The From user of calls through it, instead of the caller's number.
    pub from_user: Option<String>,
    /// The From host of calls through it, instead of our own address.
    pub from_domain: Option<String>,
    /// What it may do beyond RFC 3261.
    pub options: PeerOptions,
}

impl Gateway {
    /// A gateway over UDP without credentials, registration and pings.
    pub fn new(name: impl Into<String>, host: impl Into<String>, port: u16) -> Self {
        Self {
            name: name.into(),
            host: host.into(),
            port,
            transport: Transport::Udp,
            username: None,
            secret: None,
            realm: None,
            register: false,
            expires: Duration::from_secs(3600),
            ping: None,
            from_user: None,
            from_domain: None,
            options: PeerOptions::default(),
        }
    }
}

/// Bounds on the life of a binding (RFC 3261 §10.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistrarConfig {
    /// A shorter wish is answered 423.
    pub min_expires: Duration,
    /// A longer wish is cut to this.
    pub max_expires: Duration,
    /// What a REGISTER without any wish gets.
    pub default_expires: Duration,
}

impl Default for RegistrarConfig {
    fn default() -> Self {
        Self {
            min_expires: Duration::from_secs(60),
            max_expires: Duration::from_secs(7200),
            default_expires: Duration::from_secs(3600),
        }
    }
}

/// What the endpoint refuses to exceed. Where it counts by IP address, an IPv6 /64 is one ([`network`](crate::network)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Transactions alive at a time.
    pub transactions: usize,
    /// Calls alive at a time, both ways together.
    pub calls: usize,
    /// Subscriptions alive at a time, those that a REFER made included.
    pub subscriptions: usize,
    /// Subscriptions that one user, or one call, may have at a time.
    pub subscriptions_per_user: usize,
    /// New INVITEs that one IP address may send in a second.
    pub invites_per_second_per_ip: u32,
    /// Failed digests per user, and per IP address, within `digest_failure_window`.
    pub digest_failures: u32,
    /// How long a failed digest counts.
    pub digest_failure_window: Duration,
    /// How long the packets of an IP address that failed too often are dropped.
    pub ban: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            transactions: 65_536,
            calls: 4096,
            subscriptions: 1024,
            subscriptions_per_user: 16,
            invites_per_second_per_ip: 10,
            digest_failures: 10,
            digest_failure_window: Duration::from_secs(600),
            ban: Duration::from_secs(300),
        }
    }
}

/// The base values of RFC 3261 table 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// The round-trip estimate.
    pub t1: Duration,
    /// The longest interval between retransmissions.
    pub t2: Duration,
    /// How long a message may stay in the network.
    pub t4: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self { t1: Duration::from_millis(500), t2: Duration::from_secs(4), t4: Duration::from_secs(5) }
    }
}
