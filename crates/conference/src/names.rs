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

/// The room of a route: a name, or one that `{number}` makes of the number that was dialled, as in `team-{number}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomTemplate {
    before: String,
    /// What follows the number; `None`: there is no number in it.
    after: Option<String>,
}

impl RoomTemplate {
    const NUMBER: &str = "{number}";

    /// The room of who dialled this; `None` if that makes no name.
    pub fn name(&self, dialled: &str) -> Option<RoomName> {
        match &self.after {
            None => self.before.parse().ok(),
            Some(after) => format!("{}{dialled}{after}", self.before).parse().ok(),
        }
    }
}

impl fmt::Display for RoomTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.before)?;
        self.after.as_ref().map_or(Ok(()), |after| write!(f, "{}{after}", Self::NUMBER))
    }
}

impl FromStr for RoomTemplate {
    type Err = RoomNameError;

    fn from_str(text: &str) -> Result<Self, RoomNameError> {
        let (before, after) = match text.split_once(Self::NUMBER) {
            Some((before, after)) => (before, Some(after.to_owned())),
            None => (text, None),
        };
        let template = Self { before: before.to_owned(), after };
        template.name("0").map(|_| template).ok_or(RoomNameError)
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

    pub(crate) fn matches(&self, typed: &str) -> bool {
        self.0.as_bytes().ct_eq(typed.as_bytes()).into()
    }
}

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
