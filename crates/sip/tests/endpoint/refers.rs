//! REFER to a focus (RFC 3515, RFC 4579), and a phone that sends it.

use std::time::Duration;

use bytes::Bytes;
use confab_sip::*;

use crate::network::*;
use crate::peer::*;

/// A caller whose REFER waits for the owner.
fn referring(extra: &str) -> (Peer, SubscriptionRef) {
    let (mut caller, _) = Peer::connected(focus(), "");
    assert_eq!(caller.send("REFER", extra, ""), None);
    let events = caller.events();
    let [Event::Referred { subscription, asker, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(*asker, Asker::Call(caller.call));
    (caller, *subscription)
}

const ADD: &str = "Refer-To: <sip:1001@10.0.0.1>\r\n";

fn fragment(notify: &Request) -> (String, String) {
    let state = notify.headers.get(header::SUBSCRIPTION_STATE).unwrap().to_owned();
    (state, String::from_utf8_lossy(&notify.body).into_owned())
}

#[test]
fn what_a_refer_to_may_name_by_table() {
    use ReferMethod::{Bye, Invite};
    let table = [
        ("<sip:1001@10.0.0.1>", Ok(("1001", Invite))),
        ("sip:1001@10.0.0.1", Ok(("1001", Invite))),
        ("<sip:1001@10.0.0.1;method=INVITE>", Ok(("1001", Invite))),
        ("<sip:1001@10.0.0.1:5080;method=bye>", Ok(("1001", Bye))),
        ("\"Bob\" <tel:+49301234>", Ok(("+49301234", Invite))),
        ("<sip:%31001@10.0.0.1>", Ok(("1001", Invite))),
        ("<sip:1001@192.0.2.1>", Err(403)),
        ("<sip:10.0.0.1>", Err(403)),
        ("<sip:10%2001@10.0.0.1>", Err(403)),
        ("<sip:1001@10.0.0.1;method=MESSAGE>", Err(403)),
        ("<sips:1001@10.0.0.1>", Err(403)),
        ("<http://10.0.0.1/>", Err(403)),
        ("<sip:1001@10.0.0.1?Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2>", Err(603)),
        ("nonsense", Err(400)),
        ("<sip:1001@10.0.0.1>, <sip:1002@10.0.0.1>", Err(400)),
        ("", Err(400)),
    ];
    for (target, expected) in table {
        let (mut caller, _) = Peer::connected(focus(), "");
        let line = if target.is_empty() { String::new() } else { format!("Refer-To: {target}\r\n") };
        let refused = caller.send("REFER", &line, "").map(|response| response.status);
        let named = caller.events().into_iter().find_map(|event| match event {
            Event::Referred { number, method, .. } => Some((number, method)),
            _ => None,
        });
        let expected = expected.map(|(number, method)| (number.to_owned(), method)).map_err(Some);
        assert_eq!(named.ok_or(refused), expected, "{target}");
    }
}

#[test]
fn progress_is_told_by_fragments_and_the_final_one_is_the_last() {
    let (mut caller, subscription) = referring(ADD);
    caller.at(|endpoint, now, _| endpoint.accept_refer(now, subscription));
    caller.net.run_ms(30);
    let accepted = caller.last_reply("REFER").unwrap();
    assert_eq!(accepted.status, 202);
    let first = caller.requests().remove(0);
    assert_eq!(first.headers.get(header::EVENT), Some("refer;id=2"));
    assert_eq!(first.headers.get(header::CONTENT_TYPE), Some("message/sipfrag;version=2.0"));
    assert_eq!(fragment(&first), ("active;expires=600".into(), "SIP/2.0 100 Trying\r\n".into()));
    // What comes before the first is answered is told by its newest.
    for status in [180, 200] {
        caller.at(|endpoint, now, _| endpoint.refer_progress(now, subscription, status));
    }
    caller.net.run_ms(30);
    assert_eq!(caller.requests(), []);
    caller.reply(&first, 200, &[]);
    let last = caller.requests().remove(0);
    assert_eq!(fragment(&last), ("terminated;reason=noresource".into(), "SIP/2.0 200 OK\r\n".into()));
    caller.reply(&last, 200, &[]);
    caller.at(|endpoint, now, _| endpoint.refer_progress(now, subscription, 486));
    caller.net.run(Duration::from_secs(1));
    assert_eq!((caller.requests(), caller.events()), (vec![], vec![]), "nothing comes after the last");
}

#[test]
fn who_wants_no_news_gets_none() {
    for extra in ["Refer-Sub: false\r\n", "Require: norefersub\r\n"] {
        let (mut caller, subscription) = referring(&format!("{ADD}{extra}"));
        caller.at(|endpoint, now, _| {
            endpoint.accept_refer(now, subscription);
            endpoint.refer_progress(now, subscription, 180);
            endpoint.refer_progress(now, subscription, 200);
        });
        caller.net.run_ms(30);
        let accepted = caller.last_reply("REFER").unwrap();
        assert_eq!((accepted.status, accepted.headers.get(header::REFER_SUB)), (202, Some("false")));
        assert_eq!(caller.requests(), [], "{extra}");
    }
}

#[test]
fn a_refer_that_is_refused_makes_no_subscription() {
    let (mut caller, subscription) = referring(ADD);
    caller.at(|endpoint, now, _| endpoint.refuse_subscription(now, subscription, 603.into()));
    caller.net.run_ms(30);
    assert_eq!(caller.last_reply("REFER").unwrap().status, 603);
    caller.net.run(Duration::from_secs(40));
    assert_eq!(caller.requests(), []);
}

#[test]
fn a_forged_refer_is_refused() {
    let (mut caller, _) = Peer::connected(focus(), "");
    let stranger = caller.net.scripted("10.0.9.9:5060");
    assert_eq!(caller.forge(stranger, "REFER", ADD), [403]);
    assert_eq!(caller.events(), []);
}

#[test]
fn a_phone_refers_and_hears_what_becomes_of_it() {
    let mut net = Network::new();
    let server = net.endpoint(SERVER, focus());
    let phone = net.endpoint("10.0.0.2:5060", trunk(SERVER));
    let out = net.at(phone, |endpoint, now| endpoint.place(now, dial("2000"))).unwrap();
    net.run_ms(50);
    let call = offered(&net.take_events(server));
    net.at(server, |endpoint, now| endpoint.answer(now, call, sdp()));
    net.run_ms(50);
    net.take_events(phone);
    net.take_events(server);
    let target = [(header::REFER_TO, "<sip:1001@10.0.0.1>")];
    net.at(phone, |endpoint, now| {
        endpoint.send_within_call(now, out, Method::Refer, &target, Bytes::new());
    });
    net.run_ms(50);
    let events = net.take_events(server);
    let [Event::Referred { subscription, .. }] = &events[..] else { panic!("{events:?}") };
    net.at(server, |endpoint, now| endpoint.accept_refer(now, *subscription));
    net.run_ms(50);
    net.at(server, |endpoint, now| endpoint.refer_progress(now, *subscription, 486));
    net.run_ms(50);
    let heard: Vec<String> = net
        .take_events(phone)
        .into_iter()
        .map(|event| match event {
            Event::Replied { status, .. } => format!("{status:?}"),
            Event::Notify { package, state, body, .. } => {
                format!("{package} {state} {}", String::from_utf8_lossy(&body).trim())
            }
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(
        heard,
        [
            "Some(202)",
            "refer active;expires=600 SIP/2.0 100 Trying",
            "refer terminated;reason=noresource SIP/2.0 486 Busy Here"
        ]
    );
}
