//! What is played: to all, to one, and the noise of a quiet room.

use std::sync::Arc;

use super::{Desk, Event, Mixer};
use crate::gain::Ramp;
use crate::playback::Playing;

impl Mixer {
    pub(super) fn retire(&mut self, over: impl Fn(&Playing) -> bool) {
        let over = self.playing.extract_if(.., |playing| over(playing));
        self.retired.extend(over.map(|playing| playing.playback));
    }

    /// By how much the voices are lowered in this tick for what is announced.
    pub(super) fn choose_ducking(&mut self) {
        let announcements = self.playing.iter().filter(|playing| playing.is_announcement());
        let target = announcements.map(Playing::ducking).fold(1.0, f32::min);
        self.ducking = Ramp { from: self.ducking.to, to: target };
    }

    /// Lowers the voices, each for itself, so that the room still is their sum exactly.
    pub(super) fn duck_voices(&self, desk: &mut Desk) {
        if self.ducking == Ramp::steady(1.0) {
            return;
        }
        desk.room.fill(0);
        for voice in desk.voices.all_mut() {
            self.ducking.scale(self.glide, voice);
            desk.room.iter_mut().zip(voice).for_each(|(room, voice)| *room += *voice);
        }
    }

    /// Takes all playbacks one frame further; tells whether one was for the room.
    pub(super) fn mix_playbacks(&mut self, desk: &mut Desk) -> bool {
        desk.is_announced = self.playing.iter().any(Playing::is_announcement);
        let mut for_room = false;
        let mut index = 0;
        while index < self.playing.len() {
            for_room |= self.playing[index].to.is_none();
            if self.mix_playback(desk, index) {
                index += 1;
                continue;
            }
            let over = self.playing.swap_remove(index);
            self.finish(over);
        }
        for_room
    }

    /// Takes one playback a frame further; false when nothing comes after it.
    fn mix_playback(&mut self, desk: &mut Desk, index: usize) -> bool {
        let playing = &mut self.playing[index];
        let goes_on = playing.next(&mut desk.frame);
        let ramp = playing.ramp();
        match playing.to {
            Some(slot) => {
                let member = &mut self.members[slot.index()];
                member.ducked = member.ducked.min(playing.ducking());
                ramp.add(self.edge, &desk.frame, desk.prompts.open(slot));
            }
            None if playing.is_announcement() => {
                ramp.add(self.edge, &desk.frame, &mut desk.room);
                ramp.add(self.edge, &desk.frame, &mut desk.announced);
            }
            None => {
                let edge = if playing.is_stopped() { self.edge } else { self.glide };
                ramp.times(self.ducking).add(edge, &desk.frame, &mut desk.room);
            }
        }
        goes_on && !playing.is_stopped()
    }

    pub(super) fn finish(&mut self, over: Playing) {
        if !over.is_stopped() {
            self.events.push(Event::PlaybackDone(over.playback.id));
        }
        self.retired.push(over.playback);
    }
}

/// Comfort noise, round and round.
#[derive(Debug)]
pub(super) struct Noise {
    pub(super) samples: Arc<[i16]>,
    pub(super) position: usize,
}

impl Noise {
    pub(super) fn add(&mut self, sum: &mut [i32]) {
        if self.samples.is_empty() {
            return;
        }
        for sum in sum {
            *sum += i32::from(self.samples[self.position]);
            self.position = (self.position + 1) % self.samples.len();
        }
    }
}
