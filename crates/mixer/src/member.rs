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
    /// Whether the gate's level follows the noise of its line; `energy` is the least.
    pub auto_energy: bool,
    /// The level to which its speech is brought, dBov.
    pub agc: Option<i8>,
    /// Whether noise is taken out of its voice. Needs [`MixerConfig::denoise`](crate::MixerConfig::denoise).
    pub denoise: bool,
    /// Whether digits are looked for in its audio, told as [`Event::Digit`](crate::Event::Digit) and kept out of the mix.
    pub inband_digits: bool,
    /// From when on it is too loud.
    pub loud_guard: Option<LoudGuard>,
}

impl Default for MemberConfig {
    /// Silent and deaf.
    fn default() -> Self {
        Self {
            speak: false,
            hear: Hear::Nothing,
            energy: 0,
            auto_energy: false,
            agc: None,
            denoise: false,
            inband_digits: false,
            loud_guard: None,
        }
    }
}

/// Protection from a member that is far too loud: feedback, a modem, a microphone that is blown into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoudGuard {
    /// The score (mean of |sample|) that a frame must exceed to be a hit: FreeSWITCH's `max-energy-level`.
    pub level: u16,
    /// So many more hits than other frames mute it: `max-energy-hit-trigger`.
    pub hits: u8,
    /// For how long, ms: `max-energy-level-mute-ms`.
    pub mute_ms: u16,
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
    /// Whether the gate's level follows the noise of its line, with that of `Energy` as the least.
    AutoEnergy(bool),
    /// The level to which its speech is brought, dBov; `None` leaves it as it is.
    Agc(Option<i8>),
    /// Whether noise is taken out of its voice.
    Denoise(bool),
    /// Whether digits are looked for in its audio. Needs [`Mixer::equip`](crate::Mixer::equip) before.
    InbandDigits(bool),
    /// From when on it is too loud.
    LoudGuard(Option<LoudGuard>),
    /// Whether the room hears it whatever its gate says, which then only tells who talks.
    AudioAlways(bool),
    /// Whether talk is told though it is muted, as [`Event::MutedTalk`](crate::Event::MutedTalk).
    MuteDetect(bool),
    /// Whether it hears what is announced to the room.
    Announcements(bool),
    /// It has the floor and nobody else gets it, however loud, until this is taken back.
    Floor(bool),
    /// What is done when it sends back what it is sent. Needs [`MixerConfig::echo`](crate::MixerConfig::echo).
    Echo(EchoAction),
}

/// What is done about a member that sends back what it is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EchoAction {
    /// It is not looked for.
    #[default]
    Ignore,
    /// It is told, as [`Event::Echo`](crate::Event::Echo).
    Tell,
    /// It is told, and the member lowered by 18 dB while it is no louder than its echo.
    Duck,
    /// It is told, and the member is muted while it lasts.
    Mute,
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
    /// Factor of its gain control.
    pub(crate) boost: f32,
    /// Whether its tools have to be looked at, and whether there was no place for it among the talkers.
    pub(crate) equipped: bool,
    pub(crate) left_out: bool,
    /// Gains at which it heard the room and its own playbacks last.
    heard_room: f32,
    heard_own: f32,
    /// What its own playbacks leave of the room in this tick.
    pub(crate) ducked: f32,
    /// Whether it is to hear what is announced, and whether it did last.
    announcements: bool,
    heard_announced: bool,
}

impl Member {
    pub(crate) fn new(config: MemberConfig) -> Self {
        let hear = config.hear.gain();
        Self {
            active: true,
            speak: config.speak,
            talk: 1.0,
            boost: 1.0,
            hear,
            listen: 1.0,
            heard_own: 1.0,
            ducked: 1.0,
            announcements: true,
            heard_announced: true,
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
            Control::Announcements(on) => self.announcements = on,
            _ => {}
        }
    }

    pub(crate) fn may_speak(&self) -> bool {
        self.speak && !self.held
    }

    /// It is not on hold, but the room is not to hear it.
    pub(crate) fn is_muted(&self) -> bool {
        !self.speak && !self.held
    }

    /// The gain over the next frame at which the room hears it. A voice that the gate lets through begins at once; one
    /// that was muted fades in.
    pub(crate) fn next_voice_gain(&mut self, passes: bool, started: bool) -> Ramp {
        let may_speak = self.may_speak();
        let left_out = std::mem::take(&mut self.left_out);
        let to = if left_out { 0.0 } else { self.gain(passes) };
        let from = if started && self.might_speak { to } else { self.talked };
        (self.talked, self.might_speak) = (to, may_speak);
        Ramp { from, to }
    }

    /// Whether the room heard it in the last tick.
    pub(crate) fn is_heard(&self) -> bool {
        self.talked != 0.0
    }

    /// The room neither heard nor hears it.
    pub(crate) fn stay_unheard(&mut self) {
        self.might_speak = self.may_speak();
    }

    /// Whether its gain would not change in the next frame.
    pub(crate) fn is_settled(&self, passes: bool) -> bool {
        self.talked == self.gain(passes) && self.might_speak == self.may_speak()
    }

    fn gain(&self, passes: bool) -> f32 {
        if self.may_speak() && passes { self.talk * self.boost } else { 0.0 }
    }

    /// The gains over the next frame at which it hears the room, and its own playbacks.
    pub(crate) fn next_gains(&mut self) -> (Ramp, Ramp) {
        let ducked = std::mem::replace(&mut self.ducked, 1.0);
        let room = Ramp { from: self.heard_room, to: self.hear * self.listen * ducked };
        let own = Ramp { from: self.heard_own, to: self.listen };
        (self.heard_room, self.heard_own) = (room.to, own.to);
        (room, own)
    }

    /// The gain over the next frame at which it hears what is announced, if anything is: nothing while it hears a
    /// playback of its own.
    pub(crate) fn next_announced(&mut self, is_announced: bool, hears_own: bool) -> Ramp {
        let is = self.announcements && !hears_own;
        let was = std::mem::replace(&mut self.heard_announced, is);
        let gain = |hears: bool| f32::from(u8::from(hears));
        match is_announced {
            true => Ramp { from: gain(was), to: gain(is) },
            false => Ramp::steady(1.0),
        }
    }
}
