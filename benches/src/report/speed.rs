//! What callers cost, and how many fit.

use std::io;

use super::Report;
use super::table::{remark, verdict};
use crate::capacity::Search;
use crate::decoding;
use crate::outcome::Outcome;
use crate::picture::Line;
use crate::plan::{Plan, Quiet};
use crate::voice::Voice;
use crate::wire::CodecName;

/// Callers at which the cost is measured.
const STEPS: [usize; 6] = [100, 200, 500, 1000, 1500, 2000];

/// The largest of them is run so often.
const TURNS: usize = 3;

/// How callers are spread over rooms, three in each talking where there are as many.
const SPREADS: [(&str, Option<usize>); 3] =
    [("one room, 3 talk", None), ("rooms of 4, 3 of them talk", Some(4)), ("rooms of 2, both talk", Some(2))];

/// A run that measures cost, s.
const TIME: f64 = 6.0;

/// New calls in a second.
const RAMP: f64 = 300.0;

/// A search is given up after so many seconds.
const SEARCH_WITHIN: u64 = 90;

/// Where a search begins when no cost is known.
const SEARCH_FROM: usize = 1000;

/// Members of the room in which Opus is compared with G.711, and of one in which each of them is decoded: of 1000 the
/// decodes alone would take more than a core.
const OPUS_ROOM: usize = 1000;
const OPUS_DECODED: usize = 300;

/// Figures that differ by less are the same: runs repeat to a few percent.
const SAME: f64 = 1.05;

impl Report<'_> {
    /// What a caller costs, against how many there are and how they are spread. The largest step decides on goals: it is run
    /// in several turns, of which the median counts.
    pub(super) fn cost(&mut self) -> io::Result<()> {
        let line = |name: &str| Line { name: name.into(), points: Vec::new() };
        let mut floor_line = line("bare echo (floor)");
        let mut lines = SPREADS.map(|(name, _)| line(name));
        for callers in STEPS {
            let is_last = Some(&callers) == STEPS.last();
            let turns = if is_last { TURNS } else { 1 };
            for (index, runs) in self.turns(callers, turns)?.into_iter().enumerate() {
                let name = SPREADS[index].0;
                let median = &runs[turns / 2];
                lines[index].points.extend(median.cost_us().map(|cost| (median.up as f64, cost)));
                if index == 0 {
                    floor_line.points.extend(median.floor.map(|floor| (callers as f64, floor.cost_us)));
                }
                if is_last {
                    self.share(name, &runs);
                }
                runs.into_iter().for_each(|outcome| self.keep(name, outcome));
            }
        }
        self.linear(&lines[0]);
        self.size_of_room(&lines);
        self.lines = std::iter::once(floor_line).chain(lines).collect();
        Ok(())
    }

    /// The most callers without a fault, and what becomes of those who do not fit.
    pub(super) fn capacities(&mut self) -> io::Result<()> {
        for (name, per_room) in SPREADS {
            let server = self.serve()?;
            let plan = Plan { per_room, ..self.plan(0) };
            let search = Search { from: self.fitting(name), within: SEARCH_WITHIN, ..self.args.search };
            let found = search.run(&plan, |outcome| eprintln!("-- {name}\n{outcome}\n"))?;
            drop(server);
            let best = found.best.as_ref().map_or(0, |outcome| outcome.callers);
            let limit = match &found.failed {
                None => "tried no more".to_owned(),
                Some(outcome) => format!("with {}: {}", outcome.callers, verdict(outcome)),
            };
            self.row(&format!("most callers on one core, {name}"), "", format!("{best}; {limit}"), None);
            if per_room == Some(4) {
                self.capacity = found.best.as_ref().map(|outcome| outcome.callers);
            }
            let runs = [found.best, found.failed].into_iter().flatten();
            runs.for_each(|outcome| self.keep(&format!("capacity, {name}"), outcome));
        }
        Ok(())
    }

    /// A room in Opus against the same in G.711: as many as a core can decode, then a larger one whose quiet members need
    /// no decode.
    pub(super) fn opus(&mut self) -> io::Result<()> {
        let plan = self.plan(OPUS_DECODED);
        let opus = Plan { codec: CodecName::Opus, number: "7{n:04}".into(), quiet: Quiet::Silence, ..plan };
        let decodes = self.decodes(&opus, OPUS_DECODED - opus.talkers)?;
        let narrow = self.narrow(OPUS_DECODED)?;
        self.wide("all of them decoded", &opus, &narrow, decodes)?;

        let opus = Plan { callers: OPUS_ROOM, ..opus };
        let decodes = self.decodes(&opus, 0)?;
        let narrow = self.narrow(OPUS_ROOM)?;
        self.memory(&format!("{OPUS_ROOM} G.711 callers"), &narrow, 24.0);
        let level = Plan { quiet: Quiet::Noise, level_extension: true, ..opus.clone() };
        let outcome = self.wide("who is quiet tells a level below the gate", &level, &narrow, decodes)?;
        self.memory(&format!("{OPUS_ROOM} Opus callers"), &outcome, 64.0);
        let dtx = Plan { quiet: Quiet::Dtx, ..opus };
        self.wide("who is quiet sends DTX", &dtx, &narrow, decodes)?;
        Ok(())
    }

    /// The room in G.711 that Opus is compared with.
    fn narrow(&mut self, callers: usize) -> io::Result<Outcome> {
        let outcome = self.load("G.711", &self.plan(callers))?;
        self.keep("G.711, one room, 3 talk", outcome.clone());
        Ok(outcome)
    }

    /// The same in Opus, where decodes cost so many us a caller and second.
    fn wide(&mut self, who: &str, plan: &Plan, narrow: &Outcome, decodes: f64) -> io::Result<Outcome> {
        let outcome = self.load(who, plan)?;
        self.keep(&format!("Opus, one room, 3 talk, {who}"), outcome.clone());
        let (Some(g711), Some(opus)) = (narrow.cost_us(), outcome.cost_us()) else { return Ok(outcome) };
        let more = (opus / (g711 + decodes) - 1.0) * 100.0;
        let found = format!(
            "{more:+.0} %: {opus:.0} us/s a caller, G.711 {g711:.0} and {decodes:.0} for decodes{}",
            remark(&outcome)
        );
        let what = format!("room of {} in Opus, 3 talk, {who}", plan.callers);
        let met = more <= 20.0 && outcome.passes();
        self.row(&what, "<= +20 % of G.711 and decodes", found, Some(met));
        Ok(outcome)
    }

    /// What the decodes cost a caller, us in a second, if the talkers and so many silent members are decoded.
    fn decodes(&self, plan: &Plan, silent: usize) -> io::Result<f64> {
        let us = |voice| decoding::cost(plan, voice).map(|cost| cost.as_secs_f64() * 1e6);
        let (talk, silence) = (us(Voice::Tone(0))?, us(Voice::Silence)?);
        let packets = 1000.0 / f64::from(plan.ptime);
        Ok((plan.talkers as f64 * talk + silent as f64 * silence) * packets / plan.callers as f64)
    }

    /// A run with so many callers that measures cost.
    fn plan(&self, callers: usize) -> Plan {
        Plan { callers, per_room: None, rooms: None, ramp: RAMP, time: TIME, ..self.args.plan.clone() }
    }

    /// How many should fit, by what the largest run cost.
    fn fitting(&self, name: &str) -> usize {
        let largest = self.runs.iter().rev().find(|(run, _)| run == name);
        let per_core = largest.and_then(|(_, outcome)| Some(1e6 / outcome.cost_us()?));
        per_core.map_or(SEARCH_FROM, |per_core| (per_core * 0.9) as usize)
    }

    /// Runs of so many callers in turn: for each way to spread them, the one that reached least of the floor first.
    fn turns(&self, callers: usize, turns: usize) -> io::Result<[Vec<Outcome>; SPREADS.len()]> {
        let mut by_spread = SPREADS.map(|_| Vec::new());
        for _ in 0..turns {
            let outcomes = self.turn(callers)?;
            by_spread.iter_mut().zip(outcomes).for_each(|(runs, outcome)| runs.push(outcome));
        }
        let ratio = |run: &Outcome| run.ratio().unwrap_or(0.0);
        by_spread.iter_mut().for_each(|runs| runs.sort_by(|a, b| ratio(a).total_cmp(&ratio(b))));
        Ok(by_spread)
    }

    /// A run for each way to spread so many callers, between two runs of the floor.
    fn turn(&self, callers: usize) -> io::Result<Vec<Outcome>> {
        let plan = self.plan(callers);
        let before = self.floor(&plan)?;
        let mut outcomes = Vec::new();
        for (name, per_room) in SPREADS {
            outcomes.push(self.load(name, &Plan { per_room, ..plan.clone() })?);
        }
        let floor = before.mean(self.floor(&plan)?);
        outcomes.iter_mut().for_each(|outcome| outcome.floor = Some(floor));
        Ok(outcomes)
    }

    /// What runs of the same reach of the floor, the least first.
    fn share(&mut self, name: &str, runs: &[Outcome]) {
        let ratios: Vec<f64> = runs.iter().filter_map(Outcome::ratio).map(|ratio| ratio * 100.0).collect();
        let Some(median) = runs.get(runs.len() / 2) else { return };
        let (Some(ratio), Some(cost), Some(floor)) = (median.ratio(), median.cost_us(), median.floor) else {
            return;
        };
        let found = format!(
            "{:.0} % ({:.0} of {:.0} callers per core){}; in {} turns {:.0} to {:.0} %, {} without fault",
            ratio * 100.0,
            1e6 / cost,
            floor.callers_per_core(),
            remark(median),
            runs.len(),
            ratios.first().unwrap_or(&0.0),
            ratios.last().unwrap_or(&0.0),
            runs.iter().filter(|run| run.passes()).count(),
        );
        let what = format!("callers per core against the floor, {} callers, {name}", median.callers);
        self.row(&what, ">= 70 %, no fault", found, Some(ratio >= 0.7 && median.passes()));
    }

    /// Whether a caller costs more where there are more.
    fn linear(&mut self, line: &Line) {
        let Some(first) = line.points.first() else { return };
        let costs: Vec<String> =
            line.points.iter().map(|(callers, cost)| format!("{cost:.0} at {callers:.0}")).collect();
        let most = line.points.iter().map(|point| point.1).fold(0.0, f64::max);
        let found = format!("us/s: {}", costs.join(", "));
        self.row("cost of a caller in one room", "never grows", found, Some(most <= first.1 * SAME));
    }

    /// Whether a caller costs more in a larger room, with as many callers in all.
    fn size_of_room(&mut self, lines: &[Line]) {
        let last: Vec<_> = lines.iter().filter_map(|line| Some((&line.name, line.points.last()?))).collect();
        let costs: Vec<String> =
            last.iter().map(|(name, point)| format!("{:.0} in {name}", point.1)).collect();
        let least = last.iter().skip(1).map(|(_, point)| point.1).fold(f64::MAX, f64::min);
        let met = last.first().is_some_and(|(_, point)| point.1 <= least * SAME);
        let found = format!("us/s: {}", costs.join("; "));
        self.row("cost of a caller by the size of the room", "never grows", found, Some(met));
    }
}
