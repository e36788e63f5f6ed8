//! Our own descriptions.

use sdp_types::{Attribute, Connection, Media, Origin, Time};

use crate::stream::{Direction, Encoding, Local};

/// The longest packets that we take, in ms.
const MAX_PTIME_MS: u8 = 60;

/// What is said of the one audio stream that we take part in.
#[derive(Debug)]
pub(crate) struct AudioLine<'a> {
    pub(crate) proto: &'a str,
    /// Encodings with their payload types, the preferred one first.
    pub(crate) encodings: &'a [(Encoding, u8)],
    pub(crate) events: Option<EventsLine>,
    pub(crate) comfort_noise: Option<u8>,
    pub(crate) ptime_ms: u8,
    pub(crate) direction: Direction,
    pub(crate) rtcp_mux: bool,
}

/// Telephone-events: payload type, and whether flash (16) is among them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventsLine {
    pub(crate) payload_type: u8,
    pub(crate) flash: bool,
}

/// A whole description with the given media lines.
pub(crate) fn description(local: &Local, session_id: u64, version: u64, medias: Vec<Media>) -> Vec<u8> {
    let address = local.address();
    let origin = Origin::with_ip_addr(session_id, version, address);
    let mut session = sdp_types::Session::new(origin, "-");
    session.connection = Some(Connection::from_ip_addr(address));
    session.times = vec![Time { start_time: 0, stop_time: 0, repeats: Vec::new() }];
    session.medias = medias;
    let mut body = Vec::with_capacity(512);
    // Writing to memory does not fail.
    let _ = session.write(&mut body);
    body
}

/// The `m=` line of our audio stream and its attributes.
pub(crate) fn audio(local: &Local, line: &AudioLine<'_>) -> Media {
    let mut media = empty_media("audio", local.port, line.proto, format_list(line));
    for (encoding, payload_type) in line.encodings {
        media.attributes.push(rtpmap(*payload_type, encoding.name()));
    }
    if let Some(payload_type) = line.comfort_noise {
        media.attributes.push(rtpmap(payload_type, "CN"));
    }
    if let Some(events) = line.events {
        media.attributes.push(rtpmap(events.payload_type, "telephone-event"));
        let range = if events.flash { "0-16" } else { "0-15" };
        media.attributes.push(Attribute::with_value("fmtp", format!("{} {range}", events.payload_type)));
    }
    media.attributes.push(Attribute::with_value("ptime", line.ptime_ms));
    media.attributes.push(Attribute::with_value("maxptime", MAX_PTIME_MS));
    media.attributes.push(Attribute::new(line.direction.name()));
    if line.rtcp_mux {
        media.attributes.push(Attribute::new("rtcp-mux"));
    }
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
    let events = line.events.map(|events| events.payload_type);
    let numbers: Vec<String> =
        encodings.chain(line.comfort_noise).chain(events).map(|number| number.to_string()).collect();
    numbers.join(" ")
}

fn rtpmap(payload_type: u8, name: &str) -> Attribute {
    Attribute::with_value("rtpmap", format!("{payload_type} {name}/8000"))
}
