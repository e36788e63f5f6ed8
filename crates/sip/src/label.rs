//! Texts by which things are looked up.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// A text that is ordered by its hash: in a tree of many a look-up reads the text of the one that it finds, not of each that
/// it passes, which would be as many cache misses. Texts whose hashes are equal are told apart all the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Label {
    hash: u64,
    text: Arc<str>,
}

impl Label {
    /// Of this text.
    pub(crate) fn new(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        // Always the same hash for the same text, so that two runs with one seed do the same.
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Self { hash: hasher.finish(), text }
    }
}

impl Deref for Label {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one_label_and_others_are_not() {
        assert_eq!(Label::new("a@host"), Label::new("a@host".to_owned()));
        let alike = Label { text: "b@host".into(), ..Label::new("a@host") };
        assert!(alike > Label::new("a@host"), "the text decides where the hashes are equal");
    }
}
