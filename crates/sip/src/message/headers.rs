//! The headers of a message: rsip's untyped headers as storage, our own views over them.

use rsip::Header;

use super::header::{self, expand};
use super::name_addr::tag_in;
use super::scan::{self, elements, number};
use super::stored::{name_and_value, stored, stored_clean};
use super::{CSeq, Contacts, Invalid, NameAddr, Via};
use crate::digest::{Challenge, Credentials};

/// The headers in order. A name is meant in any case and in its compact form too (`via`, `v`). A control character in
/// a value that is put in becomes a blank, so that no value can ever start a header of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(rsip::Headers);

impl Headers {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a header at the end.
    pub fn push(&mut self, name: &str, value: impl AsRef<str>) {
        self.0.push(stored(name, value.as_ref()));
    }

    /// Adds a header before all others.
    pub fn push_front(&mut self, name: &str, value: impl AsRef<str>) {
        let rest = std::mem::take(&mut self.0);
        self.push(name, value);
        self.0.extend(rest.into());
    }

    /// Replaces all headers of that name by one, in the place of the first.
    pub fn set(&mut self, name: &str, value: impl AsRef<str>) {
        let value = value.as_ref();
        let Some(first) = self.0.iter().position(|header| is_named(header, name)) else {
            return self.push(name, value);
        };
        let mut place = 0;
        self.0.retain(|header| {
            place += 1;
            place - 1 == first || !is_named(header, name)
        });
        self.replace(first, name, value);
    }

    /// Removes all headers of that name.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|header| !is_named(header, name));
    }

    /// Replaces the topmost Via, and leaves those below it.
    pub fn set_top_via(&mut self, via: &Via) {
        let Some(line) = self.0.iter().position(|header| is_named(header, header::VIA)) else {
            return self.push(header::VIA, via.to_string());
        };
        let value = self.get(header::VIA).unwrap_or_default();
        let value = match scan::split_once(value, b',') {
            Some((_, below)) => format!("{via},{below}"),
            None => via.to_string(),
        };
        self.replace(line, header::VIA, &value);
    }

    /// The first value of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let name = expand(name);
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Every value of that name, one for each header line.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + use<'a> {
        let name = expand(name);
        self.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(name_and_value)
    }

    /// The elements of a comma-separated header (Require, Supported, Allow, Accept), over all its lines.
    pub fn list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.all(name).flat_map(|value| elements(value, b','))
    }

    /// Every Via, topmost first.
    pub fn vias(&self) -> Result<Vec<Via>, Invalid> {
        self.list(header::VIA).map(str::parse).collect()
    }

    /// The topmost Via.
    pub fn top_via(&self) -> Result<Via, Invalid> {
        self.list(header::VIA).next().ok_or(Invalid(header::VIA))?.parse()
    }

    /// From.
    pub fn from(&self) -> Result<NameAddr, Invalid> {
        self.one(header::FROM)
    }

    /// To.
    pub fn to(&self) -> Result<NameAddr, Invalid> {
        self.one(header::TO)
    }

    /// The tag of To: none in a request outside of dialogs.
    pub fn to_tag(&self) -> Option<&str> {
        tag_in(self.get(header::TO)?)
    }

    /// The tag of From.
    pub fn from_tag(&self) -> Option<&str> {
        tag_in(self.get(header::FROM)?)
    }

    /// Adds our tag to a To that has none.
    pub(crate) fn tag_to(&mut self, tag: &str) {
        if let Some(to) = self.get(header::TO)
            && tag_in(to).is_none()
        {
            let tagged = format!("{};tag={tag}", to.trim_end_matches([';', ' ', '\t']));
            self.set(header::TO, tagged);
        }
    }

    /// Contact.
    pub fn contacts(&self) -> Result<Contacts, Invalid> {
        match self.list(header::CONTACT).any(|contact| contact == "*") {
            true if self.list(header::CONTACT).count() == 1 => Ok(Contacts::Star),
            true => Err(Invalid(header::CONTACT)),
            false => self.addresses(header::CONTACT).map(Contacts::List),
        }
    }

    /// Record-Route, topmost first.
    pub fn record_routes(&self) -> Result<Vec<NameAddr>, Invalid> {
        self.addresses(header::RECORD_ROUTE)
    }

    /// Route, topmost first.
    pub fn routes(&self) -> Result<Vec<NameAddr>, Invalid> {
        self.addresses(header::ROUTE)
    }

    /// A header that holds addresses, over all its lines (Path, P-Asserted-Identity, ...).
    pub fn addresses(&self, name: &str) -> Result<Vec<NameAddr>, Invalid> {
        self.list(name).map(str::parse).collect()
    }

    /// CSeq.
    pub fn cseq(&self) -> Result<CSeq, Invalid> {
        self.get(header::CSEQ).ok_or(Invalid(header::CSEQ))?.parse()
    }

    /// Call-ID.
    pub fn call_id(&self) -> Option<&str> {
        self.get(header::CALL_ID)
    }

    /// Expires, in seconds; a number beyond 32 bits is the largest one.
    pub fn expires(&self) -> Option<Result<u32, Invalid>> {
        self.get(header::EXPIRES).map(|value| read_seconds(value).ok_or(Invalid(header::EXPIRES)))
    }

    /// Max-Forwards, 0 to 255.
    pub fn max_forwards(&self) -> Option<Result<u8, Invalid>> {
        self.get(header::MAX_FORWARDS).map(|value| number(value).ok_or(Invalid(header::MAX_FORWARDS)))
    }

    /// The media type of the body in lower case, without parameters: `application/sdp`.
    pub fn content_type(&self) -> Option<String> {
        let value = self.get(header::CONTENT_TYPE)?;
        let media_type = value.split(';').next().unwrap_or_default();
        Some(media_type.replace(scan::BLANKS, "").to_ascii_lowercase())
    }

    /// The digest credentials in that header (Authorization, Proxy-Authorization); other schemes are left out.
    pub fn credentials(&self, name: &str) -> Vec<Credentials> {
        self.all(name).filter_map(|value| value.parse().ok()).collect()
    }

    /// The digest challenges in that header (WWW-Authenticate, Proxy-Authenticate); other schemes are left out.
    pub fn challenges(&self, name: &str) -> Vec<Challenge> {
        self.all(name).filter_map(|value| value.parse().ok()).collect()
    }

    /// Adds a header that was checked already: a long name, a clean value.
    pub(super) fn push_clean(&mut self, name: &str, value: &str) {
        self.0.push(stored_clean(name, value));
    }

    pub(super) fn stored(&self) -> impl Iterator<Item = &Header> {
        self.0.iter()
    }

    /// Copies every header of that name from a message.
    pub(super) fn copy(&mut self, name: &str, from: &Self) {
        self.0.extend(from.0.iter().filter(|header| is_named(header, name)).cloned().collect());
    }

    fn one(&self, name: &'static str) -> Result<NameAddr, Invalid> {
        self.get(name).and_then(|value| value.parse().ok()).ok_or(Invalid(name))
    }

    fn replace(&mut self, place: usize, name: &str, value: &str) {
        if let Some(header) = self.0.iter_mut().nth(place) {
            *header = stored(name, value);
        }
    }
}

/// A whole number of seconds; too large a one is the largest (RFC 3261 §20.19).
pub(crate) fn read_seconds(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u32::MAX))
}

fn is_named(header: &Header, name: &str) -> bool {
    name_and_value(header).0.eq_ignore_ascii_case(expand(name))
}
