//! What a tick is done on.

use super::voices::Voice;
use crate::lanes::Lanes;

/// The sums and frames with which a [`Mixer`](super::Mixer) works, from [`tick`](super::Mixer::tick) until what that gave is
/// rendered. None of it is needed any longer, so the rooms of a thread have one desk, each in its turn: it stays in the core's
/// first caches, where sums of their own would have to come from memory for each tick.
#[derive(Debug, Default)]
pub struct Desk {
    pub(super) speaking: Vec<Voice>,
    /// By slot: who is heard in this tick as he came, and how many frames ago that was.
    pub(super) unchanged: Vec<Option<u8>>,
    /// Who is heard otherwise.
    pub(super) voices: Lanes,
    pub(super) prompts: Lanes,
    /// The sum of all voices and of what is played to the room.
    pub(super) room: Vec<i32>,
    /// The part of it that is announced, and whether anything is.
    pub(super) announced: Vec<i32>,
    pub(super) is_announced: bool,
    /// A frame before it goes into a sum, on its stages; a sum before it is limited, and after that.
    pub(super) frame: Vec<i16>,
    pub(super) clean: Vec<i16>,
    pub(super) other: Vec<i16>,
    pub(super) mix: Vec<f32>,
    pub(super) out: Vec<i16>,
}

impl Desk {
    /// Makes place for frames of such a length, and for so many members and playbacks.
    pub(super) fn fit(&mut self, frame: usize, slots: usize, playbacks: usize) {
        make_place(&mut self.speaking, slots);
        make_place(&mut self.unchanged, slots);
        self.voices.fit(frame, slots, slots);
        self.prompts.fit(frame, slots, playbacks);
        for sum in [&mut self.room, &mut self.announced] {
            make_place(sum, frame);
        }
        for part in [&mut self.frame, &mut self.clean, &mut self.other, &mut self.out] {
            make_place(part, frame);
        }
        make_place(&mut self.mix, frame);
    }

    /// Clears it for the next room, which it fits.
    pub(super) fn begin(&mut self, frame: usize, slots: usize) {
        self.speaking.clear();
        restart(&mut self.unchanged, slots);
        self.voices.begin(frame);
        self.prompts.begin(frame);
        restart(&mut self.room, frame);
        if std::mem::take(&mut self.is_announced) {
            self.announced.clear();
        }
        self.announced.resize(frame, 0);
        for part in [&mut self.frame, &mut self.clean, &mut self.other, &mut self.out] {
            part.resize(frame, 0);
        }
        self.mix.resize(frame, 0.0);
    }
}

fn make_place<T>(items: &mut Vec<T>, count: usize) {
    items.reserve(count.saturating_sub(items.len()));
}

fn restart<T: Clone + Default>(items: &mut Vec<T>, count: usize) {
    items.clear();
    items.resize(count, T::default());
}
