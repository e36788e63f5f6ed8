//! The command line.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::capacity::Search;
use crate::plan::Plan;
use crate::report::ReportArgs;
use crate::{floor, load, register, report};

/// The run was valid and the server at fault.
const EXIT_FAULT: u8 = 1;
/// The run says nothing.
const EXIT_INVALID: u8 = 3;

/// The floor is watched so long before a run and again behind it: what else the machine does changes within a minute.
const FLOOR_TIME: Duration = Duration::from_secs(3);

/// How many callers a SIP conference server holds, what one costs, and whether everybody hears what he should.
#[derive(Debug, Parser)]
#[command(name = "confab-bench", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// One run with so many callers against a server that listens already
    Load(Box<LoadArgs>),
    /// The most callers that the server holds without a fault: doubled, then halved in between
    Capacity(Box<CapacityArgs>),
    /// How many authenticated REGISTERs the server takes in a second
    Register(register::Plan),
    /// The standard set against a server of our own; writes report.md and cost.svg
    Report(Box<ReportArgs>),
    /// What a bare echo of the same packets costs on the server's core
    Floor(Box<Plan>),
}

#[derive(Debug, Args)]
struct LoadArgs {
    #[command(flatten)]
    plan: Plan,
    /// Do not measure the floor
    #[arg(long)]
    no_floor: bool,
    /// Write the figures into a file, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct CapacityArgs {
    #[command(flatten)]
    plan: Plan,
    #[command(flatten)]
    search: Search,
}

/// Does what the command line says.
pub fn run() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Load(args) => load(&args),
        Command::Capacity(args) => capacity(&args),
        Command::Register(plan) => register(&plan),
        Command::Report(args) => report::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Floor(plan) => floor::measure(&plan, plan.time()).map(|floor| {
            println!("floor        {floor}");
            ExitCode::SUCCESS
        }),
    };
    done.unwrap_or_else(|error| {
        eprintln!("confab-bench: {error}");
        EXIT_INVALID.into()
    })
}

fn load(args: &LoadArgs) -> io::Result<ExitCode> {
    let floor = || if args.no_floor { Ok(None) } else { floor::measure(&args.plan, FLOOR_TIME).map(Some) };
    let before = floor()?;
    let mut outcome = load::run(&args.plan)?;
    outcome.floor = before.zip(floor()?).map(|(before, after)| before.mean(after));
    println!("{outcome}");
    if let Some(file) = &args.json {
        std::fs::write(file, format!("{:#}\n", outcome.json()))?;
    }
    Ok(match (outcome.invalid().is_empty(), outcome.faults().is_empty()) {
        (false, _) => EXIT_INVALID.into(),
        (true, false) => EXIT_FAULT.into(),
        (true, true) => ExitCode::SUCCESS,
    })
}

fn capacity(args: &CapacityArgs) -> io::Result<ExitCode> {
    let found = args.search.run(&args.plan, |outcome| println!("{outcome}\n"))?;
    let best = found.best.map_or(0, |outcome| outcome.callers);
    let limit = found.failed.map(|outcome| format!("; {} fail: {}", outcome.callers, outcome.verdict()));
    println!("capacity     {best} callers{}", limit.unwrap_or_default());
    Ok(ExitCode::SUCCESS)
}

fn register(plan: &register::Plan) -> io::Result<ExitCode> {
    let found = register::run(plan)?;
    let per_core =
        found.rate_per_core().map_or(String::new(), |rate| format!(", {rate:.0} per core of the server"));
    println!(
        "registered   {:.0} a second{per_core}; answers {:?}, {} sent again",
        found.rate(),
        found.answers,
        found.repeated
    );
    println!(
        "answered in  p50 {:.2} p99 {:.2} ms",
        found.times.percentile_ms(50.0),
        found.times.percentile_ms(99.0)
    );
    Ok(ExitCode::SUCCESS)
}
