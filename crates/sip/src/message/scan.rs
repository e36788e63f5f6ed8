//! The few lexical rules that every view shares (RFC 3261 §25.1). Each is linear in its text.

use std::fmt::{self, Write};
use std::str::FromStr;

/// Blanks inside an unfolded value.
pub(crate) const BLANKS: [char; 2] = [' ', '\t'];

/// A set of bytes. A look into a table is much quicker than a search among a dozen characters.
pub(crate) struct Class([bool; 256]);

impl Class {
    /// ASCII letters and digits, and those bytes.
    pub(crate) const fn alphanumeric_and(others: &[u8]) -> Self {
        let mut class = Self([false; 256]).with(others);
        let mut byte = 0;
        while byte < 128 {
            class.0[byte] |= (byte as u8).is_ascii_alphanumeric();
            byte += 1;
        }
        class
    }

    /// Every byte but controls, blanks and those bytes.
    pub(crate) const fn visible_but(others: &[u8]) -> Self {
        let hidden = Self([false; 256]).with(others);
        let mut class = Self([false; 256]);
        let mut byte = 0x21;
        while byte < 256 {
            class.0[byte] = !hidden.0[byte] && byte != 0x7f;
            byte += 1;
        }
        class
    }

    /// Whether the text is not empty and all of it is of the class.
    pub(crate) fn holds(&self, text: &str) -> bool {
        !text.is_empty() && text.bytes().all(|byte| self.0[byte as usize])
    }

    const fn with(mut self, bytes: &[u8]) -> Self {
        let mut place = 0;
        while place < bytes.len() {
            self.0[bytes[place] as usize] = true;
            place += 1;
        }
        self
    }
}

static TOKEN: Class = Class::alphanumeric_and(b"-.!%*_+`'~");

/// Whether it is a token: a method, a header name, a parameter name.
pub(crate) fn is_token(text: &str) -> bool {
    TOKEN.holds(text)
}

/// A number of digits only: no sign, no blank.
pub(crate) fn number<T: FromStr>(text: &str) -> Option<T> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// The place of the first wanted byte that is neither in a quoted string nor between `<` and `>`.
pub(crate) fn find(text: &str, wanted: impl Fn(u8) -> bool) -> Option<usize> {
    let mut closing = None;
    let mut bytes = text.bytes().enumerate();
    while let Some((place, byte)) = bytes.next() {
        match (closing, byte) {
            (Some(b'"'), b'\\') => {
                bytes.next();
            }
            (Some(end), byte) if end == byte => closing = None,
            (Some(_), _) => {}
            (None, byte) if wanted(byte) => return Some(place),
            (None, b'"') => closing = Some(b'"'),
            (None, b'<') => closing = Some(b'>'),
            (None, _) => {}
        }
    }
    None
}

/// The text before and after the first such byte.
pub(crate) fn split_once(text: &str, separator: u8) -> Option<(&str, &str)> {
    // Most texts have none at all, and that is seen at once.
    let place = text.as_bytes().contains(&separator).then(|| find(text, |byte| byte == separator))??;
    Some((&text[..place], &text[place + 1..]))
}

/// The trimmed elements between separators that are neither in a quoted string nor between `<` and `>`; empty
/// elements are left out.
pub(crate) fn elements(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (element, after) =
            split_once(text, separator).map_or((text, None), |(one, more)| (one, Some(more)));
        rest = after;
        Some(element.trim_matches(BLANKS))
    })
    .filter(|element| !element.is_empty())
}

/// Whether a list of elements or parameters has a hole: two separators with nothing between them, or one at the end.
pub(crate) fn has_gap(text: &str) -> bool {
    let mut rest = text;
    while let Some(place) = find(rest, |byte| matches!(byte, b',' | b';')) {
        rest = &rest[place + 1..];
        let next = rest.trim_start_matches(BLANKS);
        if next.is_empty() || next.starts_with([',', ';']) {
            return true;
        }
    }
    false
}

/// The content of the quoted string at the start, escapes undone, and what follows it.
pub(crate) fn quoted(text: &str) -> Option<(String, &str)> {
    let inner = text.strip_prefix('"')?;
    let (plain, rest) = inner.split_once('"')?;
    if !plain.contains('\\') {
        return Some((plain.to_owned(), rest));
    }
    let mut content = String::new();
    let mut chars = inner.char_indices();
    while let Some((place, char)) = chars.next() {
        match char {
            '"' => return Some((content, &inner[place + 1..])),
            '\\' => content.push(chars.next()?.1),
            char => content.push(char),
        }
    }
    None
}

/// The content of a quoted string, or a token as it is.
pub(crate) fn unquote(text: &str) -> Option<String> {
    if !text.starts_with('"') {
        return Some(text.to_owned());
    }
    quoted(text).and_then(|(content, rest)| rest.is_empty().then_some(content))
}

/// Prints a text as a quoted string.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for char in self.0.chars() {
            if matches!(char, '"' | '\\') || char.is_ascii_control() {
                f.write_char('\\')?;
            }
            f.write_char(char)?;
        }
        f.write_char('"')
    }
}

/// Whether a value may be written: no CR or LF at all, other control characters only as a quoted pair (`\` before).
pub(crate) fn is_clean(value: &str) -> bool {
    // No early end: the loop without one is done in large steps.
    let controls = value.bytes().fold(false, |seen, byte| seen | is_control(byte));
    !controls || controls_are_escaped(value.as_bytes())
}

/// The value with a blank in the place of what [`is_clean`] forbids.
pub(crate) fn clean(value: &str) -> std::borrow::Cow<'_, str> {
    if is_clean(value) {
        value.into()
    } else {
        value.replace(|char: char| char.is_ascii_control(), " ").into()
    }
}

fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

fn controls_are_escaped(value: &[u8]) -> bool {
    let mut escaped = false;
    value.iter().all(|&byte| {
        let allowed = !is_control(byte) || (escaped && !matches!(byte, b'\r' | b'\n'));
        escaped = byte == b'\\' && !escaped;
        allowed
    })
}
