//! Calls that we place into rooms: those of a route, and the invites of members.

mod answers;
mod calls;
mod cancel;
mod limits;
mod placing;
mod tell;

use std::time::Instant;

use super::Conferences;
use crate::action::{CallerId, DialTarget, InviteId, LegId, RoomId};
use crate::event::RefusalReason;
use crate::invite::{Asker, Terms};
use crate::phrases;
use crate::settings::{InviteCue, InvitePlan, Outcall};

/// Who invites, how he may, and into which room.
#[derive(Debug, Clone)]
pub(super) struct Inviter {
    pub(super) asker: Asker,
    pub(super) room: RoomId,
    pub(super) plan: InvitePlan,
    pub(super) caller: CallerId,
}

/// Whom to call, and on which terms.
#[derive(Debug, Clone)]
pub(super) struct Order {
    targets: Vec<DialTarget>,
    terms: Terms,
}

impl Conferences {
    /// Calls whom the caller's route names.
    pub(super) fn place_outcalls(&mut self, now: Instant, leg: LegId, room: RoomId, outcalls: &[Outcall]) {
        let Some(caller) = self.legs.get(&leg).map(|leg| leg.caller_id()) else { return };
        for outcall in outcalls {
            let order = self.order_of_route(room, &caller, outcall);
            self.place_all(now, room, None, order);
        }
    }

    /// Calls a typed number into the room of its inviter.
    pub(super) fn invite(&mut self, now: Instant, leg: LegId, number: &str) {
        let Some(inviter) = self.inviter(Asker::Key(leg)) else { return };
        if let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) {
            member.dialled = Some(number.to_owned());
        }
        match self.order_of_number(now, &inviter, number) {
            Ok(order) => self.place_number(now, &inviter, order),
            Err(why) => self.refuse_invite(now, &inviter, number, why),
        }
    }

    /// Calls the number that this member called last.
    pub(super) fn redial_last(&mut self, now: Instant, leg: LegId) {
        let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) else { return };
        match member.dialled.clone() {
            Some(number) => self.invite(now, leg, &number),
            None => self.cue(now, leg, InviteCue::NoNumber),
        }
    }

    /// Calls all of a list. It counts as one invite of the member, until all of it has joined or failed.
    pub(super) fn dial_list(&mut self, now: Instant, leg: LegId, name: &str) {
        let Some(inviter) = self.inviter(Asker::Key(leg)) else { return };
        let Some(list) = self.lists.get(name).cloned() else {
            return self.refuse_invite(now, &inviter, name, RefusalReason::NoList);
        };
        if let Err(why) = self.check_inviter(now, &inviter) {
            return self.refuse_invite(now, &inviter, name, why);
        }
        self.count_invite(now, &inviter);
        let first = InviteId(self.last_invite + 1);
        for outcall in &list.outcalls {
            let order = self.order_of_list(&inviter, outcall);
            self.place_all(now, inviter.room, Some(&inviter), order);
        }
        self.invites.range_mut(first..).for_each(|(_, invite)| invite.list = first);
    }

    /// Tells a member whom he calls at present.
    pub(super) fn list_pending_invites(&mut self, now: Instant, leg: LegId) {
        let Some((found, profile)) = self.leg_and_profile(leg) else { return };
        let Some(room) = found.room else { return };
        let own = self.invites.values().filter(|invite| invite.room == room && invite.is_by(leg));
        let pending = own.filter(|invite| invite.is_pending());
        let spoken: Vec<_> =
            pending.map(|invite| phrases::digits(&profile.sounds, invite.number())).collect();
        if spoken.is_empty() {
            return self.cue(now, leg, InviteCue::NonePending);
        }
        self.tell_pending(now, leg, spoken.concat());
    }

    /// Who asks, if his role lets him invite.
    pub(super) fn inviter(&mut self, asker: Asker) -> Option<Inviter> {
        let found = self.legs.get_mut(&asker.leg())?;
        let (room, caller) = (found.room?, found.caller_id());
        let plan = found.member()?.role.invite.clone()?;
        Some(Inviter { asker, room, plan, caller })
    }
}
