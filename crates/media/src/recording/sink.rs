//! Where the samples of one file go.

use std::io::{self, Seek, Write};

use super::opus::OpusFile;
use super::session::FileFormat;
use super::wav::WavFile;

/// An open file.
pub(super) trait Medium: Write + Seek + Send {}

impl<T: Write + Seek + Send> Medium for T {}

/// A file of sound.
pub(super) enum Sink {
    Wav(WavFile),
    Opus(Box<OpusFile>),
}

impl Sink {
    /// Begins the file. `rate` is one that the format has, see [`FileFormat::rate`].
    pub(super) fn new(format: FileFormat, rate: u32, medium: Box<dyn Medium>) -> io::Result<Self> {
        Ok(match format {
            FileFormat::Wav => Self::Wav(WavFile::new(medium, rate)?),
            FileFormat::OggOpus => Self::Opus(Box::new(OpusFile::new(medium, rate)?)),
        })
    }

    pub(super) fn write(&mut self, samples: &[i16]) -> io::Result<()> {
        match self {
            Self::Wav(file) => file.write(samples),
            Self::Opus(file) => file.write(samples),
        }
    }

    /// Brings the file to a state from which it can be played up to here, whatever happens next.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Wav(file) => file.flush(),
            Self::Opus(file) => file.flush(),
        }
    }

    /// Ends the file.
    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::Wav(file) => file.finish(),
            Self::Opus(file) => file.finish(),
        }
    }

    /// Whether the format allows no more.
    pub(super) fn is_full(&self) -> bool {
        match self {
            Self::Wav(file) => file.is_full(),
            Self::Opus(_) => false,
        }
    }
}
