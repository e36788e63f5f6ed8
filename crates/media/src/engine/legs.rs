//! Legs are opened, started, moved, changed and stopped.

use std::time::Instant;

use confab_audio::{Leg, LegId, StreamChange, StreamConfig};
use rtrb::RingBuffer;

use super::{Engine, Refusal};
use crate::command::{CommandError, Listener, RoomId};
use crate::order::{Arrival, Order, What};
use crate::place::{LegPlace, Started};
use crate::room::Line;

impl Engine {
    /// Binds a port pair for a leg that is to be in `room` (`None`: in one that is not open yet) and tells the RTP port, an
    /// even one; RTCP has the next. The same again for a leg that is open already.
    ///
    /// # Errors
    /// There is no port pair for it, or no time, going by what [`Engine::measure`] found.
    pub fn open_leg(&mut self, leg: LegId, room: Option<RoomId>) -> Result<u16, Refusal> {
        match self.legs.get(&leg) {
            Some(LegPlace::Opened { sockets, .. }) => return Ok(sockets.port()),
            Some(LegPlace::Started(started)) => return Ok(started.port),
            None => {}
        }
        let worker = self.admit(room)?;
        let sockets = self.ports.take().ok_or(Refusal::Ports)?;
        let port = sockets.port();
        let weight = self.usual_weight(room);
        self.links[worker].count_leg(weight);
        self.legs.insert(leg, LegPlace::Opened { sockets, worker, weight });
        Ok(port)
    }

    pub(super) fn start_leg(
        &mut self,
        leg: LegId,
        room: RoomId,
        stream: StreamConfig,
    ) -> Result<(), CommandError> {
        let worker = self.rooms.get(&room).ok_or(CommandError::UnknownRoom(room))?.worker;
        match self.legs.get(&leg) {
            Some(LegPlace::Opened { .. }) => {}
            Some(LegPlace::Started(_)) => return Err(CommandError::AlreadyStarted(leg)),
            None => return Err(CommandError::UnknownLeg(leg)),
        }
        if !self.links[worker].has_room() {
            return Err(CommandError::QueueFull);
        }
        let (codec, knows_events) = (stream.codec, stream.send_event_payload_type.is_some());
        self.retune(room, Some(codec))?;
        let made = self.make_leg(leg, room, stream)?;
        let Some(LegPlace::Opened { sockets, worker: counted, weight: guessed }) = self.legs.remove(&leg)
        else {
            return Err(CommandError::UnknownLeg(leg));
        };
        self.links[counted].discount_leg(guessed);
        let weight = self.weigh(codec, room);
        self.links[worker].count_leg(weight);
        let port = sockets.port();
        let started = Started { port, room, worker, codec, weight, knows_events, tones_until: None };
        self.legs.insert(leg, LegPlace::Started(started));
        self.links[worker].send(Order { room, what: What::Start(Line { leg: made, sockets }) });
        Ok(())
    }

    /// Both rooms' workers are told at once; the leg itself goes from one to the other without us.
    pub(super) fn move_to_room(
        &mut self,
        leg: LegId,
        room: RoomId,
        stream: StreamConfig,
    ) -> Result<(), CommandError> {
        let started @ Started { room: from, worker: source, weight: old, .. } = self.started(leg)?;
        let worker = self.rooms.get(&room).ok_or(CommandError::UnknownRoom(room))?.worker;
        let (codec, knows_events) = (stream.codec, stream.send_event_payload_type.is_some());
        self.retune(room, Some(codec))?;
        let change = self.stream_change(leg, room, stream)?;
        let weight = self.weigh(codec, room);
        let place = self.rooms.get_mut(&room).ok_or(CommandError::UnknownRoom(room))?;
        place.enter(leg, weight);
        let (departure, way) = RingBuffer::new(1);
        self.links[source].send(Order { room: from, what: What::HandOver(leg, departure) });
        let arrival = Box::new(Arrival { way, change });
        self.links[worker].send(Order { room, what: What::TakeOver(arrival) });
        let started = Started { room, worker, codec, weight, knows_events, ..started };
        self.legs.insert(leg, LegPlace::Started(started));
        self.links[source].discount_leg(old);
        self.links[worker].count_leg(weight);
        self.playbacks.retain(|_, playback| playback.to != Listener::Leg(leg));
        self.names.remove(&leg);
        if let Some(place) = self.rooms.get_mut(&from) {
            place.leave(leg, old);
        }
        self.retune(from, None)
    }

    fn make_leg(&mut self, leg: LegId, room: RoomId, stream: StreamConfig) -> Result<Box<Leg>, CommandError> {
        let weight = self.weigh(stream.codec, room);
        let make = if self.wants_feed(leg, room, stream.codec) { Leg::new } else { Leg::without_feed };
        let place = self.rooms.get_mut(&room).ok_or(CommandError::UnknownRoom(room))?;
        let made = make(leg, stream, place.format, place.tuning(), self.random.next(), Instant::now())
            .map_err(|error| CommandError::Codec { leg, error })?;
        place.enter(leg, weight);
        Ok(Box::new(made))
    }

    fn stream_change(
        &self,
        leg: LegId,
        room: RoomId,
        stream: StreamConfig,
    ) -> Result<StreamChange, CommandError> {
        let place = self.rooms.get(&room).ok_or(CommandError::UnknownRoom(room))?;
        let brings_feed = self.wants_feed(leg, room, stream.codec);
        let make = if brings_feed { StreamChange::new } else { StreamChange::without_feed };
        make(stream, place.format, place.tuning()).map_err(|error| CommandError::Codec { leg, error })
    }

    pub(super) fn update_stream(&mut self, leg: LegId, stream: StreamConfig) -> Result<(), CommandError> {
        let Started { room, worker, .. } = self.started(leg)?;
        let (codec, knows_events) = (stream.codec, stream.send_event_payload_type.is_some());
        let change = self.stream_change(leg, room, stream)?;
        self.order(worker, room, What::Update(leg, Box::new(change)))?;
        if let Some(LegPlace::Started(started)) = self.legs.get_mut(&leg) {
            (started.codec, started.knows_events) = (codec, knows_events);
        }
        self.reweigh(leg);
        self.retune(room, None)
    }

    pub(super) fn stop_leg(&mut self, leg: LegId) -> Result<(), CommandError> {
        let place = self.legs.remove(&leg).ok_or(CommandError::UnknownLeg(leg))?;
        self.playbacks.retain(|_, playback| playback.to != Listener::Leg(leg));
        match place {
            LegPlace::Opened { sockets, worker, weight } => {
                self.ports.free(sockets.port());
                self.links[worker].discount_leg(weight);
            }
            LegPlace::Started(Started { port, room, worker, weight, .. }) => {
                self.ports.free(port);
                let link = &mut self.links[worker];
                link.discount_leg(weight);
                link.send(Order { room, what: What::Stop(leg) });
                if let Some(place) = self.rooms.get_mut(&room) {
                    place.leave(leg, weight);
                    self.retune(room, None)?;
                }
            }
        }
        Ok(())
    }
}
