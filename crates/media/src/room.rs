//! One room's audio: its mixer, its legs, and the tick that joins them.

use std::sync::Arc;
use std::time::Instant;

use confab_mixer::{Control, Event as MixEvent, MemberConfig, Mixer, MixerConfig, Playback, Slot};

use crate::clock::Clock;
use crate::command::{Event, LegId, PlaybackId, StreamConfig};
use crate::encodings::Encodings;
use crate::format::Format;
use crate::leg::Leg;
use crate::link::Port;
use crate::order::{Retired, What};
use crate::outbox::Outbox;
use crate::turn::Turn;

/// Legs for which a new room has place at once.
const USUAL_LEGS: usize = 16;

/// A room. Made by the control side; from then on it lives in a worker.
pub(crate) struct Room {
    pub(crate) format: Format,
    mixer: Mixer,
    legs: Vec<Box<Leg>>,
    encodings: Encodings,
    outbox: Outbox,
    #[cfg(test)]
    pub(crate) panics: bool,
}

impl Room {
    /// An empty room; `comfort_noise` is played while nobody talks.
    pub(crate) fn new(format: Format, comfort_noise: Option<Arc<[i16]>>) -> Self {
        let config = MixerConfig { rate: format.rate, interval_ms: format.interval_ms, comfort_noise };
        Self {
            format,
            mixer: Mixer::new(config),
            legs: Vec::with_capacity(USUAL_LEGS),
            encodings: Encodings::new(format.frame()),
            outbox: Outbox::default(),
            #[cfg(test)]
            panics: false,
        }
    }

    /// True once all legs are gone.
    pub(crate) fn is_empty(&self) -> bool {
        self.legs.is_empty()
    }

    /// Takes a leg in that is never to be ticked.
    pub(crate) fn shelve(&mut self, leg: Box<Leg>) {
        self.legs.push(leg);
    }

    /// Forgets what a tick that panicked left behind.
    pub(crate) fn abandon_tick(&mut self) {
        self.outbox.clear();
    }

    /// Takes a leg out of the mix.
    pub(crate) fn leave(&mut self, leg: LegId, port: &mut Port) {
        let Some(slot) = self.leg(leg).and_then(|leg| leg.slot.take()) else { return };
        if let Some(MixEvent::TalkStopped(_)) = self.mixer.remove(slot) {
            port.emit(Event::TalkStopped { leg });
        }
        self.retire(port);
    }

    /// Says goodbye to a leg's peer and hands the leg back.
    pub(crate) fn stop(&mut self, leg: LegId, turn: &mut Turn<'_>) {
        let Some(index) = self.legs.iter().position(|other| other.id == leg) else { return };
        self.legs[index].goodbye(index, turn.now, turn.clock, &mut self.outbox);
        self.outbox.send(&mut self.legs);
        let leg = self.legs.swap_remove(index);
        turn.port.emit(Event::LegStats { leg: leg.id, stats: leg.stats() });
        turn.port.retire(Retired::Leg(leg));
    }

    /// Says goodbye to all peers.
    pub(crate) fn stop_all(&mut self, now: Instant, clock: &Clock) {
        for (index, leg) in self.legs.iter_mut().enumerate() {
            leg.goodbye(index, now, clock, &mut self.outbox);
        }
        self.outbox.send(&mut self.legs);
    }

    /// Does what a running room can be told.
    pub(crate) fn handle(&mut self, what: What, turn: &mut Turn<'_>) {
        match what {
            What::Start(leg) => self.start(leg),
            What::Update(leg, stream) => self.update(leg, stream, turn),
            What::Set(leg, control) => self.set(leg, control),
            What::Hold(leg, on) => self.hold(leg, on, turn.now),
            What::Play(leg, playback) => self.play(leg, playback, turn.port),
            What::StopPlayback(playback) => self.stop_playback(playback, turn.port),
            What::Open { .. } | What::Close | What::Stop(_) => {}
        }
    }

    /// `samples` of media time pass without a tick.
    pub(crate) fn skip(&mut self, samples: u32) {
        self.legs.iter_mut().for_each(|leg| leg.skip(samples));
    }

    /// Reads what came, mixes one frame, and sends each leg what it hears. The tick was due at `due`.
    pub(crate) fn tick(&mut self, due: Instant, turn: &mut Turn<'_>) {
        #[cfg(test)]
        assert!(!self.panics, "a room panics, as the test wants");
        self.read(due, turn);
        self.mix(turn.port);
        self.write(turn.now, turn.clock);
        self.outbox.send(&mut self.legs);
    }

    /// Takes a leg in and makes place for all that its ticks will need.
    fn start(&mut self, leg: Box<Leg>) {
        self.legs.push(leg);
        let slot = self.mixer.add(MemberConfig::default());
        self.encodings.reserve_for(self.legs.len());
        self.outbox.reserve_for(self.legs.len());
        if let Some(leg) = self.legs.last_mut() {
            leg.slot = Some(slot);
        }
    }

    fn update(&mut self, leg: LegId, mut stream: Box<StreamConfig>, turn: &mut Turn<'_>) {
        if let Some(leg) = self.leg(leg) {
            leg.update(turn.now, &mut stream);
        }
        turn.port.retire(Retired::Stream(stream));
    }

    fn set(&mut self, leg: LegId, control: Control) {
        if let Some(slot) = self.slot(leg) {
            self.mixer.set(slot, control);
        }
    }

    fn hold(&mut self, leg: LegId, on: bool, now: Instant) {
        if let Some(held) = self.leg(leg) {
            held.hold(now, on);
        }
        self.set(leg, Control::Hold(on));
    }

    fn play(&mut self, leg: Option<LegId>, playback: Playback, port: &mut Port) {
        let slot = leg.and_then(|leg| self.slot(leg));
        if leg.is_some() && slot.is_none() {
            return port.retire(Retired::Playback(playback));
        }
        self.mixer.play(slot, playback);
    }

    fn stop_playback(&mut self, playback: u64, port: &mut Port) {
        self.mixer.stop(playback);
        self.retire(port);
    }

    fn read(&mut self, due: Instant, turn: &mut Turn<'_>) {
        for leg in &mut self.legs {
            leg.read(turn);
            if let (Some(slot), Some(frame)) = (leg.slot, leg.pull(due)) {
                self.mixer.input(slot).copy_from_slice(frame);
            }
            if let Some(for_ms) = leg.silence(turn.now) {
                turn.port.emit(Event::LegSilent { leg: leg.id, for_ms });
            }
        }
    }

    fn mix(&mut self, port: &mut Port) {
        for event in self.mixer.tick() {
            let event = match event {
                MixEvent::TalkStarted(slot) => leg_at(&self.legs, slot).map(|leg| Event::TalkStarted { leg }),
                MixEvent::TalkStopped(slot) => leg_at(&self.legs, slot).map(|leg| Event::TalkStopped { leg }),
                MixEvent::PlaybackDone(id) => Some(Event::PlaybackDone { playback: PlaybackId(id) }),
            };
            if let Some(event) = event {
                port.emit(event);
            }
        }
        self.retire(port);
    }

    fn write(&mut self, now: Instant, clock: &Clock) {
        self.encodings.clear();
        for (index, leg) in self.legs.iter_mut().enumerate() {
            let Some(slot) = leg.slot else { continue };
            let key = self.mixer.listening(slot);
            let frame = self.encodings.frame(&mut self.mixer, key, leg.law());
            leg.packetize(index, now, frame, &mut self.outbox);
            leg.report(index, now, clock, &mut self.outbox);
        }
    }

    fn retire(&mut self, port: &mut Port) {
        self.mixer.retired().for_each(|playback| port.retire(Retired::Playback(playback)));
    }

    fn slot(&mut self, leg: LegId) -> Option<Slot> {
        self.leg(leg)?.slot
    }

    fn leg(&mut self, leg: LegId) -> Option<&mut Box<Leg>> {
        self.legs.iter_mut().find(|other| other.id == leg)
    }
}

fn leg_at(legs: &[Box<Leg>], slot: Slot) -> Option<LegId> {
    legs.iter().find(|leg| leg.slot == Some(slot)).map(|leg| leg.id)
}
