//! Tells of ticks that came late, and of what was lost, once a minute at most.

use std::time::{Duration, Instant};

use confab_media::EngineStats;

const BETWEEN_LINES: Duration = Duration::from_secs(60);

/// What was told last, and when.
#[derive(Default)]
pub(crate) struct Lateness {
    told: EngineStats,
    at: Option<Instant>,
}

impl Lateness {
    /// Writes a line if there is anything new to tell, and the last one is long enough ago.
    pub(crate) fn look(&mut self, now: Instant, stats: EngineStats) {
        if self.is_due(now)
            && let Some(line) = line(self.told, stats)
        {
            tracing::warn!("{line}");
            (self.told, self.at) = (stats, Some(now));
        }
    }

    fn is_due(&self, now: Instant) -> bool {
        self.at.is_none_or(|at| now.saturating_duration_since(at) >= BETWEEN_LINES)
    }
}

/// What went wrong in between; `None` if nothing did.
fn line(before: EngineStats, now: EngineStats) -> Option<String> {
    let late = now.late_ticks - before.late_ticks;
    let skipped = now.skipped_ticks - before.skipped_ticks;
    let lost = now.events_dropped - before.events_dropped;
    let ticks = now.ticks - before.ticks;
    (late + skipped + lost > 0).then(|| {
        format!(
            "audio: of {ticks} ticks {late} came more than 5 ms late ({}; the latest ever by {:.1} ms), \
             {skipped} were left out; {lost} events were lost",
            now.lateness.since(&before.lateness),
            now.latest_us as f64 / 1000.0
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(ticks: u64, late_ticks: u64) -> EngineStats {
        let mut stats = EngineStats::default();
        (stats.ticks, stats.late_ticks, stats.latest_us) = (ticks, late_ticks, 7250);
        stats
    }

    #[test]
    fn only_what_is_new_is_told() {
        assert_eq!(line(stats(100, 2), stats(200, 2)), None);
        let told = line(stats(100, 2), stats(200, 5)).unwrap();
        assert!(told.contains("of 100 ticks 3 came") && told.contains("7.2 ms"), "{told}");
    }

    #[test]
    fn not_more_than_once_a_minute() {
        let mut lateness = Lateness::default();
        let start = Instant::now();
        lateness.look(start, stats(100, 2));
        lateness.look(start + BETWEEN_LINES / 2, stats(200, 5));
        assert_eq!(lateness.told, stats(100, 2));
        lateness.look(start + BETWEEN_LINES, stats(300, 6));
        assert_eq!(lateness.told, stats(300, 6));
    }
}
