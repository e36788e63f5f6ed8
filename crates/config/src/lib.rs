//! The TOML file: as written, then resolved, with diagnostics.
//!
//! [`load`] reads a file and the overrides of the command line into a [`Config`], or returns every error there
//! is, each with its file, line, column and key, and with what would be right. It works in three steps:
//!
//! 1. `tree` keeps every key and value together with its place; `overrides` puts the `--set` arguments into
//!    it.
//! 2. `section` takes keys out of a table, checked by kind; what nobody took is an unknown key. (Serde would
//!    stop at the first error.)
//! 3. `read` has a file for each part of the configuration; it resolves names, fills in defaults and checks
//!    what only makes sense together.

mod config;
mod diagnostic;
mod import;
mod names;
mod overrides;
mod parse;
mod read;
mod section;
mod services;
mod source;
mod suggest;
mod summary;
mod tree;

#[cfg(test)]
mod tests;

use std::path::Path;

pub use config::{
    Config, LogConfig, MediaConfig, RecordingConfig, SecurityConfig, SilenceLimits, SipConfig, SoundName,
    SoundsConfig,
};
pub use diagnostic::{Diagnostic, Diagnostics};
pub use import::{Import, Note, NoteKind, freeswitch};
pub use names::{markdown as names, profile_params};

use diagnostic::Report;
use section::Context;
pub use services::{LookupConfig, SayConfig};
use source::{Place, Source};

/// Reads the file at `path`, puts `overrides` (each `KEY=VALUE`, the key with dots) over it and checks the
/// whole.
pub fn load(path: &Path, overrides: &[String]) -> Result<Config, Diagnostics> {
    match std::fs::read_to_string(path) {
        Ok(text) => read_text(path, text, overrides).1,
        Err(error) => {
            Err(Diagnostics::unreadable(path.display().to_string(), format!("cannot be read: {error}")))
        }
    }
}

/// Line, key and message of each error in a text.
fn errors_of(text: String) -> Vec<(usize, String, String)> {
    let found = read_text(Path::new("import"), text, &[]).1.err();
    let errors = found.iter().flat_map(Diagnostics::iter);
    errors.map(|error| (error.line, error.key.clone(), error.message.clone())).collect()
}

/// Reads the text of a file; beside the result, all keys there are, and whether the text has them.
fn read_text(
    path: &Path,
    text: String,
    overrides: &[String],
) -> (Vec<(String, bool)>, Result<Config, Diagnostics>) {
    let arguments = overrides.iter().map(|argument| Source::argument(argument));
    let report = Report::new([Source::file(path, text)].into_iter().chain(arguments).collect());
    let mut tree = tree::parse(&report, 0);
    for source in 1..=overrides.len() {
        overrides::apply(&report, &mut tree, source);
    }
    let context = Context { report, asked: Default::default() };
    let config = read::config(&context, tree);
    let keys = context.asked.into_inner().into_iter().collect();
    check_settings(&context.report, &config);
    (keys, context.report.finish(config))
}

/// What the rules of the conference find beyond what was found with its place.
fn check_settings(report: &Report, config: &Config) {
    if report.count() == 0 {
        for error in config.conference.validate().err().into_iter().flatten() {
            report.error(&Place::default(), "", error.to_string(), "");
        }
    }
}
