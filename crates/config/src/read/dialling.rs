//! How people are called: `outcalls` of routes, `calls` of lists, entries of `allow`.

use std::time::Duration;

use confab_conference::{
    CallList, CallerId, CallerIdChoice, DialTarget, Dialling, Outcall, OutcallLimits, Redial, Strategy,
};

use super::flags::{flag, member_flags};
use super::names::{Names, TARGET, check_known, target};
use super::profiles::choice;
use super::sounds::Sounds;
use crate::parse;
use crate::section::Section;
use crate::source::At;
use crate::tree::Value;

/// What [`number`] understands.
pub(crate) const NUMBER: &str = "1 to 32 letters, digits and + * # . _ -";
/// What [`name`] understands.
pub(crate) const NAME: &str = "1 to 64 printable characters";

/// `[limits]`
pub(crate) fn limits(mut section: Section<'_>) -> OutcallLimits {
    let default = OutcallLimits::default();
    OutcallLimits {
        live_per_gateway: section
            .integer("live_per_gateway", 0..=100_000)
            .unwrap_or(default.live_per_gateway),
        per_day: section.integer("gateway_calls_per_day", 0..=10_000_000).unwrap_or(default.per_day),
    }
}

/// `[lists.NAME]`; a call without a role gets the one that the invited of the member get.
pub(crate) fn list(mut section: Section<'_>, names: &Names, sounds: &mut Sounds) -> CallList {
    let calls = section.sections("calls");
    if calls.is_empty() {
        section.error("this list calls nobody", "calls = [{ to = \"user/1004\" }, …]");
    }
    CallList { outcalls: calls.into_iter().map(|call| outcall(call, names, sounds, false)).collect() }
}

/// A call that nobody asks for by a number.
pub(crate) fn outcall(
    mut section: Section<'_>,
    names: &Names,
    sounds: &mut Sounds,
    of_route: bool,
) -> Outcall {
    let targets = section.list("to", TARGET, target).unwrap_or_default();
    if targets.is_empty() {
        section.error("this outcall calls nobody", format!("to = one or more of {TARGET}, tried in turn"));
    }
    targets.iter().for_each(|target| names.check_target(section.context, target));
    if of_route && !section.has("role") {
        section.missing("role", "allowed: the name of a role");
    }
    let role = section.string("role");
    role.iter().for_each(|role| check_known(section.context, role, "role", &names.roles));
    let mut flags = member_flags(&mut section, "flags");
    flags.extend(flag(&mut section, "mute", confab_conference::MemberFlag::Mute));
    let dialling = dialling(&mut section);
    Outcall {
        targets: targets.into_iter().map(|at| at.value).collect::<Vec<DialTarget>>(),
        dialling,
        role: role.map(|role| role.value).unwrap_or_default(),
        flags,
        announce: sounds.take(&mut section, "announce", None),
    }
}

/// How targets are called; of outcalls `timeout` is another name of `ring`.
pub(crate) fn dialling(section: &mut Section<'_>) -> Dialling {
    let default = Redial::default();
    const TIME: &str = "1s or more";
    let other = section.other_name("timeout").and_then(|at| section.parse(at, TIME, at_least_a_second));
    let ring = section.parsed("ring", TIME, at_least_a_second).or(other);
    Dialling {
        strategy: choice(section, "strategy", &Strategy::NAMES).unwrap_or_default(),
        ring: ring.map(|at| at.value),
        caller_id: caller_id(section),
        confirm: section.boolean("confirm"),
        redial: Redial {
            times: section.integer("redial", 0..=100).unwrap_or(default.times),
            after: time(section, "redial_after", default.after),
        },
    }
}

/// `caller_id`: the caller's or inviter's number, or a fixed one.
pub(crate) fn caller_id(section: &mut Section<'_>) -> Option<CallerIdChoice> {
    let at = section.node("caller_id")?;
    let mut fixed = match at.value {
        Value::String(text) if text == "caller" => return Some(CallerIdChoice::Caller),
        Value::Table(_) => section.table_at("caller_id", at),
        _ => {
            let help = "allowed: \"caller\", or a table such as { number = \"2002\", name = \"Conference\" }";
            section.context.report.error_at(&at, "this is no caller's identity", help);
            return None;
        }
    };
    let number = fixed.required("number", NUMBER, number);
    let name = fixed.parsed("name", NAME, name);
    let number = number.map(|at| at.value).unwrap_or_default();
    Some(CallerIdChoice::Fixed(CallerId { name: name.map(|at| at.value), number }))
}

/// A number as it is shown to those who are called.
pub(crate) fn number(text: &str) -> Option<String> {
    parse::is_name(text).then(|| text.to_owned())
}

/// A name as it is shown to those who are called.
pub(crate) fn name(text: &str) -> Option<String> {
    let sound = (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    sound.then(|| text.to_owned())
}

/// A duration from 1 s up.
pub(crate) fn time(section: &mut Section<'_>, key: &str, default: Duration) -> Duration {
    let time: Option<At<Duration>> = section.parsed(key, "1s or more", at_least_a_second);
    time.map_or(default, |at| at.value)
}

fn at_least_a_second(text: &str) -> Option<Duration> {
    parse::duration(text).filter(|time| *time >= Duration::from_secs(1))
}
