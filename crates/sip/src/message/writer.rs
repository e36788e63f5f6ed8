//! The wire form. Header values were cleaned when they were put in; the start line is cleaned here.

use bytes::{BufMut, BytesMut};
use rsip::Header;

use super::scan::clean;
use super::stored::name_and_value;
use super::{Headers, Request, Response};

pub(super) fn write_request(request: &Request, out: &mut BytesMut) {
    put(out, &[&clean(request.method.as_str()), " ", &clean(&request.uri), " SIP/2.0\r\n"]);
    write_rest(&request.headers, &request.body, out);
}

pub(super) fn write_response(response: &Response, out: &mut BytesMut) {
    put(
        out,
        &["SIP/2.0 ", itoa(response.status.into(), &mut [0; 20]), " ", &clean(&response.reason), "\r\n"],
    );
    write_rest(&response.headers, &response.body, out);
}

/// Octets that [`write_request`] appends.
pub(super) fn request_size(request: &Request) -> usize {
    let start_line = request.method.as_str().len() + request.uri.len() + "  SIP/2.0\r\n".len();
    start_line + rest_size(&request.headers, &request.body)
}

/// Octets that [`write_response`] appends.
pub(super) fn response_size(response: &Response) -> usize {
    "SIP/2.0 200 \r\n".len() + response.reason.len() + rest_size(&response.headers, &response.body)
}

fn rest_size(headers: &Headers, body: &[u8]) -> usize {
    let lines = headers.iter().map(|(name, value)| name.len() + value.len() + ": \r\n".len());
    let digits = itoa(body.len(), &mut [0; 20]).len();
    lines.sum::<usize>() + "Content-Length: \r\n\r\n".len() + digits + body.len()
}

fn write_rest(headers: &Headers, body: &[u8], out: &mut BytesMut) {
    for header in headers.stored().filter(|header| !matches!(header, Header::ContentLength(_))) {
        let (name, value) = name_and_value(header);
        put(out, &[name, ": ", value, "\r\n"]);
    }
    put(out, &["Content-Length: ", itoa(body.len(), &mut [0; 20]), "\r\n\r\n"]);
    out.put_slice(body);
}

fn put(out: &mut BytesMut, parts: &[&str]) {
    out.reserve(parts.iter().map(|part| part.len()).sum());
    parts.iter().for_each(|part| out.put_slice(part.as_bytes()));
}

/// The decimal digits of a number, without an allocation.
fn itoa(mut number: usize, digits: &mut [u8; 20]) -> &str {
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return std::str::from_utf8(&digits[start..]).unwrap_or_default();
        }
    }
}
