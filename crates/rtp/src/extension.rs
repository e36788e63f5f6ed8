//! Header extensions (RFC 8285) and the audio level in them (RFC 6464).

/// Profile of a header extension with elements of one byte headers (RFC 8285 §4.2).
const ONE_BYTE: u16 = 0xbede;
/// The upper 12 bits of the profile with two byte headers (RFC 8285 §4.3).
const TWO_BYTE: u16 = 0x1000;
/// The element id that ends one byte headers (RFC 8285 §4.2).
const STOP: u8 = 15;

/// How loud a packet is, told by its sender (RFC 6464 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioLevel {
    /// The sender takes it for speech.
    pub voice: bool,
    /// Level in −dBov: 0 is the loudest, 127 silence.
    pub dbov: u8,
}

/// The header extension of one packet, as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extension<'a> {
    pub(crate) profile: u16,
    pub(crate) elements: &'a [u8],
}

impl<'a> Extension<'a> {
    /// The data of the first element of this id, 1 to 255.
    #[must_use]
    pub fn element(&self, id: u8) -> Option<&'a [u8]> {
        if id == 0 {
            return None;
        }
        let is_one_byte = self.profile == ONE_BYTE;
        if !is_one_byte && self.profile & 0xfff0 != TWO_BYTE {
            return None;
        }
        let mut rest = self.elements;
        loop {
            let (found, data, behind) =
                if is_one_byte { split_one_byte(rest)? } else { split_two_byte(rest)? };
            if found == id {
                return Some(data);
            }
            rest = behind;
        }
    }

    /// The audio level, if `id` is what was negotiated for it.
    #[must_use]
    pub fn audio_level(&self, id: u8) -> Option<AudioLevel> {
        let level = *self.element(id)?.first()?;
        Some(AudioLevel { voice: level & 0x80 != 0, dbov: level & 0x7f })
    }
}

type Element<'a> = (u8, &'a [u8], &'a [u8]);

/// Id, data and what follows. Padding is an element of id 0 without data.
fn split_one_byte(octets: &[u8]) -> Option<Element<'_>> {
    let (&head, rest) = octets.split_first()?;
    match head >> 4 {
        0 => Some((0, &[], rest)),
        STOP => None,
        id => {
            let (data, rest) = rest.split_at_checked(usize::from(head & 0x0f) + 1)?;
            Some((id, data, rest))
        }
    }
}

fn split_two_byte(octets: &[u8]) -> Option<Element<'_>> {
    let (&id, rest) = octets.split_first()?;
    if id == 0 {
        return Some((0, &[], rest));
    }
    let (&length, rest) = rest.split_first()?;
    let (data, rest) = rest.split_at_checked(usize::from(length))?;
    Some((id, data, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Case = (&'static str, u16, &'static [u8], Option<(bool, u8)>);

    fn level(profile: u16, elements: &[u8], id: u8) -> Option<(bool, u8)> {
        let level = Extension { profile, elements }.audio_level(id)?;
        Some((level.voice, level.dbov))
    }

    #[test]
    fn the_audio_level_is_found_in_both_forms() {
        let table: [Case; 10] = [
            ("alone", 0xbede, &[0x30, 0x85], Some((true, 5))),
            ("behind another and padding", 0xbede, &[0x11, 1, 2, 0, 0x30, 0x7f], Some((false, 127))),
            ("behind the stop", 0xbede, &[0xf0, 0x30, 0x85], None),
            ("cut off", 0xbede, &[0x30], None),
            ("longer than there is", 0xbede, &[0x1f, 0x30, 0x85], None),
            ("two bytes", 0x1000, &[3, 1, 0x85], Some((true, 5))),
            ("two bytes, behind an empty one", 0x1007, &[2, 0, 0, 3, 1, 0x20], Some((false, 32))),
            ("two bytes, empty", 0x1000, &[3, 0], None),
            ("two bytes, longer than there is", 0x1000, &[1, 9, 3, 1, 5], None),
            ("another profile", 0x1234, &[0x30, 0x85], None),
        ];
        for (name, profile, elements, expected) in table {
            assert_eq!(level(profile, elements, 3), expected, "{name}");
        }
        assert_eq!(level(0xbede, &[0, 0x85], 0), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(
            profile in prop_oneof![Just(0xbede), Just(0x1000), any::<u16>()],
            elements in proptest::collection::vec(any::<u8>(), 0..60),
            id: u8,
        ) {
            let _ = Extension { profile, elements: &elements }.audio_level(id);
        }
    }
}
