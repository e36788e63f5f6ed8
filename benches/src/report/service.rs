//! What else a server owes: to be there, to be punctual, to be answered by, not to grow.

use std::io;
use std::thread::sleep;
use std::time::Duration;

use super::Report;
use super::table::remark;
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::spawned::{Server, ServerArgs};
use crate::{load, register};

/// How long an idle server is watched.
const WATCHED: Duration = Duration::from_secs(5);

/// The last transaction is forgotten after this (RFC 3261, timers H and J), and another while.
const FORGOTTEN: Duration = Duration::from_secs(36);

/// Phones that register in the run of registrations, by these names and this password.
const USERS: &str = "\n[[users]]\nnames = \"1001-1064\"\npassword = \"bench-1001\"\n";

/// Callers of whom latency is measured at four fifths of what fits, when that is not known.
const BUSY: usize = 1600;

/// Members who talk while calls come and go, those who come and go, and how many calls in a second.
const STAYING: usize = 500;
const PASSING: usize = 200;
const CALLS: f64 = 1000.0;

/// Memory that grows by less between the quarters of a run has not grown.
const FLAT: f64 = 1.02;

impl Report<'_> {
    /// How soon it answers, and how large it is.
    pub(super) fn start(&mut self) -> io::Result<()> {
        let ready = self.serve()?.ready.as_secs_f64() * 1e3;
        self.row("start to ready", "< 100 ms", format!("{ready:.0} ms"), Some(ready < 100.0));
        let (size, how) = self.args.server.size()?;
        let size = size as f64 / 1e6;
        self.row("size of the binary", "< 15 MB stripped", format!("{size:.1} MB {how}"), Some(size < 15.0));
        Ok(())
    }

    /// How often it wakes while nobody is there, and what it keeps of those who were.
    pub(super) fn idle(&mut self) -> io::Result<()> {
        let server = self.serve()?;
        self.wakes("the idle server", &server);
        let plan = Plan { callers: 100, per_room: Some(4), time: 2.0, ..self.args.plan.clone() };
        let outcome = load::run(&plan)?;
        sleep(FORGOTTEN);
        self.wakes("25 rooms that are empty again", &server);
        let before = outcome.server.as_ref().map_or(0, |server| server.empty);
        let found = format!("{:.1} MiB, {:.1} MiB", mib(before), mib(server.process().resident()));
        self.row("memory before the first of 100 calls, and after the last", "", found, None);
        Ok(())
    }

    /// How long sound takes and how punctual the ticks are, idle and at four fifths of what fits.
    pub(super) fn latency(&mut self) -> io::Result<()> {
        let (busy, of) = match self.capacity {
            Some(most) => (most * 4 / 5, format!("80 % of the {most} that fit")),
            None => (BUSY, format!("{BUSY} callers")),
        };
        for (name, callers, p50, p99) in [("idle", 80, 15.0, 25.0), (of.as_str(), busy, 20.0, 35.0)] {
            let base = self.args.plan.clone();
            let plan = Plan { callers, per_room: Some(4), latency: true, ramp: 300.0, talkers: 1, ..base };
            let outcome = self.load(name, &plan)?;
            if let Some(latency) = &outcome.latency {
                let times = [50.0, 99.0].map(|percent| latency.times.percentile_ms(percent));
                let found = format!("p50 {:.1}, p99 {:.1} ms{}", times[0], times[1], remark(&outcome));
                let goal = format!("p50 <= {p50}, p99 <= {p99} ms");
                let met = times[0] <= p50 && times[1] <= p99 && outcome.passes();
                self.row(&format!("packet in to packet out, {name}"), &goal, found, Some(met));
            }
            self.ticks(name, &outcome, callers == busy);
            self.keep(&format!("latency, rooms of 4, {name}"), outcome);
        }
        Ok(())
    }

    /// Calls and registrations in a second while 500 callers talk.
    pub(super) fn signalling(&mut self) -> io::Result<()> {
        let plan = Plan {
            callers: STAYING + PASSING,
            stay: STAYING,
            churn: CALLS * 1.02,
            ramp: CALLS * 2.0,
            ..self.args.plan.clone()
        };
        let outcome = self.load("calls that come and go", &plan)?;
        let calls = &outcome.calls;
        let (rate, p99) = (outcome.call_rate, calls.set_up.percentile_ms(99.0));
        let found = format!("{rate:.0} a second{}", remark(&outcome));
        let met = rate >= CALLS && outcome.passes();
        self.row("complete calls while 500 talk", ">= 1000 a second, no fault", found, Some(met));
        let found = format!("p50 {:.1}, p99 {p99:.1} ms", calls.set_up.percentile_ms(50.0));
        self.row("call set-up meanwhile", "p99 < 20 ms", found, Some(p99 < 20.0));
        self.ticks("1000 calls a second", &outcome, true);
        self.keep("500 stay, 1000 calls a second", outcome);
        self.registrations()
    }

    /// Memory while calls come and go.
    pub(super) fn churn(&mut self) -> io::Result<()> {
        let time = self.args.churn_time;
        let plan = Plan {
            callers: 500,
            per_room: Some(4),
            churn: 20.0,
            ramp: 500.0,
            time,
            ..self.args.plan.clone()
        };
        let outcome = self.load("churn", &plan)?;
        let Some(server) = &outcome.server else { return Ok(()) };
        let mib: Vec<f64> = server.memory.iter().copied().map(mib).collect();
        let quarters: Vec<f64> = mib
            .chunks(mib.len().div_ceil(4).max(1))
            .map(|part| part.iter().sum::<f64>() / part.len() as f64)
            .collect();
        let told: Vec<String> = quarters.iter().map(|mean| format!("{mean:.1}")).collect();
        let found = format!("{} MiB in the quarters of {time:.0} s{}", told.join(", "), remark(&outcome));
        let flat = quarters.len() == 4 && quarters[3] <= quarters[1] * FLAT;
        self.row("memory, 500 callers, 20 calls a second come and go", "flat", found, Some(flat));
        self.keep("500 callers, rooms of 4, 20 calls a second", outcome);
        Ok(())
    }

    pub(super) fn memory(&mut self, what: &str, outcome: &Outcome, most: f64) {
        let Some(kib) = outcome.memory_kib() else { return };
        let found = format!("{kib:.1} KiB more than before the first call, for each");
        self.row(
            &format!("resident memory, {what}"),
            &format!("<= {most} KiB a caller"),
            found,
            Some(kib <= most),
        );
    }

    fn ticks(&mut self, name: &str, outcome: &Outcome, judged: bool) {
        let (p999, max) = (outcome.ticks.percentile_ms(99.9), outcome.ticks.max().as_secs_f64() * 1e3);
        let found = format!("p99.9 {p999:.2}, at most {max:.2} ms");
        let goal = if judged { "p99.9 <= 2 ms" } else { "" };
        self.row(&format!("lateness of ticks, {name}"), goal, found, judged.then_some(p999 <= 2.0));
    }

    fn wakes(&mut self, whose: &str, server: &Server) {
        let before = server.process().usage();
        sleep(WATCHED);
        let used = server.process().usage().since(&before);
        let wakes = used.waits as f64 / WATCHED.as_secs_f64();
        let found = format!("{wakes:.1} a second");
        self.row(&format!("wake-ups of {whose}"), "<= 1 a second", found, Some(wakes <= 1.0));
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
        drop(server);
        let per_core = found.rate_per_core().unwrap_or_default();
        let text = format!("{per_core:.0} a second of its core ({:.0} a second came)", found.rate());
        self.row("authenticated REGISTERs", ">= 10000 a second on a core", text, Some(per_core >= 10_000.0));
        Ok(())
    }
}

fn mib(octets: u64) -> f64 {
    octets as f64 / f64::from(1 << 20)
}
