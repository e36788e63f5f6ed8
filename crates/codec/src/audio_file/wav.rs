//! WAV files (RIFF, little-endian).

use super::{AudioFile, AudioFileError, mean, most};
use crate::Law;

/// Format numbers, RFC 2361.
const PCM: u16 = 1;
const FLOAT: u16 = 3;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
/// The real number stands further on.
const EXTENSIBLE: u16 = 0xfffe;

/// A program that writes into a pipe cannot go back to fill in the length, and says about 2 or 4 GiB.
const UNKNOWN_LENGTH: usize = 0x7fff_0000;

/// The chunk `fmt `.
struct Format {
    number: u16,
    channels: u16,
    rate: u32,
    bits: u16,
}

type Decode = fn(&[u8]) -> i16;

pub(super) fn read(file: &[u8], longest: u32) -> Result<AudioFile, AudioFileError> {
    let format = chunk(file, b"fmt ").ok().and_then(Format::read);
    let Some(format) = format else { return Err(AudioFileError::broken("no chunk fmt")) };
    let data = chunk(file, b"data")?;
    let (width, decode) = format.samples()?;
    let frames = data.chunks_exact(width * usize::from(format.channels));
    if frames.len() > most(longest, format.rate) {
        return Err(AudioFileError::TooLong(longest));
    }
    let samples = frames.map(|frame| mean(frame.chunks_exact(width).map(decode))).collect();
    Ok(AudioFile { rate: format.rate, channels: format.channels, samples })
}

/// What the first chunk of that name holds.
fn chunk<'f>(file: &'f [u8], name: &[u8; 4]) -> Result<&'f [u8], AudioFileError> {
    let missing = || AudioFileError::broken(format!("no chunk {}", name.escape_ascii()));
    let mut rest = match file.split_at_checked(12) {
        Some((head, rest)) if head.ends_with(b"WAVE") => rest,
        _ => return Err(AudioFileError::Unknown),
    };
    loop {
        let (head, body) = rest.split_first_chunk::<8>().ok_or_else(missing)?;
        let length = u32_at(head, 4).unwrap_or_default() as usize;
        let found = head.starts_with(name);
        if found && length >= UNKNOWN_LENGTH {
            return Ok(body);
        }
        if found {
            return body.get(..length).ok_or_else(|| AudioFileError::broken("it is cut short"));
        }
        // Chunks begin at even places.
        rest = body.get(length + length % 2..).ok_or_else(missing)?;
    }
}

impl Format {
    fn read(chunk: &[u8]) -> Option<Self> {
        let mut number = u16_at(chunk, 0)?;
        if number == EXTENSIBLE {
            number = u16_at(chunk, 24)?;
        }
        let format =
            Self { number, channels: u16_at(chunk, 2)?, rate: u32_at(chunk, 4)?, bits: u16_at(chunk, 14)? };
        (format.channels > 0).then_some(format)
    }

    /// How many octets a sample has, and what it is in 16 bits.
    fn samples(&self) -> Result<(usize, Decode), AudioFileError> {
        let decode: Decode = match (self.number, self.bits) {
            (PCM, 8) => |octets| i16::from(octets[0].wrapping_sub(0x80) as i8) << 8,
            (PCM, 16 | 24 | 32) => upper_16_bits,
            (FLOAT, 32) => |octets| float(octets.try_into().map_or(0.0, f32::from_le_bytes)),
            (FLOAT, 64) => |octets| float(octets.try_into().map_or(0.0, f64::from_le_bytes) as f32),
            (A_LAW, 8) => |octets| expand(Law::A, octets),
            (MU_LAW, 8) => |octets| expand(Law::Mu, octets),
            (format, bits) => return Err(AudioFileError::Unsupported { format, bits }),
        };
        Ok((usize::from(self.bits / 8), decode))
    }
}

fn upper_16_bits(octets: &[u8]) -> i16 {
    octets.last_chunk().map_or(0, |upper| i16::from_le_bytes(*upper))
}

/// A cast of a float saturates, so a sample above full scale does not wrap.
fn float(value: f32) -> i16 {
    (value * 32_767.0) as i16
}

fn expand(law: Law, octet: &[u8]) -> i16 {
    let mut sample = [0];
    law.decode(octet, &mut sample);
    sample[0]
}

fn u16_at(octets: &[u8], at: usize) -> Option<u16> {
    octets.get(at..)?.first_chunk().map(|octets| u16::from_le_bytes(*octets))
}

fn u32_at(octets: &[u8], at: usize) -> Option<u32> {
    octets.get(at..)?.first_chunk().map(|octets| u32::from_le_bytes(*octets))
}
