//! What a call has gathered on its way to a conference.

use std::collections::BTreeMap;

use super::binding::Binding;
use super::dial::Target;
use super::regex::Row;
use crate::import::note::Spot;

/// How the caller's number is written while it is not known.
const CALLER: [&str; 5] =
    ["ani", "caller_id_number", "caller_id_name", "effective_caller_id_number", "effective_caller_id_name"];

/// A call that goes through a dialplan.
#[derive(Debug, Default)]
pub(super) struct Call {
    /// What was dialled: a number, or `{number}`.
    dialled: String,
    /// The groups of the expression that it fits.
    row: Row,
    variables: BTreeMap<String, (String, Option<Spot>)>,
    pub(super) answered: bool,
    /// Before it is answered, ms.
    pub(super) rings_ms: u64,
    /// Dial strings of those who are called.
    pub(super) outcalls: Vec<(String, Spot)>,
    pub(super) bindings: Vec<Binding>,
    pub(super) conference: Option<(Target, Spot)>,
    /// Whether the others are put out when it ends.
    pub(super) ends_room: bool,
    /// The context that it is in.
    pub(super) context: String,
    /// Where it could be followed no further, and why.
    pub(super) lost: Option<(Spot, String)>,
}

impl Call {
    pub(super) fn new(dialled: String, row: Row) -> Self {
        Self { dialled, row, ..Self::default() }
    }

    /// What was dialled, as a row; `{number}` stands for all that leads here.
    pub(super) fn numbers(&self, dialled: &str) -> Row {
        if dialled == "{number}" { self.row.clone() } else { Row::of(dialled) }
    }

    /// It goes on as if this had been dialled.
    pub(super) fn transfer(&mut self, dialled: &str, row: Row, context: &str) {
        (self.dialled, self.row, self.context) = (dialled.to_owned(), row, context.to_owned());
    }

    /// `name=value`
    pub(super) fn set(&mut self, assignment: &str, spot: &Spot) {
        let assignment = assignment.strip_prefix("nolocal:").unwrap_or(assignment);
        if let Some((name, value)) = assignment.split_once('=') {
            self.variables.insert(name.trim().to_owned(), (value.trim().to_owned(), Some(spot.clone())));
        }
    }

    /// The value of a variable, if it is set and not empty.
    pub(super) fn variable(&self, name: &str) -> Option<(&str, &Spot)> {
        let (value, spot) = self.variables.get(name)?;
        Some((value.as_str(), spot.as_ref()?)).filter(|(value, _)| !value.is_empty())
    }

    /// All variables that were set.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&str, &Spot)> {
        self.variables.iter().filter_map(|(name, (_, spot))| Some((name.as_str(), spot.as_ref()?)))
    }

    /// Whether a value is the caller's own number or name.
    pub(super) fn is_caller(value: &str) -> bool {
        CALLER.iter().any(|name| value == format!("${{{name}}}"))
    }

    /// A text with `$1` and `${name}` replaced, as far as they are known; else they stay.
    pub(super) fn expand(&self, text: &str) -> String {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            expanded.push_str(&rest[..at]);
            rest = &rest[at..];
            let (value, length) = self.reference(rest);
            match value {
                Some(value) => expanded.push_str(&value),
                None => expanded.push_str(&rest[..length]),
            }
            rest = &rest[length..];
        }
        expanded + rest
    }

    /// What stands for the reference that the text begins with, and the length of that.
    fn reference(&self, text: &str) -> (Option<String>, usize) {
        if text.starts_with("$$") {
            return (None, 2);
        }
        if let Some(inner) = text.strip_prefix("${") {
            let Some((name, _)) = inner.split_once('}') else { return (None, 1) };
            let value = match name {
                "destination_number" => Some(self.dialled.clone()),
                _ => self.variables.get(name).map(|(value, _)| value.clone()),
            };
            return (value, name.len() + 3);
        }
        match text[1..].chars().next().and_then(|symbol| symbol.to_digit(10)) {
            Some(group) => (self.row.group(group as usize), 2),
            None => (None, 1),
        }
    }
}
