//! Members who send back what they are sent: an echo on their line, or a second phone beside theirs.

use crate::listeners::ListenKey;
use crate::member::{EchoAction, Slot};
use finder::Finder;

mod finder;

/// The pieces in which the magnitude of a sound is looked at, ms.
const HOP_MS: u16 = 10;
/// Pieces of the longest frame.
const HOPS: usize = 6;
/// What is left of the voice of a member who is ducked: −18 dB.
const DUCKED: f32 = 0.126;
/// A member who has spoken up is not ducked for so many frames.
const SPOKEN: u8 = 12;

/// Magnitudes of a frame's pieces.
type Pieces = [f32; HOPS];

/// The echo finders of all members, for a room in which echoes are looked for.
#[derive(Debug)]
pub(crate) struct Echo {
    interval_ms: u16,
    finders: Vec<Finder>,
    /// What was rendered in the last tick, by key.
    sent: Vec<Pieces>,
}

/// An echo, or its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) on: bool,
    pub(crate) delay_ms: u16,
    pub(crate) loss_db: u8,
}

impl Echo {
    pub(crate) fn new(interval_ms: u16) -> Self {
        Self { interval_ms, finders: Vec::new(), sent: Vec::new() }
    }

    /// Makes room for so many slots.
    pub(crate) fn grow(&mut self, slots: usize) {
        self.finders.resize_with(slots, Finder::new);
        self.sent.resize(slots, Pieces::default());
    }

    /// What is known of a slot is forgotten.
    pub(crate) fn reset(&mut self, slot: Slot) {
        self.finders[slot.index()] = Finder::new();
    }

    /// Goes on where `old` was.
    pub(crate) fn adopt(&mut self, old: &Self) {
        self.finders[..old.finders.len()].clone_from_slice(&old.finders);
    }

    /// What is heard under a key in this tick.
    pub(crate) fn note_sent(&mut self, key: ListenKey, frame: &[i16]) {
        if let Some(sent) = self.sent.get_mut(key.index()) {
            *sent = self::pieces(frame, self.interval_ms);
        }
    }

    /// The keys get another meaning: nothing is sent under them yet.
    pub(crate) fn forget_sent(&mut self) {
        self.sent.fill(Pieces::default());
    }

    /// Takes a member's newest frame, and what he was sent in the last tick; an echo, if one begins or ends now.
    pub(crate) fn hear(&mut self, slot: Slot, key: ListenKey, frame: &[i16]) -> Option<Found> {
        let sent = self.sent.get(key.index()).copied().unwrap_or_default();
        let heard = pieces(frame, self.interval_ms);
        let finder = &mut self.finders[slot.index()];
        let hops = usize::from(self.interval_ms / HOP_MS).min(HOPS);
        let pairs = sent.into_iter().zip(heard).take(hops);
        pairs.fold(None, |found, (sent, heard)| finder.step(sent, heard, self.interval_ms).or(found))
    }

    pub(crate) fn finder(&self, slot: Slot) -> &Finder {
        &self.finders[slot.index()]
    }
}

/// What is done about one member's echo.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) action: EchoAction,
    /// What is left of its voice.
    pub(crate) part: f32,
    /// Frames for which it is not ducked, as it has spoken up.
    spoken: u8,
}

impl Default for Answer {
    fn default() -> Self {
        Self::new(EchoAction::Ignore)
    }
}

impl Answer {
    pub(crate) fn new(action: EchoAction) -> Self {
        Self { action, part: 1.0, spoken: 0 }
    }

    /// Whether the voice is looked at.
    pub(crate) fn listens(&self) -> bool {
        self.action != EchoAction::Ignore
    }

    /// What is left of the newest frame.
    pub(crate) fn judge(&mut self, finder: &Finder) {
        self.spoken = if finder.is_louder_than_echo() { SPOKEN } else { self.spoken.saturating_sub(1) };
        self.part = match self.action {
            EchoAction::Mute if finder.is_on() => 0.0,
            EchoAction::Duck if finder.is_on() && self.spoken == 0 => DUCKED,
            _ => 1.0,
        };
    }
}

/// The mean magnitude of each piece of a frame.
fn pieces(frame: &[i16], interval_ms: u16) -> Pieces {
    let mut pieces = Pieces::default();
    let hop = (frame.len() * usize::from(HOP_MS) / usize::from(interval_ms)).max(1);
    for (piece, samples) in pieces.iter_mut().zip(frame.chunks_exact(hop)) {
        let sum: u32 = samples.iter().map(|&sample| u32::from(sample.unsigned_abs())).sum();
        *piece = sum as f32 / hop as f32;
    }
    pieces
}
