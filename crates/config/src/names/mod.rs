//! What others call things, and what we call them: one table for the importer, for the reader's hints and
//! other names, and for `docs/names.md`.

mod confbridge;
mod freeswitch;
mod markdown;

pub use markdown::markdown;

/// What we have for a name of theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ours {
    /// The same, by the same name.
    Same,
    /// The same, by this name; where ours stands in the configuration, theirs is taken, too.
    Key(&'static str),
    /// It is not taken; this is to be done in its place.
    Instead(&'static str),
    /// It is about pictures.
    Video,
    /// No version of their program reads it.
    Dead(&'static str),
}

/// A name of theirs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    pub(crate) theirs: &'static str,
    pub(crate) ours: Ours,
    /// What ours does.
    pub(crate) meaning: &'static str,
}

/// A list of names of one kind.
pub(crate) struct Table {
    /// For headings.
    pub(crate) title: &'static str,
    /// Where ours stands.
    pub(crate) place: &'static str,
    pub(crate) names: &'static [Name],
}

pub(crate) use confbridge::{BRIDGE, MENU, USER};
pub(crate) use freeswitch::{ACTIONS, CONFERENCE_FLAGS, MEMBER_FLAGS, PARAMS, VARIABLES};

/// All tables, in the order of the documentation.
pub(crate) const TABLES: [&Table; 8] =
    [&PARAMS, &CONFERENCE_FLAGS, &MEMBER_FLAGS, &ACTIONS, &VARIABLES, &USER, &BRIDGE, &MENU];

/// What those are told who want pictures.
pub(crate) const NO_VIDEO: &str = "confab is about sound: there is no video";

/// FreeSWITCH's params that a profile has by the same name.
pub fn profile_params() -> Vec<&'static str> {
    PARAMS.names.iter().filter(|name| name.ours == Ours::Same).map(|name| name.theirs).collect()
}

impl Table {
    /// The row of a name; `-` and `_` are the same, as they are to FreeSWITCH.
    pub(crate) fn find(&self, theirs: &str) -> Option<&'static Name> {
        self.names.iter().find(|name| crate::tree::same_key(name.theirs, theirs))
    }

    /// All names that mean something to their program.
    pub(crate) fn living(&self) -> Vec<&'static str> {
        self.names.iter().filter(|name| !matches!(name.ours, Ours::Dead(_))).map(|name| name.theirs).collect()
    }

    /// Our name of one of theirs, if we take it.
    pub(crate) fn ours(&self, theirs: &str) -> Option<&'static str> {
        let name = self.find(theirs)?;
        match name.ours {
            Ours::Same => Some(name.theirs),
            Ours::Key(ours) => Some(ours),
            _ => None,
        }
    }

    /// Why one of theirs is not taken, and what to do about it.
    pub(crate) fn hint(&self, theirs: &str) -> Option<String> {
        match self.find(theirs)?.ours {
            Ours::Same | Ours::Key(_) => None,
            Ours::Instead(help) | Ours::Dead(help) => Some(help.to_owned()),
            Ours::Video => Some(NO_VIDEO.to_owned()),
        }
    }
}

const fn same(theirs: &'static str, meaning: &'static str) -> Name {
    Name { theirs, ours: Ours::Same, meaning }
}

const fn key(theirs: &'static str, ours: &'static str, meaning: &'static str) -> Name {
    Name { theirs, ours: Ours::Key(ours), meaning }
}

const fn instead(theirs: &'static str, help: &'static str) -> Name {
    Name { theirs, ours: Ours::Instead(help), meaning: "" }
}

const fn video(theirs: &'static str) -> Name {
    Name { theirs, ours: Ours::Video, meaning: "" }
}

const fn dead(theirs: &'static str, help: &'static str) -> Name {
    Name { theirs, ours: Ours::Dead(help), meaning: "" }
}
