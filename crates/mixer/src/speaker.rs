//! Who has the floor: the one who talks, seen over a while.
//!
//! As in FreeSWITCH whoever talks first takes the floor, keeps it in his pauses, and loses it to another who talks while
//! he does not. Unlike there a word thrown in takes it from nobody: the other one has to be twice as loud for
//! [`TAKE_MS`] in sum, and half of the time in which he is not counts against him.

use confab_fetch::fetch_all;

use crate::Slot;

/// Time over which loudness is smoothed, ms: FreeSWITCH's 0.2 of each new 20 ms.
const SMOOTH_MS: f32 = 100.0;
/// Least score, of now and smoothed, of him who takes the floor from another: that of a gate as it usually is.
const LEAST: f32 = 100.0;
/// How much louder than the holder he must be: 6 dB.
const LOUDER: f32 = 2.0;
/// For how long, ms.
const TAKE_MS: u16 = 500;

/// The floor of a room.
#[derive(Debug)]
pub(crate) struct Speaker {
    interval_ms: u16,
    holder: Option<Slot>,
    /// It was told that he has it.
    is_told: bool,
    /// Nobody else gets it, however loud.
    is_locked: bool,
    /// Smoothed scores of the talkers by slot.
    loudness: Vec<f32>,
    /// Who is louder than the holder, and for how long by now, ms.
    rival: Option<(Slot, u16)>,
    /// The loudest of this tick but for the holder, and its score.
    loudest: Option<(Slot, u32)>,
    /// Whether the holder's loudness is up to date.
    is_heard: bool,
}

impl Speaker {
    pub(crate) fn new(interval_ms: u16) -> Self {
        Self {
            interval_ms,
            holder: None,
            is_told: false,
            is_locked: false,
            loudness: Vec::new(),
            rival: None,
            loudest: None,
            is_heard: false,
        }
    }

    /// Fetches what a tick touches.
    pub(crate) fn fetch_rest(&self) {
        fetch_all(&self.loudness);
    }

    /// Makes room for so many slots.
    pub(crate) fn grow(&mut self, slots: usize) {
        self.loudness.resize(slots, 0.0);
    }

    /// Goes on where `old` was.
    pub(crate) fn adopt(&mut self, old: &Self) {
        (self.holder, self.is_told) = (old.holder, old.is_told);
        (self.is_locked, self.rival) = (old.is_locked, old.rival);
        self.loudness[..old.loudness.len()].copy_from_slice(&old.loudness);
    }

    pub(crate) fn holder(&self) -> Option<Slot> {
        self.holder
    }

    pub(crate) fn is_locked(&self) -> bool {
        self.is_locked
    }

    /// Gives the floor to one for as long as he keeps it.
    pub(crate) fn lock(&mut self, slot: Slot) {
        self.give(slot);
        self.is_locked = true;
    }

    /// The slot's lock is over; he keeps the floor until another one talks.
    pub(crate) fn unlock(&mut self, slot: Slot) {
        self.is_locked &= self.holder != Some(slot);
    }

    /// The slot can no longer have the floor; whether it had it.
    pub(crate) fn release(&mut self, slot: Slot) -> bool {
        self.rival = self.rival.filter(|(rival, _)| *rival != slot);
        let had = self.holder == Some(slot);
        if had {
            (self.holder, self.is_locked) = (None, false);
        }
        had
    }

    /// A talker's score in this tick; `begins` if he was silent before.
    pub(crate) fn hear(&mut self, slot: Slot, score: u32, begins: bool) {
        let before = if begins { 0.0 } else { self.loudness[slot.index()] };
        self.smooth(slot, before, score as f32);
        if self.holder == Some(slot) {
            self.is_heard = true;
        } else if self.loudest.is_none_or(|(loudest, _)| self.loudness(slot) > self.loudness(loudest)) {
            self.loudest = Some((slot, score));
        }
    }

    /// All talkers were heard: who has the floor now, if that is news.
    pub(crate) fn decide(&mut self) -> Option<Slot> {
        let loudest = self.loudest.take();
        if let Some(holder) = self.holder.filter(|_| !std::mem::take(&mut self.is_heard)) {
            self.smooth(holder, self.loudness(holder), 0.0);
        }
        let taker = match (self.holder, self.is_locked) {
            (_, true) => None,
            (None, false) => loudest.map(|(slot, _)| slot),
            (Some(holder), false) => self.contend(holder, loudest),
        };
        if let Some(taker) = taker {
            self.give(taker);
        }
        self.holder.filter(|_| !std::mem::replace(&mut self.is_told, true))
    }

    fn give(&mut self, slot: Slot) {
        self.is_told &= self.holder == Some(slot);
        (self.holder, self.rival) = (Some(slot), None);
    }

    /// Who takes the floor from its holder.
    fn contend(&mut self, holder: Slot, loudest: Option<(Slot, u32)>) -> Option<Slot> {
        let least = LEAST.max(self.loudness(holder) * LOUDER);
        let is_louder = |(slot, score): &(Slot, u32)| *score as f32 >= LEAST && self.loudness(*slot) >= least;
        self.rival = match (self.rival, loudest.filter(is_louder).map(|(slot, _)| slot)) {
            (Some((rival, ms)), Some(slot)) if rival == slot => Some((slot, ms + self.interval_ms)),
            (Some((rival, ms)), _) if ms > self.interval_ms => Some((rival, ms - self.interval_ms / 2)),
            (_, louder) => louder.map(|slot| (slot, self.interval_ms)),
        };
        self.rival.filter(|(_, ms)| *ms >= TAKE_MS).map(|(rival, _)| rival)
    }

    fn smooth(&mut self, slot: Slot, before: f32, score: f32) {
        let part = f32::from(self.interval_ms) / SMOOTH_MS;
        self.loudness[slot.index()] = before + (score - before) * part.min(1.0);
    }

    fn loudness(&self, slot: Slot) -> f32 {
        self.loudness[slot.index()]
    }
}
