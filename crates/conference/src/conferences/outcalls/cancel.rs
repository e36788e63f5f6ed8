//! Invites that are taken back.

use std::time::Instant;

use crate::action::{Cause, InviteId, LegId, RoomId};
use crate::conferences::Conferences;
use crate::event::{InviteState, LeaveCause};
use crate::input::Reason;
use crate::invite::Ending;
use crate::settings::InviteCue;

impl Conferences {
    /// Takes back the newest invite of this member.
    pub(in crate::conferences) fn cancel_last_invite(&mut self, now: Instant, leg: LegId) {
        let Some(room) = self.legs.get(&leg).and_then(|leg| leg.room) else { return };
        let mut own = self.invites.values().filter(|invite| invite.room == room && invite.is_by(leg));
        match own.next_back().map(|invite| invite.id) {
            Some(newest) => self.cancel_invite(now, newest),
            None => self.cue(now, leg, InviteCue::NoneLeft),
        }
    }

    /// Takes back what has not joined a room.
    pub(in crate::conferences) fn cancel_calling(&mut self, now: Instant, room: RoomId) {
        let pending = self.invites.values().filter(|invite| invite.room == room && invite.is_pending());
        let pending: Vec<_> = pending.map(|invite| invite.id).collect();
        pending.into_iter().for_each(|id| self.cancel_invite(now, id));
    }

    /// Takes back an invite, whatever its state; all who asked for it are told.
    pub(in crate::conferences) fn cancel_invite(&mut self, now: Instant, id: InviteId) {
        let Some(invite) = self.invites.get_mut(&id) else { return };
        let calls = std::mem::take(&mut invite.calls);
        let legs: Vec<_> = calls.into_iter().chain(invite.joined).collect();
        if legs.is_empty() {
            self.note_end(id, None, Ending::of(InviteState::Cancelled));
        }
        legs.iter().for_each(|leg| self.note_state(id, *leg, InviteState::Cancelled));
        self.out.timers.clear(Reason::Redial(id));
        let Some(invite) = self.invites.remove(&id) else { return };
        legs.into_iter().for_each(|leg| self.end_call(now, leg));
        self.tell_askers(now, &invite, Ending::of(InviteState::Cancelled));
    }

    /// Takes back one call of an invite.
    pub(super) fn take_back(&mut self, now: Instant, id: InviteId, leg: LegId) {
        self.note_state(id, leg, InviteState::Cancelled);
        self.end_call(now, leg);
    }

    fn end_call(&mut self, now: Instant, leg: LegId) {
        let rings = self.legs.get(&leg).is_some_and(|leg| leg.is_calling());
        let cause = if rings { Cause::Cancelled } else { Cause::Normal };
        self.hang_up(now, leg, cause, LeaveCause::Cancelled);
    }
}
