//! The energy gate of one member: it decides when the member talks and which of its frames the room hears.
//!
//! As in FreeSWITCH a frame counts as talk when its score, the integer mean of |sample|, is strictly above the member's
//! energy level. A clearly loud frame opens the gate at once, a softer one has to be confirmed, and the gate closes
//! after [`HANGOVER_MS`] without talk.
//!
//! Unlike FreeSWITCH's, it looks back. What was withheld before it opened, [`LOOK_BACK_MS`] before the first frame that
//! counted and the confirming frames, is played first, so that no first syllable is cut; the member then runs
//! that much *behind*. Frames in which nothing could be heard anyway (18 dB below the level) need no looking back to,
//! so that a sharp onset on a quiet line costs no delay at all. Once the looked-back frames are played, each pair of
//! quiet frames is cross-faded into one until the member is no longer behind, usually within the first pause between two
//! words. At level 0, or if it is told to, the gate lets everything through without delay and only tells who talks.

/// How far the gate looks back from the first frame that counts, ms.
const LOOK_BACK_MS: u16 = 100;
/// How long a soft talker must be heard before the gate opens, ms.
const CONFIRM_MS: u16 = 40;
/// How long the gate stays open without talk, ms.
const HANGOVER_MS: u16 = 800;
/// A score this much above the level needs no confirmation.
const SURE: u32 = 400;
/// What is below this part of the level, or of a talker's loudness, is not missed (18 dB); as a mean over 20 ms.
const INAUDIBLE: u32 = 8;
/// How long a talker's loudness is remembered, ms.
const MEMORY_MS: u16 = 640;

/// The gate's times in frames.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    look_back: u8,
    confirm: u8,
    hangover: u16,
    /// What a talker's loudness loses in each frame, as a part of 2^16.
    fading: u32,
    /// The part of the level from which on a frame is worth looking back to.
    audible: u32,
}

impl Timing {
    pub(crate) fn new(interval_ms: u16) -> Self {
        let frames = |ms: u16| ms.div_ceil(interval_ms.max(10));
        Self {
            look_back: frames(LOOK_BACK_MS) as u8,
            confirm: frames(CONFIRM_MS) as u8,
            hangover: frames(HANGOVER_MS),
            fading: (1 << 16) / u32::from(frames(MEMORY_MS)),
            audible: INAUDIBLE * u32::from(interval_ms.max(20)) / 20,
        }
    }

    fn faded(self, loudness: u32) -> u32 {
        let lost = (u64::from(loudness) * u64::from(self.fading)) >> 16;
        loudness.saturating_sub(lost as u32 + 1)
    }

    /// Frames that must be kept, the newest included.
    pub(crate) fn kept(self) -> usize {
        usize::from(self.look_back + self.confirm)
    }
}

/// What a frame did to the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Started,
    Stopped,
}

/// Which frame the room hears now: the one that came `behind` frames ago, cross-faded into the next one if `merged`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) behind: usize,
    pub(crate) merged: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Gate {
    level: u32,
    /// Everything is let through.
    always: bool,
    talking: bool,
    /// Frames that counted while the gate was closed, less those that did not.
    rising: u8,
    /// Frames without talk while the gate was open.
    lull: u16,
    /// How many frames the room hears the member late.
    behind: u8,
    /// Looked-back frames that are still to be played.
    owed: u8,
    /// One bit a frame, the newest lowest: worth looking back to; droppable.
    audible: u16,
    quiet: u16,
    /// Peak score, fading.
    loudness: u32,
}

impl Gate {
    pub(crate) fn set_level(&mut self, level: u32) {
        self.level = level;
    }

    pub(crate) fn set_always(&mut self, on: bool) {
        self.always = on;
    }

    pub(crate) fn level(&self) -> u32 {
        self.level
    }

    /// Whether the room hears the member.
    pub(crate) fn passes(&self) -> bool {
        self.talking || self.level == 0 || self.always
    }

    pub(crate) fn is_talking(&self) -> bool {
        self.talking
    }

    /// The highest score lately; it fades.
    pub(crate) fn loudness(&self) -> u32 {
        self.loudness
    }

    /// Whether a silent frame would change nothing, and nothing is left to look back to.
    pub(crate) fn is_idle(&self) -> bool {
        !self.talking && self.rising == 0 && self.behind == 0 && self.audible == 0
    }

    /// Takes the score of the newest frame (none while the member may not speak), and tells which frame the room hears.
    pub(crate) fn step(&mut self, score: Option<u32>, timing: Timing) -> (Option<Change>, Turn) {
        let Some(score) = score else {
            let turn = self.turn(); // what is still heard of it fades out
            return (self.shut(), turn);
        };
        self.loudness = score.max(timing.faded(self.loudness));
        self.audible = self.audible << 1 | u16::from(score * timing.audible > self.level);
        self.quiet = self.quiet << 1 | u16::from(score <= self.level.max(self.loudness / INAUDIBLE));
        let change = match self.talking {
            false => self.wait(score, timing),
            true => self.stay(score, timing),
        };
        (change, self.turn())
    }

    /// The member may not speak: nothing of now is ever looked back to.
    pub(crate) fn shut(&mut self) -> Option<Change> {
        let was_talking = self.talking;
        *self = Self { level: self.level, always: self.always, ..Self::default() };
        was_talking.then_some(Change::Stopped)
    }

    fn wait(&mut self, score: u32, timing: Timing) -> Option<Change> {
        if score <= self.level {
            self.rising = self.rising.saturating_sub(1);
            return None;
        }
        let sure = score >= self.level + SURE || self.level == 0;
        self.rising += 1;
        if !sure && self.rising < timing.confirm {
            return None;
        }
        self.open(timing);
        Some(Change::Started)
    }

    fn open(&mut self, timing: Timing) {
        self.talking = true;
        self.lull = 0;
        if self.level > 0 && !self.always {
            let reach = timing.look_back + self.rising; // the newest frame included
            let worth_it = self.audible & ((1 << reach) - 1);
            self.behind = worth_it.checked_ilog2().unwrap_or(0) as u8;
            self.owed = self.behind;
        }
        self.rising = 0;
    }

    fn stay(&mut self, score: u32, timing: Timing) -> Option<Change> {
        self.lull = if score > self.level { 0 } else { self.lull + 1 };
        if self.lull < timing.hangover {
            return None;
        }
        self.talking = false;
        Some(Change::Stopped)
    }

    fn turn(&mut self) -> Turn {
        let behind = usize::from(self.behind);
        let whole = Turn { behind, merged: false };
        if self.owed > 0 {
            self.owed -= 1;
            return whole;
        }
        if self.behind == 0 || (self.quiet >> (self.behind - 1)) & 0b11 != 0b11 {
            return whole;
        }
        self.behind -= 1;
        Turn { behind, merged: true }
    }
}
