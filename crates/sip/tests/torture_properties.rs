//! What must hold for any input: no panic, writing and reading agree, every spelling of a header means the same, and
//! the work is linear in the size of the message.

#![allow(missing_docs, reason = "a test")]

use confab_sip::{
    Headers, Host, Message, NameAddr, Package, ParseErrorKind, RAck, Replaces, SessionExpires, StreamReader,
    Uri, Via, header,
};
use proptest::collection::vec;
use proptest::prelude::*;

const SEEDS: &[&[u8]] = &[
    include_bytes!("torture/wsinv.dat"),
    include_bytes!("torture/intmeth.dat"),
    include_bytes!("torture/esc01.dat"),
    include_bytes!("torture/badinv01.dat"),
    include_bytes!("torture/baddn.dat"),
    include_bytes!("torture/scalar02.dat"),
    include_bytes!("torture/unreason.dat"),
    include_bytes!("torture/regescrt.dat"),
    include_bytes!("torture/mult-ip-in-header.dat"),
    include_bytes!("torture/ipv6-bug-abnf-3-colons.dat"),
];
const SPICE: &[&[u8]] =
    &[b"\"", b"<", b">", b";", b",", b"\\", b"\r\n", b"\r\n ", b"%", b"[", b"]", b":", b"\0", b"\xff"];

/// Looks at a message through every view.
fn look_at_everything(headers: &Headers) {
    let _ = (headers.vias(), headers.top_via().map(|via| (via.received(), via.rport())));
    let _ = (headers.from(), headers.to(), headers.contacts(), headers.cseq());
    let _ = (headers.record_routes(), headers.routes(), headers.expires(), headers.max_forwards());
    let _ = (headers.content_type(), headers.list(header::SUPPORTED).count());
    look_at_extensions(headers);
    let _ = (headers.credentials(header::AUTHORIZATION), headers.challenges(header::WWW_AUTHENTICATE));
    let _ =
        headers.from().map(|from| (from.uri.unescaped_user(), from.uri.matches(&from.uri), from.to_string()));
}

/// The headers of the extensions, whatever any header holds.
fn look_at_extensions(headers: &Headers) {
    for (_, value) in headers.iter() {
        let _ = (value.parse::<SessionExpires>(), value.parse::<RAck>(), value.parse::<Package>());
        if let Ok(replaces) = value.parse::<Replaces>() {
            assert_eq!(replaces.to_string().parse(), Ok(replaces));
        }
    }
}

fn assert_written_reads_back(message: &Message) {
    let written = message.to_bytes();
    assert_eq!(Message::parse(&written).as_ref(), Ok(message), "{:?}", String::from_utf8_lossy(&written));
}

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), 0..4usize, prop::sample::select(SPICE), any::<u8>());
    (prop::sample::select(SEEDS), vec(edit, 0..8)).prop_map(|(seed, edits)| {
        let mut bytes = seed.to_vec();
        for (place, removed, spice, byte) in edits {
            let start = place.index(bytes.len() + 1);
            let end = (start + removed).min(bytes.len());
            let inserted = if byte % 2 == 0 { spice } else { std::slice::from_ref(&byte) };
            bytes.splice(start..end, inserted.iter().copied());
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_message_is_read_without_a_panic_and_written_as_it_was_read(bytes in mutated()) {
        match Message::parse(&bytes) {
            Ok(message) => {
                look_at_everything(message.headers());
                assert_written_reads_back(&message);
            }
            Err(error) => {
                if let Some(request) = error.answerable() {
                    look_at_everything(&request.headers);
                    let answer = request.respond(error.status()).to_bytes();
                    prop_assert!(answer.starts_with(b"SIP/2.0 "));
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in vec(any::<u8>(), 0..300), text in "\\PC{0,80}") {
        let _ = Message::parse(&bytes);
        let _ = (text.parse::<Uri>(), text.parse::<NameAddr>(), text.parse::<Via>());
        let mut reader = StreamReader::new();
        reader.push(&bytes);
        while let Ok(Some(_)) = reader.next() {}
    }

    #[test]
    fn a_stream_is_cut_where_the_messages_end(cuts in vec(1..200usize, 1..60)) {
        let messages: Vec<_> = SEEDS.iter().filter_map(|seed| Message::parse(seed).ok()).map(|one| one.to_bytes()).collect();
        let stream = messages.concat();
        let (mut reader, mut rest, mut read) = (StreamReader::new(), &stream[..], Vec::new());
        for cut in cuts.iter().cycle() {
            let (chunk, more) = rest.split_at((*cut).min(rest.len()));
            reader.push(chunk);
            while let Some(frame) = reader.next().unwrap() {
                read.push(frame);
            }
            rest = more;
            if rest.is_empty() {
                break;
            }
        }
        let expected: Vec<_> = messages.into_iter().map(confab_sip::Frame::Message).collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn every_spelling_of_a_header_means_the_same(spelling in vec(spelling(), HEADERS.len())) {
        let plain = vec![Spelling::default(); HEADERS.len()];
        prop_assert_eq!(Message::parse(&spelled(&spelling)), Message::parse(&spelled(&plain)));
    }

    #[test]
    fn a_value_can_never_start_a_header(value in "[ -~\r\n\0]{0,60}", name in "[A-Za-z-]{2,12}") {
        let Ok(Message::Request(mut request)) = Message::parse(SEEDS[0]) else { unreachable!() };
        request.headers.push(&format!("X-{name}"), &value);
        request.headers.set(header::SUBJECT, &value);
        request.uri.push_str("\r\nEvil: yes");
        let text = String::from_utf8(request.to_bytes().to_vec()).unwrap();
        let lines = text.split("\r\n\r\n").next().unwrap().split("\r\n").count();
        prop_assert_eq!(lines, request.headers.iter().count() + 2, "{}", text);
        // A NUL may stand as a quoted pair only (RFC 3261 §25.1), a CR or LF never.
        let rest = text.replace("\r\n", "").replace("\\\0", "");
        prop_assert!(!rest.contains(['\0', '\r', '\n']), "{}", text);
    }

    #[test]
    fn addresses_read_back(
        display in prop::option::of("[^\0-\u{1f}\u{7f}]{1,20}"),
        user in "[a-zA-Z0-9+*#._-]{1,12}",
        address in any::<std::net::IpAddr>(),
        port in any::<Option<u16>>(),
        tag in "[a-z0-9]{1,8}",
    ) {
        let mut uri = Uri::sip(Some(&user), Host::Ip(address), port);
        uri.params.set("transport", Some("tcp"));
        uri.params.set("lr", None);
        prop_assert!(uri.matches(&uri.to_string().parse().unwrap()));
        let name_addr = NameAddr { display, ..NameAddr::new(uri) }.with_tag(&tag);
        prop_assert_eq!(name_addr.to_string().parse(), Ok(name_addr));
    }
}

/// Long name, compact name if there is one, value.
const HEADERS: &[(&str, Option<&str>, &str)] = &[
    ("Via", Some("v"), "SIP/2.0/UDP 192.0.2.1:5060 ; branch=z9hG4bK1 ; rport"),
    ("From", Some("f"), "\"A \\\" B\" <sip:a@example.com> ; tag=1"),
    ("To", Some("t"), "<sip:b@example.com>"),
    ("Call-ID", Some("i"), "1@example.com"),
    ("CSeq", None, "1 INVITE"),
    ("Contact", Some("m"), "<sip:a@192.0.2.1> ; expires=60, <sip:c@192.0.2.2>"),
    ("Supported", Some("k"), "timer, 100rel"),
    ("Subject", Some("s"), "one two three"),
    ("Content-Type", Some("c"), "application/sdp"),
    ("Content-Length", Some("l"), "3"),
];

#[derive(Debug, Clone, Default)]
struct Spelling {
    compact: bool,
    upper: Vec<bool>,
    before_colon: String,
    after_colon: String,
    folded: bool,
}

fn spelling() -> impl Strategy<Value = Spelling> {
    let fields = (any::<bool>(), vec(any::<bool>(), 0..14), "[ \t]{0,3}", "[ \t]{0,3}", any::<bool>());
    fields.prop_map(|(compact, upper, before_colon, after_colon, folded)| Spelling {
        compact,
        upper,
        before_colon,
        after_colon,
        folded,
    })
}

impl Spelling {
    fn line(&self, (name, compact, value): &(&str, Option<&str>, &str)) -> String {
        let name = compact.filter(|_| self.compact).unwrap_or(name);
        let flipped = |(place, char): (usize, char)| match self.upper.get(place) {
            Some(true) => char.to_ascii_uppercase(),
            Some(false) => char.to_ascii_lowercase(),
            None => char,
        };
        let name: String = name.chars().enumerate().map(flipped).collect();
        let value = if self.folded { value.replace(' ', "\r\n\t") } else { (*value).to_owned() };
        format!("{name}{}:{}{value}\r\n", self.before_colon, self.after_colon)
    }
}

fn spelled(spellings: &[Spelling]) -> Vec<u8> {
    let lines: String =
        spellings.iter().zip(HEADERS).map(|(spelling, header)| spelling.line(header)).collect();
    format!("INVITE sip:b@example.com SIP/2.0\r\n{lines}\r\nabc").into_bytes()
}

/// A request of nearly 64 KiB that ends in many repetitions of a line.
fn crowded(line: &str) -> Vec<u8> {
    let head = "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\n\
                Call-ID: 1\r\nCSeq: 1 OPTIONS\r\n";
    let count = (65_000 - head.len()) / line.len().max(1);
    format!("{head}{}\r\n", line.repeat(count)).into_bytes()
}

/// A request with one line of nearly 8 KiB, the longest that is read, as often as fits in 64 KiB.
fn long_lines(name: &str, start: &str, part: &str) -> Vec<u8> {
    crowded(&format!("{name}: {start}{}\r\n", part.repeat((8_100 - start.len()) / part.len())))
}

#[test]
fn crowded_messages_are_refused_by_a_limit() {
    let kind = |bytes: &[u8]| Message::parse(bytes).unwrap_err().kind().clone();
    assert_eq!(kind(&crowded("a:\r\n")), ParseErrorKind::TooLarge("headers"));
    assert_eq!(
        kind(&crowded(&format!("a: {}\r\n", "x".repeat(9000)))),
        ParseErrorKind::TooLarge("header line")
    );
    assert_eq!(kind(&long_lines("v", "SIP/2.0/UDP c", ",SIP/2.0/UDP c")), ParseErrorKind::TooLarge("Via"));
    assert_eq!(kind(&long_lines("m", "<sip:a@b>", ",<sip:a@b>")), ParseErrorKind::TooLarge("Contact"));
    assert_eq!(kind(&long_lines("m", "<sip:a@b>", ";a=b")), ParseErrorKind::Header("Contact"));
    assert_eq!(kind(&long_lines("m", "<sip:a@b>", ";")), ParseErrorKind::Header("Contact"));
    assert_eq!(kind(&long_lines("m", "\"", "\\\"")), ParseErrorKind::Header("Contact"));
    assert_eq!(kind(&long_lines("m", "", "<")), ParseErrorKind::Header("Contact"));
    assert_eq!(kind(&[b'x'; 70_000]), ParseErrorKind::TooLarge("head"));
}

#[test]
fn crowded_values_that_nobody_checks_are_carried() {
    for line in [
        long_lines("Authorization", "Digest ", "a=b "),
        long_lines("WWW-Authenticate", "Digest ", "a=\"b\", "),
    ] {
        let message = Message::parse(&line).unwrap();
        look_at_everything(message.headers());
        assert!(message.headers().credentials(header::AUTHORIZATION).is_empty());
        assert!(message.headers().challenges(header::WWW_AUTHENTICATE).is_empty());
    }
    let folded = crowded(&format!("Subject: {}\r\n", "x\r\n ".repeat(1_600)));
    assert_written_reads_back(&Message::parse(&folded).unwrap());
}

#[test]
fn only_line_ends_are_a_keep_alive() {
    for bytes in [&b""[..], b"\r\n", b"\r\n\r\n"] {
        let error = Message::parse(bytes).unwrap_err();
        assert_eq!((error.kind(), error.answerable()), (&ParseErrorKind::Empty, None));
    }
}

#[test]
fn nothing_is_answered_to_an_ack_or_to_what_has_no_via() {
    for bytes in [
        "ACK sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c;branch=z9hG4bK1\r\n\r\n",
        "BYE sip:a@b SIP/2.0\r\nTo: x\r\n\r\n",
    ] {
        assert_eq!(Message::parse(bytes.as_bytes()).unwrap_err().answerable(), None);
    }
}

#[test]
fn bare_line_ends_and_control_characters_are_refused() {
    for value in ["a\rb", "a\nb", "a\0b", "a\u{1b}[0m", "a\\\r", "\"a\\\\\0\""] {
        let bytes = String::from_utf8(crowded("")).unwrap_or_default();
        let bytes = bytes.replace("CSeq", &format!("Subject: {value}\r\nCSeq"));
        assert_eq!(
            Message::parse(bytes.as_bytes()).unwrap_err().kind(),
            &ParseErrorKind::HeaderLine,
            "{value:?}"
        );
    }
}
