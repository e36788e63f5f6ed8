//! Via (RFC 3261 §20.42, RFC 3581).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::scan::{self, BLANKS, is_token};
use super::{Host, Invalid, Params};

/// One hop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// The transport token in upper case: `UDP`, `TCP`, or whatever was written.
    pub transport: String,
    /// The sent-by host.
    pub host: Host,
    /// The sent-by port, when one is written.
    pub port: Option<u16>,
    /// `branch`, `received`, `rport`, ...
    pub params: Params,
}

impl Via {
    /// The transaction's branch.
    pub fn branch(&self) -> Option<&str> {
        self.params.get("branch")
    }

    /// The address that a server saw the request come from.
    pub fn received(&self) -> Option<IpAddr> {
        // Some write an IPv6 address in brackets here, though the grammar has none (RFC 5118 §4.5).
        self.params.get("received")?.trim_matches(['[', ']']).parse().ok()
    }

    /// Whether `rport` is there (RFC 3581 §3), and the port if it was filled in.
    pub fn rport(&self) -> Option<Option<u16>> {
        self.params.contains("rport").then(|| self.params.get("rport").and_then(scan::number))
    }

    fn read(text: &str) -> Option<Self> {
        let (address, params) = scan::split_once(text, b';').unwrap_or((text, ""));
        let (protocol, rest) = address.split_once('/')?;
        let (version, rest) = rest.split_once('/')?;
        // Another version is read too: what came with it must be answered with 505.
        let digits = |version: &str| version.split('.').all(|part| scan::number::<u32>(part).is_some());
        let known =
            protocol.trim_matches(BLANKS).eq_ignore_ascii_case("SIP") && digits(version.trim_matches(BLANKS));
        let (transport, sent_by) = rest.trim_matches(BLANKS).split_once(BLANKS)?;
        if !known || !is_token(transport) {
            return None;
        }
        let (host, port) = Host::read_with_port(sent_by.trim_start_matches(BLANKS))?;
        let params = Params::of_header(params)?;
        Some(Self { transport: transport.to_ascii_uppercase(), host, port, params })
    }
}

impl FromStr for Via {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::read(text).ok_or(Invalid("Via"))
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { transport, host, port, params } = self;
        write!(f, "SIP/2.0/{transport} {host}")?;
        if let Some(port) = port {
            write!(f, ":{port}")?;
        }
        write!(f, "{params}")
    }
}
