//! What is known of the level of one line: its noise, and whether it is far too loud.

use crate::member::LoudGuard;

/// The parts of a second that the quietest frame is taken of, ms, and how many of them.
const PART_MS: u16 = 500;
const PARTS: usize = 6;
/// Highest level that is set by itself: the end of the energy keys.
const HIGHEST: u32 = 1800;
/// What is added to twice the noise.
const MARGIN: u32 = 50;

/// The noise of a line: the score of its quietest frame in the last three seconds. Speech always pauses in them.
#[derive(Debug, Clone)]
pub(crate) struct Noise {
    quietest: [u32; PARTS],
    frames: u16,
}

impl Noise {
    pub(crate) fn new() -> Self {
        Self { quietest: [u32::MAX; PARTS], frames: 0 }
    }

    /// Takes the score of a frame.
    pub(crate) fn hear(&mut self, score: u32, interval_ms: u16) {
        self.quietest[0] = self.quietest[0].min(score);
        self.frames += 1;
        if self.frames * interval_ms >= PART_MS {
            self.frames = 0;
            self.quietest.rotate_right(1);
            self.quietest[0] = score;
        }
    }

    /// The level for a gate that lets this noise not through.
    pub(crate) fn level(&self, least: u16) -> u32 {
        let quietest = self.quietest.iter().min().filter(|score| **score != u32::MAX);
        let level = quietest.map_or(0, |score| score.saturating_mul(2).saturating_add(MARGIN));
        level.min(HIGHEST).max(u32::from(least))
    }
}

/// Counts hits, and mutes.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    config: LoudGuard,
    hits: u16,
    /// Frames for which the member is still muted.
    muted: u16,
}

impl Guard {
    pub(crate) fn new(config: LoudGuard) -> Self {
        Self { config, hits: 0, muted: 0 }
    }

    pub(crate) fn is_muting(&self) -> bool {
        self.muted > 0
    }

    /// Takes the score of a frame; true if the member is muted from now on.
    pub(crate) fn hear(&mut self, score: u32, interval_ms: u16) -> bool {
        if self.muted > 0 {
            self.muted -= 1;
            return false;
        }
        let hit = score > u32::from(self.config.level);
        self.hits = if hit { self.hits + 1 } else { self.hits.saturating_sub(1) };
        if self.hits < u16::from(self.config.hits.max(1)) {
            return false;
        }
        self.hits = 0;
        self.muted = self.config.mute_ms.div_ceil(interval_ms);
        true
    }
}
