//! The log: one event is one line, whatever callers put into their names, and a slow reader never slows a call.

use std::fmt::{self, Write};

use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Lines that may wait for a slow reader; further ones are dropped and counted.
const QUEUED_LINES: usize = 16_384;

/// Sends the log to standard output. Lines are written as long as the guard lives.
///
/// `filter` is `log.filter` of the configuration; the environment's `RUST_LOG` overrides it.
pub(crate) fn start(filter: &str) -> WorkerGuard {
    let (writer, guard): (NonBlocking, WorkerGuard) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(QUEUED_LINES)
        .finish(std::io::stdout());
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(writer)
        .with_ansi(false)
        .with_target(false)
        .finish()
        .with(targets(std::env::var("RUST_LOG").ok().as_deref(), filter))
        .init();
    guard
}

/// The first of the two that is a filter.
fn targets(environment: Option<&str>, configured: &str) -> Targets {
    let filter = |text: &str| text.parse().ok().filter(|_| !text.is_empty());
    environment.and_then(filter).or_else(|| filter(configured)).unwrap_or_else(info)
}

fn info() -> Targets {
    Targets::new().with_default(LevelFilter::INFO)
}

/// Shows a text with everything escaped that could end the line, move the cursor or turn the reading direction.
pub(crate) struct OneLine<T>(pub(crate) T);

impl<T: fmt::Display> fmt::Display for OneLine<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escape(f), "{}", self.0)
    }
}

struct Escape<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Escape<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if is_harmful(character) {
                write!(self.0, "{}", character.escape_unicode())?;
            } else {
                self.0.write_char(character)?;
            }
        }
        Ok(())
    }
}

fn is_harmful(character: char) -> bool {
    let turns =
        matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = matches!(character, '\u{2028}' | '\u{2029}');
    character.is_control() || turns || breaks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_overrides_the_file_if_it_makes_sense() {
        let level = |environment, configured| targets(environment, configured).default_level();
        assert_eq!(level(None, "debug"), Some(LevelFilter::DEBUG));
        assert_eq!(level(Some("warn,confab_sip=trace"), "debug"), Some(LevelFilter::WARN));
        assert_eq!(level(Some(""), "debug"), Some(LevelFilter::DEBUG));
        assert_eq!(level(Some("confab=loud"), "also wrong=1=2"), Some(LevelFilter::INFO));
    }

    #[test]
    fn nothing_a_caller_writes_breaks_out_of_its_line() {
        let hostile = "Eve\r\nready\x1b[2J\u{202e}drawkcab\u{2028}x\x7f";
        let line = OneLine(hostile).to_string();
        assert!(!line.chars().any(is_harmful), "{line}");
        assert!(line.starts_with("Eve\\u{d}\\u{a}ready\\u{1b}[2J"), "{line}");
        assert_eq!(OneLine("Jörg 1004").to_string(), "Jörg 1004");
    }
}
