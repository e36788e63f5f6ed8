//! Digits from several sources, told to the room once.
//!
//! A phone may send the same key as an RFC 4733 event, in a SIP INFO, and later in-band. Each source reports each key
//! once; here the reports of different sources are paired, so that a key pressed twice still counts twice.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How far apart two sources may report the same key: an INFO crosses the whole signalling path.
const PAIRING_WINDOW: Duration = Duration::from_millis(1000);
/// More keys than anyone presses in one window.
const MAX_UNPAIRED: usize = 32;

/// The way a digit reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// From the audio leg: RFC 4733 telephone-event.
    Audio,
    /// SIP INFO, `application/dtmf-relay` or `application/dtmf`.
    Info,
}

/// Pairs the reports of one leg.
#[derive(Debug, Default)]
pub(crate) struct DigitMerge {
    unpaired: VecDeque<(Instant, Source, char)>,
}

impl DigitMerge {
    /// Whether this report is a key of its own rather than the second report of one that is known.
    pub(crate) fn accept(&mut self, now: Instant, source: Source, digit: char) -> bool {
        self.unpaired.retain(|(at, ..)| now.saturating_duration_since(*at) < PAIRING_WINDOW);
        let twin = self.unpaired.iter().position(|(_, s, d)| *s != source && *d == digit);
        if let Some(twin) = twin {
            self.unpaired.remove(twin);
            return false;
        }
        if self.unpaired.len() == MAX_UNPAIRED {
            self.unpaired.pop_front();
        }
        self.unpaired.push_back((now, source, digit));
        true
    }
}

/// The digit that a SIP INFO carries, if it is one of the two DTMF kinds. The type comes in lower case, without
/// parameters.
pub(crate) fn from_info(content_type: &str, body: &[u8]) -> Option<char> {
    let text = std::str::from_utf8(body).ok()?;
    match content_type {
        "application/dtmf-relay" => key(text.lines().find_map(signal_value)?),
        "application/dtmf" => key(signal_value(text).unwrap_or(text)),
        _ => None,
    }
}

fn signal_value(line: &str) -> Option<&str> {
    let (name, value) = line.split_once('=')?;
    name.trim().eq_ignore_ascii_case("signal").then_some(value)
}

/// `1`, `*`, `#`, `A` … or the event code of RFC 4733 for the two that some phones spell as numbers.
fn key(text: &str) -> Option<char> {
    match text.trim() {
        "10" => Some('*'),
        "11" => Some('#'),
        one => {
            let mut chars = one.chars();
            let key = chars.next()?.to_ascii_uppercase();
            (chars.next().is_none() && matches!(key, '0'..='9' | '*' | '#' | 'A'..='D')).then_some(key)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a base for virtual time")]
    fn start() -> Instant {
        Instant::now()
    }

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn the_same_key_by_two_ways_counts_once() {
        let (t, mut merge) = (start(), DigitMerge::default());
        assert!(merge.accept(t, Source::Audio, '1'));
        assert!(!merge.accept(t + ms(40), Source::Info, '1'));
    }

    #[test]
    fn a_key_pressed_twice_counts_twice_whatever_the_order() {
        let (t, mut merge) = (start(), DigitMerge::default());
        let reports = [(0, Source::Audio), (150, Source::Audio), (200, Source::Info), (350, Source::Info)];
        let accepted = reports.iter().filter(|(at, s)| merge.accept(t + ms(*at), *s, '5')).count();
        assert_eq!(accepted, 2);
        let mixed =
            [(2000, Source::Info), (2010, Source::Audio), (2200, Source::Audio), (2210, Source::Info)];
        let accepted = mixed.iter().filter(|(at, s)| merge.accept(t + ms(*at), *s, '5')).count();
        assert_eq!(accepted, 2);
    }

    #[test]
    fn another_key_or_a_late_report_is_a_key_of_its_own() {
        let (t, mut merge) = (start(), DigitMerge::default());
        assert!(merge.accept(t, Source::Audio, '1'));
        assert!(merge.accept(t + ms(10), Source::Info, '2'));
        assert!(merge.accept(t + ms(1500), Source::Info, '1'));
    }

    #[test]
    fn info_bodies() {
        assert_eq!(from_info("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n"), Some('5'));
        assert_eq!(from_info("application/dtmf-relay", b"Duration=160\r\nsignal = *"), Some('*'));
        assert_eq!(from_info("application/dtmf-relay", b"Signal=11\r\n"), Some('#'));
        assert_eq!(from_info("application/dtmf", b"#"), Some('#'));
        assert_eq!(from_info("application/dtmf", b"d\r\n"), Some('D'));
        assert_eq!(from_info("application/dtmf", b"55"), None);
        assert_eq!(from_info("application/dtmf-relay", b"Duration=160"), None);
        assert_eq!(from_info("text/plain", b"5"), None);
        assert_eq!(from_info("application/dtmf", &[0xff, 0xfe]), None);
    }
}
