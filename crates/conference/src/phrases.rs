//! Numbers, as they are spoken from files: each language has its order of the parts.

use crate::settings::{Cue, Sounds};

/// The parts of numbers up to 20, and the tens.
const SMALL: [&str; 21] = [
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18",
    "19", "20",
];
const TENS: [&str; 10] = ["0", "10", "20", "30", "40", "50", "60", "70", "80", "90"];

/// The larger parts.
const SCALES: [(u32, &str); 3] = [(1_000_000, "million"), (1000, "thousand"), (100, "hundred")];

/// The keys that are no digits.
const SYMBOLS: [(char, &str); 3] = [('*', "star"), ('#', "pound"), ('+', "plus")];

/// What a German number has beside the parts of an English one.
const GERMAN: [&str; 2] = ["ein", "and"];

/// The files that a folder of numbers may have.
pub(crate) fn files() -> impl Iterator<Item = &'static str> {
    let scales = SCALES.iter().map(|(_, name)| *name);
    let symbols = SYMBOLS.iter().map(|(_, name)| *name);
    SMALL.into_iter().chain(TENS.into_iter().skip(3)).chain(scales).chain(GERMAN).chain(symbols)
}

/// How a language makes numbers of their parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grammar {
    /// Twenty-one; one hundred.
    English,
    /// Einundzwanzig; einhundert.
    German,
    /// Two, one: digit by digit.
    Digits,
}

impl Grammar {
    /// The grammar of a language tag (RFC 5646), such as `en` or `de-AT`; without one, that of English.
    fn of(language: &str) -> Self {
        match language.split(['-', '_', '/']).next() {
            Some("" | "en") | None => Self::English,
            Some("de") => Self::German,
            Some(_) => Self::Digits,
        }
    }
}

/// A count, in a language.
pub(crate) fn number(sounds: &Sounds, language: &str, number: u32) -> Vec<String> {
    let mut parts = Vec::new();
    match Grammar::of(language) {
        Grammar::Digits => return digits(sounds, &number.to_string()),
        grammar => add_parts(grammar, number, &mut parts),
    }
    parts.into_iter().filter_map(|part| sounds.part(part)).collect()
}

/// A value with its sign, such as a volume.
pub(crate) fn value(sounds: &Sounds, language: &str, value: i32) -> Vec<String> {
    let minus = if value < 0 { sounds.of(Cue::Minus) } else { Vec::new() };
    minus.into_iter().chain(number(sounds, language, value.unsigned_abs())).collect()
}

/// A phone number or a sequence of keys, one by one.
pub(crate) fn digits(sounds: &Sounds, digits: &str) -> Vec<String> {
    let name = |symbol: char| match symbol.to_digit(10) {
        Some(digit) => SMALL.get(digit as usize).copied(),
        None => SYMBOLS.iter().find(|(known, _)| *known == symbol).map(|(_, name)| *name),
    };
    digits.chars().filter_map(name).filter_map(|part| sounds.part(part)).collect()
}

/// How many others there are in a room of this size.
pub(crate) fn others(sounds: &Sounds, language: &str, size: usize) -> Vec<String> {
    match size.saturating_sub(1) {
        0 => sounds.of(Cue::Alone),
        1 => sounds.of(Cue::OnlyOne),
        others => {
            let count = number(sounds, language, u32::try_from(others).unwrap_or(u32::MAX));
            [sounds.of(Cue::ThereAre), count, sounds.of(Cue::OtherInParty)].concat()
        }
    }
}

fn add_parts(grammar: Grammar, number: u32, parts: &mut Vec<&'static str>) {
    if let Some((scale, name)) = SCALES.into_iter().find(|(scale, _)| number >= *scale) {
        match (grammar, number / scale) {
            (Grammar::German, 1) => parts.push(GERMAN[0]),
            (_, many) => add_parts(grammar, many, parts),
        }
        parts.push(name);
        if !number.is_multiple_of(scale) {
            add_parts(grammar, number % scale, parts);
        }
        return;
    }
    add_below_hundred(grammar, number as usize, parts);
}

fn add_below_hundred(grammar: Grammar, number: usize, parts: &mut Vec<&'static str>) {
    if let Some(small) = SMALL.get(number) {
        return parts.push(small);
    }
    let (tens, units) = (TENS.get(number / 10).copied().unwrap_or_default(), number % 10);
    match (grammar, units) {
        (_, 0) => parts.push(tens),
        (Grammar::German, 1) => parts.extend([GERMAN[0], GERMAN[1], tens]),
        (Grammar::German, _) => parts.extend([SMALL[units], GERMAN[1], tens]),
        _ => parts.extend([tens, SMALL[units]]),
    }
}

#[cfg(test)]
mod tests;
