//! `[controls.NAME]`: groups of keys, each with what it does.

use std::collections::BTreeMap;

use confab_conference::{KeyAction, KeyMap, KeyMapError};

use super::items;
use crate::section::Section;
use crate::source::At;
use crate::tree::Value;

/// One line of a group.
#[derive(Clone)]
pub(crate) struct Binding {
    /// The keys.
    pub(crate) sequence: At<String>,
    /// The names of what they do, one after the other.
    pub(crate) actions: Vec<String>,
}

/// The groups by name.
pub(crate) type Controls = BTreeMap<String, Vec<Binding>>;

pub(crate) fn controls(named: Vec<(At<String>, Section<'_>)>) -> Controls {
    named.into_iter().map(|(name, section)| (name.value, group(section))).collect()
}

/// The key map of some bindings.
pub(crate) fn key_map(bindings: &[Binding]) -> Result<KeyMap, Vec<KeyMapError>> {
    KeyMap::new(bindings.iter().map(|binding| (&binding.sequence.value, binding.actions.iter().collect())))
}

fn group(mut section: Section<'_>) -> Vec<Binding> {
    let entries = section.entries();
    entries.into_iter().filter_map(|(sequence, value)| binding(&section, sequence, value)).collect()
}

/// One binding, if it is sound by itself.
fn binding(section: &Section<'_>, sequence: At<String>, value: At<Value>) -> Option<Binding> {
    let written = items(value).into_iter().map(|item| action(section, item)).collect::<Vec<_>>();
    let actions = written.into_iter().collect::<Option<Vec<_>>>()?;
    let binding = Binding { sequence, actions };
    let errors = key_map(std::slice::from_ref(&binding)).err().unwrap_or_default();
    for error in &errors {
        section.context.report.error_at(&binding.sequence, error.to_string(), "");
    }
    errors.is_empty().then_some(binding)
}

fn action(section: &Section<'_>, item: At<Value>) -> Option<String> {
    let name = section.text(item, "allowed: the name of an action")?;
    let known: Vec<_> = KeyAction::names().collect();
    if known.contains(&name.value.as_str()) {
        return Some(name.value);
    }
    section.context.report.unknown(&name, "action", &known);
    None
}
