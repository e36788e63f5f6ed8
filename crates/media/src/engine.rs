//! The control side's handle: it opens sockets, builds what the workers need, and knows what lives where.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use confab_audio::{
    Clock, Format, Leg, LegId, PlaybackId, Random, Retuned, Room, RoomConfig, SilenceLimits, StreamChange,
    StreamConfig,
};
use confab_codec::{Codec, ComfortNoise};
use confab_mixer::{Control, MixerConfig};
use rtrb::RingBuffer;

use crate::command::{Command, CommandError, EngineStats, Event, Listener, RoomId, RoomRate};
use crate::link::{Link, link};
use crate::order::{Arrival, Order, What, Word};
use crate::place::{LegPlace, PlaybackPlace, RoomPlace, Started, best_common_rate};
use crate::ports::PortPool;
use crate::recording::{RecordingId, Reel, TapeId};
use crate::room::{Line, LiveRoom};
use crate::thread::{Scheduling, Wake, spawn};
use crate::throttle::usable_share;
use crate::worker::Worker;

mod digits;
mod feeds;
mod load;
mod recording;

use digits::is_tone;
pub use load::{Refusal, Shift, WorkerLoad};

/// Rooms of one worker are spread over so many phases inside the interval.
const PHASES: u32 = 16;

/// Comfort noise is played round and round; so long, nobody hears that it repeats.
const NOISE_SECONDS: usize = 4;

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

    /// Hands a command to the worker it concerns, which sees it when it runs next or is woken by
    /// [`flush`](Self::flush). `StopLeg` and `CloseRoom` never meet a full queue: they wait on
    /// this side until there is a place.
    pub fn command(&mut self, command: Command) -> Result<(), CommandError> {
        match command {
            Command::OpenRoom {
                room,
                rate,
                interval_ms,
                comfort_noise,
                max_talkers,
                denoise,
                echo,
                near,
            } => {
                let first =
                    if let RoomRate::Fixed(rate) = rate { rate } else { best_common_rate([].into_iter()) };
                let format = Format::new(first, interval_ms)
                    .ok_or(CommandError::Unmixable { rate: first, interval_ms })?;
                let near = near.and_then(|room| self.rooms.get(&room)).map(|place| place.worker);
                let worker = near.unwrap_or_else(|| self.least_loaded());
                let legs = Vec::new();
                let place = RoomPlace {
                    worker,
                    rate,
                    format,
                    comfort_noise,
                    max_talkers,
                    denoise,
                    echo,
                    legs,
                    work: 0,
                    most_legs: 0,
                };
                self.open_room(room, place)
            }
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

    fn open_room(&mut self, room: RoomId, place: RoomPlace) -> Result<(), CommandError> {
        if self.rooms.contains_key(&room) {
            return Err(CommandError::AlreadyOpen(room));
        }
        let mixer = self.mixer_config(&place, place.format.rate);
        let config = RoomConfig { mixer, clock: self.clock, silence: self.silence };
        let opened = Box::new(LiveRoom::new(room, Room::new(config)));
        let phase = self.next_phase(place.format.interval());
        self.order(place.worker, room, What::Open { room: opened, phase })?;
        self.links[place.worker].rooms += 1;
        self.ease_new_room(place.worker, room);
        self.rooms.insert(room, place);
        Ok(())
    }

    fn close_room(&mut self, room: RoomId) -> Result<(), CommandError> {
        let place = self.rooms.remove(&room).ok_or(CommandError::UnknownRoom(room))?;
        self.playbacks.retain(|_, playback| playback.room != room);
        self.recordings.retain(|_, recorded| *recorded != room);
        let link = &mut self.links[place.worker];
        link.rooms -= 1;
        link.send(Order { room, what: What::Close });
        Ok(())
    }

    fn start_leg(&mut self, leg: LegId, room: RoomId, stream: StreamConfig) -> Result<(), CommandError> {
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
    fn move_to_room(&mut self, leg: LegId, room: RoomId, stream: StreamConfig) -> Result<(), CommandError> {
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

    fn update_stream(&mut self, leg: LegId, stream: StreamConfig) -> Result<(), CommandError> {
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

    fn stop_leg(&mut self, leg: LegId) -> Result<(), CommandError> {
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

    /// Brings a room whose rate is not fixed to the one that fits its legs and the one that is about to join.
    fn retune(&mut self, room: RoomId, joining: Option<Codec>) -> Result<(), CommandError> {
        let Some(place) = self.rooms.get(&room).filter(|place| place.rate == RoomRate::Auto) else {
            return Ok(());
        };
        let legs: Vec<(LegId, Codec)> =
            place.legs.iter().filter_map(|&leg| Some((leg, self.started(leg).ok()?.codec))).collect();
        let rate = best_common_rate(legs.iter().map(|&(_, codec)| codec).chain(joining));
        if rate == place.format.rate {
            return Ok(());
        }
        let (worker, slots, place) = (place.worker, place.most_legs, place.clone());
        let playbacks = self.playbacks.iter().filter(|(_, playback)| playback.room == room);
        let playbacks = playbacks.map(|(id, playback)| playback.playback(id.0, rate)).collect();
        let mixer = self.mixer_config(&place, rate);
        let blamed = legs.first().map_or(LegId(0), |&(leg, _)| leg);
        let retuned = Retuned::new(&mixer, slots, legs.into_iter(), playbacks)
            .map_err(|error| CommandError::Codec { leg: blamed, error })?;
        self.links[worker].send(Order { room, what: What::Retune(Box::new(retuned)) });
        if let Some(place) = self.rooms.get_mut(&room) {
            place.format.rate = rate;
        }
        place.legs.iter().for_each(|&leg| self.reweigh(leg));
        Ok(())
    }

    fn mixer_config(&mut self, place: &RoomPlace, rate: u32) -> MixerConfig {
        MixerConfig {
            rate,
            interval_ms: place.format.interval_ms,
            comfort_noise: place.comfort_noise.map(|level| self.noise(level, rate)),
            max_talkers: place.max_talkers,
            denoise: place.denoise,
            echo: place.echo,
        }
    }

    fn play(&mut self, id: PlaybackId, playing: PlaybackPlace) -> Result<(), CommandError> {
        let place = self.rooms.get(&playing.room).ok_or(CommandError::UnknownRoom(playing.room))?;
        let playback = playing.playback(id.0, place.format.rate);
        let leg = match playing.to {
            Listener::Room(_) => None,
            Listener::Leg(leg) => Some(leg),
        };
        self.order(place.worker, playing.room, What::Play(leg, playback))?;
        self.playbacks.insert(id, playing);
        Ok(())
    }

    fn stop_playback(&mut self, playback: PlaybackId) -> Result<(), CommandError> {
        let Some(room) = self.playbacks.get(&playback).map(|playing| playing.room) else { return Ok(()) };
        if let Some(place) = self.rooms.get(&room) {
            self.order(place.worker, room, What::StopPlayback(playback.0))?;
        }
        self.playbacks.remove(&playback);
        Ok(())
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
