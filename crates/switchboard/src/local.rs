//! What each leg's session description starts from.

use std::net::IpAddr;

use confab_conference::{Codec, Line, Negotiation, Profile};
use confab_sdp::{Direction, Encoding, Local, OpusParameters, Preference, Session, Stream};

/// Our side of every session description.
#[derive(Debug)]
pub(crate) struct LocalAudio {
    /// One of each family at most, the preferred one first.
    pub(crate) addresses: Vec<IpAddr>,
}

impl LocalAudio {
    /// The offer/answer state of a new leg of a room with this profile, whose audio arrives at `port`, and whose SIP goes
    /// to `peer`.
    pub(crate) fn session(&self, port: u16, peer: Option<IpAddr>, profile: &Profile, id: u64) -> Session {
        let (line, rate) = (&profile.line, profile.rate.highest());
        let mut local = Local {
            addresses: self.addresses.clone(),
            port,
            encodings: encodings(line),
            preference: match line.negotiation {
                Negotiation::Generous => Preference::Peer,
                Negotiation::Greedy => Preference::Own,
            },
            useful_rate: rate,
            opus: OpusParameters {
                max_playback_rate: (rate < 48_000).then_some(rate),
                in_band_fec: line.opus.fec,
                dtx: line.opus.dtx,
                ..OpusParameters::default()
            },
            ptime_ms: line.ptime_ms,
            telephone_event: true,
            comfort_noise: true,
            rtcp_mux: true,
            rtcp_xr: true,
            audio_level: true,
        };
        if let Some(peer) = peer {
            local.prefer(peer);
        }
        Session::new(local, id)
    }
}

/// What the names stand for: L16 for all its rates, the highest first.
fn encodings(line: &Line) -> Vec<Encoding> {
    let of = |codec: &Codec| match codec {
        Codec::Opus => vec![Encoding::Opus],
        Codec::G722 => vec![Encoding::G722],
        Codec::Pcmu => vec![Encoding::Pcmu],
        Codec::Pcma => vec![Encoding::Pcma],
        Codec::L16 => Encoding::L16_RATES.into_iter().rev().map(|rate| Encoding::L16 { rate }).collect(),
    };
    line.codecs.iter().flat_map(of).collect()
}

/// What holds while our offer has no answer yet: nobody to send to.
pub(crate) fn before_the_answer(profile: &Profile) -> Stream {
    let encoding = encodings(&profile.line).first().copied().unwrap_or(Encoding::Pcmu);
    Stream {
        remote: None,
        remote_rtcp: None,
        encoding,
        send_payload_type: encoding.payload_type(),
        receive_payload_type: encoding.payload_type(),
        opus: OpusParameters::default(),
        events: None,
        comfort_noise: None,
        ptime_ms: profile.line.ptime_ms,
        direction: Direction::SendRecv,
        rtcp_mux: false,
        rtcp_xr: false,
        audio_level: None,
        is_ambiguous: false,
    }
}
