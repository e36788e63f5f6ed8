//! The control side's handle: it opens sockets, builds what the workers need, and knows what lives where.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use confab_codec::ComfortNoise;
use confab_mixer::Playback;

use crate::clock::Random;
use crate::command::{
    Command, CommandError, EngineStats, Event, LegId, Listener, PlaybackId, RoomId, StreamConfig,
};
use crate::format::Format;
use crate::leg::Leg;
use crate::link::{Link, link};
use crate::order::{Order, What};
use crate::ports::{PortPool, SocketPair};
use crate::room::Room;
use crate::thread::{Wake, spawn};
use crate::worker::Worker;

/// Rooms of one worker are spread over so many phases inside the interval.
const PHASES: u32 = 16;

/// Comfort noise is played round and round; so long, nobody hears that it repeats.
const NOISE_SECONDS: usize = 4;

/// How the engine is set up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EngineConfig {
    /// Address that RTP and RTCP sockets are bound to.
    pub address: IpAddr,
    /// Ports for RTP (even) and RTCP (the odd one after it).
    pub ports: RangeInclusive<u16>,
    /// Worker threads; 0 for one per core.
    pub workers: usize,
    /// Seeds SSRCs, first sequence numbers and timestamps, RTCP intervals and comfort noise.
    pub seed: u64,
}

/// No free port pair is left in the configured range.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no free RTP port pair is left")]
pub struct PortsExhausted;

/// The engine, as the control side holds it. Dropping it stops all legs and joins the worker threads.
pub struct Engine {
    ports: PortPool,
    links: Vec<Link>,
    threads: Vec<JoinHandle<()>>,
    legs: HashMap<LegId, LegPlace>,
    rooms: HashMap<RoomId, RoomPlace>,
    /// Where the playbacks that may still run are heard.
    playbacks: HashMap<PlaybackId, (RoomId, Listener)>,
    /// By level and rate.
    noises: HashMap<(u16, u32), Arc<[i16]>>,
    random: Random,
    opened_rooms: u32,
}

enum LegPlace {
    Opened(SocketPair),
    Started { port: u16, room: RoomId, worker: usize },
}

#[derive(Clone, Copy)]
struct RoomPlace {
    worker: usize,
    format: Format,
}

impl Engine {
    /// Starts the worker threads. They call `wake` when [`Engine::poll_event`] has something to do; it must not
    /// block. Fails if the address cannot be bound to or no thread can be made.
    pub fn start(config: EngineConfig, wake: impl Fn() + Send + Sync + 'static) -> io::Result<Self> {
        UdpSocket::bind((config.address, 0))?;
        let wake: Wake = Arc::new(wake);
        let (mut engine, workers) = Self::manual(config);
        for (index, worker) in workers.into_iter().enumerate() {
            let handle = spawn(index, worker, Arc::clone(&wake))?;
            engine.links[index].thread = Some(handle.thread().clone());
            engine.threads.push(handle);
        }
        Ok(engine)
    }

    /// An engine whose workers have no threads: the caller runs them, see [`Worker::run`].
    pub fn manual(config: EngineConfig) -> (Self, Vec<Worker>) {
        let cores = || thread::available_parallelism().map_or(1, usize::from);
        let count = if config.workers == 0 { cores() } else { config.workers };
        let (links, ports): (Vec<_>, Vec<_>) = (0..count).map(|_| link()).unzip();
        let engine = Self {
            ports: PortPool::new(config.address, config.ports),
            links,
            threads: Vec::new(),
            legs: HashMap::new(),
            rooms: HashMap::new(),
            playbacks: HashMap::new(),
            noises: HashMap::new(),
            random: Random(config.seed),
            opened_rooms: 0,
        };
        (engine, ports.into_iter().map(Worker::new).collect())
    }

    /// Binds a port pair for a leg and tells the RTP port, an even one; RTCP has the next. The same again for a leg
    /// that is open already.
    pub fn open_leg(&mut self, leg: LegId) -> Result<u16, PortsExhausted> {
        match self.legs.get(&leg) {
            Some(LegPlace::Opened(sockets)) => return Ok(sockets.port()),
            Some(LegPlace::Started { port, .. }) => return Ok(*port),
            None => {}
        }
        let sockets = self.ports.take().ok_or(PortsExhausted)?;
        let port = sockets.port();
        self.legs.insert(leg, LegPlace::Opened(sockets));
        Ok(port)
    }

    /// Hands a command to the worker it concerns. `StopLeg` and `CloseRoom` never meet a full queue: they wait on
    /// this side until there is a place.
    pub fn command(&mut self, command: Command) -> Result<(), CommandError> {
        match command {
            Command::OpenRoom { room, rate, interval_ms, comfort_noise } => {
                let format =
                    Format::new(rate, interval_ms).ok_or(CommandError::Unmixable { rate, interval_ms })?;
                self.open_room(room, format, comfort_noise)
            }
            Command::CloseRoom { room } => self.close_room(room),
            Command::StartLeg { leg, room, stream } => self.start_leg(leg, room, Box::new(stream)),
            Command::UpdateStream { leg, stream } => self.order_leg(leg, What::Update(leg, Box::new(stream))),
            Command::StopLeg { leg } => self.stop_leg(leg),
            Command::Set { leg, control } => self.order_leg(leg, What::Set(leg, control)),
            Command::Hold { leg, on } => self.order_leg(leg, What::Hold(leg, on)),
            Command::Play { playback, to, sounds, repeat, gain_db } => {
                self.play(to, Playback { id: playback.0, sounds, repeat, gain_db, lead_in_ms: 0 })
            }
            Command::Stop { playback } => self.stop_playback(playback),
        }
    }

    /// The next thing that happened, if any. Also frees what the workers are done with, so it wants to be called
    /// until `None` after each wake.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.links.iter_mut().for_each(Link::flush);
        let event = self.links.iter_mut().find_map(Link::receive)?;
        if let Event::PlaybackDone { playback } = event {
            self.playbacks.remove(&playback);
        }
        Some(event)
    }

    /// Counts over all workers.
    pub fn stats(&self) -> EngineStats {
        self.links.iter().fold(EngineStats::default(), |sum, link| link.counters.add_to(sum))
    }

    fn open_room(&mut self, room: RoomId, format: Format, noise: Option<u16>) -> Result<(), CommandError> {
        if self.rooms.contains_key(&room) {
            return Err(CommandError::AlreadyOpen(room));
        }
        let worker = self.least_loaded();
        let noise = noise.map(|level| self.noise(level, format.rate));
        let opened = Box::new(Room::new(format, noise));
        let phase = self.next_phase(format.interval());
        self.order(worker, room, What::Open { room: opened, phase })?;
        self.links[worker].load += 1;
        self.rooms.insert(room, RoomPlace { worker, format });
        Ok(())
    }

    fn close_room(&mut self, room: RoomId) -> Result<(), CommandError> {
        let place = self.rooms.remove(&room).ok_or(CommandError::UnknownRoom(room))?;
        self.playbacks.retain(|_, (played_in, _)| *played_in != room);
        let link = &mut self.links[place.worker];
        link.load -= 1;
        link.send(Order { room, what: What::Close });
        Ok(())
    }

    fn start_leg(&mut self, leg: LegId, room: RoomId, stream: Box<StreamConfig>) -> Result<(), CommandError> {
        let RoomPlace { worker, format } = *self.rooms.get(&room).ok_or(CommandError::UnknownRoom(room))?;
        if !self.links[worker].has_room() {
            return Err(CommandError::QueueFull);
        }
        let sockets = match self.legs.remove(&leg) {
            Some(LegPlace::Opened(sockets)) => sockets,
            Some(started) => {
                self.legs.insert(leg, started);
                return Err(CommandError::AlreadyStarted(leg));
            }
            None => return Err(CommandError::UnknownLeg(leg)),
        };
        self.legs.insert(leg, LegPlace::Started { port: sockets.port(), room, worker });
        let started = Leg::new(leg, sockets, stream, format, self.random.next(), Instant::now());
        self.links[worker].load += 1;
        self.order(worker, room, What::Start(Box::new(started)))
    }

    fn stop_leg(&mut self, leg: LegId) -> Result<(), CommandError> {
        let place = self.legs.remove(&leg).ok_or(CommandError::UnknownLeg(leg))?;
        self.playbacks.retain(|_, (_, to)| *to != Listener::Leg(leg));
        match place {
            LegPlace::Opened(sockets) => self.ports.free(sockets.port()),
            LegPlace::Started { port, room, worker } => {
                self.ports.free(port);
                let link = &mut self.links[worker];
                link.load -= 1;
                link.send(Order { room, what: What::Stop(leg) });
            }
        }
        Ok(())
    }

    fn play(&mut self, to: Listener, playback: Playback) -> Result<(), CommandError> {
        let id = PlaybackId(playback.id);
        let (room, leg) = match to {
            Listener::Room(room) => (room, None),
            Listener::Leg(leg) => (self.started(leg)?.1, Some(leg)),
        };
        let worker = self.rooms.get(&room).ok_or(CommandError::UnknownRoom(room))?.worker;
        self.order(worker, room, What::Play(leg, playback))?;
        self.playbacks.insert(id, (room, to));
        Ok(())
    }

    fn stop_playback(&mut self, playback: PlaybackId) -> Result<(), CommandError> {
        let Some((room, _)) = self.playbacks.get(&playback).copied() else { return Ok(()) };
        if let Some(place) = self.rooms.get(&room) {
            self.order(place.worker, room, What::StopPlayback(playback.0))?;
        }
        self.playbacks.remove(&playback);
        Ok(())
    }

    fn order_leg(&mut self, leg: LegId, what: What) -> Result<(), CommandError> {
        let (worker, room) = self.started(leg)?;
        self.order(worker, room, what)
    }

    fn order(&mut self, worker: usize, room: RoomId, what: What) -> Result<(), CommandError> {
        let link = &mut self.links[worker];
        if !link.has_room() {
            return Err(CommandError::QueueFull);
        }
        link.send(Order { room, what });
        Ok(())
    }

    /// The worker and the room of a started leg.
    fn started(&self, leg: LegId) -> Result<(usize, RoomId), CommandError> {
        match self.legs.get(&leg) {
            Some(LegPlace::Started { room, worker, .. }) => Ok((*worker, *room)),
            Some(LegPlace::Opened(_)) | None => Err(CommandError::UnknownLeg(leg)),
        }
    }

    fn least_loaded(&self) -> usize {
        (0..self.links.len()).min_by_key(|&worker| self.links[worker].load).unwrap_or_default()
    }

    /// The next of the phases, in an order that keeps few rooms apart as well as many: each halves a gap.
    fn next_phase(&mut self, interval: Duration) -> Duration {
        let index = self.opened_rooms % PHASES;
        self.opened_rooms = self.opened_rooms.wrapping_add(1);
        let halving = index.reverse_bits() >> (u32::BITS - PHASES.ilog2());
        interval * halving / PHASES
    }

    fn noise(&mut self, level: u16, rate: u32) -> Arc<[i16]> {
        let seed = self.random.next();
        let noise = self.noises.entry((level, rate)).or_insert_with(|| {
            let mut samples = vec![0; NOISE_SECONDS * rate as usize];
            ComfortNoise::new(level, rate, seed).fill(&mut samples);
            samples.into()
        });
        Arc::clone(noise)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        for link in self.links.drain(..) {
            let thread = link.thread.clone();
            drop(link);
            if let Some(thread) = thread {
                thread.unpark();
            }
        }
        for thread in self.threads.drain(..) {
            let _a_panic_was_reported = thread.join();
        }
    }
}
