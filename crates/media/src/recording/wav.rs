//! WAV files of 16 bits, whose header is right whenever they were flushed.

use std::io::{self, BufWriter};

use hound::{SampleFormat, WavSpec, WavWriter};

use super::sink::Medium;

/// Samples that a file can hold: the lengths in its header have 32 bits. Tests have less patience.
const MOST_SAMPLES: usize = if cfg!(test) { 600_000 } else { (u32::MAX / 2 - 64) as usize };

/// A file with no more place than this is followed by another one: more than comes between two looks.
const MARGIN: usize = 100_000;

pub(super) struct WavFile {
    writer: WavWriter<BufWriter<Box<dyn Medium>>>,
}

impl WavFile {
    pub(super) fn new(medium: Box<dyn Medium>, rate: u32) -> io::Result<Self> {
        let spec =
            WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
        let writer = WavWriter::new(BufWriter::new(medium), spec).map_err(io_error)?;
        Ok(Self { writer })
    }

    pub(super) fn write(&mut self, samples: &[i16]) -> io::Result<()> {
        if self.writer.len() as usize + samples.len() > MOST_SAMPLES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut writer = self.writer.get_i16_writer(samples.len() as u32);
        samples.iter().for_each(|&sample| writer.write_sample(sample));
        writer.flush().map_err(io_error)
    }

    /// The samples come to the file before the header does, so it never promises more than there is.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.writer.flush().map_err(io_error)
    }

    pub(super) fn finish(self) -> io::Result<()> {
        self.writer.finalize().map_err(io_error)
    }

    pub(super) fn is_full(&self) -> bool {
        self.writer.len() as usize + MARGIN > MOST_SAMPLES
    }
}

fn io_error(error: hound::Error) -> io::Error {
    match error {
        hound::Error::IoError(error) => error,
        other => io::Error::other(other),
    }
}
