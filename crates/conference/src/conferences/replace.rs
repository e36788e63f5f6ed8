//! A new call takes the place of an old one (RFC 3891): a phone that was transferred, or a call picked up.

use std::time::Instant;

use super::Conferences;
use crate::action::{Action, Cause, Control, LegId};
use crate::event::MemberEvent;
use crate::input::{Caller, Reason, Refused};
use crate::leg::{Call, Leg, Stage};
use crate::prompts::Prompts;

impl Conferences {
    /// The new leg is the member that the old one was; nobody leaves and nobody joins. A leg that rings is answered by it.
    pub(super) fn replaced(&mut self, now: Instant, old: LegId, new: LegId, caller: Caller) {
        if self.legs.contains_key(&new) {
            return;
        }
        match self.legs.get(&old).map(|leg| &leg.stage) {
            Some(Stage::Member(_) | Stage::Waiting(_)) => self.take_over(now, old, new, caller),
            Some(Stage::Calling) if !self.closed => self.pick_up(now, old, new, caller),
            _ => {
                let why = "there is no such call to replace";
                self.refuse(new, caller.number, String::new(), Refused { status: 481, why });
            }
        }
    }

    fn take_over(&mut self, now: Instant, old: LegId, new: LegId, caller: Caller) {
        self.end_talk(now, old);
        self.held(now, old, false);
        self.note_member(old, MemberEvent::Replaced { by: new });
        let Some(leg) = self.move_leg(old, new, caller) else { return };
        let Some(room) = leg.room.and_then(|room| self.rooms.get_mut(&room)) else { return };
        room.rename(old, new);
        self.out.act(Action::Attach { leg: new, room: room.id });
        self.legs.insert(new, leg);
        self.choose_delivery(new);
        self.restore(now, new);
        self.out.act(Action::Answer { leg: new });
        self.out.act(Action::Hangup { leg: old, cause: Cause::Normal });
        self.outcall_replaced(now, old, new);
    }

    /// The leg under its new name. What was said to the old one is over.
    fn move_leg(&mut self, old: LegId, new: LegId, caller: Caller) -> Option<Box<Leg>> {
        let mut leg = self.legs.remove(&old)?;
        leg.prompts.clear(&mut self.out);
        leg.prompts = Prompts::new(new);
        leg.held = false;
        if let Call::Incoming { caller: before, .. } = &mut leg.call {
            *before = caller;
        }
        let lasts_until = self.out.timers.at(Reason::Duration(old));
        self.out.timers.clear_leg(old);
        if let Some(until) = lasts_until {
            self.out.timers.set(Reason::Duration(new), until);
        }
        Some(leg)
    }

    /// The mixer is told of the new leg what it knew of the old one.
    fn restore(&mut self, now: Instant, leg: LegId) {
        let Some(room) = self.room_of_leg(leg).and_then(|room| self.rooms.get(&room)) else { return };
        let Some(found) = self.legs.get_mut(&leg) else { return };
        if let Stage::Waiting(waiting) = &found.stage {
            let music = waiting.music(&room.profile);
            return found.prompts.play_music(&mut self.out, music);
        }
        let Some(member) = found.member() else { return };
        member.stop_typing();
        member.forget_applied();
        let floor = room.debate.holds_floor(leg).then_some(Control::Floor(true));
        let all = super::membership::controls(&room.profile, member).chain(floor);
        all.for_each(|control| self.out.set(leg, control));
        self.apply(now, leg);
    }

    /// The call that rings is answered elsewhere: it is taken back, and who picked it up joins as who was called.
    fn pick_up(&mut self, now: Instant, old: LegId, new: LegId, caller: Caller) {
        let Some(leg) = self.move_leg(old, new, caller) else { return };
        if let Some(room) = leg.room.and_then(|room| self.rooms.get_mut(&room)) {
            room.rename(old, new);
        }
        self.legs.insert(new, leg);
        self.outcall_replaced(now, old, new);
        self.answered(now, new);
        self.out.act(Action::Answer { leg: new });
        self.out.act(Action::Hangup { leg: old, cause: Cause::Cancelled });
    }
}
