//! `[say]` and `[lookups.NAME]`: whom confab asks for help.

use std::collections::BTreeMap;
use std::time::Duration;

use confab_conference::{Lookup, OnFailure};

use super::folder;
use super::profiles::choice;
use crate::section::Section;
use crate::services::{LookupConfig, SayConfig};
use crate::source::At;

/// `[say]`
pub(crate) fn say(mut section: Section<'_>) -> Option<SayConfig> {
    let present = section.is_present();
    let command = section.list("command", "the program and its arguments", |text| Some(text.to_owned()));
    let command: Vec<String> = command.into_iter().flatten().map(|at| at.value).collect();
    let voice = section.string("voice").map(|at| at.value).unwrap_or_default();
    let timeout = seconds(&mut section, 5);
    if present && !command.iter().skip(1).any(|argument| argument.contains("{text}")) {
        let help = "command = [\"espeak-ng\", \"-v\", \"{language}\", \"--stdout\", \"{text}\"]";
        section.error("this says no text", help);
    }
    present.then_some(SayConfig { command, voice, timeout })
}

/// `[lookups.NAME]`: what the rules need of each, and what the driver does.
pub(crate) fn lookups(
    named: Vec<(At<String>, Section<'_>)>,
) -> (BTreeMap<String, Lookup>, BTreeMap<String, LookupConfig>) {
    let read = |(name, section): (At<String>, Section<'_>)| Some((name.value, lookup(section)?));
    let all: Vec<(String, (Lookup, LookupConfig))> = named.into_iter().filter_map(read).collect();
    let rules = all.iter().map(|(name, (rules, _))| (name.clone(), rules.clone())).collect();
    (rules, all.into_iter().map(|(name, (_, driver))| (name, driver)).collect())
}

fn lookup(mut section: Section<'_>) -> Option<(Lookup, LookupConfig)> {
    let url = section.required("url", "http://… or https://…", |text| {
        let web = ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme));
        (web && !text.chars().any(|c| c.is_control() || c == ' ')).then(|| text.to_owned())
    });
    let on_failure = [(OnFailure::Reject, "reject"), (OnFailure::Continue, "continue")];
    let on_failure = choice(&mut section, "on-failure", &on_failure).unwrap_or_default();
    let timeout = seconds(&mut section, 2);
    let config = LookupConfig {
        url: url.as_ref().map(|url| url.value.clone()).unwrap_or_default(),
        post: choice(&mut section, "method", &[(true, "POST"), (false, "GET")]).unwrap_or(true),
        timeout,
        bearer: bearer(&mut section),
        headers: headers(&mut section),
        ca_file: folder(&mut section, "ca-file"),
        max_in_flight: section.integer("max-in-flight", 1..=1000).unwrap_or(16),
    };
    Some((Lookup { url: url?.value, timeout, on_failure }, config))
}

fn seconds(section: &mut Section<'_>, default: u64) -> Duration {
    Duration::from_secs(section.integer("timeout", 1..=60).unwrap_or(default))
}

/// The token, written or in a file.
fn bearer(section: &mut Section<'_>) -> Option<String> {
    let written = section.string("bearer-token");
    let file = section.string("bearer-token-file");
    match (written, file) {
        (Some(_), Some(file)) => {
            let message = "bearer-token and bearer-token-file exclude each other";
            section.context.report.error_at(&file, message, "");
            None
        }
        (None, Some(file)) => super::users::read_secret(section, file).map(|at| at.value),
        (written, None) => written.map(|at| at.value),
    }
}

fn headers(section: &mut Section<'_>) -> Vec<(String, String)> {
    let mut table = section.section("headers");
    let mut headers = Vec::new();
    for (name, value) in table.entries() {
        let token = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let printable = |text: &str| text.chars().all(|c| (' '..='~').contains(&c)).then(|| text.to_owned());
        let value = section.parse(value, "printable ASCII", printable);
        if !name.value.bytes().all(token) {
            section.context.report.error_at(&name, "this is no name of a header field", "");
        }
        headers.extend(value.map(|value| (name.value, value.value)));
    }
    headers
}
