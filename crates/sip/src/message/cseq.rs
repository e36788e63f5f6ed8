//! CSeq (RFC 3261 §20.16).

use std::fmt;
use std::str::FromStr;

use super::scan::{BLANKS, is_token, number};
use super::{Invalid, Method};

/// The sequence number and method of a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CSeq {
    /// Below 2^31 (RFC 3261 §8.1.1.5).
    pub number: u32,
    /// The method.
    pub method: Method,
}

impl CSeq {
    /// A number and a method.
    pub fn new(number: u32, method: Method) -> Self {
        Self { number, method }
    }

    fn read(text: &str) -> Option<Self> {
        let (digits, method) = text.trim_matches(BLANKS).split_once(BLANKS)?;
        let method = method.trim_start_matches(BLANKS);
        let number = number(digits).filter(|&number| number < 1 << 31)?;
        is_token(method).then(|| Self { number, method: Method::new(method) })
    }
}

impl FromStr for CSeq {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::read(text).ok_or(Invalid("CSeq"))
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}
