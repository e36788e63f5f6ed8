//! How many instructions each stage of the hot path takes; `scripts/instructions` counts them and knows what they may be.
//!
//! Run alone it goes through every stage once. Under callgrind only what `measured` does is counted: not the setting up.

mod support;

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use confab_codec::{Codec, Decoder};
use confab_rtp::{Framing, Impairment, Inbound, InboundConfig, JitterConfig, Outbound};
use confab_sip::Message;

use support::{Hall, encoder, tone};

const FRAME: usize = 160;
const TICK: Duration = Duration::from_millis(20);
const MEMBERS: usize = 100;
const TALKERS: usize = 3;
/// What a stage does before and while it is counted, so often.
const WARM_UP: usize = 50;
const COUNTED: usize = 200;

/// A stage: sets up, and gives what is to be counted.
type Stage = fn() -> Box<dyn FnMut()>;

const STAGES: [(&str, Stage); 7] = [
    ("g711-decode", || decode(Codec::Pcmu)),
    ("g711-encode", || encode(Codec::Pcmu)),
    ("g722-decode", || decode(Codec::G722)),
    ("g722-encode", || encode(Codec::G722)),
    ("packet", packet),
    ("room-of-100", room),
    ("invite", invite),
];

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    for (name, stage) in STAGES {
        if wanted == "--list" {
            println!("{name}");
        } else if wanted.starts_with('-') || wanted.is_empty() || wanted == name {
            let mut work = stage();
            (0..WARM_UP).for_each(|_| work());
            measured(&mut *work);
        }
    }
}

/// What callgrind counts.
#[inline(never)]
fn measured(work: &mut dyn FnMut()) {
    for _ in 0..COUNTED {
        work();
    }
}

#[expect(clippy::expect_used, reason = "these codecs run at their own rates")]
fn decode(codec: Codec) -> Box<dyn FnMut()> {
    let (mut payload, mut pcm) = ([0; FRAME], vec![0; codec.sample_rate() as usize / 50]);
    encoder(codec).encode(&tone(codec.sample_rate(), 450.0, -20.0), &mut payload);
    let mut decoder = Decoder::new(codec, codec.sample_rate()).expect("a decoder");
    Box::new(move || {
        let _ = black_box(decoder.decode(black_box(&payload), &mut pcm));
    })
}

fn encode(codec: Codec) -> Box<dyn FnMut()> {
    let (mut payload, pcm) = ([0; FRAME], tone(codec.sample_rate(), 450.0, -20.0));
    let mut encoder = encoder(codec);
    Box::new(move || {
        black_box(encoder.encode(black_box(&pcm), &mut payload));
    })
}

/// One packet into a leg's jitter buffer and out of it.
fn packet() -> Box<dyn FnMut()> {
    let phone: SocketAddr = ([198, 51, 100, 7], 4000).into();
    let config = InboundConfig {
        remote: Some(phone),
        remote_rtcp: None,
        rtcp_mux: false,
        signalling: Some(phone.ip()),
        payload_type: 0,
        event_payload_type: Some(101),
        event_clock_rate: 8000,
        comfort_noise: None,
        audio_level: None,
        impairment: Impairment::G711,
        jitter: JitterConfig { framing: Framing::Octets { per_unit: 1 }, ..JitterConfig::default() },
    };
    let mut now = Instant::now();
    let (mut inbound, mut outbound, mut datagram) =
        (Inbound::new(now, config), Outbound::new(1), [0; 12 + FRAME]);
    Box::new(move || {
        now += TICK;
        outbound.write(0, &[0xff; FRAME], FRAME as u32, &mut datagram);
        inbound.receive(now, phone, black_box(&datagram));
        black_box(inbound.next(now + TICK / 2, 0));
    })
}

/// One tick of a room of G.711 members.
fn room() -> Box<dyn FnMut()> {
    let mut hall = Hall::new(8000, &[Codec::Pcmu; MEMBERS], TALKERS);
    Box::new(move || hall.tick())
}

/// An INVITE read and written.
fn invite() -> Box<dyn FnMut()> {
    const INVITE: &str = "INVITE sip:2002@conference.example.com:5080 SIP/2.0\r\n\
        Via: SIP/2.0/UDP 192.0.2.14:5060;branch=z9hG4bK-524287-1;rport\r\nMax-Forwards: 70\r\n\
        Contact: <sip:1004@192.0.2.14:5060>\r\nTo: <sip:2002@conference.example.com:5080>\r\n\
        From: \"Alice Example\" <sip:1004@conference.example.com>;tag=5e00e125\r\n\
        Call-ID: wSSsR1c-lUjKuRhxr0iEKA@192.0.2.14\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";
    Box::new(|| {
        if let Ok(message) = Message::parse(black_box(INVITE.as_bytes())) {
            black_box(message.to_bytes());
        }
    })
}
