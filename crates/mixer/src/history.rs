//! The newest frames of all members, as far back as the gates look.

use crate::Slot;

/// A ring of planes: one tick's frames of all members lie side by side, as they are read together.
#[derive(Debug)]
pub(crate) struct History {
    planes: Vec<Vec<i16>>,
    /// The plane of this tick.
    newest: usize,
    frame: usize,
    /// Whether this tick's frame of a slot was written.
    written: Vec<bool>,
}

impl History {
    pub(crate) fn new(frame: usize, kept: usize) -> Self {
        Self { planes: vec![Vec::new(); kept], newest: 0, frame, written: Vec::new() }
    }

    /// Makes room for so many slots.
    pub(crate) fn grow(&mut self, slots: usize) {
        self.planes.iter_mut().for_each(|plane| plane.resize(slots * self.frame, 0));
        self.written.resize(slots, false);
    }

    pub(crate) fn write(&mut self, slot: Slot) -> &mut [i16] {
        self.written[slot.index()] = true;
        frame_mut(&mut self.planes[self.newest], self.frame, slot)
    }

    /// The newest frame; silence if none was written.
    pub(crate) fn newest(&mut self, slot: Slot) -> &[i16] {
        let frame = frame_mut(&mut self.planes[self.newest], self.frame, slot);
        if !self.written[slot.index()] {
            frame.fill(0);
        }
        frame
    }

    /// The frame that was written `behind` ticks ago.
    pub(crate) fn frame(&self, slot: Slot, behind: usize) -> &[i16] {
        let plane = (self.newest + self.planes.len() - behind) % self.planes.len();
        &self.planes[plane][slot.index() * self.frame..][..self.frame]
    }

    pub(crate) fn advance(&mut self) {
        self.newest = (self.newest + 1) % self.planes.len();
        self.written.fill(false);
    }
}

fn frame_mut(plane: &mut [i16], frame: usize, slot: Slot) -> &mut [i16] {
    &mut plane[slot.index() * frame..][..frame]
}
