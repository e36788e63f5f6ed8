//! A member: a leg in a room, with what he says, hears and types.

use std::sync::Arc;
use std::time::Instant;

use crate::action::{Control, LegId};
use crate::keys::Matcher;
use crate::outbox::Outbox;
use crate::settings::{Profile, Role};

/// How loud the room is under the prompt that asks for a number, dB.
const TYPING_GAIN_DB: i8 = -15;

/// Volumes have this many steps up and down.
const MAX_VOLUME: i8 = 4;

const MAX_ENERGY: u16 = 1800;
const ENERGY_STEP: u16 = 200;

#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) role: Arc<Role>,
    pub(crate) matcher: Matcher,
    /// The number that he types.
    pub(crate) entry: Option<Entry>,
    /// Until then a `#` is the late end of a number or PIN that was complete without it.
    pub(crate) late_terminator: Option<Instant>,
    pub(crate) muted: bool,
    pub(crate) deaf: bool,
    pub(crate) talking: bool,
    pub(crate) talk_volume: i8,
    pub(crate) listen_volume: i8,
    pub(crate) energy: u16,
    /// As set last.
    speaking: Option<bool>,
    /// As set last.
    hearing: Option<Option<i8>>,
}

#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) digits: String,
    /// It was no number; he is being told so.
    pub(crate) rejected: bool,
}

/// Up, down, or back to where it was.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Up,
    Reset,
    Down,
}

impl Member {
    pub(crate) fn new(role: Arc<Role>, muted: bool, profile: &Profile) -> Self {
        let matcher = Matcher::new(role.keys.clone());
        Self {
            role,
            matcher,
            entry: None,
            late_terminator: None,
            muted,
            deaf: false,
            talking: false,
            talk_volume: 0,
            listen_volume: 0,
            energy: profile.energy_level,
            speaking: None,
            hearing: None,
        }
    }

    /// Sets what has changed of whether he is heard and what he hears.
    pub(crate) fn apply(&mut self, leg: LegId, held: bool, out: &mut Outbox) {
        let speaking = !self.muted && !held && self.entry.is_none();
        let gain = if self.entry.is_some() { TYPING_GAIN_DB } else { 0 };
        let hearing = (!self.deaf).then_some(gain);
        if self.hearing.replace(hearing) != Some(hearing) {
            out.set(leg, Control::Hear(hearing));
        }
        if self.speaking.replace(speaking) != Some(speaking) {
            out.set(leg, Control::Speak(speaking));
        }
    }

    /// Whether this key is the late end of what was complete without it.
    pub(crate) fn is_late_terminator(&mut self, now: Instant, digit: char) -> bool {
        let until = self.late_terminator.take();
        digit == '#' && until.is_some_and(|until| now < until)
    }
}

/// The next volume.
pub(crate) fn stepped_volume(volume: i8, step: Step) -> i8 {
    match step {
        Step::Up => (volume + 1).min(MAX_VOLUME),
        Step::Reset => 0,
        Step::Down => (volume - 1).max(-MAX_VOLUME),
    }
}

/// The next energy level.
pub(crate) fn stepped_energy(level: u16, step: Step, configured: u16) -> u16 {
    match step {
        Step::Up => level.saturating_add(ENERGY_STEP).min(MAX_ENERGY),
        Step::Reset => configured,
        Step::Down => level.saturating_sub(ENERGY_STEP),
    }
}

/// What is spoken of an energy level.
pub(crate) fn spoken_energy(level: u16) -> i8 {
    i8::try_from(level.min(MAX_ENERGY) / ENERGY_STEP).unwrap_or(i8::MAX)
}
