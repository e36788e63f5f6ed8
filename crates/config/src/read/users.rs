//! `[[users]]`: who may register.

use std::collections::BTreeSet;

use confab_sip::{PeerOptions, Secret, User};

use super::peers;
use crate::parse;
use crate::section::Section;
use crate::source::At;

/// What is tried first by everybody who tries passwords.
const USUAL_PASSWORDS: &[&str] = &[
    "0000",
    "00000",
    "000000",
    "1111",
    "11111",
    "111111",
    "123",
    "1234",
    "12345",
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "1234567890",
    "4321",
    "54321",
    "654321",
    "abc123",
    "admin",
    "asterisk",
    "changeme",
    "confab",
    "default",
    "extension",
    "freeswitch",
    "guest",
    "letmein",
    "pass",
    "passw0rd",
    "password",
    "password1",
    "phone",
    "qwerty",
    "root",
    "secret",
    "sip",
    "sip123",
    "test",
    "test123",
    "user",
    "voip",
    "welcome",
];

pub(crate) fn users(sections: Vec<Section<'_>>, weak_allowed: bool, others: PeerOptions) -> Vec<User> {
    let mut seen = BTreeSet::new();
    let mut users = Vec::new();
    for mut section in sections {
        let names = names(&mut section, &mut seen);
        let password = password(&mut section);
        let max_contacts = section.integer("contacts", 1..=100).unwrap_or(5);
        let options = peers::options(&mut section, others);
        let Some(password) = password else { continue };
        if let Some(why) = weakness(&password.value, &names).filter(|_| !weak_allowed) {
            let help =
                "choose a better one, listen on loopback only, or set security.allow_weak_passwords = true";
            section.context.report.error_at(&password, why, help);
        }
        let user = |name: String| User {
            max_contacts,
            options,
            ..User::new(name, Secret::new(password.value.clone()))
        };
        users.extend(names.into_iter().map(user));
    }
    users
}

fn names(section: &mut Section<'_>, seen: &mut BTreeSet<String>) -> Vec<String> {
    if !section.has("names") {
        section.missing("names", &format!("allowed: {}", parse::USERS));
    }
    let found = section.list("names", parse::USERS, parse::users).unwrap_or_default();
    for at in &found {
        if let Some(double) = at.value.iter().find(|name| seen.contains(*name)) {
            section.context.report.error_at(at, format!("user `{double}` is here twice"), "");
        }
        seen.extend(at.value.iter().cloned());
    }
    found.into_iter().flat_map(|at| at.value).collect()
}

fn password(section: &mut Section<'_>) -> Option<At<String>> {
    if !section.has("password") && !section.has("password_file") {
        section.missing("password", "allowed: password, or password_file with a file that holds it");
    }
    let written = section.string("password");
    let file = section.string("password_file");
    match (written, file) {
        (Some(password), None) => Some(password),
        (None, Some(file)) => read_secret(section, file),
        (Some(_), Some(file)) => {
            section.context.report.error_at(&file, "password and password_file exclude each other", "");
            None
        }
        (None, None) => None,
    }
}

/// The first line of a file.
pub(super) fn read_secret(section: &Section<'_>, file: At<String>) -> Option<At<String>> {
    let report = &section.context.report;
    let path = report.source(&file.place).folder.join(&file.value);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(file.map(|_| text.lines().next().unwrap_or_default().trim_end().to_owned())),
        Err(error) => {
            report.error_at(&file, format!("{} cannot be read: {error}", path.display()), "");
            None
        }
    }
}

fn weakness(password: &str, names: &[String]) -> Option<&'static str> {
    if password.is_empty() {
        Some("the password is empty")
    } else if names.iter().any(|name| name.eq_ignore_ascii_case(password)) {
        Some("the password is the user's name")
    } else if USUAL_PASSWORDS.contains(&password.to_ascii_lowercase().as_str()) {
        Some("the password is one of those that are tried first")
    } else {
        None
    }
}
