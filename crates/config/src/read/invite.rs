//! `[roles.NAME.invite]`: whom a member may call into the room, and how often.

use confab_conference::{
    Destination, InviteLimits, InvitePlan, MemberFlag, NumberEntry, NumberPlan, Pattern, PlanEntry,
};

use super::dialling::{caller_id, dialling, time};
use super::flags::{flag, member_flags};
use super::names::{Names, check_known, target};
use super::sounds::Sounds;
use crate::section::Section;
use crate::source::At;

const PATTERN: &str =
    "digits, X for any digit, X{4} for four of them, X{5,11} for five to eleven, 00. for all after 00";

/// The plan of a role, and the name of the role that the invited get.
pub(crate) fn invite(
    mut section: Section<'_>,
    names: &Names,
    sounds: &mut Sounds,
) -> Option<(InvitePlan, Option<At<String>>)> {
    if !section.is_present() {
        return None;
    }
    let role = section.string("role");
    if role.is_none() {
        section.missing("role", "allowed: the name of the role that those who are invited join with");
    }
    let mut flags = member_flags(&mut section, "flags");
    flags.extend(flag(&mut section, "mute", MemberFlag::Mute));
    let plan = InvitePlan {
        entry: entry(&mut section),
        plan: plan(&mut section, names),
        caller_id: caller_id(&mut section),
        role: role.as_ref().map(|role| role.value.clone()).unwrap_or_default(),
        flags,
        limits: invite_limits(&mut section),
        sounds: sounds.invite(&mut section),
    };
    Some((plan, role))
}

/// A pattern of numbers.
pub(crate) fn pattern(section: &mut Section<'_>, key: &str) -> Option<At<Pattern>> {
    let text = section.required(key, PATTERN, |text| Some(text.to_owned()))?;
    read_pattern(section, text)
}

fn read_pattern(section: &Section<'_>, text: At<String>) -> Option<At<Pattern>> {
    match text.value.parse::<Pattern>() {
        Ok(pattern) => Some(text.with(pattern)),
        Err(error) => {
            section.context.report.error_at(&text, error.to_string(), format!("allowed: {PATTERN}"));
            None
        }
    }
}

fn entry(section: &mut Section<'_>) -> NumberEntry {
    let default = NumberEntry::default();
    let min_digits = section.integer("min_digits", 1..=15).unwrap_or(default.min_digits);
    let max_digits = section.integer("max_digits", 1..=15).unwrap_or(default.max_digits);
    if min_digits > max_digits {
        section.error(format!("min_digits {min_digits} is above max_digits {max_digits}"), "");
    }
    let terminator = section.parsed("terminator", "one of * # A B C D", |text| {
        ["*", "#", "A", "B", "C", "D"].contains(&text).then(|| text.chars().next()).flatten()
    });
    NumberEntry {
        min_digits,
        max_digits,
        first_digit_timeout: time(section, "first_digit_timeout", default.first_digit_timeout),
        digit_timeout: time(section, "digit_timeout", default.digit_timeout),
        terminator: terminator.map_or(default.terminator, |at| at.value),
    }
}

fn plan(section: &mut Section<'_>, names: &Names) -> NumberPlan {
    let deny = section.list("deny", PATTERN, |text| Some(text.to_owned())).unwrap_or_default();
    let deny = deny.into_iter().filter_map(|text| read_pattern(section, text)).map(|at| at.value).collect();
    let allow: Vec<_> =
        section.sections("allow").into_iter().filter_map(|entry| allowed(entry, names)).collect();
    NumberPlan { deny, allow }
}

/// One entry of `allow`.
fn allowed(mut section: Section<'_>, names: &Names) -> Option<PlanEntry> {
    const TO: &str = "\"user\", \"gateway/NAME\", user/NAME, gateway/NAME/NUMBER, or several of them";
    let pattern = pattern(&mut section, "number");
    if !section.has("to") {
        section.missing("to", &format!("allowed: {TO}"));
    }
    let to = section.list("to", TO, destination).unwrap_or_default();
    for at in &to {
        match &at.value {
            Destination::User => {}
            Destination::Gateway(name) => {
                check_known(section.context, &at.with(name.clone()), "gateway", &names.gateways);
            }
            Destination::Fixed(target) => names.check_target(section.context, &at.with(target.clone())),
        }
    }
    let to: Vec<Destination> = to.into_iter().map(|at| at.value).collect();
    let dialling = dialling(&mut section);
    (!to.is_empty()).then_some(PlanEntry { pattern: pattern?.value, to, dialling })
}

fn destination(text: &str) -> Option<Destination> {
    match text.split_once('/') {
        None => (text == "user").then_some(Destination::User),
        Some(("gateway", name)) if !name.contains('/') => Some(Destination::Gateway(name.to_owned())),
        Some(_) => target(text).map(Destination::Fixed),
    }
}

fn invite_limits(section: &mut Section<'_>) -> InviteLimits {
    let default = InviteLimits::default();
    let mut count = |key, default| section.integer(key, 0..=100_000).unwrap_or(default);
    let pending_per_member = count("pending_per_member", default.pending_per_member);
    let per_member = count("per_member", default.per_member);
    let live_per_room = count("live_per_room", default.live_per_room);
    InviteLimits {
        pending_per_member,
        per_member,
        live_per_room,
        window: time(section, "window", default.window),
        ring: time(section, "ring", default.ring),
        duration: time(section, "duration", default.duration),
    }
}
