//! The mixer of one room.

use crate::denoise::Denoise;
use crate::echo::Echo;
use crate::floor::Floor;
use crate::gain::Ramp;
use crate::gate::{Gate, Timing};
use crate::history::History;
use crate::lanes::Lanes;
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
use voices::Voice;

pub use event::Event;
pub use tap::Tap;

mod adopt;
mod event;
mod playing;
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
    free: Vec<Slot>,
    /// How many members talk.
    talking: usize,
    playing: Vec<Playing>,

    history: History,
    denoise: Option<Denoise>,
    allows_denoising: bool,
    speaking: Vec<Voice>,
    floor: Floor,
    speaker: Speaker,
    echo: Option<Echo>,
    voices: Lanes,
    prompts: Lanes,
    /// The sum of all voices and of what is played to the room.
    room: Vec<i32>,
    /// The part of it that is announced, and whether anything is.
    announced: Vec<i32>,
    is_announced: bool,
    /// What announcements leave of the voices and of the music.
    ducking: Ramp,
    listeners: Listeners,
    /// A frame before it goes into a sum, on its stages, and a sum before it is limited.
    frame: Vec<i16>,
    clean: Vec<i16>,
    other: Vec<i16>,
    mix: Vec<f32>,

    events: Vec<Event>,
    retired: Vec<Playback>,
}

/// Length of a change of a voice's gain, ms.
const EDGE_MS: u32 = 5;
/// Length of a change of the gain of all that is heard, ms.
const GLIDE_MS: u32 = 15;
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
            edge: ((config.rate * EDGE_MS / 1000).max(1) as usize).min(frame),
            glide: ((config.rate * GLIDE_MS / 1000).max(1) as usize).min(frame),
            timing,
            limiter: Limiter::new(config.rate),
            noise: Noise { samples: config.comfort_noise.clone().unwrap_or_default(), position: 0 },
            resting: Vec::new(),
            gates: Vec::new(),
            members: Vec::new(),
            tools: Vec::new(),
            free: Vec::new(),
            talking: 0,
            playing: Vec::new(),
            history: History::new(frame, timing.kept()),
            denoise: config.denoise.then(|| Denoise::new(config.rate)),
            allows_denoising: true,
            speaking: Vec::new(),
            floor: Floor::new(config.max_talkers),
            speaker: Speaker::new(config.interval_ms),
            echo: config.echo.then(|| Echo::new(config.interval_ms)),
            voices: Lanes::new(frame),
            prompts: Lanes::new(frame),
            room: vec![0; frame],
            announced: vec![0; frame],
            is_announced: false,
            ducking: Ramp::steady(1.0),
            listeners: Listeners::default(),
            frame: vec![0; frame],
            clean: vec![0; frame],
            other: vec![0; frame],
            mix: vec![0.0; frame],
            events: Vec::new(),
            retired: Vec::new(),
        };
        shell.grow(slots);
        shell
    }

    /// Samples in a frame.
    pub fn frame_len(&self) -> usize {
        self.frame.len()
    }

    /// Takes a member in.
    pub fn add(&mut self, config: MemberConfig) -> Slot {
        if self.free.is_empty() {
            self.grow(self.members.len() + 1);
        }
        let slot = self.free.pop().unwrap_or(Slot(0)); // there is one now
        self.members[slot.index()] = Member::new(config);
        self.gates[slot.index()] = Gate::default();
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
            self.retire(|playing| playing.to == Some(slot));
        }
        let stopped = self.gates[slot.index()].shut();
        self.talking -= usize::from(stopped.is_some());
        let had_floor = self.speaker.release(slot);
        let stopped = stopped.map(|_| Event::TalkStopped(slot));
        stopped.into_iter().chain(had_floor.then_some(Event::Floor { slot, on: false }))
    }

    /// Changes a member.
    pub fn set(&mut self, slot: Slot, control: Control) {
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
        self.reserve();
        if to.is_some_and(|slot| !self.members[slot.index()].active) {
            self.retire(|playing| playing.to == to);
        }
    }

    /// Lets a playback fade out in the next frame; there will be no `PlaybackDone`.
    pub fn stop(&mut self, id: u64) {
        self.playing.iter_mut().filter(|playing| playing.playback.id == id).for_each(Playing::stop);
    }

    /// Where this tick's decoded frame of the member is to be written. A member whose input nobody asked for between
    /// two ticks was silent.
    pub fn input(&mut self, slot: Slot) -> &mut [i16] {
        self.history.write(slot)
    }

    /// Mixes one frame. Afterwards `listening` and `render` tell what each member hears.
    pub fn tick(&mut self) -> Drain<'_, Event> {
        self.denoise.iter_mut().for_each(Denoise::advance);
        self.room.fill(0);
        self.voices.clear();
        self.prompts.clear();
        self.hear();
        self.duck_voices();
        let played = self.mix_playbacks();
        if !played && self.talking == 0 {
            self.noise.add(&mut self.room);
        }
        self.group_listeners();
        self.history.advance();
        self.events.drain(..)
    }

    /// What the member hears since the last tick.
    pub fn listening(&self, slot: Slot) -> ListenKey {
        self.listeners.key(slot)
    }

    /// Writes the frame that is heard under a key of the last tick; it may be asked for more than once. Silence for a
    /// member that came after the tick.
    pub fn render(&mut self, key: ListenKey, out: &mut [i16]) {
        let Some(group) = self.listeners.group_mut(key) else {
            return out.fill(0);
        };
        let prompt = self.prompts.get(group.slot);
        let voice = self.voices.get(group.slot);
        if group.announced == Ramp::steady(1.0) {
            mix_room(group.room, self.glide, &self.room, voice, &mut self.mix);
        } else {
            mix_room(Ramp::steady(1.0), self.glide, &self.room, voice, &mut self.mix);
            take_out(group.announced, self.glide, &self.announced, &mut self.mix);
            group.room.over(self.glide, self.mix.iter_mut(), |mix, gain| *mix *= gain);
        }
        if let Some(prompt) = prompt {
            let pairs = self.mix.iter_mut().zip(prompt);
            group.own.over(self.edge, pairs, |(mix, &prompt), gain| *mix += prompt as f32 * gain);
        }
        group.limiter_after = self.limiter.limit(group.limiter, &mut self.mix, out);
        if let Some(echo) = &mut self.echo {
            echo.note_sent(key, out);
        }
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
        self.tools.resize_with(slots, || Tools::new(self.rate));
        self.history.grow(slots);
        self.speaking.reserve(slots);
        self.floor.grow(slots);
        self.voices.grow(slots);
        self.prompts.grow(slots);
        self.listeners.grow(slots);
        self.speaker.grow(slots);
        if let Some(denoise) = &mut self.denoise {
            denoise.grow(slots);
        }
        if let Some(echo) = &mut self.echo {
            echo.grow(slots);
        }
        self.reserve();
    }

    /// Room for all the events of one tick, and for all playbacks to end.
    fn reserve(&mut self) {
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

    fn reset_echo(&mut self, slot: Slot) {
        if let Some(echo) = &mut self.echo {
            echo.reset(slot);
        }
    }

    fn group_listeners(&mut self) {
        self.listeners.clear();
        self.echo.iter_mut().for_each(Echo::forget_sent);
        for (index, member) in self.members.iter_mut().enumerate().filter(|(_, member)| member.active) {
            let slot = Slot(index as u32);
            let (room, own) = member.next_gains();
            let heard_itself = !room.is_silent() && self.voices.get(slot).is_some();
            let hears_own = self.prompts.get(slot).is_some();
            let announced = member.next_announced(self.is_announced, hears_own);
            self.listeners.join(slot, heard_itself || hears_own, room, own, announced);
        }
    }
}

/// Takes out what is not heard of the announcements.
fn take_out(heard: Ramp, edge: usize, announced: &[i32], mix: &mut [f32]) {
    let pairs = mix.iter_mut().zip(announced);
    heard.over(edge, pairs, |(mix, &announced), gain| *mix -= announced as f32 * (1.0 - gain));
}

/// Mix-minus: the room without the own voice, times the gain.
fn mix_room(gain: Ramp, edge: usize, room: &[i32], voice: Option<&[i32]>, mix: &mut [f32]) {
    match voice {
        None => gain.over(edge, mix.iter_mut().zip(room), |(mix, &room), gain| *mix = room as f32 * gain),
        Some(voice) => {
            let triples = mix.iter_mut().zip(room.iter().zip(voice));
            gain.over(edge, triples, |(mix, (&room, &voice)), gain| *mix = (room - voice) as f32 * gain);
        }
    }
}
