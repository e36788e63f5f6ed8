//! What an Opus packet says of itself, RFC 6716 §3: read and checked before libopus sees the packet.

/// A well-formed packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout<'a> {
    /// Length of a frame, in units of 2.5 ms.
    frame_units: usize,
    count: usize,
    /// Whether the low band is coded by SILK, which alone has voice flags and in-band FEC.
    silk: bool,
    stereo: bool,
    /// Where all frames but the last tell their length; `None` where all have the same.
    lengths: Option<&'a [u8]>,
    /// The frames, one behind the other.
    frames: &'a [u8],
}

/// The longest frame, RFC 6716 §3.2.1.
const MAX_FRAME: usize = 1275;
/// The longest packet, 120 ms in units of 2.5 ms, RFC 6716 §3.2.5.
const MAX_UNITS: usize = 48;

impl<'a> Layout<'a> {
    /// Reads a packet; `None` where it breaks a rule of RFC 6716 §3.4.
    pub(crate) fn read(packet: &'a [u8]) -> Option<Self> {
        let (&toc, rest) = packet.split_first()?;
        let (count, lengths, frames) = match toc & 3 {
            0 => equal(rest, 1)?,
            1 => equal(rest, 2)?,
            2 => varied(rest, 2)?,
            _ => arbitrary(rest)?,
        };
        let config = usize::from(toc >> 3);
        let frame_units = frame_units(config);
        let layout = Self { frame_units, count, silk: config < 16, stereo: toc & 4 != 0, lengths, frames };
        (frame_units * count <= MAX_UNITS).then_some(layout)
    }

    /// Samples of the whole packet at `rate` Hz.
    pub(crate) fn samples(&self, rate: u32) -> usize {
        self.count * self.frame_samples(rate)
    }

    /// Samples of each of its frames.
    pub(crate) fn frame_samples(&self, rate: u32) -> usize {
        self.frame_units * rate as usize / 400
    }

    /// The frames; one that is empty says that its sender pauses (DTX).
    pub(crate) fn frames(self) -> impl Iterator<Item = &'a [u8]> {
        let (mut lengths, mut rest) = (self.lengths, self.frames);
        (1..=self.count).map(move |number| {
            let length = match lengths {
                None => self.frames.len() / self.count,
                Some(_) if number == self.count => rest.len(),
                Some(octets) => {
                    let (length, behind) = frame_length(octets).unwrap_or_default();
                    lengths = Some(behind);
                    length
                }
            };
            let (frame, behind) = rest.split_at(length.min(rest.len()));
            rest = behind;
            frame
        })
    }

    /// Samples that the in-band FEC of this packet restores, which end where the packet begins. `None`: it has none.
    ///
    /// A SILK frame begins with a voice flag for each of its 20 ms and one flag for FEC, for each channel (RFC 6716
    /// §4.2.3). The range coder passes these first bits on as they are.
    pub(crate) fn recoverable(&self, rate: u32) -> Option<usize> {
        let mid = 1 << (7 - self.parts());
        let flags = mid | self.of_side(mid);
        let coarse_copy = self.silk && self.frames().next()?.first()? & flags != 0;
        coarse_copy.then_some(self.frame_samples(rate))
    }

    /// Whether the packet itself says that there is no voice in it: by the voice flags of SILK (see
    /// [`Layout::recoverable`]), by the flag of digital silence with which CELT begins, 15 bits that are set (RFC 6716 §4.3),
    /// or by a frame that has no place for anything. CELT has no flag for noise.
    pub(crate) fn is_voiceless(&self) -> bool {
        let mid = !(0xff >> self.parts());
        let voice = mid | self.of_side(mid);
        self.frames().all(|frame| match frame {
            [] | [_] => true,
            [flags, ..] if self.silk => flags & voice == 0,
            [first, second, ..] => (first, second & 0xfe) == (&0xff, 0xfe),
        })
    }

    /// Parts of 20 ms or less that have a voice flag in each frame of SILK.
    fn parts(&self) -> usize {
        self.frame_units.div_ceil(8)
    }

    /// Where the side channel, if there is one, has these flags of the mid channel.
    fn of_side(&self, flags: u8) -> u8 {
        if self.stereo { flags >> (self.parts() + 1) } else { 0 }
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

/// The number of frames, their lengths and their octets.
type Frames<'a> = (usize, Option<&'a [u8]>, &'a [u8]);

/// `count` frames of one length, §3.2.2 and §3.2.3.
fn equal(frames: &[u8], count: usize) -> Option<Frames<'_>> {
    let length = frames.len() / count;
    (length * count == frames.len() && length <= MAX_FRAME).then_some((count, None, frames))
}

/// `count` frames, all but the last of which tell their length, §3.2.4 and §3.2.5.
fn varied(octets: &[u8], count: usize) -> Option<Frames<'_>> {
    let (mut total, mut frames) = (0, octets);
    for _ in 1..count {
        let (length, behind) = frame_length(frames)?;
        frames = behind;
        total += length;
    }
    let last = frames.len().checked_sub(total)?;
    (last <= MAX_FRAME).then_some((count, Some(octets), frames))
}

/// As many frames as the packet says, §3.2.5.
fn arbitrary(rest: &[u8]) -> Option<Frames<'_>> {
    let (&head, mut rest) = rest.split_first()?;
    let count = usize::from(head & 0x3f);
    if count == 0 || count > MAX_UNITS {
        return None;
    }
    if head & 0x40 != 0 {
        rest = without_padding(rest)?;
    }
    if head & 0x80 == 0 { equal(rest, count) } else { varied(rest, count) }
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

    #[test]
    fn voice_is_looked_for_in_all_frames_and_channels() {
        let voiceless = |packet: &[u8]| Layout::read(packet).unwrap().is_voiceless();
        assert!(voiceless(&[0x78]) && voiceless(&[0x78, 0xff]), "no place for a voice");
        assert!(voiceless(&[0x78, 0x7f, 9]), "hybrid of 20 ms: only the first bit tells");
        assert!(!voiceless(&[0x78, 0x80, 9]));
        assert!(!voiceless(&[0x7c, 0x20, 9]) && voiceless(&[0x7c, 0x5f, 9]), "the side channel");
        assert!(!voiceless(&[0x18, 0x20, 9]) && voiceless(&[0x18, 0x1f, 9]), "60 ms: three flags");
        assert!(!voiceless(&[0x1c, 0x02, 9]) && voiceless(&[0x1c, 0x11, 9]), "and three more");
        assert!(
            !voiceless(&[0x79, 0, 0, 0x80, 0]) && voiceless(&[0x79, 0, 0x80, 0, 0x80]),
            "the second frame"
        );
        assert!(
            !voiceless(&[0x7a, 1, 0, 0x80, 0]) && voiceless(&[0x7a, 2, 0, 0x80, 0, 0x80]),
            "of unlike length"
        );
        assert!(
            voiceless(&[0x7b, 0x83, 2, 0, 0, 0, 0, 0, 0, 0])
                && !voiceless(&[0x7b, 0x83, 1, 2, 0, 0, 0, 0x80, 0])
        );
        assert!(voiceless(&[0xf8, 0xff, 0xfe, 7]) && !voiceless(&[0xf8, 0xff, 0xfd, 7]), "CELT's own flag");
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
