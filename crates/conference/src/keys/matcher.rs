//! The matcher of one member's keys.

use super::KeyAction;
use super::map::{KeyMap, MAX_SEQUENCE, is_key};

/// Turns the digits of one member into actions: the longest sequence wins. While the digits could still
/// become a longer sequence it waits; the caller then calls [`Matcher::timeout`] when no digit came within
/// the inter-digit timeout.
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

    /// Takes a digit and appends what it sets off to `fired`. What is no key is ignored.
    pub fn push(&mut self, digit: char, fired: &mut Vec<KeyAction>) {
        if is_key(digit) {
            self.pending.push(digit as u8);
            self.settle(false, fired);
        }
    }

    /// No further digit came in time: what is pending acts as it is, or is dropped.
    pub fn timeout(&mut self, fired: &mut Vec<KeyAction>) {
        self.settle(true, fired);
    }

    /// Whether it waits for a further digit.
    pub fn is_waiting(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Forgets what is pending.
    pub fn clear(&mut self) {
        self.pending.clear();
    }

    fn settle(&mut self, timed_out: bool, fired: &mut Vec<KeyAction>) {
        while !self.pending.is_empty() && (timed_out || !self.may_go_on()) {
            let (length, actions) = self.map.longest_prefix(&self.pending).unwrap_or((1, &[]));
            fired.extend_from_slice(actions);
            self.pending.drain(..length);
        }
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
