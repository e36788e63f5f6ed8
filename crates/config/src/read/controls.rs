//! `[controls.NAME]`: groups of keys, each with what it does.

use std::collections::{BTreeMap, BTreeSet};

use confab_conference::{KeyAction, KeyMap, KeyMapError};

use super::items;
use super::names::check_known;
use super::sounds::{Sounds, sound};
use crate::names::{ACTIONS, MENU};
use crate::section::Section;
use crate::source::At;
use crate::suggest;
use crate::tree::Value;

/// FreeSWITCH's name for a group without keys.
const NONE: &str = "none";

/// One line of a group.
#[derive(Clone)]
struct Binding {
    /// The keys.
    sequence: At<String>,
    /// What they do, one after the other.
    actions: Vec<String>,
}

/// The groups by name.
pub(crate) struct Controls(BTreeMap<String, Vec<Binding>>);

impl Controls {
    /// Reads all groups; `lists` are the names that `dial list` may have.
    pub(crate) fn read(
        named: Vec<(At<String>, Section<'_>)>,
        lists: &BTreeSet<String>,
        sounds: &mut Sounds,
    ) -> Self {
        let mut read =
            |(name, section): (At<String>, Section<'_>)| (name.value, group(section, lists, sounds));
        Self(named.into_iter().map(&mut read).collect())
    }

    /// The groups that a key names, put together.
    pub(crate) fn take(&self, section: &mut Section<'_>, key: &str) -> KeyMap {
        let known = self.0.keys().cloned().collect();
        let groups = section.list(key, "names of [controls.NAME]", |text| Some(text.to_owned()));
        let mut bindings: Vec<Binding> = Vec::new();
        for group in groups.into_iter().flatten().filter(|group| group.value != NONE) {
            check_known(section.context, &group, "group of controls", &known);
            for binding in self.0.get(&group.value).into_iter().flatten() {
                match bindings.iter().find(|other| other.sequence.value == binding.sequence.value) {
                    Some(other) => refuse_twice(section, &group, other),
                    None => bindings.push(binding.clone()),
                }
            }
        }
        key_map(&bindings).unwrap_or_default()
    }
}

fn refuse_twice(section: &Section<'_>, group: &At<String>, other: &Binding) {
    let report = &section.context.report;
    let message = format!("`{}` of `{}` is bound already", other.sequence.value, group.value);
    let help = format!("the other one is at {}", report.describe(&other.sequence.place));
    report.error_at(group, message, help);
}

/// The key map of some bindings.
fn key_map(bindings: &[Binding]) -> Result<KeyMap, Vec<KeyMapError>> {
    KeyMap::new(bindings.iter().map(|binding| (&binding.sequence.value, binding.actions.iter().collect())))
}

fn group(mut section: Section<'_>, lists: &BTreeSet<String>, sounds: &mut Sounds) -> Vec<Binding> {
    section.string("inherits");
    let entries = section.entries();
    let mut bindings = Vec::new();
    for (sequence, value) in entries {
        bindings.extend(binding(&section, sequence, value, lists, sounds));
    }
    bindings
}

/// One binding, if it is sound by itself.
fn binding(
    section: &Section<'_>,
    sequence: At<String>,
    value: At<Value>,
    lists: &BTreeSet<String>,
    sounds: &mut Sounds,
) -> Option<Binding> {
    let written: Vec<_> = items(value).into_iter().map(|item| action(section, item, lists, sounds)).collect();
    let actions = written.into_iter().collect::<Option<Vec<_>>>()?;
    let binding = Binding { sequence, actions };
    let errors = key_map(std::slice::from_ref(&binding)).err().unwrap_or_default();
    for error in &errors {
        section.context.report.error_at(&binding.sequence, error.to_string(), "");
    }
    errors.is_empty().then_some(binding)
}

fn action(
    section: &Section<'_>,
    item: At<Value>,
    lists: &BTreeSet<String>,
    sounds: &mut Sounds,
) -> Option<String> {
    let name = section.text(item, "allowed: the name of an action")?;
    match name.value.parse::<KeyAction>() {
        Ok(KeyAction::DialList(list)) => {
            check_known(section.context, &name.with(list), "list", lists);
        }
        Ok(KeyAction::Play(played)) => {
            played.into_iter().for_each(|played| check_sound(section, &name.with(played), sounds));
        }
        Ok(_) => {}
        Err(_) => {
            refuse(section, &name);
            return None;
        }
    }
    Some(name.value)
}

fn check_sound(section: &Section<'_>, played: &At<String>, sounds: &mut Sounds) {
    match sound(&played.value) {
        Some(_) => sounds.note(section, played),
        None => section.context.report.error_at(played, format!("`{}` is no sound", played.value), ""),
    }
}

fn refuse(section: &Section<'_>, name: &At<String>) {
    let explained = ACTIONS.hint(&name.value).or_else(|| MENU.hint(&name.value));
    let known: Vec<_> = KeyAction::names().collect();
    let help = explained.unwrap_or_else(|| match data_of(&name.value) {
        Some(what) => format!("say {what} after it"),
        None => suggest::help(&name.value, &known),
    });
    section.context.report.error_at(name, format!("there is no action `{}`", name.value), help);
}

/// What an action that stands alone needs.
fn data_of(name: &str) -> Option<&'static str> {
    match name.trim() {
        "transfer" => Some("the number"),
        "play" | "playback" => Some("the sound"),
        "event" => Some("its name"),
        "dial list" => Some("the list's name"),
        _ => None,
    }
}
