//! The headers of the extensions: session timers (RFC 4028), reliable provisional responses (RFC 3262), Replaces
//! (RFC 3891), events (RFC 6665).

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::scan::{self, BLANKS};
use super::{CSeq, Invalid, Params};

/// Who keeps a session alive, seen from a request and its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words of RFC 4028 §4")]
pub enum Refresher {
    Uac,
    Uas,
}

/// Session-Expires (RFC 4028 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionExpires {
    /// How long the session lasts without a refresh.
    pub interval: Duration,
    /// Who refreshes it, if that is said.
    pub refresher: Option<Refresher>,
}

/// RAck: which provisional response a PRACK acknowledges (RFC 3262 §7.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RAck {
    /// The RSeq of the response.
    pub rseq: u32,
    /// Its CSeq.
    pub cseq: CSeq,
}

/// Replaces: the dialog whose place a call takes, as we know it (RFC 3891 §6.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaces {
    /// Its Call-ID.
    pub call_id: String,
    /// The tag of the side that gets the INVITE.
    pub to_tag: String,
    /// The tag of the other side.
    pub from_tag: String,
    /// Whether only a call without an answer is meant.
    pub early_only: bool,
}

/// Event: the package, and which of several subscriptions (RFC 6665 §8.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The package in lower case.
    pub name: String,
    /// Which subscription of the dialog.
    pub id: Option<String>,
}

impl Replaces {
    fn read(text: &str) -> Option<Self> {
        let (call_id, params) = split(text)?;
        let tag = |name| params.get(name).map(str::to_owned);
        let early_only = params.contains("early-only");
        Some(Self {
            call_id: call_id.to_owned(),
            to_tag: tag("to-tag")?,
            from_tag: tag("from-tag")?,
            early_only,
        })
    }
}

impl FromStr for SessionExpires {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let read = || {
            let (seconds, params) = split(text)?;
            let interval = Duration::from_secs(scan::number::<u32>(seconds)?.into());
            let refresher = match params.get("refresher").map(str::to_ascii_lowercase).as_deref() {
                Some("uac") => Some(Refresher::Uac),
                Some("uas") => Some(Refresher::Uas),
                Some(_) => return None,
                None => None,
            };
            Some(Self { interval, refresher })
        };
        read().ok_or(Invalid("Session-Expires"))
    }
}

impl FromStr for RAck {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (rseq, cseq) = text.trim_matches(BLANKS).split_once(BLANKS).ok_or(Invalid("RAck"))?;
        let rseq = scan::number(rseq).ok_or(Invalid("RAck"))?;
        Ok(Self { rseq, cseq: cseq.parse().map_err(|_| Invalid("RAck"))? })
    }
}

impl FromStr for Replaces {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::read(text).ok_or(Invalid("Replaces"))
    }
}

impl FromStr for Package {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (name, params) = split(text).filter(|(name, _)| scan::is_token(name)).ok_or(Invalid("Event"))?;
        Ok(Self { name: name.to_ascii_lowercase(), id: params.get("id").map(str::to_owned) })
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.interval.as_secs())?;
        match self.refresher {
            Some(Refresher::Uac) => f.write_str(";refresher=uac"),
            Some(Refresher::Uas) => f.write_str(";refresher=uas"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rseq, self.cseq)
    }
}

impl fmt::Display for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};to-tag={};from-tag={}", self.call_id, self.to_tag, self.from_tag)?;
        if self.early_only { f.write_str(";early-only") } else { Ok(()) }
    }
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.id.iter().try_for_each(|id| write!(f, ";id={id}"))
    }
}

/// The value before the first `;`, and the parameters after it.
fn split(text: &str) -> Option<(&str, Params)> {
    let (value, params) = match scan::split_once(text, b';') {
        Some((value, params)) => (value, Params::of_header(params)?),
        None => (text, Params::new()),
    };
    let value = value.trim_matches(BLANKS);
    (!value.is_empty()).then_some((value, params))
}
