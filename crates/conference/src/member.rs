//! A member: a leg in a room, with what he says, hears and types.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::action::{Control, LegId};
use crate::keys::{KeyMap, Matcher};
use crate::outbox::Outbox;
use crate::settings::{MemberFlag, MemberFlags, Profile, Role};
use crate::talk::Talk;

/// How loud the room is under the prompt that asks for a number, dB.
const TYPING_GAIN_DB: i8 = -15;

/// Volumes have this many steps up and down.
const MAX_VOLUME: i8 = 4;

/// Who talks though he is muted is told so at most once in this time.
const HINT_INTERVAL: Duration = Duration::from_secs(15);

const MAX_ENERGY: u16 = 1800;
const ENERGY_STEP: u16 = 200;

#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) role: Arc<Role>,
    /// Those of the profile, of his role, of his way in and of his PIN.
    pub(crate) flags: MemberFlags,
    pub(crate) joined: Instant,
    pub(crate) matcher: Matcher,
    /// The number that he types.
    pub(crate) entry: Option<Entry>,
    /// The number that he called last.
    pub(crate) dialled: Option<String>,
    pub(crate) muted: bool,
    /// He joined muted and was not told so yet.
    pub(crate) untold_mute: bool,
    /// The mode of the room has muted him.
    pub(crate) muted_by_mode: bool,
    pub(crate) deaf: bool,
    pub(crate) talk: Talk,
    /// Until then he is not told again that he is muted.
    hinted: Option<Instant>,
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
    pub(crate) fn new(now: Instant, role: Arc<Role>, flags: MemberFlags, profile: &Profile) -> Self {
        let muted = flags.contains(&MemberFlag::Mute);
        Self {
            matcher: Matcher::new(keys_of(&role, &flags, profile)),
            role,
            joined: now,
            entry: None,
            dialled: None,
            muted,
            untold_mute: muted,
            muted_by_mode: false,
            deaf: flags.contains(&MemberFlag::Deaf),
            flags,
            talk: Talk::default(),
            hinted: None,
            talk_volume: 0,
            listen_volume: 0,
            energy: profile.energy_level,
            speaking: None,
            hearing: None,
        }
    }

    pub(crate) fn has(&self, flag: MemberFlag) -> bool {
        self.flags.contains(&flag)
    }

    /// He joins a room whose mode lets only moderators speak.
    pub(crate) fn obey_mode(&mut self) {
        self.muted_by_mode |= self.join_muted();
    }

    /// He joins a room in which all but the moderators are muted. Returns whether that has muted him.
    pub(crate) fn join_muted(&mut self) -> bool {
        let mutes = !self.muted && !self.has(MemberFlag::Moderator);
        self.muted |= mutes;
        self.untold_mute |= mutes;
        mutes
    }

    /// Whether the room is to hear him.
    pub(crate) fn is_heard(&self, held: bool) -> bool {
        !self.muted && !held && self.entry.is_none()
    }

    /// Sets what has changed of whether he is heard and what he hears.
    pub(crate) fn apply(&mut self, leg: LegId, held: bool, out: &mut Outbox) {
        let speaking = self.is_heard(held);
        let gain = if self.entry.is_some() { TYPING_GAIN_DB } else { 0 };
        let hearing = (!self.deaf).then_some(gain);
        if self.hearing.replace(hearing) != Some(hearing) {
            out.set(leg, Control::Hear(hearing));
        }
        if self.speaking.replace(speaking) != Some(speaking) {
            out.set(leg, Control::Speak(speaking));
        }
    }

    /// He is in front of the room: it does not hear him, nor he it, and the floor is free for others.
    pub(crate) fn seclude(&mut self, leg: LegId, out: &mut Outbox) {
        (self.hearing, self.speaking) = (Some(None), Some(false));
        out.set(leg, Control::Floor(false));
        out.set(leg, Control::Hear(None));
        out.set(leg, Control::Speak(false));
    }

    /// Forgets the number that he types, and half a sequence.
    pub(crate) fn stop_typing(&mut self) {
        self.entry = None;
        self.matcher.clear();
    }

    /// The mixer knows nothing of him: all is to be set.
    pub(crate) fn forget_applied(&mut self) {
        (self.hearing, self.speaking) = (None, None);
    }

    /// Whether he is to be told now that he is muted, since he talks.
    pub(crate) fn needs_hint(&mut self, now: Instant) -> bool {
        let due = self.muted && self.hinted.is_none_or(|until| now >= until);
        if due {
            self.hinted = Some(now + HINT_INTERVAL);
        }
        due
    }
}

/// The keys of his role; if it has none, those of the profile.
fn keys_of(role: &Role, flags: &MemberFlags, profile: &Profile) -> KeyMap {
    let moderator = flags.contains(&MemberFlag::Moderator);
    let candidates = [Some(&role.keys), moderator.then_some(&profile.moderator_controls)];
    let found = candidates.into_iter().flatten().find(|keys| !keys.is_empty());
    found.unwrap_or(&profile.caller_controls).clone()
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
