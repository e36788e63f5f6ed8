//! `[roles.NAME]`: what a member may do.

use std::collections::BTreeMap;

use confab_conference::{KeyAction, KeyMap, Role};

use super::audio;
use super::controls::{Binding, Controls, key_map};
use super::invite::invite;
use super::names::{Names, check_known};
use super::sounds::Sounds;
use crate::section::Section;
use crate::source::At;

pub(crate) fn roles(
    named: Vec<(At<String>, Section<'_>)>,
    controls: &Controls,
    names: &Names,
    sounds: &mut Sounds,
) -> BTreeMap<String, Role> {
    let read = |(name, section): (At<String>, Section<'_>)| {
        let role = role(&name.value, section, controls, names, sounds);
        (name.value, role)
    };
    named.into_iter().map(read).collect()
}

fn role(
    name: &str,
    mut section: Section<'_>,
    controls: &Controls,
    names: &Names,
    sounds: &mut Sounds,
) -> Role {
    let keys = keys(&mut section, controls);
    let plan = invite(section.section("invite"), names, sounds);
    if let Some((_, Some(invited))) = &plan {
        check_known(section.context, invited, "role", &names.roles);
    }
    let invite = plan.map(|(plan, _)| plan);
    if let (None, Some((sequence, action))) = (&invite, inviting(&keys)) {
        let message = format!("`{sequence}` is bound to `{action}`, but this role may not invite");
        section.error(message, format!("add [{}] with the numbers it may call", section.key("invite")));
    }
    Role {
        name: name.into(),
        keys,
        moderator: section.boolean("moderator").unwrap_or(false),
        agc: audio::agc(&mut section),
        denoise: section.boolean("denoise"),
        invite,
    }
}

/// The groups of a role put together.
fn keys(section: &mut Section<'_>, controls: &Controls) -> KeyMap {
    let known = controls.keys().cloned().collect();
    let groups = section.list("controls", "names of [controls.NAME]", |text| Some(text.to_owned()));
    let mut bindings: Vec<Binding> = Vec::new();
    for group in groups.into_iter().flatten() {
        check_known(section.context, &group, "group of controls", &known);
        for binding in controls.get(&group.value).into_iter().flatten() {
            match bindings.iter().find(|other| other.sequence.value == binding.sequence.value) {
                Some(other) => refuse_twice(section, &group, other),
                None => bindings.push(binding.clone()),
            }
        }
    }
    key_map(&bindings).unwrap_or_default()
}

fn refuse_twice(section: &Section<'_>, group: &At<String>, other: &Binding) {
    let report = &section.context.report;
    let message = format!("`{}` of `{}` is bound already", other.sequence.value, group.value);
    report.error_at(
        group,
        message,
        format!("the other one is at {}", report.describe(&other.sequence.place)),
    );
}

/// A sequence that needs a number plan.
fn inviting(keys: &KeyMap) -> Option<(&str, KeyAction)> {
    let inviting = |actions: &[KeyAction]| actions.iter().copied().find(|action| action.needs_invite_plan());
    keys.bindings().find_map(|(sequence, actions)| Some((sequence, inviting(actions)?)))
}
