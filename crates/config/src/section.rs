//! Reads the keys of one table, each once, and reports what is left over.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::diagnostic::Report;
use crate::names::Table;
use crate::source::{At, Place};
use crate::suggest;
use crate::tree::{Entry, Node, Value, same_key};

/// What reading a file needs everywhere: where errors go, and a note of every key that was asked for.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) report: Report,
    /// Every key that exists (lists and named tables as `*`), and whether the file has it somewhere.
    pub(crate) asked: RefCell<BTreeMap<String, bool>>,
}

/// A table that is being read. Keys that nobody asked for are reported when it is dropped, so that no reader
/// can forget to refuse unknown keys.
pub(crate) struct Section<'c> {
    pub(crate) context: &'c Context,
    /// Its dotted name for errors, with a dot at the end unless it is the root.
    prefix: String,
    /// The same with `*` for names and indices.
    pattern: String,
    /// Where it is written; `None` if it is absent.
    place: Option<Place>,
    entries: Vec<Entry>,
    known: Vec<String>,
    /// Names of others that are explained where they are not taken.
    foreign: Vec<&'static Table>,
}

impl<'c> Section<'c> {
    pub(crate) fn root(context: &'c Context, node: Node) -> Self {
        Self::new(context, String::new(), String::new(), Some(node))
    }

    fn new(context: &'c Context, prefix: String, pattern: String, node: Option<Node>) -> Self {
        let place = node.as_ref().map(|node| node.place.clone());
        let entries = match node.map(|node| node.value) {
            Some(Value::Table(entries)) => entries,
            _ => Vec::new(),
        };
        Self { context, prefix, pattern, place, entries, known: Vec::new(), foreign: Vec::new() }
    }

    /// Whether the table is written at all.
    pub(crate) fn is_present(&self) -> bool {
        self.place.is_some()
    }

    /// Its dotted name.
    pub(crate) fn name(&self) -> &str {
        self.prefix.trim_end_matches('.')
    }

    /// The dotted name of one of its keys.
    pub(crate) fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// An error of the table as a whole.
    pub(crate) fn error(&self, message: impl Into<String>, help: impl Into<String>) {
        let place = self.place.clone().unwrap_or_default();
        self.context.report.error(&place, self.name(), message, help);
    }

    /// Its keys count as those of another table, by which they are explained.
    pub(crate) fn explained_as(mut self, pattern: &str) -> Self {
        pattern.clone_into(&mut self.pattern);
        self
    }

    /// Explains these names where they are written and mean nothing here.
    pub(crate) fn explain(&mut self, foreign: &'static Table) {
        self.foreign.push(foreign);
    }

    /// Takes these names for ours, too, where they are the names of keys.
    pub(crate) fn translate(&mut self, foreign: &'static Table) {
        for entry in &mut self.entries {
            if let Some(ours) = foreign.ours(&entry.key).filter(|ours| !ours.contains(' ')) {
                ours.clone_into(&mut entry.key);
            }
        }
        self.explain(foreign);
    }

    /// Takes a value as it is.
    pub(crate) fn node(&mut self, key: &str) -> Option<At<Value>> {
        self.known.push(key.to_owned());
        let found = self.take(key);
        let pattern = format!("{}{key}", self.pattern);
        *self.context.asked.borrow_mut().entry(pattern).or_default() |= found.is_some();
        found
    }

    /// Takes the value of another name that a key has elsewhere; it is explained with that key.
    pub(crate) fn other_name(&mut self, key: &str) -> Option<At<Value>> {
        self.known.push(key.to_owned());
        self.take(key)
    }

    fn take(&mut self, key: &str) -> Option<At<Value>> {
        let found = self.entries.iter().position(|entry| same_key(&entry.key, key))?;
        let entry = self.entries.remove(found);
        Some(At { value: entry.node.value, key: self.key(key), place: entry.node.place })
    }

    pub(crate) fn string(&mut self, key: &str) -> Option<At<String>> {
        let at = self.node(key)?;
        self.text(at, "")
    }

    /// A string that `parse` understands; `allowed` says what that is.
    pub(crate) fn parsed<T>(
        &mut self,
        key: &str,
        allowed: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<At<T>> {
        let at = self.node(key)?;
        self.parse(at, allowed, parse)
    }

    pub(crate) fn boolean(&mut self, key: &str) -> Option<bool> {
        let at = self.node(key)?;
        match at.value {
            Value::Boolean(flag) => Some(flag),
            _ => self.wrong_kind(&at, "true or false", ""),
        }
    }

    pub(crate) fn integer<T>(&mut self, key: &str, allowed: RangeInclusive<T>) -> Option<T>
    where
        T: TryFrom<i64> + PartialOrd + std::fmt::Display,
    {
        let at = self.node(key)?;
        let help = format!("allowed: {} to {}", allowed.start(), allowed.end());
        let Value::Integer(number) = at.value else { return self.wrong_kind(&at, "a whole number", &help) };
        let fits = T::try_from(number).ok().filter(|number| allowed.contains(number));
        if fits.is_none() {
            self.context.report.error_at(&at, format!("{number} is out of range"), help);
        }
        fits
    }

    /// A list of strings that `parse` understands; a single string is a list of one.
    pub(crate) fn list<T>(
        &mut self,
        key: &str,
        allowed: &str,
        mut parse: impl FnMut(&str) -> Option<T>,
    ) -> Option<Vec<At<T>>> {
        let at = self.node(key)?;
        let items = match at.value {
            Value::Array(items) => items,
            value => vec![Node { place: at.place, value }],
        };
        let read = |item: Node| {
            let at = At { value: item.value, key: self.key(key), place: item.place };
            self.parse(at, allowed, &mut parse)
        };
        Some(items.into_iter().filter_map(read).collect())
    }

    /// A table, empty if it is absent.
    pub(crate) fn section(&mut self, key: &str) -> Self {
        let node = self.node(key).and_then(|at| self.table(at));
        let pattern = format!("{}{key}.", self.pattern);
        Self::new(self.context, self.key(key) + ".", pattern, node)
    }

    /// A table that was taken as a value.
    pub(crate) fn table_at(&self, key: &str, at: At<Value>) -> Self {
        let node = Some(Node { place: at.place, value: at.value });
        Self::new(self.context, self.key(key) + ".", format!("{}{key}.", self.pattern), node)
    }

    /// The tables of a list.
    pub(crate) fn sections(&mut self, key: &str) -> Vec<Self> {
        let Some(at) = self.node(key) else { return Vec::new() };
        let Value::Array(items) = at.value else {
            let help = format!("write [[{}]]", self.key(key));
            return self.wrong_kind(&at, "a list of tables", &help).unwrap_or_default();
        };
        let mut sections = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let name = format!("{}.{index}", self.key(key));
            let at = At { value: item.value, key: name.clone(), place: item.place };
            let Some(node) = self.table(at) else { continue };
            let pattern = format!("{}{key}.*.", self.pattern);
            sections.push(Self::new(self.context, name + ".", pattern, Some(node)));
        }
        sections
    }

    /// The tables of a table of tables, with their names.
    pub(crate) fn named(&mut self, key: &str) -> Vec<(At<String>, Self)> {
        let mut outer = self.section(key);
        let mut sections = Vec::new();
        for entry in std::mem::take(&mut outer.entries) {
            let name = outer.key(&entry.key);
            let at = At { value: entry.node.value, key: name.clone(), place: entry.node.place };
            let Some(node) = outer.table(at) else { continue };
            let pattern = format!("{}*.", outer.pattern);
            let title = At { value: entry.key, key: name.clone(), place: entry.place };
            sections.push((title, Self::new(self.context, name + ".", pattern, Some(node))));
        }
        sections
    }

    /// All entries of a table whose keys are free.
    pub(crate) fn entries(&mut self) -> Vec<(At<String>, At<Value>)> {
        let entries = std::mem::take(&mut self.entries);
        let read = |entry: Entry| {
            let name = At { key: self.key(&entry.key), value: entry.key, place: entry.place };
            let value = At { value: entry.node.value, key: name.key.clone(), place: entry.node.place };
            (name, value)
        };
        entries.into_iter().map(read).collect()
    }

    /// Reports that a key is missing.
    pub(crate) fn missing(&self, key: &str, help: &str) {
        self.error(format!("the key `{key}` is missing"), help);
    }

    /// Whether the table has a key that nobody took yet.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| same_key(&entry.key, key))
    }

    /// Like [`Section::parsed`], for a key that must be there.
    pub(crate) fn required<T>(
        &mut self,
        key: &str,
        allowed: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<At<T>> {
        if !self.has(key) {
            self.missing(key, &format!("allowed: {allowed}"));
        }
        self.parsed(key, allowed, parse)
    }

    /// What `parse` makes of a string.
    pub(crate) fn parse<T>(
        &self,
        at: At<Value>,
        allowed: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<At<T>> {
        let allowed = format!("allowed: {allowed}");
        let text = self.text(at, &allowed)?;
        match parse(&text.value) {
            Some(value) => Some(text.with(value)),
            None => {
                let message = format!("`{}` is not understood", text.value);
                self.context.report.error_at(&text, message, allowed);
                None
            }
        }
    }

    /// A string. An override needs no quotes, so there a number is one too.
    pub(crate) fn text(&self, at: At<Value>, help: &str) -> Option<At<String>> {
        if let Value::String(text) = &at.value {
            return Some(at.with(text.clone()));
        }
        let scalar = !matches!(at.value, Value::Array(_) | Value::Table(_));
        if scalar && at.place.source > 0 {
            let source = self.context.report.source(&at.place);
            return Some(at.with(source.text[at.place.span.clone()].trim().to_owned()));
        }
        self.wrong_kind(&at, "a string in quotes", help)
    }

    /// What to do in place of a key that there is not.
    fn help(&self, key: &str) -> String {
        let explained = self.foreign.iter().find_map(|table| table.hint(key));
        let known = || self.known.iter().map(String::as_str).collect::<Vec<_>>();
        explained.unwrap_or_else(|| suggest::help(key, &known()))
    }

    fn table(&self, at: At<Value>) -> Option<Node> {
        match at.value {
            Value::Table(_) => Some(Node { place: at.place, value: at.value }),
            _ => self.wrong_kind(&at, "a table", ""),
        }
    }

    /// Reports that a value is none of those that are allowed.
    pub(crate) fn refuse<T>(&self, at: &At<Value>, message: &str, allowed: &str) -> Option<T> {
        self.context.report.error_at(at, message, format!("allowed: {allowed}"));
        None
    }

    fn wrong_kind<T>(&self, at: &At<Value>, wanted: &str, help: &str) -> Option<T> {
        let message = format!("this is {}, not {wanted}", at.value.kind());
        self.context.report.error_at(at, message, help);
        None
    }
}

impl Drop for Section<'_> {
    fn drop(&mut self) {
        for entry in &self.entries {
            let twice = self.known.iter().any(|known| same_key(known, &entry.key));
            let message = if twice { "this key is here twice" } else { "there is no such key" };
            let help = if twice { String::new() } else { self.help(&entry.key) };
            self.context.report.error(&entry.place, &self.key(&entry.key), message, help);
        }
    }
}
