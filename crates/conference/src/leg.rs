//! A leg: one call, incoming or outgoing, on its way into a room, in it, or on its way out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::action::{CallerId, DialTarget, LegId, RoomId};
use crate::input::Caller;
use crate::limits::Identity;
use crate::member::Member;
use crate::names::RoomName;
use crate::prompts::Prompts;
use crate::settings::Route;

#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) call: Call,
    /// The room it is attached to or called into.
    pub(crate) room: Option<RoomId>,
    /// Put on hold by its phone.
    pub(crate) held: bool,
    pub(crate) prompts: Prompts,
    pub(crate) stage: Stage,
}

#[derive(Debug)]
pub(crate) enum Call {
    Incoming { caller: Caller, route: Arc<Route>, room: RoomName },
    Outgoing(Outgoing),
}

/// A call that we place.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) target: DialTarget,
    /// Tried next if this one does not answer.
    pub(crate) fallbacks: VecDeque<DialTarget>,
    pub(crate) terms: Terms,
}

/// What does not depend on whom we call.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) asked_by: AskedBy,
    /// Number of who asked for it.
    pub(crate) by: String,
    pub(crate) caller_id: CallerId,
    pub(crate) role: String,
    pub(crate) mute: bool,
    /// How long it rings.
    pub(crate) ring: Duration,
    /// How long it lasts at most.
    pub(crate) duration: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AskedBy {
    /// The route of a caller.
    Route,
    /// A member, by key.
    Member(LegId),
}

#[derive(Debug)]
pub(crate) enum Stage {
    /// An incoming call that we have not answered.
    Arriving,
    /// Answered; types the PIN.
    Pin(PinEntry),
    /// An outgoing call that has not been answered.
    Calling,
    Member(Box<Member>),
    /// Hears its last prompt.
    Leaving,
}

#[derive(Debug)]
pub(crate) struct PinEntry {
    pub(crate) typed: String,
    pub(crate) tries_left: u8,
    /// Whether one try was wrong.
    pub(crate) failed: bool,
}

impl Leg {
    pub(crate) fn incoming(id: LegId, caller: Caller, route: Arc<Route>, room: RoomName) -> Self {
        Self::new(id, Call::Incoming { caller, route, room }, None, Stage::Arriving)
    }

    pub(crate) fn outgoing(id: LegId, outgoing: Outgoing, room: RoomId) -> Self {
        Self::new(id, Call::Outgoing(outgoing), Some(room), Stage::Calling)
    }

    fn new(id: LegId, call: Call, room: Option<RoomId>, stage: Stage) -> Self {
        Self { call, room, held: false, prompts: Prompts::new(id), stage }
    }

    /// The number by which events call him.
    pub(crate) fn number(&self) -> &str {
        match &self.call {
            Call::Incoming { caller, .. } => &caller.number,
            Call::Outgoing(outgoing) => outgoing.target.number(),
        }
    }

    /// What others see when he calls them in.
    pub(crate) fn caller_id(&self) -> CallerId {
        let name = match &self.call {
            Call::Incoming { caller, .. } => caller.name.clone(),
            Call::Outgoing(_) => None,
        };
        CallerId { name, number: self.number().to_owned() }
    }

    /// Who he is, as far as we know it for certain.
    pub(crate) fn identity(&self) -> Identity {
        match &self.call {
            Call::Incoming { caller: Caller { user: Some(user), .. }, .. } => Identity::User(user.clone()),
            Call::Outgoing(Outgoing { target: DialTarget::User(user), .. }) => Identity::User(user.clone()),
            _ => Identity::Number(self.number().to_owned()),
        }
    }

    /// Whether a call of this target would call him.
    pub(crate) fn is_reached_by(&self, target: &DialTarget) -> bool {
        match (&self.call, target) {
            (Call::Incoming { caller, .. }, DialTarget::User(user)) => caller.user.as_ref() == Some(user),
            (Call::Incoming { .. }, DialTarget::Gateway { .. }) => false,
            (Call::Outgoing(outgoing), target) => outgoing.target == *target,
        }
    }

    pub(crate) fn route(&self) -> Option<&Arc<Route>> {
        match &self.call {
            Call::Incoming { route, .. } => Some(route),
            Call::Outgoing(_) => None,
        }
    }

    pub(crate) fn as_outgoing(&self) -> Option<&Outgoing> {
        match &self.call {
            Call::Incoming { .. } => None,
            Call::Outgoing(outgoing) => Some(outgoing),
        }
    }

    pub(crate) fn member(&mut self) -> Option<&mut Member> {
        match &mut self.stage {
            Stage::Member(member) => Some(member),
            _ => None,
        }
    }

    /// Whether the conference ends when he leaves.
    pub(crate) fn ends_conference(&self) -> bool {
        matches!(self.stage, Stage::Member(_))
            && self.route().is_some_and(|route| route.end_conference_when_leaves)
    }

    pub(crate) fn is_calling(&self) -> bool {
        matches!(self.stage, Stage::Calling)
    }
}
