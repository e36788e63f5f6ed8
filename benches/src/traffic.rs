//! The audio of all callers: sent on a fixed grid, received and judged.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use confab_codec::{Codec, CodecError};
use confab_rtp::{EventSender, Outbound, Packet};

use crate::bursts::Bursts;
use crate::histogram::Histogram;
use crate::sockets::Sockets;
use crate::sound::{Analyser, Ear, Expected, Findings};
use crate::stream::{Counts, Pace, Stream};
use crate::voice::{Voice, Voices};
use crate::wire::{Answer, CodecName, EVENT_PAYLOAD_TYPE};

/// Packets sent, and packets received, between two looks at the other direction.
const SENT_AT_ONCE: usize = 16;
const RECEIVED_AT_ONCE: usize = 64;

/// Packets are sent in small groups: each waking costs as much as some of them.
const SHORTEST_REST: Duration = Duration::from_micros(100);
const LONGEST_REST: Duration = Duration::from_millis(1);

/// How long an ear stays with one receiver, in windows of 80 ms.
const LISTENED_FOR: u32 = 14;

/// A packet that leaves later than this may be missed at its tick: a jitter buffer has no more in reserve on a clean line.
const DISTURBING: Duration = Duration::from_micros(800);

/// One such packet is concealed and played late; of two in a second the buffer makes a rule: it adds delay, and takes it
/// back when it has seen none for 5 s.
const CONCEALED_FOR: Duration = Duration::from_millis(400);
const REMEMBERED_FOR: Duration = Duration::from_secs(7);
const OFTEN: Duration = Duration::from_secs(1);

/// How long a key is down, in ms.
const KEY_MS: u32 = 100;

/// What all callers have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// The codec.
    pub(crate) codec: CodecName,
    /// The length of a packet, ms.
    pub(crate) ptime_ms: u32,
    /// Receivers that are listened to at one time.
    pub(crate) ears: usize,
}

/// All callers' audio.
#[derive(Debug)]
pub(crate) struct Traffic {
    codec: Codec,
    pace: Pace,
    voices: Voices,
    sockets: Sockets,
    callers: Vec<Caller>,
    grid: Grid,
    /// The caller whose audio comes from that port of the server.
    by_port: Vec<u32>,
    listening: Listening,
    /// What our own lateness does to the server's jitter buffer of each caller.
    lapses: Vec<Lapse>,
    /// Bursts on their way through the server, when latency is measured.
    pub(crate) bursts: Option<Bursts>,
    tally: Tally,
    /// What those got who are gone.
    gone: Counts,
}

/// What the generator itself did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// How late each packet was sent.
    pub(crate) lateness: Histogram,
    /// Packets sent.
    pub(crate) sent: u64,
    /// Packets that the system refused to send.
    pub(crate) send_failures: u64,
    /// Datagrams from nowhere, or that are no RTP.
    pub(crate) strangers: u64,
}

/// One caller's audio.
#[derive(Debug)]
struct Caller {
    peer: Option<Answer>,
    outbound: Outbound,
    keys: EventSender,
    voice: Voice,
    sent: usize,
    stream: Stream,
    expected: Expected,
    ear: Option<Box<Ear>>,
    /// The round in which it was listened to last.
    listened: u32,
}

/// Packets of a caller that left late.
#[derive(Clone, Copy, Debug, Default)]
struct Lapse {
    last: Option<Instant>,
    until: Option<Instant>,
}

/// What goes with a packet that is heard.
#[derive(Clone, Copy, Debug)]
struct Heard {
    pace: Pace,
    /// How many there are.
    callers: usize,
    /// A talker's packet left late not long ago.
    disturbed: bool,
}

/// Who sends when: everybody once in each round, in an order that scatters neighbours.
#[derive(Debug)]
struct Grid {
    order: Vec<u32>,
    round: Instant,
    next: usize,
    length: Duration,
}

/// Which receivers are listened to.
#[derive(Debug)]
struct Listening {
    analyser: Analyser,
    findings: Findings,
    #[expect(clippy::vec_box, reason = "an ear moves between callers, of whom most have none")]
    spare: Vec<Box<Ear>>,
    /// Everybody is listened to once in each round.
    round: u32,
    /// Packets of callers whose turn was already, since the last one whose was not.
    passed: usize,
}

impl Traffic {
    /// The audio of so many callers, none of whom has a peer yet.
    ///
    /// # Errors
    /// When there are no sockets.
    pub(crate) fn new(ip: IpAddr, callers: usize, setting: Setting) -> io::Result<Self> {
        let codec = setting.codec.codec(setting.ptime_ms);
        let ptime = Duration::from_millis(setting.ptime_ms.into());
        let units = codec.clock_rate() / 1000 * setting.ptime_ms;
        let ear = |_| Ear::new(codec).map(Box::new);
        let spare: Result<Vec<_>, CodecError> = (0..setting.ears.min(callers)).map(ear).collect();
        Ok(Self {
            codec,
            pace: Pace { ptime, units, clock_rate: codec.clock_rate() },
            voices: Voices::new(setting.codec, setting.ptime_ms).map_err(io::Error::other)?,
            sockets: Sockets::open(ip, callers)?,
            callers: (0..callers).map(|index| Caller::new(index as u64)).collect(),
            grid: Grid::new(callers, ptime),
            by_port: vec![u32::MAX; usize::from(u16::MAX) + 1],
            listening: Listening {
                analyser: Analyser::new(codec),
                findings: Findings::default(),
                spare: spare.map_err(io::Error::other)?,
                round: 1,
                passed: 0,
            },
            lapses: vec![Lapse::default(); callers],
            bursts: None,
            tally: Tally::default(),
            gone: Counts::default(),
        })
    }

    /// Where a caller takes its audio.
    ///
    /// # Errors
    /// When the system does not know.
    pub(crate) fn local(&self, caller: usize) -> io::Result<SocketAddr> {
        self.sockets.local(caller)
    }

    /// A caller's audio starts, as this voice.
    pub(crate) fn start(&mut self, caller: usize, peer: Answer, voice: Voice) {
        if let Some(owner) = self.by_port.get_mut(usize::from(peer.remote.port())) {
            *owner = caller as u32;
        }
        let seat = &mut self.callers[caller];
        (seat.peer, seat.voice, seat.sent) = (Some(peer), voice, caller);
        seat.stream = Stream::default();
    }

    /// A caller's audio ends.
    pub(crate) fn stop(&mut self, caller: usize) {
        let seat = &mut self.callers[caller];
        self.listening.spare.extend(seat.ear.take());
        if seat.peer.is_some() {
            // Who came and went at once may have got nothing.
            self.gone += Counts { mute_receivers: 0, ..seat.stream.counts() };
        }
        if let Some(peer) = seat.peer.take()
            && let Some(owner) = self.by_port.get_mut(usize::from(peer.remote.port()))
            && *owner == caller as u32
        {
            *owner = u32::MAX;
        }
    }

    /// Tells what a caller should hear from now on.
    pub(crate) fn expect(&mut self, caller: usize, expected: Expected) {
        let caller = &mut self.callers[caller];
        if let Some(ear) = caller.ear.as_mut().filter(|_| caller.expected != expected) {
            ear.reset();
        }
        caller.expected = expected;
    }

    /// A caller presses a key; nothing happens while another is down.
    pub(crate) fn press(&mut self, caller: usize, key: char) {
        let duration = self.pace.clock_rate / 1000 * KEY_MS;
        let Caller { keys, outbound, .. } = &mut self.callers[caller];
        keys.press(key, duration, outbound.timestamp());
    }

    /// Sends what is due and takes what has come; when the next packet is due.
    pub(crate) fn turn(&mut self, now: Instant) -> Instant {
        self.send(now);
        if self.receive() { self.grid.due() } else { now }
    }

    /// Rests until the next packet is due, but not long: an arrival is timed by when we look. Never without a rest, or a
    /// real-time thread is stopped by the system once it has used 95 % of a second.
    pub(crate) fn rest_until(&self, due: Instant) {
        let now = Instant::now();
        if due > now {
            let longest = if self.bursts.is_some() { SHORTEST_REST } else { LONGEST_REST };
            thread::sleep((due - now).clamp(SHORTEST_REST, longest));
        }
    }

    /// Everything is counted anew from here.
    pub(crate) fn restart(&mut self) {
        (self.tally, self.gone) = (Tally::default(), Counts::default());
        self.listening.findings = Findings::default();
        self.callers.iter_mut().for_each(|caller| caller.stream.restart());
        if let Some(bursts) = &mut self.bursts {
            bursts.restart();
        }
    }

    /// What all receivers got together.
    pub(crate) fn counts(&self) -> Counts {
        let mut sum = self.gone;
        let up = self.callers.iter().filter(|caller| caller.peer.is_some());
        up.for_each(|caller| sum += caller.stream.counts());
        sum
    }

    /// What was heard.
    pub(crate) fn findings(&self) -> &Findings {
        &self.listening.findings
    }

    /// What the generator itself did.
    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Reports are received so that they are not refused, and not looked at.
    pub(crate) fn discard_reports(&self) {
        self.sockets.discard_reports();
    }

    fn send(&mut self, now: Instant) {
        for _ in 0..SENT_AT_ONCE {
            let due = self.grid.due();
            if due > now {
                return;
            }
            let index = self.grid.take();
            self.send_one(index, due);
        }
    }

    fn send_one(&mut self, index: usize, due: Instant) {
        let Self { callers, voices, sockets, pace, tally, bursts, lapses, .. } = self;
        let caller = &mut callers[index];
        let Some(peer) = caller.peer else { return };
        let now = Instant::now();
        let lateness = now.saturating_duration_since(due);
        tally.lateness.record(lateness);
        if lateness > DISTURBING {
            lapses[index].note(now);
        }
        let voice = match bursts.as_mut().is_some_and(|bursts| bursts.is_due(index, now)) {
            true => Voice::Burst,
            false => caller.voice,
        };
        let mut datagram = [0; 2048];
        let length = caller.write(peer, voices.packets(voice).packet(caller.sent), *pace, &mut datagram);
        caller.sent += 1;
        tally.sent += 1;
        if sockets.send(index, &datagram[..length], peer.remote).is_err() {
            tally.send_failures += 1;
        }
    }

    fn receive(&mut self) -> bool {
        let Self { sockets, callers, by_port, listening, codec, pace, tally, bursts, lapses, .. } = self;
        let count = callers.len();
        sockets.receive(RECEIVED_AT_ONCE, |source, datagram| {
            let index = by_port[usize::from(source.port())] as usize;
            let (Some(caller), Ok(packet)) = (callers.get_mut(index), Packet::parse(datagram)) else {
                tally.strangers += 1;
                return;
            };
            if packet.payload_type == EVENT_PAYLOAD_TYPE {
                return;
            }
            let now = Instant::now();
            caller.take(&packet, now, *pace, is_stateless(*codec));
            match bursts {
                Some(bursts) => bursts.hear(index, &packet, now),
                None => {
                    let talkers = &caller.expected.talkers;
                    let disturbed = talkers.iter().any(|&talker| lapses[talker].disturbs(now));
                    listening.hear(index, caller, &packet, Heard { pace: *pace, callers: count, disturbed });
                }
            }
        })
    }
}

impl Lapse {
    fn note(&mut self, now: Instant) {
        let again = self.last.replace(now).is_some_and(|last| now - last < OFTEN);
        let until = now + if again { REMEMBERED_FOR } else { CONCEALED_FOR };
        self.until = self.until.max(Some(until));
    }

    fn disturbs(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }
}

impl Caller {
    fn new(seed: u64) -> Self {
        Self {
            peer: None,
            outbound: Outbound::new(seed),
            keys: EventSender::new(),
            voice: Voice::Silence,
            sent: 0,
            stream: Stream::default(),
            expected: Expected::default(),
            ear: None,
            listened: 0,
        }
    }

    /// Writes the next packet: of a key, if one is down, else of the voice.
    fn write(&mut self, peer: Answer, payload: &[u8], pace: Pace, datagram: &mut [u8]) -> usize {
        match self.keys.next(pace.units as u16) {
            Some(event) => self.outbound.write_event(EVENT_PAYLOAD_TYPE, &event, pace.units, datagram),
            None => self.outbound.write(peer.payload_type, payload, pace.units, datagram),
        }
    }

    fn take(&mut self, packet: &Packet<'_>, now: Instant, pace: Pace, stateless: bool) {
        self.stream.note(packet, now, pace);
        let says_nothing = |payload: &[u8]| payload.windows(2).all(|pair| pair[0] == pair[1]);
        if stateless && !self.expected.others.is_empty() && says_nothing(packet.payload) {
            self.stream.note_silent();
        }
    }
}

impl Listening {
    /// Lets the caller's ear hear, if it has one, and hands the ear on when it has heard enough.
    fn hear(&mut self, index: usize, caller: &mut Caller, packet: &Packet<'_>, heard: Heard) {
        if caller.ear.is_none() {
            self.lend(caller, heard.callers);
        }
        let Some(ear) = &mut caller.ear else { return };
        ear.hear(packet, heard.pace.units);
        ear.judge(&self.analyser, index, &caller.expected, heard.disturbed, &mut self.findings);
        if ear.windows() >= LISTENED_FOR {
            self.spare.extend(caller.ear.take());
        }
    }

    fn lend(&mut self, caller: &mut Caller, callers: usize) {
        if caller.listened == self.round {
            self.passed += 1;
            if self.passed > callers && !self.spare.is_empty() {
                (self.round, self.passed) = (self.round + 1, 0);
            }
            return;
        }
        let Some(mut ear) = self.spare.pop() else { return };
        ear.reset();
        (caller.ear, caller.listened, self.passed) = (Some(ear), self.round, 0);
    }
}

impl Grid {
    fn new(callers: usize, length: Duration) -> Self {
        // A step near the golden ratio that has no divisor in common with the number of callers scatters them evenly.
        let golden = (callers as f64 * 0.618) as usize;
        let step = (golden.max(1)..).find(|step| greatest_common_divisor(*step, callers) == 1).unwrap_or(1);
        let order = (0..callers).map(|turn| (turn * step % callers) as u32).collect();
        Self { order, round: Instant::now(), next: 0, length }
    }

    fn due(&self) -> Instant {
        self.round + self.length.mul_f64(self.next as f64 / self.order.len() as f64)
    }

    /// Whose turn it is.
    fn take(&mut self) -> usize {
        let index = self.order[self.next] as usize;
        self.next += 1;
        if self.next == self.order.len() {
            self.next = 0;
            self.round += self.length;
        }
        index
    }
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

fn is_stateless(codec: Codec) -> bool {
    matches!(codec, Codec::Pcmu | Codec::Pcma)
}
