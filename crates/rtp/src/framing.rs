//! How long a payload lasts, told from the payload alone.

/// The RTP clock of Opus, whatever is coded (RFC 7587 §4.1).
const OPUS_UNITS_PER_MS: u32 = 48;
/// The longest Opus packet, in ms (RFC 6716 §3.4).
const OPUS_LONGEST_MS: u32 = 120;
/// What is played at once of one packet, in ms, at most: the longest frame of Opus (RFC 6716 §3.1).
pub const LONGEST_PART_MS: u32 = 60;
/// Payload that may wait, in ms of a stream codec.
const KEPT_MS: u32 = 320;
/// At least so many octets may wait: one of the longest payloads, and some short ones.
const KEPT_AT_LEAST: usize = 2560;
/// Octets of Opus that may wait: 320 ms at 128 kbit/s.
const KEPT_OPUS: usize = 5120;

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

/// What is played at once of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    pub(crate) payload: &'a [u8],
    /// Which frame of it, where it is no more than one.
    pub(crate) frame: Option<u8>,
    /// Its duration in clock units.
    pub(crate) units: u32,
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

    /// What is played next of a payload of so many clock units, once so many of them were: all of it, but of one that is longer
    /// than `longest` no more than that, or a frame.
    pub(crate) fn part(self, payload: &[u8], units: u32, played: u32, longest: u32) -> Part<'_> {
        if units <= longest {
            return Part { payload, frame: None, units };
        }
        match self {
            Self::Octets { per_unit } => {
                let octets = |units: u32| units as usize * usize::from(per_unit.max(1));
                let end = units.min(played + longest);
                let payload = payload.get(octets(played)..octets(end)).unwrap_or_default();
                Part { payload, frame: None, units: end.saturating_sub(played) }
            }
            Self::Opus => {
                let units = payload.first().map_or(units, |&toc| opus_frame(toc));
                Part { payload, frame: u8::try_from(played / units).ok(), units }
            }
        }
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
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(payload.get(1)? & 0x3f),
    };
    let units = opus_frame(toc) * frames;
    (units > 0 && units <= OPUS_LONGEST_MS * OPUS_UNITS_PER_MS).then_some(units)
}

/// Of one frame (RFC 6716 §3.1, table 2).
fn opus_frame(toc: u8) -> u32 {
    match toc >> 3 {
        config @ 0..12 => [480, 960, 1920, 2880][usize::from(config & 3)],
        config @ 12..16 => [480, 960][usize::from(config & 1)],
        config => [120, 240, 480, 960][usize::from(config & 3)],
    }
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
    fn a_long_payload_is_played_in_parts() {
        let payload: Vec<u8> = (0..250).collect();
        let stream = Framing::Octets { per_unit: 2 };
        let parts = [(0, 0..120, 60), (60, 120..240, 60), (120, 240..250, 5)];
        for (played, octets, units) in parts {
            let expected = Part { payload: &payload[octets], frame: None, units };
            assert_eq!(stream.part(&payload, 125, played, 60), expected);
        }
        let whole = Part { payload: &payload, frame: None, units: 125 };
        assert_eq!(stream.part(&payload, 125, 0, 125), whole);
        let opus = [11 << 3 | 1, 9, 9];
        assert_eq!(Framing::Opus.part(&opus, 5760, 2880, 2880).frame, Some(1));
        assert_eq!(Framing::Opus.part(&opus, 2880, 0, 2880).frame, None);
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
