//! The mixer of one room.

use confab_fetch::{fetch, fetch_all};

use crate::denoise::Denoise;
use crate::echo::Echo;
use crate::floor::Floor;
use crate::gain::Ramp;
use crate::gate::{Gate, Timing};
use crate::history::History;
use crate::inband::DigitFinder;
use crate::level::{SILENCE_DBOV, magnitude_dbov};
use crate::limiter::Limiter;
use crate::listeners::{ListenKey, Listeners};
use crate::member::{Control, Member, MemberConfig, Slot};
use crate::playback::{Playback, Playing};
use crate::speaker::Speaker;
use crate::tools::Tools;
use playing::Noise;
use std::sync::Arc;
use std::vec::Drain;

pub use desk::Desk;
pub use event::Event;
pub use tap::Tap;

mod adopt;
mod desk;
mod event;
mod playing;
mod render;
mod tap;
mod voices;

/// What a room's mixer is made of.
#[derive(Debug, Clone)]
pub struct MixerConfig {
    /// Samples per second.
    pub rate: u32,
    /// Length of a frame, ms.
    pub interval_ms: u16,
    /// Noise for the pauses, at the room's rate, played round and round while nobody talks and nothing is played to
    /// the room.
    pub comfort_noise: Option<Arc<[i16]>>,
    /// How many talkers are mixed at most: the loudest. `None`: all.
    pub max_talkers: Option<u16>,
    /// Whether members can be denoised. It takes memory for each member: 3 KiB at 8 kHz, 17 KiB at 48 kHz.
    pub denoise: bool,
    /// Whether members who send back what they are sent can be found. It takes 1 KiB for each member.
    pub echo: bool,
}

impl Default for MixerConfig {
    /// 8 kHz, 20 ms, nothing else.
    fn default() -> Self {
        Self {
            rate: 8000,
            interval_ms: 20,
            comfort_noise: None,
            max_talkers: None,
            denoise: false,
            echo: false,
        }
    }
}

/// The mixer of one room.
#[derive(Debug)]
pub struct Mixer {
    rate: u32,
    interval_ms: u16,
    /// Samples in a frame.
    frame: usize,
    /// Samples over which a voice's gain changes, and over which that of all that is heard does.
    edge: usize,
    glide: usize,
    timing: Timing,
    limiter: Limiter,
    noise: Noise,

    /// Members by slot. What most ticks need lies apart from what few need; of a member that rests, silent, unheard and
    /// with nothing to look back to, a tick reads no more than that.
    resting: Vec<bool>,
    gates: Vec<Gate>,
    members: Vec<Member>,
    tools: Vec<Tools>,
    /// Digit finders that no member has.
    #[allow(clippy::vec_box, reason = "a finder comes and goes in its box")]
    finders: Vec<Box<DigitFinder>>,
    free: Vec<Slot>,
    /// How many members talk.
    talking: usize,
    playing: Vec<Playing>,

    history: History,
    denoise: Option<Denoise>,
    allows_denoising: bool,
    floor: Floor,
    speaker: Speaker,
    echo: Option<Echo>,
    /// What announcements leave of the voices and of the music.
    ducking: Ramp,
    listeners: Listeners,

    events: Vec<Event>,
    retired: Vec<Playback>,
}

/// Length of a change of a voice's gain, ms.
const EDGE_MS: u32 = 5;
/// Length of a change of the gain of all that is heard, ms.
const GLIDE_MS: u32 = 15;
/// A room whose rate may change goes no higher, samples per second.
const HIGHEST_RATE: u32 = 48_000;
/// Most events of one member in one tick.
const EVENTS: usize = 6;

impl Mixer {
    /// An empty room.
    pub fn new(config: MixerConfig) -> Self {
        Self::shell(&config, 0)
    }

    /// An empty room with places for so many members; see [`adopt`](Self::adopt).
    pub fn shell(config: &MixerConfig, slots: usize) -> Self {
        let frame = (config.rate * u32::from(config.interval_ms) / 1000).max(1) as usize;
        let timing = Timing::new(config.interval_ms);
        let mut shell = Self {
            rate: config.rate,
            interval_ms: config.interval_ms,
            frame,
            edge: ((config.rate * EDGE_MS / 1000).max(1) as usize).min(frame),
            glide: ((config.rate * GLIDE_MS / 1000).max(1) as usize).min(frame),
            timing,
            limiter: Limiter::new(config.rate),
            noise: Noise { samples: config.comfort_noise.clone().unwrap_or_default(), position: 0 },
            resting: Vec::new(),
            gates: Vec::new(),
            members: Vec::new(),
            tools: Vec::new(),
            finders: Vec::new(),
            free: Vec::new(),
            talking: 0,
            playing: Vec::new(),
            history: History::new(frame, timing.kept()),
            denoise: config.denoise.then(|| Denoise::new(config.rate)),
            allows_denoising: true,
            floor: Floor::new(config.max_talkers),
            speaker: Speaker::new(config.interval_ms),
            echo: config.echo.then(|| Echo::new(config.interval_ms)),
            ducking: Ramp::steady(1.0),
            listeners: Listeners::default(),
            events: Vec::new(),
            retired: Vec::new(),
        };
        shell.grow(slots);
        shell
    }

    /// Samples in a frame.
    pub fn frame_len(&self) -> usize {
        self.frame
    }

    /// Makes place on the desk on which its ticks are done, at whatever rate: whenever a member or a playback has come. A tick
    /// that finds none makes it itself.
    pub fn reserve(&self, desk: &mut Desk) {
        let longest = (HIGHEST_RATE * u32::from(self.interval_ms) / 1000) as usize;
        desk.fit(longest.max(self.frame), self.members.len(), self.playing.len());
    }

    /// Takes a member in.
    pub fn add(&mut self, config: MemberConfig) -> Slot {
        if self.free.is_empty() {
            self.grow(self.members.len() + 1);
        }
        let slot = self.free.pop().unwrap_or(Slot(0)); // there is one now
        self.members[slot.index()] = Member::new(config);
        self.gates[slot.index()] = Gate::default();
        if config.inband_digits && self.finders.is_empty() {
            self.finders.push(Box::default());
        }
        self.lend_finder(slot, config.inband_digits);
        self.tools[slot.index()].reset(config, self.rate);
        if let Some(denoise) = &mut self.denoise {
            denoise.reset(slot);
        }
        self.listeners.reset(slot);
        self.reset_echo(slot);
        self.apply_tools(slot);
        slot
    }

    /// Lets a member go, and its playbacks. If it was talking or had the floor, the events that this causes are returned at
    /// once, as the slot may be given to another member before the next tick.
    pub fn remove(&mut self, slot: Slot) -> impl Iterator<Item = Event> + use<> {
        let was_there = std::mem::take(&mut self.members[slot.index()]).active;
        if was_there {
            self.free.push(slot);
            self.finders.extend(self.tools[slot.index()].finder.take());
            self.retire(|playing| playing.to == Some(slot));
        }
        let stopped = self.gates[slot.index()].shut();
        self.talking -= usize::from(stopped.is_some());
        let had_floor = self.speaker.release(slot);
        let stopped = stopped.map(|_| Event::TalkStopped(slot));
        stopped.into_iter().chain(had_floor.then_some(Event::Floor { slot, on: false }))
    }

    /// Takes what [`Control::InbandDigits`] needs, as it is too large for all members to have it. It is to be made where time
    /// does not matter, one before each time that they are switched on; what is not needed is given back.
    pub fn equip(&mut self, finder: Box<DigitFinder>) -> Option<Box<DigitFinder>> {
        if !self.finders.is_empty() {
            return Some(finder);
        }
        self.finders.push(finder);
        None
    }

    /// Changes a member.
    pub fn set(&mut self, slot: Slot, control: Control) {
        self.lend_finder(slot, control == Control::InbandDigits(true));
        self.members[slot.index()].set(control);
        self.tools[slot.index()].set(control);
        match control {
            Control::AudioAlways(on) => self.gates[slot.index()].set_always(on),
            Control::Echo(_) => self.reset_echo(slot),
            Control::Floor(true) => self.speaker.lock(slot),
            Control::Floor(false) => self.speaker.unlock(slot),
            _ => {}
        }
        self.apply_tools(slot);
    }

    /// How loud a member has been lately, as others hear it, dBov by the mean of |sample|; −127 for silence and while it may
    /// not speak.
    pub fn level(&self, slot: Slot) -> i8 {
        if self.resting[slot.index()] {
            return SILENCE_DBOV;
        }
        magnitude_dbov(self.gates[slot.index()].loudness())
    }

    /// Whether a member talks, by the last tick.
    pub fn is_talking(&self, slot: Slot) -> bool {
        self.gates[slot.index()].is_talking()
    }

    /// The level of a member's gate, as a mean of |sample|, while it keeps the member from being heard.
    pub fn withheld_below(&self, slot: Slot) -> Option<u32> {
        let gate = &self.gates[slot.index()];
        (!gate.passes()).then(|| gate.level())
    }

    /// Whether noise is taken out of the voices of those for whom that is set; it is, unless time is short.
    pub fn allow_denoising(&mut self, on: bool) {
        self.allows_denoising = on;
        (0..self.members.len()).for_each(|index| self.apply_tools(Slot(index as u32)));
    }

    /// Mixes no more than so many talkers for now, even if more are configured.
    pub fn limit_talkers(&mut self, most: Option<u16>) {
        self.floor.limit(most);
    }

    /// Plays to one member, mixed over what it hears, or to the room.
    pub fn play(&mut self, to: Option<Slot>, playback: Playback) {
        self.playing.push(Playing::new(playback, to, self.rate));
        self.reserve_events();
        if to.is_some_and(|slot| !self.members[slot.index()].active) {
            self.retire(|playing| playing.to == to);
        }
    }

    /// Lets a playback fade out in the next frame; there will be no `PlaybackDone`.
    pub fn stop(&mut self, id: u64) {
        self.playing.iter_mut().filter(|playing| playing.playback.id == id).for_each(Playing::stop);
    }

    /// Fetches what a tick touches of the mixer itself.
    pub fn fetch(&self) {
        fetch(&self.resting);
        fetch(&self.free);
        fetch(&self.history);
        fetch(&self.speaker);
        fetch(&self.ducking);
        fetch(&self.listeners);
        fetch(&self.retired);
        fetch(&self.noise);
        fetch(&self.limiter);
        fetch(&self.interval_ms);
    }

    /// Once that is there: what it points to.
    pub fn fetch_rest(&self) {
        fetch_all(&self.resting);
        fetch_all(&self.gates);
        fetch_all(&self.members);
        self.history.fetch_rest();
        self.speaker.fetch_rest();
        self.listeners.fetch_rest();
    }

    /// Once that is there: where a member's next frame goes.
    pub fn fetch_input(&self, slot: Slot) {
        fetch_all(self.history.frame(slot, 0));
    }

    /// Takes this tick's decoded frame of a member. Of whom nothing came between two ticks, he was silent.
    pub fn input(&mut self, slot: Slot, frame: &[i16]) {
        self.input_with(slot, |place| {
            place.copy_from_slice(frame);
            true
        });
    }

    /// The same for a frame that is decoded where it is mixed from; if there is none, `write` tells false.
    pub fn input_with(&mut self, slot: Slot, write: impl FnOnce(&mut [i16]) -> bool) {
        self.history.write(slot, write);
    }

    /// Mixes one frame on the desk. Afterwards `listening` and `render` tell what each member hears.
    pub fn tick(&mut self, desk: &mut Desk) -> Drain<'_, Event> {
        self.reserve(desk);
        desk.begin(self.frame, self.members.len());
        self.denoise.iter_mut().for_each(Denoise::advance);
        self.choose_ducking();
        self.hear(desk);
        self.duck_voices(desk);
        let played = self.mix_playbacks(desk);
        if !played && self.talking == 0 {
            self.noise.add(&mut desk.room);
        }
        self.group_listeners(desk);
        self.history.advance();
        self.events.drain(..)
    }

    /// What the member hears since the last tick.
    pub fn listening(&self, slot: Slot) -> ListenKey {
        self.listeners.key(slot)
    }

    /// Playbacks that ended, were stopped or whose member left. They are handed back so that nothing is freed on the
    /// audio path.
    pub fn retired(&mut self) -> Drain<'_, Playback> {
        self.retired.drain(..)
    }

    /// Places for so many members.
    fn grow(&mut self, slots: usize) {
        self.free.reserve(slots - self.free.len());
        self.free.extend((self.members.len()..slots).rev().map(|index| Slot(index as u32)));
        self.resting.resize(slots, true);
        self.gates.resize(slots, Gate::default());
        self.members.resize(slots, Member::default());
        self.tools.resize_with(slots, Tools::default);
        self.finders.reserve(slots + 1 - self.finders.len());
        self.history.grow(slots);
        self.floor.grow(slots);
        self.listeners.grow(slots);
        self.speaker.grow(slots);
        if let Some(denoise) = &mut self.denoise {
            denoise.grow(slots);
        }
        if let Some(echo) = &mut self.echo {
            echo.grow(slots);
        }
        self.reserve_events();
    }

    /// Room for all the events of one tick, and for all playbacks to end.
    fn reserve_events(&mut self) {
        self.events.reserve(self.members.len() * EVENTS + self.playing.len());
        self.retired.reserve(self.playing.len());
    }

    /// A member's tools, or how it is set, changed.
    fn apply_tools(&mut self, slot: Slot) {
        let (tools, member) = (&mut self.tools[slot.index()], &mut self.members[slot.index()]);
        tools.allow_denoising(self.allows_denoising);
        member.equipped = tools.in_use();
        if tools.agc.is_none() {
            member.boost = 1.0;
        }
        self.gates[slot.index()].set_level(tools.level());
        self.resting[slot.index()] = false;
    }

    fn lend_finder(&mut self, slot: Slot, wanted: bool) {
        let finder = &mut self.tools[slot.index()].finder;
        if wanted && finder.is_none() {
            *finder = self.finders.pop();
        }
    }

    fn reset_echo(&mut self, slot: Slot) {
        if let Some(echo) = &mut self.echo {
            echo.reset(slot);
        }
    }
}
