//! How a stream counts time.

use confab_codec::{Codec, Opus};
use confab_sdp::Encoding;

/// The rates of a codec as a phone runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    /// Samples per second.
    pub(crate) rate: u32,
    /// Units of an RTP timestamp per second: half of it with G.722.
    pub(crate) clock_rate: u32,
}

impl Format {
    /// What is heard before anything is negotiated.
    pub(crate) const NARROW: Self = Self { rate: 8000, clock_rate: 8000 };

    /// A phone runs each codec at the best rate that it carries.
    pub(crate) fn of(codec: Codec) -> Self {
        Self { rate: codec.sample_rate(), clock_rate: codec.clock_rate() }
    }

    pub(crate) fn samples_per_ms(self) -> usize {
        self.rate as usize / 1000
    }

    pub(crate) fn samples_per_unit(self) -> u32 {
        self.rate / self.clock_rate
    }
}

/// The codec that was negotiated, in packets of `ptime_ms`; Opus as `opus` has it, in the next shorter length of packet
/// that there is.
pub(crate) fn codec(encoding: Encoding, ptime_ms: u8, opus: Opus) -> Codec {
    match encoding {
        Encoding::Pcmu => Codec::Pcmu,
        Encoding::Pcma => Codec::Pcma,
        Encoding::G722 => Codec::G722,
        Encoding::L16 { rate } => Codec::L16 { rate },
        Encoding::Opus => {
            let packet_ms = [60, 40, 20].into_iter().find(|ms| *ms <= ptime_ms).unwrap_or(10);
            Codec::Opus(Opus { packet_ms, ..opus })
        }
    }
}
