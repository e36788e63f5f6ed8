//! The dialplan: extensions that lead into a conference become routes.

mod binding;
mod call;
mod dial;
mod lua;
mod regex;
mod roles;
mod walk;

use std::collections::BTreeSet;

use self::regex::{Row, rows};
use super::note::{Notes, Spot};
use super::toml::{Toml, list, quoted};
use super::xml::Element;

pub(super) use walk::Walker;

/// What may lead into a conference, as the last thing or on the way.
const LEADING: [&str; 5] =
    ["conference", "lua", "transfer", "execute_extension", "conference_set_auto_outcall"];
/// Conditions on the time.
const TIMES: [&str; 14] = [
    "year",
    "yday",
    "mon",
    "mday",
    "week",
    "mweek",
    "wday",
    "hour",
    "minute",
    "minute-of-day",
    "time-of-day",
    "date-time",
    "tz-offset",
    "dst",
];

/// One application with its data.
#[derive(Clone, Debug)]
struct Step {
    application: String,
    data: String,
    spot: Spot,
}

/// What is done when a number fits.
#[derive(Debug)]
pub(super) struct Branch {
    context: String,
    extension: String,
    rows: Vec<Row>,
    steps: Vec<Step>,
    spot: Spot,
}

/// `[[routes]]`
#[derive(Debug)]
pub(super) struct Route {
    pub(super) number: String,
    /// Where it comes from, in words.
    extension: String,
    spot: Spot,
    room: String,
    profile: String,
    role: String,
    flags: Vec<&'static str>,
    pin: Option<String>,
    moderator_pin: Option<String>,
    who: Who,
    answer_after_ms: u64,
    outcalls: Vec<Outcall>,
}

/// Who reaches a context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Anyone,
    Users,
    Only(BTreeSet<String>),
}

/// `[[routes.outcalls]]`
#[derive(Debug)]
struct Outcall {
    to: Vec<String>,
    role: String,
    flags: Vec<&'static str>,
    /// Seconds.
    timeout: u64,
    caller_id: Shown,
    announce: Option<String>,
    spot: Spot,
}

/// What those see who are called.
#[derive(Debug)]
enum Shown {
    /// What the profile says.
    Profile,
    /// The caller.
    Caller,
    /// This number and name.
    Fixed(String, String),
}

impl Route {
    pub(super) fn write(&self, toml: &mut Toml) {
        let spot = Some(&self.spot);
        toml.section("[[routes]]", spot);
        toml.comment(&format!("from {}, extension {}", self.spot, self.extension));
        toml.text("number", &self.number, spot);
        toml.text("room", &self.room, spot);
        toml.text("profile", &self.profile, spot);
        toml.text("role", &self.role, spot);
        toml.list("flags", &self.flags, spot);
        self.pin.iter().for_each(|pin| toml.text("pin", pin, spot));
        self.moderator_pin.iter().for_each(|pin| toml.text("moderator-pin", pin, spot));
        match &self.who {
            Who::Anyone => {}
            Who::Users => toml.text("who", "users", spot),
            Who::Only(users) => {
                let names: Vec<&str> = users.iter().map(String::as_str).collect();
                toml.list("who", &crate::summary::runs(&names), spot);
            }
        }
        if self.answer_after_ms > 0 {
            toml.text("answer_after", &format!("{}ms", self.answer_after_ms), spot);
        }
        self.outcalls.iter().for_each(|outcall| outcall.write(toml));
    }
}

impl Outcall {
    fn write(&self, toml: &mut Toml) {
        let spot = Some(&self.spot);
        toml.section("[[routes.outcalls]]", spot);
        toml.comment(&format!("from {}", self.spot));
        toml.raw("to", list(&self.to), spot);
        toml.text("role", &self.role, spot);
        toml.list("flags", &self.flags, spot);
        toml.text("timeout", &format!("{}s", self.timeout), spot);
        if self.to.iter().any(|to| to.starts_with("gateway/")) {
            toml.comment(
                "FreeSWITCH lets in whatever answers, also a voicemail; with true who answers must press 1",
            );
            toml.raw("confirm", false, spot);
        }
        self.announce.iter().for_each(|sound| toml.text("announce", sound, spot));
        match &self.caller_id {
            Shown::Profile => {}
            Shown::Caller => toml.text("caller_id", "caller", spot),
            Shown::Fixed(number, name) => {
                let name = if name.is_empty() { String::new() } else { format!(", name = {}", quoted(name)) };
                toml.raw("caller_id", format!("{{ number = {}{name} }}", quoted(number)), spot);
            }
        }
    }
}

/// All branches of all contexts, in their order; what is none of them is noted.
pub(super) fn branches(elements: &[Element], notes: &mut Notes) -> Vec<Branch> {
    let mut contexts = Vec::new();
    elements.iter().for_each(|element| element.find("dialplan", "context", &mut contexts));
    let mut branches = Vec::new();
    for context in contexts {
        for extension in context.named("extension") {
            match read_extension(context.text("name"), extension, notes) {
                Ok(found) => branches.extend(found),
                Err((spot, _)) if !extension.holds_any("application", &LEADING) => {
                    leads_nowhere(&spot, extension.text("name"), notes);
                }
                Err((spot, why)) => {
                    let message = format!("the extension `{}`: {why}", extension.text("name"));
                    notes.left_out(&spot, message, "write a [[routes]] for its numbers");
                }
            }
        }
    }
    branches
}

fn leads_nowhere(spot: &Spot, extension: &str, notes: &mut Notes) {
    let message = format!("the extension `{extension}` leads into no conference");
    notes.left_out(spot, message, "confab has nothing but conferences");
}

fn read_extension(
    context: &str,
    extension: &Element,
    notes: &mut Notes,
) -> Result<Vec<Branch>, (Spot, String)> {
    let conditions: Vec<&Element> = extension.named("condition").collect();
    let mut branches: Vec<Branch> = Vec::new();
    for (index, condition) in conditions.iter().enumerate() {
        let refuse = |why: &str| Err((condition.spot.clone(), why.to_owned()));
        let steps = condition.named("action").map(step);
        if let Some(anti) = condition.named("anti-action").next() {
            let message =
                format!("what the extension `{}` does for all other numbers", extension.text("name"));
            notes.left_out(&anti.spot, message, "write a [[routes]] for them");
        }
        if condition.has_any(&TIMES) && ["", "destination_number"].contains(&condition.text("field")) {
            return refuse("it depends on the time");
        }
        if condition.has_any(&["regex"]) || condition.named("condition").next().is_some() {
            return refuse("several conditions in one");
        }
        match condition.text("field") {
            // Always true: it goes on with the one before.
            "" => match branches.last_mut() {
                Some(branch) => branch.steps.extend(steps),
                None => return refuse("a condition that is true for every number"),
            },
            "destination_number" => {
                let apart = ["on-true", "never"].contains(&condition.text("break"));
                let another = conditions.get(index + 1).is_some_and(|next| !next.text("field").is_empty());
                if another && !apart {
                    return refuse("several conditions that must all be true");
                }
                branches.push(Branch {
                    context: context.to_owned(),
                    extension: extension.text("name").to_owned(),
                    rows: rows(condition.text("expression")).map_err(|why| {
                        let why = format!("`{}` is no pattern of ours: {why}", condition.text("expression"));
                        (condition.spot.clone(), why)
                    })?,
                    steps: steps.collect(),
                    spot: condition.spot.clone(),
                });
            }
            field => return refuse(&format!("it depends on `{field}`, not on the number alone")),
        }
    }
    Ok(branches)
}

fn step(action: &Element) -> Step {
    Step {
        application: action.text("application").to_owned(),
        data: action.text("data").to_owned(),
        spot: action.spot.clone(),
    }
}
