//! Why a message was refused, and what may be answered to it.

use super::{Request, reason_phrase};

/// What is wrong with a message, at the finest grain that an answer or a log line can use.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseErrorKind {
    /// Nothing but line ends: a keep-alive (RFC 5626 §3.5.1). Not an error worth a log line.
    #[error("keep-alive")]
    Empty,
    /// The first line is neither a request line nor a status line.
    #[error("malformed start line")]
    StartLine,
    /// The version is not `SIP/2.0`: 505.
    #[error("version not supported")]
    Version,
    /// The request URI cannot be read.
    #[error("malformed request URI")]
    RequestUri,
    /// The request URI's scheme is not one of ours: 416.
    #[error("unsupported URI scheme")]
    UriScheme,
    /// A line of the head is not `name: value`, or holds a forbidden byte.
    #[error("malformed header line")]
    HeaderLine,
    /// The head does not end with an empty line.
    #[error("incomplete head")]
    Incomplete,
    /// A header that must be there is missing.
    #[error("missing {0}")]
    Missing(&'static str),
    /// A header that may occur once occurs several times.
    #[error("repeated {0}")]
    Repeated(&'static str),
    /// A header's value cannot be read.
    #[error("malformed {0}")]
    Header(&'static str),
    /// The method of CSeq is not that of the request.
    #[error("CSeq method mismatch")]
    CSeqMethod,
    /// The body is shorter than Content-Length says.
    #[error("body shorter than Content-Length")]
    Truncated,
    /// One of the limits of size or count is exceeded: 513.
    #[error("too many or too large {0}")]
    TooLarge(&'static str),
}

/// A message that was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct ParseError {
    kind: ParseErrorKind,
    request: Option<Box<Request>>,
}

impl ParseError {
    pub(crate) fn new(kind: ParseErrorKind) -> Self {
        Self { kind, request: None }
    }

    pub(crate) fn with_request(self, request: Request) -> Self {
        Self { request: Some(Box::new(request)), ..self }
    }

    /// What is wrong.
    pub fn kind(&self) -> &ParseErrorKind {
        &self.kind
    }

    /// The status that the RFC advises: 400, 416, 505 or 513.
    pub fn status(&self) -> u16 {
        match self.kind {
            ParseErrorKind::Version => 505,
            ParseErrorKind::UriScheme => 416,
            ParseErrorKind::TooLarge(_) => 513,
            _ => 400,
        }
    }

    /// The reason phrase: for 400 it names the fault, as RFC 3261 §21.4.1 advises.
    pub fn reason(&self) -> String {
        match self.status() {
            400 => format!("Bad Request ({})", self.kind),
            status => reason_phrase(status).to_owned(),
        }
    }

    /// What is known of a request (no ACK) that can be answered: it has Via, From, To, Call-ID and CSeq to copy
    /// (RFC 3261 §8.2.6.2), though not every other header, nor a body. `None`: drop it.
    pub fn answerable(&self) -> Option<&Request> {
        self.request.as_deref()
    }
}
