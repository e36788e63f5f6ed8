//! What moderators do to the room by key, and what FreeSWITCH lets anybody do who has the key.

use std::time::Instant;

use crate::action::{Control, LegId, RoomId};
use crate::conferences::Conferences;
use crate::event::{FloorMode, RoomEndCause, RoomEvent};
use crate::keys::KeyAction;
use crate::prompts::Kind;
use crate::settings::Cue;

impl Conferences {
    /// Does what a key says about the room. Returns whether it was that kind of key.
    pub(super) fn lead(&mut self, now: Instant, leg: LegId, action: &KeyAction) -> bool {
        let Some(room) = self.legs.get(&leg).and_then(|leg| leg.room) else { return false };
        match action {
            KeyAction::NextSpeaker => self.next_speaker(now, leg, room),
            KeyAction::LectureMode => self.change_mode(now, room, FloorMode::Lecture),
            KeyAction::QuestionMode => self.change_mode(now, room, FloorMode::Question),
            KeyAction::DiscussionMode => self.change_mode(now, room, FloorMode::Discussion),
            KeyAction::MuteAll => self.mute_participants(now, leg, room, true),
            KeyAction::UnmuteAll => self.mute_participants(now, leg, room, false),
            KeyAction::MuteAllToggle => {
                self.mute_participants(now, leg, room, !self.are_participants_muted(room));
            }
            KeyAction::EndConference => self.end_room(now, room, RoomEndCause::Key),
            KeyAction::KickLast => self.kick_last(now, leg, room),
            KeyAction::EntryTones => self.switch_entry_tones(now, leg, room, !self.has_entry_tones(room)),
            KeyAction::EntryTonesOn => self.switch_entry_tones(now, leg, room, true),
            KeyAction::EntryTonesOff => self.switch_entry_tones(now, leg, room, false),
            KeyAction::MohToggle => self.toggle_moh(now, leg, room),
            KeyAction::Lock => self.lock(now, room, !self.is_locked(room)),
            KeyAction::Admit => {
                let admitted = self.admit_next(now, room);
                self.answer_door(now, leg, admitted);
            }
            KeyAction::Deny => {
                let denied = self.deny_next(now, room);
                self.answer_door(now, leg, denied);
            }
            KeyAction::Floor => self.take_floor(now, leg, room),
            KeyAction::RecordOn => self.record_start(leg),
            KeyAction::RecordOff => self.record_stop(now, leg),
            KeyAction::RecordToggle => self.record_toggle(now, leg),
            KeyAction::RecordPause => self.record_pause(now, leg),
            _ => return false,
        }
        true
    }

    /// Puts out who joined last, moderators excepted.
    fn kick_last(&mut self, now: Instant, leg: LegId, room: RoomId) {
        let participants = self.participants(room);
        match participants.into_iter().max_by_key(|leg| self.joined_at(*leg)) {
            Some(last) => self.kick(now, last),
            None => self.prompt(now, leg, Kind::Notice, Cue::ErrorMenu),
        }
    }

    /// The answer to a moderator whose key was for who waits to be let in.
    fn answer_door(&mut self, now: Instant, leg: LegId, somebody: bool) {
        if !somebody {
            self.prompt(now, leg, Kind::Notice, Cue::NobodyWaits);
        }
    }

    /// He gives the floor back if he has it, and takes it if nobody else has.
    fn take_floor(&mut self, now: Instant, leg: LegId, room: RoomId) {
        let taken = self.rooms.get_mut(&room).and_then(|room| room.debate.take_floor(leg));
        let Some(on) = taken else { return self.prompt(now, leg, Kind::Notice, Cue::ErrorMenu) };
        self.out.set(leg, Control::Floor(on));
        self.prompt(now, leg, Kind::Notice, if on { Cue::FloorTaken } else { Cue::FloorReleased });
    }

    fn has_entry_tones(&self, room: RoomId) -> bool {
        self.rooms.get(&room).is_some_and(|room| room.announcer.entry_tones)
    }

    fn switch_entry_tones(&mut self, now: Instant, leg: LegId, room: RoomId, on: bool) {
        let Some(found) = self.rooms.get_mut(&room) else { return };
        found.announcer.entry_tones = on;
        self.note_room(room, RoomEvent::EntryTones(on));
        self.prompt(now, leg, Kind::Notice, if on { Cue::EntryTonesOn } else { Cue::EntryTonesOff });
    }

    fn toggle_moh(&mut self, now: Instant, leg: LegId, room: RoomId) {
        let Some(found) = self.rooms.get_mut(&room) else { return };
        found.announcer.moh = !found.announcer.moh;
        let on = found.announcer.moh;
        self.note_room(room, RoomEvent::Music(on));
        self.prompt(now, leg, Kind::Notice, if on { Cue::MohOn } else { Cue::MohOff });
        self.settle(now, room);
    }
}
