//! Key maps: which keys a role has, and the matcher that turns a member's digits into actions.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::str::FromStr;
use std::sync::Arc;

/// The longest sequence of a key map.
const MAX_SEQUENCE: usize = 8;

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyAction {
    /// Mute or unmute.
    Mute,
    /// Mute.
    MuteOn,
    /// Unmute.
    MuteOff,
    /// Hear nothing of the room, or hear it again.
    Deaf,
    /// Mute and deaf together, or neither.
    DeafMute,
    /// Raise the gate by 200.
    EnergyUp,
    /// Set the gate to the profile's value.
    EnergyEqu,
    /// Lower the gate by 200.
    EnergyDown,
    /// Others hear me louder.
    TalkUp,
    /// Others hear me as I am.
    TalkZero,
    /// Others hear me less loud.
    TalkDown,
    /// I hear the room louder.
    ListenUp,
    /// I hear the room as it is.
    ListenZero,
    /// I hear the room less loud.
    ListenDown,
    /// Leave.
    Hangup,
    /// Type a number and call it into the room.
    Invite,
    /// Take back my newest invite.
    CancelLastInvite,
}

impl KeyAction {
    /// All actions with the names they have in the configuration (FreeSWITCH's, where it has the action).
    pub const NAMES: [(Self, &'static str); 17] = [
        (Self::Mute, "mute"),
        (Self::MuteOn, "mute on"),
        (Self::MuteOff, "mute off"),
        (Self::Deaf, "deaf"),
        (Self::DeafMute, "deaf mute"),
        (Self::EnergyUp, "energy up"),
        (Self::EnergyEqu, "energy equ"),
        (Self::EnergyDown, "energy dn"),
        (Self::TalkUp, "vol talk up"),
        (Self::TalkZero, "vol talk zero"),
        (Self::TalkDown, "vol talk dn"),
        (Self::ListenUp, "vol listen up"),
        (Self::ListenZero, "vol listen zero"),
        (Self::ListenDown, "vol listen dn"),
        (Self::Hangup, "hangup"),
        (Self::Invite, "invite"),
        (Self::CancelLastInvite, "cancel last invite"),
    ];

    /// Whether it needs a role that may invite.
    pub fn needs_invite_plan(self) -> bool {
        matches!(self, Self::Invite | Self::CancelLastInvite)
    }

    /// The names of all actions.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().map(|(_, name)| name)
    }
}

impl fmt::Display for KeyAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(action, _)| action == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

/// There is no action of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no action `{0}`; the actions are: {list}", list = KeyAction::names().collect::<Vec<_>>().join(", "))]
pub struct UnknownAction(pub String);

impl FromStr for KeyAction {
    type Err = UnknownAction;

    fn from_str(name: &str) -> Result<Self, UnknownAction> {
        let found = Self::NAMES.iter().find(|(_, known)| *known == name);
        found.map(|(action, _)| *action).ok_or_else(|| UnknownAction(name.to_owned()))
    }
}

/// A binding that cannot stand. All name the sequence, so that the line can be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyMapError {
    /// The sequence is bound already.
    #[error("`{sequence}` is bound twice")]
    Duplicate {
        /// The keys.
        sequence: String,
    },
    /// The binding, or a part of it, could never act.
    #[error("`{sequence}`: {why}")]
    Unreachable {
        /// The keys.
        sequence: String,
        /// Why it could not.
        why: &'static str,
    },
    /// No phone has this key.
    #[error("`{sequence}`: `{digit}` is no key; the keys are 0-9 * # A-D")]
    IllegalDigit {
        /// The keys.
        sequence: String,
        /// The key.
        digit: char,
    },
    /// There is no such action.
    #[error("`{sequence}`: {error}")]
    UnknownAction {
        /// The keys.
        sequence: String,
        /// What was written.
        error: UnknownAction,
    },
}

impl KeyMapError {
    /// The sequence that cannot be bound so, as written.
    pub fn sequence(&self) -> &str {
        match self {
            Self::Duplicate { sequence }
            | Self::Unreachable { sequence, .. }
            | Self::IllegalDigit { sequence, .. }
            | Self::UnknownAction { sequence, .. } => sequence,
        }
    }
}

/// The sequences of a role, each with the actions it carries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyMap {
    bindings: Arc<BTreeMap<String, Vec<KeyAction>>>,
}

impl KeyMap {
    /// Binds sequences to the names of their actions. Returns all errors there are.
    pub fn new<S, A>(bindings: impl IntoIterator<Item = (S, Vec<A>)>) -> Result<Self, Vec<KeyMapError>>
    where
        S: AsRef<str>,
        A: AsRef<str>,
    {
        let (mut map, mut errors) = (BTreeMap::new(), Vec::new());
        for (sequence, actions) in bindings {
            let sequence = sequence.as_ref();
            match read_binding(sequence, &actions) {
                Err(error) => errors.push(error),
                Ok(_) if map.contains_key(sequence) => {
                    errors.push(KeyMapError::Duplicate { sequence: sequence.to_owned() });
                }
                Ok(actions) => drop(map.insert(sequence.to_owned(), actions)),
            }
        }
        if errors.is_empty() { Ok(Self { bindings: Arc::new(map) }) } else { Err(errors) }
    }

    /// All sequences with their actions.
    pub fn bindings(&self) -> impl Iterator<Item = (&str, &[KeyAction])> {
        self.bindings.iter().map(|(sequence, actions)| (sequence.as_str(), actions.as_slice()))
    }

    fn actions(&self, sequence: &str) -> Option<&[KeyAction]> {
        self.bindings.get(sequence).map(Vec::as_slice)
    }

    /// Whether a longer sequence begins with these digits.
    fn continues(&self, digits: &str) -> bool {
        let longer = (Bound::Excluded(digits), Bound::Unbounded);
        self.bindings.range::<str, _>(longer).next().is_some_and(|(next, _)| next.starts_with(digits))
    }

    /// How many of the digits, from the front, are the longest bound sequence.
    fn longest_prefix(&self, digits: &str) -> Option<usize> {
        (1..=digits.len()).rev().find(|&length| self.bindings.contains_key(&digits[..length]))
    }
}

fn read_binding<A: AsRef<str>>(sequence: &str, actions: &[A]) -> Result<Vec<KeyAction>, KeyMapError> {
    let unreachable = |why| Err(KeyMapError::Unreachable { sequence: sequence.to_owned(), why });
    if let Some(digit) = sequence.chars().find(|digit| !is_key(*digit)) {
        return Err(KeyMapError::IllegalDigit { sequence: sequence.to_owned(), digit });
    }
    if sequence.is_empty() {
        return unreachable("a sequence has one key at least");
    }
    if sequence.len() > MAX_SEQUENCE {
        return unreachable("a sequence has 8 keys at most");
    }
    let parse = |name: &A| name.as_ref().parse::<KeyAction>();
    let unknown = |error| KeyMapError::UnknownAction { sequence: sequence.to_owned(), error };
    let actions: Vec<_> = actions.iter().map(parse).collect::<Result<_, _>>().map_err(unknown)?;
    match actions.iter().position(|action| *action == KeyAction::Hangup) {
        None if actions.is_empty() => unreachable("it has no action"),
        Some(at) if at + 1 < actions.len() => unreachable("what follows `hangup` can never act"),
        _ => Ok(actions),
    }
}

fn is_key(digit: char) -> bool {
    matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D')
}

/// Turns the digits of one member into actions: the longest sequence wins. While the digits could still
/// become a longer sequence it waits; the caller then calls [`Matcher::timeout`] when no digit came within
/// the inter-digit timeout.
#[derive(Debug, Clone)]
pub struct Matcher {
    map: KeyMap,
    pending: String,
}

impl Matcher {
    /// A matcher that has seen nothing.
    pub fn new(map: KeyMap) -> Self {
        Self { map, pending: String::with_capacity(MAX_SEQUENCE) }
    }

    /// Takes a digit and appends what it sets off to `fired`. What is no key is ignored.
    pub fn push(&mut self, digit: char, fired: &mut Vec<KeyAction>) {
        if is_key(digit) {
            self.pending.push(digit);
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
        while !self.pending.is_empty() && (timed_out || !self.map.continues(&self.pending)) {
            let length = self.map.longest_prefix(&self.pending);
            if let Some(actions) = length.and_then(|length| self.map.actions(&self.pending[..length])) {
                fired.extend_from_slice(actions);
            }
            self.pending.drain(..length.unwrap_or(1));
        }
    }
}

#[cfg(test)]
mod tests;
