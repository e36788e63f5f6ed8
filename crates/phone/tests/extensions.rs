//! What two phones do beyond RFC 3261, over loopback.
#![expect(clippy::unwrap_used, reason = "a call that cannot be set up is a failed test")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use confab_phone::{Extension, OnCall, PeerOptions, Phone, PhoneConfig};

const SOON: Duration = Duration::from_secs(5);

/// A phone that answers after it has rung, and one that calls it; both with those options.
async fn pair(options: PeerOptions) -> (Phone, Phone) {
    let bind = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let answer = OnCall::Answer(Duration::from_millis(100));
    let called = PhoneConfig::listening(bind).on_call(answer).options(options);
    let called = Phone::start(called).await.unwrap();
    let calling = PhoneConfig::new(called.local_addr(), "5551234").options(options);
    (Phone::start(calling).await.unwrap(), called)
}

/// Whether a message both begins so and holds that line.
fn has(phone: &Phone, start: &str, line: &str) -> bool {
    let texts =
        phone.messages().into_iter().map(|traced| String::from_utf8_lossy(&traced.bytes).into_owned());
    texts.into_iter().any(|text| text.starts_with(start) && text.contains(line))
}

#[tokio::test]
async fn what_rings_is_acknowledged_and_what_is_up_has_a_timer() {
    let required = Extension::Required;
    let options = PeerOptions { reliable: required, session_timers: required, ..PeerOptions::default() };
    let (calling, called) = pair(options).await;
    let call = calling.call("2002").await.unwrap();
    call.wait_answered(SOON).await.unwrap();
    called.next_answered(SOON).await.unwrap();
    assert!(has(&calling, "INVITE", "\r\nRequire: 100rel\r\n"));
    assert!(has(&calling, "SIP/2.0 180", "\r\nRSeq: "));
    assert!(has(&calling, "PRACK", "\r\nRAck: "));
    assert!(has(&calling, "SIP/2.0 200", "\r\nSession-Expires: 1800;refresher=uac\r\n"));
}

#[tokio::test]
async fn a_phone_is_no_focus() {
    let (calling, called) = pair(PeerOptions::default()).await;
    let call = calling.call("2002").await.unwrap();
    call.wait_answered(SOON).await.unwrap();
    let far = called.next_answered(SOON).await.unwrap();
    assert_eq!(call.refer("<sip:1001@127.0.0.1>").await.unwrap(), 405);
    assert_eq!(far.subscribe("conference").await.unwrap(), 405);
    assert_eq!(call.replaces().await.unwrap().to_tag, far.replaces().await.unwrap().from_tag);
    assert!(!has(&calling, "SIP/2.0 200", "isfocus"));
}
