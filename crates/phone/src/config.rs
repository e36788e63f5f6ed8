//! What a phone is told at its start.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use confab_codec::Opus;
use confab_sdp::Encoding;
use confab_sip::{PeerOptions, Transport};

use crate::media::{Impairment, Source};

/// The account, the habits and the voice of a phone.
#[derive(Clone, Debug)]
pub struct PhoneConfig {
    /// The server that calls go to and that the phone registers with; `None`: a phone that is only called.
    pub server: Option<SocketAddr>,
    /// How the server is reached and what the phone listens on.
    pub transport: Transport,
    /// The user, in From and Contact.
    pub user: String,
    /// The digest password; without one every challenge fails.
    pub password: Option<String>,
    /// The display name.
    pub display: Option<String>,
    /// The host of the From; the server's address if `None`.
    pub domain: Option<String>,
    /// The SIP socket; port 0 takes a free one. RTP uses the same IP address.
    pub bind: SocketAddr,
    /// The codecs offered, best first.
    pub codecs: Vec<Encoding>,
    /// The length of an RTP packet in ms, 10 to 60: as sent, and as asked for in SDP.
    pub ptime_ms: u8,
    /// How Opus is sent; the length of its packets is `ptime_ms`.
    pub opus: Opus,
    /// How keys are sent.
    pub keys: Keys,
    /// Whether comfort noise (RFC 3389) is offered and accepted.
    pub comfort_noise: bool,
    /// Whether anything is sent by RTCP.
    pub rtcp: bool,
    /// Whether VoIP metrics (RFC 3611 §4.7) are offered and accepted.
    pub rtcp_xr: bool,
    /// What happens to the RTP packets on their way; `None`: nothing.
    pub impairment: Option<Impairment>,
    /// How much too fast the clock of the RTP packets is, in parts per million.
    pub clock_error_ppm: i32,
    /// What a call sends from its start.
    pub source: Source,
    /// What happens to incoming calls.
    pub on_call: OnCall,
    /// The life of the registration that is asked for.
    pub expires: Duration,
    /// What the phone does beyond RFC 3261.
    pub options: PeerOptions,
    /// How much of what a call hears is kept, 2 octets a sample.
    pub keep: Duration,
}

impl PhoneConfig {
    /// A silent phone at a free port of the interface that leads to `server`, over UDP, PCMU before PCMA, 20 ms.
    pub fn new(server: SocketAddr, user: impl Into<String>) -> Self {
        Self {
            server: Some(server),
            transport: Transport::Udp,
            user: user.into(),
            password: None,
            display: None,
            domain: None,
            bind: SocketAddr::new(interface_towards(server), 0),
            codecs: vec![Encoding::Pcmu, Encoding::Pcma],
            ptime_ms: 20,
            opus: Opus::default(),
            keys: Keys::Rfc4733,
            comfort_noise: false,
            rtcp: true,
            rtcp_xr: false,
            impairment: None,
            clock_error_ppm: 0,
            source: Source::Silence,
            on_call: OnCall::Ask,
            expires: Duration::from_secs(3600),
            options: PeerOptions::default(),
            keep: Duration::from_secs(120),
        }
    }

    /// A phone without a server, the far end of a gateway: whoever dials its address reaches it.
    pub fn listening(bind: SocketAddr) -> Self {
        Self { server: None, bind, ..Self::new(bind, "gateway") }
    }

    /// Sets the digest password.
    #[must_use]
    pub fn password(self, password: impl Into<String>) -> Self {
        Self { password: Some(password.into()), ..self }
    }

    /// Sets the display name.
    #[must_use]
    pub fn display(self, display: impl Into<String>) -> Self {
        Self { display: Some(display.into()), ..self }
    }

    /// Uses `transport` instead of UDP.
    #[must_use]
    pub fn transport(self, transport: Transport) -> Self {
        Self { transport, ..self }
    }

    /// Binds SIP to `bind`.
    #[must_use]
    pub fn bind(self, bind: SocketAddr) -> Self {
        Self { bind, ..self }
    }

    /// Offers `codecs`, best first.
    #[must_use]
    pub fn codecs(self, codecs: impl Into<Vec<Encoding>>) -> Self {
        Self { codecs: codecs.into(), ..self }
    }

    /// Sends packets of `ptime_ms` and asks for such.
    #[must_use]
    pub fn ptime_ms(self, ptime_ms: u8) -> Self {
        Self { ptime_ms, ..self }
    }

    /// Sends Opus as `opus` has it.
    #[must_use]
    pub fn opus(self, opus: Opus) -> Self {
        Self { opus, ..self }
    }

    /// Sends RTP through a bad network.
    #[must_use]
    pub fn impairment(self, impairment: Impairment) -> Self {
        Self { impairment: Some(impairment), ..self }
    }

    /// Sends RTP by a clock that is too fast by so many parts per million.
    #[must_use]
    pub fn clock_error_ppm(self, clock_error_ppm: i32) -> Self {
        Self { clock_error_ppm, ..self }
    }

    /// Sends keys by `keys`.
    #[must_use]
    pub fn keys(self, keys: Keys) -> Self {
        Self { keys, ..self }
    }

    /// Sends a tone of `hz` at −20 dBov in every call.
    #[must_use]
    pub fn tone(self, hz: f32) -> Self {
        self.source(Source::tone(hz))
    }

    /// Sends `source` in every call.
    #[must_use]
    pub fn source(self, source: Source) -> Self {
        Self { source, ..self }
    }

    /// Does beyond RFC 3261 what `options` say.
    #[must_use]
    pub fn options(self, options: PeerOptions) -> Self {
        Self { options, ..self }
    }

    /// Treats incoming calls by `on_call`.
    #[must_use]
    pub fn on_call(self, on_call: OnCall) -> Self {
        Self { on_call, ..self }
    }
}

/// How keys are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keys {
    /// RTP telephone-event packets.
    #[default]
    Rfc4733,
    /// SIP INFO with `application/dtmf-relay`.
    Info,
    /// Dual tones in the audio.
    InBand,
    /// RTP events and SIP INFO for the same key, as some phones do.
    Both,
}

impl Keys {
    /// Whether RTP telephone-event packets are sent.
    pub(crate) fn by_event(self) -> bool {
        matches!(self, Self::Rfc4733 | Self::Both)
    }

    /// Whether SIP INFO is sent.
    pub(crate) fn by_info(self) -> bool {
        matches!(self, Self::Info | Self::Both)
    }
}

/// What happens to an incoming call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnCall {
    /// [`Phone::next_call`](crate::Phone::next_call) hands it out; nothing but the 100 is sent until then.
    #[default]
    Ask,
    /// It rings for that long and is answered; [`Phone::next_answered`](crate::Phone::next_answered) hands it out.
    Answer(Duration),
    /// It is refused with this status.
    Refuse(u16),
    /// It rings for ever.
    Ring,
}

/// The address of the interface that packets to `server` leave by; loopback when there is no way there.
fn interface_towards(server: SocketAddr) -> IpAddr {
    let (any, loopback) = match server {
        SocketAddr::V4(_) => (IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::LOCALHOST)),
        SocketAddr::V6(_) => (IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::LOCALHOST)),
    };
    let route = || {
        let socket = UdpSocket::bind((any, 0))?;
        socket.connect(server)?;
        socket.local_addr()
    };
    route().map_or(loopback, |local| local.ip())
}
