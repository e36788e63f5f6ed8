//! What a call costs the signalling side in memory, once its transactions are over.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use confab_sip::{Flow, Listener, Transport};
use confab_switchboard::{Action, Input, MediaCommand, MediaEvent, Switchboard, SwitchboardConfig};

/// The most that a caller may cost here, octets: an eighth of what he may cost all told.
const MOST: u64 = 3 * 1024;
const CALLS: u64 = 200;

fn ours() -> SocketAddr {
    "10.0.0.1:5080".parse().unwrap()
}

fn theirs() -> SocketAddr {
    "10.0.0.2:5060".parse().unwrap()
}

fn switchboard() -> Switchboard {
    let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/bench.toml"));
    let config = confab_config::load(file, &["sip.session-expires=86400".into()]).unwrap();
    Switchboard::new(SwitchboardConfig {
        endpoint: config.endpoint(vec![Listener::new(Transport::Udp, ours())]),
        conference: config.conference,
        media_addresses: vec![ours().ip()],
        seed: [7; 32],
    })
}

/// An INVITE or ACK as a desk phone writes it.
fn request(method: &str, call: u64, to_tag: &str, body: &str) -> Bytes {
    let branch = &method[..1];
    let cseq = u8::from(method == "BYE") + 1;
    let text = format!(
        "{method} sip:80001@10.0.0.1:5080 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK-{branch}{call};rport\r\nMax-Forwards: 70\r\n\
         From: \"Conference Room\" <sip:caller{call}@10.0.0.1:5080>;tag=from-{call}\r\n\
         To: <sip:80001@10.0.0.1:5080>{to_tag}\r\nCall-ID: 8f14e45fceea167a5a36dedd4bea2543-{call}\r\nCSeq: {cseq} {method}\r\n\
         Contact: <sip:caller{call}@10.0.0.2:5060;transport=udp>\r\nUser-Agent: Desk Phone 4711 1.2.3.4\r\n\
         Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE\r\nSupported: timer, replaces\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    text.into()
}

fn offer(port: u64) -> String {
    format!(
        "v=0\r\no=phone 1 1 IN IP4 10.0.0.2\r\ns=call\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 8 9 101\r\n\
         a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:9 G722/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    )
}

/// Does what is to be done; the To tag of the last response.
fn drain(switchboard: &mut Switchboard, now: Instant, port: u16) -> String {
    let mut tag = String::new();
    while let Some(action) = switchboard.poll_action() {
        match action {
            Action::Transmit(transmit) => {
                let text = String::from_utf8_lossy(&transmit.bytes).into_owned();
                let to = text.lines().find(|line| line.starts_with("To:")).unwrap();
                tag = to.split_once(";tag=").map_or(String::new(), |(_, tag)| format!(";tag={tag}"));
            }
            Action::Media(MediaCommand::OpenLeg { leg, .. }) => {
                switchboard.handle_input(now, Input::Media(MediaEvent::Opened { leg, port }));
            }
            Action::Media(MediaCommand::StopLeg { leg }) => {
                let quality = Box::default();
                switchboard.handle_input(now, Input::Media(MediaEvent::LineOver { leg, quality }));
            }
            _ => {}
        }
    }
    tag
}

/// One call is made and acknowledged, and all that it left in the transactions is over.
fn call(switchboard: &mut Switchboard, now: &mut Instant, number: u64) -> String {
    let port = port(number);
    switchboard
        .handle_input(*now, packet(request("INVITE", number, "", &offer(30_000 + 2 * number % 10_000))));
    let tag = drain(switchboard, *now, port);
    switchboard.handle_input(*now, packet(request("ACK", number, &tag, "")));
    drain(switchboard, *now, port);
    *now += Duration::from_secs(40);
    switchboard.handle_timeout(*now);
    drain(switchboard, *now, port);
    tag
}

fn packet(bytes: Bytes) -> Input {
    let flow = Flow { transport: Transport::Udp, local: ours(), remote: theirs(), connection: None };
    Input::Sip(confab_sip::Input::Packet { flow, bytes })
}

/// Where we take a caller's audio.
fn port(number: u64) -> u16 {
    20_000 + (2 * number % 10_000) as u16
}

#[test]
fn a_call_that_is_up_takes_little_memory() {
    #[expect(clippy::disallowed_methods, reason = "a base for virtual time")]
    let mut now = Instant::now();
    let mut switchboard = switchboard();
    call(&mut switchboard, &mut now, 0);
    let measured = allocation_counter::measure(|| {
        for number in 1..=CALLS {
            call(&mut switchboard, &mut now, number);
        }
    });
    assert_eq!(switchboard.calls() as u64, CALLS + 1);
    let each = measured.bytes_current as u64 / CALLS;
    println!("{each} octets for each call");
    assert!(each <= MOST, "{each} octets for each call");
}

/// Ten thousand callers who come and go, as many again as before, take what the first took and not an octet more.
#[test]
fn ten_thousand_joins_leave_the_memory_where_it_was() {
    #[expect(clippy::disallowed_methods, reason = "a base for virtual time")]
    let mut now = Instant::now();
    let mut switchboard = switchboard();
    let mut come_and_go = |calls: std::ops::Range<u64>| {
        allocation_counter::measure(|| {
            for number in calls {
                let tag = call(&mut switchboard, &mut now, number);
                hang_up(&mut switchboard, &mut now, number, &tag);
            }
        })
        .bytes_current
    };
    come_and_go(0..1000);
    let left = come_and_go(1000..11_000);
    assert!(left.abs() < 1024, "{left} octets are left of 10,000 calls");
}

/// The caller hangs up, and all that his call left in the transactions is over.
fn hang_up(switchboard: &mut Switchboard, now: &mut Instant, number: u64, to_tag: &str) {
    switchboard.handle_input(*now, packet(request("BYE", number, to_tag, "")));
    drain(switchboard, *now, port(number));
    *now += Duration::from_secs(40);
    switchboard.handle_timeout(*now);
    drain(switchboard, *now, port(number));
    assert_eq!(switchboard.calls(), 0);
}
