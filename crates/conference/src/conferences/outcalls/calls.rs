//! The calls of an invite: who is called next, and how each call ends.

use std::time::Instant;

use crate::action::{Action, Cause, DialTarget, InviteId, LegId};
use crate::conferences::Conferences;
use crate::event::{InviteState, LeaveCause};
use crate::input::{Outcome, Reason, Release};
use crate::invite::{Ending, Invite, Next, Outgoing};
use crate::leg::Leg;
use crate::settings::InviteCue;

impl Conferences {
    /// Calls the next target, or all of them; the invite has failed if there is none that may be called.
    pub(super) fn call_next(&mut self, now: Instant, id: InviteId) {
        while let Some(invite) = self.invites.get_mut(&id).filter(|invite| invite.calls_more()) {
            let Some(target) = invite.next_target() else { break };
            let (room, by) = (invite.room, invite.terms.by.clone());
            match self.ledger.check(now, &target) {
                Ok(()) => self.dial(now, id, target),
                Err(why) => {
                    invite.call_forbidden();
                    self.note_refusal(room, &by, target.number(), why);
                }
            }
        }
        if self.invites.get(&id).is_some_and(|invite| invite.calls.is_empty()) {
            self.go_on(now, id);
        }
    }

    pub(in crate::conferences) fn ringing(&mut self, now: Instant, leg: LegId) {
        let Some(id) = self.invite_of_call(leg) else { return };
        let Some(invite) = self.invites.get_mut(&id) else { return };
        let rings_first = invite.rings_first();
        self.note_state(id, leg, InviteState::Ringing);
        if rings_first {
            self.tell_progress(now, id, InviteCue::Ringing, 180);
        }
    }

    pub(in crate::conferences) fn rang_too_long(&mut self, now: Instant, leg: LegId) {
        if self.legs.contains_key(&leg) {
            self.out.act(Action::Hangup { leg, cause: Cause::NoAnswer });
            self.failed(now, leg, Outcome::NoAnswer, Release::default());
        }
    }

    pub(in crate::conferences) fn lasted_too_long(&mut self, now: Instant, leg: LegId) {
        self.hang_up(now, leg, Cause::TimeLimit, LeaveCause::TimeLimit);
    }

    /// The call has ended before it was answered. The leg is gone.
    pub(in crate::conferences) fn failed(
        &mut self,
        now: Instant,
        leg: LegId,
        outcome: Outcome,
        release: Release,
    ) {
        match self.invite_of_call(leg) {
            Some(id) => self.call_ended(now, id, leg, Ending::from((outcome, release))),
            None => self.drop_leg(now, leg, LeaveCause::HungUp),
        }
    }

    /// A call of an invite has ended without a member. The leg is gone.
    pub(super) fn call_ended(&mut self, now: Instant, id: InviteId, leg: LegId, ending: Ending) {
        if let Some(invite) = self.invites.get_mut(&id) {
            invite.call_ended(leg, ending);
        }
        self.note_end(id, Some(leg), ending);
        self.drop_leg(now, leg, LeaveCause::HungUp);
        if self.invites.get(&id).is_some_and(|invite| invite.calls.is_empty()) {
            self.go_on(now, id);
        }
    }

    /// He was busy: now he is called again.
    pub(in crate::conferences) fn call_again(&mut self, now: Instant, id: InviteId) {
        if let Some(invite) = self.invites.get_mut(&id) {
            invite.begin_again();
            self.call_next(now, id);
        }
    }

    /// The leg is gone. If it was a call of ours it counts no more, and if it was invited the invite is over.
    pub(in crate::conferences) fn forget_call(&mut self, leg: LegId, gone: &Leg) {
        let Some(outgoing) = gone.as_outgoing() else { return };
        self.ledger.ended(&outgoing.target);
        self.forget_invited(leg, outgoing.invite);
    }

    /// Who has joined by this invite is no longer there: nobody can take it back.
    pub(in crate::conferences) fn forget_invited(&mut self, leg: LegId, id: InviteId) {
        if self.invites.get(&id).is_some_and(|invite| invite.joined == Some(leg)) {
            self.invites.remove(&id);
        }
    }

    /// Another leg has taken the place of this one, answered or not.
    pub(in crate::conferences) fn outcall_replaced(&mut self, now: Instant, old: LegId, new: LegId) {
        let askers = self.invites.values_mut().flat_map(|invite| &mut invite.askers);
        askers.for_each(|asker| asker.replace(old, new));
        let replaced = |invite: &&mut Invite| invite.joined == Some(old) || invite.calls.contains(&old);
        let Some(invite) = self.invites.values_mut().find(replaced) else { return };
        let id = invite.id;
        invite.calls.retain(|call| *call != old);
        self.joined_by(now, id, new);
    }

    /// None of its calls is under way.
    fn go_on(&mut self, now: Instant, id: InviteId) {
        let Some(invite) = self.invites.get(&id) else { return };
        match invite.what_next() {
            Next::Hunt => self.call_next(now, id),
            Next::Redial => {
                self.out.timers.set(Reason::Redial(id), now + invite.terms.dialling.redial.after);
                self.tell_redial(now, id);
            }
            Next::Fail => self.fail(now, id),
        }
    }

    fn dial(&mut self, now: Instant, id: InviteId, target: DialTarget) {
        let Some(invite) = self.invites.get_mut(&id) else { return };
        let Some(room) = self.rooms.get_mut(&invite.room) else { return };
        self.last_leg += 1;
        let leg = LegId(self.last_leg);
        invite.calls.push(leg);
        room.outcalls.push(leg);
        let terms = &invite.terms;
        self.ledger.placed(now, &target);
        self.out.timers.set(Reason::Ring(leg), now + terms.ring);
        self.out.act(Action::Dial { leg, target: target.clone(), caller: terms.caller_id.clone() });
        let outgoing = Outgoing { target, invite: id };
        self.legs.insert(leg, Box::new(Leg::outgoing(leg, outgoing, terms, room.id)));
        self.note_state(id, leg, InviteState::Queued);
    }

    /// The invite whose call this is, if it has not been answered.
    fn invite_of_call(&self, leg: LegId) -> Option<InviteId> {
        let found = self.legs.get(&leg).filter(|found| found.is_calling())?;
        found.as_outgoing().map(|outgoing| outgoing.invite)
    }
}
