//! `bind_digit_action`: keys that do something beside the caller controls.

use super::regex::Row;
use super::{Branch, Step};
use crate::import::conference::sound;
use crate::import::note::{Notes, Spot};

/// Keys and what they are bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binding {
    keys: String,
    /// `exec:…`, `api:…` or the name of an event.
    action: String,
    value: String,
    spot: Spot,
}

/// What a binding is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    pub(super) keys: String,
    pub(super) action: String,
    pub(super) invite: Option<Invite>,
    pub(super) spot: Spot,
}

/// `[roles.NAME.invite]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Invite {
    pub(super) min_digits: String,
    pub(super) max_digits: String,
    pub(super) terminator: String,
    /// Milliseconds.
    pub(super) first_digit_timeout: String,
    pub(super) digit_timeout: String,
    pub(super) prompt: Option<String>,
    pub(super) invalid: Option<String>,
    /// Pattern and way.
    pub(super) allow: Vec<(String, String, Spot)>,
    pub(super) spot: Spot,
}

impl Binding {
    /// `REALM,KEYS,ACTION[,VALUE[,WHO PRESSES[,WHO ACTS]]]`
    pub(super) fn read(data: &str, spot: &Spot, notes: &mut Notes) -> Option<Self> {
        let mut parts = data.splitn(4, ',').skip(1).map(str::trim);
        let (keys, action) = (parts.next()?, parts.next()?);
        if keys.starts_with(['~', '=']) {
            notes.left_out(
                spot,
                format!("keys by an expression, `{keys}`"),
                "bind each of them in [controls.NAME]",
            );
            return None;
        }
        let value = parts.next().unwrap_or_default().to_owned();
        Some(Self { keys: keys.to_owned(), action: action.to_owned(), value, spot: spot.clone() })
    }

    /// What it does, in our manner.
    pub(super) fn resolve(&self, branches: &[Branch], notes: &mut Notes) -> Option<Bound> {
        let application =
            self.action.strip_prefix("exec").map(|rest| rest.split(':').next_back().unwrap_or_default());
        let (action, invite) = match application {
            Some("execute_extension" | "transfer") => self.extension(branches, notes)?,
            Some("playback") => (format!("play {}", sound(self.value.trim(), &self.spot, notes)?), None),
            Some("hangup") => ("hangup".to_owned(), None),
            _ => {
                let message = format!("what `{}` does: `{}`", self.keys, self.action);
                notes.left_out(&self.spot, message, "see the actions of [controls.NAME] in confab.toml");
                return None;
            }
        };
        Some(Bound { keys: self.keys.clone(), action, invite, spot: self.spot.clone() })
    }

    /// An extension that is run on the key: asking for a number and calling it is an invite.
    fn extension(&self, branches: &[Branch], notes: &mut Notes) -> Option<(String, Option<Invite>)> {
        let name = self.value.split(' ').next().unwrap_or_default();
        let found = leading_to(branches, name);
        let asking =
            found.iter().flat_map(|branch| &branch.steps).find(|s| s.application == "play_and_get_digits");
        if let Some(asking) = asking {
            let steps = found.iter().flat_map(|branch| &branch.steps);
            return Some(("invite".into(), Some(Invite::read(asking, steps, branches, notes)?)));
        }
        if found.is_empty() && name.to_ascii_uppercase().contains("CANCEL") {
            let message = format!(
                "`{}` runs the extension `{}`, which is nowhere: the key does nothing",
                self.keys,
                start(name)
            );
            notes.mistake(&self.spot, message, "here it takes back the newest invite, as its name says");
            return Some(("cancel last invite".into(), None));
        }
        let message = format!("`{}` runs the extension `{}`", self.keys, start(name));
        if found.is_empty() {
            notes.mistake(&self.spot, message + ", which is nowhere", "the key does nothing");
        } else {
            notes.left_out(&self.spot, message, "see the actions of [controls.NAME] in confab.toml");
        }
        None
    }
}

impl Invite {
    /// From `play_and_get_digits MIN MAX TRIES TIMEOUT TERMINATORS PROMPT BAD VARIABLE REGEX [DIGIT TIMEOUT]` and what is
    /// done with the number.
    fn read<'s>(
        asking: &Step,
        steps: impl Iterator<Item = &'s Step>,
        branches: &[Branch],
        notes: &mut Notes,
    ) -> Option<Self> {
        let words: Vec<&str> = asking.data.split_whitespace().collect();
        let [min, max, tries, timeout, terminators, prompt, invalid, variable, ..] = words.as_slice() else {
            notes.left_out(&asking.spot, "a `play_and_get_digits` that is not understood", "");
            return None;
        };
        if *tries != "1" {
            notes.changed(
                &asking.spot,
                format!("a number may be typed {tries} times"),
                "here once, then the key again",
            );
        }
        let reference = format!("${{{variable}}}");
        let next =
            steps.filter(|step| ["execute_extension", "transfer"].contains(&step.application.as_str()));
        let next =
            next.map(|step| step.data.as_str()).find(|data| data.contains(&reference)).unwrap_or_default();
        let calls = leading_to(branches, next);
        let mut invite = Self {
            min_digits: (*min).to_owned(),
            max_digits: (*max).to_owned(),
            terminator: terminators.chars().take(1).collect(),
            first_digit_timeout: (*timeout).to_owned(),
            digit_timeout: words.get(9).unwrap_or(timeout).to_string(),
            prompt: sound(prompt, &asking.spot, notes),
            invalid: sound(invalid, &asking.spot, notes),
            allow: Vec::new(),
            spot: asking.spot.clone(),
        };
        calls.iter().for_each(|branch| invite.add(branch, notes));
        invite.compare_lengths(notes);
        Some(invite)
    }

    /// A branch that calls the number.
    fn add(&mut self, branch: &Branch, notes: &mut Notes) {
        let numbers: Vec<Row> =
            branch.rows.iter().map(|row| row.after(row.prefix().chars().count())).collect();
        if numbers.iter().all(Row::is_empty) {
            let message = format!("what the extension `{}` does where no number is typed", branch.extension);
            return notes.changed(&branch.spot, message, "invalid-sound is played");
        }
        let Some(to) = branch.steps.iter().find_map(|step| destination(&step.data)) else {
            notes.left_out(
                &branch.spot,
                "numbers that are not called by `user/…` or a gateway",
                "see `allow`",
            );
            return;
        };
        for row in numbers {
            match row.patterns() {
                Ok(patterns) => {
                    self.allow.extend(patterns.into_iter().map(|p| (p, to.clone(), branch.spot.clone())));
                }
                Err(why) => {
                    notes.left_out(&branch.spot, format!("numbers that may be invited: {why}"), "see `allow`")
                }
            }
        }
    }

    /// Numbers that may be typed but are not called.
    fn compare_lengths(&self, notes: &mut Notes) {
        let (Ok(min), Ok(max)) = (self.min_digits.parse::<usize>(), self.max_digits.parse::<usize>()) else {
            return;
        };
        let fits = |length: usize| {
            let number = "5".repeat(length);
            let fits = |pattern: &str| {
                pattern.parse::<confab_conference::Pattern>().is_ok_and(|p| p.matches(&number))
            };
            self.allow.iter().any(|(pattern, ..)| fits(pattern))
        };
        let unfit: Vec<usize> = (min..=max.min(15)).filter(|length| !fits(*length)).collect();
        if let (Some(first), Some(last)) = (unfit.first(), unfit.last()) {
            let message = format!("numbers of {first} to {last} digits may be typed, but are never called");
            notes.mistake(
                &self.spot,
                message,
                "here the inviter hears that they are not allowed; widen `allow` if they are to be",
            );
        }
    }
}

/// The way of a number in an `originate`.
fn destination(data: &str) -> Option<String> {
    if !data.contains("originate") {
        return None;
    }
    let gateway = data.split_once("/gateway/").and_then(|(_, rest)| rest.split('/').next());
    match gateway {
        Some(gateway) => Some(format!("gateway/{gateway}")),
        None => data.contains("user/").then(|| "user".to_owned()),
    }
}

/// The branches that a name such as `ASK_FOR_NUMBER__1004` leads to: those that begin with the same letters.
fn leading_to<'b>(branches: &'b [Branch], name: &str) -> Vec<&'b Branch> {
    let start = start(name);
    let fits = |branch: &&Branch| !start.is_empty() && branch.rows.iter().any(|row| row.prefix() == start);
    branches.iter().filter(fits).collect()
}

/// The letters that a name begins with.
fn start(name: &str) -> &str {
    let end =
        name.find(|symbol: char| symbol.is_ascii_digit() || "${ ".contains(symbol)).unwrap_or(name.len());
    &name[..end]
}
