//! One caller's audio: what is sent, and what came.

use std::time::Instant;

use confab_rtp::{EventSender, Outbound, Packet};

use crate::hearing::Listener;
use crate::histogram::Histogram;
use crate::punctuality::Punctuality;
use crate::stream::{Pace, Stream};
use crate::voice::{Voice, Voices};
use crate::wire::{Answer, EVENT_PAYLOAD_TYPE, tell_level};

/// How long a key is down, in ms.
const KEY_MS: u32 = 100;

/// One in so many callers times the server's ticks.
const TIMED: u64 = 8;

/// One caller's audio.
#[derive(Debug)]
pub(crate) struct Caller {
    /// Where its audio goes, while its call is up.
    pub(crate) peer: Option<Answer>,
    /// What it sends.
    pub(crate) voice: Voice,
    /// What it got.
    pub(crate) stream: Stream,
    /// What it hears.
    pub(crate) listener: Listener,
    /// By whose packets the server's ticks are timed, if by its.
    punctuality: Option<Box<Punctuality>>,
    outbound: Outbound,
    keys: EventSender,
    /// Packets that were due so far.
    number: usize,
}

impl Caller {
    /// The caller of that number, without a call.
    pub(crate) fn new(index: u64) -> Self {
        Self {
            peer: None,
            voice: Voice::Silence,
            stream: Stream::default(),
            listener: Listener::default(),
            punctuality: index.is_multiple_of(TIMED).then(Box::default),
            outbound: Outbound::new(index),
            keys: EventSender::new(),
            number: 0,
        }
    }

    /// Its call is up. Loops of packets begin at `number`, another one for each caller.
    pub(crate) fn start(&mut self, peer: Answer, voice: Voice, number: usize) {
        (self.peer, self.voice, self.number) = (Some(peer), voice, number);
        self.stream = Stream::default();
        self.punctuality.iter_mut().for_each(|timed| timed.restart());
    }

    /// Counts anew what it gets.
    pub(crate) fn restart(&mut self) {
        self.stream.restart();
        self.punctuality.iter_mut().for_each(|timed| timed.restart());
    }

    /// Presses a key; nothing happens while another is down.
    pub(crate) fn press(&mut self, key: char, pace: Pace) {
        self.keys.press(key, pace.clock_rate / 1000 * KEY_MS, self.outbound.timestamp());
    }

    /// Writes the next packet: of a key, if one is down, else of the voice; its length, 0 if there is none.
    pub(crate) fn write(
        &mut self,
        peer: Answer,
        voice: Voice,
        voices: &Voices,
        pace: Pace,
        datagram: &mut [u8],
    ) -> usize {
        let number = self.number;
        self.number += 1;
        if let Some(event) = self.keys.next(pace.units as u16) {
            return self.outbound.write_event(EVENT_PAYLOAD_TYPE, &event, pace.units, datagram);
        }
        if !voice.is_sent(number, pace.ptime.as_millis() as u32) {
            self.outbound.silence(pace.units);
            return 0;
        }
        let payload = voices.packets(voice).packet(number);
        let octets = self.outbound.write(peer.payload_type, payload, pace.units, datagram);
        if peer.level { tell_level(datagram, octets, voice.level()) } else { octets }
    }

    /// Counts a packet that came. In a stateless codec a packet of equal octets says nothing.
    pub(crate) fn take(
        &mut self,
        packet: &Packet<'_>,
        at: Instant,
        pace: Pace,
        stateless: bool,
        ticks: &mut Histogram,
    ) {
        self.stream.note(packet, at, pace);
        if let Some(timed) = &mut self.punctuality {
            timed.note(at, packet.timestamp, pace, ticks);
        }
        let says_nothing = |payload: &[u8]| payload.windows(2).all(|pair| pair[0] == pair[1]);
        if stateless && !self.listener.expected().others.is_empty() && says_nothing(packet.payload) {
            self.stream.note_silent();
        }
    }
}
