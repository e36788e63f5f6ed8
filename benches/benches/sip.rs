//! SIP messages: reading, writing and answering an INVITE of 762 bytes. Bar: read and answer in 15 µs.

use std::hint::black_box;

use bytes::BytesMut;
use confab_sip::{Message, Request, header};
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

criterion_group!(benches, sip);
criterion_main!(benches);
