//! What the report says: goals and what was found, and every run.

use std::fmt::Write;

use crate::machine;
use crate::outcome::Outcome;

/// A row of the goals.
pub(super) struct Row {
    /// What was measured.
    pub(super) what: String,
    /// What it should be.
    pub(super) goal: String,
    /// What it is.
    pub(super) found: String,
    /// Whether that is so; `None` where nothing was asked for.
    pub(super) met: Option<bool>,
}

/// The report's text.
pub(super) fn markdown(rows: &[Row], runs: &[(String, Outcome)], picture: bool) -> String {
    let mut text = String::from("# Load report\n\nWritten by `confab-bench report`. The machine:\n\n");
    for line in machine::description() {
        // Writing to memory does not fail, here and below.
        let _ = writeln!(text, "- {line}");
    }
    text.push_str(
        "\nThe server has one core, the callers the other. The floor is a bare echo of the same packets at the same pace \
         on the server's core, measured before and after the runs that it is compared with.\n\n\
         | what | goal | found | met |\n|---|---|---|---|\n",
    );
    for Row { what, goal, found, met } in rows {
        let met = met.map_or("", |met| if met { "yes" } else { "**no**" });
        let _ = writeln!(text, "| {what} | {goal} | {found} | {met} |");
    }
    if picture {
        text.push_str("\n![What a G.711 caller costs](cost.svg)\n");
    }
    every_run(&mut text, runs);
    text
}

fn every_run(text: &mut String, runs: &[(String, Outcome)]) {
    text.push_str(
        "\n## Every run\n\n\
         Cost and floor in us of a core in a second for each caller. *Ticks* is by how much a caller's packets came later than \
         the earliest of their second, by the kernel's clock; *generator* how late the callers' own packets left: 99.9 % of \
         them were better. A run in which the generator was late is INVALID and tried once more.\n\n\
         | run | callers | cost | floor | ratio | KiB a caller | ticks, ms | generator, ms | verdict |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---|\n",
    );
    for (name, outcome) in runs {
        let figure = |figure: Option<f64>| figure.map_or_else(String::new, |figure| format!("{figure:.0}"));
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {} | {} | {} | {:.2} | {:.2} | {} |",
            outcome.up,
            figure(outcome.cost_us()),
            figure(outcome.floor.map(|floor| floor.cost_us)),
            figure(outcome.ratio().map(|ratio| ratio * 100.0)),
            outcome.memory_kib().map_or_else(String::new, |kib| format!("{kib:.1}")),
            outcome.ticks.percentile_ms(99.9),
            outcome.tally.lateness.percentile_ms(99.9),
            verdict(outcome),
        );
    }
}

/// The verdict, and what is to be known with it.
pub(super) fn verdict(outcome: &Outcome) -> String {
    let again = if outcome.tries > 1 { " (second try)" } else { "" };
    match outcome.admitted() {
        Some(admitted) if outcome.faults_inside().is_empty() && outcome.invalid().is_empty() => {
            let (offered, failures) = (outcome.callers, &outcome.calls.failures);
            format!("admission stopped at {admitted} of {offered} ({failures:?}), no fault inside{again}")
        }
        _ => format!("{}{again}", outcome.verdict()),
    }
}

/// What is to be said of a run beside its figure.
pub(super) fn remark(outcome: &Outcome) -> String {
    if outcome.passes() && outcome.tries < 2 { String::new() } else { format!("; {}", verdict(outcome)) }
}
