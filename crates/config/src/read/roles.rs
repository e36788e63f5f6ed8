//! `[roles.NAME]`: what a member may do.

use std::collections::BTreeMap;

use confab_conference::{KeyMap, MemberFlag, Right, Rights, Role};

use super::audio;
use super::controls::Controls;
use super::flags::{flag, member_flags, user_options};
use super::invite::invite;
use super::names::{Names, check_known};
use super::profiles::language;
use super::sounds::Sounds;
use crate::names::USER;
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
    section.translate(&USER);
    // Its values are among the entries by now.
    section.string("inherits");
    let keys = controls.take(&mut section, "controls");
    let plan = invite(section.section("invite"), names, sounds);
    if let Some((_, Some(invited))) = &plan {
        check_known(section.context, invited, "role", &names.roles);
    }
    let invite = plan.map(|(plan, _)| plan);
    if let (None, Some((sequence, action))) = (&invite, inviting(&keys)) {
        let message = format!("`{sequence}` is bound to `{action}`, but this role may not invite");
        section.error(message, format!("add [{}] with the numbers it may call", section.key("invite")));
    }
    let mut flags = member_flags(&mut section, "flags");
    flags.extend(user_options(&mut section));
    flags.extend(flag(&mut section, "moderator", MemberFlag::Moderator));
    Role {
        name: name.into(),
        keys,
        flags,
        language: language(&mut section),
        rights: rights(&mut section),
        agc: audio::agc(&mut section),
        denoise: section.boolean("denoise"),
        invite,
    }
}

/// A sequence that needs a number plan.
fn inviting(keys: &KeyMap) -> Option<(&str, String)> {
    let inviting = keys.actions().find(|(_, action)| action.needs() == Some(Right::Invite));
    inviting.map(|(sequence, action)| (sequence, action.to_string()))
}

/// What the role may do by SIP.
fn rights(section: &mut Section<'_>) -> Rights {
    let known = ["add", "remove", "watch"];
    let allowed = "\"add\" and \"remove\" members by REFER, \"watch\" who is in the room";
    let find = |text: &str| known.into_iter().find(|name| *name == text);
    let listed: Vec<_> =
        section.list("may", allowed, find).unwrap_or_default().into_iter().map(|at| at.value).collect();
    Rights {
        refer_add: listed.contains(&"add"),
        refer_remove: listed.contains(&"remove"),
        subscribe: listed.contains(&"watch"),
    }
}
