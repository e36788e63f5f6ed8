//! An invite: all the calls that are placed so that one of them joins a room.

use std::time::{Duration, Instant};

use crate::action::{CallerId, DialTarget, InviteId, LegId, ReferId, RoomId};
use crate::event::InviteState;
use crate::input::{Outcome, Release};
use crate::settings::{Dialling, InviteCue, MemberFlags, Strategy};

/// A call that we place.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) target: DialTarget,
    /// What it is placed for.
    pub(crate) invite: InviteId,
}

/// What does not depend on whom we call.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// Number of who asked for it.
    pub(crate) by: String,
    pub(crate) caller_id: CallerId,
    pub(crate) role: String,
    pub(crate) flags: MemberFlags,
    pub(crate) dialling: Dialling,
    /// How long each call rings.
    pub(crate) ring: Duration,
    /// How long a call lasts at most.
    pub(crate) duration: Option<Duration>,
    /// Played to who answers before he joins.
    pub(crate) announce: Option<String>,
}

impl Terms {
    /// How many of the targets are called at one time.
    pub(crate) fn calls_at_once(&self, targets: &[DialTarget]) -> usize {
        if self.dialling.strategy == Strategy::Simultaneous { targets.len() } else { 1 }
    }
}

/// Who wants to know how an invite ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    /// A member, by key.
    Key(LegId),
    /// A member, by REFER.
    Refer(LegId, ReferId),
}

impl Asker {
    /// Another leg has taken the place of this one.
    pub(crate) fn replace(&mut self, old: LegId, new: LegId) {
        match self {
            Self::Key(leg) | Self::Refer(leg, _) if *leg == old => *leg = new,
            _ => {}
        }
    }

    pub(crate) fn leg(self) -> LegId {
        match self {
            Self::Key(leg) | Self::Refer(leg, _) => leg,
        }
    }
}

/// How a call or an invite ended without a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) state: InviteState,
    pub(crate) release: Release,
}

impl Ending {
    pub(crate) fn of(state: InviteState) -> Self {
        Self { state, release: Release::default() }
    }

    /// What it tells the inviter.
    pub(crate) fn cue(self) -> InviteCue {
        match self.state {
            InviteState::Busy => InviteCue::Busy,
            InviteState::Declined => InviteCue::Declined,
            InviteState::NoAnswer => InviteCue::NoAnswer,
            InviteState::NotConfirmed => InviteCue::NotConfirmed,
            InviteState::Cancelled => InviteCue::Cancelled,
            InviteState::NotAllowed => InviteCue::Limit,
            _ => InviteCue::Unreachable,
        }
    }

    /// What it tells who asked by REFER.
    pub(crate) fn status(self) -> u16 {
        self.release.status.filter(|status| *status >= 300).unwrap_or(match self.state {
            InviteState::Busy => 486,
            InviteState::Declined => 603,
            InviteState::NoAnswer => 408,
            InviteState::NotConfirmed => 480,
            InviteState::Cancelled => 487,
            InviteState::NotAllowed => 403,
            _ => 404,
        })
    }

    /// Whether it says of the person, and not only of the place that was called, that he does not come (RFC 3261 §21.6).
    fn is_final(self) -> bool {
        self.release.status.is_some_and(|status| (600..700).contains(&status))
    }

    /// Of several endings the one is told that says most of the person.
    fn weight(self) -> u8 {
        match self.state {
            InviteState::Declined => 5,
            InviteState::Busy => 4,
            InviteState::NotConfirmed => 3,
            InviteState::NoAnswer => 2,
            _ => 1,
        }
    }
}

impl From<(Outcome, Release)> for Ending {
    fn from((outcome, release): (Outcome, Release)) -> Self {
        let state = match outcome {
            Outcome::Busy => InviteState::Busy,
            Outcome::Declined => InviteState::Declined,
            Outcome::NoAnswer => InviteState::NoAnswer,
            Outcome::Unreachable => InviteState::Unreachable,
        };
        Self { state, release }
    }
}

/// What is to be done when all calls of an invite have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// The rest of the hunt list is called.
    Hunt,
    /// He was busy: all is tried again later.
    Redial,
    /// It has failed.
    Fail,
}

/// An invite, from its first call until who joined by it leaves.
#[derive(Debug)]
pub(crate) struct Invite {
    pub(crate) id: InviteId,
    pub(crate) room: RoomId,
    /// The same for all invites of one list.
    pub(crate) list: InviteId,
    /// The first has placed it; none if the route of a caller did.
    pub(crate) askers: Vec<Asker>,
    pub(crate) terms: Terms,
    pub(crate) targets: Vec<DialTarget>,
    /// So many targets were tried in this attempt.
    tried: usize,
    pub(crate) attempt: u8,
    /// Its calls that ring, or were answered but have not joined.
    pub(crate) calls: Vec<LegId>,
    /// Who has joined by it.
    pub(crate) joined: Option<LegId>,
    /// Until then he may stay.
    pub(crate) until: Option<Instant>,
    /// The most telling end of its calls in this attempt.
    ending: Option<Ending>,
    /// It was told that it rings.
    rings: bool,
}

impl Invite {
    pub(crate) fn new(
        id: InviteId,
        room: RoomId,
        askers: Vec<Asker>,
        terms: Terms,
        targets: Vec<DialTarget>,
    ) -> Self {
        Self {
            id,
            room,
            list: id,
            askers,
            terms,
            targets,
            tried: 0,
            attempt: 1,
            calls: Vec::new(),
            joined: None,
            until: None,
            ending: None,
            rings: false,
        }
    }

    /// Whether this member has placed it.
    pub(crate) fn is_by(&self, leg: LegId) -> bool {
        self.askers.first().is_some_and(|asker| asker.leg() == leg)
    }

    /// Whether a member has placed it, and not a route.
    pub(crate) fn is_asked_for(&self) -> bool {
        !self.askers.is_empty()
    }

    /// Whether nobody has joined by it yet.
    pub(crate) fn is_pending(&self) -> bool {
        self.joined.is_none()
    }

    /// The number by which it is called.
    pub(crate) fn number(&self) -> &str {
        self.targets.first().map_or("", DialTarget::number)
    }

    /// Whether this number is called by it.
    pub(crate) fn calls_number(&self, number: &str) -> bool {
        self.is_pending() && self.targets.iter().any(|target| target.number() == number)
    }

    /// Who is to be called next.
    pub(crate) fn next_target(&mut self) -> Option<DialTarget> {
        let target = self.targets.get(self.tried).cloned();
        self.tried += usize::from(target.is_some());
        target
    }

    /// Whether a further target is to be called while others ring.
    pub(crate) fn calls_more(&self) -> bool {
        self.calls.is_empty() || self.terms.dialling.strategy == Strategy::Simultaneous
    }

    /// Whether this is the first time that it rings.
    pub(crate) fn rings_first(&mut self) -> bool {
        !std::mem::replace(&mut self.rings, true)
    }

    /// One of its calls has ended.
    pub(crate) fn call_ended(&mut self, leg: LegId, ending: Ending) {
        self.calls.retain(|call| *call != leg);
        if ending.is_final() {
            self.tried = self.targets.len();
        }
        if self.ending.is_none_or(|before| ending.weight() >= before.weight()) {
            self.ending = Some(ending);
        }
    }

    /// A limit forbids one of its calls.
    pub(crate) fn call_forbidden(&mut self) {
        self.ending = self.ending.or_else(|| Some(Ending::of(InviteState::NotAllowed)));
    }

    /// What is to be done now that none of its calls is under way.
    pub(crate) fn what_next(&self) -> Next {
        let is_busy = self.ending().state == InviteState::Busy;
        if self.tried < self.targets.len() {
            Next::Hunt
        } else if is_busy && self.attempt <= self.terms.dialling.redial.times {
            Next::Redial
        } else {
            Next::Fail
        }
    }

    /// Begins again from the first target.
    pub(crate) fn begin_again(&mut self) {
        self.attempt = self.attempt.saturating_add(1);
        self.tried = 0;
        self.ending = None;
    }

    /// How it ended, as far as it has.
    pub(crate) fn ending(&self) -> Ending {
        self.ending.unwrap_or_else(|| Ending::of(InviteState::Unreachable))
    }
}
