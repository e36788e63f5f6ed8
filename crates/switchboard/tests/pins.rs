//! A PIN that comes with the call (`X-ConfPin`).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::Exchange;

/// Room 2003 is called from outside, with this in the request URI and these header fields.
fn called(parameter: &str, fields: &str) -> Exchange {
    let mut x = Exchange::new();
    let sdp =
        "v=0\r\no=- 1 1 IN IP4 10.0.0.40\r\ns=-\r\nc=IN IP4 10.0.0.40\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
    let text = format!(
        "INVITE sip:2003@10.0.0.1:5080{parameter} SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.40:5060;branch=z9hG4bKpin\r\n\
         From: <sip:5551@10.0.0.40>;tag=u\r\nTo: <sip:2003@10.0.0.1>\r\nCall-ID: pin\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:5551@10.0.0.40>\r\nMax-Forwards: 70\r\n{fields}Content-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    );
    x.raw("10.0.0.40:5060".parse().unwrap(), &text);
    x
}

fn told(x: &Exchange, what: &str) -> bool {
    x.log.iter().any(|line| line.contains(what))
}

#[test]
fn a_pin_in_the_header_or_in_the_uri_need_not_be_typed() {
    for (parameter, fields) in [("", "X-ConfPin: 7536\r\n"), (";X-ConfPin=7536", ""), (";x-confpin=7536", "")]
    {
        let x = called(parameter, fields);
        assert!(told(&x, "5551 joined as guest"), "{parameter}{fields}: {:?}", x.log);
    }
}

#[test]
fn a_wrong_pin_counts_as_one_that_was_typed_and_is_never_shown() {
    let x = called("", "X-ConfPin: 4711\r\n");
    assert!(told(&x, "5551 gave a wrong PIN, tries left: 2") && !told(&x, "joined"), "{:?}", x.log);
    assert!(!told(&x, "4711"));
    for nonsense in ["X-ConfPin: letters\r\n", "X-ConfPin: \r\n", "X-ConfPin: 12345678901234567\r\n"] {
        let x = called("", nonsense);
        assert!(
            !told(&x, "wrong PIN") && !told(&x, "joined"),
            "{nonsense}: he is asked, as if nothing had come"
        );
    }
}
