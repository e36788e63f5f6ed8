//! One member: how it is set, and what of that has been applied.

use crate::gain::{Ramp, amplitude, volume};

/// A member's place in the mixer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub(crate) u32);

impl Slot {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// How a member begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MemberConfig {
    /// Whether the room may hear it.
    pub speak: bool,
    /// What it hears.
    pub hear: Hear,
    /// The level of its gate: the mean of |sample| that a frame must exceed to count as talk; 0 lets all through.
    pub energy: u16,
}

impl Default for MemberConfig {
    /// Silent and deaf.
    fn default() -> Self {
        Self { speak: false, hear: Hear::Nothing, energy: 0 }
    }
}

/// What a member hears beside its private playbacks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Hear {
    /// Nothing.
    Nothing,
    /// The room.
    Room {
        /// Gain, dB: negative while a prompt is to stand out.
        gain_db: f32,
    },
}

impl Hear {
    fn gain(self) -> f32 {
        match self {
            Self::Nothing => 0.0,
            Self::Room { gain_db } => amplitude(gain_db),
        }
    }
}

/// A change to one member.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Control {
    /// Whether the room may hear it.
    Speak(bool),
    /// What it hears.
    Hear(Hear),
    /// Whether it is on hold: not heard, whatever `Speak` says.
    Hold(bool),
    /// How loud others hear it: −4 to +4, in steps of 3 dB. As in FreeSWITCH its gate sees what others would hear.
    TalkGain(i8),
    /// How loud it hears the room and its private playbacks: −4 to +4, in steps of 3 dB.
    ListenGain(i8),
    /// The level of its gate.
    Energy(u16),
}

/// The settings of a member, as factors, and the factors of the last frame: a change is ramped.
#[derive(Debug, Clone, Default)]
pub(crate) struct Member {
    pub(crate) active: bool,
    held: bool,
    speak: bool,
    pub(crate) talk: f32,
    hear: f32,
    listen: f32,
    /// Gain at which the room heard it last, and whether it might speak then.
    talked: f32,
    might_speak: bool,
    /// Gains at which it heard the room and its own playbacks last.
    heard_room: f32,
    heard_own: f32,
}

impl Member {
    pub(crate) fn new(config: MemberConfig) -> Self {
        let hear = config.hear.gain();
        Self {
            active: true,
            speak: config.speak,
            talk: 1.0,
            hear,
            listen: 1.0,
            heard_own: 1.0,
            ..Self::default()
        }
    }

    pub(crate) fn set(&mut self, control: Control) {
        match control {
            Control::Speak(speak) => self.speak = speak,
            Control::Hold(held) => self.held = held,
            Control::Hear(hear) => self.hear = hear.gain(),
            Control::TalkGain(step) => self.talk = volume(step),
            Control::ListenGain(step) => self.listen = volume(step),
            Control::Energy(_) => {}
        }
    }

    pub(crate) fn may_speak(&self) -> bool {
        self.speak && !self.held
    }

    /// The gain over the next frame at which the room hears it. A voice that the gate lets through begins at once; one
    /// that was muted fades in.
    pub(crate) fn next_voice_gain(&mut self, passes: bool, started: bool) -> Ramp {
        let may_speak = self.may_speak();
        let to = if may_speak && passes { self.talk } else { 0.0 };
        let from = if started && self.might_speak { to } else { self.talked };
        (self.talked, self.might_speak) = (to, may_speak);
        Ramp { from, to }
    }

    /// The gains over the next frame at which it hears the room, and its own playbacks.
    pub(crate) fn next_gains(&mut self) -> (Ramp, Ramp) {
        let room = Ramp { from: self.heard_room, to: self.hear * self.listen };
        let own = Ramp { from: self.heard_own, to: self.listen };
        (self.heard_room, self.heard_own) = (room.to, own.to);
        (room, own)
    }
}
