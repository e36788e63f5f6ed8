//! Flags: `"a|b"` as FreeSWITCH writes them, or a list.

use std::collections::BTreeSet;
use std::str::FromStr;

use confab_conference::{ConferenceFlag, ConferenceFlags, MemberFlag, MemberFlags};

use super::items;
use crate::names::{CONFERENCE_FLAGS, MEMBER_FLAGS, Ours, Table, USER};
use crate::section::Section;
use crate::source::At;
use crate::suggest;
use crate::tree::Value;

/// Flags of members; keys of their own that some of them have stand beside.
pub(crate) fn member_flags(section: &mut Section<'_>, key: &str) -> MemberFlags {
    flags(section, key, &MEMBER_FLAGS, &MemberFlag::NAMES.map(|(_, name)| name))
}

/// Flags of conferences.
pub(crate) fn conference_flags(section: &mut Section<'_>, key: &str) -> ConferenceFlags {
    flags(section, key, &CONFERENCE_FLAGS, &ConferenceFlag::NAMES.map(|(_, name)| name))
}

/// A flag that has a key of its own.
pub(crate) fn flag(section: &mut Section<'_>, key: &str, flag: MemberFlag) -> Option<MemberFlag> {
    section.boolean(key).filter(|on| *on).map(|_| flag)
}

/// The flags of a role that ConfBridge has as options: `wait_marked = true`.
pub(crate) fn user_options(section: &mut Section<'_>) -> MemberFlags {
    let mut flags = MemberFlags::new();
    for name in USER.names {
        let Ours::Key(ours) = name.ours else { continue };
        let Some(flag) = ours.strip_prefix("flags: ").and_then(|flag| flag.parse().ok()) else { continue };
        match section.other_name(name.theirs).map(|at| (at.value.clone(), at)) {
            Some((Value::Boolean(true), _)) => drop(flags.insert(flag)),
            Some((Value::Boolean(false), _)) | None => {}
            Some((_, at)) => drop(section.refuse::<()>(&at, "this is no boolean", "true or false")),
        }
    }
    flags
}

fn flags<F: FromStr + Ord>(
    section: &mut Section<'_>,
    key: &str,
    theirs: &Table,
    known: &[&str],
) -> BTreeSet<F> {
    let Some(at) = section.node(key) else { return BTreeSet::new() };
    let written = items(at).into_iter().filter_map(|item| section.text(item, "allowed: names of flags"));
    let mut flags = BTreeSet::new();
    for text in written.collect::<Vec<_>>() {
        for name in text.value.split('|').map(str::trim).filter(|name| !name.is_empty()) {
            match name.parse() {
                Ok(flag) => drop(flags.insert(flag)),
                Err(_) => refuse(section, &text.with(name.to_owned()), theirs, known),
            }
        }
    }
    flags
}

fn refuse(section: &Section<'_>, name: &At<String>, theirs: &Table, known: &[&str]) {
    let help = theirs.hint(&name.value).unwrap_or_else(|| suggest::help(&name.value, known));
    section.context.report.error_at(name, format!("there is no flag `{}`", name.value), help);
}
