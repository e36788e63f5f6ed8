//! Patterns of dialled numbers and the number plan of a role.

use std::fmt;
use std::str::FromStr;

use crate::action::DialTarget;
use crate::settings::Dialling;

/// The longest number that is ever matched (E.164).
const MAX_LENGTH: usize = 15;

/// A pattern of numbers, matched whole and in linear time.
///
/// A pattern is a row of places: a digit, `*`, `#`, `+`, `-`, `_` or a lower-case letter stands for itself,
/// `X` for any digit. `{n}` repeats the place before it n times, so `X{4}` is `XXXX`. The last place may be
/// of several lengths: `{m,n}` takes m to n of it, `.` takes one or more further digits. A number has 15
/// places at most.
///
/// `X{4}` is 1004; `X{5,11}` is 20001 or 02125551111; `00.` is every number that begins with 00 and goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    written: String,
    /// The places that must be there.
    fixed: Vec<Place>,
    /// What may follow, and up to which length in all.
    tail: Option<(Place, usize)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    AnyDigit,
    Exactly(u8),
}

impl Place {
    fn accepts(self, byte: u8) -> bool {
        match self {
            Self::AnyDigit => byte.is_ascii_digit(),
            Self::Exactly(expected) => byte == expected,
        }
    }
}

impl Pattern {
    /// Whether the whole number fits.
    pub fn matches(&self, number: &str) -> bool {
        let Some((fixed, rest)) = number.as_bytes().split_at_checked(self.fixed.len()) else { return false };
        let fits = self.fixed.iter().zip(fixed).all(|(place, byte)| place.accepts(*byte));
        fits && match self.tail {
            None => rest.is_empty(),
            Some((place, max)) => number.len() <= max && rest.iter().all(|byte| place.accepts(*byte)),
        }
    }

    /// The longest number that fits, with `0` where any digit may stand.
    pub fn longest(&self) -> String {
        let tail = self.tail.map(|(place, most)| std::iter::repeat_n(place, most - self.fixed.len()));
        let places = self.fixed.iter().copied().chain(tail.into_iter().flatten());
        let symbol = |place: Place| match place {
            Place::AnyDigit => '0',
            Place::Exactly(byte) => char::from(byte),
        };
        places.map(symbol).collect()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// This is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is no number pattern: {why}")]
pub struct PatternError {
    /// As written.
    pub pattern: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(written: &str) -> Result<Self, PatternError> {
        let mut pattern = Self { written: written.to_owned(), fixed: Vec::new(), tail: None };
        pattern.read(written).map_err(|why| PatternError { pattern: written.to_owned(), why })?;
        Ok(pattern)
    }
}

impl Pattern {
    fn read(&mut self, mut rest: &str) -> Result<(), &'static str> {
        while let Some(symbol) = rest.chars().next() {
            if self.tail.is_some() {
                return Err("only the last place may be of several lengths");
            }
            rest = &rest[symbol.len_utf8()..];
            match symbol {
                '.' => self.open_end()?,
                '{' => rest = self.repeat(rest)?,
                _ => self.fixed.push(place(symbol)?),
            }
            if self.fixed.len() > MAX_LENGTH {
                return Err("a number has 15 places at most");
            }
        }
        if self.fixed.is_empty() { Err("it must have one place at least") } else { Ok(()) }
    }

    /// `.`: one or more further digits.
    fn open_end(&mut self) -> Result<(), &'static str> {
        self.fixed.push(Place::AnyDigit);
        self.tail = Some((Place::AnyDigit, MAX_LENGTH));
        Ok(())
    }

    /// `n}` or `m,n}`: how often the place before it comes. Returns what follows.
    fn repeat<'a>(&mut self, rest: &'a str) -> Result<&'a str, &'static str> {
        let place = self.fixed.pop().ok_or("`{` must follow a place")?;
        let (counts, rest) = rest.split_once('}').ok_or("`{` is not closed")?;
        let (min, max) = counts.split_once(',').unwrap_or((counts, counts));
        let (min, max) = (count(min)?, count(max)?);
        if min > max {
            return Err("in `{m,n}` m must not be above n");
        }
        let before = self.fixed.len();
        self.fixed.extend(std::iter::repeat_n(place, min));
        if before + max > MAX_LENGTH {
            return Err("a number has 15 places at most");
        }
        self.tail = (min < max).then_some((place, before + max));
        Ok(rest)
    }
}

fn place(symbol: char) -> Result<Place, &'static str> {
    match symbol {
        'X' => Ok(Place::AnyDigit),
        '0'..='9' | 'a'..='z' | '*' | '#' | '+' | '-' | '_' => Ok(Place::Exactly(symbol as u8)),
        _ => Err("allowed are 0-9 * # + - _ a-z, X for any digit, {n}, {m,n} and a last `.`"),
    }
}

fn count(digits: &str) -> Result<usize, &'static str> {
    let number = digits.parse().ok().filter(|n| (1..=MAX_LENGTH).contains(n));
    number.ok_or("a count is a number from 1 to 15")
}

/// Where an allowed number goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// The number is a user's name.
    User,
    /// The number is dialled through this gateway.
    Gateway(String),
    /// Always there, whatever was dialled: the mobile of him whose desk does not answer.
    Fixed(DialTarget),
}

impl Destination {
    fn target(&self, number: &str) -> DialTarget {
        let number = number.to_owned();
        match self {
            Self::User => DialTarget::User(number),
            Self::Gateway(gateway) => DialTarget::Gateway { gateway: gateway.clone(), number },
            Self::Fixed(target) => target.clone(),
        }
    }
}

/// Numbers that may be called, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanEntry {
    /// The numbers.
    pub pattern: Pattern,
    /// Where they go; several are a hunt list.
    pub to: Vec<Destination>,
    /// How it is called.
    pub dialling: Dialling,
}

impl PlanEntry {
    /// Numbers that go to one place, called in the usual way.
    pub fn new(pattern: Pattern, to: Destination) -> Self {
        Self { pattern, to: vec![to], dialling: Dialling::default() }
    }

    /// Whom a number calls that fits.
    pub fn targets(&self, number: &str) -> Vec<DialTarget> {
        self.to.iter().map(|to| to.target(number)).collect()
    }
}

/// Which numbers a role may call, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NumberPlan {
    /// Never called, whatever `allow` says.
    pub deny: Vec<Pattern>,
    /// The first that matches counts. What matches none is not called.
    pub allow: Vec<PlanEntry>,
}

impl NumberPlan {
    /// How a typed number is called; `None`: it may not be called.
    pub fn find(&self, number: &str) -> Option<&PlanEntry> {
        let digits_only = number.len() <= MAX_LENGTH && number.bytes().all(|b| b.is_ascii_digit());
        if !digits_only || self.deny.iter().any(|pattern| pattern.matches(number)) {
            return None;
        }
        self.allow.iter().find(|entry| entry.pattern.matches(number))
    }
}

#[cfg(test)]
mod tests;
