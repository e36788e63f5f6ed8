//! The time line beside a recording: one JSON object a line, so that what is there is right whenever writing stops.

use std::io::{self, BufWriter, Write};

use serde_json::{Map, Value};

use super::sink::Medium;

/// A line: what happened, without the time.
pub type Mark = Map<String, Value>;

/// Ending of its file.
pub(super) const EXTENSION: &str = "jsonl";

pub(super) struct TimeLine {
    file: BufWriter<Box<dyn Medium>>,
}

impl TimeLine {
    pub(super) fn new(medium: Box<dyn Medium>) -> Self {
        Self { file: BufWriter::new(medium) }
    }

    /// Writes a line, with its place in the sound in front of it.
    pub(super) fn write(&mut self, place: Place, line: Mark) -> io::Result<()> {
        let mut whole = Mark::new();
        whole.insert("ms".into(), place.ms.into());
        whole.insert("sample".into(), place.sample.into());
        whole.extend(line);
        serde_json::to_writer(&mut self.file, &whole)?;
        self.file.write_all(b"\n")
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A place in the mix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) ms: u64,
    pub(super) sample: u64,
}

/// Makes a line.
pub(super) fn facts<const N: usize>(facts: [(&str, Value); N]) -> Mark {
    facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
