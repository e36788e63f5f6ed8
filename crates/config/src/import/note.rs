//! What the import has to say, and about which line.

use std::fmt;
use std::rc::Rc;

/// A line of a file of theirs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    /// Its path below the folder.
    pub(super) file: Rc<str>,
    /// From 1.
    pub(super) line: usize,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Of what kind a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoteKind {
    /// Theirs is mistaken: it does not do there what it says.
    Mistake,
    /// It could not be carried over.
    LeftOut,
    /// It was carried over, but is not quite the same here.
    Changed,
}

impl fmt::Display for NoteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mistake => "mistake",
            Self::LeftOut => "left out",
            Self::Changed => "changed",
        })
    }
}

/// One thing to know about what was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The file below the folder that was read.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// Of what kind it is.
    pub kind: NoteKind,
    /// What there is.
    pub message: String,
    /// What to do about it; empty: nothing.
    pub help: String,
    /// In how many more places there is the same.
    pub more: usize,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.line, self.kind, self.message)?;
        if self.more > 0 {
            let places = if self.more == 1 { "place" } else { "places" };
            write!(f, " (and in {} more {places})", self.more)?;
        }
        if self.help.is_empty() { Ok(()) } else { write!(f, "; {}", self.help) }
    }
}

/// Collects notes; what is said of several places is said once.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<Note>);

impl Notes {
    pub(super) fn mistake(&mut self, spot: &Spot, message: impl Into<String>, help: impl Into<String>) {
        self.add(NoteKind::Mistake, spot, message.into(), help.into());
    }

    pub(super) fn left_out(&mut self, spot: &Spot, message: impl Into<String>, help: impl Into<String>) {
        self.add(NoteKind::LeftOut, spot, message.into(), help.into());
    }

    pub(super) fn changed(&mut self, spot: &Spot, message: impl Into<String>, help: impl Into<String>) {
        self.add(NoteKind::Changed, spot, message.into(), help.into());
    }

    fn add(&mut self, kind: NoteKind, spot: &Spot, message: String, help: String) {
        match self.0.iter_mut().find(|note| note.kind == kind && note.message == message) {
            Some(note) if note.file == *spot.file && note.line == spot.line => {}
            Some(note) => note.more += 1,
            None => {
                let file = spot.file.to_string();
                self.0.push(Note { file, line: spot.line, kind, message, help, more: 0 });
            }
        }
    }

    /// How many there are by now.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// Forgets all but the first so many.
    pub(super) fn forget_after(&mut self, count: usize) {
        self.0.truncate(count);
    }

    /// All of them: mistakes first, then by file and line.
    pub(super) fn finish(mut self) -> Vec<Note> {
        self.0.sort_by(|a, b| (a.kind, &a.file, a.line).cmp(&(b.kind, &b.file, b.line)));
        self.0
    }
}
