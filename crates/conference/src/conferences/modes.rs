//! Lecture, questions, discussion: who may speak, and who asks for the word.

use std::time::Instant;

use super::Conferences;
use crate::action::{LegId, RoomId};
use crate::event::{FloorMode, MemberEvent, RoomEvent};
use crate::prompts::Kind;
use crate::settings::Cue;

impl Conferences {
    /// From now on this mode holds. Participants are muted by it, and speak again when all may.
    pub(super) fn change_mode(&mut self, now: Instant, room: RoomId, mode: FloorMode) {
        let Some(found) = self.rooms.get_mut(&room).filter(|room| room.debate.mode() != mode) else { return };
        let lowered = found.debate.begin(mode);
        lowered.into_iter().for_each(|leg| self.note_member(leg, MemberEvent::Hand(false)));
        self.note_room(room, RoomEvent::Mode(mode));
        for participant in self.participants(room) {
            self.obey_mode(now, participant);
        }
        let cue = match mode {
            FloorMode::Lecture => Cue::LectureMode,
            FloorMode::Question => Cue::QuestionMode,
            FloorMode::Discussion => Cue::DiscussionMode,
        };
        self.announce(now, room, cue);
    }

    /// Mutes a participant who must not speak now, or unmutes one who was muted so and may speak again. Returns
    /// whether that has changed.
    fn obey_mode(&mut self, now: Instant, participant: LegId) -> bool {
        let silenced = self.is_silenced(participant);
        let Some(member) = self.legs.get_mut(&participant).and_then(|leg| leg.member()) else { return false };
        if silenced == member.muted || (member.muted && !member.muted_by_mode) {
            return false;
        }
        let changed = self.set_muted(now, participant, silenced);
        if let Some(member) = self.legs.get_mut(&participant).and_then(|leg| leg.member()) {
            member.muted_by_mode = silenced;
        }
        changed
    }

    /// Whether the mode of the room forbids him to speak.
    pub(super) fn is_silenced(&self, leg: LegId) -> bool {
        let room = self.legs.get(&leg).and_then(|leg| leg.room).and_then(|room| self.rooms.get(&room));
        room.is_some_and(|room| room.debate.silences(leg)) && !self.moderates(leg)
    }

    /// Mutes all but the moderators, or unmutes them.
    pub(super) fn mute_participants(&mut self, now: Instant, by: LegId, room: RoomId, on: bool) {
        let Some(found) = self.rooms.get_mut(&room) else { return };
        if !on && found.debate.mode() != FloorMode::Discussion {
            return self.prompt(now, by, Kind::Notice, Cue::ErrorMenu);
        }
        found.debate.all_muted = on;
        for participant in self.participants(room) {
            self.set_muted(now, participant, on);
        }
        self.note_room(room, RoomEvent::ParticipantsMuted(on));
        self.announce(now, room, if on { Cue::ParticipantsMuted } else { Cue::ParticipantsUnmuted });
    }

    /// Whether all but the moderators were muted last.
    pub(super) fn are_participants_muted(&self, room: RoomId) -> bool {
        self.rooms.get(&room).is_some_and(|room| room.debate.all_muted)
    }

    /// He asks for the word, and hears his place in the queue.
    pub(super) fn raise_hand(&mut self, now: Instant, leg: LegId) {
        let Some(room) = self.legs.get(&leg).and_then(|leg| leg.room) else { return };
        let Some(found) = self.rooms.get_mut(&room) else { return };
        let asked = found.debate.place(leg).is_some();
        let Some(place) = found.debate.raise(leg) else {
            return self.prompt(now, leg, Kind::Info, Cue::ErrorMenu);
        };
        let spoken = self.spoken(leg, place);
        self.prompt_with(now, leg, Kind::Info, Cue::HandRaised, spoken);
        if !asked {
            self.note_member(leg, MemberEvent::Hand(true));
            self.prompt_moderators(now, room, Cue::HandUp);
        }
    }

    /// He asks for it no more.
    pub(super) fn lower_hand(&mut self, now: Instant, leg: LegId) {
        let Some(room) = self.legs.get(&leg).and_then(|leg| leg.room) else { return };
        if self.rooms.get_mut(&room).is_some_and(|room| room.debate.lower(leg)) {
            self.note_member(leg, MemberEvent::Hand(false));
            self.prompt(now, leg, Kind::Info, Cue::HandLowered);
        }
    }

    /// The word goes to the first who asked for it; who had it is muted again, unless all may speak.
    pub(super) fn next_speaker(&mut self, now: Instant, by: LegId, room: RoomId) {
        let Some(found) = self.rooms.get_mut(&room) else { return };
        let (before, next) = found.debate.next_speaker();
        if let Some(before) = before
            && self.obey_mode(now, before)
        {
            self.prompt(now, before, Kind::Mute, Cue::Muted);
        }
        let Some(next) = next else { return self.prompt(now, by, Kind::Notice, Cue::NoHands) };
        self.note_member(next, MemberEvent::Hand(false));
        self.set_muted(now, next, false);
        self.prompt(now, next, Kind::Notice, Cue::YourTurn);
    }
}
