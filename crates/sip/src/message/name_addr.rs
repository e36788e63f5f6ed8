//! name-addr and addr-spec: From, To, Contact, Route, Record-Route (RFC 3261 §20.10).

use std::fmt;
use std::str::FromStr;

use super::scan::{self, BLANKS, Quoted};
use super::{Invalid, Params, Uri};

const INVALID: Invalid = Invalid("address");

/// A URI with a display name and header parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameAddr {
    /// The display name, unquoted.
    pub display: Option<String>,
    /// The URI.
    pub uri: Uri,
    /// Parameters of the header, such as `tag` or `expires`; those of the URI are in the URI.
    pub params: Params,
}

impl NameAddr {
    /// A URI alone.
    pub fn new(uri: Uri) -> Self {
        Self { display: None, uri, params: Params::new() }
    }

    /// The tag of a From or To.
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag")
    }

    /// The same with that tag.
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.params.set("tag", Some(tag));
        self
    }
}

/// The Contact values of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contacts {
    /// `*`: all bindings (RFC 3261 §10.2.2).
    Star,
    /// Zero or more addresses.
    List(Vec<NameAddr>),
}

impl FromStr for NameAddr {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = text.trim_matches(BLANKS);
        let (display, rest) = read_display(text).ok_or(INVALID)?;
        let (uri, params) = match rest.strip_prefix('<') {
            Some(rest) => rest.split_once('>').ok_or(INVALID)?,
            None => rest.split_at(rest.find(';').unwrap_or(rest.len())),
        };
        let bare = !rest.starts_with('<');
        if bare && (display.is_some() || uri.contains([',', '?'])) {
            return Err(INVALID);
        }
        let uri = if bare { uri.trim_end_matches(BLANKS) } else { uri };
        Ok(Self { display, uri: uri.parse()?, params: read_params(params).ok_or(INVALID)? })
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = &self.display {
            write!(f, "{} ", Quoted(display))?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

/// The tag in the text of a From or To that can be read; it is asked for so often that the rest is left unread.
pub(super) fn tag_in(text: &str) -> Option<&str> {
    let (_, params) = scan::split_once(text, b';')?;
    let mut named = scan::elements(params, b';').map(|param| param.split_once('=').unwrap_or((param, "")));
    let (_, tag) = named.find(|(name, _)| name.trim_end_matches(BLANKS).eq_ignore_ascii_case("tag"))?;
    Some(tag.trim_start_matches(BLANKS)).filter(|tag| !tag.is_empty())
}

/// The display name before `<`, and the rest. Without quotes any words are taken, also where the grammar would have
/// wanted quotes: the sender's meaning is plain.
fn read_display(text: &str) -> Option<(Option<String>, &str)> {
    if text.starts_with('"') {
        let (display, rest) = scan::quoted(text)?;
        return Some((Some(display), rest.trim_start_matches(BLANKS)));
    }
    let Some(place) = scan::find(text, |byte| byte == b'<') else { return Some((None, text)) };
    let (display, rest) = text.split_at(place);
    let display = display.trim_end_matches(BLANKS);
    // A `:` or `;` here means a URI without brackets whose parameters hold the `<`.
    let words = !display.contains(['"', ':', ';', '@']);
    words.then(|| ((!display.is_empty()).then(|| display.to_owned()), rest))
}

fn read_params(text: &str) -> Option<Params> {
    let text = text.trim_start_matches(BLANKS);
    match text.strip_prefix(';') {
        Some(params) => Params::of_header(params),
        None => text.is_empty().then(Params::new),
    }
}
