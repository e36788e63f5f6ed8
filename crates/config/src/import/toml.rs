//! The text that is written: lines that know where they come from.

use std::fmt::Display;

use super::note::Spot;

/// A line of the configuration, and the line of theirs that it carries over.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) origin: Option<Spot>,
}

/// A configuration that is being written.
#[derive(Debug, Default)]
pub(super) struct Toml(pub(super) Vec<Line>);

impl Toml {
    fn push(&mut self, text: String, origin: Option<&Spot>) {
        self.0.push(Line { text, origin: origin.cloned() });
    }

    /// A comment; an empty one is an empty line.
    pub(super) fn comment(&mut self, text: &str) {
        for line in text.lines().chain(text.is_empty().then_some("")) {
            let line: String = line.chars().filter(|symbol| !symbol.is_control()).collect();
            self.push(if line.is_empty() { line } else { format!("# {line}") }, None);
        }
    }

    /// `[name]` or `[[name]]`, after an empty line.
    pub(super) fn section(&mut self, header: &str, origin: Option<&Spot>) {
        self.comment("");
        self.push(header.to_owned(), origin);
    }

    /// The line of the header that a line belongs to.
    pub(super) fn header_of(&self, line: usize) -> usize {
        let mut before = self.0.iter().take(line.saturating_add(1));
        before.rposition(|line| line.text.starts_with('[')).unwrap_or(line)
    }

    /// Makes a comment of a line; of a header with all that belongs to it. Returns where it comes from, if anywhere.
    pub(super) fn comment_out(&mut self, line: usize) -> Option<Spot> {
        let first = self.0.get(line)?;
        let origin = first.origin.clone()?;
        let text = first.text.clone();
        if text.starts_with('#') {
            return None;
        }
        let inner = format!("{}.", text.trim_end_matches(']'));
        let belongs = |line: &Line| !line.text.starts_with('[') || line.text.starts_with(&inner);
        let more = if text.starts_with('[') {
            self.0[line + 1..].iter().take_while(|line| belongs(line)).count()
        } else {
            0
        };
        for line in self.0[line..=line + more].iter_mut().filter(|line| !line.text.is_empty()) {
            if !line.text.starts_with('#') {
                line.text = format!("# {}", line.text);
            }
        }
        Some(origin)
    }

    /// `key = value`, the value as TOML.
    pub(super) fn raw(&mut self, key: &str, value: impl Display, origin: Option<&Spot>) {
        self.push(format!("{key} = {value}"), origin);
    }

    /// `key = "value"`
    pub(super) fn text(&mut self, key: &str, value: &str, origin: Option<&Spot>) {
        self.raw(key, quoted(value), origin);
    }

    /// `key = ["…", "…"]`, if there is any.
    pub(super) fn list<T: AsRef<str>>(&mut self, key: &str, values: &[T], origin: Option<&Spot>) {
        if !values.is_empty() {
            self.raw(key, list(values), origin);
        }
    }

    /// The text of the file.
    pub(super) fn text_of_all(&self) -> String {
        self.0.iter().map(|line| format!("{}\n", line.text)).collect()
    }
}

/// A list of strings.
pub(super) fn list<T: AsRef<str>>(values: &[T]) -> String {
    let items: Vec<String> = values.iter().map(|value| quoted(value.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

/// A number as it is; anything else as a string, which our own reader then refuses.
pub(super) fn number(text: &str) -> String {
    text.parse::<i64>().map_or_else(|_| quoted(text), |number| number.to_string())
}

/// A basic string (TOML 1.0).
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for symbol in text.chars() {
        match symbol {
            '"' | '\\' => quoted.extend(['\\', symbol]),
            symbol if symbol.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(symbol))),
            symbol => quoted.push(symbol),
        }
    }
    quoted + "\""
}

/// A key or a part of a section's name: bare if it may be, else quoted.
pub(super) fn bare(name: &str) -> String {
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if plain { name.to_owned() } else { quoted(name) }
}
