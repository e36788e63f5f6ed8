//! The location service of a registrar (RFC 3261 §10.3): which contacts a user can be reached at.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::endpoint::RegistrarConfig;
use crate::message::{Contacts, Headers, Host, NameAddr, Scheme, Uri};
use crate::transport::Flow;

/// One contact of a user.
#[derive(Clone, Debug)]
pub(crate) struct Binding {
    /// The URI that requests carry.
    pub(crate) contact: Uri,
    /// Where they go: the way the REGISTER came.
    pub(crate) flow: Flow,
    /// When it runs out.
    pub(crate) expires: Instant,
    /// The preference in thousandths.
    pub(crate) q: u16,
    call_id: String,
    cseq: u32,
}

/// What a REGISTER did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// A binding was made or refreshed.
    Bound { contact: String, expires: Duration },
    /// A binding was removed.
    Removed { contact: String },
}

/// Why a REGISTER did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denial {
    /// 400: the Contacts or the Expires make no sense.
    Malformed,
    /// 400: an older REGISTER came after a newer one.
    OutOfOrder,
    /// 403: more contacts than the user may have.
    TooMany,
    /// 423: a life below the least one.
    TooBrief,
}

/// All bindings.
#[derive(Debug, Default)]
pub(crate) struct Registrar {
    config: RegistrarConfig,
    users: BTreeMap<String, Vec<Binding>>,
    deadlines: BTreeSet<(Instant, String, String)>,
    sources: BTreeSet<(SocketAddr, String, String)>,
}

/// A wish for one contact: how long, 0 to remove.
struct Wish {
    contact: Uri,
    life: Duration,
    q: u16,
}

impl Registrar {
    /// Without any binding.
    pub(crate) fn new(config: RegistrarConfig) -> Self {
        Self { config, ..Self::default() }
    }

    /// Does what the REGISTER of an authenticated user asks, all of it or nothing.
    pub(crate) fn register(
        &mut self,
        now: Instant,
        user: &str,
        max_contacts: usize,
        headers: &Headers,
        flow: Flow,
    ) -> Result<Vec<Change>, Denial> {
        let order = (
            headers.call_id().unwrap_or_default().to_owned(),
            headers.cseq().map_err(|_| Denial::Malformed)?.number,
        );
        let wishes = match headers.contacts().map_err(|_| Denial::Malformed)? {
            Contacts::Star => self.clear_wishes(user, headers)?,
            Contacts::List(contacts) => self.wishes(headers, &contacts)?,
        };
        self.check_order(user, &wishes, &order)?;
        self.check_count(user, &wishes, max_contacts)?;
        Ok(wishes.into_iter().filter_map(|wish| self.apply(now, user, wish, &order, flow)).collect())
    }

    /// The user's bindings, the preferred ones first.
    pub(crate) fn bindings(&self, user: &str) -> &[Binding] {
        self.users.get(user).map_or(&[], Vec::as_slice)
    }

    /// Whether a live binding was registered from that address.
    pub(crate) fn is_source(&self, source: SocketAddr) -> bool {
        let from = (source, String::new(), String::new());
        self.sources.range(from..).next().is_some_and(|(known, ..)| *known == source)
    }

    /// Whether the user has a live binding that was registered from that address.
    pub(crate) fn is_source_of(&self, source: SocketAddr, user: &str) -> bool {
        let from = (source, user.to_owned(), String::new());
        self.sources.range(from..).next().is_some_and(|(known, name, _)| *known == source && name == user)
    }

    /// When the next binding runs out.
    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, ..)| *at)
    }

    /// Removes the bindings that have run out: users and contacts.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<(String, String)> {
        let mut gone = Vec::new();
        while let Some((_, user, contact)) = self.deadlines.first().filter(|(at, ..)| *at <= now).cloned() {
            self.remove(&user, |binding| binding.contact.to_string() == contact);
            gone.push((user, contact));
        }
        gone
    }

    /// A connection broke: calls open a new one, to the Contact if that is where the phone is, else to where it was.
    pub(crate) fn connection_lost(&mut self, flow: Flow) {
        // Strangers may open and close connections all day.
        if !self.is_source(flow.remote) {
            return;
        }
        for (user, bindings) in &mut self.users {
            for binding in bindings.iter_mut().filter(|binding| binding.flow == flow) {
                let contact = binding.contact.to_string();
                self.sources.remove(&(flow.remote, user.clone(), contact.clone()));
                binding.flow.connection = None;
                if binding.contact.host == Host::Ip(flow.remote.ip()) {
                    binding.flow.remote.set_port(binding.contact.port.unwrap_or(5060));
                }
                self.sources.insert((binding.flow.remote, user.clone(), contact));
            }
        }
    }

    fn clear_wishes(&self, user: &str, headers: &Headers) -> Result<Vec<Wish>, Denial> {
        if !matches!(headers.expires(), Some(Ok(0))) {
            return Err(Denial::Malformed);
        }
        let remove =
            |binding: &Binding| Wish { contact: binding.contact.clone(), life: Duration::ZERO, q: 0 };
        Ok(self.bindings(user).iter().map(remove).collect())
    }

    fn wishes(&self, headers: &Headers, contacts: &[NameAddr]) -> Result<Vec<Wish>, Denial> {
        // A malformed Expires counts as the default (RFC 3261 §10.3 step 7 by way of §20.19).
        let default = u32::try_from(self.config.default_expires.as_secs()).unwrap_or(u32::MAX);
        let common = headers.expires().and_then(Result::ok).unwrap_or(default);
        contacts.iter().map(|contact| self.wish(contact, common)).collect()
    }

    fn wish(&self, contact: &NameAddr, common: u32) -> Result<Wish, Denial> {
        if !matches!(contact.uri.scheme, Scheme::Sip | Scheme::Sips) {
            return Err(Denial::Malformed);
        }
        let own = contact.params.get("expires").map(|text| text.parse().unwrap_or(common));
        let life = Duration::from_secs(own.unwrap_or(common).into()).min(self.config.max_expires);
        if !life.is_zero() && life < self.config.min_expires {
            return Err(Denial::TooBrief);
        }
        let q = contact.params.get("q").map_or(Some(1000), thousandths).ok_or(Denial::Malformed)?;
        Ok(Wish { contact: contact.uri.clone(), life, q })
    }

    /// Within one Call-ID the CSeq must rise (RFC 3261 §10.3 step 7).
    fn check_order(
        &self,
        user: &str,
        wishes: &[Wish],
        (call_id, cseq): &(String, u32),
    ) -> Result<(), Denial> {
        let newer = |binding: &&Binding| binding.call_id == *call_id && binding.cseq >= *cseq;
        let touched = |binding: &Binding| wishes.iter().any(|wish| wish.contact.matches(&binding.contact));
        match self.bindings(user).iter().filter(newer).any(touched) {
            true => Err(Denial::OutOfOrder),
            false => Ok(()),
        }
    }

    fn check_count(&self, user: &str, wishes: &[Wish], max: usize) -> Result<(), Denial> {
        let known = self.bindings(user);
        let untouched = |b: &&Binding| !wishes.iter().any(|wish| wish.contact.matches(&b.contact));
        let kept = known.iter().filter(untouched).count();
        let bound = wishes.iter().filter(|wish| !wish.life.is_zero()).count();
        if bound > 0 && kept + bound > max { Err(Denial::TooMany) } else { Ok(()) }
    }

    fn apply(
        &mut self,
        now: Instant,
        user: &str,
        wish: Wish,
        (call_id, cseq): &(String, u32),
        flow: Flow,
    ) -> Option<Change> {
        let known = self.remove(user, |binding| binding.contact.matches(&wish.contact));
        let contact = wish.contact.to_string();
        if wish.life.is_zero() {
            return known.then_some(Change::Removed { contact });
        }
        let expires = now + wish.life;
        self.deadlines.insert((expires, user.to_owned(), contact.clone()));
        self.sources.insert((flow.remote, user.to_owned(), contact.clone()));
        let bindings = self.users.entry(user.to_owned()).or_default();
        let (call_id, cseq) = (call_id.clone(), *cseq);
        bindings.push(Binding { contact: wish.contact, flow, expires, q: wish.q, call_id, cseq });
        bindings.sort_by_key(|binding| std::cmp::Reverse(binding.q));
        Some(Change::Bound { contact, expires: wish.life })
    }

    fn remove(&mut self, user: &str, is_meant: impl Fn(&Binding) -> bool) -> bool {
        let Some(bindings) = self.users.get_mut(user) else { return false };
        let before = bindings.len();
        for binding in bindings.extract_if(.., |binding| is_meant(binding)) {
            let contact = binding.contact.to_string();
            self.deadlines.remove(&(binding.expires, user.to_owned(), contact.clone()));
            self.sources.remove(&(binding.flow.remote, user.to_owned(), contact));
        }
        before != bindings.len()
    }
}

/// A q value of RFC 3261 §25.1 in thousandths.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|b| b.is_ascii_digit());
    let fraction: u16 = if digits { format!("{fraction:0<3}").parse().ok()? } else { return None };
    match (whole, fraction) {
        ("0", _) => Some(fraction),
        ("1", 0) => Some(1000),
        _ => None,
    }
}
