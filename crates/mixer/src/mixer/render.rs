//! What each member hears.

use super::{Desk, Mixer};
use crate::echo::Echo;
use crate::gain::Ramp;
use crate::listeners::ListenKey;
use crate::member::Slot;
use crate::share::{mix_minus, mix_minus_unchanged};

impl Mixer {
    /// The frame that is heard under a key of the last tick; it may be asked for more than once, until the next frame is taken
    /// or another mixer uses the desk. Silence for a member that came after the tick.
    pub fn render<'a>(&mut self, desk: &'a mut Desk, key: ListenKey) -> &'a [i16] {
        let mut out = std::mem::take(&mut desk.out);
        if !self.render_plainly(desk, key, &mut out) {
            self.render_fully(desk, key, &mut out);
        }
        if let Some(echo) = &mut self.echo {
            echo.note_sent(key, &out);
        }
        desk.out = out;
        &desk.out
    }

    /// As it mostly is: no gain, nothing played to him alone, and nothing to be limited. False if it is otherwise.
    fn render_plainly(&self, desk: &Desk, key: ListenKey, out: &mut [i16]) -> bool {
        let group = self.listeners.group(key).filter(|group| group.is_plain());
        group.is_some_and(|group| {
            let hears_own = desk.prompts.get(group.slot).is_some();
            !hears_own && mix_minus_unchanged(&desk.room, self.share(desk, group.slot), out)
        })
    }

    fn render_fully(&mut self, desk: &mut Desk, key: ListenKey, out: &mut [i16]) {
        let Some(group) = self.listeners.group(key).cloned() else { return out.fill(0) };
        let mut mix = std::mem::take(&mut desk.mix);
        let own = self.share(desk, group.slot);
        if group.announced == Ramp::steady(1.0) {
            mix_minus(group.room, self.glide, &desk.room, own, &mut mix);
        } else {
            mix_minus(Ramp::steady(1.0), self.glide, &desk.room, own, &mut mix);
            take_out(group.announced, self.glide, &desk.announced, &mut mix);
            group.room.over(self.glide, mix.iter_mut(), |mix, gain| *mix *= gain);
        }
        if let Some(prompt) = desk.prompts.get(group.slot) {
            let pairs = mix.iter_mut().zip(prompt);
            group.own.over(self.edge, pairs, |(mix, &prompt), gain| *mix += prompt as f32 * gain);
        }
        self.listeners.rendered(key, self.limiter.limit(group.limiter, &mut mix, out));
        desk.mix = mix;
    }

    /// Finds out who hears the same.
    pub(super) fn group_listeners(&mut self, desk: &Desk) {
        self.listeners.clear();
        self.echo.iter_mut().for_each(Echo::forget_sent);
        for (index, member) in self.members.iter_mut().enumerate().filter(|(_, member)| member.active) {
            let slot = Slot(index as u32);
            let (room, own) = member.next_gains();
            let is_heard = desk.unchanged[index].is_some() || desk.voices.get(slot).is_some();
            let heard_itself = !room.is_silent() && is_heard;
            let hears_own = desk.prompts.get(slot).is_some();
            let announced = member.next_announced(desk.is_announced, hears_own);
            self.listeners.join(slot, heard_itself || hears_own, room, own, announced);
        }
    }
}

/// Takes out what is not heard of the announcements.
fn take_out(heard: Ramp, edge: usize, announced: &[i32], mix: &mut [f32]) {
    let pairs = mix.iter_mut().zip(announced);
    heard.over(edge, pairs, |(mix, &announced), gain| *mix -= announced as f32 * (1.0 - gain));
}
