//! What is wrong with a configuration, all of it at once, shown as a compiler shows it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use crate::source::{At, Place, Source};
use crate::suggest;

/// One error in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file, or `--set`.
    pub file: String,
    /// The line, from 1; 0 if the file could not be read at all.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The dotted key, for example `sip.listen`; empty where the text is no TOML.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
    excerpt: String,
    width: usize,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        let separator = if self.key.is_empty() { "" } else { ": " };
        writeln!(f, ": {}{separator}{}", self.key, self.message)?;
        if self.line > 0 {
            self.write_excerpt(f)?;
        }
        self.help.iter().try_for_each(|help| writeln!(f, "  = {help}"))
    }
}

impl Diagnostic {
    fn write_excerpt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let indent: String =
            self.excerpt.chars().take(self.column - 1).map(|c| if c == '\t' { c } else { ' ' }).collect();
        writeln!(f, " {number} | {}", self.excerpt)?;
        writeln!(f, " {margin} | {indent}{}", "^".repeat(self.width))
    }
}

/// Every error that was found, in the order of the text; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// The errors one by one.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }

    pub(crate) fn unreadable(file: String, message: String) -> Self {
        Self(vec![Diagnostic {
            file,
            line: 0,
            column: 0,
            key: String::new(),
            message,
            help: None,
            excerpt: String::new(),
            width: 0,
        }])
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for diagnostic in &self.0 {
            writeln!(f, "{diagnostic}")?;
        }
        let plural = if self.0.len() == 1 { "" } else { "s" };
        write!(f, "{} error{plural} in the configuration", self.0.len())
    }
}

impl std::error::Error for Diagnostics {}

/// Collects errors while a configuration is read.
#[derive(Debug)]
pub(crate) struct Report {
    sources: Vec<Source>,
    found: RefCell<Vec<(Place, Diagnostic)>>,
}

impl Report {
    pub(crate) fn new(sources: Vec<Source>) -> Self {
        Self { sources, found: RefCell::default() }
    }

    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    pub(crate) fn source(&self, place: &Place) -> &Source {
        &self.sources[place.source]
    }

    /// `FILE:LINE` of a place.
    pub(crate) fn describe(&self, place: &Place) -> String {
        let source = self.source(place);
        format!("{}:{}", source.name, source.locate(place.span.start).0)
    }

    /// How many errors were found yet.
    pub(crate) fn count(&self) -> usize {
        self.found.borrow().len()
    }

    /// Notes an error; `help` says what would be right (empty: nothing to add).
    pub(crate) fn error(
        &self,
        place: &Place,
        key: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let source = self.source(place);
        let (line, column, text) = source.locate(place.span.start);
        let rest = text.chars().count().saturating_sub(column - 1);
        let marked = source.text.get(place.span.clone()).map_or(1, |marked| marked.chars().count());
        let diagnostic = Diagnostic {
            file: source.name.clone(),
            line,
            column,
            key: key.into(),
            message: message.into(),
            help: Some(help.into()).filter(|help| !help.is_empty()),
            excerpt: without_secrets(text),
            width: marked.min(rest).max(1),
        };
        let mut found = self.found.borrow_mut();
        // A value that is inherited is wrong once, wherever it is wrong.
        let told = |(other, d): &(Place, Diagnostic)| other == place && d.message == diagnostic.message;
        if *place == Place::default() || !found.iter().any(told) {
            found.push((place.clone(), diagnostic));
        }
    }

    /// Notes an error of a value.
    pub(crate) fn error_at<T>(&self, at: &At<T>, message: impl Into<String>, help: impl Into<String>) {
        self.error(&at.place, &at.key, message, help);
    }

    /// Notes that `name` is not among `known`.
    pub(crate) fn unknown(&self, name: &At<String>, what: &str, known: &[&str]) {
        let help = suggest::help(&name.value, known);
        self.error_at(name, format!("there is no {what} `{}`", name.value), help);
    }

    /// The errors in the order of the text, or `value` if there are none.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, Diagnostics> {
        let mut found = self.found.into_inner();
        if found.is_empty() {
            return Ok(value);
        }
        found.sort_by_key(|(place, _)| (place.source, place.span.start));
        Err(Diagnostics(without_echoes(found)))
    }
}

/// A line that is no TOML gets one error: what else it seems to say follows from the first.
fn without_echoes(found: Vec<(Place, Diagnostic)>) -> Vec<Diagnostic> {
    let is_syntax = |place: &Place, diagnostic: &Diagnostic| place.source == 0 && diagnostic.key.is_empty();
    let mut broken: BTreeMap<usize, bool> =
        found.iter().filter(|(place, d)| is_syntax(place, d)).map(|(_, d)| (d.line, false)).collect();
    let keep = |(place, diagnostic): (Place, Diagnostic)| match broken.get_mut(&diagnostic.line) {
        Some(told) if place.source == 0 => {
            let first = is_syntax(&place, &diagnostic) && !std::mem::replace(told, true);
            first.then_some(diagnostic)
        }
        _ => Some(diagnostic),
    };
    found.into_iter().filter_map(keep).collect()
}

/// The line with the values of passwords and PINs starred out, column by column.
fn without_secrets(line: &str) -> String {
    let mut shown = line.to_owned();
    for word in ["password", "pin", "token", "headers"] {
        let mut from = 0;
        while let Some(found) = shown[from..].find(word) {
            from += found + word.len();
            shown = star_value(&shown, from);
        }
    }
    shown
}

/// Stars the value of the key that ends at `end`, if an equals sign follows.
fn star_value(line: &str, end: usize) -> String {
    let after = line[end..].trim_start_matches(['"', '\'', ' ']);
    let Some(value) = after.strip_prefix('=').map(str::trim_start) else { return line.into() };
    let start = line.len() - value.len();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let (start, stop): (usize, &[char]) = match quote {
        Some('"') => (start + 1, &['"']),
        Some(_) => (start + 1, &['\'']),
        None => (start, &[',', '}', ']']),
    };
    let length = line[start..].find(stop).unwrap_or(line.len() - start);
    let stars = "*".repeat(line[start..start + length].chars().count());
    format!("{}{stars}{}", &line[..start], &line[start + length..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_starred_in_place() {
        assert_eq!(without_secrets(r#"password = "hunter2" # x"#), r#"password = "*******" # x"#);
        assert_eq!(
            without_secrets(r#"{ pin = '75"6', password='p', room = "4" }"#),
            r#"{ pin = '****', password='*', room = "4" }"#
        );
        assert_eq!(without_secrets("users.0.password=hunter2"), "users.0.password=*******");
        assert_eq!(without_secrets("pin-retries = 3"), "pin-retries = 3");
    }
}
