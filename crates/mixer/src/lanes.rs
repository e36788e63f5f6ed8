//! Frames of sums for those few slots that have one in this tick.

use crate::Slot;

/// A slot without a lane.
const NONE: u32 = u32::MAX;

/// At most one lane of samples for each slot, handed out one after the other. Of the place that is kept for them only what
/// was in use once is written to, and so takes memory: few of many members talk at once.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    frame: usize,
    lane_of: Vec<u32>,
    /// Who has a lane, in their order.
    slots: Vec<Slot>,
    samples: Vec<i32>,
}

impl Lanes {
    /// Makes room for so many slots, and for so many lanes of frames of such a length.
    pub(crate) fn fit(&mut self, frame: usize, slots: usize, lanes: usize) {
        if self.lane_of.len() < slots {
            self.lane_of.resize(slots, NONE);
        }
        self.slots.reserve(lanes.saturating_sub(self.slots.len()));
        self.samples.reserve((lanes * frame).saturating_sub(self.samples.len()));
    }

    /// Takes all lanes back; those that follow are of such a length.
    pub(crate) fn begin(&mut self, frame: usize) {
        self.frame = frame;
        self.slots.drain(..).for_each(|slot| self.lane_of[slot.index()] = NONE);
    }

    /// The slot's lane, silent when it is new.
    pub(crate) fn open(&mut self, slot: Slot) -> &mut [i32] {
        let lane = &mut self.lane_of[slot.index()];
        let is_new = *lane == NONE;
        if is_new {
            *lane = self.slots.len() as u32;
            self.slots.push(slot);
            self.samples.resize(self.samples.len().max(self.slots.len() * self.frame), 0);
        }
        let samples = &mut self.samples[*lane as usize * self.frame..][..self.frame];
        if is_new {
            samples.fill(0);
        }
        samples
    }

    /// The lanes that were opened.
    pub(crate) fn all_mut(&mut self) -> impl Iterator<Item = &mut [i32]> {
        self.samples.chunks_exact_mut(self.frame).take(self.slots.len())
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&[i32]> {
        if self.slots.is_empty() {
            return None;
        }
        match self.lane_of[slot.index()] {
            NONE => None,
            lane => Some(&self.samples[lane as usize * self.frame..][..self.frame]),
        }
    }
}
