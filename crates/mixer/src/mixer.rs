//! The mixer of one room.

use crate::gain::Ramp;
use crate::gate::{Change, Gate, Timing, Turn};
use crate::history::History;
use crate::lanes::Lanes;
use crate::limiter::Limiter;
use crate::listeners::{ListenKey, Listeners};
use crate::member::{Control, Member, MemberConfig, Slot};
use crate::playback::{Playback, Playing};
use std::sync::Arc;
use std::vec::Drain;

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
}

/// The mixer of one room.
#[derive(Debug)]
pub struct Mixer {
    rate: u32,
    /// Samples over which a gain changes.
    edge: usize,
    timing: Timing,
    limiter: Limiter,
    noise: Noise,

    members: Vec<Member>,
    gates: Vec<Gate>,
    free: Vec<Slot>,
    playing: Vec<Playing>,

    history: History,
    voices: Lanes,
    prompts: Lanes,
    /// The sum of all voices and of what is played to the room.
    room: Vec<i32>,
    listeners: Listeners,
    /// A frame before it goes into a sum, and a sum before it is limited.
    frame: Vec<i16>,
    mix: Vec<f32>,

    events: Vec<Event>,
    retired: Vec<Playback>,
}

/// Length of a gain change, ms.
const EDGE_MS: u32 = 5;

impl Mixer {
    /// An empty room.
    pub fn new(config: MixerConfig) -> Self {
        let frame = (config.rate * u32::from(config.interval_ms) / 1000).max(1) as usize;
        let timing = Timing::new(config.interval_ms);
        Self {
            rate: config.rate,
            edge: ((config.rate * EDGE_MS / 1000).max(1) as usize).min(frame),
            timing,
            limiter: Limiter::new(config.rate),
            noise: Noise { samples: config.comfort_noise.unwrap_or_default(), position: 0 },
            members: Vec::new(),
            gates: Vec::new(),
            free: Vec::new(),
            playing: Vec::new(),
            history: History::new(frame, timing.kept()),
            voices: Lanes::new(frame),
            prompts: Lanes::new(frame),
            room: vec![0; frame],
            listeners: Listeners::default(),
            frame: vec![0; frame],
            mix: vec![0.0; frame],
            events: Vec::new(),
            retired: Vec::new(),
        }
    }

    /// Samples in a frame.
    pub fn frame_len(&self) -> usize {
        self.frame.len()
    }

    /// Takes a member in.
    pub fn add(&mut self, config: MemberConfig) -> Slot {
        let slot = self.free.pop().unwrap_or_else(|| self.grow());
        self.members[slot.index()] = Member::new(config);
        self.gates[slot.index()] = Gate::new(config.energy);
        self.listeners.reset(slot);
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
        self.gates[slot.index()].shut().map(|_| Event::TalkStopped(slot))
    }

    /// Changes a member.
    pub fn set(&mut self, slot: Slot, control: Control) {
        self.members[slot.index()].set(control);
        if let Control::Energy(level) = control {
            self.gates[slot.index()].set_level(level);
        }
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
        self.room.fill(0);
        self.voices.clear();
        self.prompts.clear();
        for index in 0..self.members.len() as u32 {
            self.hear_member(Slot(index));
        }
        let played = self.mix_playbacks();
        if !played && !self.gates.iter().any(Gate::talking) {
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

    fn grow(&mut self) -> Slot {
        let slot = Slot(self.members.len() as u32);
        let slots = self.members.len() + 1;
        self.members.push(Member::default());
        self.gates.push(Gate::default());
        self.free.reserve(slots - self.free.len());
        self.history.grow(slots);
        self.voices.grow(slots);
        self.prompts.grow(slots);
        self.listeners.grow(slots);
        self.reserve();
        slot
    }

    /// Room for all the events of one tick, and for all playbacks to end.
    fn reserve(&mut self) {
        self.events.reserve(self.members.len() + self.playing.len());
        self.retired.reserve(self.playing.len());
    }

    fn retire(&mut self, over: impl Fn(&Playing) -> bool) {
        let over = self.playing.extract_if(.., |playing| over(playing));
        self.retired.extend(over.map(|playing| playing.playback));
    }

    /// Takes the newest frame of a member through its gate and into the room's sum.
    fn hear_member(&mut self, slot: Slot) {
        let member = &mut self.members[slot.index()];
        if !member.active {
            return;
        }
        let newest = self.history.newest(slot);
        let magnitudes = sum_of_magnitudes(newest);
        let score = member.may_speak().then(|| score(magnitudes, newest.len(), member.talk));
        let gate = &mut self.gates[slot.index()];
        let (change, turn) = gate.step(score, self.timing);
        let ramp = member.next_voice_gain(gate.passes(), change == Some(Change::Started));
        self.events.extend(change.map(|change| match change {
            Change::Started => Event::TalkStarted(slot),
            Change::Stopped => Event::TalkStopped(slot),
        }));
        let is_silent = magnitudes == 0 && turn.behind == 0;
        if !ramp.is_silent() && !is_silent {
            self.mix_voice(slot, ramp, turn);
        }
    }

    fn mix_voice(&mut self, slot: Slot, ramp: Ramp, turn: Turn) {
        let mut frame = self.history.frame(slot, turn.behind);
        if turn.merged {
            cross_fade(frame, self.history.frame(slot, turn.behind - 1), &mut self.frame);
            frame = &self.frame;
        }
        let voice = self.voices.open(slot);
        ramp.add(self.edge, frame, voice);
        self.room.iter_mut().zip(voice).for_each(|(room, voice)| *room += *voice);
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
            if !over.is_stopped() {
                self.events.push(Event::PlaybackDone(over.playback.id));
            }
            self.retired.push(over.playback);
        }
        for_room
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

fn cross_fade(from: &[i16], to: &[i16], out: &mut [i16]) {
    let step = 1.0 / out.len() as f32;
    for (i, (out, (&from, &to))) in out.iter_mut().zip(from.iter().zip(to)).enumerate() {
        let (from, to) = (f32::from(from), f32::from(to));
        *out = (from + (to - from) * step * i as f32) as i16;
    }
}

fn sum_of_magnitudes(samples: &[i16]) -> u32 {
    samples.iter().map(|&sample| u32::from(sample.unsigned_abs())).sum()
}

/// FreeSWITCH's score: the integer mean of |sample|, at the volume at which others hear the member.
fn score(sum: u32, samples: usize, gain: f32) -> u32 {
    ((sum / samples as u32) as f32 * gain) as u32
}
