//! Keys and how long they are pressed.

use std::time::Duration;

use crate::error::PhoneError;

/// How long a key sounds and how long it is quiet after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTiming {
    /// The tone's length.
    pub on: Duration,
    /// The pause after it.
    pub off: Duration,
}

impl Default for KeyTiming {
    fn default() -> Self {
        Self { on: Duration::from_millis(100), off: Duration::from_millis(100) }
    }
}

/// Refuses what is no key of a telephone.
pub(crate) fn check_key(key: char) -> Result<(), PhoneError> {
    match key {
        '0'..='9' | '*' | '#' | 'A'..='D' => Ok(()),
        other => Err(PhoneError::Key(other)),
    }
}
