//! Who must know a PIN, types it here.

use std::time::{Duration, Instant};

use super::Conferences;
use crate::action::LegId;
use crate::entry::PinEntry;
use crate::event::MemberEvent;
use crate::input::Reason;
use crate::leg::{Call, Stage};
use crate::prompts::Kind;
use crate::settings::Cue;

/// A `#` that comes so soon after a number or PIN that was complete without it belongs to it.
pub(super) const LATE_TERMINATOR: Duration = Duration::from_secs(2);

impl Conferences {
    /// He is in the room's audio, deaf and silent: asks for the PIN, if there is one, and then goes on.
    pub(super) fn come_in(&mut self, now: Instant, leg: LegId) {
        let Some((found, profile)) = self.leg_and_profile(leg) else { return };
        let pins = found.entry.pins(&profile).to_vec();
        if pins.is_empty() {
            return self.at_the_door(now, leg);
        }
        let supplied = match &mut found.call {
            Call::Incoming { caller, .. } => caller.pin.take(),
            Call::Outgoing(_) => None,
        };
        let typed = supplied.map(|pin| pin.as_typed().to_owned());
        let tries_left = profile.pin_retries.max(1);
        let entry = PinEntry { pins, typed: typed.clone().unwrap_or_default(), tries_left, failed: false };
        found.stage = Stage::Pin(entry);
        match typed {
            Some(_) => self.check_pin(now, leg),
            None => self.prompt_pin(now, leg, profile.sounds.of(Cue::Pin)),
        }
    }

    pub(super) fn pin_digit(&mut self, now: Instant, leg: LegId, digit: char) {
        let Some(profile) = self.profile_of_leg(leg) else { return };
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let Stage::Pin(entry) = &mut found.stage else { return };
        if digit == '#' && entry.typed.is_empty() {
            return;
        }
        if digit != '#' {
            entry.typed.push(digit);
        }
        let waits = (digit != '#' && entry.may_grow()).then(|| entry.matching().is_some());
        found.prompts.interrupt(&mut self.out, Kind::Pin);
        match waits {
            None => {
                found.late_terminator = (digit != '#').then(|| now + LATE_TERMINATOR);
                self.check_pin(now, leg);
            }
            Some(complete) => {
                let timeout = if complete { profile.digit_timeout } else { profile.pin_timeout };
                self.out.timers.set(Reason::Entry(leg), now + timeout);
            }
        }
    }

    /// Nothing more is typed, or nothing at all.
    pub(super) fn check_pin(&mut self, now: Instant, leg: LegId) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let Stage::Pin(entry) = &found.stage else { return };
        let Some(pin) = entry.matching().cloned() else { return self.pin_failed(now, leg) };
        self.out.timers.clear(Reason::Entry(leg));
        found.entry.proved(pin);
        if let Call::Incoming { caller, .. } = &found.call {
            self.pin_guard.passed(caller);
        }
        self.choose_delivery(leg);
        self.at_the_door(now, leg);
    }

    fn pin_failed(&mut self, now: Instant, leg: LegId) {
        let tries_left = self.count_wrong_pin(now, leg);
        self.out.timers.clear(Reason::Entry(leg));
        self.note_member(leg, MemberEvent::PinFailed { tries_left });
        let Some((_, profile)) = self.leg_and_profile(leg) else { return };
        let mut sounds = profile.sounds.of(Cue::BadPin);
        if tries_left == 0 {
            return self.say_goodbye(now, leg, sounds);
        }
        sounds.extend(profile.sounds.of(Cue::Pin));
        self.prompt_pin(now, leg, sounds);
    }

    /// Returns the tries that are left in this call. Who types nothing has used one up, but is no suspect.
    fn count_wrong_pin(&mut self, now: Instant, leg: LegId) -> u8 {
        let Some(found) = self.legs.get_mut(&leg) else { return 0 };
        let room = found.entry.room.as_str();
        let Stage::Pin(entry) = &mut found.stage else { return 0 };
        let guessed = !std::mem::take(&mut entry.typed).is_empty();
        if guessed {
            self.pin_guard.wrong(now, room);
        }
        let is_first = guessed && !std::mem::replace(&mut entry.failed, true);
        if let (true, Call::Incoming { caller, .. }) = (is_first, &found.call) {
            self.pin_guard.bad_call(now, caller);
        }
        let attacked = self.pin_guard.is_attacked(now, room);
        entry.tries_left = if attacked { 0 } else { entry.tries_left.saturating_sub(1) };
        entry.tries_left
    }

    fn prompt_pin(&mut self, now: Instant, leg: LegId, sounds: Vec<String>) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        if !found.prompts.say_now(now, &mut self.out, Kind::Pin, sounds) {
            self.await_first_digit(now, leg);
        }
    }
}
