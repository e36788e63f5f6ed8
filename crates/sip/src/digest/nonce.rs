//! Nonces that need no memory until they are used: the time of issue and a counter, sealed by an HMAC over them and
//! the realm. Only a nonce with which a password was proved is remembered, for its count.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::{hex, keyed};

/// How long a nonce may be used.
const LIFETIME: Duration = Duration::from_secs(60);
/// Nonces whose count is remembered. When there are more, the oldest become stale before their time.
const MAX_USED: usize = 16_384;
/// The part of the HMAC that is written.
const SEAL: usize = 12;

/// Time of issue, in ms since the first call, and a number that makes it unique.
type Id = (u64, u32);

#[derive(Debug)]
pub(super) struct Nonces {
    hmac: Hmac<Sha256>,
    realm: String,
    epoch: Option<Instant>,
    issued: u32,
    /// The highest count seen with each nonce.
    used: BTreeMap<Id, u32>,
    /// Nonces up to this one were forgotten, so none of them can be used for the first time.
    forgotten: Id,
}

impl Nonces {
    pub(super) fn new(realm: String, seed: [u8; 32]) -> Self {
        Self { hmac: keyed(seed), realm, epoch: None, issued: 0, used: BTreeMap::new(), forgotten: (0, 0) }
    }

    /// A fresh nonce.
    pub(super) fn issue(&mut self, now: Instant) -> String {
        self.issued = self.issued.wrapping_add(1).max(1);
        let id = (self.millis(now), self.issued);
        format!("{:016x}{:08x}{}", id.0, id.1, self.seal(id))
    }

    /// The nonce's identity, if it is one of ours and still fresh.
    pub(super) fn check(&mut self, now: Instant, nonce: &str) -> Option<Id> {
        let id = read_id(nonce)?;
        let (sealed, age) = (self.seal(id), self.millis(now).checked_sub(id.0)?);
        let genuine = super::verifier::same(nonce.get(24..)?, &sealed);
        (genuine && Duration::from_millis(age) <= LIFETIME).then_some(id)
    }

    /// Takes note of a use; false if the count does not rise.
    pub(super) fn count(&mut self, now: Instant, id: Id, nc: u32) -> bool {
        self.forget_old(now);
        if let Some(last) = self.used.get_mut(&id) {
            let rises = nc > *last;
            *last = nc.max(*last);
            return rises;
        }
        let first_use = id > self.forgotten && nc > 0;
        if first_use {
            self.used.insert(id, nc);
        }
        first_use
    }

    fn forget_old(&mut self, now: Instant) {
        let limit = self.millis(now).saturating_sub(LIFETIME.as_millis() as u64);
        while let Some(oldest) = self.used.first_entry() {
            let id = *oldest.key();
            if id.0 >= limit && self.used.len() < MAX_USED {
                break;
            }
            self.used.remove(&id);
            self.forgotten = self.forgotten.max(id);
        }
    }

    fn millis(&mut self, now: Instant) -> u64 {
        let epoch = *self.epoch.get_or_insert(now);
        now.saturating_duration_since(epoch).as_millis() as u64
    }

    fn seal(&self, (millis, number): Id) -> String {
        let mac = self.hmac.clone().chain_update(millis.to_be_bytes()).chain_update(number.to_be_bytes());
        hex(&mac.chain_update(&self.realm).finalize().into_bytes()[..SEAL])
    }
}

fn read_id(nonce: &str) -> Option<Id> {
    let digits = nonce.len() == 24 + 2 * SEAL && nonce.bytes().all(|byte| byte.is_ascii_hexdigit());
    let part = |range| nonce.get(range).filter(|_| digits);
    let millis = u64::from_str_radix(part(0..16)?, 16).ok()?;
    Some((millis, u32::from_str_radix(part(16..24)?, 16).ok()?))
}
