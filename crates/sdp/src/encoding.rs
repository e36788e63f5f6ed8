//! The audio encodings: their names and numbers.

use std::fmt;

/// An audio encoding of RTP (RFC 3551 §4.5, RFC 7587).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// G.711 µ-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// G.722 at 64 kbit/s: 16 kHz audio under an RTP clock of 8 kHz (RFC 3551 §4.5.2).
    G722,
    /// Linear PCM of 16 bit, mono.
    L16 {
        /// Sampling rate, Hz: one of [`Encoding::L16_RATES`].
        rate: u32,
    },
    /// Opus.
    Opus,
}

impl Encoding {
    /// The rates of L16 that we speak, Hz; the static payload types 10 and 11 are 44.1 kHz and none of ours.
    pub const L16_RATES: [u32; 3] = [8000, 16_000, 48_000];

    /// All that there are, the widest first.
    pub const ALL: [Self; 7] = [
        Self::Opus,
        Self::L16 { rate: 48_000 },
        Self::G722,
        Self::L16 { rate: 16_000 },
        Self::Pcmu,
        Self::Pcma,
        Self::L16 { rate: 8000 },
    ];

    /// The encoding name of `a=rtpmap`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
            Self::L16 { .. } => "L16",
            Self::Opus => "opus",
        }
    }

    /// RTP clock rate in Hz.
    #[must_use]
    pub fn clock_rate(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => 8000,
            Self::L16 { rate } => rate,
            Self::Opus => 48_000,
        }
    }

    /// The highest sampling rate that it carries, Hz.
    #[must_use]
    pub fn sample_rate(self) -> u32 {
        if self == Self::G722 { 16_000 } else { self.clock_rate() }
    }

    /// The payload type that needs no `a=rtpmap` (RFC 3551 §6).
    #[must_use]
    pub fn static_payload_type(self) -> Option<u8> {
        match self {
            Self::Pcmu => Some(0),
            Self::Pcma => Some(8),
            Self::G722 => Some(9),
            Self::L16 { .. } | Self::Opus => None,
        }
    }

    /// The payload type in our offers: the static one, else one of those that may mean anything.
    #[must_use]
    pub fn payload_type(self) -> u8 {
        self.static_payload_type().unwrap_or(match self {
            Self::L16 { rate: 8000 } => 112,
            Self::L16 { rate: 16_000 } => 113,
            Self::L16 { .. } => 114,
            _ => 111,
        })
    }

    /// What `name/rate/channels` of an `a=rtpmap` stands for.
    pub(crate) fn of_rtpmap(name: &str, rate: u32, channels: &str) -> Option<Self> {
        let stereo = channels == "2";
        let mono = matches!(channels, "" | "1");
        let is = |encoding: &Self| {
            name.eq_ignore_ascii_case(encoding.name())
                && match encoding {
                    // RFC 7587 §7 wants the channels named; who leaves them out means the same.
                    Self::Opus => rate == 48_000 && (stereo || mono),
                    // Some phones name what is sampled instead of the clock of RFC 3551.
                    Self::G722 => mono && (rate == 8000 || rate == 16_000),
                    other => mono && rate == other.clock_rate(),
                }
        };
        Self::ALL.into_iter().find(is)
    }
}

/// As in `a=rtpmap`: `PCMU/8000`, `opus/48000/2`.
impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let channels = if *self == Self::Opus { "/2" } else { "" };
        write!(f, "{}/{}{channels}", self.name(), self.clock_rate())
    }
}
