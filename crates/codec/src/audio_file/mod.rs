//! Sounds in files: WAV, Ogg Opus and FLAC, told apart by how they begin.

mod flac;
mod ogg_opus;
mod wav;

#[cfg(test)]
mod tests;

/// A sound as a file has it, but for its channels, which are mixed into one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioFile {
    /// Samples per second.
    pub rate: u32,
    /// Channels of the file.
    pub channels: u16,
    /// The mean of all channels.
    pub samples: Vec<i16>,
}

/// Why a file was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AudioFileError {
    /// It is none of the three kinds.
    #[error("no WAV, Ogg Opus or FLAC file")]
    Unknown,
    /// It breaks the rules of its kind, or ends too early.
    #[error("broken: {0}")]
    Broken(String),
    /// Its samples are of a kind that is not read.
    #[error("samples of {bits} bits in format {format} are not read")]
    Unsupported {
        /// The format's number in the WAV file (RFC 2361).
        format: u16,
        /// Bits per sample.
        bits: u16,
    },
    /// It lasts longer than it may.
    #[error("longer than {0} s")]
    TooLong(u32),
}

/// Reads a file that lasts at most `longest` seconds: WAV of 8, 16, 24 or 32 bit integers, 32 or 64 bit floats, µ-law or
/// A-law; Ogg Opus (RFC 7845); FLAC (RFC 9639). Any rate, any number of channels, though Opus two at most. It allocates.
///
/// # Errors
/// It is no such file, or a longer one.
pub fn read_audio(file: &[u8], longest: u32) -> Result<AudioFile, AudioFileError> {
    match file {
        [b'R', b'I', b'F', b'F', ..] => wav::read(file, longest),
        [b'O', b'g', b'g', b'S', ..] => ogg_opus::read(file, longest),
        [b'f', b'L', b'a', b'C', ..] => flac::read(file, longest),
        _ => Err(AudioFileError::Unknown),
    }
}

impl AudioFileError {
    fn broken(why: impl ToString) -> Self {
        Self::Broken(why.to_string())
    }
}

/// How many samples `longest` seconds are.
fn most(longest: u32, rate: u32) -> usize {
    longest as usize * rate as usize
}

fn mean(frame: impl ExactSizeIterator<Item = i16>) -> i16 {
    let channels = frame.len().max(1) as i32;
    (frame.map(i32::from).sum::<i32>() / channels) as i16
}
