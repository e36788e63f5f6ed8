//! A phone: what it is set to, and what it said and heard.

use std::net::SocketAddr;
use std::time::Duration;

use confab_audio::StreamConfig;
use confab_codec::{Codec, CodecError};

use crate::Random;
use crate::ear::{Counts, Ear};
use crate::mouth::Mouth;
use crate::network::{Conditions, Network};
use crate::source::Talk;
use crate::timer::Timer;
use crate::track::Track;

/// A key that is pressed for 100 ms, told by telephone-events (RFC 4733).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Press {
    /// When it goes down, from the begin of the call.
    pub at: Duration,
    /// `0`-`9`, `*`, `#`, `A`-`D`.
    pub digit: char,
}

/// A phone and its line. The default is a PCMU phone that hears the room and says nothing, on a perfect line.
#[derive(Clone, Debug)]
pub struct PhoneConfig {
    /// What it speaks and hears, as its encoder is set.
    pub codec: Codec,
    /// How the room is told to encode for it; `None`: as its own encoder.
    pub room_codec: Option<Codec>,
    /// The rate of its sound, Hz: Opus is coded at it.
    pub rate: u32,
    /// Length of the packets that it sends, ms; Opus has its own in the codec.
    pub ptime_ms: u32,
    /// Length of the packets that it wants, ms.
    pub wanted_ptime_ms: u8,
    /// How much faster its clock runs than the room's, parts per million.
    pub clock_ppm: f64,
    /// When in the room's interval its packets leave.
    pub phase: Duration,
    /// How punctually they do.
    pub timer: Timer,
    /// The way from it to the room.
    pub uplink: Conditions,
    /// The seed of that way; `None`: drawn from the scene's.
    pub uplink_seed: Option<u64>,
    /// The way from the room to it.
    pub downlink: Conditions,
    /// What is said into it.
    pub talk: Talk,
    /// The keys that are pressed, in order.
    pub presses: Vec<Press>,
}

impl Default for PhoneConfig {
    fn default() -> Self {
        Self {
            codec: Codec::Pcmu,
            room_codec: None,
            rate: 48_000,
            ptime_ms: 20,
            wanted_ptime_ms: 20,
            clock_ppm: 0.0,
            phase: Duration::from_millis(7),
            timer: Timer::default(),
            uplink: Conditions::default(),
            uplink_seed: None,
            downlink: Conditions::default(),
            talk: Talk::default(),
            presses: Vec::new(),
        }
    }
}

/// Payload types that are agreed on.
const G711_MU: u8 = 0;
const G711_A: u8 = 8;
const G722: u8 = 9;
const DYNAMIC: u8 = 96;
pub(crate) const EVENTS: u8 = 101;

impl PhoneConfig {
    /// A phone of this codec.
    pub fn new(codec: Codec) -> Self {
        Self { codec, ..Self::default() }
    }

    /// The same phone with something to say.
    #[must_use]
    pub fn saying(self, talk: Talk) -> Self {
        Self { talk, ..self }
    }

    /// The same phone with another way to the room.
    #[must_use]
    pub fn over(self, uplink: Conditions) -> Self {
        Self { uplink, ..self }
    }

    pub(crate) fn payload_type(&self) -> u8 {
        match self.codec {
            Codec::Pcmu => G711_MU,
            Codec::Pcma => G711_A,
            Codec::G722 => G722,
            Codec::L16 { .. } | Codec::Opus(_) => DYNAMIC,
        }
    }

    pub(crate) fn ptime_ms(&self) -> u32 {
        match self.codec {
            Codec::Opus(opus) => u32::from(opus.packet_ms),
            _ => self.ptime_ms,
        }
    }

    /// What its call negotiated.
    pub(crate) fn stream(&self, remote: SocketAddr) -> StreamConfig {
        StreamConfig {
            remote: Some(remote),
            event_payload_type: Some(EVENTS),
            event_clock_rate: self.codec.clock_rate(),
            ptime_ms: self.wanted_ptime_ms,
            receives_fec: matches!(self.codec, Codec::Opus(opus) if opus.fec),
            rtcp_mux: true,
            cname: "sim".into(),
            signalling_source: Some(remote.ip()),
            ..StreamConfig::new(self.room_codec.unwrap_or(self.codec), self.payload_type())
        }
    }
}

/// A phone in a room.
#[derive(Debug)]
pub struct Phone {
    pub(crate) mouth: Mouth,
    timer: Timer,
    random: Random,
    pub(crate) ear: Ear,
    pub(crate) uplink: Network,
    pub(crate) downlink: Network,
}

impl Phone {
    pub(crate) fn new(config: &PhoneConfig, joined: Duration, seeds: [u64; 3]) -> Result<Self, CodecError> {
        Ok(Self {
            mouth: Mouth::new(config, joined, seeds[0] as u32)?,
            timer: config.timer,
            random: Random::new(!seeds[0]),
            ear: Ear::new(config)?,
            uplink: Network::new(config.uplink.clone(), config.uplink_seed.unwrap_or(seeds[1])),
            downlink: Network::new(config.downlink.clone(), seeds[2]),
        })
    }

    /// Its packets of the time until `now` are put on their way.
    pub(crate) fn speak(&mut self, now: Duration) {
        while self.mouth.next_at() <= now {
            let leaves = self.timer.fires(self.mouth.next_at(), &mut self.random);
            if let Some(datagram) = self.mouth.speak() {
                self.uplink.send(leaves, &datagram);
            }
        }
    }

    /// What was said into it, at the times its packets were due.
    pub fn said(&self) -> &Track {
        &self.mouth.said
    }

    /// What it heard, at the times the room's packets came.
    pub fn heard(&self) -> &Track {
        &self.ear.heard
    }

    /// Drops what passed before `at`.
    pub(crate) fn forget_before(&mut self, at: Duration) {
        self.mouth.said.forget_before(at);
        self.ear.heard.forget_before(at);
    }

    /// What it saw of the room's stream.
    pub fn counts(&self) -> Counts {
        self.ear.counts
    }
}
