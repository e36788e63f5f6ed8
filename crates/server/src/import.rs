//! `confab import` and `confab names`: for who comes from another conference server.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

/// The arguments of `confab import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    #[command(subcommand)]
    from: From,
}

#[derive(Debug, Subcommand)]
enum From {
    /// Write the conferences of a FreeSWITCH as a configuration of confab, to standard output.
    #[command(after_help = "\
Example:
  confab import freeswitch /usr/local/freeswitch/conf > confab.toml
  confab check --config confab.toml

What cannot be carried over is told on standard error and at the top of the file, each with its file and line, and so are
mistakes in what was read. Scripts are looked for in the folder `scripts` of DIR.")]
    Freeswitch {
        /// The folder that freeswitch.xml is in, or the one above.
        dir: PathBuf,
    },
}

/// Imports. The exit code tells whether anything could be read.
pub(crate) fn import(args: &ImportArgs) -> ExitCode {
    let From::Freeswitch { dir } = &args.from;
    match confab_config::freeswitch(dir) {
        Ok(import) => {
            import.notes.iter().for_each(|note| eprintln!("{note}"));
            print!("{}", import.toml);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("confab: {}: {error}", dir.display());
            ExitCode::FAILURE
        }
    }
}

/// Writes the page that maps the names of others to ours.
pub(crate) fn names() -> ExitCode {
    print!("{}", confab_config::names());
    ExitCode::SUCCESS
}
