//! What the mixer hears of members: who talks, who talks though muted, who is too loud; and their keys, which
//! others are to hear.

use std::time::Instant;

use super::Conferences;
use crate::action::{Action, LegId};
use crate::event::MemberEvent;
use crate::member::Member;
use crate::prompts::Kind;
use crate::settings::{Cue, MemberFlag};

impl Conferences {
    pub(super) fn talking(&mut self, now: Instant, leg: LegId, on: bool) {
        let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) else { return };
        member.talk.report(on);
        self.settle_talk(now, leg);
    }

    /// Tells that he began or ceased to talk, if that is so: he talks whom the mixer hears and the room is to hear.
    pub(super) fn settle_talk(&mut self, now: Instant, leg: LegId) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let held = found.held;
        let Some(member) = found.member() else { return };
        let heard = member.is_heard(held);
        let change = member.talk.settle(now, heard);
        self.note_talk(now, leg, change);
    }

    /// He leaves: if he talks, or has the floor, he does no more.
    pub(super) fn end_talk(&mut self, now: Instant, leg: LegId) {
        let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) else { return };
        member.talk.report(false);
        self.settle_talk(now, leg);
        self.floor(leg, false);
    }

    pub(super) fn muted_talk(&mut self, now: Instant, leg: LegId) {
        let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) else { return };
        if member.needs_hint(now) {
            self.note_member(leg, MemberEvent::MutedTalk);
            self.prompt(now, leg, Kind::Notice, Cue::MuteDetect);
        }
    }

    pub(super) fn too_loud(&mut self, now: Instant, leg: LegId) {
        let Some((_, profile)) = self.leg_and_profile(leg) else { return };
        let mute_ms = profile.voice.loud_guard.map_or(0, |guard| guard.mute_ms);
        self.note_member(leg, MemberEvent::TooLoud { mute_ms });
        self.prompt(now, leg, Kind::Notice, Cue::TooLoud);
    }

    /// He takes the floor from whoever has it, or gives it back.
    pub(super) fn floor(&mut self, leg: LegId, on: bool) {
        let room = self.member(leg).and_then(|_| self.room_of_leg(leg));
        let Some(room) = room.and_then(|room| self.rooms.get_mut(&room)) else { return };
        if on == (room.speaker == Some(leg)) {
            return;
        }
        let before = std::mem::replace(&mut room.speaker, on.then_some(leg));
        before.into_iter().for_each(|before| self.note_member(before, MemberEvent::Floor(false)));
        if on {
            self.note_member(leg, MemberEvent::Floor(true));
        }
    }

    /// He sends back what he is sent, or does so no more.
    pub(super) fn echo(&mut self, now: Instant, leg: LegId, on: bool, delay_ms: u16, loss_db: u8) {
        if self.member(leg).is_none() {
            return;
        }
        self.note_member(leg, MemberEvent::Echo { on, delay_ms, loss_db });
        if on {
            self.prompt(now, leg, Kind::Notice, Cue::Echo);
        }
    }

    /// A key: it goes on to the others, acts, or does nothing, as the member's flags say.
    pub(super) fn pressed(&mut self, now: Instant, leg: LegId, digit: char) {
        if self.member(leg).is_some_and(|member| member.has(MemberFlag::SkipDtmf)) {
            return;
        }
        self.pass_digit(leg, digit);
        self.digit(now, leg, digit);
    }

    /// Sends a member's key on to the others, if it is to be. Not while he types a number.
    fn pass_digit(&mut self, leg: LegId, digit: char) {
        let Some(found) = self.legs.get(&leg) else { return };
        let Some(room) = found.room.and_then(|room| self.rooms.get(&room)) else { return };
        let distributes = |member: &&Member| member.has(MemberFlag::DistDtmf) && member.entry.is_none();
        if self.member(leg).filter(distributes).is_none() {
            return;
        }
        for other in room.members.iter().filter(|other| **other != leg) {
            self.out.act(Action::SendDigit { leg: *other, digit });
        }
        self.note_member(leg, MemberEvent::Digit(digit));
    }

    fn note_talk(&mut self, now: Instant, leg: LegId, change: Option<bool>) {
        let Some(on) = change else { return };
        self.note_member(leg, MemberEvent::Talking(on));
        let reports = |member: &&Member| !on && member.has(MemberFlag::TalkDataEvents);
        if let Some(member) = self.member(leg).filter(reports) {
            let talk = &member.talk;
            let present = now.saturating_duration_since(member.joined);
            let what =
                MemberEvent::TalkTime { last: talk.last, total: talk.total(now), talks: talk.talks, present };
            self.note_member(leg, what);
        }
        let Some(room) = self.room_of_leg(leg) else { return };
        if let Some(found) = self.rooms.get_mut(&room) {
            found.talkers = if on { found.talkers + 1 } else { found.talkers.saturating_sub(1) };
        }
        self.watch_silence(now, room);
    }
}
