//! What members and rooms are told: cues, counts, and the greeting of who joins.

use std::time::Instant;

use super::Conferences;
use crate::action::{LegId, RoomId};
use crate::announcer::Scene;
use crate::phrases;
use crate::prompts::Kind;
use crate::room::Room;
use crate::settings::{Cue, MemberFlag};

impl Conferences {
    /// Plays in the room what is to be played now.
    pub(super) fn settle(&mut self, now: Instant, room: RoomId) {
        let Some(found) = self.rooms.get_mut(&room).filter(|room| !room.over) else { return };
        let scene = Scene { size: found.size(), music: found.with(MemberFlag::NoMoh) == 0 };
        for leg in found.announcer.settle(now, scene, &mut self.out) {
            self.greet(now, leg);
        }
    }

    /// Says a cue to all.
    pub(super) fn announce(&mut self, now: Instant, room: RoomId, cue: Cue) {
        self.announce_with(now, room, cue, Vec::new());
    }

    /// Says a cue to all, and what follows it.
    pub(super) fn announce_with(&mut self, now: Instant, room: RoomId, cue: Cue, more: Vec<String>) {
        let Some(found) = self.rooms.get_mut(&room).filter(|room| !room.over) else { return };
        found.announcer.say(cue, more);
        self.settle(now, room);
    }

    /// Says a cue to one member.
    pub(super) fn prompt(&mut self, now: Instant, leg: LegId, kind: Kind, cue: Cue) {
        self.prompt_with(now, leg, kind, cue, Vec::new());
    }

    /// Says a cue to one member, and what follows it.
    pub(super) fn prompt_with(&mut self, now: Instant, leg: LegId, kind: Kind, cue: Cue, more: Vec<String>) {
        let Some((found, profile)) = self.leg_and_profile(leg) else { return };
        if found.member().is_some() {
            let sounds = profile.sounds.of(cue).into_iter().chain(more).collect();
            self.play_to(now, leg, kind, sounds);
        }
    }

    /// Plays sounds to one leg.
    pub(super) fn play_to(&mut self, now: Instant, leg: LegId, kind: Kind, sounds: Vec<String>) {
        if let Some(found) = self.legs.get_mut(&leg) {
            found.prompts.say(now, &mut self.out, kind, sounds);
        }
    }

    /// Says a cue to the moderators of a room.
    pub(super) fn prompt_moderators(&mut self, now: Instant, room: RoomId, cue: Cue) {
        let moderators: Vec<_> = self.rooms.get(&room).into_iter().flat_map(Room::moderators).collect();
        for leg in moderators {
            self.prompt(now, leg, Kind::Notice, cue);
        }
    }

    /// A number, as it is spoken to this leg.
    pub(super) fn spoken(&mut self, leg: LegId, number: usize) -> Vec<String> {
        let Some((found, profile)) = self.leg_and_profile(leg) else { return Vec::new() };
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        phrases::number(&profile.sounds, found.prompts.language(), number)
    }

    /// How many others are in the room, as it is spoken to this leg.
    pub(super) fn spoken_others(&mut self, leg: LegId) -> Vec<String> {
        let size = self.legs.get(&leg).and_then(|leg| leg.room).map_or(0, |room| self.size(room));
        let Some((found, profile)) = self.leg_and_profile(leg) else { return Vec::new() };
        phrases::others(&profile.sounds, found.prompts.language(), size)
    }

    /// What who has joined is told, and nobody else.
    fn greet(&mut self, now: Instant, leg: LegId) {
        if self.is_recorded(leg) {
            self.prompt(now, leg, Kind::Notice, Cue::RecordingNotice);
        }
        let Some((found, profile)) = self.leg_and_profile(leg) else { return };
        let size = found.room.map_or(0, |room| self.size(room));
        let mut greeting = profile.sounds.of(Cue::MemberEnter);
        if profile.announce_count.is_some_and(|least| size >= least) {
            greeting.extend(self.spoken_others(leg));
        }
        self.play_to(now, leg, Kind::Greeting, greeting);
        let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) else { return };
        if std::mem::take(&mut member.untold_mute) {
            self.prompt(now, leg, Kind::Mute, Cue::Muted);
        }
    }

    fn size(&self, room: RoomId) -> usize {
        self.rooms.get(&room).map_or(0, Room::size)
    }
}
