//! The highest number of callers that a server holds without a fault: doubled until it fails, then halved in between.

use std::io;
use std::time::{Duration, Instant};

use clap::Args;

use crate::load;
use crate::outcome::Outcome;
use crate::plan::Plan;

/// A run that was invalid is tried so often.
const TRIES: usize = 2;

/// How the search goes.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Search {
    /// Start with so many callers
    #[arg(long, default_value_t = 250)]
    from: usize,
    /// Try no more than so many
    #[arg(long, default_value_t = 5000)]
    most: usize,
    /// Find it to so many percent
    #[arg(long, default_value_t = 5)]
    percent: usize,
    /// Start no run after so many seconds
    #[arg(long, default_value_t = 300)]
    within: u64,
}

/// What the search found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Capacity {
    /// The best run without a fault.
    pub(crate) best: Option<Outcome>,
    /// The smallest run with one.
    pub(crate) failed: Option<Outcome>,
}

impl Search {
    /// Searches, and tells each run as it ends.
    ///
    /// # Errors
    /// When there are no sockets.
    pub(crate) fn run(self, plan: &Plan, mut tell: impl FnMut(&Outcome)) -> io::Result<Capacity> {
        let deadline = Instant::now() + Duration::from_secs(self.within);
        let mut found = Capacity::default();
        let mut next = Some(self.from.min(self.most));
        while let Some(callers) = next.filter(|_| Instant::now() < deadline) {
            let outcome = valid(&Plan { callers, ..plan.clone() })?;
            tell(&outcome);
            if outcome.passes() {
                found.best = Some(outcome);
            } else {
                found.failed = Some(outcome);
            }
            next = self.next(found.passed(), found.too_many());
        }
        Ok(found)
    }

    /// How many to try after so many passed and so many did not.
    fn next(self, passed: usize, failed: Option<usize>) -> Option<usize> {
        match failed {
            None if passed >= self.most => None,
            None => Some((passed * 2).clamp(1, self.most)),
            Some(failed) if failed - passed <= (failed * self.percent / 100).max(1) => None,
            Some(failed) => Some(passed.midpoint(failed)),
        }
    }
}

impl Capacity {
    fn passed(&self) -> usize {
        self.best.as_ref().map_or(0, |outcome| outcome.callers)
    }

    fn too_many(&self) -> Option<usize> {
        self.failed.as_ref().map(|outcome| outcome.callers)
    }
}

/// One run, once more if the generator was late.
fn valid(plan: &Plan) -> io::Result<Outcome> {
    let mut outcome = load::run(plan)?;
    for _ in 1..TRIES {
        if outcome.invalid().is_empty() {
            break;
        }
        outcome = load::run(plan)?;
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers that are tried with a server that holds so many.
    fn tried(holds: usize) -> Vec<usize> {
        let search = Search { from: 250, most: 5000, percent: 5, within: 0 };
        let (mut tried, mut passed, mut failed, mut next) = (Vec::new(), 0, None, Some(search.from));
        while let Some(callers) = next {
            tried.push(callers);
            if callers <= holds {
                passed = callers
            } else {
                failed = Some(callers)
            }
            next = search.next(passed, failed);
        }
        tried
    }

    #[test]
    fn the_search_doubles_and_then_halves() {
        assert_eq!(tried(1900), [250, 500, 1000, 2000, 1500, 1750, 1875, 1937]);
        assert_eq!(tried(9000), [250, 500, 1000, 2000, 4000, 5000]);
        assert_eq!(tried(0).last(), Some(&1));
    }
}
