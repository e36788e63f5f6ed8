//! The newest frames of all members, as far back as the gates look.

use std::ops::Range;

use confab_fetch::fetch_all;

use crate::Slot;

/// A ring of frames for each member.
#[derive(Debug)]
pub(crate) struct History {
    rings: Vec<i16>,
    /// Frames of a ring.
    kept: usize,
    /// Where in all rings this tick's frame is.
    newest: usize,
    frame: usize,
    /// The sums of |sample| of this tick's frames, so that those that are not heard need not be read again.
    magnitudes: Vec<u32>,
    /// Whether this tick's frame of a slot was written, and whether that of the tick before was.
    written: Vec<bool>,
    were_written: Vec<bool>,
}

impl History {
    pub(crate) fn new(frame: usize, kept: usize) -> Self {
        Self {
            rings: Vec::new(),
            kept,
            newest: 0,
            frame,
            magnitudes: Vec::new(),
            written: Vec::new(),
            were_written: Vec::new(),
        }
    }

    /// Fetches what a tick touches beside the frames.
    pub(crate) fn fetch_rest(&self) {
        fetch_all(&self.magnitudes);
        fetch_all(&self.written);
        fetch_all(&self.were_written);
    }

    /// Makes room for so many slots.
    pub(crate) fn grow(&mut self, slots: usize) {
        self.rings.resize(slots * self.kept * self.frame, 0);
        self.magnitudes.resize(slots, 0);
        self.written.resize(slots, false);
        self.were_written.resize(slots, false);
    }

    /// Lets this tick's frame be written, if there is one.
    pub(crate) fn write(&mut self, slot: Slot, write: impl FnOnce(&mut [i16]) -> bool) {
        let newest = self.place(slot, self.newest);
        let newest = &mut self.rings[newest];
        if write(newest) {
            self.written[slot.index()] = true;
            self.magnitudes[slot.index()] = sum_of_magnitudes(newest);
        }
    }

    /// Whether this tick's frame was written.
    pub(crate) fn is_written(&self, slot: Slot) -> bool {
        self.written[slot.index()]
    }

    /// After a tick: its frame, if one was written.
    pub(crate) fn last(&self, slot: Slot) -> Option<&[i16]> {
        self.were_written[slot.index()].then(|| self.frame(slot, 1))
    }

    /// Nothing more will be written in this tick: without a frame there is silence.
    pub(crate) fn complete(&mut self, slot: Slot) {
        if !self.written[slot.index()] {
            self.change(slot, |newest| newest.fill(0));
        }
    }

    /// Changes the newest frame.
    pub(crate) fn change(&mut self, slot: Slot, change: impl FnOnce(&mut [i16])) {
        let newest = self.place(slot, self.newest);
        let newest = &mut self.rings[newest];
        change(newest);
        self.magnitudes[slot.index()] = sum_of_magnitudes(newest);
    }

    /// The sum of |sample| of the newest frame.
    pub(crate) fn magnitudes(&self, slot: Slot) -> u32 {
        self.magnitudes[slot.index()]
    }

    /// The frame that was written `behind` ticks ago.
    pub(crate) fn frame(&self, slot: Slot, behind: usize) -> &[i16] {
        &self.rings[self.place(slot, (self.newest + self.kept - behind) % self.kept)]
    }

    /// Takes over what `old` keeps of a slot, converted to the length that frames have here.
    pub(crate) fn convert(&mut self, old: &Self, slot: Slot) {
        self.newest = old.newest;
        for which in 0..self.kept.min(old.kept) {
            let to = self.place(slot, which);
            convert(&old.rings[old.place(slot, which)], &mut self.rings[to]);
        }
    }

    pub(crate) fn advance(&mut self) {
        self.newest = (self.newest + 1) % self.kept;
        std::mem::swap(&mut self.written, &mut self.were_written);
        self.written.fill(false);
    }

    /// Where a frame of a slot's ring is.
    fn place(&self, slot: Slot, which: usize) -> Range<usize> {
        let start = (slot.index() * self.kept + which) * self.frame;
        start..start + self.frame
    }
}

/// The same sound at another rate, coarsely: straight lines between the samples, or means of them.
pub(crate) fn convert(from: &[i16], to: &mut [i16]) {
    let (have, want) = (from.len(), to.len());
    for (i, out) in to.iter_mut().enumerate() {
        let (at, end) = (i * have / want, (i + 1) * have / want);
        *out = if end > at + 1 { mean(&from[at..end]) } else { between(from, at, i * have % want, want) };
    }
}

fn mean(samples: &[i16]) -> i16 {
    (samples.iter().map(|&sample| i32::from(sample)).sum::<i32>() / samples.len() as i32) as i16
}

/// The sample that lies `part` of `whole` behind `at`; behind the last one it goes on as straight as it came.
fn between(samples: &[i16], at: usize, part: usize, whole: usize) -> i16 {
    let at_or_last = |i: usize| i32::from(samples[i.min(samples.len() - 1)]);
    let here = at_or_last(at);
    let rise = if at + 1 < samples.len() {
        at_or_last(at + 1) - here
    } else {
        here - at_or_last(at.saturating_sub(1))
    };
    let sample = here + rise * part as i32 / whole as i32;
    sample.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

fn sum_of_magnitudes(samples: &[i16]) -> u32 {
    samples.iter().map(|&sample| u32::from(sample.unsigned_abs())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Tone, level_dbov, tone_level_dbov};

    #[test]
    fn a_tone_is_the_same_at_every_rate() {
        let rates = [8000, 16_000, 24_000, 32_000, 48_000];
        for (from, to) in rates.iter().flat_map(|from| rates.map(|to| (*from, to))) {
            let (mut before, mut after) = (vec![0; from as usize / 10], vec![0; to as usize / 10]);
            Tone::new(from, 440.0, -20.0).fill(&mut before);
            convert(&before, &mut after);
            assert!((tone_level_dbov(&after, to, 440.0) + 20.0).abs() < 0.3, "{from} to {to}");
            assert!((level_dbov(&after) + 20.0).abs() < 0.3, "{from} to {to}");
        }
    }
}
