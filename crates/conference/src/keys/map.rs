//! Key maps: which sequences a member has, and what each does.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{KeyAction, UnknownAction};

/// The longest sequence of a key map.
pub(super) const MAX_SEQUENCE: usize = 32;

/// The keys of a phone; those of a map are numbered in this order.
const KEYS: &[u8; 16] = b"0123456789*#ABCD";

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
        why: String,
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

/// Sequences of keys, each with the actions it carries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyMap {
    bindings: Arc<BTreeMap<String, Vec<KeyAction>>>,
    /// The sequences as a tree, so that each key is one step. The first node is the root.
    nodes: Arc<Vec<Node>>,
}

/// What may follow the keys that lead here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Node {
    next: [Option<u32>; KEYS.len()],
    pub(super) actions: Vec<KeyAction>,
    /// Whether a longer sequence begins with these keys.
    pub(super) continues: bool,
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
        if errors.is_empty() { Ok(Self::of(map)) } else { Err(errors) }
    }

    /// All sequences with their actions.
    pub fn bindings(&self) -> impl Iterator<Item = (&str, &[KeyAction])> {
        self.bindings.iter().map(|(sequence, actions)| (sequence.as_str(), actions.as_slice()))
    }

    /// Whether no key does anything.
    pub fn is_empty(&self) -> bool {
        self.bindings.is_empty()
    }

    /// All actions, with the sequence of each.
    pub fn actions(&self) -> impl Iterator<Item = (&str, &KeyAction)> {
        self.bindings().flat_map(|(sequence, actions)| actions.iter().map(move |action| (sequence, action)))
    }

    /// The node to which the keys lead, if a sequence begins with them.
    pub(super) fn node<'k>(&self, keys: impl IntoIterator<Item = &'k u8>) -> Option<&Node> {
        keys.into_iter().try_fold(self.nodes.first()?, |node, key| self.step(node, *key))
    }

    /// How many of the keys, from the front, are the longest bound sequence, and its actions.
    pub(super) fn longest_prefix(&self, keys: &[u8]) -> Option<(usize, &[KeyAction])> {
        let (mut node, mut longest) = (self.nodes.first()?, None);
        for (index, key) in keys.iter().enumerate() {
            let Some(next) = self.step(node, *key) else { break };
            node = next;
            if !node.actions.is_empty() {
                longest = Some((index + 1, node.actions.as_slice()));
            }
        }
        longest
    }

    fn step(&self, node: &Node, key: u8) -> Option<&Node> {
        let next = node.next.get(index_of(key)?).copied().flatten()?;
        self.nodes.get(next as usize)
    }

    fn of(bindings: BTreeMap<String, Vec<KeyAction>>) -> Self {
        if bindings.is_empty() {
            return Self::default();
        }
        let mut nodes = vec![Node::default()];
        for (sequence, actions) in &bindings {
            add_sequence(&mut nodes, sequence, actions);
        }
        Self { bindings: Arc::new(bindings), nodes: Arc::new(nodes) }
    }
}

fn add_sequence(nodes: &mut Vec<Node>, sequence: &str, actions: &[KeyAction]) {
    let mut at = 0;
    for index in sequence.bytes().filter_map(index_of) {
        let new = nodes.len();
        nodes[at].continues = true;
        let next = *nodes[at].next[index].get_or_insert(new as u32) as usize;
        if next == new {
            nodes.push(Node::default());
        }
        at = next;
    }
    nodes[at].actions = actions.to_vec();
}

fn index_of(key: u8) -> Option<usize> {
    KEYS.iter().position(|known| *known == key)
}

pub(super) fn is_key(digit: char) -> bool {
    u8::try_from(digit).ok().and_then(index_of).is_some()
}

fn read_binding<A: AsRef<str>>(sequence: &str, actions: &[A]) -> Result<Vec<KeyAction>, KeyMapError> {
    let unreachable = |why: String| Err(KeyMapError::Unreachable { sequence: sequence.to_owned(), why });
    if let Some(digit) = sequence.chars().find(|digit| !is_key(*digit)) {
        return Err(KeyMapError::IllegalDigit { sequence: sequence.to_owned(), digit });
    }
    if sequence.is_empty() {
        return unreachable("a sequence has one key at least".to_owned());
    }
    if sequence.len() > MAX_SEQUENCE {
        return unreachable(format!("a sequence has {MAX_SEQUENCE} keys at most"));
    }
    let parse = |name: &A| name.as_ref().parse::<KeyAction>();
    let unknown = |error| KeyMapError::UnknownAction { sequence: sequence.to_owned(), error };
    let actions: Vec<_> = actions.iter().map(parse).collect::<Result<_, _>>().map_err(unknown)?;
    match actions.iter().position(KeyAction::is_last) {
        None if actions.is_empty() => unreachable("it has no action".to_owned()),
        Some(at) if at + 1 < actions.len() => {
            unreachable(format!("what follows `{}` can never act", actions[at].name()))
        }
        _ => Ok(actions),
    }
}
