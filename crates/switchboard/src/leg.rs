//! One leg: a call's signalling, its session description and its place in a room.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bytes::Bytes;
use confab_conference::{CallerId, DialTarget, LegId, RoomId};
use confab_sdp::{Session, Stream};
use confab_sip::CallRef;

use crate::digits::DigitMerge;
use crate::quality::{LineName, Watch};
use crate::silence::Silence;

/// How far a leg has come.
#[derive(Debug)]
pub(crate) enum Stage {
    /// A caller, while his ports are being reserved. The conferences do not know him yet.
    Arriving(Box<Arrival>),
    /// Somebody we are to call, while his ports are being reserved.
    Dialling(Box<Dialling>),
    /// The INVITE is out (outbound) or unanswered (inbound, with our answer to his offer at hand).
    Ringing {
        /// Inbound: the session description of our 200. `None` when his INVITE had no offer, and for outbound legs.
        answer: Option<Bytes>,
    },
    /// Answered; audio flows once the leg has a room.
    Answered,
}

/// An INVITE that is to be sent.
#[derive(Debug)]
pub(crate) struct Dialling {
    /// Whom.
    pub(crate) target: DialTarget,
    /// Who it is from.
    pub(crate) caller: CallerId,
}

/// What an INVITE brought.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) caller: confab_conference::Caller,
    pub(crate) dialled: String,
    /// Where the INVITE came from.
    pub(crate) source: IpAddr,
    /// The leg whose place he takes.
    pub(crate) replaces: Option<LegId>,
    pub(crate) offer: Option<Bytes>,
}

/// One call's signalling and audio with us.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) call: Option<CallRef>,
    pub(crate) outbound: bool,
    /// Where its SIP comes from. Proved by an ACK or an answer, which nobody sends who has not seen our message: an
    /// INVITE with a forged source must not turn audio on its victim.
    pub(crate) signalling: Option<IpAddr>,
    pub(crate) digits: DigitMerge,
    /// Its RTP port; RTCP is one above.
    port: Option<u16>,
    pub(crate) session: Option<Session>,
    pub(crate) room: Option<RoomId>,
    pub(crate) stage: Stage,
    /// Audio was started.
    pub(crate) flowing: bool,
    pub(crate) held: bool,
    /// Keys are listened for in its audio.
    pub(crate) hears_keys: bool,
    /// Its room and number, for the log.
    pub(crate) name: Box<str>,
    pub(crate) silence: Silence,
    pub(crate) watch: Watch,
}

impl Leg {
    /// A caller whose ports are not reserved yet.
    pub(crate) fn arriving(call: CallRef, arrival: Arrival) -> Self {
        Self { call: Some(call), outbound: false, ..Self::new(Stage::Arriving(Box::new(arrival))) }
    }

    /// Somebody we are to call, whose ports are not reserved yet.
    pub(crate) fn dialling(target: DialTarget, caller: CallerId) -> Self {
        Self::new(Stage::Dialling(Box::new(Dialling { target, caller })))
    }

    fn new(stage: Stage) -> Self {
        Self {
            call: None,
            outbound: true,
            signalling: None,
            digits: DigitMerge::default(),
            port: None,
            session: None,
            room: None,
            stage,
            flowing: false,
            held: false,
            hears_keys: false,
            name: Box::default(),
            silence: Silence::default(),
            watch: Watch::default(),
        }
    }

    pub(crate) fn is_answered(&self) -> bool {
        matches!(self.stage, Stage::Answered)
    }

    /// Its room and number, and the encoding that was agreed on.
    pub(crate) fn line_name(&self) -> LineName {
        LineName { leg: self.name.clone(), encoding: self.stream().map(|stream| stream.encoding) }
    }

    /// Who it is, as long as his ports are being reserved.
    pub(crate) fn who(&self) -> &str {
        match &self.stage {
            Stage::Arriving(arrival) => &arrival.caller.number,
            Stage::Dialling(dialling) => dialling.target.number(),
            Stage::Ringing { .. } | Stage::Answered => &self.name,
        }
    }

    /// The stream that the last exchange agreed on.
    pub(crate) fn stream(&self) -> Option<&Stream> {
        self.session.as_ref().and_then(Session::stream)
    }
}

/// Every leg, found by its id or by its call.
#[derive(Debug, Default)]
pub(crate) struct Legs {
    /// Boxed, since a tree keeps places free beside those in use.
    legs: BTreeMap<LegId, Box<Leg>>,
    by_call: BTreeMap<CallRef, LegId>,
    /// Their RTP ports.
    ports: BTreeSet<u16>,
    next_inbound: u64,
}

impl Legs {
    /// Adds a caller under a new id.
    pub(crate) fn add_inbound(&mut self, leg: Leg) -> LegId {
        self.next_inbound += 1;
        let id = LegId(self.next_inbound);
        self.add(id, leg);
        id
    }

    /// Adds a leg under the id that the conferences chose.
    pub(crate) fn add(&mut self, id: LegId, leg: Leg) {
        if let Some(call) = leg.call {
            self.by_call.insert(call, id);
        }
        self.legs.insert(id, Box::new(leg));
    }

    /// Ties an outbound leg to its call.
    pub(crate) fn bind(&mut self, id: LegId, call: CallRef) {
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.call = Some(call);
            self.by_call.insert(call, id);
        }
    }

    /// Notes the RTP port that was reserved for a leg.
    pub(crate) fn open(&mut self, id: LegId, port: u16) -> Option<&mut Leg> {
        let leg = self.legs.get_mut(&id)?;
        leg.port = Some(port);
        self.ports.insert(port);
        Some(leg)
    }

    pub(crate) fn find(&self, id: LegId) -> Option<&Leg> {
        self.legs.get(&id).map(Box::as_ref)
    }

    pub(crate) fn find_mut(&mut self, id: LegId) -> Option<&mut Leg> {
        self.legs.get_mut(&id).map(Box::as_mut)
    }

    pub(crate) fn of_call(&self, call: CallRef) -> Option<LegId> {
        self.by_call.get(&call).copied()
    }

    pub(crate) fn remove(&mut self, id: LegId) -> Option<Leg> {
        let leg = self.legs.remove(&id)?;
        if let Some(call) = leg.call {
            self.by_call.remove(&call);
        }
        if let Some(port) = leg.port {
            self.ports.remove(&port);
        }
        Some(*leg)
    }

    /// Callers that the conferences have not been told of.
    pub(crate) fn arriving(&self) -> Vec<LegId> {
        let unknown = |leg: &Leg| matches!(leg.stage, Stage::Arriving(_));
        self.legs.iter().filter(|(_, leg)| unknown(leg)).map(|(id, _)| *id).collect()
    }

    /// Whether audio sent to this port of ours reaches a leg.
    pub(crate) fn hold_port(&self, port: u16) -> bool {
        self.ports.contains(&(port & !1))
    }

    pub(crate) fn len(&self) -> usize {
        self.legs.len()
    }
}
