//! How a room and its legs sound: rates, codecs, and what is done to a voice.

/// The sampling rate of a room's mix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// So many Hz.
    Fixed(u32),
    /// The best that the codecs of two members have, 8000 Hz at least; it changes with them.
    Auto,
}

impl Rate {
    /// Rates that a room can have, Hz.
    pub const ALL: [u32; 5] = [8000, 16_000, 24_000, 32_000, 48_000];

    /// The highest rate that the room may have, Hz.
    pub fn highest(self) -> u32 {
        match self {
            Self::Fixed(rate) => rate,
            Self::Auto => 48_000,
        }
    }
}

/// A codec by its name; L16 stands for all its rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Opus.
    Opus,
    /// G.722.
    G722,
    /// G.711 µ-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// Linear PCM.
    L16,
}

impl Codec {
    /// All that there are, in the order in which we like them.
    pub const ALL: [Self; 5] = [Self::Opus, Self::G722, Self::Pcmu, Self::Pcma, Self::L16];

    /// Its name in session descriptions and in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Opus => "opus",
            Self::G722 => "G722",
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::L16 => "L16",
        }
    }
}

/// Who decides between the codecs that a caller and we have; the names are FreeSWITCH's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Negotiation {
    /// The widest that is of use in the room; among equally wide ones the caller's order.
    #[default]
    Generous,
    /// The order of our own list.
    Greedy,
}

/// How Opus is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opus {
    /// Bit/s; 0: what libopus thinks right for the rate. The peer's `maxaveragebitrate` is obeyed all the same.
    pub bitrate: u32,
    /// 0 to 10: the time that an encoder takes, and what it makes of it.
    pub complexity: u8,
    /// In-band error correction, sent to peers that want it and asked for.
    pub fec: bool,
    /// Nothing is sent in silence, to peers that want it so.
    pub dtx: bool,
}

impl Default for Opus {
    fn default() -> Self {
        Self { bitrate: 0, complexity: 5, fec: true, dtx: false }
    }
}

/// What legs may negotiate, and how their audio comes and goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What may be negotiated, and the order of our offers.
    pub codecs: Vec<Codec>,
    /// Whose order decides.
    pub negotiation: Negotiation,
    /// How Opus is encoded.
    pub opus: Opus,
    /// The packets that we ask for, ms.
    pub ptime_ms: u8,
    /// Pauses are sent as comfort noise (RFC 3389) to peers that know it.
    pub send_comfort_noise: bool,
    /// The most that the jitter buffer may delay, ms.
    pub jitter_max_ms: u16,
    /// Where keys are listened for in the audio.
    pub inband_dtmf: InbandDtmf,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            codecs: Codec::ALL.to_vec(),
            negotiation: Negotiation::Generous,
            opus: Opus::default(),
            ptime_ms: 20,
            send_comfort_noise: false,
            jitter_max_ms: 200,
            inband_dtmf: InbandDtmf::Auto,
        }
    }
}

/// Whether keys are listened for in a leg's audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InbandDtmf {
    /// On legs that negotiated no telephone-events.
    #[default]
    Auto,
    /// On all.
    Always,
    /// On none.
    Never,
}

/// What is done to a member's voice before it is mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Voice {
    /// Speech is brought to this level, dBov.
    pub agc: Option<i8>,
    /// Noise is taken out.
    pub denoise: bool,
    /// The gate follows the noise of the line.
    pub auto_energy: bool,
    /// A member who is far too loud is muted for a while.
    pub loud_guard: Option<LoudGuard>,
}

/// From when on a member is too loud; the names are FreeSWITCH's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoudGuard {
    /// `max-energy-level`: the mean of |sample| (16 bit) that a frame must exceed.
    pub level: u16,
    /// `max-energy-hit-trigger`: so many such frames more than others.
    pub hits: u8,
    /// `max-energy-level-mute-ms`: for how long he is muted, ms.
    pub mute_ms: u16,
}
