//! Digest authentication (RFC 7616, RFC 8760): both sides.

mod fields;
mod nonce;
mod verifier;

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, Mac};
use md5::Md5;
use sha2::{Digest, Sha256};

use crate::message::Invalid;
use crate::message::scan::{Quoted, is_token};
use fields::Fields;

pub use verifier::{Verdict, Verifier};

/// A hash that we can compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the algorithm's own name")]
pub enum Algorithm {
    Md5,
    Sha256,
}

impl Algorithm {
    /// All that there are, the best first.
    pub const ALL: [Self; 2] = [Self::Sha256, Self::Md5];

    /// The name in an `algorithm` parameter.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    /// The algorithm of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(name))
    }

    /// The algorithm of an `algorithm` parameter, MD5 when there is none; `None` if it is not one of ours.
    fn named(name: Option<&str>) -> Option<Self> {
        name.map_or(Some(Self::Md5), Self::parse)
    }

    /// The hash of the parts joined by colons, in lower-case hex.
    fn hash(self, parts: &[&str]) -> String {
        let text = parts.join(":");
        match self {
            Self::Md5 => hex(&Md5::digest(text)),
            Self::Sha256 => hex(&Sha256::digest(text)),
        }
    }
}

/// A password. `Debug` never prints it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes the password.
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }

    /// The password itself: only for the hash and for a check of its strength.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A `WWW-Authenticate: Digest` or `Proxy-Authenticate: Digest`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the parameters of RFC 7616 §3.3")]
pub struct Challenge {
    pub realm: String,
    pub nonce: String,
    /// As written; `None` means MD5.
    pub algorithm: Option<String>,
    pub opaque: Option<String>,
    pub stale: bool,
    /// The list as written, such as `auth,auth-int`; `None` for a server of RFC 2069.
    pub qop: Option<String>,
}

impl Challenge {
    /// The algorithm, if it is one of ours.
    pub fn algorithm(&self) -> Option<Algorithm> {
        Algorithm::named(self.algorithm.as_deref())
    }

    /// The credentials that answer this; `None` when its algorithm is not ours, or its qop lacks `auth`. `nc` counts the
    /// requests sent with this nonce, from 1.
    pub fn answer(
        &self,
        method: &str,
        uri: &str,
        user: &str,
        password: &Secret,
        cnonce: &str,
        nc: u32,
    ) -> Option<Credentials> {
        let algorithm = self.algorithm()?;
        let auth = |list: &str| list.split(',').any(|qop| qop.trim().eq_ignore_ascii_case("auth"));
        let protected = match &self.qop {
            Some(list) if auth(list) => true,
            Some(_) => return None,
            None => false,
        };
        let mut credentials = Credentials {
            username: user.to_owned(),
            realm: self.realm.clone(),
            nonce: self.nonce.clone(),
            uri: uri.to_owned(),
            response: String::new(),
            algorithm: self.algorithm.clone(),
            cnonce: protected.then(|| cnonce.to_owned()),
            opaque: self.opaque.clone(),
            qop: protected.then(|| "auth".to_owned()),
            nc: protected.then(|| format!("{nc:08x}")),
        };
        credentials.response = digest_response(algorithm, &credentials, method, password);
        Some(credentials)
    }
}

/// An `Authorization: Digest` or `Proxy-Authorization: Digest`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the parameters of RFC 7616 §3.4")]
pub struct Credentials {
    pub username: String,
    pub realm: String,
    pub nonce: String,
    pub uri: String,
    pub response: String,
    /// As written; `None` means MD5.
    pub algorithm: Option<String>,
    pub cnonce: Option<String>,
    pub opaque: Option<String>,
    pub qop: Option<String>,
    /// Eight hex digits as written.
    pub nc: Option<String>,
}

impl Credentials {
    /// The algorithm, if it is one of ours.
    pub fn algorithm(&self) -> Option<Algorithm> {
        Algorithm::named(self.algorithm.as_deref())
    }
}

/// The `response` parameter that goes with such credentials (RFC 7616 §3.4.1; without qop, RFC 2069).
pub fn digest_response(
    algorithm: Algorithm,
    credentials: &Credentials,
    method: &str,
    password: &Secret,
) -> String {
    let Credentials { username, realm, nonce, uri, cnonce, qop, nc, .. } = credentials;
    let secret = algorithm.hash(&[username, realm, password.expose()]);
    let request = algorithm.hash(&[method, uri]);
    match qop {
        Some(qop) => {
            let (nc, cnonce) = (nc.as_deref().unwrap_or_default(), cnonce.as_deref().unwrap_or_default());
            algorithm.hash(&[&secret, nonce, nc, cnonce, qop, &request])
        }
        None => algorithm.hash(&[&secret, nonce, &request]),
    }
}

impl FromStr for Challenge {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = Invalid("challenge");
        let mut fields = Fields::read(text).ok_or(invalid)?;
        Ok(Self {
            realm: fields.take("realm").ok_or(invalid)?,
            nonce: fields.take("nonce").ok_or(invalid)?,
            algorithm: fields.take("algorithm"),
            opaque: fields.take("opaque"),
            stale: fields.take("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            qop: fields.take("qop"),
        })
    }
}

impl FromStr for Credentials {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = Invalid("credentials");
        let mut fields = Fields::read(text).ok_or(invalid)?;
        Ok(Self {
            username: fields.take("username").ok_or(invalid)?,
            realm: fields.take("realm").ok_or(invalid)?,
            nonce: fields.take("nonce").ok_or(invalid)?,
            uri: fields.take("uri").ok_or(invalid)?,
            response: fields.take("response").ok_or(invalid)?,
            algorithm: fields.take("algorithm"),
            cnonce: fields.take("cnonce"),
            opaque: fields.take("opaque"),
            qop: fields.take("qop"),
            nc: fields.take("nc"),
        })
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest realm={}, nonce={}", Quoted(&self.realm), Quoted(&self.nonce))?;
        bare(f, "algorithm", self.algorithm.as_deref())?;
        quoted(f, "qop", self.qop.as_deref())?;
        quoted(f, "opaque", self.opaque.as_deref())?;
        bare(f, "stale", self.stale.then_some("true"))
    }
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest username={}, realm={}", Quoted(&self.username), Quoted(&self.realm))?;
        write!(f, ", nonce={}, uri={}", Quoted(&self.nonce), Quoted(&self.uri))?;
        quoted(f, "response", Some(&self.response))?;
        bare(f, "algorithm", self.algorithm.as_deref())?;
        bare(f, "qop", self.qop.as_deref())?;
        bare(f, "nc", self.nc.as_deref())?;
        quoted(f, "cnonce", self.cnonce.as_deref())?;
        quoted(f, "opaque", self.opaque.as_deref())
    }
}

/// A token as it is; what is none in quotes, as it must have come.
fn bare(f: &mut fmt::Formatter<'_>, name: &str, value: Option<&str>) -> fmt::Result {
    match value {
        Some(value) if is_token(value) => write!(f, ", {name}={value}"),
        value => quoted(f, name, value),
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, name: &str, value: Option<&str>) -> fmt::Result {
    value.map_or(Ok(()), |value| write!(f, ", {name}={}", Quoted(value)))
}

/// Two lower-case digits for each byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// An HMAC that has taken in its key.
pub(crate) fn keyed(key: [u8; 32]) -> Hmac<Sha256> {
    // A key shorter than a block, filled up with zeros, is what HMAC makes of it too.
    let mut block = [0; 64];
    block.iter_mut().zip(key).for_each(|(to, from)| *to = from);
    Hmac::new(&block.into())
}

#[cfg(test)]
mod tests;
