//! The TOML text as a tree whose every key and value knows its place.

use toml::de::{DeTable, DeValue};

use crate::diagnostic::Report;
use crate::source::Place;

/// A value and where it was written.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

/// What a value can be.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    String(String),
    Integer(i64),
    Boolean(bool),
    Array(Vec<Node>),
    Table(Vec<Entry>),
    /// A float, a date, an integer beyond 64 bits: no key takes one.
    Other,
}

impl Value {
    /// What an error calls it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "a string",
            Self::Integer(_) => "a whole number",
            Self::Boolean(_) => "a boolean",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other => "a value of another kind",
        }
    }
}

/// One key of a table.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) node: Node,
}

/// Hyphens and underscores are the same in keys, as they are in FreeSWITCH's profiles.
pub(crate) fn same_key(a: &str, b: &str) -> bool {
    let plain = |c: u8| if c == b'-' { b'_' } else { c };
    a.len() == b.len() && a.bytes().map(plain).eq(b.bytes().map(plain))
}

/// Reads source `source` of the report; what is no TOML is reported, what is sound of the rest is kept.
pub(crate) fn parse(report: &Report, source: usize) -> Node {
    let (table, errors) = DeTable::parse_recoverable(&report.sources()[source].text);
    for error in errors {
        let place = Place::new(source, error.span().unwrap_or_default());
        report.error(&place, "", format!("this is not TOML: {}", error.message()), "");
    }
    let place = Place::new(source, table.span());
    Node { place, value: entries(source, table.into_inner()) }
}

/// Reads text as one TOML value that is written at `place`; a text that is none is taken as a string.
pub(crate) fn parse_value(text: &str, place: Place) -> Node {
    let document = format!("value = {text}");
    let parsed = DeTable::parse(&document).ok().map(|table| table.into_inner());
    let single = parsed.filter(|table| table.len() == 1).and_then(|table| table.into_iter().next());
    let mut node = match single {
        Some((_, value)) => convert(place.source, value.span(), value.into_inner()),
        None => Node { place: place.clone(), value: Value::String(text.into()) },
    };
    relocate(&mut node, &place);
    node
}

fn convert(source: usize, span: std::ops::Range<usize>, value: DeValue<'_>) -> Node {
    let value = match value {
        DeValue::String(text) => Value::String(text.into_owned()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Other, Value::Integer)
        }
        DeValue::Boolean(flag) => Value::Boolean(flag),
        DeValue::Array(items) => {
            Value::Array(items.into_iter().map(|i| convert(source, i.span(), i.into_inner())).collect())
        }
        DeValue::Table(table) => entries(source, table),
        DeValue::Float(_) | DeValue::Datetime(_) => Value::Other,
    };
    Node { place: Place::new(source, span), value }
}

/// The entries in the order of the text (the parser sorts them by name).
fn entries(source: usize, table: DeTable<'_>) -> Value {
    let mut entries: Vec<Entry> = table
        .into_iter()
        .map(|(key, value)| Entry {
            place: Place::new(source, key.span()),
            key: key.into_inner().into_owned(),
            node: convert(source, value.span(), value.into_inner()),
        })
        .collect();
    entries.sort_by_key(|entry| entry.place.span.start);
    Value::Table(entries)
}

/// Everything in an override is at the place of its value.
fn relocate(node: &mut Node, place: &Place) {
    node.place = place.clone();
    match &mut node.value {
        Value::Array(items) => items.iter_mut().for_each(|item| relocate(item, place)),
        Value::Table(entries) => entries.iter_mut().for_each(|entry| {
            entry.place = place.clone();
            relocate(&mut entry.node, place);
        }),
        _ => {}
    }
}
