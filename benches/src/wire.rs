//! How a codec is called on the wire: payload types, clock rates, session descriptions.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use clap::ValueEnum;
use confab_codec::{Codec, Opus};

/// The payload type of our telephone-events.
pub(crate) const EVENT_PAYLOAD_TYPE: u8 = 101;

/// The header extension that tells the level of a packet, and its number with us (RFC 6464 §4).
const LEVEL_EXTENSION: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
const LEVEL_ID: u8 = 1;

/// Octets of an RTP header without extensions.
const HEADER: usize = 12;

/// The first payload type without a meaning of its own (RFC 3551 §6).
const FIRST_DYNAMIC: u8 = 96;

/// What the callers speak.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum CodecName {
    /// G.711 μ-law
    #[default]
    Pcmu,
    /// G.711 A-law
    Pcma,
    /// G.722, 16 kHz
    G722,
    /// Opus, 48 kHz
    Opus,
}

impl fmt::Display for CodecName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pcmu => "pcmu",
            Self::Pcma => "pcma",
            Self::G722 => "g722",
            Self::Opus => "opus",
        })
    }
}

impl CodecName {
    /// The codec, with the settings that our packets are made with.
    pub(crate) fn codec(self, ptime_ms: u32) -> Codec {
        match self {
            Self::Pcmu => Codec::Pcmu,
            Self::Pcma => Codec::Pcma,
            Self::G722 => Codec::G722,
            Self::Opus => Codec::Opus(Opus {
                bitrate: 32_000,
                complexity: 5,
                fec: false,
                expected_loss: 0,
                dtx: false,
                packet_ms: ptime_ms as u8,
            }),
        }
    }

    /// The payload type that our offers give it.
    pub(crate) fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
            Self::Opus => 111,
        }
    }

    fn rtpmap(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU/8000",
            Self::Pcma => "PCMA/8000",
            Self::G722 => "G722/8000",
            Self::Opus => "opus/48000/2",
        }
    }
}

/// What a call offers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offered {
    /// The codec, beside telephone-events.
    pub(crate) codec: CodecName,
    /// The length of packets, ms.
    pub(crate) ptime_ms: u32,
    /// To tell the level of each packet (RFC 6464).
    pub(crate) level: bool,
}

/// The offer of a call whose audio goes to `local`.
pub(crate) fn offer(offered: Offered, local: SocketAddr, session: u64) -> String {
    let Offered { codec, ptime_ms, level } = offered;
    let level =
        if level { format!("a=extmap:{LEVEL_ID}/sendonly {LEVEL_EXTENSION}\r\n") } else { String::new() };
    let (family, ip, port) = (if local.is_ipv4() { "IP4" } else { "IP6" }, local.ip(), local.port());
    let (payload_type, rtpmap) = (codec.payload_type(), codec.rtpmap());
    let event_rate = if codec == CodecName::Opus { 48_000 } else { 8000 };
    format!(
        "v=0\r\no=- {session} 1 IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP {payload_type} {EVENT_PAYLOAD_TYPE}\r\n\
         a=rtpmap:{payload_type} {rtpmap}\r\na=rtpmap:{EVENT_PAYLOAD_TYPE} telephone-event/{event_rate}\r\n\
         a=fmtp:{EVENT_PAYLOAD_TYPE} 0-15\r\na=ptime:{ptime_ms}\r\n{level}a=sendrecv\r\n"
    )
}

/// What of an answer matters here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Answer {
    /// Where the server takes our audio.
    pub(crate) remote: SocketAddr,
    /// The payload type under which it wants it.
    pub(crate) payload_type: u8,
    /// Whether it wants to be told the level of each packet.
    pub(crate) level: bool,
}

/// Puts a level between the header and the payload of a packet of so many octets; its length then.
pub(crate) fn tell_level(datagram: &mut [u8], octets: usize, level: u8) -> usize {
    const EXTENSION: [u8; 8] = [0xbe, 0xde, 0, 1, LEVEL_ID << 4, 0, 0, 0];
    let after = HEADER + EXTENSION.len();
    datagram.copy_within(HEADER..octets, after);
    datagram[HEADER..after].copy_from_slice(&EXTENSION);
    datagram[HEADER + 5] = level;
    datagram[0] |= 0x10;
    octets + EXTENSION.len()
}

/// Reads the answer to our offer; `None` if it has no audio for us in our codec.
pub(crate) fn answer(sdp: &str, codec: CodecName) -> Option<Answer> {
    let value = |kind: &'static str| sdp.lines().filter_map(move |line| line.strip_prefix(kind));
    let mut media = value("m=audio ").next()?.split_whitespace();
    let port: u16 = media.next()?.parse().ok().filter(|port| *port != 0)?;
    let ip: IpAddr = value("c=").next_back()?.split_whitespace().nth(2)?.parse().ok()?;
    let offered: Vec<u8> = media.skip(1).filter_map(|number| number.parse().ok()).collect();
    let named = value("a=rtpmap:").find_map(|map| {
        let (number, name) = map.split_once(' ')?;
        name.trim_end().eq_ignore_ascii_case(codec.rtpmap()).then(|| number.parse().ok())?
    });
    let payload_type =
        named.or_else(|| Some(codec.payload_type()).filter(|number| *number < FIRST_DYNAMIC))?;
    let taken = offered.contains(&payload_type);
    let level = value("a=extmap:").any(|map| map.contains(LEVEL_EXTENSION));
    taken.then_some(Answer { remote: SocketAddr::new(ip, port), payload_type, level })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_read_back_as_an_answer() {
        for codec in [CodecName::Pcmu, CodecName::Pcma, CodecName::G722, CodecName::Opus] {
            for level in [false, true] {
                let local = "127.0.0.1:4000".parse().unwrap();
                let read = answer(&offer(Offered { codec, ptime_ms: 20, level }, local, 1), codec);
                let payload_type = codec.payload_type();
                assert_eq!(read, Some(Answer { remote: local, payload_type, level }), "{codec}");
            }
        }
    }

    #[test]
    fn a_level_is_told_between_header_and_payload() {
        let mut datagram = [0x80; 64];
        datagram[12..14].copy_from_slice(&[1, 2]);
        let octets = tell_level(&mut datagram, 14, 62);
        let packet = confab_rtp::Packet::parse(&datagram[..octets]).unwrap();
        assert_eq!(packet.payload, [1, 2]);
        assert_eq!(packet.extension.audio_level(LEVEL_ID).map(|level| level.dbov), Some(62));
    }

    #[test]
    fn an_answer_may_number_opus_anew_and_leave_static_types_unnamed() {
        let opus = "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 9 RTP/AVP 96\r\na=rtpmap:96 OPUS/48000/2\r\n";
        assert_eq!(answer(opus, CodecName::Opus).map(|answer| answer.payload_type), Some(96));
        let bare = "v=0\r\nc=IN IP6 ::1\r\nm=audio 9 RTP/AVP 8\r\n";
        assert_eq!(answer(bare, CodecName::Pcma).map(|answer| answer.remote), "[::1]:9".parse().ok());
        assert_eq!(answer(bare, CodecName::Opus), None);
        assert_eq!(answer("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 0 RTP/AVP 8\r\n", CodecName::Pcma), None);
    }
}
