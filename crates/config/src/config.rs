//! The configuration as the program uses it: complete, checked, with all defaults filled in.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use confab_conference::{Codec, Settings};
use confab_sip::{
    Algorithm, EndpointConfig, Gateway, Limits, Listener, PeerOptions, RegistrarConfig, Transport, User,
};

use crate::services::{LookupConfig, SayConfig};

/// Everything that can be configured.
#[derive(Debug)]
pub struct Config {
    /// Signalling.
    pub sip: SipConfig,
    /// Who may register, in the order of the file.
    pub users: Vec<User>,
    /// Where calls to the outside go.
    pub gateways: Vec<Gateway>,
    /// Audio.
    pub media: MediaConfig,
    /// Prompts and music.
    pub sounds: SoundsConfig,
    /// Who speaks texts.
    pub say: Option<SayConfig>,
    /// Whom calls are asked about, by the name that routes have for it.
    pub lookups: BTreeMap<String, LookupConfig>,
    /// Where recordings are put.
    pub recording: RecordingConfig,
    /// What is refused.
    pub security: SecurityConfig,
    /// Rooms, roles, keys and what can be dialled.
    pub conference: Settings,
    /// What is written to the log, on standard output.
    pub log: LogConfig,
}

impl Config {
    /// What the SIP endpoint is told at its start, given the sockets that the caller has bound.
    pub fn endpoint(&self, listeners: Vec<Listener>) -> EndpointConfig {
        EndpointConfig {
            listeners,
            realm: self.sip.realm.clone(),
            digest: self.sip.digest.clone(),
            domains: self.sip.domains.clone(),
            user_agent: self.sip.user_agent.clone(),
            users: self.users.clone(),
            gateways: self.gateways.clone(),
            registrar: self.sip.registrar,
            others: self.sip.others,
            focus: true,
            limits: self.security.limits,
            ..EndpointConfig::default()
        }
    }

    /// Every sound that is named anywhere, with the line and the key that name it.
    pub fn sound_names(&self) -> Vec<(&str, String)> {
        let place = |sound: &SoundName| match sound.place.as_str() {
            "" => sound.key.clone(),
            place => format!("{place}: {}", sound.key),
        };
        self.sounds.names.iter().map(|sound| (sound.name.as_str(), place(sound))).collect()
    }
}

/// `[sip]`
#[derive(Clone, Debug)]
pub struct SipConfig {
    /// The sockets to open; port 0 lets the system choose.
    pub listen: Vec<(Transport, SocketAddr)>,
    /// Addresses that peers shall use instead of those listened on, at most one of each family.
    pub advertise: Vec<IpAddr>,
    /// The digest realm.
    pub realm: String,
    /// The digest algorithms that users are offered, the most wanted first.
    pub digest: Vec<Algorithm>,
    /// Host names that are ours, beside the addresses.
    pub domains: Vec<String>,
    /// The value of User-Agent and Server.
    pub user_agent: String,
    /// Bounds on the life of a registration.
    pub registrar: RegistrarConfig,
    /// What those may do who are neither users nor gateways.
    pub others: PeerOptions,
}

impl SipConfig {
    /// The address that peers shall use for a socket that is bound to `local`.
    pub fn advertised(&self, local: SocketAddr) -> SocketAddr {
        let outer = self.advertise.iter().find(|address| address.is_ipv4() == local.is_ipv4());
        SocketAddr::new(outer.copied().unwrap_or_else(|| local.ip()), local.port())
    }
}

/// `[media]`
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// The address that RTP is bound to.
    pub address: IpAddr,
    /// The addresses that session descriptions show, of each family one at most: a peer is shown that of its own.
    pub advertise: Vec<IpAddr>,
    /// Where the port pairs are taken from.
    pub ports: RangeInclusive<u16>,
    /// Worker threads; 0: one per core.
    pub workers: usize,
    /// Whether each of them stays on a core of its own.
    pub pin: bool,
    /// The share of their time that is kept free, percent.
    pub headroom: u8,
    /// The codecs of profiles that name none.
    pub codecs: Vec<Codec>,
    /// When a line counts as dead.
    pub silence: SilenceLimits,
}

/// How long nothing may come from a leg, neither RTP nor RTCP, before it is asked whether it is there; `None`: for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SilenceLimits {
    /// Of a leg that we hear.
    pub talking: Option<Duration>,
    /// Of one that is on hold.
    pub on_hold: Option<Duration>,
}

impl Default for SilenceLimits {
    fn default() -> Self {
        Self { talking: Some(Duration::from_secs(30)), on_hold: Some(Duration::from_secs(300)) }
    }
}

/// `[sounds]`
#[derive(Clone, Debug)]
pub struct SoundsConfig {
    /// The folder that sounds are read from; `None`: the ones inside the program.
    pub dir: Option<PathBuf>,
    /// Every sound that is named anywhere, and where.
    pub names: Vec<SoundName>,
}

/// A sound file that is named in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SoundName {
    /// Its path below the sounds' folder.
    pub name: String,
    /// The dotted key that names it.
    pub key: String,
    /// `FILE:LINE` of the name; empty for a default.
    pub place: String,
}

/// `[recording]`
#[derive(Clone, Debug)]
pub struct RecordingConfig {
    /// The folder of all recordings.
    pub dir: PathBuf,
    /// Octets of its disk that are left to others: with less free, recordings end.
    pub min_free: u64,
}

/// `[security]`
#[derive(Clone, Copy, Debug)]
pub struct SecurityConfig {
    /// Whether passwords that everybody tries first are taken also beyond loopback.
    pub allow_weak_passwords: bool,
    /// What the SIP endpoint refuses to exceed.
    pub limits: Limits,
}

/// `[log]`
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// `error`, `warn`, `info`, `debug`, `trace`, or `TARGET=LEVEL` pairs with commas between them.
    pub filter: String,
}
