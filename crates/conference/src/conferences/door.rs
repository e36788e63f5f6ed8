//! In front of a room: who is turned away, who waits and for what, and who lets him in.

use std::time::Instant;

use super::Conferences;
use crate::action::{LegId, RoomId};
use crate::entry::{Departed, Wait, Waiting};
use crate::event::{Event, LeaveCause, MemberEvent, RoomEvent};
use crate::input::Refused;
use crate::leg::{Call, Leg, Stage};
use crate::prompts::Kind;
use crate::room::Room;
use crate::settings::{ConferenceFlag, Cue, MemberFlag, MemberFlags};

/// Why a room does not take somebody.
pub(super) struct TurnedAway {
    /// To him who was not answered.
    pub(super) refused: Refused,
    /// What he hears who was.
    pub(super) cue: Cue,
}

impl TurnedAway {
    fn new(status: u16, why: &'static str, cue: Cue) -> Option<Self> {
        Some(Self { refused: Refused { status, why }, cue })
    }
}

impl Conferences {
    /// Takes only moderators from now on, or everybody again.
    pub(super) fn lock(&mut self, now: Instant, room: RoomId, on: bool) {
        let Some(found) = self.rooms.get_mut(&room).filter(|room| room.locked != on) else { return };
        found.locked = on;
        self.note_room(room, RoomEvent::Locked(on));
        self.announce(now, room, if on { Cue::IsLocked } else { Cue::IsUnlocked });
        self.reconsider(now, room);
    }

    pub(super) fn is_locked(&self, room: RoomId) -> bool {
        self.rooms.get(&room).is_some_and(|room| room.locked)
    }

    /// Lets in the first of those who wait for a moderator's key. Returns whether there was one.
    pub(super) fn admit_next(&mut self, now: Instant, room: RoomId) -> bool {
        let Some(leg) = self.first_at_the_door(room) else { return false };
        self.pass_on(now, leg, true);
        true
    }

    /// Sends away the first of those who wait for a moderator's key. Returns whether there was one.
    pub(super) fn deny_next(&mut self, now: Instant, room: RoomId) -> bool {
        let Some(leg) = self.first_at_the_door(room) else { return false };
        let sounds = self.rooms.get(&room).map(|room| room.profile.sounds.of(Cue::Kicked));
        self.say_goodbye(now, leg, sounds.unwrap_or_default());
        true
    }

    /// Whether somebody waits for a moderator's key.
    pub(super) fn first_at_the_door(&self, room: RoomId) -> Option<LegId> {
        let waiting = &self.rooms.get(&room)?.waiting;
        waiting.iter().copied().find(|leg| self.waits_for(*leg).is_some_and(Wait::wants_admission))
    }

    /// He knows the PIN, or needs none.
    pub(super) fn at_the_door(&mut self, now: Instant, leg: LegId) {
        if !self.turn_away(now, leg) && !self.ask_name(now, leg) {
            self.go_in(now, leg);
        }
    }

    /// Nothing more is asked of him. While he gave his name the room may have been filled, or locked.
    pub(super) fn name_given(&mut self, now: Instant, leg: LegId) {
        if !self.turn_away(now, leg) {
            self.go_in(now, leg);
        }
    }

    /// Returns whether the room does not take him.
    fn turn_away(&mut self, now: Instant, leg: LegId) -> bool {
        let Some(TurnedAway { refused, cue }) = self.turned_away(leg) else { return false };
        let sounds = self.leg_and_profile(leg).map(|(_, profile)| profile.sounds.of(cue));
        self.note_turned_away(leg, refused, cue);
        self.say_goodbye(now, leg, sounds.unwrap_or_default());
        true
    }

    /// He joins, or waits.
    fn go_in(&mut self, now: Instant, leg: LegId) {
        match self.must_wait(leg, false) {
            None => self.join(now, leg),
            Some(wait) => {
                let Some(member) = self.new_member(now, leg) else { return };
                self.wait(now, leg, Waiting { member, wait });
            }
        }
    }

    /// Why the room does not take him; invited ones it does.
    pub(super) fn turned_away(&self, leg: LegId) -> Option<TurnedAway> {
        let found = self.legs.get(&leg).filter(|leg| !leg.entry.invited)?;
        let room = self.by_name.get(&found.entry.room).and_then(|room| self.rooms.get(room));
        let flags = self.flags_of(found);
        if flags.contains(&MemberFlag::JoinOnly) && !room.is_some_and(|room| room.live) {
            return TurnedAway::new(480, "there is no conference", Cue::JoinOnly);
        }
        let room = room.filter(|_| !flags.contains(&MemberFlag::Moderator))?;
        if room.locked && !room.profile.has(ConferenceFlag::Knock) {
            return TurnedAway::new(486, "the room is locked", Cue::Locked);
        }
        if room.is_full() && !flags.contains(&MemberFlag::Ghost) {
            return TurnedAway::new(486, "the room is full", Cue::MaxMembers);
        }
        None
    }

    /// Looks again at all who wait: what they waited for may have come. Returns whether somebody was let in.
    pub(super) fn reconsider(&mut self, now: Instant, room: RoomId) -> bool {
        let waiting = self.rooms.get(&room).map(|room| room.waiting.clone()).unwrap_or_default();
        for leg in &waiting {
            self.pass_on(now, *leg, false);
        }
        waiting.iter().any(|leg| self.member(*leg).is_some())
    }

    /// Those wait again who may not be there without who has left.
    pub(super) fn send_back(&mut self, now: Instant, room: RoomId, wait: Wait) {
        let members = self.rooms.get(&room).map(|room| room.members.clone()).unwrap_or_default();
        for leg in members {
            if self.must_wait(leg, true) == Some(wait)
                && let Some(Departed { member, name, .. }) = self.depart(now, leg, LeaveCause::SentBack)
                && let Some(found) = self.legs.get_mut(&leg)
            {
                found.name = name;
                let mut member = *member;
                member.stop_typing();
                member.seclude(leg, &mut self.out);
                self.wait(now, leg, Waiting { member, wait });
                self.rooms.get_mut(&room).into_iter().for_each(Room::look_for_alone);
            }
        }
    }

    /// His flags: those of the profile, of his role, and of his way in.
    pub(super) fn flags_of(&self, leg: &Leg) -> MemberFlags {
        let room = leg.room.and_then(|room| self.rooms.get(&room));
        let profile = room.map_or_else(
            || self.profile_of_room(&leg.entry.room, &leg.entry.profile),
            |room| room.profile.clone(),
        );
        let role = self.role(&leg.entry.role);
        profile.member_flags.iter().chain(&role.flags).chain(&leg.entry.flags).copied().collect()
    }

    fn wait(&mut self, now: Instant, leg: LegId, waiting: Waiting) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let Some(room) = found.room.and_then(|room| self.rooms.get_mut(&room)) else { return };
        let (wait, music, profile) = (waiting.wait, waiting.music(&room.profile), &room.profile);
        found.stage = Stage::Waiting(Box::new(waiting));
        let cue = if wait.wants_admission() { Cue::Lobby } else { Cue::WaitForLeader };
        found.prompts.clear(&mut self.out);
        found.prompts.say(now, &mut self.out, Kind::Notice, profile.sounds.of(cue));
        found.prompts.play_music(&mut self.out, music);
        room.waiting.push(leg);
        let room = room.id;
        self.note_member(leg, MemberEvent::Waiting(true));
        if wait.wants_admission() {
            self.prompt_moderators(now, room, Cue::Knock);
        }
    }

    /// Lets him in, unless there is something else that he must wait for.
    fn pass_on(&mut self, now: Instant, leg: LegId, admitted: bool) {
        let Some(before) = self.waits_for(leg) else { return };
        let admitted = admitted || !before.wants_admission();
        match self.must_wait(leg, admitted) {
            None => self.usher_in(now, leg, before),
            Some(wait) => {
                if let Some(Stage::Waiting(waiting)) = self.legs.get_mut(&leg).map(|leg| &mut leg.stage) {
                    waiting.wait = wait;
                }
            }
        }
    }

    fn usher_in(&mut self, now: Instant, leg: LegId, before: Wait) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let Some(room) = found.room.and_then(|room| self.rooms.get_mut(&room)) else { return };
        let Stage::Waiting(waiting) = std::mem::replace(&mut found.stage, Stage::Leaving) else { return };
        let cue = if before.wants_admission() { Cue::Admitted } else { Cue::PlaceIntoConference };
        found.prompts.clear(&mut self.out);
        found.prompts.say(now, &mut self.out, Kind::Notice, room.profile.sounds.of(cue));
        self.stop_waiting(leg);
        self.join_as(now, leg, waiting.member);
    }

    /// He waits no more, if he did.
    pub(super) fn stop_waiting(&mut self, leg: LegId) {
        let Some(room) = self.room_of_leg(leg).and_then(|room| self.rooms.get_mut(&room)) else { return };
        let before = room.waiting.len();
        room.waiting.retain(|waiting| *waiting != leg);
        if room.waiting.len() < before {
            self.note_member(leg, MemberEvent::Waiting(false));
        }
    }

    /// What he must wait for; moderators for nothing. Who is invited, or admitted, needs no moderator's key.
    fn must_wait(&self, leg: LegId, admitted: bool) -> Option<Wait> {
        let found = self.legs.get(&leg)?;
        let room = self.rooms.get(&found.room?)?;
        let flags = self.flags_of(found);
        if flags.contains(&MemberFlag::Moderator) {
            return None;
        }
        let admitted = admitted || found.entry.invited;
        let lobby = room.profile.has(ConferenceFlag::Lobby) && !flags.contains(&MemberFlag::SkipLobby);
        let marked = flags.contains(&MemberFlag::WaitMarked) && !flags.contains(&MemberFlag::Marked);
        let waits = [
            (Wait::Knock, room.locked && !admitted),
            (Wait::Lobby, lobby && !admitted),
            (Wait::Moderator, lacks_moderator(room)),
            (Wait::Marked, marked && room.with(MemberFlag::Marked) == 0),
        ];
        waits.into_iter().find(|(_, must)| *must).map(|(wait, _)| wait)
    }

    fn waits_for(&self, leg: LegId) -> Option<Wait> {
        match &self.legs.get(&leg)?.stage {
            Stage::Waiting(waiting) => Some(waiting.wait),
            _ => None,
        }
    }

    fn note_turned_away(&mut self, leg: LegId, refused: Refused, cue: Cue) {
        if cue == Cue::JoinOnly {
            self.note_member(leg, MemberEvent::RejectedJoinOnly);
        }
        let Some(Leg { call: Call::Incoming { caller, dialled, .. }, .. }) =
            self.legs.get(&leg).map(|leg| &**leg)
        else {
            return;
        };
        let (who, dialled, Refused { status, why }) = (caller.number.clone(), dialled.clone(), refused);
        self.out.note(Event::CallRefused { dialled, who, status, why });
    }
}

/// Whether all must wait for a moderator: until the first one comes, or while there is none.
fn lacks_moderator(room: &Room) -> bool {
    let waits = room.profile.has(ConferenceFlag::WaitMod);
    let again = room.profile.has(ConferenceFlag::PermanentWaitMod);
    waits && room.with(MemberFlag::Moderator) == 0 && (again || !room.begun)
}
