//! The words for one audio stream: what we can do, and what was agreed on.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::encoding::Encoding;
use crate::opus::OpusParameters;

/// Whose order decides between encodings that both sides have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Preference {
    /// The widest that is of use ([`Local::useful_rate`]); among equally wide ones the peer's order (RFC 3264 §6.1).
    #[default]
    Peer,
    /// Our own list's order alone.
    Own,
}

/// What we are able and willing to do on a leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    /// The addresses we receive media at, the preferred one first; one of each family at most. The peer's decides.
    pub addresses: Vec<IpAddr>,
    /// The RTP port; RTCP is the next one.
    pub port: u16,
    /// Encodings, the preferred one first: all that may be used, and the order of our offers.
    pub encodings: Vec<Encoding>,
    /// Whose order decides when we choose.
    pub preference: Preference,
    /// The highest sampling rate that is of use to us, Hz: what an encoding carries above it counts for nothing.
    pub useful_rate: u32,
    /// How we want Opus coded that is sent to us.
    pub opus: OpusParameters,
    /// The packet duration we like to receive, in ms.
    pub ptime_ms: u8,
    /// Offer and accept RFC 4733 telephone-events.
    pub telephone_event: bool,
    /// Offer and accept RFC 3389 comfort noise.
    pub comfort_noise: bool,
    /// Accept RTP and RTCP on one port (RFC 5761).
    pub rtcp_mux: bool,
    /// Offer and accept RTCP XR VoIP metrics (RFC 3611 §5.1).
    pub rtcp_xr: bool,
    /// Ask for the level of each packet of audio in a header extension (RFC 6464).
    pub audio_level: bool,
}

impl Local {
    /// PCMU and PCMA in packets of 20 ms with telephone-events, at one address.
    #[must_use]
    pub fn new(address: IpAddr, port: u16) -> Self {
        Self {
            addresses: vec![address],
            port,
            encodings: vec![Encoding::Pcmu, Encoding::Pcma],
            preference: Preference::Peer,
            useful_rate: 48_000,
            opus: OpusParameters::default(),
            ptime_ms: 20,
            telephone_event: true,
            comfort_noise: false,
            rtcp_mux: false,
            rtcp_xr: false,
            audio_level: false,
        }
    }

    /// The address that goes into the next description.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.addresses.first().copied().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }

    /// Whether we have an address of that one's family.
    #[must_use]
    pub fn reaches(&self, peer: IpAddr) -> bool {
        self.addresses.iter().any(|own| is_same_family(*own, peer))
    }

    /// Prefers the address of that one's family, if there is one.
    pub fn prefer(&mut self, peer: IpAddr) {
        if let Some(fitting) = self.addresses.iter().position(|own| is_same_family(*own, peer)) {
            self.addresses.swap(0, fitting);
        }
    }
}

fn is_same_family(one: IpAddr, two: IpAddr) -> bool {
    one.to_canonical().is_ipv4() == two.to_canonical().is_ipv4()
}

/// Which way media flows, from our point of view (RFC 3264 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendRecv,
    /// We only send: the peer is held by us.
    SendOnly,
    /// We only receive.
    RecvOnly,
    /// Nothing flows.
    Inactive,
}

impl Direction {
    /// Whether we send.
    #[must_use]
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether we receive.
    #[must_use]
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The same flow seen from the other end.
    #[must_use]
    pub fn mirrored(self) -> Self {
        Self::new(self.receives(), self.sends())
    }

    /// What both directions allow.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::new(self.sends() && other.sends(), self.receives() && other.receives())
    }

    /// The attribute's name (RFC 8866 §6.7).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    pub(crate) fn new(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }
}

/// Payload types of telephone-events (RFC 4733); they may differ by direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Events {
    /// What the peer wants to receive.
    pub send_payload_type: u8,
    /// What we receive.
    pub receive_payload_type: u8,
    /// The clock of durations, Hz: the audio's (RFC 4733 §2.1), or 8000 where the peer knows no other.
    pub clock_rate: u32,
}

/// The negotiated audio stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// Where the peer receives RTP; `None` when it gave 0.0.0.0, `::` or port 0.
    pub remote: Option<SocketAddr>,
    /// Where the peer receives RTCP (`a=rtcp`, RFC 3605; else the RTP port + 1; the RTP port itself with rtcp-mux).
    pub remote_rtcp: Option<SocketAddr>,
    /// The audio encoding, in both directions.
    pub encoding: Encoding,
    /// Payload type of the audio that we send.
    pub send_payload_type: u8,
    /// Payload type of the audio that we receive.
    pub receive_payload_type: u8,
    /// How the peer wants Opus coded that we send; nothing unusual for other encodings.
    pub opus: OpusParameters,
    /// Telephone-events, if both sides know them.
    pub events: Option<Events>,
    /// Payload type of comfort noise (RFC 3389), if both sides know it.
    pub comfort_noise: Option<u8>,
    /// Duration of the packets that we send, in ms.
    pub ptime_ms: u8,
    /// Which way media flows, from our point of view.
    pub direction: Direction,
    /// RTP and RTCP share the RTP port (RFC 5761).
    pub rtcp_mux: bool,
    /// The peer takes RTCP XR VoIP metrics (RFC 3611).
    pub rtcp_xr: bool,
    /// The id of the header extension with the level of the audio that we receive (RFC 6464), 1 to 14.
    pub audio_level: Option<u8>,
    /// The peer may send other encodings than this one, because its answer named several.
    pub is_ambiguous: bool,
}

impl Stream {
    /// Whether the peer holds us: it does not want our media, or has no address for it (RFC 3264 §8.4, RFC 2543 §B.5).
    /// What it still sends may be its hold music.
    #[must_use]
    pub fn on_hold(&self) -> bool {
        self.remote.is_none() || !self.direction.sends()
    }
}
