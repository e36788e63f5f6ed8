//! What recordings take of a room after each tick.

use confab_mixer::{Desk, Mixer};

use crate::event::LegId;
use crate::format::Format;
use crate::leg::Leg;

/// Most voices that have a track of their own in one tick; those beyond are in the rest.
const MOST_VOICES: usize = 32;

/// Whose sound it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Track {
    /// All that the room heard.
    Mix,
    /// Of that what is no member's voice: what was played to all.
    Rest,
    /// A member's voice, as much of it as the room heard.
    Voice(LegId),
    /// What came from a leg, whoever heard it.
    Input(LegId),
}

/// What is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// The mix, and its parts if they are wanted: their sum is the mix, to the last bit while nothing is limited.
    Mix {
        /// A track for each voice, and one for the rest.
        parts: bool,
    },
    /// What comes from one leg.
    Input(LegId),
}

/// The sound of one tick, on its tracks. Made by the control side; from then on nothing is allocated.
#[derive(Debug)]
pub struct Tap {
    taken: Taken,
    mixer: confab_mixer::Tap,
    frame: usize,
    /// The tracks that are not silent, and their frames one after the other.
    tracks: Vec<Track>,
    samples: Vec<i16>,
}

impl Tap {
    /// For a room that mixes in `longest` or at a lower rate.
    #[must_use]
    pub fn new(taken: Taken, longest: Format) -> Self {
        let most = if taken == (Taken::Mix { parts: true }) { MOST_VOICES + 2 } else { 1 };
        let frame = longest.frame();
        Self {
            taken,
            mixer: confab_mixer::Tap::new(frame),
            frame,
            tracks: Vec::with_capacity(most),
            samples: vec![0; most * frame],
        }
    }

    /// What it takes.
    #[must_use]
    pub fn taken(&self) -> Taken {
        self.taken
    }

    /// What it took in the last tick; who is not among the tracks was silent.
    pub fn tracks(&self) -> impl Iterator<Item = (Track, &[i16])> + Clone {
        self.tracks.iter().copied().zip(self.samples.chunks_exact(self.frame))
    }

    pub(crate) fn take(&mut self, mixer: &Mixer, desk: &mut Desk, legs: &[Box<Leg>]) {
        self.tracks.clear();
        self.frame = mixer.frame_len();
        match self.taken {
            Taken::Mix { parts } => {
                self.push(Track::Mix, |tap, out| mixer.tap_mix(desk, tap, out));
                if parts {
                    self.take_parts(mixer, desk, legs);
                }
            }
            Taken::Input(id) => {
                let slot = legs.iter().find(|leg| leg.id == id).and_then(|leg| leg.slot);
                let Some(slot) = slot else { return };
                self.push(Track::Input(id), |_, out| mixer.tap_input(slot, out));
            }
        }
    }

    fn take_parts(&mut self, mixer: &Mixer, desk: &Desk, legs: &[Box<Leg>]) {
        for leg in legs {
            let Some(slot) = leg.slot.filter(|_| self.tracks.len() <= MOST_VOICES) else { continue };
            self.push(Track::Voice(leg.id), |tap, out| mixer.tap_voice(desk, tap, slot, out));
        }
        self.push(Track::Rest, |tap, out| mixer.tap_rest(tap, out));
    }

    fn push(&mut self, track: Track, write: impl FnOnce(&mut confab_mixer::Tap, &mut [i16]) -> bool) {
        let from = self.tracks.len() * self.frame;
        let Some(out) = self.samples.get_mut(from..from + self.frame) else { return };
        if write(&mut self.mixer, out) {
            self.tracks.push(track);
        }
    }
}
