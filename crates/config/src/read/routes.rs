//! `[[routes]]`: where a dialled number leads.

use std::collections::BTreeSet;
use std::time::Duration;

use confab_conference::{Outcall, Pattern, Pin, PinError, RoomTemplate, Route, Who};

use super::invite::{caller_id, pattern, time};
use super::items;
use super::names::{Names, TARGET, check_known, target};
use crate::parse;
use crate::section::{Context, Section};
use crate::source::At;
use crate::tree::Value;

/// What names a room.
const ROOM: &str = "1 to 32 of A-Z a-z 0-9 _ -, in which {number} is what was dialled";

pub(crate) fn routes(sections: Vec<Section<'_>>, names: &Names) -> Vec<Route> {
    let mut routes: Vec<Route> = Vec::new();
    for mut section in sections {
        let number = pattern(&mut section, "number");
        if let Some(at) = number.as_ref().filter(|at| routes.iter().any(|route| route.pattern == at.value)) {
            section.context.report.error_at(at, "an earlier route has this number", "");
        }
        routes.extend(route(section, number.map(|at| at.value), names));
    }
    routes
}

fn route(mut section: Section<'_>, pattern: Option<Pattern>, names: &Names) -> Option<Route> {
    let room = section.required("room", ROOM, |text| text.parse::<RoomTemplate>().ok());
    if let Some((room, pattern)) = room.as_ref().zip(pattern.as_ref()) {
        check_room(section.context, room, pattern);
    }
    let profile = section.required("profile", "the name of a profile", |text| Some(text.to_owned()));
    let role = role(&mut section, names);
    if let Some(profile) = &profile {
        check_known(section.context, profile, "profile", &names.profiles);
    }
    let who = who(&mut section, names);
    let pin = pin(&mut section);
    let mute = section.boolean("mute").unwrap_or(false);
    let answer_after = section.parsed("answer_after", "0s to 60s", |text| {
        parse::duration(text).filter(|time| *time <= Duration::from_secs(60))
    });
    let end_conference_when_leaves = section.boolean("end_conference_when_leaves").unwrap_or(false);
    let outcalls =
        section.sections("outcalls").into_iter().map(|outcall| outcall_of(outcall, names)).collect();
    Some(Route {
        pattern: pattern?,
        room: room?.value,
        profile: profile?.value,
        role: role?,
        who,
        pin,
        mute,
        answer_after: answer_after.map_or(Duration::ZERO, |at| at.value),
        end_conference_when_leaves,
        outcalls,
    })
}

/// Every number that fits must name a room.
fn check_room(context: &Context, room: &At<RoomTemplate>, pattern: &Pattern) {
    let example = pattern.longest();
    if room.value.name(&example).is_none() {
        let message = format!("this is no room's name when {example} is dialled");
        context.report.error_at(room, message, format!("allowed: {ROOM}"));
    }
}

fn role(section: &mut Section<'_>, names: &Names) -> Option<String> {
    let role = section.required("role", "the name of a role", |text| Some(text.to_owned()))?;
    check_known(section.context, &role, "role", &names.roles);
    Some(role.value)
}

/// A PIN; an error does not show it.
fn pin(section: &mut Section<'_>) -> Option<Pin> {
    let written = section.string("pin")?;
    match written.value.parse() {
        Ok(pin) => Some(pin),
        Err(error) => {
            let error: PinError = error;
            section.context.report.error_at(&written, error.to_string(), "");
            None
        }
    }
}

fn who(section: &mut Section<'_>, names: &Names) -> Who {
    const WHO: &str =
        "\"anyone\", \"users\" (who have authenticated), or a list of users such as [\"1001-1010\"]";
    let Some(at) = section.node("who") else { return Who::Anyone };
    match &at.value {
        Value::String(text) if text == "anyone" => return Who::Anyone,
        Value::String(text) if text == "users" => return Who::Users,
        _ => {}
    }
    let read = |item| section.parse(item, WHO, parse::users);
    let listed: Vec<At<Vec<String>>> = items(at).into_iter().filter_map(read).collect();
    for at in &listed {
        at.value
            .iter()
            .for_each(|user| check_known(section.context, &at.with(user.clone()), "user", &names.users));
    }
    Who::Only(listed.into_iter().flat_map(|at| at.value).collect::<BTreeSet<_>>())
}

fn outcall_of(mut section: Section<'_>, names: &Names) -> Outcall {
    let targets = section.list("to", TARGET, target);
    if targets.as_ref().is_none_or(Vec::is_empty) {
        section.error("this outcall calls nobody", format!("to = one or more of {TARGET}, tried in turn"));
    }
    let targets = targets.unwrap_or_default();
    targets.iter().for_each(|target| names.check_target(section.context, target));
    Outcall {
        targets: targets.into_iter().map(|at| at.value).collect(),
        role: role(&mut section, names).unwrap_or_default(),
        mute: section.boolean("mute").unwrap_or(false),
        timeout: time(&mut section, "timeout", Duration::from_secs(60)),
        caller_id: caller_id(&mut section),
    }
}
