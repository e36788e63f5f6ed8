//! A leg: one call, incoming or outgoing, on its way into a room, in it, or on its way out.

use std::sync::Arc;
use std::time::Instant;

use crate::action::{CallerId, ClipId, DialTarget, LegId, RoomId};
use crate::entry::{Entry, PinEntry, Waiting};
use crate::input::Caller;
use crate::invite::{Outgoing, Terms};
use crate::limits::Identity;
use crate::member::Member;
use crate::prompts::Prompts;
use crate::settings::Route;

#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) call: Call,
    pub(crate) entry: Entry,
    /// The room it is attached to or called into.
    pub(crate) room: Option<RoomId>,
    /// Put on hold by its phone.
    pub(crate) held: bool,
    pub(crate) prompts: Prompts,
    /// The name that he recorded.
    pub(crate) name: Option<ClipId>,
    /// Until then a `#` is the late end of a number or PIN that was complete without it.
    pub(crate) late_terminator: Option<Instant>,
    pub(crate) stage: Stage,
}

#[derive(Debug)]
pub(crate) enum Call {
    Incoming { caller: Caller, dialled: String, route: Arc<Route> },
    Outgoing(Outgoing),
}

#[derive(Debug)]
pub(crate) enum Stage {
    /// An incoming call about which one asks elsewhere.
    LookingUp,
    /// An incoming call that we have not answered.
    Arriving,
    /// Answered; types the PIN.
    Pin(PinEntry),
    /// Answered; records the name by which others hear of him.
    Naming(Naming),
    /// An outgoing call that has not been answered.
    Calling,
    /// An outgoing call that was answered; he hears what he is to hear first, and must confirm if he `must`.
    Confirming {
        must: bool,
    },
    /// Answered; hears music in front of the room.
    Waiting(Box<Waiting>),
    Member(Box<Member>),
    /// Hears its last prompt.
    Leaving,
}

/// On the way to a recorded name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Naming {
    pub(crate) tries_left: u8,
    /// What is being recorded, or was.
    pub(crate) clip: Option<ClipId>,
    /// He hears what he said, and judges it.
    pub(crate) review: bool,
}

impl Leg {
    pub(crate) fn incoming(
        id: LegId,
        caller: Caller,
        dialled: String,
        route: Arc<Route>,
        entry: Entry,
    ) -> Self {
        Self::new(id, Call::Incoming { caller, dialled, route }, entry, None, Stage::Arriving)
    }

    pub(crate) fn outgoing(id: LegId, outgoing: Outgoing, terms: &Terms, room: RoomId) -> Self {
        let entry = Entry::invited(terms);
        Self::new(id, Call::Outgoing(outgoing), entry, Some(room), Stage::Calling)
    }

    fn new(id: LegId, call: Call, entry: Entry, room: Option<RoomId>, stage: Stage) -> Self {
        let prompts = Prompts::new(id);
        Self { call, entry, room, held: false, prompts, name: None, late_terminator: None, stage }
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

    /// Whether this key is the late end of what was complete without it.
    pub(crate) fn is_late_terminator(&mut self, now: Instant, digit: char) -> bool {
        let until = self.late_terminator.take();
        digit == '#' && until.is_some_and(|until| now < until)
    }

    pub(crate) fn is_calling(&self) -> bool {
        matches!(self.stage, Stage::Calling)
    }
}
