//! Our own descriptions.

use std::fmt::Display;

use sdp_types::{Attribute, Connection, Media, Origin, Time};

use crate::description::AUDIO_LEVEL_URI;
use crate::encoding::Encoding;
use crate::opus::OpusParameters;
use crate::stream::{Direction, Local};

/// The longest packets that we take, in ms.
const MAX_PTIME_MS: u8 = 60;

/// What is said of the one audio stream that we take part in.
#[derive(Debug)]
pub(crate) struct AudioLine<'a> {
    pub(crate) proto: &'a str,
    /// Encodings with their payload types, the preferred one first.
    pub(crate) encodings: &'a [(Encoding, u8)],
    /// Telephone-events: clock rates in Hz and payload types.
    pub(crate) events: &'a [(u32, u8)],
    /// Whether flash (16) is among the events.
    pub(crate) flash: bool,
    pub(crate) comfort_noise: Option<u8>,
    pub(crate) ptime_ms: u8,
    pub(crate) direction: Direction,
    pub(crate) rtcp_mux: bool,
    pub(crate) rtcp_xr: bool,
    /// The id of the header extension under which we want the level of each packet.
    pub(crate) audio_level: Option<u8>,
}

/// A whole description with the given media lines.
pub(crate) fn session(
    local: &Local,
    session_id: u64,
    version: u64,
    medias: Vec<Media>,
) -> sdp_types::Session {
    let address = local.address();
    let mut session = sdp_types::Session::new(Origin::with_ip_addr(session_id, version, address), "-");
    session.connection = Some(Connection::from_ip_addr(address));
    session.times = vec![Time { start_time: 0, stop_time: 0, repeats: Vec::new() }];
    session.medias = medias;
    session
}

/// A description as text.
pub(crate) fn body(session: &sdp_types::Session) -> Vec<u8> {
    let mut body = Vec::with_capacity(512);
    // Writing to memory does not fail.
    let _ = session.write(&mut body);
    body.shrink_to_fit();
    body
}

/// The `m=` line of our audio stream and its attributes.
pub(crate) fn audio(local: &Local, line: &AudioLine<'_>) -> Media {
    let mut media = empty_media("audio", local.port, line.proto, format_list(line));
    for (encoding, payload_type) in line.encodings {
        media.attributes.push(rtpmap(*payload_type, encoding));
        if *encoding == Encoding::Opus && local.opus != OpusParameters::default() {
            media.attributes.push(fmtp(*payload_type, local.opus));
        }
    }
    if let Some(payload_type) = line.comfort_noise {
        media.attributes.push(rtpmap(payload_type, "CN/8000"));
    }
    for (rate, payload_type) in line.events {
        media.attributes.push(rtpmap(*payload_type, format_args!("telephone-event/{rate}")));
        media.attributes.push(fmtp(*payload_type, if line.flash { "0-16" } else { "0-15" }));
    }
    media.attributes.push(Attribute::with_value("ptime", line.ptime_ms));
    media.attributes.push(Attribute::with_value("maxptime", MAX_PTIME_MS));
    media.attributes.push(Attribute::new(line.direction.name()));
    media.attributes.extend(line.rtcp_mux.then(|| Attribute::new("rtcp-mux")));
    media.attributes.extend(line.rtcp_xr.then(|| Attribute::with_value("rtcp-xr", "voip-metrics")));
    media.attributes.extend(line.audio_level.map(audio_level));
    media
}

/// The `m=` line that refuses another one (RFC 3264 §6): the same kind, port 0, one of its formats.
pub(crate) fn refusal(of: &Media) -> Media {
    let format = of.fmt.split_ascii_whitespace().next().unwrap_or("0");
    empty_media(&of.media, 0, &of.proto, format.to_owned())
}

fn empty_media(kind: &str, port: u16, proto: &str, fmt: String) -> Media {
    Media {
        media: kind.to_owned(),
        port,
        num_ports: None,
        proto: proto.to_owned(),
        fmt,
        media_title: None,
        connections: Vec::new(),
        bandwidths: Vec::new(),
        key: None,
        attributes: Vec::new(),
    }
}

fn format_list(line: &AudioLine<'_>) -> String {
    let encodings = line.encodings.iter().map(|(_, payload_type)| *payload_type);
    let events = line.events.iter().map(|(_, payload_type)| *payload_type);
    let numbers: Vec<String> =
        encodings.chain(line.comfort_noise).chain(events).map(|number| number.to_string()).collect();
    numbers.join(" ")
}

fn rtpmap(payload_type: u8, encoding: impl Display) -> Attribute {
    Attribute::with_value("rtpmap", format!("{payload_type} {encoding}"))
}

fn fmtp(payload_type: u8, parameters: impl Display) -> Attribute {
    Attribute::with_value("fmtp", format!("{payload_type} {parameters}"))
}

/// We read levels and send none.
fn audio_level(id: u8) -> Attribute {
    Attribute::with_value("extmap", format!("{id}/recvonly {AUDIO_LEVEL_URI}"))
}
