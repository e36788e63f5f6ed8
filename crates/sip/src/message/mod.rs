//! Messages: a reader with limits, typed views, and a writer. rsip holds the headers; its own parsers never see a
//! byte from the network.

mod cseq;
mod error;
mod extensions;
pub mod header;
mod headers;
mod method;
mod name_addr;
mod params;
pub(crate) mod reader;
mod reason;
pub(crate) mod scan;
mod stored;
mod uri;
mod via;
mod writer;

use bytes::{Bytes, BytesMut};

pub use cseq::CSeq;
pub use error::{ParseError, ParseErrorKind};
pub use extensions::{Package, RAck, Refresher, Replaces, SessionExpires};
pub use headers::Headers;
pub use method::Method;
pub use name_addr::{Contacts, NameAddr};
pub use params::Params;
pub use reason::reason_phrase;
pub use uri::{Host, Scheme, Uri};
pub use via::Via;

/// A value that cannot be read as what it should be, for instance `From`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed {0}")]
pub struct Invalid(pub &'static str);

/// A request or a response.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants are the types")]
pub enum Message {
    Request(Request),
    Response(Response),
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The request URI as written.
    pub uri: String,
    /// The headers, without Content-Length: the writer counts the body.
    pub headers: Headers,
    /// The body.
    pub body: Bytes,
}

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// 100 to 699.
    pub status: u16,
    /// The reason phrase.
    pub reason: String,
    /// The headers, without Content-Length: the writer counts the body.
    pub headers: Headers,
    /// The body.
    pub body: Bytes,
}

impl Message {
    /// Reads one message: a datagram, or what [`StreamReader`](crate::StreamReader) cut out of a stream. What follows
    /// the body that Content-Length announces is ignored (RFC 3261 §18.3).
    pub fn parse(datagram: &[u8]) -> Result<Self, ParseError> {
        reader::read(datagram)
    }

    /// Appends the wire form, with Content-Length.
    pub fn write(&self, out: &mut BytesMut) {
        match self {
            Self::Request(request) => request.write(out),
            Self::Response(response) => response.write(out),
        }
    }

    /// The wire form.
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }

    /// The headers of either.
    pub fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => &request.headers,
            Self::Response(response) => &response.headers,
        }
    }
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: Method, uri: impl Into<String>) -> Self {
        Self { method, uri: uri.into(), headers: Headers::new(), body: Bytes::new() }
    }

    /// A response with what RFC 3261 §8.2.6.2 copies: Via, From, To (no tag is added), Call-ID, CSeq, and for 100 the
    /// Timestamp.
    pub fn respond(&self, status: u16) -> Response {
        let mut response = Response::new(status);
        for name in [header::VIA, header::FROM, header::TO, header::CALL_ID, header::CSEQ] {
            response.headers.copy(name, &self.headers);
        }
        if status == 100 {
            response.headers.copy(header::TIMESTAMP, &self.headers);
        }
        response
    }

    /// Appends the wire form, with Content-Length.
    pub fn write(&self, out: &mut BytesMut) {
        writer::write_request(self, out);
    }

    /// The wire form.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(writer::request_size(self));
        self.write(&mut out);
        out.freeze()
    }
}

impl Response {
    /// A response without headers and body, with the reason phrase of its status.
    pub fn new(status: u16) -> Self {
        let reason = reason_phrase(status).to_owned();
        Self { status, reason, headers: Headers::new(), body: Bytes::new() }
    }

    /// Appends the wire form, with Content-Length.
    pub fn write(&self, out: &mut BytesMut) {
        writer::write_response(self, out);
    }

    /// The wire form.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(writer::response_size(self));
        self.write(&mut out);
        out.freeze()
    }
}

#[cfg(test)]
mod tests;
