//! The server side.

use std::time::Instant;

use subtle::ConstantTimeEq;

use super::nonce::Nonces;
use super::{Algorithm, Challenge, Credentials, Secret, digest_response, hex};
use crate::message::{Request, header};

/// What a [`Verifier`] thinks of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The user proved to know the password.
    Ok(String),
    /// No digest credentials for our realm: challenge.
    Missing,
    /// The password is right but the nonce is old, foreign or used up: challenge with `stale=true`.
    Stale,
    /// Unknown user, wrong password, or nonsense: challenge, and count a failure.
    Refused,
}

/// The server side: makes challenges and checks what comes back, without a state for each challenge.
#[derive(Debug)]
pub struct Verifier {
    realm: String,
    algorithms: Vec<Algorithm>,
    nonces: Nonces,
    /// Stands in for the password of a user that does not exist.
    decoy: Secret,
}

impl Verifier {
    /// A verifier for one realm that takes these algorithms, the most wanted first; its nonces are keyed by the seed.
    pub fn new(realm: impl Into<String>, algorithms: Vec<Algorithm>, seed: [u8; 32]) -> Self {
        let realm = realm.into();
        let decoy = Secret::new(hex(&seed[..8]));
        Self { nonces: Nonces::new(realm.clone(), seed), realm, algorithms, decoy }
    }

    /// The challenges to send, the most wanted first (RFC 8760 §2.4), each as its own WWW-Authenticate.
    pub fn challenges(&mut self, now: Instant, stale: bool) -> Vec<Challenge> {
        let nonce = self.nonces.issue(now);
        let challenge = |algorithm: Algorithm| Challenge {
            realm: self.realm.clone(),
            nonce: nonce.clone(),
            algorithm: Some(algorithm.name().to_owned()),
            opaque: None,
            stale,
            qop: Some("auth".to_owned()),
        };
        self.algorithms.iter().copied().map(challenge).collect()
    }

    /// Judges the Authorization of a request. The work is the same for an unknown user.
    pub fn verify<'a>(
        &mut self,
        now: Instant,
        request: &Request,
        lookup: impl Fn(&str) -> Option<&'a Secret>,
    ) -> Verdict {
        let Some(credentials) = self.credentials(request) else { return Verdict::Missing };
        self.judge(now, &credentials, request.method.as_str(), lookup(&credentials.username))
    }

    /// The credentials that are for our realm and of an algorithm that is taken.
    pub(crate) fn credentials(&self, request: &Request) -> Option<Credentials> {
        let taken = |algorithm| self.algorithms.contains(&algorithm);
        let ours = |credentials: &Credentials| {
            credentials.realm == self.realm && credentials.algorithm().is_some_and(taken)
        };
        request.headers.credentials(header::AUTHORIZATION).into_iter().find(ours)
    }

    /// Judges such credentials by the password of the user that they name.
    pub(crate) fn judge(
        &mut self,
        now: Instant,
        credentials: &Credentials,
        method: &str,
        secret: Option<&Secret>,
    ) -> Verdict {
        let proved = self.proves(credentials, method, secret.unwrap_or(&self.decoy));
        let nonce = self.nonces.check(now, &credentials.nonce);
        let Some(nc) = read_count(credentials).filter(|_| proved && secret.is_some()) else {
            return Verdict::Refused;
        };
        match nonce {
            Some(id) if self.nonces.count(now, id, nc) => Verdict::Ok(credentials.username.clone()),
            _ => Verdict::Stale,
        }
    }

    fn proves(&self, credentials: &Credentials, method: &str, secret: &Secret) -> bool {
        let algorithm = credentials.algorithm().unwrap_or(Algorithm::Md5);
        let expected = digest_response(algorithm, credentials, method, secret);
        same(&expected, &credentials.response.to_ascii_lowercase())
    }
}

/// Equality in the same time wherever the texts differ.
pub(super) fn same(one: &str, two: &str) -> bool {
    one.as_bytes().ct_eq(two.as_bytes()).into()
}

/// The count; `None` unless all that `qop=auth` asks for is there (RFC 7616 §3.4).
fn read_count(credentials: &Credentials) -> Option<u32> {
    let protected = credentials.qop.as_deref().is_some_and(|qop| qop.eq_ignore_ascii_case("auth"));
    let nc = credentials
        .nc
        .as_deref()
        .filter(|nc| nc.len() == 8 && nc.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let complete = protected && credentials.cnonce.is_some();
    complete.then(|| u32::from_str_radix(nc, 16).ok()).flatten()
}
