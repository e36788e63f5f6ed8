//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use confab_config::Config;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use crate::files::Files;
use crate::import::{self, ImportArgs};
use crate::sounds::Library;
use crate::{Server, log};

/// The configuration is not usable.
const EXIT_CONFIG: u8 = 2;
/// The server could not start.
const EXIT_START: u8 = 1;

/// confab, a SIP audio-conference server.
#[derive(Debug, Parser)]
#[command(
    name = "confab",
    version,
    about,
    after_help = "\
Examples:
  confab serve --config config/tutorial.toml
  confab serve --config config/tutorial.toml --set sounds.dir=/srv/sounds --set media.ports=20000-29999
  confab check --config config/tutorial.toml
  confab import freeswitch /usr/local/freeswitch/conf > confab.toml
  confab phone call 2000 --server 127.0.0.1:5080"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server in the foreground.
    #[command(after_help = "\
Examples:
  confab serve --config config/tutorial.toml
  confab serve --config config/tutorial.toml --set media.address=127.0.0.1 \\
      --set 'sip.listen=[\"udp:127.0.0.1:5080\",\"tcp:127.0.0.1:5080\"]'

SIGTERM and SIGINT: new calls are refused, every call is ended, exit code 0 within 3 seconds.")]
    Serve(FileArgs),
    /// Check a configuration and show what it means, or every error in it.
    #[command(after_help = "Exit code: 0 when it is usable, 2 when it is not.")]
    Check(FileArgs),
    /// Write the configuration of another conference server as one of confab.
    Import(ImportArgs),
    /// Write the page that maps the names of FreeSWITCH and ConfBridge to ours, as Markdown.
    Names,
    /// A phone to try the server with: call, be called, play the far end of a gateway, ping.
    Phone(Box<confab_phone::cli::Args>),
}

#[derive(Debug, Args)]
struct FileArgs {
    /// The configuration, a TOML file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Override a key of the file by its dotted name; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
}

/// Does what the command line says.
pub async fn run() -> ExitCode {
    match Cli::parse().command {
        Command::Serve(args) => serve(&args).await,
        Command::Check(args) => check(&args),
        Command::Import(args) => import::import(&args),
        Command::Names => import::names(),
        Command::Phone(args) => confab_phone::cli::run(*args).await,
    }
}

async fn serve(args: &FileArgs) -> ExitCode {
    let Some(config) = load(args) else { return EXIT_CONFIG.into() };
    let files = Files::prepare(&config.media.ports);
    let _log = log::start(&config.log.filter);
    files.warning().iter().for_each(|warning| tracing::warn!("{warning}"));
    let table = config.dialplan();
    let signals = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
    let [Ok(terminate), Ok(interrupt)] = signals else {
        return fail("cannot watch for SIGTERM and SIGINT");
    };
    let server = match Server::start(config).await {
        Ok(server) => server,
        Err(error) => return fail(error),
    };
    announce(&server, &table);
    first_of(terminate, interrupt).await;
    server.stop().await;
    ExitCode::SUCCESS
}

fn check(args: &FileArgs) -> ExitCode {
    let Some(config) = load(args) else { return EXIT_CONFIG.into() };
    println!("{}", config.summary().trim_end());
    let (nobody, _) = mpsc::unbounded_channel();
    for warning in Library::of(&config, nobody).1 {
        eprintln!("warning: {warning}");
    }
    ExitCode::SUCCESS
}

fn load(args: &FileArgs) -> Option<Config> {
    match confab_config::load(&args.config, &args.overrides) {
        Ok(config) => Some(config),
        Err(diagnostics) => {
            eprintln!("{diagnostics}");
            None
        }
    }
}

fn announce(server: &Server, table: &str) {
    let addresses = server.addresses().iter().map(|(transport, address)| format!("{transport}:{address}"));
    tracing::info!("ready on {}", addresses.collect::<Vec<_>>().join(" "));
    for line in table.lines() {
        tracing::info!("{line}");
    }
}

async fn first_of(mut terminate: Signal, mut interrupt: Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

fn fail(error: impl std::fmt::Display) -> ExitCode {
    eprintln!("confab: {error}");
    EXIT_START.into()
}
