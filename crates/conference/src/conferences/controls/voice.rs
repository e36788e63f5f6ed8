//! A member's own voice and ears: mute, deaf, volumes, gate.

use std::time::Instant;

use crate::action::{Control, LegId};
use crate::conferences::Conferences;
use crate::event::MemberEvent;
use crate::keys::KeyAction;
use crate::member::{Step, spoken_energy, stepped_energy, stepped_volume};
use crate::phrases;
use crate::prompts::Kind;
use crate::settings::Cue;

impl Conferences {
    /// Does what a key says about the member's own voice and ears.
    pub(super) fn adjust(&mut self, now: Instant, leg: LegId, action: &KeyAction) {
        let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) else { return };
        let (muted, deaf) = (member.muted, member.deaf);
        match action {
            KeyAction::Mute => self.mute(now, leg, !muted),
            KeyAction::MuteOn => self.mute(now, leg, true),
            KeyAction::MuteOff => self.mute(now, leg, false),
            KeyAction::Deaf => self.deafen(now, leg, !deaf),
            KeyAction::DeafOn => self.deafen(now, leg, true),
            KeyAction::DeafOff => self.deafen(now, leg, false),
            KeyAction::DeafMute => {
                self.deafen(now, leg, !muted);
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
            _ => {}
        }
    }

    /// Mutes or unmutes him, as he asks, and tells him so.
    fn mute(&mut self, now: Instant, leg: LegId, on: bool) {
        if !on && self.is_silenced(leg) {
            return self.prompt(now, leg, Kind::Notice, Cue::NotAllowed);
        }
        if self.set_muted(now, leg, on) {
            self.prompt(now, leg, Kind::Mute, if on { Cue::Muted } else { Cue::Unmuted });
        }
    }

    /// Returns whether that has changed.
    pub(in crate::conferences) fn set_muted(&mut self, now: Instant, leg: LegId, on: bool) -> bool {
        let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) else { return false };
        if member.muted == on {
            return false;
        }
        member.muted = on;
        (member.untold_mute, member.muted_by_mode) = (false, false);
        self.apply(now, leg);
        self.note_member(leg, MemberEvent::Muted(on));
        true
    }

    fn deafen(&mut self, now: Instant, leg: LegId, on: bool) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let Some(member) = found.member().filter(|member| member.deaf != on) else { return };
        member.deaf = on;
        self.apply(now, leg);
        self.note_member(leg, MemberEvent::Deaf(on));
        self.prompt(now, leg, Kind::Deaf, if on { Cue::Deaf } else { Cue::Undeaf });
    }

    fn step_talk(&mut self, now: Instant, leg: LegId, step: Step) {
        let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) else { return };
        let volume = stepped_volume(member.talk_volume, step);
        member.talk_volume = volume;
        self.out.set(leg, Control::TalkVolume(volume));
        self.note_member(leg, MemberEvent::TalkVolume(volume));
        self.speak_value(now, leg, volume);
    }

    fn step_listen(&mut self, now: Instant, leg: LegId, step: Step) {
        let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) else { return };
        let volume = stepped_volume(member.listen_volume, step);
        member.listen_volume = volume;
        self.out.set(leg, Control::ListenVolume(volume));
        self.note_member(leg, MemberEvent::ListenVolume(volume));
        self.speak_value(now, leg, volume);
    }

    fn step_energy(&mut self, now: Instant, leg: LegId, step: Step) {
        let Some((found, profile)) = self.leg_and_profile(leg) else { return };
        let Some(member) = found.member() else { return };
        let level = stepped_energy(member.energy, step, profile.energy_level);
        member.energy = level;
        self.out.set(leg, Control::Energy(level));
        self.note_member(leg, MemberEvent::Energy(level));
        self.speak_value(now, leg, spoken_energy(level));
    }

    fn speak_value(&mut self, now: Instant, leg: LegId, value: i8) {
        let Some((found, profile)) = self.leg_and_profile(leg) else { return };
        let sounds = phrases::value(&profile.sounds, found.prompts.language(), value.into());
        self.play_to(now, leg, Kind::Value, sounds);
    }
}
