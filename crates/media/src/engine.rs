//! The control side's handle: it opens sockets, builds what the workers need, and knows what lives where.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Instant, SystemTime};

use confab_audio::{Clock, LegId, PlaybackId, Random, SilenceLimits};
use confab_mixer::Control;

use crate::command::{Command, CommandError, EngineStats, Event, Listener, RoomId};
use crate::link::{Link, link};
use crate::order::{Order, What, Word};
use crate::place::{LegPlace, PlaybackPlace, RoomPlace, Started};
use crate::ports::PortPool;
use crate::recording::{RecordingId, Reel, TapeId};
use crate::thread::{Scheduling, Wake, spawn};
use crate::throttle::usable_share;
use crate::worker::Worker;

mod digits;
mod feeds;
mod legs;
mod load;
mod playbacks;
mod recording;
mod rooms;

use digits::is_tone;
pub use load::{Refusal, Shift, WorkerLoad};

/// How the engine is set up.
#[derive(Clone, PartialEq, Debug)]
pub struct EngineConfig {
    /// Address that RTP and RTCP sockets are bound to.
    pub address: IpAddr,
    /// Ports for RTP (even) and RTCP (the odd one after it).
    pub ports: RangeInclusive<u16>,
    /// Worker threads; 0 for one per core.
    pub workers: usize,
    /// Whether each worker stays on a core of its own.
    pub pin: bool,
    /// The share of a worker's time that is kept free, 0 to 1: a leg that would need it is refused.
    pub headroom: f32,
    /// Rooms tick where they were opened in their interval, not when their talkers' packets come: for a clock that jumps from
    /// tick to tick.
    pub keep_phases: bool,
    /// When a leg's silence is told.
    pub silence: SilenceLimits,
    /// Seeds SSRCs, first sequence numbers and timestamps, RTCP intervals and comfort noise.
    pub seed: u64,
}

impl EngineConfig {
    /// One worker per core, wherever the system puts it, a fifth of its time kept free, and the usual limits of silence.
    #[must_use]
    pub fn new(address: IpAddr, ports: RangeInclusive<u16>, seed: u64) -> Self {
        let silence = SilenceLimits::default();
        Self { address, ports, workers: 0, pin: false, headroom: 0.2, keep_phases: false, silence, seed }
    }
}

/// The engine, as the control side holds it. Dropping it stops all legs and joins the worker threads.
pub struct Engine {
    ports: PortPool,
    links: Vec<Link>,
    threads: Vec<JoinHandle<()>>,
    scheduling: Vec<Scheduling>,
    legs: HashMap<LegId, LegPlace>,
    rooms: HashMap<RoomId, RoomPlace>,
    /// Those that may still run.
    playbacks: HashMap<PlaybackId, PlaybackPlace>,
    /// Where they are made.
    recordings: HashMap<RecordingId, RoomId>,
    /// What is being heard of legs that say their names.
    names: HashMap<LegId, Reel>,
    /// Tones that were played so far.
    tones: u64,
    /// By level and rate.
    noises: HashMap<(u16, u32), Arc<[i16]>>,
    clock: Clock,
    silence: SilenceLimits,
    keep_phases: bool,
    random: Random,
    opened_rooms: u32,
    /// When the workers were looked at last, while there is somebody to be served.
    measured: Option<Instant>,
    refused: u64,
    shifts: u64,
}

impl Engine {
    /// Starts the worker threads. They call `wake` when [`Engine::poll_event`] has something to do; it must not
    /// block. Fails if the address cannot be bound to or no thread can be made.
    pub fn start(config: EngineConfig, wake: impl Fn() + Send + Sync + 'static) -> io::Result<Self> {
        UdpSocket::bind((config.address, 0))?;
        let wake: Wake = Arc::new(wake);
        let pin = config.pin;
        let (mut engine, workers) = Self::manual(config);
        for (index, worker) in workers.into_iter().enumerate() {
            let (handle, scheduling) = spawn(index, worker, pin, Arc::clone(&wake))?;
            engine.links[index].thread = Some(handle.thread().clone());
            engine.threads.push(handle);
            engine.scheduling.push(scheduling);
            if scheduling.real_time {
                engine.links[index].pressure.cap(usable_share());
            }
        }
        Ok(engine)
    }

    /// An engine whose workers have no threads: the caller runs them, see [`Worker::run`].
    pub fn manual(config: EngineConfig) -> (Self, Vec<Worker>) {
        let cores = || thread::available_parallelism().map_or(1, usize::from);
        let count = if config.workers == 0 { cores() } else { config.workers };
        let (links, ports): (Vec<_>, Vec<_>) = (0..count).map(|_| link(1.0 - config.headroom)).unzip();
        let engine = Self {
            ports: PortPool::new(config.address, config.ports),
            links,
            threads: Vec::new(),
            scheduling: Vec::new(),
            legs: HashMap::new(),
            rooms: HashMap::new(),
            playbacks: HashMap::new(),
            recordings: HashMap::new(),
            names: HashMap::new(),
            tones: 0,
            noises: HashMap::new(),
            clock: clock(),
            silence: config.silence,
            keep_phases: config.keep_phases,
            random: Random::new(config.seed),
            opened_rooms: 0,
            measured: None,
            refused: 0,
            shifts: 0,
        };
        (engine, ports.into_iter().map(Worker::new).collect())
    }

    /// What the system allowed each worker thread.
    pub fn scheduling(&self) -> &[Scheduling] {
        &self.scheduling
    }

    /// Hands a command to the worker it concerns, which sees it when it runs next or is woken by
    /// [`flush`](Self::flush). `StopLeg` and `CloseRoom` never meet a full queue: they wait on
    /// this side until there is a place.
    pub fn command(&mut self, command: Command) -> Result<(), CommandError> {
        match command {
            Command::OpenRoom { room, plan, near } => self.open_room(room, plan, near),
            Command::CloseRoom { room } => self.close_room(room),
            Command::StartLeg { leg, room, stream } => self.start_leg(leg, room, stream),
            Command::MoveLeg { leg, room, stream } => self.move_to_room(leg, room, stream),
            Command::UpdateStream { leg, stream } => self.update_stream(leg, stream),
            Command::StopLeg { leg } => self.stop_leg(leg),
            Command::Set { leg, control } => self.set(leg, control),
            Command::Hold { leg, on } => self.order_leg(leg, What::Hold(leg, on)),
            Command::Play { playback, to, sounds, repeat, gain_db, duck_db } => {
                let room = match to {
                    Listener::Room(room) => room,
                    Listener::Leg(leg) => self.started(leg)?.room,
                };
                self.play(
                    playback,
                    PlaybackPlace { room, to, sounds, repeat, gain_db, duck_db, lead_in_ms: 0 },
                )
            }
            Command::Stop { playback } => self.stop_playback(playback),
            Command::SendDigit { leg, digit } => self.send_digit(leg, digit),
            Command::Levels { room } => {
                let worker = self.rooms.get(&room).ok_or(CommandError::UnknownRoom(room))?.worker;
                self.order(worker, room, What::Levels)
            }
            Command::PauseRecording { recording, on } => self.pause_recording(recording, on),
            Command::Mark { recording, line } => self.mark(recording, line),
            Command::StopRecording { recording } => self.stop_recording(recording),
            Command::StopRecordingName { leg } => self.order_leg(leg, What::EndTape(TapeId::Name(leg))),
        }
    }

    /// Wakes the workers that were sent anything; to be called after the commands of one turn. It costs a switch to their
    /// thread and back, so they are not woken for each.
    pub fn flush(&mut self) {
        self.links.iter_mut().for_each(Link::wake);
    }

    /// The next thing that happened, if any. Also flushes and frees what the workers are done with, so it wants to be called
    /// until `None` after each wake.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.flush();
        loop {
            let event = match self.links.iter_mut().find_map(Link::receive)? {
                Word::Event(event) => event,
                Word::Demand(room, demand) => {
                    self.lend(room, demand);
                    continue;
                }
            };
            let Event::Audio(confab_audio::Event::PlaybackDone { playback }) = event else {
                return Some(event);
            };
            self.playbacks.remove(&playback);
            if !is_tone(playback) {
                return Some(event);
            }
        }
    }

    /// Counts over all workers.
    pub fn stats(&self) -> EngineStats {
        let own = EngineStats { refused: self.refused, shifts: self.shifts, ..EngineStats::default() };
        self.links.iter().fold(own, |sum, link| link.counters.add_to(sum))
    }

    fn set(&mut self, leg: LegId, control: Control) -> Result<(), CommandError> {
        if control == Control::InbandDigits(true) {
            self.order_leg(leg, What::Equip(Box::default()))?;
        }
        self.order_leg(leg, What::Set(leg, control))
    }

    fn order_leg(&mut self, leg: LegId, what: What) -> Result<(), CommandError> {
        let Started { worker, room, .. } = self.started(leg)?;
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

    fn started(&self, leg: LegId) -> Result<Started, CommandError> {
        match self.legs.get(&leg) {
            Some(LegPlace::Started(started)) => Ok(*started),
            Some(LegPlace::Opened { .. }) | None => Err(CommandError::UnknownLeg(leg)),
        }
    }
}

/// The wall clock is read once, so that a step of it disturbs no report.
fn clock() -> Clock {
    let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Clock::new(Instant::now(), unix)
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
