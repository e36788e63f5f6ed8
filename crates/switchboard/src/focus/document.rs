//! What phones are told of a room (RFC 4575): its state as text, and what of it is new to one of them.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use confab_conference::{Roster, RosterMember, RosterState};

use super::xml::Xml;

/// The most octets of users in one document: with all round it, it fits a datagram. Who is left comes with the next one.
const MAX_USERS: usize = 24_000;

/// The most endpoints that are told of one user: all who call through a switchboard of one number must fit, too.
const MAX_ENDPOINTS: usize = 64;

const NAMESPACE: &str = "urn:ietf:params:xml:ns:conference-info";

/// A room as it is now.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// `conference-description` and `conference-state`.
    facts: Arc<str>,
    /// The `user` elements by their entities.
    users: BTreeMap<Arc<str>, Arc<str>>,
}

/// What one subscriber knows of it.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The URI by which he knows the conference.
    entity: String,
    /// The number of the last document.
    version: u32,
    facts: Option<Arc<str>>,
    users: BTreeMap<Arc<str>, Arc<str>>,
}

impl Document {
    /// The state of a room at `host`, which is our domain or address.
    pub(super) fn of(roster: &Roster, host: &str) -> Self {
        let mut by_entity: BTreeMap<String, Vec<&RosterMember>> = BTreeMap::new();
        for member in &roster.members {
            by_entity.entry(entity_of(member, host)).or_default().push(member);
        }
        let user = |(entity, legs): (String, Vec<&RosterMember>)| {
            let element = user_element(&entity, &legs);
            (entity.into(), element.into())
        };
        Self { facts: facts(roster).into(), users: by_entity.into_iter().map(user).collect() }
    }
}

impl Told {
    /// Nothing yet of the conference that he knows by this URI.
    pub(super) fn about(entity: String) -> Self {
        Self { entity, ..Self::default() }
    }

    /// Forgets what was told: the next document is a full one.
    pub(super) fn forget(&mut self) {
        self.facts = None;
        self.users.clear();
    }

    /// The next document; `None`: there is nothing new.
    pub(super) fn next(&mut self, room: &Document) -> Option<String> {
        let full = self.facts.is_none();
        let facts = (self.facts.as_ref() != Some(&room.facts)).then(|| room.facts.clone());
        let users = self.changed_users(room);
        if facts.is_none() && users.is_empty() {
            return None;
        }
        self.version = self.version.wrapping_add(1);
        self.facts = Some(room.facts.clone());
        let (state, version) = (if full { "full" } else { "partial" }, self.version.to_string());
        let attributes =
            [("xmlns", NAMESPACE), ("entity", self.entity.as_str()), ("state", state), ("version", &version)];
        let mut xml = Xml::default();
        xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        xml.element("conference-info", &attributes, |xml| {
            facts.iter().for_each(|facts| xml.raw(facts));
            if full || !users.is_empty() {
                xml.element("users", &[("state", state)], |xml| xml.raw(&users));
            }
        });
        Some(xml.into_string())
    }

    /// Whether it is not all yet.
    pub(super) fn is_behind(&self, room: &Document) -> bool {
        self.facts.as_ref() != Some(&room.facts) || self.users != room.users
    }

    /// The elements of users who are new, other than before or gone, as many as fit.
    fn changed_users(&mut self, room: &Document) -> String {
        let mut xml = Xml::default();
        let gone: Vec<Arc<str>> =
            self.users.keys().filter(|entity| !room.users.contains_key(*entity)).cloned().collect();
        for entity in gone {
            xml.element("user", &[("entity", &entity), ("state", "deleted")], |_| ());
            self.users.remove(&entity);
        }
        let mut text = xml.into_string();
        for (entity, element) in &room.users {
            if self.users.get(entity) == Some(element) {
                continue;
            }
            if text.len() + element.len() > MAX_USERS && !text.is_empty() {
                break;
            }
            text.push_str(element);
            self.users.insert(entity.clone(), element.clone());
        }
        text
    }
}

fn facts(roster: &Roster) -> String {
    let mut xml = Xml::default();
    xml.element("conference-description", &[], |xml| {
        xml.text("display-text", &roster.name);
        if !roster.description.is_empty() {
            xml.text("subject", &roster.description);
        }
    });
    let word = |on: bool| if on { "true" } else { "false" };
    xml.element("conference-state", &[], |xml| {
        xml.text("user-count", &roster.size.to_string());
        xml.text("active", "true");
        xml.text("locked", word(roster.locked));
    });
    xml.into_string()
}

fn user_element(entity: &str, legs: &[&RosterMember]) -> String {
    let mut xml = Xml::default();
    xml.element("user", &[("entity", entity), ("state", "full")], |xml| {
        if let Some(name) = legs.iter().find_map(|leg| leg.name.as_deref()) {
            xml.text("display-text", name);
        }
        let moderates = legs.iter().any(|leg| leg.moderator);
        let role = if moderates { "moderator" } else { "participant" };
        xml.element("roles", &[], |xml| xml.text("entry", role));
        legs.iter().take(MAX_ENDPOINTS).for_each(|leg| endpoint_element(xml, entity, leg));
    });
    xml.into_string()
}

fn endpoint_element(xml: &mut Xml, entity: &str, leg: &RosterMember) {
    let of_leg = format!("{entity};leg={}", leg.leg.0);
    xml.element("endpoint", &[("entity", &of_leg), ("state", "full")], |xml| {
        xml.text("status", status(leg));
        xml.text("joining-method", if leg.leg.is_outgoing() { "dialed-out" } else { "dialed-in" });
        if leg.state == RosterState::Joined {
            xml.element("media", &[("id", "1")], |xml| {
                xml.text("type", "audio");
                xml.text("status", direction(leg));
            });
        }
    });
}

/// The status of an endpoint (RFC 4575 §5.7.2).
fn status(leg: &RosterMember) -> &'static str {
    match leg.state {
        RosterState::Calling => "dialing-out",
        RosterState::Entering | RosterState::Waiting => "pending",
        RosterState::Leaving => "disconnecting",
        RosterState::Joined if leg.held => "on-hold",
        RosterState::Joined if leg.muted => "muted-via-focus",
        RosterState::Joined => "connected",
    }
}

/// Which way a member's audio goes, as he sees it (RFC 4575 §5.8.5).
fn direction(leg: &RosterMember) -> &'static str {
    match (leg.muted || leg.held, leg.deaf || leg.held) {
        (false, false) => "sendrecv",
        (true, false) => "recvonly",
        (false, true) => "sendonly",
        (true, true) => "inactive",
    }
}

/// A user's URI; who shows no number has one of his own (RFC 4575 §5.6).
fn entity_of(member: &RosterMember, host: &str) -> String {
    if member.number == "anonymous" {
        return format!("sip:anonymous-{}@anonymous.invalid", member.leg.0);
    }
    format!("sip:{}@{host}", escaped(&member.number))
}

/// The user part of a URI.
fn escaped(user: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte);
    user.bytes().fold(String::new(), |text, byte| match safe(byte) {
        true => text + char::from(byte).encode_utf8(&mut [0; 4]),
        false => text + &format!("%{byte:02X}"),
    })
}
