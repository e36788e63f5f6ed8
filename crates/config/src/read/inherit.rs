//! `inherits = "name"`: a table takes what it does not say itself from another of its kind.

use std::collections::BTreeMap;

use crate::diagnostic::Report;
use crate::suggest;
use crate::tree::{Entry, Node, Value, same_key};

/// Tables whose elements may inherit, each from another of the same table.
const KINDS: [&str; 5] = ["profiles", "roles", "controls", "rooms", "routes"];

/// Tables by name.
type Tables = BTreeMap<String, Vec<Entry>>;

/// Fills in what is inherited, and into rooms what their profiles say.
pub(super) fn resolve(report: &Report, root: &mut Node) {
    let Value::Table(entries) = &mut root.value else { return };
    for kind in KINDS {
        if let Some(entry) = entries.iter_mut().find(|entry| same_key(&entry.key, kind)) {
            resolve_kind(report, kind, &mut entry.node);
        }
    }
    let profiles = entries.iter().find(|entry| entry.key == "profiles").map(|entry| named(&entry.node));
    if let Some(rooms) = entries.iter_mut().find(|entry| entry.key == "rooms") {
        fill_rooms(&profiles.unwrap_or_default(), &mut rooms.node);
    }
}

fn resolve_kind(report: &Report, kind: &str, node: &mut Node) {
    let tables = named(node);
    let heirs: Vec<(Option<String>, &mut Node)> = match &mut node.value {
        Value::Table(entries) => {
            entries.iter_mut().map(|entry| (Some(entry.key.clone()), &mut entry.node)).collect()
        }
        Value::Array(items) => items.iter_mut().map(|item| (name_of(item), item)).collect(),
        _ => return,
    };
    for (index, (name, heir)) in heirs.into_iter().enumerate() {
        let Value::Table(own) = &mut heir.value else { continue };
        let key = match name.as_ref().filter(|_| kind != "routes") {
            Some(name) => format!("{kind}.{name}"),
            None => format!("{kind}.{index}"),
        };
        let mut seen: Vec<String> = name.into_iter().collect();
        let mut next = base(report, &key, own, &tables);
        while let Some(name) = next {
            if seen.contains(&name) {
                refuse_circle(report, &key, own, &name);
                break;
            }
            let inherited = tables.get(&name).cloned().unwrap_or_default();
            next = base(report, &key, &inherited, &tables);
            seen.push(name);
            merge(own, inherited);
        }
    }
}

/// The elements of a table or of a list that have a name.
fn named(node: &Node) -> Tables {
    let entries = |node: &Node| match &node.value {
        Value::Table(entries) => entries.clone(),
        _ => Vec::new(),
    };
    match &node.value {
        Value::Table(tables) => {
            tables.iter().map(|entry| (entry.key.clone(), entries(&entry.node))).collect()
        }
        Value::Array(items) => {
            items.iter().filter_map(|item| Some((name_of(item)?, entries(item)))).collect()
        }
        _ => Tables::new(),
    }
}

/// The `name` of an element of a list.
fn name_of(item: &Node) -> Option<String> {
    let Value::Table(entries) = &item.value else { return None };
    entries.iter().find(|entry| entry.key == "name").and_then(text)
}

fn text(entry: &Entry) -> Option<String> {
    match &entry.node.value {
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// `inherits`, which ConfBridge calls `template`.
fn heritage(own: &[Entry]) -> Option<&Entry> {
    own.iter().find(|entry| ["inherits", "template"].contains(&entry.key.as_str()))
}

/// Whom a table inherits from; a name that is not there is reported.
fn base(report: &Report, key: &str, own: &[Entry], tables: &Tables) -> Option<String> {
    let entry = heritage(own)?;
    let name = text(entry)?;
    if tables.contains_key(&name) {
        return Some(name);
    }
    let known: Vec<&str> = tables.keys().map(String::as_str).collect();
    let kind = key.split('.').next().unwrap_or(key);
    let message = format!("there is nothing by the name `{name}` in {kind}");
    report.error(&entry.node.place, &format!("{key}.inherits"), message, suggest::help(&name, &known));
    None
}

fn refuse_circle(report: &Report, key: &str, own: &[Entry], name: &str) {
    let Some(entry) = heritage(own) else { return };
    let message = format!("it inherits from `{name}`, which inherits from it in the end");
    report.error(&entry.node.place, &format!("{key}.inherits"), message, "take the key out of one of them");
}

/// What is not there yet is added; tables in tables are merged likewise.
fn merge(own: &mut Vec<Entry>, inherited: Vec<Entry>) {
    for entry in inherited {
        // The name and the heritage of a table are its own.
        if ["inherits", "template", "name"].contains(&entry.key.as_str()) {
            continue;
        }
        match own.iter_mut().find(|other| same_key(&other.key, &entry.key)) {
            None => own.push(entry),
            Some(other) => {
                if let (Value::Table(own), Value::Table(inherited)) =
                    (&mut other.node.value, entry.node.value)
                {
                    merge(own, inherited);
                }
            }
        }
    }
}

/// A room begins with what its profile says.
fn fill_rooms(profiles: &Tables, rooms: &mut Node) {
    let Value::Table(rooms) = &mut rooms.value else { return };
    for room in rooms {
        let Value::Table(own) = &mut room.node.value else { continue };
        let profile = own.iter().find(|entry| entry.key == "profile").and_then(text);
        merge(own, profile.and_then(|name| profiles.get(&name)).cloned().unwrap_or_default());
    }
}
