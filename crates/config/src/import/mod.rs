//! FreeSWITCH's configuration, carried over.
//!
//! [`freeswitch`] reads a folder as FreeSWITCH reads its `conf` and writes what it means as TOML of ours. It works in four
//! steps:
//!
//! 1. `files` and `xml`: the files, within bounds, with their includes and variables.
//! 2. `conference`, `sofia`, `directory`: what has a section of ours is copied, name by name, as `crate::names` says.
//! 3. `dialplan`: each call is followed through its extension and its scripts up to a conference; what it gathers on the
//!    way becomes a route, with the roles that it needs.
//! 4. `toml` writes it. Then it is read as any configuration; a line with an error is made a comment, and noted with
//!    the line of theirs that it comes from.
//!
//! What is left out, changed or mistaken is a [`Note`].

mod conference;
mod dialplan;
mod directory;
mod files;
mod note;
mod sofia;
mod toml;
mod xml;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

pub use note::{Note, NoteKind};

use self::conference::Conference;
use self::dialplan::{Walker, Who, branches};
use self::directory::Directory;
use self::files::Files;
use self::note::Notes;
use self::sofia::Sofia;
use self::toml::Toml;
use self::xml::{Element, Reader};

/// How often lines with errors are taken out before it is given up.
const ROUNDS: usize = 10;

/// A table without one of these would be of no use, or open to everybody.
const ALL_OR_NOTHING: [&str; 4] = [".pin", ".who", ".profile", ".room"];

/// What is read where there is no `freeswitch.xml` that includes it all.
const PARTS: [&str; 7] = [
    "vars.xml",
    "conference.conf.xml",
    "autoload_configs/conference.conf.xml",
    "sip_profiles/*.xml",
    "sip_profiles/external/*.xml",
    "directory/*.xml",
    "dialplan/*.xml",
];

/// What came of a folder.
#[derive(Debug)]
pub struct Import {
    /// The configuration, with the notes as comments at its top.
    pub toml: String,
    /// What could not be carried over, and what is mistaken.
    pub notes: Vec<Note>,
}

/// Reads the `conf` of a FreeSWITCH, or the folder that it is in, and writes it as a configuration of ours.
///
/// # Errors
/// When the folder cannot be read, or there is nothing of FreeSWITCH's in it.
pub fn freeswitch(folder: &Path) -> io::Result<Import> {
    let mut notes = Notes::default();
    let mut reader = Reader::new(Files::open(folder)?, &mut notes);
    let elements = load(&mut reader);
    if elements.is_empty() {
        let what = "there is neither freeswitch.xml nor any of its parts in this folder";
        return Err(io::Error::new(io::ErrorKind::NotFound, what));
    }
    let mut files = reader.files;
    let mut toml = translate(&elements, &mut files, &mut notes);
    comment_out_errors(&mut toml, &mut notes);
    let notes = notes.finish();
    Ok(Import { toml: with_heading(&toml, &notes), notes })
}

fn load(reader: &mut Reader<'_>) -> Vec<Element> {
    let root = reader.files.root().to_path_buf();
    let folder = [root.join("conf"), root.clone()].into_iter().find(|folder| folder.is_dir()).unwrap_or(root);
    let whole = folder.join("freeswitch.xml");
    if whole.is_file() {
        return reader.load(&whole);
    }
    let paths: Vec<PathBuf> = PARTS.iter().flat_map(|part| reader.files.glob(&folder, part)).collect();
    let mut seen = BTreeSet::new();
    paths.iter().filter(|path| seen.insert((*path).clone())).flat_map(|path| reader.load(path)).collect()
}

fn translate(elements: &[Element], files: &mut Files, notes: &mut Notes) -> Toml {
    let conference = Conference::read(elements, notes);
    let sofia = Sofia::read(elements, notes);
    let directory = Directory::read(elements, notes);
    let branches = branches(elements, notes);
    let who = who(&sofia, &directory);
    let mut walker = Walker {
        conference: &conference,
        files,
        notes,
        branches: branches.into(),
        who,
        roles: Default::default(),
    };
    let routes = walker.routes();
    let roles = walker.roles;
    let mut toml = Toml::default();
    sofia.write(&mut toml);
    directory.write(&mut toml);
    sofia.write_gateways(&mut toml);
    conference.write(&mut toml);
    roles.write(&mut toml);
    routes.iter().for_each(|route| route.write(&mut toml));
    toml
}

/// Who may dial what a context holds: everybody if a SIP profile without authentication leads there.
fn who(sofia: &Sofia, directory: &Directory) -> BTreeMap<String, Who> {
    let of_users = directory.contexts.iter().map(|(context, users)| {
        let all = users.len() == directory.len();
        let only = || Who::Only(users.iter().cloned().collect());
        (context.clone(), if all { Who::Users } else { only() })
    });
    let open = sofia.open.clone().unwrap_or_else(|| BTreeSet::from(["public".to_owned()]));
    of_users.chain(open.into_iter().map(|context| (context, Who::Anyone))).collect()
}

/// A line or a table that our own reader refuses becomes a comment, so that the rest can be used.
fn comment_out_errors(toml: &mut Toml, notes: &mut Notes) {
    for _ in 0..ROUNDS {
        let errors = crate::errors_of(toml.text_of_all());
        let mut changed = false;
        for (line, key, message) in errors {
            // Who has a weak password is to choose another one.
            if key.ends_with("password") {
                continue;
            }
            let line = line.wrapping_sub(1);
            let whole = ALL_OR_NOTHING.iter().any(|key_of_table| key.ends_with(key_of_table));
            let first = if whole { toml.header_of(line) } else { line };
            if let Some(origin) = toml.comment_out(first) {
                let help =
                    if first == line { "it is a comment now" } else { "its whole table is a comment now" };
                notes.left_out(&origin, format!("`{key}`: {message}"), help);
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

fn with_heading(toml: &Toml, notes: &[Note]) -> String {
    let mut heading = Toml::default();
    heading.comment("Carried over from a FreeSWITCH by `confab import freeswitch`. Read it, then: confab check --config THIS FILE");
    heading.comment("Every key is explained in confab.toml of confab's own documentation.");
    let count = notes.len();
    let plural = if count == 1 { "" } else { "s" };
    heading.comment("");
    heading.comment(&format!(
        "{count} note{plural} on what could not be carried over, or is mistaken over there:"
    ));
    notes.iter().for_each(|note| heading.comment(&format!("- {note}")));
    heading.text_of_all() + &toml.text_of_all()
}
