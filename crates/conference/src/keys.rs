//! Key maps: which keys a member has, and the matcher that turns his digits into actions.

mod action;
mod map;
mod matcher;

pub use action::{KeyAction, Right, UnknownAction};
pub use map::{KeyMap, KeyMapError};
pub use matcher::Matcher;

#[cfg(test)]
mod tests;
