//! Who answers an invite: what he hears first, whether he confirms that he wants to join, and his joining.

use std::time::Instant;

use crate::action::{Action, Cause, InviteId, LegId};
use crate::conferences::Conferences;
use crate::event::InviteState;
use crate::input::Reason;
use crate::invite::Ending;
use crate::leg::Stage;
use crate::prompts::Kind;
use crate::settings::InviteCue;

/// Between two times that he is asked.
const PAUSE: &str = "silence_stream://1500";

impl Conferences {
    /// An outgoing call was answered. Until he joins he is deaf and silent in his room.
    pub(in crate::conferences) fn answered(&mut self, now: Instant, leg: LegId) {
        let Some(found) = self.legs.get(&leg).filter(|found| found.is_calling()) else { return };
        let Some(outgoing) = found.as_outgoing() else { return };
        let (id, target) = (outgoing.invite, outgoing.target.clone());
        let Some(invite) = self.invites.get(&id) else { return };
        let confirms = invite.terms.dialling.confirms(&target);
        let announce = invite.terms.announce.clone();
        let Some(room) = self.rooms.get_mut(&invite.room) else { return };
        self.out.timers.clear(Reason::Ring(leg));
        room.attach(leg, &mut self.out);
        self.choose_delivery(leg);
        self.note_state(id, leg, InviteState::Answered);
        if confirms {
            self.ask_to_confirm(now, id, leg, announce);
        } else if !self.announce_to(now, leg, announce) {
            self.let_in(now, leg);
        }
    }

    /// A key of who is asked to confirm.
    pub(in crate::conferences) fn confirm_digit(&mut self, now: Instant, leg: LegId, digit: char) {
        let Some((found, profile)) = self.leg_and_profile(leg) else { return };
        if matches!(found.stage, Stage::Confirming { must: true }) && digit == profile.confirm.key {
            self.let_in(now, leg);
        }
    }

    /// What he heard first is over: he joins, if he need not confirm.
    pub(in crate::conferences) fn confirm_prompt_over(&mut self, now: Instant, leg: LegId) {
        if self.legs.get(&leg).is_some_and(|leg| matches!(leg.stage, Stage::Confirming { must: false })) {
            self.let_in(now, leg);
        }
    }

    /// He has not confirmed: a machine has answered, or somebody who does not want to.
    pub(in crate::conferences) fn not_confirmed(&mut self, now: Instant, leg: LegId) {
        let Some(id) = self.invite_of_answer(leg) else { return };
        self.out.act(Action::Hangup { leg, cause: Cause::Normal });
        self.call_ended(now, id, leg, Ending::of(InviteState::NotConfirmed));
    }

    /// He has ended the call before he joined.
    pub(in crate::conferences) fn left_before_joining(&mut self, now: Instant, leg: LegId) {
        if let Some(id) = self.invite_of_answer(leg) {
            self.call_ended(now, id, leg, Ending::of(InviteState::NotConfirmed));
        }
    }

    /// He is the one of his invite: what else rings for it is taken back.
    pub(super) fn joined_by(&mut self, now: Instant, id: InviteId, leg: LegId) {
        let Some(invite) = self.invites.get_mut(&id) else { return };
        let others: Vec<_> = invite.calls.drain(..).filter(|call| *call != leg).collect();
        invite.joined = Some(leg);
        invite.until = invite.until.or_else(|| invite.terms.duration.map(|duration| now + duration));
        if let Some(until) = invite.until {
            self.out.timers.set(Reason::Duration(leg), until);
        }
        others.into_iter().for_each(|other| self.take_back(now, id, other));
    }

    fn ask_to_confirm(&mut self, now: Instant, id: InviteId, leg: LegId, announce: Option<String>) {
        let Some((found, profile)) = self.leg_and_profile(leg) else { return };
        found.stage = Stage::Confirming { must: true };
        self.out.timers.set(Reason::Confirm(leg), now + profile.confirm.timeout);
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let question = profile.confirm.sound.iter().flat_map(|sound| [sound.clone(), PAUSE.to_owned()]);
        found.prompts.say(now, &mut self.out, Kind::Confirm, announce.into_iter().collect());
        found.prompts.play_music(&mut self.out, question.collect());
        self.note_state(id, leg, InviteState::Confirming);
    }

    /// Whether there is anything that he hears before he joins.
    fn announce_to(&mut self, now: Instant, leg: LegId, announce: Option<String>) -> bool {
        let Some(found) = self.legs.get_mut(&leg) else { return false };
        found.stage = Stage::Confirming { must: false };
        found.prompts.say_now(now, &mut self.out, Kind::Confirm, announce.into_iter().collect())
    }

    /// He becomes a member, or waits for what all wait for.
    fn let_in(&mut self, now: Instant, leg: LegId) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let Some(id) = found.as_outgoing().map(|outgoing| outgoing.invite) else { return };
        found.prompts.clear(&mut self.out);
        self.out.timers.clear(Reason::Confirm(leg));
        self.joined_by(now, id, leg);
        self.name_given(now, leg);
        self.note_state(id, leg, InviteState::Joined);
        self.tell_progress(now, id, InviteCue::Joined, 200);
    }

    /// The invite of a leg that was answered and has not joined.
    fn invite_of_answer(&self, leg: LegId) -> Option<InviteId> {
        let found = self.legs.get(&leg).filter(|found| matches!(found.stage, Stage::Confirming { .. }))?;
        found.as_outgoing().map(|outgoing| outgoing.invite)
    }
}
