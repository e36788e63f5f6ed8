//! Keys: from digits to what they do, by subject.

mod lead;
mod listings;
mod typing;
mod voice;

use std::time::Instant;

use self::typing::number_entry;
use super::Conferences;
use crate::action::{Cause, LegId};
use crate::event::{LeaveCause, MemberEvent};
use crate::input::Reason;
use crate::keys::{KeyAction, Right};
use crate::leg::Stage;
use crate::prompts::Kind;

impl Conferences {
    pub(super) fn digit(&mut self, now: Instant, leg: LegId, digit: char) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        if found.is_late_terminator(now, digit) {
            return;
        }
        found.prompts.key_pressed(now, &mut self.out);
        self.take_digit(now, leg, digit);
    }

    fn take_digit(&mut self, now: Instant, leg: LegId, digit: char) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        match &mut found.stage {
            Stage::Pin(_) => self.pin_digit(now, leg, digit),
            Stage::Naming(_) => self.name_digit(now, leg, digit),
            Stage::Confirming { .. } => self.confirm_digit(now, leg, digit),
            Stage::Member(member) if member.entry.is_some() => self.number_digit(now, leg, digit),
            Stage::Member(_) => self.control_digit(now, leg, digit),
            _ => {}
        }
    }

    fn control_digit(&mut self, now: Instant, leg: LegId, digit: char) {
        let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) else { return };
        member.matcher.push(digit);
        self.obey_keys(now, leg, false);
    }

    pub(super) fn keys_timeout(&mut self, now: Instant, leg: LegId) {
        self.obey_keys(now, leg, true);
    }

    /// No key came in time, of a number, a PIN or the review of a name.
    pub(super) fn entry_timeout(&mut self, now: Instant, leg: LegId) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        match &found.stage {
            Stage::Pin(_) => self.check_pin(now, leg),
            Stage::Naming(_) => self.name_timeout(now, leg),
            Stage::Member(_) => self.number_complete(now, leg, true),
            _ => {}
        }
    }

    /// From now on one waits for the next key only so long.
    pub(super) fn await_first_digit(&mut self, now: Instant, leg: LegId) {
        let Some((found, profile)) = self.leg_and_profile(leg) else { return };
        let timeout = match &found.stage {
            Stage::Pin(_) => profile.pin_timeout,
            Stage::Member(member) => number_entry(member).first_digit_timeout,
            _ => return,
        };
        self.out.timers.set(Reason::Entry(leg), now + timeout);
    }

    /// Does what the keys say, sequence by sequence. What follows one is for where that has led: it may be a number.
    fn obey_keys(&mut self, now: Instant, leg: LegId, timed_out: bool) {
        while let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member())
            && let Some(actions) = member.matcher.fire(timed_out)
        {
            let more = member.matcher.take();
            actions.iter().for_each(|action| self.perform(now, leg, action));
            more.chars().for_each(|digit| self.take_digit(now, leg, digit));
        }
        let Some((found, profile)) = self.leg_and_profile(leg) else { return };
        let waits = found.member().is_some_and(|member| member.matcher.is_waiting());
        self.out.timers.clear(Reason::Keys(leg));
        if waits {
            self.out.timers.set(Reason::Keys(leg), now + profile.digit_timeout);
        }
    }

    fn perform(&mut self, now: Instant, leg: LegId, action: &KeyAction) {
        if action.needs() == Some(Right::Moderator) && !self.moderates(leg) {
            return;
        }
        match action {
            KeyAction::Hangup => self.hang_up(now, leg, Cause::Normal, LeaveCause::Key),
            KeyAction::NoOp => {}
            KeyAction::Event(name) => self.note_member(leg, MemberEvent::Key(name.clone())),
            KeyAction::Play(sounds) => self.play_to(now, leg, Kind::Info, sounds.clone()),
            KeyAction::ParticipantCount => self.tell_count(now, leg),
            KeyAction::RollCall => self.call_roll(now, leg),
            KeyAction::Help => self.explain_keys(now, leg),
            KeyAction::Invite => self.ask_number(now, leg),
            KeyAction::CancelLastInvite => self.cancel_last_invite(now, leg),
            KeyAction::ListPendingInvites => self.list_pending_invites(now, leg),
            KeyAction::Redial => self.redial_last(now, leg),
            KeyAction::DialList(list) => self.dial_list(now, leg, list),
            KeyAction::Transfer(number) => self.transfer(now, leg, number),
            KeyAction::RaiseHand => self.raise_hand(now, leg),
            KeyAction::LowerHand => self.lower_hand(now, leg),
            _ if self.lead(now, leg, action) => {}
            _ => self.adjust(now, leg, action),
        }
    }
}
