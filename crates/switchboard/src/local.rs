//! What each leg's session description starts from.

use std::net::IpAddr;

use confab_sdp::{Direction, Encoding, Local, Session, Stream};

/// Packet time that we offer and prefer, ms.
const PTIME_MS: u8 = 20;

/// Our side of every session description.
#[derive(Debug)]
pub(crate) struct LocalAudio {
    /// One of each family at most, the preferred one first.
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) encodings: Vec<Encoding>,
}

impl LocalAudio {
    /// The offer/answer state of a new leg whose audio arrives at `port`, and whose SIP goes to `peer`.
    pub(crate) fn session(&self, port: u16, peer: Option<IpAddr>, session_id: u64) -> Session {
        let mut local = Local {
            addresses: self.addresses.clone(),
            port,
            encodings: self.encodings.clone(),
            ptime_ms: PTIME_MS,
            telephone_event: true,
            comfort_noise: false,
            rtcp_mux: false,
        };
        if let Some(peer) = peer {
            local.prefer(peer);
        }
        Session::new(local, session_id)
    }

    /// What holds while our offer has no answer yet: nobody to send to.
    pub(crate) fn before_the_answer(&self) -> Stream {
        let encoding = self.encodings.first().copied().unwrap_or(Encoding::Pcmu);
        Stream {
            remote: None,
            remote_rtcp: None,
            encoding,
            send_payload_type: encoding.static_payload_type(),
            receive_payload_type: encoding.static_payload_type(),
            events: None,
            comfort_noise: None,
            ptime_ms: PTIME_MS,
            direction: Direction::SendRecv,
            rtcp_mux: false,
        }
    }
}
