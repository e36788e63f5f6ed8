//! The highest number of callers that a server holds without a fault: doubled until it fails, then halved in between; but
//! where the server refused those who did not fit, so many as it let in.

use std::io;
use std::time::{Duration, Instant};

use clap::Args;

use crate::load;
use crate::outcome::Outcome;
use crate::plan::Plan;

/// A run that was invalid is tried so often.
const TRIES: u32 = 2;

/// How the search goes.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Search {
    /// Start with so many callers
    #[arg(long, default_value_t = 250)]
    pub(crate) from: usize,
    /// Try no more than so many
    #[arg(long, default_value_t = 5000)]
    pub(crate) most: usize,
    /// Find it to so many percent
    #[arg(long, default_value_t = 5)]
    pub(crate) percent: usize,
    /// Start no run after so many seconds
    #[arg(long, default_value_t = 300)]
    pub(crate) within: u64,
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
            next = self.next(found.passed(), found.failure());
        }
        Ok(found)
    }

    /// How many to try after so many passed and so many did not.
    fn next(self, passed: usize, failed: Option<Failure>) -> Option<usize> {
        match failed {
            None if passed >= self.most => None,
            None => Some((passed * 2).clamp(1, self.most)),
            Some(Failure { too_many, .. }) if too_many - passed <= (too_many * self.percent / 100).max(1) => {
                None
            }
            // A little less than it held when more wanted to come in.
            Some(Failure { too_many, refused: true }) => Some((too_many * 99 / 100).max(passed + 1)),
            Some(Failure { too_many, .. }) => Some(passed.midpoint(too_many)),
        }
    }
}

/// The smallest number that was too large.
#[derive(Clone, Copy)]
struct Failure {
    too_many: usize,
    /// The server has said so itself.
    refused: bool,
}

impl Capacity {
    fn passed(&self) -> usize {
        self.best.as_ref().map_or(0, |outcome| outcome.callers)
    }

    fn failure(&self) -> Option<Failure> {
        let outcome = self.failed.as_ref()?;
        let clean = outcome.faults_inside().is_empty() && outcome.invalid().is_empty();
        let admitted = outcome.admitted().filter(|&admitted| clean && admitted > self.passed());
        let too_many = admitted.map_or(outcome.callers, |admitted| admitted + 1);
        Some(Failure { too_many, refused: admitted.is_some() })
    }
}

/// One run, once more if the generator was late.
fn valid(plan: &Plan) -> io::Result<Outcome> {
    let mut tries = 0;
    loop {
        tries += 1;
        let outcome = Outcome { tries, ..load::run(plan)? };
        if outcome.invalid().is_empty() || tries >= TRIES {
            return Ok(outcome);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers that are tried with a server that holds so many, and refuses more or does not.
    fn tried(holds: usize, refused: bool) -> Vec<usize> {
        let search = Search { from: 250, most: 5000, percent: 5, within: 0 };
        let (mut tried, mut passed, mut failed, mut next) = (Vec::new(), 0, None, Some(search.from));
        while let Some(callers) = next {
            tried.push(callers);
            if callers <= holds {
                passed = callers;
            } else {
                failed = Some(Failure { too_many: if refused { holds + 1 } else { callers }, refused });
            }
            next = search.next(passed, failed);
        }
        tried
    }

    #[test]
    fn the_search_doubles_and_then_halves() {
        assert_eq!(tried(1900, false), [250, 500, 1000, 2000, 1500, 1750, 1875, 1937]);
        assert_eq!(tried(9000, false), [250, 500, 1000, 2000, 4000, 5000]);
        assert_eq!(tried(0, false).last(), Some(&1));
    }

    #[test]
    fn a_server_that_refuses_is_believed() {
        assert_eq!(tried(1900, true), [250, 500, 1000, 2000, 1881]);
    }
}
