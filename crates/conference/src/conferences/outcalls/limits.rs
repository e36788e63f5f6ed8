//! What may be called: the loop guard, who is here already, and the limits.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use super::Inviter;
use crate::action::{DialTarget, InviteId, RoomId};
use crate::conferences::Conferences;
use crate::event::RefusalReason;
use crate::settings::Route;

impl Conferences {
    /// No call may come back to ourselves: no number of ours, however it is written, and not the room.
    pub(super) fn check_loop(&self, room: RoomId, number: &str) -> Result<(), RefusalReason> {
        let is_room = self.rooms.get(&room).is_some_and(|room| room.name == number);
        let written = spellings(number);
        let is_ours = |route: &Arc<Route>| written.iter().any(|number| route.pattern.matches(number));
        if is_room || self.routes.iter().any(is_ours) { Err(RefusalReason::Loop) } else { Ok(()) }
    }

    /// Whether he may invite once more.
    pub(super) fn check_inviter(&mut self, now: Instant, inviter: &Inviter) -> Result<(), RefusalReason> {
        let leg = inviter.asker.leg();
        let limits = &inviter.plan.limits;
        let own = self.invites.values().filter(|invite| invite.is_by(leg) && invite.is_pending());
        let lists: BTreeSet<InviteId> = own.map(|invite| invite.list).collect();
        if lists.len() >= limits.pending_per_member {
            return Err(RefusalReason::PendingPerMember);
        }
        self.check_room_limit(inviter, 1)?;
        let Some(found) = self.legs.get(&leg) else { return Err(RefusalReason::NotInPlan) };
        self.ledger.check_inviter(now, &found.identity(), limits)
    }

    /// Whether the room may have so many called ones more. A hunt list counts with the calls that it has at one time.
    pub(super) fn check_room_limit(&self, inviter: &Inviter, calls: usize) -> Result<(), RefusalReason> {
        let asked =
            self.invites.values().filter(|invite| invite.room == inviter.room && invite.is_asked_for());
        let live: usize = asked.map(|invite| invite.calls.len().max(1)).sum();
        if live + calls > inviter.plan.limits.live_per_room { Err(RefusalReason::PerRoom) } else { Ok(()) }
    }

    /// Whether one of the targets at least may be called through its gateway.
    pub(super) fn check_gateways(
        &mut self,
        now: Instant,
        targets: &[DialTarget],
    ) -> Result<(), RefusalReason> {
        let checked = targets.iter().map(|target| self.ledger.check(now, target)).reduce(Result::or);
        checked.unwrap_or(Err(RefusalReason::NotInPlan))
    }

    /// Whether nobody of the targets is in the room or is being called into it.
    pub(super) fn check_new(&self, room: RoomId, targets: &[DialTarget]) -> Result<(), RefusalReason> {
        let Some(found) = self.rooms.get(&room) else { return Err(RefusalReason::NotInPlan) };
        let mut here = found.members.iter().filter_map(|leg| self.legs.get(leg));
        if here.any(|leg| targets.iter().any(|target| leg.is_reached_by(target))) {
            return Err(RefusalReason::AlreadyHere);
        }
        match self.invite_of(room, targets) {
            Some(_) => Err(RefusalReason::AlreadyCalled),
            None => Ok(()),
        }
    }

    /// The invite of this room that calls one of the targets.
    pub(super) fn invite_of(&self, room: RoomId, targets: &[DialTarget]) -> Option<InviteId> {
        let mut pending = self.invites.values().filter(|invite| invite.room == room && invite.is_pending());
        let same = pending.find(|invite| invite.targets.iter().any(|target| targets.contains(target)));
        same.map(|invite| invite.id)
    }

    /// He has invited somebody.
    pub(super) fn count_invite(&mut self, now: Instant, inviter: &Inviter) {
        let Some(identity) = self.legs.get(&inviter.asker.leg()).map(|leg| leg.identity()) else { return };
        self.ledger.invited(now, identity, &inviter.plan.limits);
    }
}

/// The ways of writing an international number: a trunk delivers as `+49…` or `49…` what is typed as `0049…`.
fn spellings(number: &str) -> [String; 3] {
    let bare = number.strip_prefix("00").unwrap_or(number);
    [bare.to_owned(), format!("+{bare}"), format!("00{bare}")]
}
