//! How many instructions each stage of the hot path takes; `scripts/instructions` counts them and knows what they may be.
//!
//! Run alone it goes through every stage once. Under callgrind only what `measured` does is counted: not the setting up.

mod support;

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use confab_codec::{Codec, Decoder};
use confab_conference::{KeyMap, Matcher};
use confab_mixer::{Desk, Hear, MemberConfig, Mixer, MixerConfig, Slot};
use confab_rtp::{Framing, Impairment, Inbound, InboundConfig, JitterConfig, Outbound};
use confab_sip::Message;

use support::{Hall, encoder, tone};

const FRAME: usize = 160;
const TICK: Duration = Duration::from_millis(20);
const MEMBERS: usize = 100;
const CROWD: usize = 1000;
const TALKERS: usize = 3;
/// What a stage does before it is counted, so often.
const WARM_UP: usize = 50;
/// And while it is; what is large, less often.
const COUNTED: usize = 200;
const SELDOM: usize = 20;

/// A stage of the hot path.
trait Stage {
    /// What has to be done each time before that, and is not counted.
    fn prepare(&mut self) {}
    /// What is counted.
    fn work(&mut self);
}

impl<F: FnMut()> Stage for F {
    fn work(&mut self) {
        self();
    }
}

/// Sets a stage up.
type SetUp = fn() -> Box<dyn Stage>;

const STAGES: [(&str, SetUp); 16] = [
    ("g711-decode", || decode(Codec::Pcmu)),
    ("g711-encode", || encode(Codec::Pcmu)),
    ("g722-decode", || decode(Codec::G722)),
    ("g722-encode", || encode(Codec::G722)),
    ("packet", packet),
    ("packetize", packetize),
    ("receive-100", || Box::new(Receive(hall(MEMBERS)))),
    ("tick-of-100", || Box::new(Tick(hall(MEMBERS)))),
    ("tick-of-100-lost", || Box::new(Lost(hall(MEMBERS)))),
    ("mix-of-100", || Box::new(Mix::new())),
    ("render-4", || Box::new(Render(Mix::new()))),
    ("room-of-100", || Box::new(Whole(hall(MEMBERS)))),
    ("room-of-1000", || Box::new(Whole(hall(CROWD)))),
    ("rooms-of-2-1000", || Box::new(Whole(Hall::of_rooms(CROWD / 2, 8000, &[Codec::Pcmu; 2], 2)))),
    ("keys", keys),
    ("invite", invite),
];

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    for (name, stage) in STAGES {
        if wanted == "--list" {
            println!("{name}");
        } else if wanted.starts_with('-') || wanted.is_empty() || wanted == name {
            go_through(&mut *stage(), if name.ends_with("1000") { SELDOM } else { COUNTED });
        }
    }
}

fn go_through(stage: &mut dyn Stage, counted: usize) {
    for turn in 0..WARM_UP + counted {
        stage.prepare();
        if turn < WARM_UP { stage.work() } else { measured(stage) }
    }
}

/// What callgrind counts.
#[inline(never)]
fn measured(stage: &mut dyn Stage) {
    stage.work();
}

/// A room of G.711 members.
fn hall(members: usize) -> Hall {
    Hall::new(8000, &vec![Codec::Pcmu; members], TALKERS)
}

/// A packet of each member: source latch, statistics, into the jitter buffer.
struct Receive(Hall);

impl Stage for Receive {
    fn prepare(&mut self) {
        self.0.tick();
        self.0.speak();
    }

    fn work(&mut self) {
        self.0.receive();
    }
}

/// From the jitter buffers to the outbox: playout, decode, gate, mix, feeds, encode, packets.
struct Tick(Hall);

impl Stage for Tick {
    fn prepare(&mut self) {
        self.0.speak();
        self.0.receive();
    }

    fn work(&mut self) {
        self.0.tick();
    }
}

/// The same where no packet has come, of anybody: what a line that stands still costs.
struct Lost(Hall);

impl Stage for Lost {
    fn prepare(&mut self) {
        self.0.speak();
        self.0.serve();
        self.0.speak();
    }

    fn work(&mut self) {
        self.0.tick();
    }
}

/// Packets in to packets out.
struct Whole(Hall);

impl Stage for Whole {
    fn prepare(&mut self) {
        self.0.speak();
    }

    fn work(&mut self) {
        self.0.serve();
    }
}

/// A mixer, and what its members say.
struct Mix {
    mixer: Mixer,
    desk: Desk,
    slots: Vec<Slot>,
    talk: Vec<i16>,
    noise: Vec<i16>,
}

impl Mix {
    fn new() -> Self {
        let mut mixer = Mixer::new(MixerConfig { rate: 8000, ..MixerConfig::default() });
        let hear = Hear::Room { gain_db: 0.0 };
        let member = MemberConfig { speak: true, hear, energy: 100, ..Default::default() };
        let slots = (0..MEMBERS).map(|_| mixer.add(member)).collect();
        let (talk, noise) = (tone(8000, 450.0, -20.0), tone(8000, 650.0, -62.0));
        Self { mixer, desk: Desk::default(), slots, talk, noise }
    }
}

/// The gate, the sum of the talkers, and who hears what.
impl Stage for Mix {
    fn prepare(&mut self) {
        for (index, slot) in self.slots.iter().enumerate() {
            let said = if index < TALKERS { &self.talk } else { &self.noise };
            self.mixer.input(*slot, said);
        }
    }

    fn work(&mut self) {
        self.mixer.tick(&mut self.desk);
    }
}

/// What each talker hears, and all listeners: mix-minus, gains, limiter.
struct Render(Mix);

impl Stage for Render {
    fn prepare(&mut self) {
        self.0.prepare();
        self.0.work();
    }

    fn work(&mut self) {
        let Mix { mixer, desk, slots, .. } = &mut self.0;
        for slot in &slots[..=TALKERS] {
            let key = mixer.listening(*slot);
            black_box(mixer.render(desk, key));
        }
    }
}

#[expect(clippy::expect_used, reason = "these codecs run at their own rates")]
fn decode(codec: Codec) -> Box<dyn Stage> {
    let (mut payload, mut pcm) = ([0; FRAME], vec![0; codec.sample_rate() as usize / 50]);
    encoder(codec).encode(&tone(codec.sample_rate(), 450.0, -20.0), &mut payload);
    let mut decoder = Decoder::new(codec, codec.sample_rate()).expect("a decoder");
    Box::new(move || {
        let _ = black_box(decoder.decode(black_box(&payload), &mut pcm));
    })
}

fn encode(codec: Codec) -> Box<dyn Stage> {
    let (mut payload, pcm) = ([0; FRAME], tone(codec.sample_rate(), 450.0, -20.0));
    let mut encoder = encoder(codec);
    Box::new(move || {
        black_box(encoder.encode(black_box(&pcm), &mut payload));
    })
}

/// One packet into a leg's jitter buffer and out of it.
fn packet() -> Box<dyn Stage> {
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

/// The packets of as many listeners, numbered and written.
fn packetize() -> Box<dyn Stage> {
    let mut outbound: Vec<Outbound> = (0..MEMBERS as u64).map(Outbound::new).collect();
    let mut datagram = [0; 12 + FRAME];
    Box::new(move || {
        for outbound in &mut outbound {
            black_box(outbound.write(0, &[0xff; FRAME], FRAME as u32, &mut datagram));
        }
    })
}

/// Forty keys against controls of one and of two.
#[expect(clippy::expect_used, reason = "actions that exist")]
fn keys() -> Box<dyn Stage> {
    let controls = [("0", "mute"), ("9", "energy up"), ("3", "vol talk up"), ("#", "hangup")];
    let more = [("*1", "invite"), ("*2", "cancel last invite")];
    let bindings = controls.into_iter().chain(more).map(|(keys, action)| (keys, vec![action]));
    let mut matcher = Matcher::new(KeyMap::new(bindings).expect("known actions"));
    Box::new(move || {
        for digit in black_box("0123456789*1*2#*9**0123456789*1*2#*9**00").chars() {
            matcher.push(digit);
            std::iter::from_fn(|| matcher.fire(false)).for_each(|fired| drop(black_box(fired)));
        }
    })
}

/// An INVITE read and written.
fn invite() -> Box<dyn Stage> {
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
