//! What an Opus packet says of itself, RFC 6716 §3: read and checked before libopus sees the packet.

/// A well-formed packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Length of a frame, in units of 2.5 ms.
    frame_units: usize,
    frames: usize,
    /// Whether the low band is coded by SILK, which alone has in-band FEC.
    silk: bool,
    stereo: bool,
    /// The first octet of the first frame; `None` where the frame is empty (DTX).
    first: Option<u8>,
}

/// The longest frame, RFC 6716 §3.2.1.
const MAX_FRAME: usize = 1275;
/// The longest packet, 120 ms in units of 2.5 ms, RFC 6716 §3.2.5.
const MAX_UNITS: usize = 48;

impl Layout {
    /// Reads a packet; `None` where it breaks a rule of RFC 6716 §3.4.
    pub(crate) fn read(packet: &[u8]) -> Option<Self> {
        let (&toc, rest) = packet.split_first()?;
        let (frames, first) = match toc & 3 {
            0 => (1, one(rest)?),
            1 => (2, equal(rest, 2)?),
            2 => (2, two(rest)?),
            _ => arbitrary(rest)?,
        };
        let config = usize::from(toc >> 3);
        let layout = Self {
            frame_units: frame_units(config),
            frames,
            silk: config < 16,
            stereo: toc & 4 != 0,
            first: first.first().copied(),
        };
        (layout.units() <= MAX_UNITS).then_some(layout)
    }

    /// Samples of the whole packet at `rate` Hz.
    pub(crate) fn samples(&self, rate: u32) -> usize {
        self.units() * rate as usize / 400
    }

    /// Samples that the in-band FEC of this packet restores, which end where the packet begins. `None`: it has none.
    ///
    /// A SILK frame begins with a voice flag for each of its 20 ms and one flag for FEC, for each channel (RFC 6716
    /// §4.2.3). The range coder passes these first bits on as they are.
    pub(crate) fn recoverable(&self, rate: u32) -> Option<usize> {
        let parts = self.frame_units.div_ceil(8);
        let mid = 1 << (7 - parts);
        let side = if self.stereo { mid >> (parts + 1) } else { 0 };
        let coarse_copy = self.silk && self.first? & (mid | side) != 0;
        coarse_copy.then_some(self.frame_units * rate as usize / 400)
    }

    fn units(&self) -> usize {
        self.frame_units * self.frames
    }
}

/// RFC 6716 §3.1, table 2, in units of 2.5 ms.
fn frame_units(config: usize) -> usize {
    match config {
        0..12 => [4, 8, 16, 24][config % 4],
        12..16 => [4, 8][config % 2],
        _ => [1, 2, 4, 8][config % 4],
    }
}

/// §3.2.2.
fn one(frame: &[u8]) -> Option<&[u8]> {
    (frame.len() <= MAX_FRAME).then_some(frame)
}

/// The first of `count` frames of one length, §3.2.3.
fn equal(frames: &[u8], count: usize) -> Option<&[u8]> {
    let length = frames.len() / count;
    (length * count == frames.len()).then(|| frames.get(..length)).flatten().and_then(one)
}

/// The first of two frames of unlike length, §3.2.4.
fn two(rest: &[u8]) -> Option<&[u8]> {
    let (length, rest) = frame_length(rest)?;
    let (first, second) = rest.split_at_checked(length)?;
    one(second).map(|_| first)
}

/// Number of frames and the first of them, §3.2.5.
fn arbitrary(rest: &[u8]) -> Option<(usize, &[u8])> {
    let (&head, mut rest) = rest.split_first()?;
    let frames = usize::from(head & 0x3f);
    if frames == 0 || frames > MAX_UNITS {
        return None;
    }
    if head & 0x40 != 0 {
        rest = without_padding(rest)?;
    }
    let first = if head & 0x80 == 0 { equal(rest, frames)? } else { varied(rest, frames)? };
    Some((frames, first))
}

fn without_padding(mut rest: &[u8]) -> Option<&[u8]> {
    let mut padding = 0;
    loop {
        let (&octet, behind) = rest.split_first()?;
        rest = behind;
        padding += if octet == 255 { 254 } else { usize::from(octet) };
        if octet != 255 {
            return rest.get(..rest.len().checked_sub(padding)?);
        }
    }
}

/// The first of `count` frames, all but the last of which tell their length.
fn varied(mut rest: &[u8], count: usize) -> Option<&[u8]> {
    let (mut total, mut first) = (0, None);
    for _ in 1..count {
        let (length, behind) = frame_length(rest)?;
        rest = behind;
        total += length;
        first = first.or(Some(length));
    }
    one(rest.get(total..)?)?;
    rest.get(..first.unwrap_or(rest.len()))
}

/// A length of one or two octets, and what is behind it, §3.2.1.
fn frame_length(octets: &[u8]) -> Option<(usize, &[u8])> {
    match octets {
        [low @ 252..=255, high, rest @ ..] => Some((usize::from(*high) * 4 + usize::from(*low), rest)),
        [length @ 0..252, rest @ ..] => Some((usize::from(*length), rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use audiopus::packet::{Packet, nb_samples};
    use proptest::prelude::*;

    fn samples(packet: &[u8]) -> Option<usize> {
        Layout::read(packet).map(|layout| layout.samples(48_000))
    }

    #[test]
    fn every_kind_of_framing_is_measured() {
        assert_eq!(samples(&[0x78]), Some(960), "one empty frame: DTX");
        assert_eq!(samples(&[0x79, 1, 2]), Some(1920), "two equal frames");
        assert_eq!(samples(&[0x7a, 1, 2, 3]), Some(1920), "two unlike frames");
        assert_eq!(samples(&[0x7b, 0x03, 1, 2, 3]), Some(2880), "three equal frames");
        assert_eq!(samples(&[0x7b, 0x82, 1, 9, 9]), Some(1920), "two frames, the first with its length");
        assert_eq!(samples(&[0x7b, 0x41, 2, 9, 0, 0]), Some(960), "padding");
        assert_eq!(samples(&[0x18, 1]), Some(2880), "60 ms of SILK");
        assert_eq!(samples(&[0xe0, 1]), Some(120), "2.5 ms of CELT");
    }

    #[test]
    fn what_breaks_a_rule_is_refused() {
        assert_eq!(samples(&[]), None);
        assert_eq!(samples(&[0x79, 1, 2, 3]), None, "halves of unlike length");
        assert_eq!(samples(&[0x7a]), None, "a length is missing");
        assert_eq!(samples(&[0x7a, 5, 1]), None, "a length beyond the end");
        assert_eq!(samples(&[0x7a, 252]), None, "half a length");
        assert_eq!(samples(&[0x7b]), None, "a count is missing");
        assert_eq!(samples(&[0x7b, 0]), None, "no frame");
        assert_eq!(samples(&[0x7b, 7, 1, 2, 3, 4, 5, 6, 7]), None, "more than 120 ms");
        assert_eq!(samples(&[0x7b, 0x41, 200, 1]), None, "padding beyond the end");
        assert_eq!(
            samples(&[[0x78].as_slice(), &[0; 1276]].concat()),
            None,
            "a frame of more than 1275 octets"
        );
    }

    proptest! {
        /// Anything goes in; what passes, libopus measures alike.
        #[test]
        fn libopus_agrees(packet in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Some(samples) = samples(&packet) {
                let known = nb_samples(Packet::try_from(&packet).unwrap(), audiopus::SampleRate::Hz48000);
                prop_assert_eq!(known.ok(), Some(samples));
            }
        }
    }
}
