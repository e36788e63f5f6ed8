//! Parameters: `;name=value` and `;name`.

use std::fmt;

use super::scan::{self, BLANKS, Class};

/// More parameters than this in one place are refused, so that looking one up is never long.
const MAX_PARAMS: usize = 64;

/// The parameters of a URI or a header, in order. Names are compared without regard to case; values are as
/// written, a quoted one with its quotes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, Option<String>)>);

impl Params {
    /// None.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The value of the first parameter of that name; `None` also for one without a value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name)?.1.as_deref()
    }

    /// Whether there is one of that name, with or without a value.
    pub fn contains(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Replaces the parameter of that name, or adds it at the end.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        let value = value.map(str::to_owned);
        match self.0.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some(param) => param.1 = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Removes every parameter of that name.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads the parameters of a header, what follows the first `;`. Blanks may stand round `;` and `=`.
    pub(crate) fn of_header(text: &str) -> Option<Self> {
        Self::read(scan::elements(text, b';'), |name, value| {
            let whole = |value: &str| scan::quoted(value).is_some_and(|(_, rest)| rest.is_empty());
            scan::is_token(name) && value.is_none_or(|value| BARE.holds(value) || whole(value))
        })
    }

    /// Reads the parameters of a URI, what follows the first `;`. There are no blanks and no quotes.
    pub(crate) fn of_uri(text: &str) -> Option<Self> {
        let part = |text: &str| BARE.holds(text) && escapes_are_whole(text);
        Self::read(text.split(';'), |name, value| part(name) && value.is_none_or(part))
    }

    fn read<'a>(
        elements: impl Iterator<Item = &'a str>,
        valid: impl Fn(&str, Option<&str>) -> bool,
    ) -> Option<Self> {
        let mut params = Vec::new();
        for element in elements {
            let (name, value) = match element.split_once('=') {
                Some((name, value)) => {
                    (name.trim_end_matches(BLANKS), Some(value.trim_start_matches(BLANKS)))
                }
                None => (element, None),
            };
            if params.len() == MAX_PARAMS || !valid(name, value) {
                return None;
            }
            params.push((name.to_owned(), value.map(str::to_owned)));
        }
        Some(Self(params))
    }

    fn find(&self, name: &str) -> Option<&(String, Option<String>)> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|(name, value)| match value {
            Some(value) => write!(f, ";{name}={value}"),
            None => write!(f, ";{name}"),
        })
    }
}

/// Visible, and nothing that would end the parameter.
static BARE: Class = Class::visible_but(b"\"<>,;?@=");

/// Whether every `%` starts a `%xx`.
pub(crate) fn escapes_are_whole(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        let digits = after.as_bytes();
        digits.len() >= 2 && digits[..2].iter().all(u8::is_ascii_hexdigit)
    })
}
