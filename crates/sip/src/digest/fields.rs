//! The parameters behind `Digest`: names with tokens or quoted strings, separated by commas.

use crate::message::scan::{self, BLANKS, is_token};

const MAX_FIELDS: usize = 32;
/// What credentials have.
const USUAL_FIELDS: usize = 10;

/// The parameters, values unquoted.
pub(super) struct Fields<'a>(Vec<(&'a str, String)>);

impl<'a> Fields<'a> {
    /// `None` for another scheme than Digest, for what cannot be read, and for a parameter that comes twice.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (scheme, fields) = text.trim_matches(BLANKS).split_once(BLANKS)?;
        if !scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        let mut read = Self(Vec::with_capacity(USUAL_FIELDS));
        for field in scan::elements(fields, b',') {
            let (name, value) = field.split_once('=')?;
            read.add(name.trim_end_matches(BLANKS), value.trim_start_matches(BLANKS))?;
        }
        Some(read)
    }

    /// The value of that name, which can be taken once.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let place = self.place(name)?;
        Some(self.0.swap_remove(place).1)
    }

    fn add(&mut self, name: &'a str, value: &str) -> Option<()> {
        let value = scan::unquote(value).filter(|_| is_token(name) && self.0.len() < MAX_FIELDS)?;
        let repeated = self.place(name).is_some();
        self.0.push((name, value));
        (!repeated).then_some(())
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|(known, _)| known.eq_ignore_ascii_case(name))
    }
}
