//! Digits from several sources, told to the room once.
//!
//! A phone may send the same key as an RFC 4733 event, in a SIP INFO, and later in-band. Each source reports each key
//! once; here the reports of different sources are paired, so that a key pressed twice still counts twice.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How far apart two ways may report the same key at first: an INFO crosses the whole signalling path.
const PAIRING_WINDOW: Duration = Duration::from_millis(1000);
/// The same for ways that are known to report together: an INFO that is lost comes again after 0.5 s, 1.5 s and 3.5 s
/// (RFC 3261 §17.1.2.2).
const KNOWN_WINDOW: Duration = Duration::from_secs(4);
/// More keys than anyone presses in one window.
const MAX_PRESSES: usize = 64;

/// The way a digit reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// RFC 4733 telephone-event.
    Event,
    /// SIP INFO, `application/dtmf-relay` or `application/dtmf`.
    Info,
    /// Tones in the audio.
    InBand,
}

impl Source {
    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A press, and the ways that have reported it.
#[derive(Debug)]
struct Press {
    at: Instant,
    digit: char,
    seen: u8,
    /// The ways that were known by then to report together with its first.
    expected: u8,
}

/// Pairs the reports of one leg.
#[derive(Debug, Default)]
pub(crate) struct DigitMerge {
    presses: VecDeque<Press>,
    /// The ways that have reported one press together.
    together: u8,
}

impl DigitMerge {
    /// Whether this report is a key of its own rather than another report of one that is known: of the oldest press of
    /// the digit that this way has not told yet.
    pub(crate) fn accept(&mut self, now: Instant, source: Source, digit: char) -> bool {
        let age = |press: &Press| now.saturating_duration_since(press.at);
        self.presses.retain(|press| age(press) < KNOWN_WINDOW);
        let bit = source.bit();
        let untold = |press: &&mut Press| {
            let window = if press.expected & bit == 0 { PAIRING_WINDOW } else { KNOWN_WINDOW };
            press.digit == digit && press.seen & bit == 0 && age(press) < window
        };
        if let Some(known) = self.presses.iter_mut().find(untold) {
            known.seen |= bit;
            self.together |= known.seen;
            return false;
        }
        if self.presses.len() == MAX_PRESSES {
            self.presses.pop_front();
        }
        let expected = if self.together & bit == 0 { 0 } else { self.together };
        self.presses.push_back(Press { at: now, digit, seen: bit, expected });
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
        assert!(merge.accept(t, Source::Event, '1'));
        assert!(!merge.accept(t + ms(40), Source::Info, '1'));
    }

    #[test]
    fn a_key_pressed_twice_counts_twice_whatever_the_order() {
        let (t, mut merge) = (start(), DigitMerge::default());
        let reports = [(0, Source::Event), (150, Source::Event), (200, Source::Info), (350, Source::Info)];
        let accepted = reports.iter().filter(|(at, s)| merge.accept(t + ms(*at), *s, '5')).count();
        assert_eq!(accepted, 2);
        let mixed =
            [(2000, Source::Info), (2010, Source::Event), (2200, Source::Event), (2210, Source::Info)];
        let accepted = mixed.iter().filter(|(at, s)| merge.accept(t + ms(*at), *s, '5')).count();
        assert_eq!(accepted, 2);
    }

    #[test]
    fn another_key_or_a_late_report_is_a_key_of_its_own() {
        let (t, mut merge) = (start(), DigitMerge::default());
        assert!(merge.accept(t, Source::Event, '1'));
        assert!(merge.accept(t + ms(10), Source::Info, '2'));
        assert!(merge.accept(t + ms(1500), Source::Info, '1'));
    }

    #[test]
    fn ways_that_come_together_may_be_late() {
        let (t, mut merge) = (start(), DigitMerge::default());
        assert!(merge.accept(t, Source::Event, '1'));
        assert!(!merge.accept(t + ms(50), Source::Info, '1'));
        assert!(merge.accept(t + ms(5000), Source::Event, '2'));
        assert!(!merge.accept(t + ms(8900), Source::Info, '2'), "lost three times");
        assert!(merge.accept(t + ms(9000), Source::InBand, '2'), "never seen with the others");
    }

    #[test]
    fn who_tries_one_way_after_the_other_and_then_both_is_counted_right() {
        use Source::{Event, Info};
        let reports = [
            (0, Event, true),
            (320, Event, true),
            (1780, Info, true),
            (2060, Info, true),
            (3370, Info, true),
            (3380, Event, false),
            (3660, Info, true),
            (3680, Event, false),
        ];
        let (t, mut merge) = (start(), DigitMerge::default());
        for (at, source, is_new) in reports {
            assert_eq!(merge.accept(t + ms(at), source, '0'), is_new, "{at}");
        }
    }

    /// Each press is reported by each way, in the order of the ways' own delays; a way may fail for one press.
    fn counted(gap_ms: u64, presses: u64, delays: &[(Source, u64)], lost: Option<(Source, u64)>) -> usize {
        let mut reports: Vec<(u64, Source)> = (0..presses)
            .flat_map(|press| {
                delays.iter().map(move |(source, delay)| (press, press * gap_ms + delay, *source))
            })
            .filter(|(press, _, source)| lost != Some((*source, *press)))
            .map(|(_, at, source)| (at, source))
            .collect();
        reports.sort_by_key(|(at, _)| *at);
        let (t, mut merge) = (start(), DigitMerge::default());
        reports.iter().filter(|(at, source)| merge.accept(t + ms(*at), *source, '7')).count()
    }

    #[test]
    fn three_ways_count_each_press_once_in_any_order() {
        use Source::{Event, InBand, Info};
        for delays in [
            [(Event, 0), (InBand, 40), (Info, 90)],
            [(Info, 0), (Event, 10), (InBand, 20)],
            [(InBand, 0), (Info, 1), (Event, 900)],
            [(Event, 5), (Info, 5), (InBand, 5)],
        ] {
            for (gap, presses) in [(100, 10), (150, 5), (1000, 7), (5000, 3)] {
                assert_eq!(counted(gap, presses, &delays, None), presses as usize, "{delays:?}, {gap} ms");
            }
        }
    }

    #[test]
    fn a_way_that_fails_for_one_press_changes_nothing() {
        let delays = [(Source::Event, 0), (Source::InBand, 45), (Source::Info, 600)];
        for (source, _) in delays {
            for press in 0..6 {
                assert_eq!(counted(200, 6, &delays, Some((source, press))), 6, "{source:?} of press {press}");
            }
        }
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
