//! URIs (RFC 3261 §19.1, RFC 3966).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::params::escapes_are_whole;
use super::scan::{Class, number};
use super::{Invalid, Params};

const INVALID: Invalid = Invalid("URI");
/// `#` is not of the grammar, but keypads have it and phones write it bare.
static USER: Class = Class::alphanumeric_and(b"-_.!~*'()%&=+$,;?/#");
static HOST: Class = Class::alphanumeric_and(b"-._");
static VISIBLE: Class = Class::visible_but(b"<>\"");

/// The scheme of a URI.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the scheme's own name")]
pub enum Scheme {
    Sip,
    Sips,
    Tel,
    Other(String),
}

/// A host as written: an address, or a name that nobody has looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// An IPv4 address, or an IPv6 address (in brackets on the wire).
    Ip(IpAddr),
    /// A host name.
    Name(String),
}

/// A URI. `tel:` and unknown schemes keep what follows the colon in `user`, and have an empty host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uri {
    /// `sip`, `sips`, ...
    pub scheme: Scheme,
    /// The user part as written, escapes kept.
    pub user: Option<String>,
    /// The password part as written.
    pub password: Option<String>,
    /// The host.
    pub host: Host,
    /// The port, when one is written.
    pub port: Option<u16>,
    /// `;transport=tcp;lr` and the like.
    pub params: Params,
    /// What follows `?`, as written.
    pub headers: Option<String>,
}

impl Uri {
    /// `sip:user@host:port`.
    pub fn sip(user: Option<&str>, host: Host, port: Option<u16>) -> Self {
        let user = user.map(str::to_owned);
        Self { scheme: Scheme::Sip, user, password: None, host, port, params: Params::new(), headers: None }
    }

    /// The user part with its `%xx` escapes undone; bytes that are no UTF-8 become U+FFFD.
    pub fn unescaped_user(&self) -> Option<String> {
        let user = self.user.as_deref()?;
        Some(String::from_utf8_lossy(&unescape(user)).into_owned())
    }

    /// Equality as RFC 3261 §19.1.4 defines it.
    pub fn matches(&self, other: &Self) -> bool {
        self.scheme == other.scheme
            && same_part(self.user.as_deref(), other.user.as_deref())
            && same_part(self.password.as_deref(), other.password.as_deref())
            && self.host.matches(&other.host)
            && self.port == other.port
            && same_params(&self.params, &other.params)
            && same_params(&other.params, &self.params)
            && self.headers == other.headers
    }

    fn read_sip(scheme: Scheme, rest: &str) -> Option<Self> {
        let (userinfo, rest) = rest.split_once('@').map_or((None, rest), |(user, rest)| (Some(user), rest));
        let (rest, headers) =
            rest.split_once('?').map_or((rest, None), |(rest, headers)| (rest, Some(headers)));
        let (address, params) =
            rest.split_once(';').map_or((rest, None), |(rest, params)| (rest, Some(params)));
        let (user, password) = match userinfo {
            Some(userinfo) => read_userinfo(userinfo)?,
            None => (None, None),
        };
        let (host, port) = Host::read_with_port(address)?;
        let params = params.map_or(Some(Params::new()), Params::of_uri)?;
        let headers = match headers {
            Some(headers) => Some(visible(headers)?.to_owned()),
            None => None,
        };
        Some(Self { scheme, user, password, host, port, params, headers })
    }

    fn read_opaque(scheme: Scheme, rest: &str) -> Option<Self> {
        let (user, params) = match (&scheme, rest.split_once(';')) {
            (Scheme::Tel, Some((number, params))) => (number, Params::of_uri(params)?),
            _ => (rest, Params::new()),
        };
        let user = Some(visible(user)?.to_owned());
        let host = Host::Name(String::new());
        Some(Self { scheme, user, password: None, host, port: None, params, headers: None })
    }
}

impl Host {
    /// Equality of names without regard to case.
    pub fn matches(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(one), Self::Name(two)) => one.eq_ignore_ascii_case(two),
            _ => self == other,
        }
    }

    /// Reads `host[:port]`, an IPv6 address in brackets.
    pub(crate) fn read_with_port(text: &str) -> Option<(Self, Option<u16>)> {
        let end = match text.strip_prefix('[') {
            Some(inner) => inner.find(']')? + 2,
            None => text.find(':').unwrap_or(text.len()),
        };
        let (host, rest) = text.split_at(end);
        let host = host.trim_end_matches(' ').parse().ok()?;
        match rest.trim_start_matches(' ').strip_prefix(':') {
            Some(port) => Some((host, Some(number(port.trim_start_matches(' '))?))),
            None => rest.is_empty().then_some((host, None)),
        }
    }
}

impl FromStr for Uri {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (scheme, rest) = text.split_once(':').ok_or(INVALID)?;
        let scheme: Scheme = scheme.parse()?;
        match scheme {
            Scheme::Sip | Scheme::Sips => Self::read_sip(scheme, rest),
            _ => Self::read_opaque(scheme, rest),
        }
        .ok_or(INVALID)
    }
}

impl FromStr for Scheme {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        match text {
            _ if !text.starts_with(|first: char| first.is_ascii_alphabetic()) => Err(INVALID),
            _ if text.eq_ignore_ascii_case("sip") => Ok(Self::Sip),
            _ if text.eq_ignore_ascii_case("sips") => Ok(Self::Sips),
            _ if text.eq_ignore_ascii_case("tel") => Ok(Self::Tel),
            _ if text.bytes().all(valid) => Ok(Self::Other(text.to_ascii_lowercase())),
            _ => Err(INVALID),
        }
    }
}

impl FromStr for Host {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if let Some(address) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            // The grammar of RFC 3261 lets a third colon in before an IPv4 part (RFC 5118 §4.10).
            let address = address.replacen(":::", "::", 1);
            return address.parse().map(|address| Self::Ip(IpAddr::V6(address))).map_err(|_| INVALID);
        }
        match text.parse() {
            Ok(address) => Ok(Self::Ip(IpAddr::V4(address))),
            Err(_) if HOST.holds(text) => Ok(Self::Name(text.to_owned())),
            Err(_) => Err(INVALID),
        }
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        Self::Ip(address)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.scheme)?;
        if let Some(user) = &self.user {
            f.write_str(user)?;
        }
        if let Some(password) = &self.password {
            write!(f, ":{password}")?;
        }
        if self.user.is_some() && matches!(self.scheme, Scheme::Sip | Scheme::Sips) {
            f.write_str("@")?;
        }
        write!(f, "{}", self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)?;
        self.headers.iter().try_for_each(|headers| write!(f, "?{headers}"))
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sip => "sip",
            Self::Sips => "sips",
            Self::Tel => "tel",
            Self::Other(name) => name,
        })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Ip(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

type Userinfo = (Option<String>, Option<String>);

fn read_userinfo(text: &str) -> Option<Userinfo> {
    let (user, password) = text.split_once(':').map_or((text, None), |(user, word)| (user, Some(word)));
    let valid = is_user(user) && password.is_none_or(|word| word.is_empty() || is_user(word));
    valid.then(|| (Some(user.to_owned()), password.map(str::to_owned)))
}

fn is_user(text: &str) -> bool {
    USER.holds(text) && escapes_are_whole(text)
}

fn visible(text: &str) -> Option<&str> {
    VISIBLE.holds(text).then_some(text)
}

fn unescape(text: &str) -> Vec<u8> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend_from_slice(&part.as_bytes()[2..]);
            }
            None => {
                bytes.push(b'%');
                bytes.extend_from_slice(part.as_bytes());
            }
        }
    }
    bytes
}

fn same_part(one: Option<&str>, two: Option<&str>) -> bool {
    one.map(unescape) == two.map(unescape)
}

/// Whether every parameter of one that counts is the same in the other; a foreign one counts only if both have it.
fn same_params(one: &Params, other: &Params) -> bool {
    let must_be_in_both = |name: &str| {
        ["user", "ttl", "method", "maddr"].iter().any(|needed| needed.eq_ignore_ascii_case(name))
    };
    one.iter().all(|(name, value)| match other.contains(name) {
        true => same_value(value, other.get(name)),
        false => !must_be_in_both(name),
    })
}

fn same_value(one: Option<&str>, two: Option<&str>) -> bool {
    let folded = |value: &str| unescape(value).to_ascii_lowercase();
    one.map(folded) == two.map(folded)
}
