//! How long a payload lasts, told from the payload alone.

/// The RTP clock of Opus, whatever is coded (RFC 7587 §4.1).
const OPUS_UNITS_PER_MS: u32 = 48;
/// The longest Opus packet, in ms (RFC 6716 §3.4).
const OPUS_LONGEST_MS: u32 = 120;
/// Payload that may wait, in ms of a stream codec.
const KEPT_MS: u32 = 320;
/// At least so many octets may wait: one of the longest payloads, and some short ones.
const KEPT_AT_LEAST: usize = 2560;
/// Octets of Opus that may wait: 320 ms at 153 kbit/s.
const KEPT_OPUS: usize = 6144;

/// How the payloads of a codec tell their duration. All durations are in units of the RTP clock, which is not always the
/// sample rate: that of G.722 is 8000 Hz (RFC 3551 §4.5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Framing {
    /// A stream of octets: so many are one clock unit (G.711 and G.722: 1; L16: 2).
    Octets {
        /// Octets of one clock unit, at least 1.
        per_unit: u8,
    },
    /// The first one or two octets tell it (RFC 6716 §3.1).
    Opus,
}

impl Framing {
    /// Clock units of one payload; `None` if it is empty, cut off, or against the codec's rules.
    #[must_use]
    pub fn units(self, payload: &[u8]) -> Option<u32> {
        match self {
            Self::Octets { per_unit } => {
                let (octets, per_unit) = (u32::try_from(payload.len()).ok()?, u32::from(per_unit.max(1)));
                (octets > 0 && octets.is_multiple_of(per_unit)).then_some(octets / per_unit)
            }
            Self::Opus => opus_units(payload),
        }
    }

    /// Whether nothing needs to follow this payload: a pause begins or goes on, by the codec's own means (RFC 6716 §2.1.9: an
    /// Opus packet of one or two octets).
    #[must_use]
    pub fn is_pause(self, payload: &[u8]) -> bool {
        self == Self::Opus && payload.len() <= 2
    }

    /// Octets that a jitter buffer sets aside.
    pub(crate) fn capacity(self, clock_rate: u32) -> usize {
        match self {
            Self::Octets { per_unit } => {
                let octets = u64::from(clock_rate) * u64::from(per_unit) * u64::from(KEPT_MS) / 1000;
                usize::try_from(octets).unwrap_or(KEPT_AT_LEAST).clamp(KEPT_AT_LEAST, 1 << 16)
            }
            Self::Opus => KEPT_OPUS,
        }
    }
}

/// Frame duration times frame count (RFC 6716 §3.1, §3.2).
fn opus_units(payload: &[u8]) -> Option<u32> {
    let toc = *payload.first()?;
    let frame = match toc >> 3 {
        config @ 0..12 => [480, 960, 1920, 2880][usize::from(config & 3)],
        config @ 12..16 => [480, 960][usize::from(config & 1)],
        config => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(payload.get(1)? & 0x3f),
    };
    let units = frame * frames;
    (units > 0 && units <= OPUS_LONGEST_MS * OPUS_UNITS_PER_MS).then_some(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_octets() {
        let table =
            [(1, 160, Some(160)), (2, 1920, Some(960)), (2, 3, None), (1, 0, None), (0, 80, Some(80))];
        for (per_unit, octets, units) in table {
            assert_eq!(Framing::Octets { per_unit }.units(&vec![0; octets]), units, "{per_unit} {octets}");
        }
    }

    #[test]
    fn opus_tells_by_its_first_octets() {
        let toc = |config: u8, code: u8| config << 3 | code;
        let table: [(&[u8], Option<u32>); 10] = [
            (&[toc(1, 0), 1], Some(960)),
            (&[toc(3, 0)], Some(2880)),
            (&[toc(13, 1)], Some(1920)),
            (&[toc(16, 2)], Some(240)),
            (&[toc(31, 3), 6], Some(5760)),
            (&[toc(31, 3), 7], None),
            (&[toc(31, 3), 0], None),
            (&[toc(31, 3)], None),
            (&[toc(3, 3), 0xc2], Some(5760)),
            (&[], None),
        ];
        for (payload, units) in table {
            assert_eq!(Framing::Opus.units(payload), units, "{payload:x?}");
        }
    }
}
