//! The typing of a number: he hears the prompt over the room, and the room does not hear him.

use std::time::Instant;

use crate::action::LegId;
use crate::conferences::Conferences;
use crate::conferences::pins::LATE_TERMINATOR;
use crate::input::Reason;
use crate::leg::Stage;
use crate::member::{Entry, Member};
use crate::prompts::Kind;
use crate::settings::{InviteCue, NumberEntry};

impl Conferences {
    /// Asks for a number.
    pub(super) fn ask_number(&mut self, now: Instant, leg: LegId) {
        let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) else { return };
        let role = member.role.clone();
        let Some(plan) = role.invite.as_ref().filter(|_| member.entry.is_none()) else { return };
        member.entry = Some(Entry::default());
        self.apply(now, leg);
        let Some(found) = self.legs.get_mut(&leg) else { return };
        found.prompts.hold();
        let prompt = plan.sounds.play(InviteCue::Prompt);
        if !found.prompts.say_now(now, &mut self.out, Kind::Number, prompt) {
            self.await_first_digit(now, leg);
        }
    }

    pub(super) fn number_digit(&mut self, now: Instant, leg: LegId, digit: char) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let Stage::Member(member) = &mut found.stage else { return };
        let rules = number_entry(member);
        let Some(entry) = member.entry.as_mut().filter(|entry| !entry.rejected) else { return };
        found.prompts.interrupt(&mut self.out, Kind::Number);
        if digit == rules.terminator {
            return self.number_complete(now, leg, false);
        }
        if !digit.is_ascii_digit() || entry.digits.len() >= rules.max_digits {
            return self.reject_number(now, leg);
        }
        entry.digits.push(digit);
        self.out.timers.set(Reason::Entry(leg), now + rules.digit_timeout);
    }

    /// Nothing more is typed: the number is called if it is one. He is back in the room first.
    pub(super) fn number_complete(&mut self, now: Instant, leg: LegId, timed_out: bool) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let Stage::Member(member) = &found.stage else { return };
        let rules = number_entry(member);
        let Some(entry) = &member.entry else { return };
        if entry.digits.len() < rules.min_digits {
            return self.reject_number(now, leg);
        }
        let number = entry.digits.clone();
        found.late_terminator = timed_out.then(|| now + LATE_TERMINATOR);
        self.leave_entry(now, leg);
        self.invite(now, leg, &number);
    }

    /// Back in the room, as he was before he began to type.
    pub(in crate::conferences) fn leave_entry(&mut self, now: Instant, leg: LegId) {
        let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) else { return };
        member.entry = None;
        self.apply(now, leg);
        let Some(found) = self.legs.get_mut(&leg) else { return };
        found.prompts.release(now, &mut self.out);
        self.out.timers.clear(Reason::Entry(leg));
    }

    fn reject_number(&mut self, now: Instant, leg: LegId) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let Some(member) = found.member() else { return };
        let invalid = member.role.invite.as_ref().map(|plan| plan.sounds.play(InviteCue::Invalid));
        let Some(entry) = &mut member.entry else { return };
        entry.rejected = true;
        self.out.timers.clear(Reason::Entry(leg));
        if !found.prompts.say_now(now, &mut self.out, Kind::InvalidNumber, invalid.unwrap_or_default()) {
            self.leave_entry(now, leg);
        }
    }
}

pub(super) fn number_entry(member: &Member) -> NumberEntry {
    member.role.invite.as_ref().map(|plan| plan.entry.clone()).unwrap_or_default()
}
