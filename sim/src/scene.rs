//! A room and its phones, and the time that passes.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use confab_audio::{
    Channel, Clock, Event, Format, Leg, LegId, Outbox, Relief, Retuned, Room, RoomConfig, SilenceLimits,
    Tick, Tuning,
};
use confab_codec::{Codec, CodecError};
use confab_mixer::{Control, Desk, Hear, MixerConfig};
use confab_rtp::is_rtcp;

use crate::Random;
use crate::measure::delay;
use crate::network::Conditions;
use crate::phone::{Phone, PhoneConfig};

/// Time between two reports of a phone.
const REPORTS: Duration = Duration::from_secs(4);

/// A room with its phones, in virtual time. The same seed and the same calls give the same bytes.
pub struct Scene {
    room: Room,
    mixer: MixerConfig,
    tuning: Tuning,
    desk: Desk,
    outbox: Outbox,
    random: Random,
    /// Anything to count from: only differences are looked at.
    base: Instant,
    now: Duration,
    /// When the next tick is due.
    due: Duration,
    phones: Vec<(Codec, Phone)>,
    events: Vec<(Duration, Event)>,
    /// How late ticks begin.
    lateness: Duration,
    report_due: Duration,
}

/// A phone's number in its scene.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PhoneId(usize);

impl PhoneId {
    /// In the order in which phones joined, from 0.
    pub fn number(self) -> usize {
        self.0
    }
}

impl Scene {
    /// An empty room that ticks every 20 ms.
    pub fn new(rate: u32, seed: u64) -> Self {
        Self::with(MixerConfig { rate, interval_ms: 20, ..MixerConfig::default() }, Tuning::Fixed, seed)
    }

    /// An empty room whose rate may change.
    pub fn auto(rate: u32, seed: u64) -> Self {
        Self::with(MixerConfig { rate, interval_ms: 20, ..MixerConfig::default() }, Tuning::Auto, seed)
    }

    /// An empty room.
    pub fn with(mixer: MixerConfig, tuning: Tuning, seed: u64) -> Self {
        let base = some_instant();
        let interval = Format { rate: mixer.rate, interval_ms: mixer.interval_ms }.interval();
        let clock = Clock::new(base, Duration::from_secs(1_700_000_000));
        let silence = SilenceLimits::default();
        Self {
            room: Room::new(RoomConfig { mixer: mixer.clone(), clock, silence }),
            mixer,
            tuning,
            desk: Desk::default(),
            outbox: Outbox::default(),
            random: Random::new(seed),
            base,
            now: Duration::ZERO,
            due: interval,
            phones: Vec::new(),
            events: Vec::new(),
            lateness: Duration::ZERO,
            report_due: REPORTS,
        }
    }

    /// A phone joins; it speaks and hears.
    ///
    /// # Panics
    /// Its codec does not run in this room.
    pub fn join(&mut self, config: PhoneConfig) -> PhoneId {
        self.try_join(&config).unwrap_or_else(|error| panic!("{config:?}: {error}"))
    }

    fn try_join(&mut self, config: &PhoneConfig) -> Result<PhoneId, CodecError> {
        let id = PhoneId(self.phones.len());
        let seeds = std::array::from_fn(|_| self.random.bits());
        let stream = config.stream(address(id));
        let codec = stream.codec;
        let leg =
            Leg::new(leg(id), stream, self.room.format(), self.tuning, self.random.bits(), self.instant())?;
        self.room.start(Box::new(leg));
        self.room.reserve(&mut self.desk, &mut self.outbox, self.room.legs());
        self.phones.push((codec, Phone::new(config, self.now, seeds)?));
        self.set(id, Control::Speak(true));
        self.set(id, Control::Hear(Hear::Room { gain_db: 0.0 }));
        Ok(id)
    }

    /// Changes how a phone is heard and hears.
    pub fn set(&mut self, phone: PhoneId, control: Control) {
        if control == Control::InbandDigits(true) {
            drop(self.room.equip(Box::default()));
        }
        self.room.set(leg(phone), control);
    }

    /// A phone puts the room on hold or takes it back.
    pub fn hold(&mut self, phone: PhoneId, on: bool) {
        let now = self.instant();
        self.room.hold(leg(phone), on, now);
    }

    /// A phone's way to the room changes.
    pub fn change_uplink(&mut self, phone: PhoneId, conditions: Conditions) {
        self.phones[phone.0].1.uplink.change(conditions);
    }

    /// The room ticks when it does, whenever its talkers' packets come.
    pub fn keep_phase(&mut self) {
        self.room.ease(Relief { keep_phase: true, ..Relief::default() });
    }

    /// From now on the machine is so busy that ticks begin late by so much.
    pub fn be_late(&mut self, lateness: Duration) {
        self.lateness = lateness;
    }

    /// Drops what was said, heard and told more than `kept` ago: a long scene would fill the memory.
    pub fn forget(&mut self, kept: Duration) {
        let before = self.now.saturating_sub(kept);
        self.phones.iter_mut().for_each(|(_, phone)| phone.forget_before(before));
        self.events.retain(|(at, _)| *at >= before);
    }

    /// The room goes on at another rate.
    ///
    /// # Panics
    /// A phone's codec does not run at it.
    pub fn retune(&mut self, rate: u32) {
        self.mixer.rate = rate;
        let legs = self.phones.iter().enumerate().map(|(id, (codec, _))| (LegId(id as u64), *codec));
        let retuned = Retuned::new(&self.mixer, self.phones.len(), legs, Vec::new());
        self.room.retune(&mut retuned.unwrap_or_else(|error| panic!("{rate} Hz: {error}")));
    }

    /// Time passes.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.due <= end {
            self.now = self.due;
            self.due = self.room.advance(self.instant()) - self.base;
            self.speak();
            self.deliver();
            self.tick();
            self.listen();
            self.report();
        }
        self.now = end;
    }

    /// Seconds pass.
    pub fn run_secs(&mut self, seconds: u64) {
        self.run(Duration::from_secs(seconds));
    }

    /// How late the room is, in ms: the time it takes from a packet of `from` to the packet to `to` in which the same is
    /// heard, at `at`; `None` if nothing that was said can be found in what was heard.
    pub fn delay_ms(&self, from: PhoneId, to: PhoneId, at: Duration) -> Option<f64> {
        delay(self.phone(from).said(), self.phone(to).heard(), at)
    }

    /// A phone.
    pub fn phone(&self, id: PhoneId) -> &Phone {
        &self.phones[id.0].1
    }

    /// How many frames the room has encoded: what sharing saves shows here.
    pub fn encodes(&self) -> u64 {
        self.room.encodes()
    }

    /// All phones, in the order in which they joined.
    pub fn phones(&self) -> impl Iterator<Item = PhoneId> + use<> {
        (0..self.phones.len()).map(PhoneId)
    }

    /// How much time has passed.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// What the room told so far, and when.
    pub fn events(&self) -> &[(Duration, Event)] {
        &self.events
    }

    /// Whether an event is about this phone.
    pub fn is_about(event: &Event, phone: PhoneId) -> bool {
        match event {
            Event::Digit { leg: id, .. }
            | Event::TalkStarted { leg: id }
            | Event::TalkStopped { leg: id }
            | Event::TooLoud { leg: id }
            | Event::MutedTalk { leg: id }
            | Event::Floor { leg: id, .. }
            | Event::Echo { leg: id, .. }
            | Event::Level { leg: id, .. }
            | Event::LegSilent { leg: id, .. }
            | Event::LegQuality { leg: id, .. }
            | Event::LegStats { leg: id, .. } => *id == leg(phone),
            Event::PlaybackDone { .. } => false,
        }
    }

    /// What the room's phones say until now, put on their way.
    fn speak(&mut self) {
        for (_, phone) in &mut self.phones {
            phone.speak(self.now);
        }
    }

    fn deliver(&mut self) {
        let Self { room, phones, events, base, now, .. } = self;
        for (index, (_, phone)) in phones.iter_mut().enumerate() {
            while let Some(arrival) = phone.uplink.receive(*now) {
                let source = address(PhoneId(index));
                let event = room.receive(index, *base + arrival.at, Channel::Rtp, source, &arrival.datagram);
                events.extend(event.map(|event| (arrival.at, event)));
            }
        }
    }

    fn tick(&mut self) {
        let Self { room, desk, outbox, events, base, now, phones, lateness, .. } = self;
        let due = *base + *now;
        let tick = Tick { due, now: due + *lateness };
        room.tick(tick, desk, outbox, &mut |event| events.push((*now, event)));
        for datagram in outbox.datagrams().filter(|datagram| !is_rtcp(datagram.octets)) {
            phones[datagram.leg].1.downlink.send(*now, datagram.octets);
        }
        outbox.clear();
    }

    fn listen(&mut self) {
        for (_, phone) in &mut self.phones {
            while let Some(arrival) = phone.downlink.receive(self.now) {
                phone.ear.hear(arrival.at, &arrival.datagram);
            }
        }
    }

    /// The phones report by RTCP what they hear.
    fn report(&mut self) {
        if self.now < self.report_due {
            return;
        }
        self.report_due = self.now + REPORTS;
        for (_, phone) in &mut self.phones {
            let ssrc = phone.mouth.ssrc();
            if let Some(report) = phone.ear.report(ssrc) {
                phone.uplink.send(self.now, &report);
            }
        }
    }

    fn instant(&self) -> Instant {
        self.base + self.now
    }
}

fn leg(phone: PhoneId) -> LegId {
    LegId(phone.0 as u64)
}

fn address(phone: PhoneId) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 10_000 + 2 * phone.0 as u16))
}

#[expect(
    clippy::disallowed_methods,
    reason = "something to count from: no difference of it is ever looked at"
)]
fn some_instant() -> Instant {
    Instant::now()
}
