//! Each flag, action, sound and param of a profile has a test by its name, and the page of names is that of the program.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use confab_conference::{ConferenceFlag, Cue, InviteCue, KeyAction, MemberFlag};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What follows `kind` in the names of all tests that begin with it.
fn tests_of(kind: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for folder in ["crates", "tests/tests", "sim"] {
        collect(&root().join(folder), kind, &mut found);
    }
    found
}

fn collect(folder: &Path, kind: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            collect(&entry, kind, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.extend(tests_in(&fs::read_to_string(entry).unwrap(), kind));
        }
    }
}

/// Functions behind `#[test]` or `#[tokio::test…]`.
fn tests_in(text: &str, kind: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if !line.starts_with("#[test]") && !line.starts_with("#[tokio::test") {
            continue;
        }
        let function = lines.by_ref().find(|line| line.contains("fn "));
        let rest = function.and_then(|line| line.split("fn ").nth(1));
        let name = rest.and_then(|rest| rest.split('(').next()).unwrap_or_default();
        names.extend(name.strip_prefix(kind).map(str::to_owned));
    }
    names
}

/// The names for which there is no test. A test belongs to the longest name that it begins with.
fn untested(kind: &str, names: &[&str]) -> Vec<String> {
    let plain: BTreeSet<String> = names.iter().map(|name| name.replace(['-', ' '], "_")).collect();
    let of = |test: &str| {
        let begins = |name: &&String| {
            test.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        plain.iter().filter(begins).max_by_key(|name| name.len()).cloned()
    };
    let tested: BTreeSet<String> = tests_of(kind).iter().filter_map(|test| of(test)).collect();
    plain.difference(&tested).cloned().collect()
}

#[test]
fn each_flag_has_a_test() {
    let of_members = MemberFlag::NAMES.map(|(_, name)| name);
    let of_conferences = ConferenceFlag::NAMES.map(|(_, name)| name);
    let names = [of_members.as_slice(), of_conferences.as_slice()].concat();
    assert_eq!(untested("flag_", &names), Vec::<String>::new());
}

#[test]
fn each_action_has_a_test() {
    let names: Vec<&str> = KeyAction::names().collect();
    assert_eq!(untested("action_", &names), Vec::<String>::new());
}

#[test]
fn each_sound_has_a_test() {
    let of_conferences = Cue::NAMES.map(|(_, name)| name);
    let of_invites = InviteCue::NAMES.map(|(_, name)| name.trim_end_matches("-sound"));
    let names = [of_conferences.as_slice(), of_invites.as_slice()].concat();
    assert_eq!(untested("sound_", &names), Vec::<String>::new());
}

#[test]
fn each_param_of_a_profile_has_a_test() {
    let params = confab_config::profile_params().into_iter().filter(|name| !name.ends_with("-sound"));
    let names: Vec<&str> = params.collect();
    assert!(names.len() > 25);
    assert_eq!(untested("profile_", &names), Vec::<String>::new());
}

/// With `UPDATE_EXPECTED=1` in the environment it is written anew; so does `confab names > docs/names.md`.
#[test]
fn the_page_of_names_is_that_of_the_program() {
    let page = root().join("docs/names.md");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&page, confab_config::names()).unwrap();
    }
    assert_eq!(fs::read_to_string(page).unwrap(), confab_config::names());
}
