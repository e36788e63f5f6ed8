//! What a call costs the signalling, without sockets and audio: `cargo run --release -p confab-switchboard --example
//! calls -- [calls] [members]`.
//!
//! So many callers sit in one room; others come in and hang up, one after the other, from INVITE to BYE. Under `valgrind
//! --tool=callgrind` two runs of different length tell the instructions of a call: what they differ by.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use confab_sip::{Flow, Listener, Transport};
use confab_switchboard::{Action, Input, MediaCommand, MediaEvent, Switchboard, SwitchboardConfig};

/// Between two calls: a thousand in a second.
const PACE: Duration = Duration::from_millis(1);

fn main() {
    let mut arguments = std::env::args().skip(1).map_while(|argument| argument.parse::<u64>().ok());
    let calls = arguments.next().unwrap_or(10_000);
    let members = arguments.next().unwrap_or(2000);
    let mut exchange = Exchange::new();
    (0..members).for_each(|number| drop(exchange.join(number)));
    let started = begin();
    for number in members..members + calls {
        let tag = exchange.join(number);
        exchange.leave(number, &tag);
    }
    println!("a room of {members}: {} ns a call", (begin() - started).as_nanos() / u128::from(calls.max(1)));
}

/// The switchboard, and the time.
struct Exchange {
    switchboard: Switchboard,
    now: Instant,
}

impl Exchange {
    fn new() -> Self {
        let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/bench.toml"));
        let config = confab_config::load(file, &[]).expect("the configuration in this repository");
        let switchboard = Switchboard::new(SwitchboardConfig {
            endpoint: config.endpoint(vec![Listener::new(Transport::Udp, ours())]),
            conference: config.conference,
            media_addresses: vec![ours().ip()],
            seed: [7; 32],
        });
        Self { switchboard, now: begin() }
    }

    /// Somebody calls and is answered; the To tag of his dialog.
    fn join(&mut self, number: u64) -> String {
        let tag = self.receive(request("INVITE", number, "", &offer(number)));
        self.receive(request("ACK", number, &tag, ""));
        tag
    }

    fn leave(&mut self, number: u64, tag: &str) {
        self.receive(request("BYE", number, tag, ""));
    }

    fn receive(&mut self, bytes: Bytes) -> String {
        self.now += PACE / 3;
        self.switchboard.handle_timeout(self.now);
        let flow = Flow { transport: Transport::Udp, local: ours(), remote: theirs(), connection: None };
        self.tell(Input::Sip(confab_sip::Input::Packet { flow, bytes }));
        self.drain()
    }

    fn tell(&mut self, input: Input) {
        self.switchboard.handle_input(self.now, input);
    }

    /// Does what is to be done; the To tag of what was sent last.
    fn drain(&mut self) -> String {
        let mut tag = String::new();
        while let Some(action) = self.switchboard.poll_action() {
            match action {
                Action::Transmit(transmit) => tag = to_tag(&transmit.bytes),
                Action::Media(MediaCommand::OpenLeg { leg, .. }) => {
                    self.tell(Input::Media(MediaEvent::Opened {
                        leg,
                        port: 10_000 + (leg.0 * 2 % 50_000) as u16,
                    }));
                }
                Action::Media(MediaCommand::StopLeg { leg }) => {
                    self.tell(Input::Media(MediaEvent::LineOver { leg, quality: Box::default() }));
                }
                _ => {}
            }
        }
        tag
    }
}

#[expect(clippy::disallowed_methods, reason = "it measures time")]
fn begin() -> Instant {
    Instant::now()
}

fn ours() -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], 5080))
}

fn theirs() -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 2], 5060))
}

fn to_tag(message: &[u8]) -> String {
    let text = std::str::from_utf8(message).unwrap_or_default();
    let to = text.lines().find(|line| line.starts_with("To:")).unwrap_or_default();
    to.split_once(";tag=").map_or(String::new(), |(_, tag)| format!(";tag={tag}"))
}

/// A request as a desk phone writes it.
fn request(method: &str, call: u64, to_tag: &str, body: &str) -> Bytes {
    let branch = &method[..1];
    let cseq = u8::from(method == "BYE") + 1;
    let content_type = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    let text = format!(
        "{method} sip:80001@10.0.0.1:5080 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK-{branch}{call};rport\r\nMax-Forwards: 70\r\n\
         From: \"Desk Phone\" <sip:caller{call}@10.0.0.1:5080>;tag=from-{call}\r\n\
         To: <sip:80001@10.0.0.1:5080>{to_tag}\r\nCall-ID: 8f14e45fceea167a5a36dedd4bea2543-{call}\r\nCSeq: {cseq} {method}\r\n\
         Contact: <sip:caller{call}@10.0.0.2:5060;transport=udp>\r\nUser-Agent: Desk Phone 4711 1.2.3.4\r\n\
         Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE\r\nSupported: timer, replaces\r\n\
         {content_type}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    text.into()
}

fn offer(number: u64) -> String {
    let port = 10_000 + 2 * number % 20_000;
    format!(
        "v=0\r\no=phone 1 1 IN IP4 10.0.0.2\r\ns=call\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 8 9 101\r\n\
         a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:9 G722/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    )
}
