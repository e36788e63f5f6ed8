//! The matcher of one member's keys.

use super::KeyAction;
use super::map::{KeyMap, MAX_SEQUENCE, is_key};

/// Turns the digits of one member into actions: the longest sequence wins. While the digits could still
/// become a longer sequence it waits, until the caller says that no digit came within the inter-digit timeout.
#[derive(Debug, Clone)]
pub struct Matcher {
    map: KeyMap,
    pending: Vec<u8>,
}

impl Matcher {
    /// A matcher that has seen nothing.
    pub fn new(map: KeyMap) -> Self {
        Self { map, pending: Vec::with_capacity(MAX_SEQUENCE) }
    }

    /// The sequences that it knows.
    pub fn map(&self) -> &KeyMap {
        &self.map
    }

    /// Takes a digit. What is no key is ignored.
    pub fn push(&mut self, digit: char) {
        if is_key(digit) {
            self.pending.push(digit as u8);
        }
    }

    /// The actions of the next sequence that is complete, to be asked for until there is none. What follows it is
    /// still pending: it may be meant for what the actions lead to. `timed_out`: no digit came in time, so what is
    /// pending acts as it is, or is dropped.
    pub fn fire(&mut self, timed_out: bool) -> Option<Vec<KeyAction>> {
        while !self.pending.is_empty() && (timed_out || !self.may_go_on()) {
            let found = self.map.longest_prefix(&self.pending);
            let (length, actions) =
                found.map_or((1, None), |(length, actions)| (length, Some(actions.to_vec())));
            self.pending.drain(..length);
            if actions.is_some() {
                return actions;
            }
        }
        None
    }

    /// The digits that are pending; it forgets them.
    pub fn take(&mut self) -> String {
        self.pending.drain(..).map(char::from).collect()
    }

    /// Whether it waits for a further digit.
    pub fn is_waiting(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Forgets what is pending.
    pub fn clear(&mut self) {
        self.pending.clear();
    }

    /// Whether a longer sequence begins with what is pending.
    fn may_go_on(&self) -> bool {
        self.map.node(&self.pending).is_some_and(|node| node.continues)
    }

    #[cfg(test)]
    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }
}
