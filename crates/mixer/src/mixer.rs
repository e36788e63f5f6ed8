//! The mixer of one room.

use crate::denoise::Denoise;
use crate::floor::Floor;
use crate::gain::Ramp;
use crate::gate::{Gate, Timing};
use crate::history::History;
use crate::lanes::Lanes;
use crate::limiter::Limiter;
use crate::listeners::{ListenKey, Listeners};
use crate::member::{Control, Member, MemberConfig, Slot};
use crate::playback::{Playback, Playing};
use crate::tools::Tools;
use std::sync::Arc;
use std::vec::Drain;
use voices::Voice;

mod adopt;
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
}

impl Default for MixerConfig {
    /// 8 kHz, 20 ms, nothing else.
    fn default() -> Self {
        Self { rate: 8000, interval_ms: 20, comfort_noise: None, max_talkers: None, denoise: false }
    }
}

/// What happened in a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The member began to talk.
    TalkStarted(Slot),
    /// The member no longer talks.
    TalkStopped(Slot),
    /// The playback ran to its end.
    PlaybackDone(u64),
    /// The member sent a digit as a tone (`0`-`9`, `*`, `#`, `A`-`D`).
    Digit(Slot, char),
    /// The member was too loud for too long and is muted for a while.
    TooLoud(Slot),
}

/// The mixer of one room.
#[derive(Debug)]
pub struct Mixer {
    rate: u32,
    interval_ms: u16,
    /// Samples over which a gain changes.
    edge: usize,
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
    voices: Lanes,
    prompts: Lanes,
    /// The sum of all voices and of what is played to the room.
    room: Vec<i32>,
    listeners: Listeners,
    /// A frame before it goes into a sum, on its stages, and a sum before it is limited.
    frame: Vec<i16>,
    clean: Vec<i16>,
    other: Vec<i16>,
    mix: Vec<f32>,

    events: Vec<Event>,
    retired: Vec<Playback>,
}

/// Length of a gain change, ms.
const EDGE_MS: u32 = 5;
/// Most events of one member in one tick.
const EVENTS: usize = 3;

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
            voices: Lanes::new(frame),
            prompts: Lanes::new(frame),
            room: vec![0; frame],
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
        self.apply_tools(slot);
        slot
    }

    /// Lets a member go, and its playbacks. If it was talking, the `TalkStopped` that this causes is returned at once,
    /// as the slot may be given to another member before the next tick.
    #[must_use]
    pub fn remove(&mut self, slot: Slot) -> Option<Event> {
        if !self.members[slot.index()].active {
            return None;
        }
        self.members[slot.index()] = Member::default();
        self.free.push(slot);
        self.retire(|playing| playing.to == Some(slot));
        let stopped = self.gates[slot.index()].shut();
        self.talking -= usize::from(stopped.is_some());
        stopped.map(|_| Event::TalkStopped(slot))
    }

    /// Changes a member.
    pub fn set(&mut self, slot: Slot, control: Control) {
        self.members[slot.index()].set(control);
        self.tools[slot.index()].set(control);
        self.apply_tools(slot);
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
        mix_room(group.room, self.edge, &self.room, self.voices.get(group.slot), &mut self.mix);
        if let Some(prompt) = prompt {
            let pairs = self.mix.iter_mut().zip(prompt);
            group.own.over(self.edge, pairs, |(mix, &prompt), gain| *mix += prompt as f32 * gain);
        }
        group.limiter_after = self.limiter.limit(group.limiter, &mut self.mix, out);
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
        if let Some(denoise) = &mut self.denoise {
            denoise.grow(slots);
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

    fn retire(&mut self, over: impl Fn(&Playing) -> bool) {
        let over = self.playing.extract_if(.., |playing| over(playing));
        self.retired.extend(over.map(|playing| playing.playback));
    }

    /// Takes all playbacks one frame further; tells whether one was for the room.
    fn mix_playbacks(&mut self) -> bool {
        let mut for_room = false;
        let mut index = 0;
        while index < self.playing.len() {
            let playing = &mut self.playing[index];
            let goes_on = playing.next(&mut self.frame);
            let sum = match playing.to {
                Some(slot) => self.prompts.open(slot),
                None => &mut self.room,
            };
            for_room |= playing.to.is_none();
            playing.ramp().add(self.edge, &self.frame, sum);
            if goes_on && !playing.is_stopped() {
                index += 1;
                continue;
            }
            let over = self.playing.swap_remove(index);
            self.finish(over);
        }
        for_room
    }

    fn finish(&mut self, over: Playing) {
        if !over.is_stopped() {
            self.events.push(Event::PlaybackDone(over.playback.id));
        }
        self.retired.push(over.playback);
    }

    fn group_listeners(&mut self) {
        self.listeners.clear();
        for (index, member) in self.members.iter_mut().enumerate().filter(|(_, member)| member.active) {
            let slot = Slot(index as u32);
            let (room, own) = member.next_gains();
            let heard_itself = !room.is_silent() && self.voices.get(slot).is_some();
            let apart = heard_itself || self.prompts.get(slot).is_some();
            self.listeners.join(slot, apart, room, own);
        }
    }
}

/// Comfort noise, round and round.
#[derive(Debug)]
struct Noise {
    samples: Arc<[i16]>,
    position: usize,
}

impl Noise {
    fn add(&mut self, sum: &mut [i32]) {
        if self.samples.is_empty() {
            return;
        }
        for sum in sum {
            *sum += i32::from(self.samples[self.position]);
            self.position = (self.position + 1) % self.samples.len();
        }
    }
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
