//! Who of many talkers is mixed: the loudest.

use crate::Slot;

/// A talker who is mixed keeps his place until another is 6 dB louder.
const HOLDER: u32 = 2;

/// The talkers of one tick, loudest first once there are more of them than places.
#[derive(Debug)]
pub(crate) struct Floor {
    places: usize,
    /// Places if nobody limits them further.
    most: usize,
    talkers: Vec<(u32, Slot)>,
}

impl Floor {
    pub(crate) fn new(places: Option<u16>) -> Self {
        let most = places.map_or(usize::MAX, usize::from);
        Self { places: most, most, talkers: Vec::new() }
    }

    /// Whether there are fewer places than there might be talkers.
    pub(crate) fn is_limited(&self) -> bool {
        self.places != usize::MAX
    }

    /// For now there are no more places than this.
    pub(crate) fn limit(&mut self, places: Option<u16>) {
        self.places = self.most.min(places.map_or(usize::MAX, usize::from));
    }

    /// As many places as there are in another one.
    pub(crate) fn adopt(&mut self, old: &Self) {
        self.places = old.places;
    }

    /// Makes room for so many slots.
    pub(crate) fn grow(&mut self, slots: usize) {
        self.talkers.reserve(slots.saturating_sub(self.talkers.len()));
    }

    pub(crate) fn clear(&mut self) {
        self.talkers.clear();
    }

    /// Somebody wants to be heard whose loudness (a score that fades) is as given; `holds` if he was heard last.
    pub(crate) fn want(&mut self, slot: Slot, loudness: u32, holds: bool) {
        self.talkers.push((if holds { loudness.saturating_mul(HOLDER) } else { loudness }, slot));
    }

    /// Those who have no place.
    pub(crate) fn left_out(&mut self) -> impl Iterator<Item = Slot> + '_ {
        if self.places > 0 && self.places < self.talkers.len() {
            self.talkers
                .select_nth_unstable_by_key(self.places - 1, |(loudness, slot)| (u32::MAX - loudness, *slot));
        }
        self.talkers.iter().skip(self.places).map(|(_, slot)| *slot)
    }
}
