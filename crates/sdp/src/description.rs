//! The peer's description as we understand it: sdp-types reads the syntax, what is here gives it meaning and ignores
//! every line that has none.

use std::net::{IpAddr, SocketAddr};

use sdp_types::{Attribute, Connection, Media};

use crate::error::{SdpError, readable};
use crate::formats::{Meaning, formats, lists_flash, opus_parameters};
use crate::opus::OpusParameters;
use crate::stream::Direction;

/// The most media streams of one description; a phone with video, slides and a chat has four.
const MAX_STREAMS: usize = 16;
/// The header extension that tells the level of each packet (RFC 6464 §4).
pub(crate) const AUDIO_LEVEL_URI: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";

/// A description that can be read.
#[derive(Debug)]
pub(crate) struct Description {
    session: sdp_types::Session,
}

/// One usable audio stream of the peer.
#[derive(Debug)]
pub(crate) struct Audio {
    /// `None` is hold: 0.0.0.0 or `::`.
    pub(crate) remote: Option<SocketAddr>,
    /// Where it receives RTCP if that does not share the RTP port.
    pub(crate) remote_rtcp: Option<SocketAddr>,
    /// Payload types that mean something to us, in the peer's order.
    pub(crate) formats: Vec<(u8, Meaning)>,
    /// From the peer's point of view, what its address allows taken in.
    pub(crate) direction: Direction,
    /// Duration of packets it wants, in ms.
    pub(crate) ptime_ms: Option<u8>,
    /// The longest packets it can take, in ms.
    pub(crate) max_ptime_ms: Option<u8>,
    pub(crate) rtcp_mux: bool,
    /// It takes RTCP XR VoIP metrics (RFC 3611 §5.1).
    pub(crate) rtcp_xr: bool,
    /// The id under which it can send the level of its audio (RFC 6464).
    pub(crate) audio_level: Option<u8>,
    /// How it wants Opus coded.
    pub(crate) opus: OpusParameters,
    /// It knows event 16, flash.
    pub(crate) flash: bool,
}

impl Description {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, SdpError> {
        let session = sdp_types::Session::parse(&readable_lines(body))
            .map_err(|error| SdpError::Malformed(readable(&error.to_string())))?;
        if session.medias.len() > MAX_STREAMS {
            return Err(SdpError::TooManyStreams);
        }
        Ok(Self { session })
    }

    /// The `m=` lines in their order.
    pub(crate) fn media(&self) -> &[Media] {
        &self.session.medias
    }

    /// The stream of one `m=` line, if it is audio over plain RTP that we can take part in.
    pub(crate) fn audio(&self, media: &Media) -> Result<Audio, SdpError> {
        if !is_plain_audio(media) || media.port == 0 {
            return Err(SdpError::NoAudio);
        }
        let address = self.address(media)?;
        let remote = endpoint(address, media.port)?;
        let attributes = Attributes { media: &media.attributes, session: &self.session.attributes };
        let formats = formats(media);
        Ok(Audio {
            remote,
            remote_rtcp: rtcp_endpoint(remote, &attributes),
            direction: direction(remote, &attributes),
            ptime_ms: attributes.value("ptime").and_then(packet_time),
            max_ptime_ms: attributes.value("maxptime").and_then(packet_time),
            rtcp_mux: attributes.any("rtcp-mux").is_some(),
            rtcp_xr: attributes.value("rtcp-xr").is_some_and(|xr| xr.contains("voip-metrics")),
            audio_level: audio_level(&media.attributes),
            opus: opus_parameters(media, &formats),
            flash: lists_flash(media, &formats),
            formats,
        })
    }

    fn address(&self, media: &Media) -> Result<IpAddr, SdpError> {
        let connection = media.connections.first().or(self.session.connection.as_ref());
        connection.and_then(ip_address).ok_or(SdpError::NoAddress)
    }
}

/// Whether an `m=` line is audio over RTP without encryption.
pub(crate) fn is_plain_audio(media: &Media) -> bool {
    let plain = ["RTP/AVP", "RTP/AVPF"];
    media.media.eq_ignore_ascii_case("audio")
        && plain.iter().any(|proto| media.proto.eq_ignore_ascii_case(proto))
}

/// Keep the lines that we use, so that a slip in another one (a bandwidth, a time, a name in Latin-1) does no harm.
fn readable_lines(body: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(body.len());
    let mut in_media = false;
    let mut connected = false;
    for line in body.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line).trim_ascii_end();
        let useful = match line {
            [b'v' | b'm', b'=', ..] => true,
            [b'a', b'=', ..] => str::from_utf8(line).is_ok(),
            [b'c', b'=', ..] => in_media || !std::mem::replace(&mut connected, true),
            _ => false,
        };
        in_media |= line.starts_with(b"m=");
        if useful && !line.contains(&0) && !line.contains(&b'\r') {
            kept.extend_from_slice(line);
            kept.extend_from_slice(b"\r\n");
        }
    }
    kept
}

/// The attributes of a stream: its own, and where it has none, those of the session.
struct Attributes<'a> {
    media: &'a [Attribute],
    session: &'a [Attribute],
}

impl<'a> Attributes<'a> {
    fn any(&self, name: &str) -> Option<&'a Attribute> {
        self.find(|attribute| attribute.attribute.eq_ignore_ascii_case(name))
    }

    fn value(&self, name: &str) -> Option<&'a str> {
        self.any(name).and_then(|attribute| attribute.value.as_deref()).map(str::trim)
    }

    fn find(&self, wanted: impl Fn(&&Attribute) -> bool) -> Option<&'a Attribute> {
        self.media.iter().find(&wanted).or_else(|| self.session.iter().find(&wanted))
    }
}

fn ip_address(connection: &Connection) -> Option<IpAddr> {
    let address = connection.connection_address.split('/').next().unwrap_or_default();
    address.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// Where to send, `None` for hold. Ports below 1024 are never a phone's but may well be a victim's.
fn endpoint(address: IpAddr, port: u16) -> Result<Option<SocketAddr>, SdpError> {
    if address.is_unspecified() {
        return Ok(None);
    }
    let remote = SocketAddr::new(address, port);
    let bad = match address {
        IpAddr::V4(address) => {
            address.is_multicast() || address.octets()[0] == 0 || address.octets()[0] >= 240
        }
        IpAddr::V6(address) => address.is_multicast(),
    };
    if bad || port < 1024 { Err(SdpError::BadAddress(remote)) } else { Ok(Some(remote)) }
}

/// `a=rtcp:port [IN IP4 address]` (RFC 3605), else the next port.
fn rtcp_endpoint(remote: Option<SocketAddr>, attributes: &Attributes<'_>) -> Option<SocketAddr> {
    let remote = remote?;
    let next = remote.port().checked_add(1).map(|port| SocketAddr::new(remote.ip(), port));
    let Some(value) = attributes.value("rtcp") else { return next };
    let mut words = value.split_ascii_whitespace();
    let Some(port) = words.next().and_then(|port| port.parse().ok()) else { return next };
    let address = words.nth(2).map_or_else(|| Some(remote.ip()), |address| address.parse().ok());
    address.and_then(|address| endpoint(address, port).ok()?).or(next)
}

fn direction(remote: Option<SocketAddr>, attributes: &Attributes<'_>) -> Direction {
    let all = [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive];
    let named = |attribute: &Attribute| {
        all.into_iter().find(|direction| attribute.attribute.eq_ignore_ascii_case(direction.name()))
    };
    let said = attributes.find(|attribute| named(attribute).is_some()).and_then(named).unwrap_or_default();
    if remote.is_some() { said } else { said.and(Direction::SendOnly) }
}

/// A packet time in ms that we can keep: 10 to 60, a multiple of 10. Nonsense is ignored.
fn packet_time(value: &str) -> Option<u8> {
    let digits = value.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    match digits.parse::<u16>().ok()? {
        0 | 201.. => None,
        ms @ 1..=200 => u8::try_from((ms / 10 * 10).clamp(10, 60)).ok(),
    }
}

/// `a=extmap:id[/direction] URI …` of a peer that sends its levels, in a header of one octet (RFC 8285 §5, §4.2).
fn audio_level(attributes: &[Attribute]) -> Option<u8> {
    let lines = attributes.iter().filter(|attribute| attribute.attribute.eq_ignore_ascii_case("extmap"));
    lines.filter_map(|line| line.value.as_deref()).find_map(|value| {
        let mut words = value.split_ascii_whitespace();
        let (number, uri) = (words.next()?, words.next()?);
        let (id, direction) = number.split_once('/').unwrap_or((number, "sendrecv"));
        let id = id.parse().ok().filter(|id| (1..=14).contains(id))?;
        (uri == AUDIO_LEVEL_URI && matches!(direction, "sendrecv" | "sendonly")).then_some(id)
    })
}
