//! How rooms end: all are put out, the audio fails, the server shuts down.

use std::time::Instant;

use super::Conferences;
use super::membership::left_event;
use crate::action::{Action, Cause, Control, LegId, RoomId};
use crate::event::{Event, LeaveCause, RoomEndCause};
use crate::leg::Stage;
use crate::prompts::Kind;

impl Conferences {
    /// Puts all out: each hears the kicked-sound, then his call ends. What rings is taken back.
    pub(super) fn end_room(&mut self, now: Instant, room: RoomId, cause: RoomEndCause) {
        let Some(sound) = self.rooms.get(&room).map(|room| room.profile.sounds.kicked.clone()) else {
            return;
        };
        self.seal(room, cause);
        self.cancel_calling(now, room);
        let attached = self.rooms.get(&room).map(|room| room.attached.clone()).unwrap_or_default();
        for leg in attached {
            self.say_goodbye(now, leg, sound.clone());
        }
    }

    /// The leg is no member any more; its call ends after the sound.
    pub(super) fn say_goodbye(&mut self, now: Instant, leg: LegId, sound: Option<String>) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        if let Some(room) = found.room.and_then(|room| self.rooms.get_mut(&room))
            && room.members.remove(&leg)
        {
            self.out.note(left_event(room, leg, found.number(), LeaveCause::Kicked));
            self.out.set(leg, Control::Speak(false));
            self.out.set(leg, Control::Hear(None));
        }
        found.stage = Stage::Leaving;
        self.out.timers.clear_leg(leg);
        found.prompts.clear(&mut self.out);
        if !found.prompts.say_now(now, &mut self.out, Kind::Goodbye, sound.into_iter().collect()) {
            self.finish_goodbye(now, leg);
        }
    }

    pub(super) fn finish_goodbye(&mut self, now: Instant, leg: LegId) {
        self.hang_up(now, leg, Cause::Normal, LeaveCause::Kicked);
    }

    pub(super) fn room_failed(&mut self, now: Instant, room: RoomId) {
        self.cut_room(now, room, RoomEndCause::Failed, Cause::Failure, LeaveCause::Failed);
    }

    /// Ends all calls; from now on none is taken.
    pub(super) fn shut_down(&mut self, now: Instant) {
        self.closed = true;
        let rooms: Vec<_> = self.rooms.keys().copied().collect();
        for room in rooms {
            self.cut_room(now, room, RoomEndCause::Shutdown, Cause::Normal, LeaveCause::Shutdown);
        }
        let arriving: Vec<_> = self.legs.keys().copied().collect();
        for leg in arriving {
            self.out.act(Action::Reject { leg, status: 503 });
            self.drop_leg(now, leg, LeaveCause::Shutdown);
        }
    }

    /// Ends all calls of a room at once.
    fn cut_room(&mut self, now: Instant, room: RoomId, end: RoomEndCause, cause: Cause, why: LeaveCause) {
        self.seal(room, end);
        self.cancel_calling(now, room);
        let attached = self.rooms.get(&room).map(|room| room.attached.clone()).unwrap_or_default();
        for leg in attached {
            self.hang_up(now, leg, cause, why);
        }
    }

    /// The room plays nothing and takes nobody any more; its name is free for a fresh one.
    fn seal(&mut self, room: RoomId, cause: RoomEndCause) {
        let Some(room) = self.rooms.get_mut(&room) else { return };
        room.silence(&mut self.out);
        if !room.over && !room.members.is_empty() || cause == RoomEndCause::CallerLeft {
            self.out.note(Event::RoomEnded { room: room.name.clone(), cause });
        }
        room.over = true;
        if self.by_name.get(&room.name) == Some(&room.id) {
            self.by_name.remove(&room.name);
        }
    }
}
