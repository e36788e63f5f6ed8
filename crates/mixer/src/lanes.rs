//! Frames of sums for those few slots that have one in this tick.

use crate::Slot;

/// A slot without a lane.
const NONE: u32 = u32::MAX;

/// At most one lane of samples for each slot, handed out one after the other. Of the place that is kept for them only what
/// was in use once is written to, and so takes memory: few of many members talk at once.
#[derive(Debug)]
pub(crate) struct Lanes {
    frame: usize,
    lane_of: Vec<u32>,
    samples: Vec<i32>,
    used: usize,
}

impl Lanes {
    pub(crate) fn new(frame: usize) -> Self {
        Self { frame, lane_of: Vec::new(), samples: Vec::new(), used: 0 }
    }

    /// Makes room for so many slots.
    pub(crate) fn grow(&mut self, slots: usize) {
        self.lane_of.resize(slots, NONE);
    }

    /// Makes room for so many lanes.
    pub(crate) fn reserve(&mut self, lanes: usize) {
        self.samples.reserve((lanes * self.frame).saturating_sub(self.samples.len()));
    }

    /// Where there were none, nothing is touched.
    pub(crate) fn clear(&mut self) {
        if self.used > 0 {
            self.lane_of.fill(NONE);
            self.used = 0;
        }
    }

    /// The slot's lane, silent when it is new.
    pub(crate) fn open(&mut self, slot: Slot) -> &mut [i32] {
        let lane = &mut self.lane_of[slot.index()];
        let is_new = *lane == NONE;
        if is_new {
            *lane = self.used as u32;
            self.used += 1;
            self.samples.resize(self.samples.len().max(self.used * self.frame), 0);
        }
        let samples = &mut self.samples[*lane as usize * self.frame..][..self.frame];
        if is_new {
            samples.fill(0);
        }
        samples
    }

    /// The lanes that were opened.
    pub(crate) fn all_mut(&mut self) -> impl Iterator<Item = &mut [i32]> {
        self.samples.chunks_exact_mut(self.frame).take(self.used)
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&[i32]> {
        if self.used == 0 {
            return None;
        }
        match self.lane_of[slot.index()] {
            NONE => None,
            lane => Some(&self.samples[lane as usize * self.frame..][..self.frame]),
        }
    }
}
