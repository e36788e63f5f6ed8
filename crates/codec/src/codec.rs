//! The codecs of a leg, as one value.

/// A codec with everything that changes the octets it makes: two legs with equal codecs can share an encoder.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Codec {
    /// G.711 μ-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// G.722 at 64 kbit/s.
    G722,
    /// Linear PCM of 16 bits, RFC 3551 §4.5.11.
    L16 {
        /// Samples per second.
        rate: u32,
    },
    /// Opus, RFC 6716 and RFC 7587.
    Opus(Opus),
}

/// How an Opus encoder is set.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Opus {
    /// Bits per second; 0: what libopus finds right for the rate.
    pub bitrate: u32,
    /// Processor time that is spent for quality, 0 to 10.
    pub complexity: u8,
    /// Whether packets carry a coarse copy of the one before, RFC 6716 §2.1.7.
    pub fec: bool,
    /// Loss that the encoder prepares for, percent. In-band FEC is sent only if it is above 0.
    pub expected_loss: u8,
    /// Whether silence is not sent, RFC 6716 §2.1.9.
    pub dtx: bool,
    /// Length of a packet, ms: 10, 20, 40 or 60.
    pub packet_ms: u8,
}

impl Default for Opus {
    fn default() -> Self {
        Self { bitrate: 0, complexity: 5, fec: true, expected_loss: 0, dtx: false, packet_ms: 20 }
    }
}

impl Opus {
    /// All of it in 58 bits.
    fn settings(self) -> u64 {
        let octets = [self.complexity, self.expected_loss, self.packet_ms, self.fec.into()];
        let flags = u64::from(u32::from_le_bytes(octets)) | u64::from(self.dtx) << 25;
        flags << 32 | u64::from(self.bitrate)
    }
}

/// Why there is no coder, or why a payload was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The codec has no coder at this rate, Hz.
    #[error("the codec does not run at {0} Hz")]
    UnsupportedRate(u32),
    /// libopus could not make a coder.
    #[error("libopus made no coder")]
    NoCoder,
    /// The payload is not what the codec can have made.
    #[error("malformed payload")]
    Malformed,
    /// The payload lasts longer than there is room for.
    #[error("the payload lasts longer than there is room for")]
    TooLong,
}

/// A codec in one word: equal if the codecs are, and only then.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CodecId(u64);

/// After so much of the same sound two Opus encoders are as much alike as they get, ms.
const HAND_OVER_MS: u32 = 40;

/// The rates that rooms and coders run at, Hz.
pub(crate) const RATES: [u32; 5] = [8000, 16_000, 24_000, 32_000, 48_000];

impl Codec {
    /// The best rate it can carry, Hz.
    pub fn sample_rate(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma => 8000,
            Self::G722 => 16_000,
            Self::L16 { rate } => rate,
            Self::Opus(_) => 48_000,
        }
    }

    /// The same with what a running encoder can be told as it is by default: codecs of one coder can use each other's encoders.
    pub fn coder(self) -> Self {
        match self {
            Self::Opus(Opus { packet_ms, .. }) => Self::Opus(Opus { packet_ms, ..Opus::default() }),
            other => other,
        }
    }

    /// What stands for it where it is compared often.
    pub fn id(self) -> CodecId {
        let (kind, settings) = match self {
            Self::Pcmu => (0, 0),
            Self::Pcma => (1, 0),
            Self::G722 => (2, 0),
            Self::L16 { rate } => (3, rate.into()),
            Self::Opus(opus) => (4, opus.settings()),
        };
        CodecId(kind << 60 | settings)
    }

    /// The rate of its RTP timestamps, Hz: 8000 for G.722 (RFC 3551 §4.5.2), 48000 for Opus (RFC 7587 §4.1).
    pub fn clock_rate(self) -> u32 {
        match self {
            Self::G722 => 8000,
            _ => self.sample_rate(),
        }
    }

    /// The rate its coder runs at in a room of this rate, Hz: Opus takes the room's own where libopus has it.
    pub fn coder_rate(self, room: u32) -> u32 {
        match self {
            Self::Opus(_) if [8000, 16_000, 24_000].contains(&room) => room,
            _ => self.sample_rate(),
        }
    }

    /// Whether one encode makes one packet (Opus). Otherwise the octets are a stream that may be cut at any ms.
    pub fn is_packetized(self) -> bool {
        matches!(self, Self::Opus(_))
    }

    /// Octets of a ms of sound; `None` where that varies.
    pub fn octets_per_ms(self) -> Option<usize> {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => Some(8),
            Self::L16 { rate } => Some(rate as usize * 2 / 1000),
            Self::Opus(_) => None,
        }
    }

    /// How much of what a decoder heard an encoder must be told to take over, ms (see
    /// [`Encoder::take_over`](crate::Encoder::take_over)). More is of no use: what is left of a tone of −20 dBov at the
    /// hand-over is then, at 24 kbit/s and complexity 5, −42 dBov, the codec's own noise being −51 dBov (64 kbit/s: −48
    /// of −58). With FEC off and 64 kbit/s at complexity 10 it is −58 dBov.
    pub fn prime_ms(self) -> u32 {
        match self {
            Self::Opus(_) => HAND_OVER_MS,
            _ => 0,
        }
    }

    /// How long two encoders must have coded the same before a decoder can be moved between them unheard, ms; encoders
    /// that are twins need not wait. G.722 encoders hardly ever become twins: what is left of a tone of −20 dBov is then
    /// −46 dBov, of silence −72 dBov.
    pub fn merge_ms(self) -> u32 {
        match self {
            Self::Opus(_) => HAND_OVER_MS,
            Self::G722 => 200,
            _ => 0,
        }
    }

    /// Whether its coder runs at this rate, Hz.
    pub(crate) fn check(self, rate: u32) -> Result<(), CodecError> {
        match RATES.contains(&rate) && self.coder_rate(rate) == rate {
            true => Ok(()),
            false => Err(CodecError::UnsupportedRate(rate)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn opus() -> impl Strategy<Value = Opus> {
        let numbers = (prop_oneof![Just(0), Just(64_000), any::<u32>()], 0..3_u8, 0..3_u8, 0..3_u8);
        (numbers, any::<bool>(), any::<bool>()).prop_map(
            |((bitrate, complexity, expected_loss, packet_ms), fec, dtx)| Opus {
                bitrate,
                complexity,
                fec,
                expected_loss,
                dtx,
                packet_ms,
            },
        )
    }

    fn codec() -> impl Strategy<Value = Codec> {
        prop_oneof![
            Just(Codec::Pcmu),
            Just(Codec::Pcma),
            Just(Codec::G722),
            prop_oneof![Just(0), Just(8000), any::<u32>()].prop_map(|rate| Codec::L16 { rate }),
            opus().prop_map(Codec::Opus),
            opus().prop_map(Codec::Opus),
        ]
    }

    proptest! {
        #[test]
        fn ids_are_equal_where_codecs_are(one in codec(), other in codec()) {
            prop_assert_eq!(one == other, one.id() == other.id());
            prop_assert_eq!(one.id(), one.id());
        }
    }
}
