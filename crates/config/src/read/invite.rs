//! `[roles.NAME.invite]` and `[limits]`: whom a member may call into the room, and how often.

use std::time::Duration;

use confab_conference::{
    CallerId, CallerIdChoice, Destination, InviteLimits, InvitePlan, InviteSounds, NumberEntry, NumberPlan,
    OutcallLimits, Pattern,
};

use super::names::{Names, check_known};
use super::sounds::Sounds;
use crate::parse;
use crate::section::Section;
use crate::source::At;
use crate::tree::Value;

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
    let plan = InvitePlan {
        entry: entry(&mut section),
        plan: plan(&mut section, names),
        caller_id: caller_id(&mut section),
        role: role.as_ref().map(|role| role.value.clone()).unwrap_or_default(),
        mute: section.boolean("mute").unwrap_or(false),
        limits: invite_limits(&mut section),
        sounds: outcome_sounds(&mut section, sounds),
    };
    Some((plan, role))
}

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

/// `caller_id`: the caller's or inviter's number, or a fixed one.
pub(crate) fn caller_id(section: &mut Section<'_>) -> CallerIdChoice {
    let Some(at) = section.node("caller_id") else { return CallerIdChoice::Caller };
    let mut fixed = match at.value {
        Value::String(text) if text == "caller" => return CallerIdChoice::Caller,
        Value::Table(_) => section.table_at("caller_id", at),
        _ => {
            let help = "allowed: \"caller\", or a table such as { number = \"2002\", name = \"Conference\" }";
            section.context.report.error_at(&at, "this is no caller's identity", help);
            return CallerIdChoice::Caller;
        }
    };
    let number = fixed.required("number", "1 to 32 letters, digits and + * # . _ -", |text| {
        parse::is_name(text).then(|| text.to_owned())
    });
    let name = fixed.parsed("name", "1 to 64 printable characters", |text| {
        let sound = (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        sound.then(|| text.to_owned())
    });
    let number = number.map(|at| at.value).unwrap_or_default();
    CallerIdChoice::Fixed(CallerId { name: name.map(|at| at.value), number })
}

/// A duration from 1 s up.
pub(crate) fn time(section: &mut Section<'_>, key: &'static str, default: Duration) -> Duration {
    let long_enough = |text: &str| parse::duration(text).filter(|time| *time >= Duration::from_secs(1));
    section.parsed(key, "1s or more", long_enough).map_or(default, |at| at.value)
}

/// A pattern of numbers.
pub(crate) fn pattern(section: &mut Section<'_>, key: &'static str) -> Option<At<Pattern>> {
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
fn allowed(mut section: Section<'_>, names: &Names) -> Option<(Pattern, Destination)> {
    const TO: &str = "\"user\", or \"gateway/NAME\"";
    let pattern = pattern(&mut section, "number");
    let to = section.required("to", TO, |text| match text.split_once('/') {
        None if text == "user" => Some(Destination::User),
        Some(("gateway", name)) => Some(Destination::Gateway(name.to_owned())),
        _ => None,
    })?;
    if let Destination::Gateway(name) = &to.value {
        check_known(section.context, &to.with(name.clone()), "gateway", &names.gateways);
    }
    Some((pattern?.value, to.value))
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

fn outcome_sounds(section: &mut Section<'_>, sounds: &mut Sounds) -> InviteSounds {
    let mut take = |key| sounds.take(section, key, None);
    InviteSounds {
        prompt: take("prompt-sound"),
        invalid: take("invalid-sound"),
        busy: take("busy-sound"),
        declined: take("declined-sound"),
        no_answer: take("no-answer-sound"),
        unreachable: take("unreachable-sound"),
        not_allowed: take("not-allowed-sound"),
        cancelled: take("cancelled-sound"),
        none_left: take("none-left-sound"),
    }
}
