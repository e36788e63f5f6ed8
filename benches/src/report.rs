//! The standard set of runs, and what it writes: a table, and a picture of the cost against the callers.

use std::fmt::Write;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use crate::capacity::Search;
use crate::outcome::Outcome;
use crate::picture::{Line, svg};
use crate::plan::{Plan, Quiet};
use crate::spawned::{Server, ServerArgs};
use crate::wire::CodecName;
use crate::{floor, load, machine, register};

/// Callers at which the cost is measured.
const STEPS: [usize; 6] = [100, 200, 500, 1000, 1500, 2000];

/// How long a floor and an idle server are watched.
const WATCHED: Duration = Duration::from_secs(4);

/// Phones that register in the run of registrations, by these names and this password.
const USERS: &str = "\n[[users]]\nnames = \"1001-1064\"\npassword = \"bench-1001\"\n";

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
    /// Only the parts whose name contains this
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// How long the memory is watched while calls come and go, s
    #[arg(long, default_value_t = 60.0)]
    churn_time: f64,
}

/// A row of the table.
struct Row {
    what: String,
    goal: &'static str,
    found: String,
    met: Option<bool>,
}

/// One part of the set.
type Part<'a> = fn(&mut Report<'a>) -> io::Result<()>;

/// The report as it grows.
struct Report<'a> {
    args: &'a ReportArgs,
    rows: Vec<Row>,
    lines: Vec<Line>,
}

/// Runs the standard set and writes `report.md` and `cost.svg`.
///
/// # Errors
/// When the server cannot be started, there are no sockets, or the results cannot be written.
pub(crate) fn run(args: &ReportArgs) -> io::Result<()> {
    let mut report = Report { args, rows: Vec::new(), lines: Vec::new() };
    let parts: [(&str, Part<'_>); 7] = [
        ("start", Report::start),
        ("cost", Report::cost),
        ("capacity", Report::capacity),
        ("opus", Report::opus),
        ("latency", Report::latency),
        ("signalling", Report::signalling),
        ("churn", Report::churn),
    ];
    for (name, part) in parts {
        if args.only.as_ref().is_none_or(|only| name.contains(only.as_str())) {
            eprintln!("== {name}");
            part(&mut report)?;
        }
    }
    report.write()
}

impl Report<'_> {
    /// How soon it answers, how large it is, and how often it wakes while nobody is there.
    fn start(&mut self) -> io::Result<()> {
        let server = self.serve()?;
        let ready = server.ready.as_secs_f64() * 1e3;
        self.row("start to ready", "< 100 ms", format!("{ready:.0} ms"), Some(ready < 100.0));
        let before = server.process().usage();
        std::thread::sleep(WATCHED);
        let used = server.process().usage().since(&before);
        let wakes = used.waits as f64 / WATCHED.as_secs_f64();
        self.row(
            "wake-ups of the idle server",
            "<= 1 a second",
            format!("{wakes:.1} a second"),
            Some(wakes <= 1.0),
        );
        let size = self.args.server.size()? as f64 / 1e6;
        self.row("size of the binary", "< 15 MB stripped", format!("{size:.1} MB as built"), None);
        Ok(())
    }

    /// What a caller costs, against how many there are and how they are spread.
    fn cost(&mut self) -> io::Result<()> {
        let mut floor_line = Line { name: "bare echo (floor)".into(), points: Vec::new() };
        let mut lines = Vec::new();
        for (name, per_room) in [("one room", None), ("rooms of 4", Some(4)), ("rooms of 2", Some(2))] {
            let mut line = Line { name: name.into(), points: Vec::new() };
            for callers in STEPS {
                let outcome =
                    self.load(&Plan { callers, per_room, ramp: 500.0, ..self.args.plan.clone() }, true)?;
                line.points.extend(outcome.cost_us().map(|cost| (callers as f64, cost)));
                if per_room.is_none() {
                    floor_line.points.extend(outcome.floor.map(|floor| (callers as f64, floor.cost_us)));
                }
                if Some(&callers) == STEPS.last() {
                    self.share(&format!("{callers} callers, {name}"), &outcome);
                }
            }
            lines.push(line);
        }
        self.lines = vec![floor_line];
        self.lines.extend(lines);
        self.linear();
        Ok(())
    }

    /// The most callers without a fault.
    fn capacity(&mut self) -> io::Result<()> {
        for (name, per_room) in [("one room", None), ("rooms of 4", Some(4)), ("rooms of 2", Some(2))] {
            let server = self.serve()?;
            let plan = Plan { per_room, ramp: 500.0, ..self.args.plan.clone() };
            let found = self.args.search.run(&plan, |outcome| eprintln!("{outcome}\n"))?;
            let best = found.best.map_or(0, |outcome| outcome.callers);
            let limit = found.failed.map_or_else(|| "tried no more".to_owned(), |outcome| outcome.verdict());
            self.row(&format!("most callers on one core, {name}"), "", format!("{best}; {limit}"), None);
            drop(server);
        }
        Ok(())
    }

    /// A room in Opus against the same in G.711.
    fn opus(&mut self) -> io::Result<()> {
        let plan = Plan { callers: 1000, per_room: None, ramp: 500.0, ..self.args.plan.clone() };
        let narrow = self.load(&plan, true)?;
        let number = "7{n:04}".to_owned();
        let quiet = Quiet::Silence;
        let wide = self.load(&Plan { codec: CodecName::Opus, number, quiet, ..plan }, true)?;
        let more = wide.cost_us().zip(narrow.cost_us()).map(|(wide, narrow)| (wide / narrow - 1.0) * 100.0);
        let found = more.map_or_else(|| "not measured".into(), |more| format!("{more:+.0} %{}", told(&wide)));
        self.row("1000 Opus callers in one room against G.711", "+20 % and the decodes", found, None);
        self.memory("1000 Opus callers", &wide, 64.0);
        Ok(())
    }

    /// How long sound takes, idle and at four fifths of 2,000 callers.
    fn latency(&mut self) -> io::Result<()> {
        for (name, callers, goals, goal) in [
            ("idle", 80, (15.0, 25.0), "p50 <= 15, p99 <= 25 ms"),
            ("1600 callers", 1600, (20.0, 35.0), "p50 <= 20, p99 <= 35 ms"),
        ] {
            let plan = Plan {
                callers,
                per_room: Some(4),
                latency: true,
                ramp: 300.0,
                talkers: 1,
                ..self.args.plan.clone()
            };
            let outcome = self.load(&plan, false)?;
            let Some(latency) = &outcome.latency else { continue };
            let (p50, p99) = (latency.times.percentile_ms(50.0), latency.times.percentile_ms(99.0));
            let met = p50 <= goals.0 && p99 <= goals.1;
            let found = format!("p50 {p50:.1}, p99 {p99:.1} ms{}", told(&outcome));
            self.row(&format!("packet in to packet out, {name}"), goal, found, Some(met));
        }
        Ok(())
    }

    /// Calls and registrations in a second while 500 callers talk.
    fn signalling(&mut self) -> io::Result<()> {
        let plan = Plan { callers: 500, churn: 1000.0, ramp: 1000.0, ..self.args.plan.clone() };
        let outcome = self.load(&plan, false)?;
        let calls = &outcome.calls;
        let rate = calls.completed as f64 / plan.time;
        let p99 = calls.set_up.percentile_ms(99.0);
        let found = format!("{rate:.0} calls a second, set-up p99 {p99:.1} ms{}", told(&outcome));
        self.row(
            "complete calls while 500 talk",
            ">= 1000 a second, p99 < 20 ms",
            found,
            Some(rate >= 1000.0 && p99 < 20.0),
        );
        self.registrations()
    }

    fn registrations(&mut self) -> io::Result<()> {
        let file = std::env::temp_dir().join(format!("confab-bench-{}.toml", std::process::id()));
        let with_users = format!("{}{USERS}", std::fs::read_to_string(&self.args.server.config)?);
        std::fs::write(&file, with_users)?;
        let args = ServerArgs { config: file.clone(), ..self.args.server.clone() };
        let plan = &self.args.plan;
        let server = Server::start(&args, plan.server, plan.cores.server());
        std::fs::remove_file(&file)?;
        let server = server?;
        let found = register::run(&register::Plan::of(plan.server, plan.cores))?;
        let per_core = found.rate_per_core().unwrap_or_default();
        let text = format!("{:.0} a second, {per_core:.0} per core", found.rate());
        self.row("authenticated REGISTERs", ">= 10000 a second on a core", text, Some(per_core >= 10_000.0));
        drop(server);
        Ok(())
    }

    /// Memory while calls come and go.
    fn churn(&mut self) -> io::Result<()> {
        let server = self.serve()?;
        let plan =
            Plan { callers: 500, per_room: Some(4), churn: 20.0, ramp: 500.0, ..self.args.plan.clone() };
        let first = load::run(&plan)?;
        let time = self.args.churn_time;
        let later = load::run(&Plan { time, ..plan })?;
        self.memory("500 G.711 callers", &first, 24.0);
        let held =
            |outcome: &Outcome| outcome.server.as_ref().map_or(0, |server| server.used.resident) as f64 / 1e6;
        let (before, after) = (held(&first), held(&later));
        let found = format!("{before:.1} MB, after {time:.0} s {after:.1} MB{}", told(&later));
        self.row("memory, 20 calls a second come and go", "flat", found, Some(after < before * 1.05));
        drop(server);
        Ok(())
    }

    /// One run against a fresh server.
    fn load(&self, plan: &Plan, with_floor: bool) -> io::Result<Outcome> {
        let server = self.serve()?;
        let mut outcome = load::run(plan)?;
        drop(server);
        if with_floor {
            outcome.floor = Some(floor::measure(plan, WATCHED)?);
        }
        eprintln!("{outcome}\n");
        Ok(outcome)
    }

    fn serve(&self) -> io::Result<Server> {
        Server::start(&self.args.server, self.address(), self.args.plan.cores.server())
    }

    fn address(&self) -> SocketAddr {
        self.args.plan.server
    }

    fn share(&mut self, what: &str, outcome: &Outcome) {
        let (Some(ratio), Some(cost), Some(floor)) = (outcome.ratio(), outcome.cost_us(), outcome.floor)
        else {
            return;
        };
        let found = format!(
            "{:.0} % ({:.0} of {:.0} callers per core){}",
            ratio * 100.0,
            1e6 / cost,
            floor.callers_per_core(),
            told(outcome)
        );
        let met = ratio >= 0.7 && outcome.passes();
        self.row(&format!("callers per core against the floor, {what}"), ">= 70 %", found, Some(met));
    }

    /// Whether a caller costs more in a larger room.
    fn linear(&mut self) {
        let Some(line) = self.lines.iter().find(|line| line.name == "one room") else { return };
        let (Some(first), Some(last)) = (line.points.first(), line.points.last()) else { return };
        let found = format!("{:.0} us/s at {:.0}, {:.0} at {:.0}", first.1, first.0, last.1, last.0);
        let met = last.1 <= first.1 * 1.05;
        self.row("cost of a caller in one room", "does not grow", found, Some(met));
    }

    fn memory(&mut self, what: &str, outcome: &Outcome, most: f64) {
        let Some(kib) = outcome.memory_kib() else { return };
        let goal = if most < 30.0 { "<= 24 KiB a caller" } else { "<= 64 KiB a caller" };
        self.row(&format!("memory, {what}"), goal, format!("{kib:.1} KiB a caller"), Some(kib <= most));
    }

    fn row(&mut self, what: &str, goal: &'static str, found: String, met: Option<bool>) {
        eprintln!("-- {what}: {found}");
        self.rows.push(Row { what: what.into(), goal, found, met });
    }

    fn write(&self) -> io::Result<()> {
        std::fs::create_dir_all(&self.args.out)?;
        if !self.lines.is_empty() {
            let title = "What a G.711 caller costs";
            std::fs::write(
                self.file("cost.svg"),
                svg(title, "us of a core in a second, for each caller", &self.lines),
            )?;
        }
        std::fs::write(self.file("report.md"), self.markdown())
    }

    fn file(&self, name: &str) -> PathBuf {
        Path::new(&self.args.out).join(name)
    }

    fn markdown(&self) -> String {
        let mut text = format!(
            "# Load report\n\n{}.\n\n| what | goal | found | met |\n|---|---|---|---|\n",
            machine::description()
        );
        for Row { what, goal, found, met } in &self.rows {
            let met = met.map_or("", |met| if met { "yes" } else { "**no**" });
            // Writing to memory does not fail.
            let _ = writeln!(text, "| {what} | {goal} | {found} | {met} |");
        }
        if !self.lines.is_empty() {
            text.push_str("\n![cost of a caller](cost.svg)\n");
        }
        text
    }
}

/// What is to be said of a run beside its figure.
fn told(outcome: &Outcome) -> String {
    if outcome.passes() { String::new() } else { format!("; {}", outcome.verdict()) }
}
