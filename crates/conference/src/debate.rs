//! Who may speak in a room, and who asks for the word.

use crate::action::LegId;
use crate::event::FloorMode;

/// Who may speak in a room, and who asks for the word.
#[derive(Debug, Default)]
pub(crate) struct Debate {
    mode: FloorMode,
    /// In the order in which they were raised.
    hands: Vec<LegId>,
    /// Who was given the word last.
    speaker: Option<LegId>,
    /// Who has taken the floor by key, and keeps it though he is silent.
    holder: Option<LegId>,
    /// All but the moderators were muted, and not unmuted since.
    pub(crate) all_muted: bool,
}

impl Debate {
    pub(crate) fn mode(&self) -> FloorMode {
        self.mode
    }

    /// Whether this participant must not speak.
    pub(crate) fn silences(&self, participant: LegId) -> bool {
        self.mode != FloorMode::Discussion && self.speaker != Some(participant)
    }

    /// From now on this mode holds; nobody has the word. Returns those who asked for it in vain.
    pub(crate) fn begin(&mut self, mode: FloorMode) -> Vec<LegId> {
        self.mode = mode;
        self.speaker = None;
        self.all_muted = false;
        if mode == FloorMode::Lecture { std::mem::take(&mut self.hands) } else { Vec::new() }
    }

    /// He asks for the word. Returns his place, from 1; `None`: in a lecture nobody is asked.
    pub(crate) fn raise(&mut self, leg: LegId) -> Option<usize> {
        if self.mode == FloorMode::Lecture {
            return None;
        }
        if !self.hands.contains(&leg) {
            self.hands.push(leg);
        }
        self.place(leg)
    }

    /// He asks for it no more. Returns whether he did.
    pub(crate) fn lower(&mut self, leg: LegId) -> bool {
        let asked = self.place(leg).is_some();
        self.hands.retain(|hand| *hand != leg);
        asked
    }

    /// His place among those who ask for the word, from 1.
    pub(crate) fn place(&self, leg: LegId) -> Option<usize> {
        self.hands.iter().position(|hand| *hand == leg).map(|index| index + 1)
    }

    /// The word goes to the first who asked. Returns who had it, and who has it now.
    pub(crate) fn next_speaker(&mut self) -> (Option<LegId>, Option<LegId>) {
        let next = (!self.hands.is_empty()).then(|| self.hands.remove(0));
        (std::mem::replace(&mut self.speaker, next), next)
    }

    /// He takes the floor by key, or gives it back. Returns whether he has it now; `None`: another one has it.
    pub(crate) fn take_floor(&mut self, leg: LegId) -> Option<bool> {
        match self.holder {
            None => self.holder = Some(leg),
            Some(holder) if holder == leg => self.holder = None,
            Some(_) => return None,
        }
        Some(self.holder.is_some())
    }

    /// Whether he has taken the floor by key.
    pub(crate) fn holds_floor(&self, leg: LegId) -> bool {
        self.holder == Some(leg)
    }

    /// A leg is another one from now on.
    pub(crate) fn rename(&mut self, old: LegId, new: LegId) {
        let hands = self.hands.iter_mut().chain(&mut self.speaker).chain(&mut self.holder);
        hands.filter(|leg| **leg == old).for_each(|leg| *leg = new);
    }

    /// He is gone.
    pub(crate) fn forget(&mut self, leg: LegId) {
        self.hands.retain(|hand| *hand != leg);
        self.speaker.take_if(|speaker| *speaker == leg);
        self.holder.take_if(|holder| *holder == leg);
    }
}
