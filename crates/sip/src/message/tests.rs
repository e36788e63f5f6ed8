use super::*;

fn uri(text: &str) -> Uri {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn address(text: &str) -> NameAddr {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn uris_that_are_read() {
    let user = |text: &str| uri(text).user;
    assert_eq!(user("sip:first.last@example.com").as_deref(), Some("first.last"));
    assert_eq!(user("sip:a&b=c;d?e/f,g#@example.com").as_deref(), Some("a&b=c;d?e/f,g#"));
    assert_eq!(user("sips:example.com"), None);
    let full = uri("SIP:alice:pw@[2001:db8::1]:5061;transport=tcp;lr?Subject=x&a=b");
    assert_eq!((full.port, full.password.as_deref()), (Some(5061), Some("pw")));
    assert_eq!((full.params.get("Transport"), full.params.contains("LR")), (Some("tcp"), true));
    assert_eq!(full.to_string(), "sip:alice:pw@[2001:db8::1]:5061;transport=tcp;lr?Subject=x&a=b");
    let tel = uri("tel:+1-201-555-0123;phone-context=example.com");
    assert_eq!((&tel.scheme, tel.user.as_deref()), (&Scheme::Tel, Some("+1-201-555-0123")));
    assert_eq!(tel.to_string(), "tel:+1-201-555-0123;phone-context=example.com");
    assert_eq!(uri("urn:service:sos").to_string(), "urn:service:sos");
}

#[test]
fn uris_that_are_refused() {
    for text in [
        "",
        "sip",
        "sip:",
        "sip:@host",
        ":a@b",
        "sip:a@",
        "sip:a@b:",
        "sip:a@b:65536",
        "sip:a@b:-1",
        "sip:a@b:+1",
        "sip:a@ho st",
        "sip:a b@host",
        "sip:a@host!",
        "sip:a@[::1",
        "sip:a@::1",
        "sip:%4@host",
        "sip:%zz@host",
        "sip:a@b@c",
        "sip:a@b; lr",
        "sip:a@b;",
        "sip:a@b;x=\"y\"",
        "<sip:a@b>",
        "1sip:a@b",
        "sip:a\u{e9}@b",
        "isbn:",
    ] {
        assert_eq!(text.parse::<Uri>(), Err(Invalid("URI")), "{text}");
    }
    assert!(format!("sip:a@b{}", ";p".repeat(65)).parse::<Uri>().is_err());
}

#[test]
fn uri_equality_of_rfc_3261_19_1_4() {
    let same = [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
        ("sip:a@b;x=1;y=2", "sip:a@b;y=2;x=1"),
    ];
    let different = [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:a@b;user=phone", "sip:a@b"),
        ("sip:a@b", "sips:a@b"),
        ("sip:a@b", "sip:b"),
    ];
    for (one, two) in same {
        assert!(uri(one).matches(&uri(two)) && uri(two).matches(&uri(one)), "{one} {two}");
    }
    for (one, two) in different {
        assert!(!uri(one).matches(&uri(two)) && !uri(two).matches(&uri(one)), "{one} {two}");
    }
}

#[test]
fn addresses() {
    let contact = address("\"A < \\\"B\\\", C\" <sip:a@b;lr> ; +sip.instance=\"<urn:uuid:1>\" ;expires=60");
    assert_eq!(contact.display.as_deref(), Some("A < \"B\", C"));
    assert_eq!(contact.params.get("+SIP.instance"), Some("\"<urn:uuid:1>\""));
    assert_eq!(address(&contact.to_string()), contact);
    let bare = address("sip:a@b;tag=1");
    assert_eq!((bare.tag(), bare.uri.params.is_empty()), (Some("1"), true));
    assert_eq!(bare.with_tag("2").to_string(), "<sip:a@b>;tag=2");
    for text in [
        "",
        "\"A <sip:a@b>",
        "<sip:a@b",
        "A B",
        "\"A\" sip:a@b",
        "sip:a@b?x=y",
        "<sip:a@b>x",
        "<sip:a@b>;=1",
        "< sip:a@b>",
    ] {
        assert!(text.parse::<NameAddr>().is_err(), "{text}");
    }
}

#[test]
fn vias_and_cseqs() {
    let via: Via =
        "SIP / 2.0 / udp  [::1] : 5070 ; rport ;branch=z9hG4bK1;received=2001:db8::1".parse().unwrap();
    assert_eq!((via.transport.as_str(), via.port, via.rport()), ("UDP", Some(5070), Some(None)));
    assert_eq!(via.received(), "2001:db8::1".parse().ok());
    assert_eq!("SIP/2.0/TCP h;rport=5".parse::<Via>().map(|via| via.rport()), Ok(Some(Some(5))));
    for text in [
        "",
        "SIP/2.0/UDP",
        "SIP/2.0 h",
        "HTTP/1.1/TCP h",
        "SIP/2.0/UDP h:x",
        "SIP/2.0/U(P h",
        "SIP/2.0/UDP ::1",
    ] {
        assert_eq!(text.parse::<Via>(), Err(Invalid("Via")), "{text}");
    }
    assert_eq!("0009 \t INVITE".parse(), Ok(CSeq::new(9, Method::Invite)));
    for text in ["", "1", "INVITE", "-1 INVITE", "+1 INVITE", "2147483648 INVITE", "1 IN VITE", "1 INVITE,"] {
        assert_eq!(text.parse::<CSeq>(), Err(Invalid("CSeq")), "{text}");
    }
    assert_eq!("2147483647 x".parse(), Ok(CSeq::new(2_147_483_647, Method::Other("x".into()))));
}

#[test]
fn headers_are_found_by_any_name_and_changed_in_place() {
    let mut headers = Headers::new();
    headers.push("v", "SIP/2.0/UDP a;branch=1, SIP/2.0/UDP b;branch=2");
    headers.push("X-One", "1");
    headers.push("m", "*");
    headers.push("VIA", "SIP/2.0/UDP c");
    headers.push_front("x-zero", "0");
    assert_eq!(headers.vias().map(|vias| vias.len()), Ok(3));
    assert_eq!((headers.get("x-one"), headers.contacts()), (Some("1"), Ok(Contacts::Star)));
    let mut via = headers.top_via().unwrap();
    via.params.set("received", Some("192.0.2.1"));
    headers.set_top_via(&via);
    headers.set("X-ONE", "one");
    headers.set("Expires", "7");
    headers.remove("contact");
    let lines: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let expected = [
        "x-zero: 0",
        "Via: SIP/2.0/UDP a;branch=1;received=192.0.2.1, SIP/2.0/UDP b;branch=2",
        "X-ONE: one",
        "Via: SIP/2.0/UDP c",
        "Expires: 7",
    ];
    assert_eq!(lines, expected);
    headers.set("via", "SIP/2.0/UDP d");
    assert_eq!(headers.all("Via").collect::<Vec<_>>(), ["SIP/2.0/UDP d"]);
}

#[test]
fn numbers_and_types_in_headers() {
    let mut headers = Headers::new();
    headers.push("Expires", "99999999999999999999");
    headers.push("Max-Forwards", "256");
    headers.push("c", "Application/SDP ; charset=x");
    headers.push("k", "timer, ,100rel,");
    assert_eq!(
        (headers.expires(), headers.max_forwards()),
        (Some(Ok(u32::MAX)), Some(Err(Invalid("Max-Forwards"))))
    );
    assert_eq!(headers.content_type().as_deref(), Some("application/sdp"));
    assert_eq!(headers.list("Supported").collect::<Vec<_>>(), ["timer", "100rel"]);
    headers.set("Expires", "-1");
    assert_eq!(headers.expires(), Some(Err(Invalid("Expires"))));
}

#[test]
fn a_response_copies_what_it_must_and_says_its_true_reason() {
    let bytes = b"OPTIONS sip:a@b sip/2.0\r\nv: SIP/2.0/UDP c;branch=z9hG4bK1,SIP/2.0/UDP d\r\nf: <sip:a@b>;tag=1\r\n\
        t: <sip:a@b>\r\ni: 1\r\nTimestamp: 54\r\nCSeq: 1 OPTIONS\r\nX: y\r\n\r\n";
    let Ok(Message::Request(request)) = Message::parse(bytes) else { panic!("a request") };
    let written = String::from_utf8(request.respond(488).to_bytes().to_vec()).unwrap();
    let expected = "SIP/2.0 488 Not Acceptable Here\r\nVia: SIP/2.0/UDP c;branch=z9hG4bK1,SIP/2.0/UDP d\r\n\
        From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(written, expected);
    assert_eq!(request.respond(100).headers.get("Timestamp"), Some("54"));
    assert_eq!(
        (reason_phrase(404), reason_phrase(499), reason_phrase(183)),
        ("Not Found", "Bad Request", "Session Progress")
    );
}

#[test]
fn invalid_utf8_is_replaced_and_bodies_are_not_touched() {
    let bytes = b"MESSAGE sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP c\r\nf: \"M\xfcller\" <sip:a@b>;tag=1\r\nt: <sip:a@b>\r\ni: 1\r\n\
        CSeq: 1 MESSAGE\r\n\r\n\xff\x00\r\n";
    let Ok(Message::Request(request)) = Message::parse(bytes) else { panic!("a request") };
    assert_eq!(request.headers.from().unwrap().display.as_deref(), Some("M\u{fffd}ller"));
    assert_eq!(&request.body[..], b"\xff\x00\r\n");
}

#[test]
fn a_tag_is_found_where_the_whole_address_says_it_is() {
    let table = [
        "<sip:a@h>;tag=x1",
        "\"a;tag=no <b>\" <sip:a@h;tag=no>;p=1;TAG = x2 ",
        "sip:a@h;tag=x3",
        "Alice <sip:a@h>",
        "<sip:a@h>;tag",
        "<sip:a@h>;x=\"1;tag=no\";tag=x4;tag=x5",
    ];
    for text in table {
        let mut headers = Headers::new();
        headers.push("To", text);
        headers.push("From", text);
        assert_eq!(headers.to_tag(), address(text).tag(), "{text}");
        assert_eq!(headers.from_tag(), headers.to_tag(), "{text}");
    }
}

#[test]
fn our_tag_is_added_where_there_is_none() {
    for (to, tag) in [("<sip:a@h>", "ours"), ("<sip:a@h>; ", "ours"), ("sip:a@h;tag=theirs", "theirs")] {
        let mut headers = Headers::new();
        headers.push("To", to);
        headers.tag_to("ours");
        assert_eq!(headers.to().unwrap(), address("<sip:a@h>").with_tag(tag), "{to}");
    }
}
