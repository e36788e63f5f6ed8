//! Texts of the configuration that must be of a certain form: names of rooms, and PINs.

use std::fmt;
use std::str::FromStr;

use subtle::ConstantTimeEq;

/// The name of a room: 1 to 32 of `A-Z a-z 0-9 _ -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoomName(String);

impl RoomName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// This is no name of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a room name has 1 to 32 characters of A-Z a-z 0-9 _ -")]
pub struct RoomNameError;

impl FromStr for RoomName {
    type Err = RoomNameError;

    fn from_str(name: &str) -> Result<Self, RoomNameError> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let good = (1..=32).contains(&name.len()) && name.bytes().all(legal);
        good.then(|| Self(name.to_owned())).ok_or(RoomNameError)
    }
}

/// The room of a route: a name, in which `{number}` stands for the number that was dialled, `{user}` for the
/// authenticated user, and `{unique}` for something that no other call has had, as in `team-{number}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomTemplate {
    written: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Number,
    User,
    Unique,
}

impl RoomTemplate {
    /// The room of who dialled this; `None` if that makes no name. `unique` is another one for each call.
    pub fn name(&self, dialled: &str, user: Option<&str>, unique: u64) -> Option<RoomName> {
        let mut name = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => name.push_str(text),
                Part::Number => name.push_str(dialled),
                Part::User => name.push_str(user?),
                Part::Unique => name.push_str(&unique.to_string()),
            }
        }
        name.parse().ok()
    }

    /// Whether each call has a room of its own.
    pub(crate) fn is_unique(&self) -> bool {
        self.parts.contains(&Part::Unique)
    }
}

impl fmt::Display for RoomTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl FromStr for RoomTemplate {
    type Err = RoomNameError;

    fn from_str(written: &str) -> Result<Self, RoomNameError> {
        let (mut parts, mut rest) = (Vec::new(), written);
        while let Some((text, variable)) = rest.split_once('{') {
            let (name, behind) = variable.split_once('}').ok_or(RoomNameError)?;
            let part = match name {
                "number" => Part::Number,
                "user" => Part::User,
                "unique" => Part::Unique,
                _ => return Err(RoomNameError),
            };
            if parts.contains(&part) {
                return Err(RoomNameError);
            }
            parts.extend([Part::Text(text.to_owned()), part]);
            rest = behind;
        }
        parts.push(Part::Text(rest.to_owned()));
        let template = Self { written: written.to_owned(), parts };
        template.name("0", Some("0"), 0).map(|_| template).ok_or(RoomNameError)
    }
}

/// A PIN of 1 to 16 digits. It is never shown, and compared in constant time.
#[derive(Clone)]
pub struct Pin(String);

impl Pin {
    /// How many digits complete it.
    pub(crate) fn digits(&self) -> usize {
        self.0.len()
    }

    /// As it would be typed.
    pub(crate) fn as_typed(&self) -> &str {
        &self.0
    }

    /// Takes as long for any text of the same length.
    pub(crate) fn matches(&self, typed: &str) -> bool {
        self.0.as_bytes().ct_eq(typed.as_bytes()).into()
    }
}

impl PartialEq for Pin {
    fn eq(&self, other: &Self) -> bool {
        self.matches(&other.0)
    }
}

impl Eq for Pin {}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(…)")
    }
}

/// This is no PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a PIN has 1 to 16 digits")]
pub struct PinError;

impl FromStr for Pin {
    type Err = PinError;

    fn from_str(pin: &str) -> Result<Self, PinError> {
        let good = (1..=16).contains(&pin.len()) && pin.bytes().all(|b| b.is_ascii_digit());
        good.then(|| Self(pin.to_owned())).ok_or(PinError)
    }
}
