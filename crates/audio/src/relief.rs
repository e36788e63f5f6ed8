//! What a room does without while its worker is short of time.

/// Nothing by default.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Relief {
    /// Noise is taken out of nobody's voice.
    pub no_denoising: bool,
    /// Opus is coded at this complexity at most.
    pub max_complexity: Option<u8>,
    /// So many talkers are mixed at most: the loudest.
    pub max_talkers: Option<u16>,
    /// It ticks when it does, whenever its talkers' packets come: rooms stay spread.
    pub keep_phase: bool,
}
