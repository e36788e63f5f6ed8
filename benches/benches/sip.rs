//! SIP messages: reading, writing and answering an INVITE of 762 bytes (bar: read and answer in 15 µs), and an
//! authenticated REGISTER (bar: 50 µs, half of what 10,000 in a second leave).

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use confab_sip::{
    AdmitAll, Challenge, Endpoint, EndpointConfig, Flow, Input, Limits, Listener, Message, Request, Secret,
    Transport, User, header,
};
use criterion::{Criterion, criterion_group, criterion_main};

const HEAD: &str = "INVITE sip:2002@conference.example.com:5080;transport=udp SIP/2.0\r\n\
Via: SIP/2.0/UDP 192.0.2.14:5060;branch=z9hG4bK-524287-1---0f3eb40b11f97a9c;rport\r\n\
Max-Forwards: 70\r\n\
Contact: <sip:1004@192.0.2.14:5060;transport=udp>\r\n\
To: <sip:2002@conference.example.com:5080>\r\n\
From: \"Alice Example\" <sip:1004@conference.example.com>;tag=5e00e125\r\n\
Call-ID: wSSsR1c-lUjKuRhxr0iEKA..@192.0.2.14\r\n\
CSeq: 1 INVITE\r\n\
Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, OPTIONS, INFO\r\n\
Content-Type: application/sdp\r\n\
Supported: replaces, timer, outbound, 100rel\r\n\
User-Agent: Example Phone 5.6.1\r\n";

const SDP: &str = "v=0\r\n\
o=- 3868331 1 IN IP4 192.0.2.14\r\n\
s=-\r\n\
c=IN IP4 192.0.2.14\r\n\
t=0 0\r\n\
m=audio 40000 RTP/AVP 0 8 101\r\n\
a=rtpmap:0 PCMU/8000\r\n\
a=rtpmap:101 telephone-event/8000\r\n\
a=sendrecv\r\n";

fn invite() -> String {
    let invite = format!("{HEAD}Content-Length: {}\r\n\r\n{SDP}", SDP.len());
    assert_eq!(invite.len(), 762, "the size that the figures are for");
    invite
}

fn request(bytes: &[u8]) -> Option<Request> {
    match Message::parse(bytes) {
        Ok(Message::Request(request)) => Some(request),
        _ => None,
    }
}

/// What a server does with every INVITE at the least: read it, look at what decides, answer.
fn answer(bytes: &[u8], out: &mut BytesMut) -> Option<()> {
    let request = request(bytes)?;
    let headers = &request.headers;
    let mut via = headers.top_via().ok()?;
    let (from, to, cseq) = (headers.from().ok()?, headers.to().ok()?, headers.cseq().ok()?);
    black_box((from.tag(), cseq.number, headers.contacts().ok()?));
    via.params.set("received", Some("192.0.2.14"));
    let mut response = request.respond(200);
    response.headers.set_top_via(&via);
    response.headers.set(header::TO, to.with_tag("d2d1f0a9").to_string());
    response.headers.push(header::CONTACT, "<sip:2002@192.0.2.1:5080>");
    response.headers.push(header::CONTENT_TYPE, "application/sdp");
    response.body = request.body.clone();
    response.write(out);
    Some(())
}

fn sip(c: &mut Criterion) {
    let bytes = invite();
    let mut out = BytesMut::with_capacity(4096);
    c.bench_function("sip/parse an INVITE", |b| b.iter(|| Message::parse(black_box(bytes.as_bytes()))));
    let Some(request) = request(bytes.as_bytes()) else { return };
    c.bench_function("sip/write an INVITE", |b| {
        b.iter(|| {
            out.clear();
            request.write(&mut out);
        })
    });
    c.bench_function("sip/parse an INVITE and respond", |b| {
        b.iter(|| {
            out.clear();
            answer(black_box(bytes.as_bytes()), &mut out)
        })
    });
}

/// A registrar with one user, and the phone of that user.
struct Registration {
    endpoint: Endpoint,
    flow: Flow,
    now: Instant,
    secret: Secret,
    challenge: Option<Challenge>,
    count: u32,
}

impl Registration {
    fn new() -> Self {
        let local = ([192, 0, 2, 1], 5080).into();
        let secret = Secret::new("1234");
        let config = EndpointConfig {
            listeners: vec![Listener::new(Transport::Udp, local)],
            users: vec![User::new("1004", secret.clone())],
            limits: Limits { transactions: usize::MAX, ..Limits::default() },
            ..EndpointConfig::default()
        };
        let flow = Flow {
            transport: Transport::Udp,
            local,
            remote: ([192, 0, 2, 14], 5060).into(),
            connection: None,
        };
        let endpoint = Endpoint::new(config, [7; 32]);
        Self { endpoint, flow, now: Instant::now(), secret, challenge: None, count: 0 }
    }

    /// The next REGISTER, by the same nonce for as long as it lives.
    fn request(&mut self) -> Bytes {
        self.count += 1;
        let (count, uri) = (self.count, "sip:192.0.2.1:5080");
        let answer =
            |challenge: &Challenge| challenge.answer("REGISTER", uri, "1004", &self.secret, "c0ffee", count);
        let shown = self.challenge.as_ref().and_then(answer);
        let shown = shown.map_or_else(String::new, |shown| format!("Authorization: {shown}\r\n"));
        let text = format!(
            "REGISTER {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.14:5060;branch=z9hG4bK-{count};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:1004@192.0.2.1>;tag=5e00e125\r\nTo: <sip:1004@192.0.2.1>\r\n\
             Call-ID: wSSsR1c-lUjKuRhxr0iEKA..@192.0.2.14\r\nCSeq: {count} REGISTER\r\n\
             Contact: <sip:1004@192.0.2.14:5060>\r\nExpires: 3600\r\n{shown}Content-Length: 0\r\n\r\n"
        );
        text.into()
    }

    /// What the registrar answers. A millisecond passes, so that as many transactions linger as at 1000 in a second.
    fn register(&mut self, bytes: Bytes) -> Option<Bytes> {
        self.now += Duration::from_millis(1);
        self.endpoint.handle_timeout(self.now);
        self.endpoint.handle_input(self.now, Input::Packet { flow: self.flow, bytes }, &AdmitAll);
        while self.endpoint.poll_event().is_some() {}
        self.endpoint.poll_transmit().map(|transmit| transmit.bytes)
    }

    /// Asks for a nonce. It must be renewed before it is a minute old.
    fn refresh(&mut self) {
        self.challenge = None;
        let request = self.request();
        let Some(Ok(Message::Response(refused))) = self.register(request).map(|bytes| Message::parse(&bytes))
        else {
            return;
        };
        self.challenge = refused.headers.challenges(header::WWW_AUTHENTICATE).into_iter().next();
    }
}

fn register(c: &mut Criterion) {
    let mut phone = Registration::new();
    c.bench_function("sip/an authenticated REGISTER", |b| {
        b.iter_custom(|rounds| {
            let mut spent = Duration::ZERO;
            for round in 0..rounds {
                if round % 10_000 == 0 {
                    phone.refresh();
                }
                let request = phone.request();
                let start = Instant::now();
                let response = phone.register(black_box(request));
                spent += start.elapsed();
                assert!(response.is_some_and(|response| response.starts_with(b"SIP/2.0 200")));
            }
            spent
        })
    });
}

criterion_group!(benches, sip, register);
criterion_main!(benches);
