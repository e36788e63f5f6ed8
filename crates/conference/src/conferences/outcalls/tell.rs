//! What is told of invites: events to all who watch, sounds to the inviter alone, statuses to who asked by REFER.

use std::time::Instant;

use super::Inviter;
use crate::action::{Action, InviteId, LegId, RoomId};
use crate::conferences::Conferences;
use crate::event::{Event, InviteState, RefusalReason};
use crate::invite::{Asker, Ending, Invite};
use crate::prompts::Kind;
use crate::settings::InviteCue;

impl Conferences {
    /// A call of an invite has a new state.
    pub(super) fn note_state(&mut self, id: InviteId, leg: LegId, state: InviteState) {
        self.note_end(id, Some(leg), Ending::of(state));
    }

    /// A call of an invite has ended, or the invite between two calls.
    pub(super) fn note_end(&mut self, id: InviteId, leg: Option<LegId>, ending: Ending) {
        let Some(invite) = self.invites.get(&id) else { return };
        let called = leg.and_then(|leg| self.legs.get(&leg)?.as_outgoing());
        let target = called.map(|outgoing| &outgoing.target).or_else(|| invite.targets.first());
        let Some(target) = target.cloned() else { return };
        self.out.note(Event::Invite {
            room: self.rooms.get(&invite.room).map_or_else(String::new, |room| room.name.clone()),
            by: invite.terms.by.clone(),
            invite: id,
            leg,
            target,
            state: ending.state,
            attempt: invite.attempt,
            release: ending.release,
        });
    }

    /// The invite is over, and nobody has joined.
    pub(super) fn fail(&mut self, now: Instant, id: InviteId) {
        let Some(invite) = self.invites.remove(&id) else { return };
        if !invite.is_asked_for() || invite.targets.len() > 1 {
            let room = self.rooms.get(&invite.room).map_or_else(String::new, |room| room.name.clone());
            self.out.note(Event::OutcallFailed { room, by: invite.terms.by.clone() });
        }
        self.tell_askers(now, &invite, invite.ending());
    }

    /// All who asked hear how it ended.
    pub(super) fn tell_askers(&mut self, now: Instant, invite: &Invite, ending: Ending) {
        for asker in &invite.askers {
            self.tell_asker(now, *asker, ending.cue(), ending.status());
        }
    }

    /// All who asked hear how far it is.
    pub(super) fn tell_progress(&mut self, now: Instant, id: InviteId, cue: InviteCue, status: u16) {
        let askers = self.invites.get(&id).map(|invite| invite.askers.clone()).unwrap_or_default();
        askers.into_iter().for_each(|asker| self.tell_asker(now, asker, cue, status));
    }

    /// He is busy, and will be called again.
    pub(super) fn tell_redial(&mut self, now: Instant, id: InviteId) {
        self.note_end(id, None, Ending::of(InviteState::Redialling));
        let askers = self.invites.get(&id).map(|invite| invite.askers.clone()).unwrap_or_default();
        for asker in askers {
            if let Asker::Key(leg) = asker {
                self.cue(now, leg, InviteCue::Redial);
            }
        }
    }

    /// The event that a call was not placed.
    pub(in crate::conferences) fn note_refusal(
        &mut self,
        room: RoomId,
        by: &str,
        number: &str,
        why: RefusalReason,
    ) {
        let room = self.rooms.get(&room).map_or_else(String::new, |room| room.name.clone());
        self.out.note(Event::InviteRefused { room, by: by.to_owned(), number: number.to_owned(), why });
    }

    /// The call is not placed, and the inviter hears why. If somebody else calls the same one already, he is told how that
    /// ends.
    pub(in crate::conferences) fn refuse_invite(
        &mut self,
        now: Instant,
        inviter: &Inviter,
        number: &str,
        why: RefusalReason,
    ) {
        self.note_refusal(inviter.room, &inviter.caller.number, number, why);
        if let Asker::Key(leg) = inviter.asker {
            self.cue(now, leg, cue_of(why));
        }
        if why == RefusalReason::AlreadyCalled {
            self.watch_invite(inviter, number);
        }
    }

    /// Plays one of the sounds of his plan to a member.
    pub(super) fn cue(&mut self, now: Instant, leg: LegId, cue: InviteCue) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let Some(role) = found.member().map(|member| member.role.clone()) else { return };
        if found.room.and_then(|room| self.rooms.get(&room)).is_none_or(|room| room.over) {
            return;
        }
        let sounds = role.invite.as_ref().map(|plan| plan.sounds.play(cue)).unwrap_or_default();
        found.prompts.say(now, &mut self.out, Kind::Notice, sounds);
    }

    /// Tells a member the numbers that he calls.
    pub(super) fn tell_pending(&mut self, now: Instant, leg: LegId, numbers: Vec<String>) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let Some(role) = found.member().map(|member| member.role.clone()) else { return };
        let before =
            role.invite.as_ref().map(|plan| plan.sounds.play(InviteCue::Pending)).unwrap_or_default();
        let sounds = before.into_iter().chain(numbers).collect();
        found.prompts.say(now, &mut self.out, Kind::Info, sounds);
    }

    /// He too wants to know how the call of this number ends.
    fn watch_invite(&mut self, inviter: &Inviter, number: &str) {
        let same = |invite: &&mut Invite| invite.room == inviter.room && invite.calls_number(number);
        let Some(invite) = self.invites.values_mut().find(same) else { return };
        let knows = invite.askers.iter().any(|asker| asker.leg() == inviter.asker.leg());
        if !knows || matches!(inviter.asker, Asker::Refer(..)) {
            invite.askers.push(inviter.asker);
        }
    }

    fn tell_asker(&mut self, now: Instant, asker: Asker, cue: InviteCue, status: u16) {
        match asker {
            Asker::Key(leg) => self.cue(now, leg, cue),
            Asker::Refer(_, refer) => self.out.act(Action::ReferResult { refer, status }),
        }
    }
}

fn cue_of(why: RefusalReason) -> InviteCue {
    use RefusalReason as Why;
    match why {
        Why::NotInPlan | Why::Loop | Why::NoList => InviteCue::NotAllowed,
        Why::AlreadyHere => InviteCue::AlreadyHere,
        Why::AlreadyCalled => InviteCue::AlreadyCalled,
        Why::PendingPerMember | Why::PerMember | Why::PerRoom | Why::PerGateway | Why::PerDay => {
            InviteCue::Limit
        }
    }
}
