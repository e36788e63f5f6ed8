//! The recorder: what is heard, as a WAV file.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use hound::{SampleFormat, WavSpec, WavWriter};

use super::history::History;
use crate::error::PhoneError;

/// Packets that are late by less than this part of a second find their place in the file.
const PATIENCE: i64 = 10;

/// A WAV file that follows the history.
pub(super) struct Recording {
    path: PathBuf,
    writer: WavWriter<BufWriter<File>>,
    /// Up to which position it is written.
    written: i64,
    failure: Option<hound::Error>,
}

impl Recording {
    pub(super) fn create(path: &Path, rate: u32, from: i64) -> Result<Self, PhoneError> {
        let spec =
            WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
        let path = path.to_path_buf();
        match WavWriter::create(&path, spec) {
            Ok(writer) => Ok(Self { path, writer, written: from, failure: None }),
            Err(source) => Err(PhoneError::Wav { path, source }),
        }
    }

    /// Writes what is old enough to be complete.
    pub(super) fn follow(&mut self, history: &History) {
        self.write_to(history, history.end() - i64::from(history.format().rate) / PATIENCE);
    }

    /// Writes the rest and completes the file.
    pub(super) fn finish(mut self, history: &History) -> Result<(), PhoneError> {
        self.write_to(history, history.end());
        let outcome = match self.failure {
            Some(failure) => Err(failure),
            None => self.writer.finalize(),
        };
        outcome.map_err(|source| PhoneError::Wav { path: self.path, source })
    }

    /// After a failure nothing more is written; `finish` tells it.
    fn write_to(&mut self, history: &History, to: i64) {
        if self.failure.is_some() || to <= self.written {
            return;
        }
        let mut samples = history.range(self.written, to);
        self.failure = samples.try_for_each(|sample| self.writer.write_sample(sample)).err();
        self.written = to;
    }
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recording({})", self.path.display())
    }
}
