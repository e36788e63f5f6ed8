//! Keys: from digits to the actions of a member's role, and the typing of a number.

use std::time::Instant;

use super::Conferences;
use super::arrivals::LATE_TERMINATOR;
use crate::action::{Cause, Control, LegId};
use crate::event::{Event, LeaveCause};
use crate::input::Reason;
use crate::keys::KeyAction;
use crate::leg::Stage;
use crate::member::{Entry, Member, Step, spoken_energy, stepped_energy, stepped_volume};
use crate::prompts::Kind;
use crate::settings::NumberEntry;

impl Conferences {
    pub(super) fn digit(&mut self, now: Instant, leg: LegId, digit: char) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        match &mut found.stage {
            Stage::Pin(_) => self.pin_digit(now, leg, digit),
            Stage::Member(member) if member.entry.is_some() => self.number_digit(now, leg, digit),
            Stage::Member(_) => self.control_digit(now, leg, digit),
            Stage::Arriving | Stage::Calling | Stage::Leaving => {}
        }
    }

    fn control_digit(&mut self, now: Instant, leg: LegId, digit: char) {
        let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) else { return };
        if member.is_late_terminator(now, digit) {
            return;
        }
        let mut fired = Vec::new();
        member.matcher.push(digit, &mut fired);
        self.perform_all(now, leg, &fired);
    }

    pub(super) fn keys_timeout(&mut self, now: Instant, leg: LegId) {
        let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) else { return };
        let mut fired = Vec::new();
        member.matcher.timeout(&mut fired);
        self.perform_all(now, leg, &fired);
    }

    /// No key came in time, of a number or a PIN.
    pub(super) fn entry_timeout(&mut self, now: Instant, leg: LegId) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        match &found.stage {
            Stage::Pin(_) => self.pin_failed(now, leg),
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

    /// Back in the room, as he was before he began to type.
    pub(super) fn leave_entry(&mut self, now: Instant, leg: LegId) {
        let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) else { return };
        member.entry = None;
        self.apply(leg);
        let Some(found) = self.legs.get_mut(&leg) else { return };
        found.prompts.release(now, &mut self.out);
        self.out.timers.clear(Reason::Entry(leg));
    }

    fn perform_all(&mut self, now: Instant, leg: LegId, actions: &[KeyAction]) {
        for action in actions {
            self.perform(now, leg, *action);
        }
        let Some((found, profile)) = self.leg_and_profile(leg) else { return };
        let waits = found.member().is_some_and(|member| member.matcher.is_waiting());
        self.out.timers.clear(Reason::Keys(leg));
        if waits {
            self.out.timers.set(Reason::Keys(leg), now + profile.digit_timeout);
        }
    }

    fn perform(&mut self, now: Instant, leg: LegId, action: KeyAction) {
        let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) else { return };
        let (muted, deaf) = (member.muted, member.deaf);
        match action {
            KeyAction::Mute => self.mute(now, leg, !muted),
            KeyAction::MuteOn => self.mute(now, leg, true),
            KeyAction::MuteOff => self.mute(now, leg, false),
            KeyAction::Deaf => self.deafen(leg, !deaf),
            KeyAction::DeafMute => {
                self.deafen(leg, !muted);
                self.mute(now, leg, !muted);
            }
            KeyAction::EnergyUp => self.step_energy(now, leg, Step::Up),
            KeyAction::EnergyEqu => self.step_energy(now, leg, Step::Reset),
            KeyAction::EnergyDown => self.step_energy(now, leg, Step::Down),
            KeyAction::TalkUp => self.step_talk(now, leg, Step::Up),
            KeyAction::TalkZero => self.step_talk(now, leg, Step::Reset),
            KeyAction::TalkDown => self.step_talk(now, leg, Step::Down),
            KeyAction::ListenUp => self.step_listen(now, leg, Step::Up),
            KeyAction::ListenZero => self.step_listen(now, leg, Step::Reset),
            KeyAction::ListenDown => self.step_listen(now, leg, Step::Down),
            KeyAction::Hangup => self.hang_up(now, leg, Cause::Normal, LeaveCause::Key),
            KeyAction::Invite => self.ask_number(now, leg),
            KeyAction::CancelLastInvite => self.cancel_last_invite(now, leg),
        }
    }

    fn mute(&mut self, now: Instant, leg: LegId, on: bool) {
        let (who, room) = self.who_and_where(leg);
        let Some((found, profile)) = self.leg_and_profile(leg) else { return };
        let Some(member) = found.member().filter(|member| member.muted != on) else { return };
        member.muted = on;
        self.apply(leg);
        self.out.note(Event::Muted { room, who, on });
        let sound = if on { &profile.sounds.muted } else { &profile.sounds.unmuted };
        let Some(found) = self.legs.get_mut(&leg) else { return };
        found.prompts.say(now, &mut self.out, Kind::Mute, sound.iter().cloned().collect());
        if let Some(room) = found.room.and_then(|room| self.rooms.get_mut(&room)) {
            room.forget_muted_joiner(leg);
        }
    }

    fn deafen(&mut self, leg: LegId, on: bool) {
        let (who, room) = self.who_and_where(leg);
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let Some(member) = found.member().filter(|member| member.deaf != on) else { return };
        member.deaf = on;
        self.apply(leg);
        self.out.note(Event::Deaf { room, who, on });
    }

    fn step_talk(&mut self, now: Instant, leg: LegId, step: Step) {
        let (who, room) = self.who_and_where(leg);
        let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) else { return };
        let volume = stepped_volume(member.talk_volume, step);
        member.talk_volume = volume;
        self.out.set(leg, Control::TalkVolume(volume));
        self.out.note(Event::TalkVolume { room, who, step: volume });
        self.speak_value(now, leg, volume);
    }

    fn step_listen(&mut self, now: Instant, leg: LegId, step: Step) {
        let (who, room) = self.who_and_where(leg);
        let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) else { return };
        let volume = stepped_volume(member.listen_volume, step);
        member.listen_volume = volume;
        self.out.set(leg, Control::ListenVolume(volume));
        self.out.note(Event::ListenVolume { room, who, step: volume });
        self.speak_value(now, leg, volume);
    }

    fn step_energy(&mut self, now: Instant, leg: LegId, step: Step) {
        let (who, room) = self.who_and_where(leg);
        let Some((found, profile)) = self.leg_and_profile(leg) else { return };
        let Some(member) = found.member() else { return };
        let level = stepped_energy(member.energy, step, profile.energy_level);
        member.energy = level;
        self.out.set(leg, Control::Energy(level));
        self.out.note(Event::Energy { room, who, level });
        self.speak_value(now, leg, spoken_energy(level));
    }

    fn speak_value(&mut self, now: Instant, leg: LegId, value: i8) {
        let Some((_, profile)) = self.leg_and_profile(leg) else { return };
        let Some(found) = self.legs.get_mut(&leg) else { return };
        found.prompts.say(now, &mut self.out, Kind::Value, profile.sounds.value(value));
    }

    /// He hears the prompt over the room, and the room does not hear him while he types.
    fn ask_number(&mut self, now: Instant, leg: LegId) {
        let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) else { return };
        let role = member.role.clone();
        let Some(plan) = role.invite.as_ref().filter(|_| member.entry.is_none()) else { return };
        member.entry = Some(Entry::default());
        member.matcher.clear();
        self.apply(leg);
        let Some(found) = self.legs.get_mut(&leg) else { return };
        found.prompts.hold();
        let prompt = plan.sounds.prompt.iter().cloned().collect();
        if !found.prompts.say_now(now, &mut self.out, Kind::Number, prompt) {
            self.await_first_digit(now, leg);
        }
    }

    fn number_digit(&mut self, now: Instant, leg: LegId, digit: char) {
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
    fn number_complete(&mut self, now: Instant, leg: LegId, timed_out: bool) {
        let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) else { return };
        let rules = number_entry(member);
        let Some(entry) = &member.entry else { return };
        if entry.digits.len() < rules.min_digits {
            return self.reject_number(now, leg);
        }
        let number = entry.digits.clone();
        member.late_terminator = timed_out.then(|| now + LATE_TERMINATOR);
        self.leave_entry(now, leg);
        self.invite(now, leg, &number);
    }

    fn reject_number(&mut self, now: Instant, leg: LegId) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let Some(member) = found.member() else { return };
        let invalid = member.role.invite.as_ref().and_then(|plan| plan.sounds.invalid.clone());
        let Some(entry) = &mut member.entry else { return };
        entry.rejected = true;
        self.out.timers.clear(Reason::Entry(leg));
        if !found.prompts.say_now(now, &mut self.out, Kind::InvalidNumber, invalid.into_iter().collect()) {
            self.leave_entry(now, leg);
        }
    }
}

fn number_entry(member: &Member) -> NumberEntry {
    member.role.invite.as_ref().map(|plan| plan.entry.clone()).unwrap_or_default()
}
