//! A running room changes its rate.

use super::{Mixer, Slot};
use crate::playback::Playback;

impl Mixer {
    /// Goes on where `old` was, at another rate: the same members in the same slots. Each playback goes on with the
    /// sounds that the one of its name in `playbacks` has, which gets the old ones; one that is not found there is over
    /// and handed back. `old` and `playbacks` are then to be dropped elsewhere. Nothing is allocated or freed if the
    /// shell has as many slots as `old` and the same interval.
    ///
    /// What was heard goes on without a click: gains, limiters, gates and gain controls stay as they were, and what a
    /// gate still looks back to is converted, if coarsely: it is 100 ms at most.
    pub fn adopt(&mut self, old: &mut Self, playbacks: &mut [Playback]) {
        let slots = old.members.len();
        self.grow(slots.max(self.members.len()));
        self.members[..slots].clone_from_slice(&old.members);
        self.gates[..slots].clone_from_slice(&old.gates);
        self.resting[..slots].fill(false);
        self.talking = old.talking;
        self.allows_denoising = old.allows_denoising;
        self.floor.adopt(&old.floor);
        self.speaker.adopt(&old.speaker);
        self.ducking = old.ducking;
        self.listeners.adopt(&mut old.listeners);
        for index in 0..slots {
            self.tools[index].adopt(&mut old.tools[index], self.rate);
            self.convert_history(old, index);
        }
        if let (Some(echo), Some(old)) = (&mut self.echo, &old.echo) {
            echo.adopt(old);
        }
        if let (Some(denoise), Some(old)) = (&mut self.denoise, &old.denoise) {
            denoise.adopt(old);
        }
        self.finders.append(&mut old.finders);
        self.free.retain(|slot| slot.index() >= slots);
        self.free.append(&mut old.free);
        self.adopt_playbacks(old, playbacks);
        self.reserve_events();
    }

    fn convert_history(&mut self, old: &Self, index: usize) {
        if !self.gates[index].is_idle() {
            self.history.convert(&old.history, Slot(index as u32));
        }
    }

    fn adopt_playbacks(&mut self, old: &mut Self, playbacks: &mut [Playback]) {
        // The lists of the old one have all the room that these playbacks need.
        std::mem::swap(&mut self.playing, &mut old.playing);
        std::mem::swap(&mut self.retired, &mut old.retired);
        if self.events.capacity() < old.events.capacity() {
            std::mem::swap(&mut self.events, &mut old.events);
        }
        for index in (0..self.playing.len()).rev() {
            let playing = &mut self.playing[index];
            if let Some(playback) = playbacks.iter_mut().find(|playback| playback.id == playing.playback.id) {
                playing.retune(&mut playback.sounds, old.rate, self.rate);
            } else {
                let playing = self.playing.swap_remove(index);
                self.finish(playing);
            }
        }
    }
}
