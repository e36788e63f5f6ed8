//! `--set KEY=VALUE`: overrides a key of the file by its dotted name.

use crate::diagnostic::Report;
use crate::source::Place;
use crate::tree::{Entry, Node, Value, parse_value, same_key};

/// Applies source `source` of the report, one `KEY=VALUE`, to the tree.
///
/// The value is read as TOML, or else taken as a string. A segment of the key that meets a list names an
/// element by its `name`, `names` or `number`, or else by its index from 0. Whether a key exists at all is
/// found out when it is read.
pub(crate) fn apply(report: &Report, root: &mut Node, source: usize) {
    let text = report.sources()[source].text.clone();
    let Some((path, value)) = text.split_once('=').filter(|(path, _)| !path.trim().is_empty()) else {
        let help = "for example: --set media.ports=20000-29999";
        return report.error(&Place::new(source, 0..text.len()), "", "an override is KEY=VALUE", help);
    };
    let key = Key { report, path: path.trim(), place: Place::new(source, 0..path.len()) };
    let node = parse_value(value.trim(), Place::new(source, path.len() + 1..text.len()));
    key.assign(root, key.path.split('.').map(unquoted).collect::<Vec<_>>().as_slice(), node);
}

struct Key<'a> {
    report: &'a Report,
    path: &'a str,
    place: Place,
}

impl Key<'_> {
    fn assign(&self, target: &mut Node, path: &[&str], node: Node) {
        let Some((segment, rest)) = path.split_first() else {
            *target = node;
            return;
        };
        let next = match &mut target.value {
            Value::Table(entries) => Some(self.entry(entries, segment)),
            Value::Array(items) => element(items, segment),
            _ => None,
        };
        match next {
            Some(next) => self.assign(next, rest, node),
            None => self.refuse(segment, &target.value),
        }
    }

    /// The value of a key, made if it is not there.
    fn entry<'t>(&self, entries: &'t mut Vec<Entry>, key: &str) -> &'t mut Node {
        let index = entries.iter().position(|entry| same_key(&entry.key, key)).unwrap_or_else(|| {
            let node = Node { place: self.place.clone(), value: Value::Table(Vec::new()) };
            entries.push(Entry { key: key.into(), place: self.place.clone(), node });
            entries.len() - 1
        });
        &mut entries[index].node
    }

    fn refuse(&self, segment: &str, value: &Value) {
        let message = match value {
            Value::Array(_) => format!("the list has no element `{segment}`"),
            other => format!("`{segment}` cannot be looked up in {}", other.kind()),
        };
        self.report.error(&self.place, self.path, message, "");
    }
}

fn element<'t>(items: &'t mut [Node], segment: &str) -> Option<&'t mut Node> {
    let index = items.iter().position(|item| is_named(item, segment)).or_else(|| segment.parse().ok())?;
    items.get_mut(index)
}

fn is_named(item: &Node, name: &str) -> bool {
    let Value::Table(entries) = &item.value else { return false };
    entries.iter().any(|entry| match &entry.node.value {
        Value::String(text) => ["name", "names", "number"].contains(&entry.key.as_str()) && text == name,
        _ => false,
    })
}

fn unquoted(segment: &str) -> &str {
    segment.trim().trim_matches('"')
}
