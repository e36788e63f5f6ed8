//! The torture messages of RFC 4475 and RFC 5118: what the message layer makes of each. Verdicts that belong to the
//! transaction user (405, 415, 420, 501, ...) are not given here: such a message must be accepted, with its fields.

#![allow(missing_docs, reason = "a test")]

use confab_sip::{
    Contacts, Host, Message, NameAddr, ParseError, ParseErrorKind, Request, Response, Scheme, Uri, header,
};

macro_rules! torture {
    ($name:literal) => {
        include_bytes!(concat!("torture/", $name, ".dat"))
    };
}

fn request(bytes: &[u8]) -> Request {
    match Message::parse(bytes) {
        Ok(Message::Request(request)) => request,
        other => panic!("not a request: {other:?}"),
    }
}

fn response(bytes: &[u8]) -> Response {
    match Message::parse(bytes) {
        Ok(Message::Response(response)) => response,
        other => panic!("not a response: {other:?}"),
    }
}

fn contacts(request: &Request) -> Vec<NameAddr> {
    match request.headers.contacts() {
        Ok(Contacts::List(list)) => list,
        other => panic!("no list of contacts: {other:?}"),
    }
}

fn ip(text: &str) -> Host {
    Host::Ip(text.parse().expect("an address"))
}

/// Refused with that status and kind, and answerable: Via is there to be copied.
fn assert_answered(bytes: &[u8], status: u16, kind: &ParseErrorKind) {
    let error: ParseError = Message::parse(bytes).expect_err("refused");
    assert_eq!((error.status(), error.kind()), (status, kind));
    let answer = error.answerable().expect("answerable").respond(error.status());
    assert!(answer.headers.top_via().is_ok() && answer.headers.cseq().is_ok() || kind == &bad(header::CSEQ));
}

fn bad(name: &'static str) -> ParseErrorKind {
    ParseErrorKind::Header(name)
}

#[test]
fn wsinv_is_read_through_all_its_blanks() {
    let request = request(torture!("wsinv"));
    assert_eq!(request.uri, "sip:vivekg@chair-dnrc.example.com;unknownparam");
    let headers = &request.headers;
    assert_eq!(headers.to().unwrap().tag(), Some("1918181833n"));
    let from = headers.from().unwrap();
    assert_eq!((from.display.as_deref(), from.tag()), (Some("J Rosenberg \\\""), Some("98asjd8")));
    assert_eq!(headers.max_forwards(), Some(Ok(68)));
    assert_eq!(headers.cseq().unwrap().to_string(), "9 INVITE");
    let vias = headers.vias().unwrap();
    let hops: Vec<_> = vias.iter().map(|via| (via.transport.as_str(), via.branch().unwrap())).collect();
    assert_eq!(hops, [("UDP", "390skdjuw"), ("TCP", "z9hG4bK9ikj8"), ("UDP", "z9hG4bK30239")]);
    assert_eq!(headers.get("Subject"), Some(""));
    assert_eq!(headers.get("newfangledheader"), Some("newfangled value continued newfangled value"));
    assert_eq!(headers.get("UnknownHeaderWithUnusualValue"), Some(";;,,;;,;"));
    let [contact] = &contacts(&request)[..] else { panic!("one contact") };
    assert_eq!(contact.display.as_deref(), Some("Quoted string \"\""));
    assert_eq!((contact.params.get("newparam"), contact.params.get("q")), (Some("newvalue"), Some("0.33")));
    assert!(contact.params.contains("secondparam"));
    assert!(headers.routes().unwrap()[0].uri.params.contains("lr"));
    assert_eq!(request.body.len(), 150);
}

#[test]
fn intmeth_keeps_every_legal_character() {
    let bytes = torture!("intmeth");
    let request = request(bytes);
    assert_eq!(request.method.as_str(), "!interesting-Method0123456789_*+`.%indeed'~");
    let uri: Uri = request.uri.parse().unwrap();
    assert_eq!(uri.user.as_deref(), Some("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"));
    assert_eq!(uri.password.as_deref(), Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"));
    let headers = &request.headers;
    assert_eq!(headers.to().unwrap().display.as_deref(), Some("BEL:\x07 NUL:\0 DEL:\x7f"));
    let from = headers.from().unwrap();
    assert_eq!(from.display.as_deref(), Some("token1~` token2'+_ token3*%!.-"));
    assert_eq!(
        (from.params.get("fromParam''~+*_!.-%"), from.tag()),
        (Some("\"работающий\""), Some("_token~1'+`*%!-."))
    );
    assert_eq!(headers.call_id(), Some("intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"));
    assert_eq!(headers.get("extensionHeader-!.%*+_`'~"), Some("\u{feff}大停電"));
    assert_eq!(Message::parse(&request.to_bytes()), Message::parse(bytes));
}

#[test]
fn escapes_are_undone_where_they_are_escapes() {
    let esc01 = request(torture!("esc01"));
    let uri: Uri = esc01.uri.parse().unwrap();
    assert_eq!(
        (uri.unescaped_user().as_deref(), uri.host),
        (Some("sips:user@example.com"), Host::Name("example.net".into()))
    );
    assert_eq!(esc01.headers.to().unwrap().uri.unescaped_user().as_deref(), Some("user"));
    assert_eq!(esc01.headers.from().unwrap().uri.unescaped_user().as_deref(), Some("I have spaces"));
    let contact = &contacts(&esc01)[0].uri;
    assert!(contact.params.contains("%6C%72") && !contact.params.contains("lr"));
    assert!(contact.matches(&"sip:caller@HOST5.example.net;%6C%72;n%61me=value%25%34%31".parse().unwrap()));

    let escnull = request(torture!("escnull"));
    assert_eq!(escnull.headers.to().unwrap().uri.unescaped_user().as_deref(), Some("null-\0-null"));
    let bound: Vec<_> = contacts(&escnull).iter().map(|one| one.uri.unescaped_user().unwrap()).collect();
    assert_eq!(bound, ["\0", "\0\0"]);

    let esc02 = request(torture!("esc02"));
    assert_eq!(esc02.method.as_str(), "RE%47IST%45R");
    assert_eq!(esc02.headers.to().unwrap().display.as_deref(), Some("%Z%45"));
    assert_eq!(contacts(&esc02).len(), 2);
    assert_eq!(esc02.headers.get("C%6Fntact"), Some("<sip:alias2@host2.example.com>"));
}

#[test]
fn other_valid_requests() {
    assert_eq!(request(torture!("lwsdisp")).headers.from().unwrap().display.as_deref(), Some("caller"));
    let longreq = request(torture!("longreq"));
    assert_eq!(longreq.headers.vias().unwrap().len(), 34);
    assert_eq!(longreq.headers.to().unwrap().uri.port, Some(6000));
    let dblreq = request(torture!("dblreq"));
    assert!(dblreq.body.is_empty() && dblreq.method.as_str() == "REGISTER");
    let semiuri = request(torture!("semiuri"));
    let uri: Uri = semiuri.uri.parse().unwrap();
    assert_eq!(uri.unescaped_user().as_deref(), Some("user;par=u@example.net"));
    assert_eq!(semiuri.headers.list(header::ACCEPT).count(), 6);
    let transports = request(torture!("transports")).headers.vias().unwrap();
    let names: Vec<_> = transports.iter().map(|via| via.transport.as_str()).collect();
    assert_eq!(names, ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]);
    let mpart01 = request(torture!("mpart01"));
    let all_bytes: Vec<u8> = (0..=255).collect();
    assert!(mpart01.body.windows(256).any(|window| window == all_bytes));
    assert_eq!(mpart01.headers.content_type().as_deref(), Some("multipart/mixed"));
    assert!(mpart01.to_bytes().ends_with(&mpart01.body));
}

#[test]
fn reason_phrases() {
    let unreason = response(torture!("unreason"));
    assert_eq!(unreason.reason, "= 2**3 * 5**2 но сто девяносто девять - простое");
    assert_eq!(unreason.body.len(), 154);
    let noreason = response(torture!("noreason"));
    assert_eq!((noreason.status, noreason.reason.as_str()), (100, ""));
}

#[test]
fn invalid_requests_get_the_answer_that_the_rfc_advises() {
    use ParseErrorKind::{
        CSeqMethod, Missing, Repeated, RequestUri, StartLine, Truncated, UriScheme, Version,
    };
    let cases: &[(&[u8], u16, ParseErrorKind)] = &[
        (torture!("badinv01"), 400, bad("Via")),
        (torture!("clerr"), 400, Truncated),
        (torture!("ncl"), 400, bad("Content-Length")),
        (torture!("scalar02"), 400, bad("CSeq")),
        (torture!("quotbal"), 400, bad("To")),
        (torture!("ltgtruri"), 400, RequestUri),
        (torture!("lwsruri"), 400, RequestUri),
        (torture!("lwsstart"), 400, RequestUri),
        (torture!("trws"), 400, StartLine),
        (torture!("escruri"), 400, RequestUri),
        (torture!("regbadct"), 400, bad("Contact")),
        (torture!("badaspec"), 400, bad("To")),
        (torture!("badvers"), 505, Version),
        (torture!("mismatch01"), 400, CSeqMethod),
        (torture!("mismatch02"), 400, CSeqMethod),
        (torture!("insuf"), 400, Missing("From")),
        (torture!("unkscm"), 416, UriScheme),
        (torture!("novelsc"), 416, UriScheme),
        (torture!("multi01"), 400, Repeated("CSeq")),
        (torture!("mcl01"), 400, bad("Content-Length")),
    ];
    for (bytes, status, kind) in cases {
        assert_answered(bytes, *status, kind);
    }
}

#[test]
fn invalid_responses_are_dropped() {
    for bytes in [&torture!("scalarlg")[..], torture!("bigcode")] {
        assert_eq!(Message::parse(bytes).unwrap_err().answerable(), None);
    }
}

#[test]
fn faults_that_may_be_overlooked_are() {
    assert_eq!(request(torture!("baddate")).headers.get(header::DATE), Some("Fri, 01 Jan 2010 16:00:00 EST"));
    let baddn = request(torture!("baddn")).headers;
    assert_eq!(baddn.from().unwrap().display.as_deref(), Some("Bell, Alexander"));
    assert_eq!(baddn.to().unwrap().to_string(), "\"Watson, Thomas\" <sip:t.watson@example.org>");
    assert_eq!(request(torture!("badbranch")).headers.top_via().unwrap().branch(), Some("z9hG4bK"));
    assert_eq!(request(torture!("zeromf")).headers.max_forwards(), Some(Ok(0)));
}

#[test]
fn what_others_decide_is_accepted_with_its_fields() {
    let unksm2 = request(torture!("unksm2"));
    assert_eq!(unksm2.headers.to().unwrap().uri.scheme, Scheme::Other("isbn".into()));
    assert_eq!(contacts(&unksm2)[0].uri.to_string(), "name:John_Smith");
    let bext01 = request(torture!("bext01")).headers;
    let required: Vec<_> = bext01.list(header::REQUIRE).collect();
    assert_eq!(required, ["nothingSupportsThis", "nothingSupportsThisEither"]);
    let invut = request(torture!("invut"));
    assert_eq!(invut.headers.content_type().as_deref(), Some("application/unknownformat"));
    let regaut01 = request(torture!("regaut01"));
    assert!(regaut01.headers.credentials(header::AUTHORIZATION).is_empty());
    assert_eq!(response(torture!("bcast")).headers.vias().unwrap()[1].host, ip("255.255.255.255"));
    let cparam01 = &contacts(&request(torture!("cparam01")))[0];
    assert!(cparam01.params.contains("unknownparam") && cparam01.uri.params.is_empty());
    let cparam02 = &contacts(&request(torture!("cparam02")))[0];
    assert!(cparam02.uri.params.contains("unknownparam") && cparam02.params.is_empty());
    let regescrt = &contacts(&request(torture!("regescrt")))[0];
    assert_eq!(regescrt.uri.headers.as_deref(), Some("Route=%3Csip:sip.example.com%3E"));
    let sdp01 = request(torture!("sdp01")).headers;
    assert_eq!(sdp01.list("accept").next(), Some("text/nobodyKnowsThis"));
    let inv2543 = request(torture!("inv2543"));
    assert_eq!(
        (inv2543.headers.top_via().unwrap().branch(), inv2543.headers.from().unwrap().tag()),
        (None, None)
    );
    assert!(inv2543.body.ends_with(b"RTP/AVP 0\r\n"));
}

#[test]
fn ipv6_references() {
    let hosts: &[(&[u8], &str, Option<u16>)] = &[
        (torture!("ipv6-good"), "2001:db8::10", None),
        (torture!("port-ambiguous"), "2001:db8::10:5070", None),
        (torture!("port-unambiguous"), "2001:db8::10", Some(5070)),
        (torture!("ipv6-in-sdp"), "2001:db8::10", None),
        (torture!("mult-ip-in-sdp"), "2001:db8::10", None),
        (torture!("ipv6-correct-abnf-2-colons"), "2001:db8::192.0.2.1", None),
        (torture!("ipv6-bug-abnf-3-colons"), "2001:db8::192.0.2.1", None),
    ];
    for (bytes, host, port) in hosts {
        let uri: Uri = request(bytes).uri.parse().unwrap();
        assert_eq!((uri.host, uri.port), (ip(host), *port));
    }
    assert_eq!(contacts(&request(torture!("ipv6-good")))[0].uri.to_string(), "sip:caller@[2001:db8::1]");
    assert_answered(torture!("ipv6-bad"), 400, &ParseErrorKind::RequestUri);
}

#[test]
fn ipv6_in_via() {
    for bytes in [&torture!("via-received-param-with-delim")[..], torture!("via-received-param-no-delim")] {
        let via = request(bytes).headers.top_via().unwrap();
        assert_eq!((via.host.clone(), via.received()), (ip("2001:db8::9:1"), "2001:db8::9:255".parse().ok()));
        assert!(via.to_string().starts_with("SIP/2.0/UDP [2001:db8::9:1];received="));
    }
    let vias = request(torture!("mult-ip-in-header")).headers.vias().unwrap();
    let hosts: Vec<_> = vias.iter().map(|via| (via.host.clone(), via.port)).collect();
    assert_eq!(
        hosts,
        [(ip("2001:db8::9:1"), Some(6050)), (ip("192.0.2.1"), None), (ip("2001:db8::9:255"), None)]
    );
    let mapped = request(torture!("ipv4-mapped-ipv6")).headers.top_via().unwrap();
    assert_eq!((mapped.host, mapped.port), (ip("::ffff:192.0.2.10"), Some(19823)));
}
