//! What a call negotiated for its audio.

use std::net::{IpAddr, SocketAddr};

use confab_codec::Codec;
use confab_rtp::{Framing, Impairment, InboundConfig, JitterConfig};

/// The audio stream of one leg as negotiated, from our point of view.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamConfig {
    /// Where the peer wants its RTP; `None` when it gave no address (hold by `c=0.0.0.0`).
    pub remote: Option<SocketAddr>,
    /// Where it wants its RTCP; `None` for the port after `remote`'s.
    pub remote_rtcp: Option<SocketAddr>,
    /// The codec, both ways; for Opus as we are to send it.
    pub codec: Codec,
    /// Payload type of the audio that we send.
    pub send_payload_type: u8,
    /// Payload type of the audio that we receive.
    pub receive_payload_type: u8,
    /// Payload type of telephone-events that we receive, if negotiated.
    pub event_payload_type: Option<u8>,
    /// Payload type of telephone-events that we send, if negotiated.
    pub send_event_payload_type: Option<u8>,
    /// Rate of the timestamps in telephone-events, Hz (RFC 4733 §2.5).
    pub event_clock_rate: u32,
    /// Payload type of comfort noise that we receive (RFC 3389), if negotiated.
    pub comfort_noise: Option<u8>,
    /// Payload type of comfort noise that we send instead of digital silence; `None`: RTP never pauses.
    pub send_comfort_noise: Option<u8>,
    /// Length of the packets that we send, in ms; kept within 10 to 60. Opus has its own in the codec.
    pub ptime_ms: u8,
    /// The most delay that the jitter buffer may add, ms.
    pub jitter_max_ms: u16,
    /// We asked for in-band FEC (RFC 7587 §6.1): with Opus a packet that is lost may be told by the next one.
    pub receives_fec: bool,
    /// False when the peer's direction forbids us to send; the timestamps run on meanwhile.
    pub send: bool,
    /// False when we said that we do not want to receive.
    pub receive: bool,
    /// RTCP on the RTP port (RFC 5761).
    pub rtcp_mux: bool,
    /// The peer wants RTCP XR VoIP metrics (RFC 3611).
    pub xr: bool,
    /// Id of the header extension that tells the level of each packet (RFC 6464), if negotiated.
    pub audio_level_ext: Option<u8>,
    /// Our canonical name in RTCP (RFC 3550 §6.5.1).
    pub cname: String,
    /// Where the call's signalling comes from, once that is proved: the second candidate for the source of its RTP.
    pub signalling_source: Option<IpAddr>,
}

impl StreamConfig {
    /// A stream both ways in 20 ms packets of one payload type, to nowhere yet, and with nothing beside it.
    #[must_use]
    pub fn new(codec: Codec, payload_type: u8) -> Self {
        Self {
            remote: None,
            remote_rtcp: None,
            codec,
            send_payload_type: payload_type,
            receive_payload_type: payload_type,
            event_payload_type: None,
            send_event_payload_type: None,
            event_clock_rate: 8000,
            comfort_noise: None,
            send_comfort_noise: None,
            ptime_ms: 20,
            jitter_max_ms: 200,
            receives_fec: true,
            send: true,
            receive: true,
            rtcp_mux: false,
            xr: false,
            audio_level_ext: None,
            cname: String::new(),
            signalling_source: None,
        }
    }

    /// What receives it in a room that ticks so often.
    pub(crate) fn inbound(&self, interval_ms: u16) -> InboundConfig {
        InboundConfig {
            remote: self.remote,
            remote_rtcp: self.remote_rtcp,
            rtcp_mux: self.rtcp_mux,
            signalling: self.signalling_source,
            payload_type: self.receive_payload_type,
            event_payload_type: self.event_payload_type,
            event_clock_rate: self.event_clock_rate,
            comfort_noise: self.comfort_noise,
            audio_level: self.audio_level_ext,
            impairment: impairment(self.codec),
            jitter: JitterConfig {
                clock_rate: self.codec.clock_rate(),
                interval_ms,
                max_delay_ms: self.jitter_max_ms,
                framing: framing(self.codec),
                fec: self.receives_fec && matches!(self.codec, Codec::Opus(_)),
            },
        }
    }
}

fn framing(codec: Codec) -> Framing {
    match codec {
        Codec::Pcmu | Codec::Pcma | Codec::G722 => Framing::Octets { per_unit: 1 },
        Codec::L16 { .. } => Framing::Octets { per_unit: 2 },
        Codec::Opus(_) => Framing::Opus,
    }
}

/// What the codec costs in quality, for the E-model.
pub(crate) fn impairment(codec: Codec) -> Impairment {
    match codec {
        Codec::Pcmu | Codec::Pcma | Codec::L16 { rate: 8000 } => Impairment::G711,
        Codec::G722 => Impairment::G722,
        Codec::L16 { .. } => Impairment::L16_WIDE,
        Codec::Opus(_) => Impairment::OPUS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_codec::Opus;

    /// What the peer wants to be sent says nothing of what it sends.
    #[test]
    fn the_packet_behind_a_lost_one_is_waited_for_if_we_asked_for_fec() {
        let opus = |fec| Codec::Opus(Opus { fec, ..Opus::default() });
        for (codec, receives_fec, waits) in
            [(opus(false), true, true), (opus(true), false, false), (Codec::G722, true, false)]
        {
            let stream = StreamConfig { receives_fec, ..StreamConfig::new(codec, 96) };
            assert_eq!(stream.inbound(20).jitter.fec, waits, "{codec:?}");
        }
    }
}
