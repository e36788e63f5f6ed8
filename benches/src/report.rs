//! The standard set of runs, and what it writes: a table of goals, and a picture.

mod service;
mod speed;
mod table;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::capacity::Search;
use crate::floor::{self, Floor};
use crate::load;
use crate::outcome::Outcome;
use crate::picture::{Line, svg};
use crate::plan::Plan;
use crate::spawned::{Server, ServerArgs};
use table::Row;

/// How long a floor is measured.
const FLOOR_TIME: Duration = Duration::from_secs(3);

/// A run in which the generator was late is tried so often.
const TRIES: u32 = 2;

/// A run that takes longer, s, is shown as it is: on a machine with others hardly one of them has no second that is disturbed.
const LONGEST_REPEATED: f64 = 300.0;

/// What is run and where the results go.
#[derive(Args, Clone, Debug)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    plan: Plan,
    #[command(flatten)]
    search: Search,
    /// The folder of the results
    #[arg(long, value_name = "FOLDER", default_value = "benches/results")]
    out: PathBuf,
    /// Only the parts whose name contains this: start, idle, cost, capacity, opus, latency, signalling, churn
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// How long the memory is watched while calls come and go, s
    #[arg(long, default_value_t = 60.0)]
    churn_time: f64,
}

/// One part of the set.
type Part<'a> = fn(&mut Report<'a>) -> io::Result<()>;

/// The report as it grows.
struct Report<'a> {
    args: &'a ReportArgs,
    rows: Vec<Row>,
    runs: Vec<(String, Outcome)>,
    /// What callers cost, for the picture.
    lines: Vec<Line>,
    /// The most callers in rooms of four.
    capacity: Option<usize>,
}

/// Runs the standard set and writes `report.md` and `cost.svg`, after each part, so that what was found is not lost. A
/// part that fails is a row that says so.
///
/// # Errors
/// When the results cannot be written.
pub(crate) fn run(args: &ReportArgs) -> io::Result<()> {
    // What was built a moment ago may still be on its way to the disk, whose interrupts would stop a core for milliseconds.
    let _ = std::process::Command::new("sync").status();
    let (rows, runs, lines) = (Vec::new(), Vec::new(), Vec::new());
    let mut report = Report { args, rows, runs, lines, capacity: None };
    let parts: [(&str, Part<'_>); 8] = [
        ("start", Report::start),
        ("idle", Report::idle),
        ("cost", Report::cost),
        ("capacity", Report::capacities),
        ("opus", Report::opus),
        ("latency", Report::latency),
        ("signalling", Report::signalling),
        ("churn", Report::churn),
    ];
    for (name, part) in parts {
        if args.only.as_ref().is_none_or(|only| name.contains(only.as_str())) {
            eprintln!("== {name}");
            if let Err(error) = part(&mut report) {
                report.row(name, "", format!("not measured: {error}"), Some(false));
            }
            report.write()?;
        }
    }
    Ok(())
}

impl Report<'_> {
    /// One run against a fresh server, once more if the generator was late.
    fn load(&self, name: &str, plan: &Plan) -> io::Result<Outcome> {
        let mut tries = 0;
        loop {
            tries += 1;
            let server = self.serve()?;
            let outcome = Outcome { tries, ..load::run(plan)? };
            drop(server);
            eprintln!("-- {name}\n{outcome}\n");
            if outcome.invalid().is_empty() || tries >= TRIES || plan.time > LONGEST_REPEATED {
                return Ok(outcome);
            }
        }
    }

    /// What a bare echo costs for so many callers of a plan.
    fn floor(&self, plan: &Plan) -> io::Result<Floor> {
        floor::measure(plan, FLOOR_TIME)
    }

    fn serve(&self) -> io::Result<Server> {
        let server = Server::start(&self.args.server, self.args.plan.server, self.args.plan.cores.server())?;
        server.settle();
        Ok(server)
    }

    fn row(&mut self, what: &str, goal: &str, found: String, met: Option<bool>) {
        eprintln!("-- {what}: {found}");
        self.rows.push(Row { what: what.into(), goal: goal.into(), found, met });
    }

    /// Keeps a run for the table of all.
    fn keep(&mut self, name: &str, outcome: Outcome) {
        self.runs.push((name.into(), outcome));
    }

    fn write(&self) -> io::Result<()> {
        std::fs::create_dir_all(&self.args.out)?;
        if !self.lines.is_empty() {
            let picture = svg("What a G.711 caller costs", "us of a core in a second", &self.lines);
            std::fs::write(self.args.out.join("cost.svg"), picture)?;
        }
        let text = table::markdown(&self.rows, &self.runs, !self.lines.is_empty());
        std::fs::write(self.args.out.join("report.md"), text)
    }
}
