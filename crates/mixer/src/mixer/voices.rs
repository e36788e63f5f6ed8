//! From the members' frames to the sum of those who are heard.

use super::{Desk, Event, Mixer};
use crate::echo::Found;
use crate::gain::{Ramp, cross_fade};
use crate::gate::{Change, Turn};
use crate::member::Slot;
use crate::muted::MutedTalk;
use crate::share::Share;
use crate::tools::Tools;

/// Somebody the room may hear in this tick.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voice {
    slot: Slot,
    turn: Turn,
    started: bool,
    silent: bool,
    score: u32,
}

impl Mixer {
    /// Takes the newest frames through the gates, and those who are heard into the room's sum.
    pub(super) fn hear(&mut self, desk: &mut Desk) {
        for index in 0..self.members.len() {
            let slot = Slot(index as u32);
            if self.history.is_written(slot) || !self.resting[index] {
                self.hear_member(desk, slot);
            }
        }
        if self.floor.is_limited() {
            self.choose_talkers(&desk.speaking);
        }
        self.choose_speaker(&desk.speaking);
        for index in 0..desk.speaking.len() {
            self.mix_voice(desk, desk.speaking[index]);
        }
    }

    fn hear_member(&mut self, desk: &mut Desk, slot: Slot) {
        let index = slot.index();
        self.resting[index] = !self.members[index].active;
        if self.resting[index] {
            return;
        }
        self.history.complete(slot);
        let equipped = self.members[index].equipped;
        if equipped {
            self.seek_echo(slot);
            self.take_digits_out(desk, slot);
        }
        let magnitudes = self.history.magnitudes(slot);
        let member = &self.members[index];
        let all = score(magnitudes, self.frame, member.talk);
        let mut score = member.may_speak().then_some(all);
        if equipped {
            self.mind_muted_talk(slot, all);
            score = self.judge(slot, score);
        }
        let (change, turn) = self.gates[index].step(score, self.timing);
        self.tell(slot, change);
        let silent = magnitudes == 0 && turn.behind == 0;
        let started = change == Some(Change::Started);
        self.let_speak(desk, Voice { slot, turn, started, silent, score: score.unwrap_or(0) });
    }

    /// Whether the newest frame repeats what the member was sent.
    fn seek_echo(&mut self, slot: Slot) {
        let answer = &mut self.tools[slot.index()].echo;
        let Some(echo) = self.echo.as_mut().filter(|_| answer.listens()) else { return };
        let found = echo.hear(slot, self.listeners.key(slot), self.history.frame(slot, 0));
        answer.judge(echo.finder(slot));
        self.events.extend(found.map(|Found { on, delay_ms, loss_db }| Event::Echo {
            slot,
            on,
            delay_ms,
            loss_db,
        }));
    }

    fn mind_muted_talk(&mut self, slot: Slot, score: u32) {
        let index = slot.index();
        let Some(talk) = &mut self.tools[index].muted else { return };
        if !self.members[index].is_muted() {
            *talk = MutedTalk::default();
        } else if talk.hear(score, self.gates[index].level(), self.interval_ms) {
            self.events.push(Event::MutedTalk(slot));
        }
    }

    /// Finds digits in the newest frame, and takes them out of it.
    fn take_digits_out(&mut self, desk: &mut Desk, slot: Slot) {
        let Tools { digits, finder, .. } = &mut self.tools[slot.index()];
        let Some(finder) = finder.as_mut().filter(|_| digits.matters()) else { return };
        if !digits.was {
            finder.reset(self.rate);
        }
        let newest = self.history.frame(slot, 0);
        desk.frame.copy_from_slice(newest);
        desk.other.copy_from_slice(newest);
        let digit = finder.process(&mut desk.other);
        self.history.change(slot, |newest| digits.pass(&desk.frame, &desk.other, newest));
        self.events.extend(digit.map(|digit| Event::Digit(slot, digit)));
    }

    /// What a member's tools make of its newest frame: the score for the gate, none while the member is muted.
    fn judge(&mut self, slot: Slot, score: Option<u32>) -> Option<u32> {
        let index = slot.index();
        let frame = self.history.is_written(slot).then(|| self.history.frame(slot, 0));
        let judgement = self.tools[index].judge(frame, score, self.gates[index].passes(), self.interval_ms);
        self.gates[index].set_level(self.tools[index].level());
        self.members[index].boost = judgement.gain * judgement.part;
        self.events.extend(judgement.too_loud.then_some(Event::TooLoud(slot)));
        score.filter(|_| !judgement.muted).map(|score| (score as f32 * judgement.part) as u32)
    }

    fn tell(&mut self, slot: Slot, change: Option<Change>) {
        match change {
            Some(Change::Started) => {
                self.talking += 1;
                self.events.push(Event::TalkStarted(slot));
            }
            Some(Change::Stopped) => {
                self.talking -= 1;
                self.events.push(Event::TalkStopped(slot));
            }
            None => {}
        }
    }

    /// Notes who is heard, and lets a member rest of whom nothing is left to be heard.
    fn let_speak(&mut self, desk: &mut Desk, voice: Voice) {
        let index = voice.slot.index();
        let (gate, member) = (&self.gates[index], &mut self.members[index]);
        let passes = gate.passes();
        if passes || member.is_heard() {
            desk.speaking.push(voice);
        } else {
            member.stay_unheard();
            self.learn_noise(voice.slot);
        }
        let (gate, member) = (&self.gates[index], &self.members[index]);
        let settled = voice.silent && gate.is_idle() && member.is_settled(passes);
        self.resting[index] = settled && !(member.equipped && self.tools[index].delays());
    }

    fn learn_noise(&mut self, slot: Slot) {
        let Some(denoise) = &mut self.denoise else { return };
        if self.tools[slot.index()].denoise.is && self.history.is_written(slot) {
            denoise.learn(slot, self.history.frame(slot, 0));
        }
    }

    /// Leaves out the softest, if there are more talkers than places.
    fn choose_talkers(&mut self, speaking: &[Voice]) {
        self.floor.clear();
        for Voice { slot, .. } in speaking {
            let (gate, member) = (&self.gates[slot.index()], &self.members[slot.index()]);
            if gate.passes() {
                self.floor.want(*slot, gate.loudness(), member.is_heard());
            }
        }
        for slot in self.floor.left_out() {
            self.members[slot.index()].left_out = true;
        }
    }

    /// Lets the floor go to who talks.
    fn choose_speaker(&mut self, speaking: &[Voice]) {
        if let Some(holder) = self.speaker.holder()
            && !self.speaker.is_locked()
            && !self.members[holder.index()].may_speak()
        {
            self.speaker.release(holder);
            self.events.push(Event::Floor { slot: holder, on: false });
        }
        for voice in speaking {
            if self.gates[voice.slot.index()].is_talking() {
                self.speaker.hear(voice.slot, voice.score, voice.started);
            }
        }
        self.events.extend(self.speaker.decide().map(|slot| Event::Floor { slot, on: true }));
    }

    fn mix_voice(&mut self, desk: &mut Desk, voice: Voice) {
        let (slot, index) = (voice.slot, voice.slot.index());
        let member = &mut self.members[index];
        let was_heard = member.is_heard();
        let denoised = member.equipped && self.tools[index].denoise.matters() && self.denoise.is_some();
        let ramp = member.next_voice_gain(self.gates[index].passes(), voice.started);
        if ramp.is_silent() || (voice.silent && !denoised) {
            return;
        }
        let mut frame = self.history.frame(slot, voice.turn.behind);
        if voice.turn.merged {
            cross_fade(frame, self.history.frame(slot, voice.turn.behind - 1), &mut desk.frame);
            frame = &desk.frame;
        }
        if denoised && let Some(denoise) = &mut self.denoise {
            let switch = &mut self.tools[index].denoise;
            denoise.process(slot, was_heard && switch.was, frame, &mut desk.clean);
            switch.pass(frame, &desk.clean, &mut desk.other);
            frame = &desk.other;
        }
        let as_it_came = !voice.turn.merged && !denoised && ramp == Ramp::steady(1.0);
        if as_it_came && self.ducking == ramp {
            desk.unchanged[index] = Some(voice.turn.behind as u8);
            return ramp.add(self.edge, frame, &mut desk.room);
        }
        let sum = desk.voices.open(slot);
        ramp.add(self.edge, frame, sum);
        desk.room.iter_mut().zip(sum).for_each(|(room, voice)| *room += *voice);
    }

    /// After a tick: what a member added to the room. It is there until the next frame is taken.
    pub(super) fn share<'a>(&'a self, desk: &'a Desk, slot: Slot) -> Option<Share<'a>> {
        match desk.unchanged[slot.index()] {
            Some(behind) => Some(Share::Frame(self.history.frame(slot, usize::from(behind) + 1))),
            None => desk.voices.get(slot).map(Share::Changed),
        }
    }
}

/// FreeSWITCH's score: the integer mean of |sample|, at the volume at which others hear the member.
fn score(sum: u32, samples: usize, gain: f32) -> u32 {
    ((sum / samples as u32) as f32 * gain) as u32
}
