//! Bytes in, [`Message`] out: limits, unfolding, compact names, Content-Length, and the checks of RFC 3261 §8.1.1,
//! §8.2.2 and §18.3. A fault does not stop the reading, so that as much as can be known is there to answer it.

use std::borrow::Cow;

use bytes::Bytes;
use rsip::Header;
use rsip::headers::UntypedHeader;

use super::header::{self, expand};
use super::scan::{self, BLANKS, elements, is_clean, is_token, number};
use super::{
    CSeq, Contacts, Headers, Message, Method, NameAddr, ParseError, ParseErrorKind, Request, Response,
};
use super::{Scheme, Uri, Via};

/// The largest head: start line and headers, in bytes.
pub(crate) const MAX_HEAD: usize = 64 * 1024;
/// The largest body, in bytes.
pub(crate) const MAX_BODY: usize = 64 * 1024;
/// The longest header line, unfolded, in bytes.
const MAX_LINE: usize = 8 * 1024;
const MAX_HEADERS: usize = 256;
const MAX_VIAS: usize = 70;
const MAX_CONTACTS: usize = 10;

type Checked = Result<(), ParseErrorKind>;

/// Reads one message.
pub(super) fn read(datagram: &[u8]) -> Result<Message, ParseError> {
    let bytes = skip_line_ends(datagram);
    if bytes.is_empty() {
        return Err(ParseError::new(ParseErrorKind::Empty));
    }
    let (head, body) = match head_end(bytes, 0) {
        Some(end) => (&bytes[..end], Ok(&bytes[end..])),
        None => (bytes, Err(ParseErrorKind::Incomplete)),
    };
    if head.len() > MAX_HEAD {
        return Err(ParseError::new(ParseErrorKind::TooLarge("head")));
    }
    let head = Head::read(&text(head));
    let body = body.and_then(|body| head.body(body));
    match head.start {
        StartLine::Request { .. } => head.into_request(body),
        StartLine::Response { .. } => head.into_response(body),
        StartLine::Unreadable => Err(ParseError::new(ParseErrorKind::StartLine)),
    }
}

/// The bytes after the line ends that may precede a message (RFC 3261 §7.5).
pub(crate) fn skip_line_ends(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    &bytes[start..]
}

/// Where the head ends, with its empty line. Nothing before `from` needs to be looked at again.
pub(crate) fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut place = from;
    while let Some(found) = bytes.get(place..)?.iter().position(|&byte| byte == b'\n') {
        place += found + 1;
        if bytes[..place].ends_with(b"\r\n\r\n") {
            return Some(place);
        }
    }
    None
}

/// What Content-Length says in a head of a stream, where there must be one (RFC 3261 §20.14).
pub(crate) fn stream_content_length(head: &[u8]) -> Option<usize> {
    Head::read(&text(head)).content_length.agreed().ok()?
}

/// What is wrong with a head whose body cannot be found in its stream.
pub(crate) fn unframed(head: &[u8]) -> ParseError {
    let missing = ParseErrorKind::Missing(header::CONTENT_LENGTH);
    match read(head) {
        Err(error) => error,
        Ok(Message::Request(request)) => refusal(missing, request),
        Ok(Message::Response(_)) => ParseError::new(missing),
    }
}

/// Bytes that are no UTF-8 become U+FFFD. The common case is checked by the quicker of the two functions.
fn text(head: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(head).map_or_else(|_| String::from_utf8_lossy(head), Cow::Borrowed)
}

/// The head of a message with the first fault that was found in it.
struct Head {
    start: StartLine,
    headers: Headers,
    content_length: ContentLength,
    fault: Checked,
}

enum StartLine {
    Request { method: Method, uri: String },
    Response { status: u16, reason: String },
    Unreadable,
}

#[derive(Default)]
struct ContentLength {
    value: Option<usize>,
    bad: bool,
}

impl Head {
    fn read(text: &str) -> Self {
        let mut lines = Lines { rest: text };
        let (start, fault) = StartLine::read(lines.next().unwrap_or_default().as_ref());
        let mut head =
            Self { start, headers: Headers::new(), content_length: ContentLength::default(), fault };
        for (count, line) in lines.enumerate() {
            let read = if count < MAX_HEADERS {
                head.header(&line)
            } else {
                Err(ParseErrorKind::TooLarge("headers"))
            };
            head.note(read);
            if count == MAX_HEADERS {
                break;
            }
        }
        head
    }

    fn header(&mut self, line: &str) -> Checked {
        if line.len() > MAX_LINE {
            return Err(ParseErrorKind::TooLarge("header line"));
        }
        let (name, value) = line.split_once(':').ok_or(ParseErrorKind::HeaderLine)?;
        let (name, value) = (expand(name.trim_end_matches(BLANKS)), value.trim_matches(BLANKS));
        if !is_token(name) || !is_clean(value) {
            return Err(ParseErrorKind::HeaderLine);
        }
        match name.eq_ignore_ascii_case(header::CONTENT_LENGTH) {
            true => self.content_length.add(value),
            false => self.headers.push_clean(name, value),
        }
        Ok(())
    }

    /// Keeps the first fault.
    fn note(&mut self, checked: Checked) {
        if self.fault.is_ok() {
            self.fault = checked;
        }
    }

    /// The part of what follows the head that is the body.
    fn body(&self, rest: &[u8]) -> Result<Bytes, ParseErrorKind> {
        let length = self.content_length.agreed()?.unwrap_or(rest.len());
        if length > MAX_BODY {
            return Err(ParseErrorKind::TooLarge("body"));
        }
        rest.get(..length).map(Bytes::copy_from_slice).ok_or(ParseErrorKind::Truncated)
    }

    fn into_request(mut self, body: Result<Bytes, ParseErrorKind>) -> Result<Message, ParseError> {
        let StartLine::Request { method, uri } = self.start else {
            return Err(ParseError::new(ParseErrorKind::StartLine));
        };
        let checked = check(&self.headers, Some(&method));
        self.fault = self.fault.and(checked);
        let mut request = Request { method, uri, headers: self.headers, body: Bytes::new() };
        match (self.fault, body) {
            (Ok(()), Ok(body)) => {
                request.body = body;
                Ok(Message::Request(request))
            }
            (Err(kind), _) | (_, Err(kind)) => Err(refusal(kind, request)),
        }
    }

    fn into_response(self, body: Result<Bytes, ParseErrorKind>) -> Result<Message, ParseError> {
        let StartLine::Response { status, reason } = self.start else {
            return Err(ParseError::new(ParseErrorKind::StartLine));
        };
        let body = self.fault.and_then(|()| check(&self.headers, None)).and(body).map_err(ParseError::new)?;
        Ok(Message::Response(Response { status, reason, headers: self.headers, body }))
    }
}

/// An answer needs a Via to go by, and nothing is ever answered to an ACK.
fn refusal(kind: ParseErrorKind, request: Request) -> ParseError {
    let error = ParseError::new(kind);
    let answerable = request.method != Method::Ack && request.headers.top_via().is_ok();
    if answerable { error.with_request(request) } else { error }
}

impl StartLine {
    fn read(line: &str) -> (Self, Checked) {
        if line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("SIP/")) {
            return (Self::read_response(line).unwrap_or(Self::Unreadable), Ok(()));
        }
        Self::read_request(line).unwrap_or((Self::Unreadable, Ok(())))
    }

    fn read_response(line: &str) -> Option<Self> {
        let (version, rest) = line.split_once(' ')?;
        let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        let status = number(status).filter(|status| (100..700).contains(status))?;
        let valid = version.eq_ignore_ascii_case("SIP/2.0") && is_clean(reason);
        valid.then(|| Self::Response { status, reason: reason.to_owned() })
    }

    /// The method must be a token; faults in the rest can be answered.
    fn read_request(line: &str) -> Option<(Self, Checked)> {
        let (method, rest) = line.split_once(' ')?;
        let (uri, version) = rest.rsplit_once(' ')?;
        if !is_token(method) || !is_clean(rest) {
            return None;
        }
        let checked = check_version(version).and_then(|()| check_request_uri(uri));
        Some((Self::Request { method: Method::new(method), uri: uri.to_owned() }, checked))
    }
}

fn check_version(version: &str) -> Checked {
    let digits = version.get(..4).filter(|name| name.eq_ignore_ascii_case("SIP/")).map(|_| &version[4..]);
    match digits.and_then(|digits| digits.split_once('.')) {
        Some(("2", "0")) => Ok(()),
        Some((major, minor)) if [major, minor].iter().all(|part| number::<u32>(part).is_some()) => {
            Err(ParseErrorKind::Version)
        }
        _ => Err(ParseErrorKind::StartLine),
    }
}

/// A request URI has no headers of its own (RFC 3261 §19.1.1).
fn check_request_uri(text: &str) -> Checked {
    let uri: Uri = text.parse().map_err(|_| ParseErrorKind::RequestUri)?;
    match uri.scheme {
        Scheme::Other(_) => Err(ParseErrorKind::UriScheme),
        _ if uri.headers.is_some() => Err(ParseErrorKind::RequestUri),
        _ => Ok(()),
    }
}

impl ContentLength {
    fn add(&mut self, value: &str) {
        let length = number(value);
        self.bad |= length.is_none() || (self.value.is_some() && self.value != length);
        self.value = length;
    }

    fn agreed(&self) -> Result<Option<usize>, ParseErrorKind> {
        if self.bad { Err(ParseErrorKind::Header(header::CONTENT_LENGTH)) } else { Ok(self.value) }
    }
}

/// Logical lines: a line that starts with a blank goes on with the one before (RFC 3261 §7.3.1).
struct Lines<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Cow<'a, str>;

    fn next(&mut self) -> Option<Cow<'a, str>> {
        let mut line = Cow::Borrowed(self.physical()?);
        if line.is_empty() {
            return None;
        }
        while self.rest.starts_with(BLANKS) {
            let more = self.physical().unwrap_or_default().trim_start_matches(BLANKS);
            let line = line.to_mut();
            line.push(' ');
            line.push_str(more);
        }
        Some(line)
    }
}

impl<'a> Lines<'a> {
    /// A bare CR or LF does not end a line: it stays in, and makes the line one to refuse.
    fn physical(&mut self) -> Option<&'a str> {
        let mut from = 0;
        while let Some(found) = self.rest[from..].find('\n') {
            let end = from + found;
            if self.rest[..end].ends_with('\r') {
                let line = &self.rest[..end - 1];
                self.rest = &self.rest[end + 1..];
                return Some(line);
            }
            from = end + 1;
        }
        let line = std::mem::take(&mut self.rest);
        (!line.is_empty()).then_some(line)
    }
}

/// What was seen of the headers that every message must have.
#[derive(Default)]
struct Seen {
    from: u32,
    to: u32,
    call_id: u32,
    cseq: u32,
    max_forwards: u32,
    vias: usize,
    contacts: usize,
}

/// Checks the headers that no message can do without, and those that everything else relies on.
fn check(headers: &Headers, method: Option<&Method>) -> Checked {
    let mut seen = Seen::default();
    for header in headers.stored() {
        seen.add(header, method)?;
    }
    let required = [
        (seen.vias as u32, header::VIA),
        (seen.from, header::FROM),
        (seen.to, header::TO),
        (seen.call_id, header::CALL_ID),
        (seen.cseq, header::CSEQ),
    ];
    match required.iter().find(|(count, _)| *count == 0) {
        Some((_, name)) => Err(ParseErrorKind::Missing(name)),
        None if seen.contacts > 1 => check_contacts(headers),
        None => Ok(()),
    }
}

impl Seen {
    fn add(&mut self, header: &Header, method: Option<&Method>) -> Checked {
        match header {
            Header::Via(via) => self.vias += count::<Via>(via.value(), header::VIA)?,
            Header::From(from) => {
                once(&mut self.from, from.value().parse::<NameAddr>().is_ok(), header::FROM)?
            }
            Header::To(to) => once(&mut self.to, to.value().parse::<NameAddr>().is_ok(), header::TO)?,
            Header::CallId(id) => once(&mut self.call_id, is_call_id(id.value()), header::CALL_ID)?,
            Header::CSeq(cseq) => self.cseq(cseq.value(), method)?,
            Header::MaxForwards(hops) => {
                once(&mut self.max_forwards, number::<u8>(hops.value()).is_some(), header::MAX_FORWARDS)?;
            }
            Header::Contact(contact) if contact.value() == "*" => self.contacts += 1,
            Header::Contact(contact) => self.contacts += count::<NameAddr>(contact.value(), header::CONTACT)?,
            Header::RecordRoute(route) => {
                count::<NameAddr>(route.value(), header::RECORD_ROUTE)?;
            }
            _ => {}
        }
        self.within_limits()
    }

    fn cseq(&mut self, value: &str, method: Option<&Method>) -> Checked {
        let cseq = value.parse::<CSeq>();
        once(&mut self.cseq, cseq.is_ok(), header::CSEQ)?;
        let same = method.is_none_or(|method| cseq.is_ok_and(|cseq| cseq.method == *method));
        if same { Ok(()) } else { Err(ParseErrorKind::CSeqMethod) }
    }

    fn within_limits(&self) -> Checked {
        match (self.vias > MAX_VIAS, self.contacts > MAX_CONTACTS) {
            (true, _) => Err(ParseErrorKind::TooLarge(header::VIA)),
            (_, true) => Err(ParseErrorKind::TooLarge(header::CONTACT)),
            _ => Ok(()),
        }
    }
}

/// `*` stands alone.
fn check_contacts(headers: &Headers) -> Checked {
    let star = headers.list(header::CONTACT).any(|contact| contact == "*");
    if star && !matches!(headers.contacts(), Ok(Contacts::Star)) {
        return Err(ParseErrorKind::Header(header::CONTACT));
    }
    Ok(())
}

/// The number of elements in a value, each of which must be readable; none may be empty.
fn count<T: std::str::FromStr>(value: &str, name: &'static str) -> Result<usize, ParseErrorKind> {
    if value.is_empty() || scan::has_gap(value) {
        return Err(ParseErrorKind::Header(name));
    }
    let mut count = 0;
    for element in elements(value, b',') {
        element.parse::<T>().map_err(|_| ParseErrorKind::Header(name))?;
        count += 1;
    }
    Ok(count)
}

fn once(seen: &mut u32, valid: bool, name: &'static str) -> Checked {
    *seen += 1;
    match (*seen, valid) {
        (1, true) => Ok(()),
        (1, false) => Err(ParseErrorKind::Header(name)),
        _ => Err(ParseErrorKind::Repeated(name)),
    }
}

fn is_call_id(value: &str) -> bool {
    !value.is_empty() && !value.contains(BLANKS)
}
