//! Texts that keys come from, and places in them.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// A file, or one `--set` argument.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// What errors call it.
    pub(crate) name: String,
    /// All of it.
    pub(crate) text: String,
    /// What relative paths in it are relative to: the file's folder, or nothing (the working directory).
    pub(crate) folder: PathBuf,
}

impl Source {
    pub(crate) fn file(path: &Path, text: String) -> Self {
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Self { name: path.display().to_string(), text, folder }
    }

    pub(crate) fn argument(text: &str) -> Self {
        Self { name: "--set".into(), text: text.into(), folder: PathBuf::new() }
    }

    /// The line and column (both from 1; the column in characters) of a byte offset, and the line's text.
    pub(crate) fn locate(&self, offset: usize) -> (usize, usize, &str) {
        let offset = self.text.floor_char_boundary(offset);
        let before = &self.text[..offset];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        let column = self.text[start..offset].chars().count() + 1;
        (line, column, self.text[start..].lines().next().unwrap_or_default())
    }
}

/// A stretch of one source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Index into the sources: 0 is the file, the others are the overrides in their order.
    pub(crate) source: usize,
    /// Byte offsets.
    pub(crate) span: Range<usize>,
}

impl Place {
    pub(crate) fn new(source: usize, span: Range<usize>) -> Self {
        Self { source, span }
    }
}

/// A value that remembers where it was written and under which dotted key.
#[derive(Clone, Debug)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) key: String,
    pub(crate) place: Place,
}

impl<T> At<T> {
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> At<U> {
        At { value: change(self.value), key: self.key, place: self.place }
    }

    pub(crate) fn with<U>(&self, value: U) -> At<U> {
        At { value, key: self.key.clone(), place: self.place.clone() }
    }
}
