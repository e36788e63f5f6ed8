//! Joining a room, leaving it, and what its members' phones and voices do.

use std::sync::Arc;
use std::time::Instant;

use super::Conferences;
use crate::action::{Action, Cause, Control, LegId, RoomId};
use crate::event::{Event, InviteState, LeaveCause, RoomEndCause};
use crate::leg::{Call, Leg, Stage};
use crate::member::Member;
use crate::prompts::Kind;
use crate::room::Room;
use crate::settings::{Profile, Role};

impl Conferences {
    /// An attached leg becomes a member.
    pub(super) fn join(&mut self, now: Instant, leg: LegId, room: RoomId) {
        let Some((role_name, muted)) = self.legs.get(&leg).map(|leg| role_and_mute(leg)) else { return };
        let role = self.role(&role_name);
        let (Some(found), Some(room)) = (self.legs.get_mut(&leg), self.rooms.get_mut(&room)) else { return };
        let mut member = Member::new(role.clone(), muted, &room.profile);
        self.out.set(leg, Control::Energy(member.energy));
        voice_controls(&room.profile, &role).for_each(|control| self.out.set(leg, control));
        member.apply(leg, found.held, &mut self.out);
        found.stage = Stage::Member(Box::new(member));
        room.members.insert(leg);
        if room.members.len() == 1 {
            let profile = room.profile.name.clone();
            self.out.note(Event::RoomCreated { room: room.name.clone(), profile });
        }
        self.out.note(Event::MemberJoined {
            room: room.name.clone(),
            leg,
            who: found.number().to_owned(),
            role: role_name,
            moderator: role.moderator,
            muted,
            size: room.members.len(),
        });
        room.greet(leg, muted, &mut self.out);
        let room = room.id;
        self.settle(now, room);
        self.place_outcalls(now, leg, room);
    }

    /// Ends a call; the leg is gone.
    pub(super) fn hang_up(&mut self, now: Instant, leg: LegId, cause: Cause, why: LeaveCause) {
        if self.legs.contains_key(&leg) {
            self.out.act(Action::Hangup { leg, cause });
            self.drop_leg(now, leg, why);
        }
    }

    /// The leg is gone: its room carries on without it, or ends.
    pub(super) fn drop_leg(&mut self, now: Instant, leg: LegId, why: LeaveCause) {
        let Some(gone) = self.legs.remove(&leg) else { return };
        gone.prompts.forget(&mut self.out);
        self.out.timers.clear_leg(leg);
        if let Call::Outgoing(outgoing) = &gone.call {
            self.ledger.ended(&outgoing.target);
        }
        let Some(room) = gone.room.and_then(|room| self.rooms.get_mut(&room)) else { return };
        let id = room.id;
        room.outcalls.retain(|outcall| *outcall != leg);
        room.attached.remove(&leg);
        if room.members.remove(&leg) {
            room.forget_muted_joiner(leg);
            self.out.note(left_event(room, leg, gone.number(), why));
            self.after_leaving(now, id, gone.ends_conference());
        }
        self.close_if_deserted(id);
    }

    /// Plays in the room what is to be played now.
    pub(super) fn settle(&mut self, now: Instant, room: RoomId) {
        let Some(room) = self.rooms.get_mut(&room).filter(|room| !room.over) else { return };
        let profile = room.profile.clone();
        for leg in room.settle(now, &mut self.out) {
            let Some(found) = self.legs.get_mut(&leg) else { continue };
            if found.member().is_some_and(|member| member.muted) {
                let sounds = profile.sounds.muted.clone().into_iter().collect();
                found.prompts.say(now, &mut self.out, Kind::Mute, sounds);
            }
        }
    }

    pub(super) fn held(&mut self, leg: LegId, on: bool) {
        let (who, room) = self.who_and_where(leg);
        let Some(found) = self.legs.get_mut(&leg).filter(|found| found.held != on) else { return };
        found.held = on;
        if found.member().is_some() {
            self.apply(leg);
            self.out.note(Event::Held { room, who, on });
        }
    }

    /// Sets what has changed of whether he is heard and what he hears.
    pub(super) fn apply(&mut self, leg: LegId) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let held = found.held;
        if let Some(member) = found.member() {
            member.apply(leg, held, &mut self.out);
        }
    }

    pub(super) fn talking(&mut self, leg: LegId, on: bool) {
        let (who, room) = self.who_and_where(leg);
        let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) else { return };
        if member.talking != on {
            member.talking = on;
            self.out.note(Event::Talking { room, who, on });
        }
    }

    pub(super) fn too_loud(&mut self, leg: LegId) {
        let (who, room) = self.who_and_where(leg);
        let Some((_, profile)) = self.leg_and_profile(leg) else { return };
        let mute_ms = profile.voice.loud_guard.map_or(0, |guard| guard.mute_ms);
        self.out.note(Event::TooLoud { room, who, mute_ms });
    }

    /// A leg with the profile of its room.
    pub(super) fn leg_and_profile(&mut self, leg: LegId) -> Option<(&mut Leg, Arc<Profile>)> {
        let leg = self.legs.get_mut(&leg)?;
        let profile = self.rooms.get(&leg.room?)?.profile.clone();
        Some((leg, profile))
    }

    fn after_leaving(&mut self, now: Instant, room: RoomId, ends_conference: bool) {
        let Some(found) = self.rooms.get_mut(&room).filter(|room| !room.over) else { return };
        if ends_conference {
            return self.end_room(now, room, RoomEndCause::CallerLeft);
        }
        if !found.members.is_empty() {
            found.see_off();
            return self.settle(now, room);
        }
        found.silence(&mut self.out);
        let name = found.name.clone();
        self.out.note(Event::RoomEnded { room: name, cause: RoomEndCause::Empty });
        self.cancel_calling(now, room);
    }

    /// Takes back what still rings for a room.
    pub(super) fn cancel_calling(&mut self, now: Instant, room: RoomId) {
        let Some(room) = self.rooms.get(&room) else { return };
        for leg in room.outcalls.clone() {
            if self.legs.get(&leg).is_some_and(|leg| leg.is_calling()) {
                self.note_invite(leg, InviteState::Cancelled);
                self.hang_up(now, leg, Cause::Cancelled, LeaveCause::Cancelled);
            }
        }
    }

    /// Closes the audio of a room in which nobody is left.
    pub(super) fn close_if_deserted(&mut self, room: RoomId) {
        let deserted = |room: &Room| room.attached.is_empty() && room.outcalls.is_empty();
        let Some(mut room) =
            self.rooms.get(&room).is_some_and(deserted).then(|| self.rooms.remove(&room)).flatten()
        else {
            return;
        };
        room.silence(&mut self.out);
        self.out.act(Action::CloseRoom { room: room.id });
        if self.by_name.get(&room.name) == Some(&room.id) {
            self.by_name.remove(&room.name);
        }
    }
}

/// What is not as the mixer has it by itself: nothing is done to a voice unless the profile or the role says so.
fn voice_controls(profile: &Profile, role: &Role) -> impl Iterator<Item = Control> + use<> {
    let voice = profile.voice;
    let agc = role.agc.unwrap_or(voice.agc);
    let denoise = role.denoise.unwrap_or(voice.denoise);
    let controls = [
        voice.auto_energy.then_some(Control::AutoEnergy(true)),
        agc.map(|level| Control::Agc(Some(level))),
        denoise.then_some(Control::Denoise(true)),
        voice.loud_guard.map(|guard| Control::LoudGuard(Some(guard))),
    ];
    controls.into_iter().flatten()
}

fn role_and_mute(leg: &Leg) -> (String, bool) {
    match &leg.call {
        Call::Incoming { route, .. } => (route.role.clone(), route.mute),
        Call::Outgoing(outgoing) => (outgoing.terms.role.clone(), outgoing.terms.mute),
    }
}

pub(super) fn left_event(room: &Room, leg: LegId, who: &str, cause: LeaveCause) -> Event {
    Event::MemberLeft { room: room.name.clone(), leg, who: who.to_owned(), cause, size: room.members.len() }
}
