//! The audio of all callers: sent on a fixed grid, received and judged.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use confab_codec::Codec;
use confab_rtp::Packet;

use crate::bursts::Bursts;
use crate::caller::Caller;
use crate::hearing::Hearing;
use crate::histogram::Histogram;
use crate::lapse::{DISTURBING, Lapse};
use crate::pacing::{Grid, rest_until};
use crate::sockets::Sockets;
use crate::sound::{Expected, Findings};
use crate::stream::{Counts, Pace};
use crate::voice::{Voice, Voices};
use crate::wire::{Answer, CodecName, EVENT_PAYLOAD_TYPE};

/// Packets sent, and packets received, between two looks at the other direction. What is due goes out first: it has a time,
/// and what has come is timed by the system and can wait.
const SENT_AT_ONCE: usize = 512;
const RECEIVED_AT_ONCE: usize = 16;

/// Looks at both directions between two looks at the calls.
const LOOKS: usize = 8;

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
    hearing: Hearing,
    /// What our own lateness does to the server's jitter buffer of each caller.
    lapses: Vec<Lapse>,
    /// Bursts on their way through the server, when latency is measured.
    pub(crate) bursts: Option<Bursts>,
    tally: Tally,
    /// How late the server's packets are by their own grid.
    ticks: Histogram,
    /// What those got who are gone.
    gone: Counts,
    datagram: Box<[u8]>,
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

impl Traffic {
    /// The audio of so many callers, none of whom has a peer yet.
    ///
    /// # Errors
    /// When there are no sockets.
    pub(crate) fn new(ip: IpAddr, callers: usize, setting: Setting) -> io::Result<Self> {
        let codec = setting.codec.codec(setting.ptime_ms);
        let ptime = Duration::from_millis(setting.ptime_ms.into());
        let units = codec.clock_rate() / 1000 * setting.ptime_ms;
        Ok(Self {
            codec,
            pace: Pace { ptime, units, clock_rate: codec.clock_rate() },
            voices: Voices::new(setting.codec, setting.ptime_ms).map_err(io::Error::other)?,
            sockets: Sockets::open(ip, callers)?,
            callers: (0..callers).map(|index| Caller::new(index as u64)).collect(),
            grid: Grid::new(callers, ptime),
            by_port: vec![u32::MAX; usize::from(u16::MAX) + 1],
            hearing: Hearing::new(codec, setting.ears, callers).map_err(io::Error::other)?,
            lapses: vec![Lapse::default(); callers],
            bursts: None,
            tally: Tally::default(),
            ticks: Histogram::default(),
            gone: Counts::default(),
            datagram: vec![0; 2048].into(),
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
        self.callers[caller].start(peer, voice, caller);
    }

    /// A caller's audio ends.
    pub(crate) fn stop(&mut self, caller: usize) {
        let seat = &mut self.callers[caller];
        self.hearing.take_back(&mut seat.listener);
        let Some(peer) = seat.peer.take() else { return };
        // Who came and went at once may have got nothing.
        self.gone += Counts { mute_receivers: 0, ..seat.stream.counts() };
        if let Some(owner) = self.by_port.get_mut(usize::from(peer.remote.port()))
            && *owner == caller as u32
        {
            *owner = u32::MAX;
        }
    }

    /// Tells what a caller should hear from now on.
    pub(crate) fn expect(&mut self, caller: usize, expected: Expected) {
        self.callers[caller].listener.expect(expected);
    }

    /// A caller presses a key; nothing happens while another is down.
    pub(crate) fn press(&mut self, caller: usize, key: char) {
        self.callers[caller].press(key, self.pace);
    }

    /// Sends what is due and takes what has come, then rests until more is due.
    pub(crate) fn turn(&mut self) {
        if self.work() {
            self.rest();
        }
    }

    /// Sends what is due and takes what has come, up to a budget; whether that was all.
    pub(crate) fn work(&mut self) -> bool {
        (0..LOOKS).any(|_| {
            let sent = self.send(Instant::now());
            self.receive() && sent
        })
    }

    /// Rests until something is due.
    pub(crate) fn rest(&self) {
        rest_until(self.grid.due());
    }

    /// Everything is counted anew from here.
    pub(crate) fn restart(&mut self) {
        (self.tally, self.ticks, self.gone) = (Tally::default(), Histogram::default(), Counts::default());
        self.hearing.findings = Findings::default();
        self.callers.iter_mut().for_each(Caller::restart);
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
        &self.hearing.findings
    }

    /// What the generator itself did.
    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// How late the server's packets were by their own grid.
    pub(crate) fn ticks(&self) -> &Histogram {
        &self.ticks
    }

    /// Reports are received so that they are not refused, and not looked at.
    pub(crate) fn discard_reports(&self) {
        self.sockets.discard_reports();
    }

    /// Sends what is due; whether that was all.
    fn send(&mut self, now: Instant) -> bool {
        for _ in 0..SENT_AT_ONCE {
            let due = self.grid.due();
            if due > now {
                return true;
            }
            let index = self.grid.take();
            self.send_one(index, due);
        }
        false
    }

    fn send_one(&mut self, index: usize, due: Instant) {
        let Self { callers, voices, sockets, pace, tally, bursts, lapses, datagram, .. } = self;
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
        let length = caller.write(peer, voice, voices, *pace, datagram);
        if length == 0 {
            return;
        }
        tally.sent += 1;
        if sockets.send(index, &datagram[..length], peer.remote).is_err() {
            tally.send_failures += 1;
        }
    }

    fn receive(&mut self) -> bool {
        let Self { sockets, callers, by_port, hearing, codec, pace, tally, ticks, bursts, lapses, .. } = self;
        let stateless = is_stateless(*codec);
        sockets.receive(RECEIVED_AT_ONCE, |source, at, datagram| {
            let index = by_port[usize::from(source.port())] as usize;
            let (Some(caller), Ok(packet)) = (callers.get_mut(index), Packet::parse(datagram)) else {
                tally.strangers += 1;
                return;
            };
            if packet.payload_type == EVENT_PAYLOAD_TYPE {
                return;
            }
            caller.take(&packet, at, *pace, stateless, ticks);
            match bursts {
                Some(bursts) => bursts.hear(index, &packet, at),
                None => {
                    let talkers = &caller.listener.expected().talkers;
                    let disturbed = talkers.iter().any(|&talker| lapses[talker].disturbs(at));
                    hearing.hear(index, &mut caller.listener, &packet, pace.units, disturbed);
                }
            }
        })
    }
}

fn is_stateless(codec: Codec) -> bool {
    matches!(codec, Codec::Pcmu | Codec::Pcma)
}
