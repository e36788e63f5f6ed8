//! Calls that we place into rooms: those of a route, and the invites of members.

use std::collections::VecDeque;
use std::time::Instant;

use super::Conferences;
use crate::action::{Action, CallerId, Cause, DialTarget, LegId, RoomId};
use crate::event::{Event, InviteState, LeaveCause, RefusalReason};
use crate::input::{Outcome, Reason};
use crate::leg::{AskedBy, Leg, Outgoing, Terms};
use crate::prompts::Kind;
use crate::settings::{CallerIdChoice, InvitePlan, InviteSounds, Outcall};

impl Conferences {
    /// Calls whom the caller's route names.
    pub(super) fn place_outcalls(&mut self, now: Instant, leg: LegId, room: RoomId) {
        let Some(found) = self.legs.get(&leg) else { return };
        let Some(route) = found.route().cloned() else { return };
        let caller = found.caller_id();
        for outcall in &route.outcalls {
            let targets = outcall.targets.iter().cloned().collect();
            self.try_targets(now, room, targets, terms_of(outcall, &caller));
        }
    }

    /// Calls a typed number into the room of its inviter.
    pub(super) fn invite(&mut self, now: Instant, leg: LegId, number: &str) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let Some(role) = found.member().map(|member| member.role.clone()) else { return };
        let (Some(plan), Some(room)) = (&role.invite, found.room) else { return };
        match self.check_invite(now, leg, room, plan, number) {
            Ok(target) => self.place_invite(now, leg, room, plan, target),
            Err(why) => {
                let (by, room) = self.who_and_where(leg);
                self.out.note(Event::InviteRefused { room, by, number: number.to_owned(), why });
                self.tell(now, leg, &plan.sounds.not_allowed);
            }
        }
    }

    /// Takes back the newest invite of this member.
    pub(super) fn cancel_last_invite(&mut self, now: Instant, leg: LegId) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let Some(role) = found.member().map(|member| member.role.clone()) else { return };
        let (Some(plan), Some(room)) = (&role.invite, found.room) else { return };
        let Some(newest) = self.invites(leg, room).next_back() else {
            return self.tell(now, leg, &plan.sounds.none_left);
        };
        let rings = self.legs.get(&newest).is_some_and(|leg| leg.is_calling());
        let cause = if rings { Cause::Cancelled } else { Cause::Normal };
        self.note_invite(newest, InviteState::Cancelled);
        self.hang_up(now, newest, cause, LeaveCause::Cancelled);
        self.tell(now, leg, &plan.sounds.cancelled);
    }

    pub(super) fn ringing(&mut self, leg: LegId) {
        if self.legs.get(&leg).is_some_and(|leg| leg.is_calling()) {
            self.note_invite(leg, InviteState::Ringing);
        }
    }

    pub(super) fn answered(&mut self, now: Instant, leg: LegId) {
        let Some(found) = self.legs.get(&leg).filter(|found| found.is_calling()) else { return };
        let duration = found.as_outgoing().and_then(|outgoing| outgoing.terms.duration);
        let Some(room) = found.room.and_then(|room| self.rooms.get_mut(&room)) else { return };
        let room_id = room.id;
        self.out.timers.clear(Reason::Ring(leg));
        if let Some(duration) = duration {
            self.out.timers.set(Reason::Duration(leg), now + duration);
        }
        room.attach(leg, &mut self.out);
        self.note_invite(leg, InviteState::Answered);
        self.join(now, leg, room_id);
        self.note_invite(leg, InviteState::Joined);
    }

    pub(super) fn rang_too_long(&mut self, now: Instant, leg: LegId) {
        if self.legs.contains_key(&leg) {
            self.out.act(Action::Hangup { leg, cause: Cause::NoAnswer });
            self.failed(now, leg, Outcome::NoAnswer);
        }
    }

    pub(super) fn lasted_too_long(&mut self, now: Instant, leg: LegId) {
        self.hang_up(now, leg, Cause::TimeLimit, LeaveCause::TimeLimit);
    }

    /// The leg is gone. If it had not been answered, who asked for it is told, or the next target is tried.
    pub(super) fn failed(&mut self, now: Instant, leg: LegId, outcome: Outcome) {
        let calling = self.legs.get(&leg).filter(|found| found.is_calling());
        let Some((outgoing, room)) = calling.and_then(|found| found.as_outgoing().cloned().zip(found.room))
        else {
            return self.drop_leg(now, leg, LeaveCause::HungUp);
        };
        self.note_invite(leg, state_of(outcome));
        self.drop_leg(now, leg, LeaveCause::HungUp);
        match outgoing.terms.asked_by {
            AskedBy::Route => self.try_targets(now, room, outgoing.fallbacks, outgoing.terms),
            AskedBy::Member(inviter) => self.tell_outcome(now, inviter, outcome),
        }
    }

    pub(super) fn note_invite(&mut self, leg: LegId, state: InviteState) {
        let (_, room) = self.who_and_where(leg);
        let Some(outgoing) = self.legs.get(&leg).and_then(|leg| leg.as_outgoing()) else { return };
        let (by, target) = (outgoing.terms.by.clone(), outgoing.target.clone());
        self.out.note(Event::Invite { room, by, target, state });
    }

    /// Calls the first of the targets that may be called.
    fn try_targets(&mut self, now: Instant, room: RoomId, mut targets: VecDeque<DialTarget>, terms: Terms) {
        let Some(name) = self.rooms.get(&room).map(|room| room.name.clone()) else { return };
        while let Some(target) = targets.pop_front() {
            let Err(why) = self.check_target(now, room, &target) else {
                return self.dial(now, room, Outgoing { target, fallbacks: targets, terms });
            };
            let (by, number) = (terms.by.clone(), target.number().to_owned());
            self.out.note(Event::InviteRefused { room: name.clone(), by, number, why });
            if why == RefusalReason::AlreadyHere {
                return;
            }
        }
        self.out.note(Event::OutcallFailed { room: name, by: terms.by });
    }

    fn check_target(&mut self, now: Instant, room: RoomId, target: &DialTarget) -> Result<(), RefusalReason> {
        let Some(found) = self.rooms.get(&room) else { return Err(RefusalReason::NotInPlan) };
        let mut here = found.outcalls.iter().chain(&found.members).filter_map(|leg| self.legs.get(leg));
        if here.any(|leg| leg.is_reached_by(target)) {
            return Err(RefusalReason::AlreadyHere);
        }
        self.ledger.check(now, target)
    }

    fn dial(&mut self, now: Instant, room: RoomId, outgoing: Outgoing) {
        let Some(found) = self.rooms.get_mut(&room) else { return };
        self.last_leg += 1;
        let leg = LegId(self.last_leg);
        found.outcalls.push(leg);
        self.ledger.placed(now, &outgoing.target);
        self.out.timers.set(Reason::Ring(leg), now + outgoing.terms.ring);
        let (target, caller) = (outgoing.target.clone(), outgoing.terms.caller_id.clone());
        self.out.act(Action::Dial { leg, target, caller });
        self.legs.insert(leg, Box::new(Leg::outgoing(leg, outgoing, room)));
        self.note_invite(leg, InviteState::Queued);
    }

    fn check_invite(
        &mut self,
        now: Instant,
        leg: LegId,
        room: RoomId,
        plan: &InvitePlan,
        number: &str,
    ) -> Result<DialTarget, RefusalReason> {
        let target = plan.plan.resolve(number).ok_or(RefusalReason::NotInPlan)?;
        let (Some(inviter), Some(found)) = (self.legs.get(&leg), self.rooms.get(&room)) else {
            return Err(RefusalReason::NotInPlan);
        };
        if found.name == number || self.routes.iter().any(|route| route.pattern.matches(number)) {
            return Err(RefusalReason::Loop);
        }
        let rings = |leg: &LegId| self.legs.get(leg).is_some_and(|leg| leg.is_calling());
        if self.invites(leg, room).filter(rings).count() >= plan.limits.pending_per_member {
            return Err(RefusalReason::PendingPerMember);
        }
        let invited = found.outcalls.iter().filter(|leg| self.inviter(**leg).is_some());
        if invited.count() >= plan.limits.live_per_room {
            return Err(RefusalReason::PerRoom);
        }
        self.ledger.check_inviter(now, &inviter.identity(), &plan.limits)?;
        self.ledger.check(now, &target)?;
        Ok(target)
    }

    fn place_invite(
        &mut self,
        now: Instant,
        leg: LegId,
        room: RoomId,
        plan: &InvitePlan,
        target: DialTarget,
    ) {
        let Some(inviter) = self.legs.get(&leg) else { return };
        let caller = inviter.caller_id();
        self.ledger.invited(now, inviter.identity(), &plan.limits);
        let terms = Terms {
            asked_by: AskedBy::Member(leg),
            by: caller.number.clone(),
            caller_id: shown(&plan.caller_id, &caller),
            role: plan.role.clone(),
            mute: plan.mute,
            ring: plan.limits.ring,
            duration: Some(plan.limits.duration),
        };
        self.dial(now, room, Outgoing { target, fallbacks: VecDeque::new(), terms });
    }

    /// The invites of a member that ring or have joined, the newest last.
    fn invites(&self, inviter: LegId, room: RoomId) -> impl DoubleEndedIterator<Item = LegId> {
        let outcalls = self.rooms.get(&room).map(|room| room.outcalls.as_slice()).unwrap_or_default();
        outcalls.iter().copied().filter(move |leg| self.inviter(*leg) == Some(inviter))
    }

    /// The member who invited this leg.
    fn inviter(&self, leg: LegId) -> Option<LegId> {
        match self.legs.get(&leg)?.as_outgoing()?.terms.asked_by {
            AskedBy::Member(inviter) => Some(inviter),
            AskedBy::Route => None,
        }
    }

    fn tell_outcome(&mut self, now: Instant, inviter: LegId, outcome: Outcome) {
        let Some(found) = self.legs.get_mut(&inviter) else { return };
        let Some(role) = found.member().map(|member| member.role.clone()) else { return };
        if let Some(plan) = &role.invite {
            self.tell(now, inviter, sound_of(outcome, &plan.sounds));
        }
    }

    fn tell(&mut self, now: Instant, leg: LegId, sound: &Option<String>) {
        if let Some(found) = self.legs.get_mut(&leg) {
            found.prompts.say(now, &mut self.out, Kind::Notice, sound.iter().cloned().collect());
        }
    }
}

fn terms_of(outcall: &Outcall, caller: &CallerId) -> Terms {
    Terms {
        asked_by: AskedBy::Route,
        by: caller.number.clone(),
        caller_id: shown(&outcall.caller_id, caller),
        role: outcall.role.clone(),
        mute: outcall.mute,
        ring: outcall.timeout,
        duration: None,
    }
}

fn shown(choice: &CallerIdChoice, caller: &CallerId) -> CallerId {
    match choice {
        CallerIdChoice::Caller => caller.clone(),
        CallerIdChoice::Fixed(fixed) => fixed.clone(),
    }
}

fn state_of(outcome: Outcome) -> InviteState {
    match outcome {
        Outcome::Busy => InviteState::Busy,
        Outcome::Declined => InviteState::Declined,
        Outcome::NoAnswer => InviteState::NoAnswer,
        Outcome::Unreachable => InviteState::Unreachable,
    }
}

fn sound_of(outcome: Outcome, sounds: &InviteSounds) -> &Option<String> {
    match outcome {
        Outcome::Busy => &sounds.busy,
        Outcome::Declined => &sounds.declined,
        Outcome::NoAnswer => &sounds.no_answer,
        Outcome::Unreachable => &sounds.unreachable,
    }
}
