//! What the mixer's tests share: a room at 8 kHz with frames of 20 ms.
#![allow(dead_code, reason = "each test uses a part of it")]

pub(crate) mod speech;

use confab_mixer::{
    Desk, Event, Hear, ListenKey, MemberConfig, Mixer, MixerConfig, Playback, Slot, Tap, Tone,
};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::vec::Drain;

pub(crate) const RATE: u32 = 8000;
pub(crate) const FRAME: usize = 160;

/// A mixer with a desk of its own.
pub(crate) struct Table {
    pub(crate) mixer: Mixer,
    desk: Desk,
}

impl Table {
    pub(crate) fn new(config: MixerConfig) -> Self {
        Self { mixer: Mixer::new(config), desk: Desk::default() }
    }

    pub(crate) fn shell(config: &MixerConfig, slots: usize) -> Self {
        Self { mixer: Mixer::shell(config, slots), desk: Desk::default() }
    }

    pub(crate) fn reserve(&mut self) {
        self.mixer.reserve(&mut self.desk);
    }

    pub(crate) fn tick(&mut self) -> Drain<'_, Event> {
        self.mixer.tick(&mut self.desk)
    }

    pub(crate) fn render(&mut self, key: ListenKey, out: &mut [i16]) {
        out.copy_from_slice(self.mixer.render(&mut self.desk, key));
    }

    pub(crate) fn tap_mix(&mut self, tap: &mut Tap, out: &mut [i16]) -> bool {
        self.mixer.tap_mix(&mut self.desk, tap, out)
    }

    pub(crate) fn tap_voice(&self, tap: &mut Tap, slot: Slot, out: &mut [i16]) -> bool {
        self.mixer.tap_voice(&self.desk, tap, slot, out)
    }
}

impl Deref for Table {
    type Target = Mixer;

    fn deref(&self) -> &Mixer {
        &self.mixer
    }
}

impl DerefMut for Table {
    fn deref_mut(&mut self) -> &mut Mixer {
        &mut self.mixer
    }
}

pub(crate) fn room() -> Table {
    Table::new(MixerConfig { rate: RATE, ..MixerConfig::default() })
}

/// A member that may speak and hears the room.
pub(crate) fn member(energy: u16) -> MemberConfig {
    MemberConfig { speak: true, hear: Hear::Room { gain_db: 0.0 }, energy, ..MemberConfig::default() }
}

pub(crate) fn tone(frequency: f32, level_dbov: f32, samples: usize) -> Vec<i16> {
    let mut out = vec![0; samples];
    Tone::new(RATE, frequency, level_dbov).fill(&mut out);
    out
}

pub(crate) fn playback(id: u64, samples: &[i16]) -> Playback {
    Playback {
        id,
        sounds: vec![Arc::from(samples)],
        repeat: false,
        gain_db: 0.0,
        lead_in_ms: 0,
        duck_db: 0.0,
    }
}

pub(crate) fn heard(mixer: &mut Table, slot: Slot) -> Vec<i16> {
    let mut out = vec![0; mixer.frame_len()];
    mixer.render(mixer.listening(slot), &mut out);
    out
}

/// Whether an event is about the floor; it changes with talk, which most tests look at for itself.
pub(crate) fn is_floor(event: &Event) -> bool {
    matches!(event, Event::Floor { .. })
}

/// A member leaves; what is told of it but for the floor.
pub(crate) fn remove(mixer: &mut Table, slot: Slot) -> Vec<Event> {
    mixer.remove(slot).filter(|event| !is_floor(event)).collect()
}

/// Plays each member's samples frame by frame into the room; what each of the listeners heard, and all events but those
/// of the floor.
pub(crate) fn run(
    mixer: &mut Table,
    voices: &[(Slot, Vec<i16>)],
    listeners: &[Slot],
) -> (Vec<Vec<i16>>, Vec<Event>) {
    let frames = voices.iter().map(|(_, samples)| samples.len() / FRAME).max().unwrap_or(0);
    let (mut all, mut events) = (vec![Vec::new(); listeners.len()], Vec::new());
    for n in 0..frames {
        for (slot, samples) in voices {
            if let Some(frame) = samples.chunks_exact(FRAME).nth(n) {
                mixer.input(*slot, frame);
            }
        }
        events.extend(mixer.tick().filter(|event| !is_floor(event)));
        for (slot, all) in listeners.iter().zip(&mut all) {
            all.extend(heard(mixer, *slot));
        }
    }
    (all, events)
}
