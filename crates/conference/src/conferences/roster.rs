//! Who is in which room, for those who watch.

use std::time::Instant;

use super::Conferences;
use crate::action::{DialTarget, LegId, RoomId};
use crate::leg::{Call, Leg, Stage};
use crate::roster::{Load, Roster, RosterMember, RosterState};
use crate::settings::{ConferenceFlag, MemberFlag, Origin};

impl Conferences {
    /// Who is in an open room.
    pub fn roster(&self, now: Instant, room: RoomId) -> Option<Roster> {
        let found = self.rooms.get(&room)?;
        let ringing = found.outcalls.iter().filter(|leg| !found.attached.contains(leg));
        let legs = found.attached.iter().chain(ringing);
        Some(Roster {
            room,
            name: found.name.clone(),
            profile: found.profile.name.clone(),
            description: found.profile.description.clone(),
            locked: found.locked,
            recording: self.out.recordings.is_on(room),
            size: found.size(),
            members: legs.filter_map(|leg| self.roster_member(now, *leg)).collect(),
        })
    }

    /// Whether the room's audio is open, and there is a roster of it.
    pub fn is_open(&self, room: RoomId) -> bool {
        self.rooms.contains_key(&room)
    }

    /// A room whose roster has changed since this was asked last, or that is closed; `None`: there is no other one.
    pub fn poll_changed_room(&mut self) -> Option<RoomId> {
        self.changed.pop_first()
    }

    /// What is kept at present.
    pub fn load(&self) -> Load {
        Load {
            legs: self.legs.len(),
            rooms: self.rooms.len(),
            invites: self.invites.len(),
            timers: self.out.timers.len(),
            playbacks: self.out.playbacks(),
            guessed_rooms: self.pin_guard.rooms(),
            recordings: self.out.recordings.len(),
        }
    }

    /// The open room that this number, or name of a room, leads to, if who calls from there may watch it.
    pub fn subscribable(&self, dialled: &str, origin: Origin<'_>) -> Option<RoomId> {
        let by_route = self.route(dialled, origin).ok();
        let name = by_route.as_ref().map_or(dialled, |(_, room)| room.as_str());
        let room = self.by_name.get(name).and_then(|room| self.rooms.get(room))?;
        let route_allows = by_route.as_ref().is_some_and(|(route, _)| {
            self.role(route.role_of(origin.user)).rights.subscribe
                || room.profile.has(ConferenceFlag::Rfc4579)
        });
        let user = origin.user?;
        let his = |leg: &&LegId| self.legs.get(leg).is_some_and(|leg| user_of(leg) == Some(user));
        let mut legs = room.members.iter().filter(his);
        (route_allows || legs.any(|leg| self.may_subscribe(*leg).is_some())).then_some(room.id)
    }

    /// The room of a member who may watch it.
    pub fn may_subscribe(&self, leg: LegId) -> Option<RoomId> {
        let member = self.member(leg)?;
        let room = self.rooms.get(&self.room_of_leg(leg)?)?;
        let may = member.role.rights.subscribe || room.profile.has(ConferenceFlag::Rfc4579);
        may.then_some(room.id)
    }

    fn roster_member(&self, now: Instant, leg: LegId) -> Option<RosterMember> {
        let found = self.legs.get(&leg)?;
        let flags = self.flags_of(found);
        if flags.contains(&MemberFlag::Ghost) {
            return None;
        }
        let member = self.member(leg);
        let room = found.room.and_then(|room| self.rooms.get(&room));
        Some(RosterMember {
            leg,
            number: found.number().to_owned(),
            name: found.caller_id().name,
            user: user_of(found).map(ToOwned::to_owned),
            role: found.entry.role.clone(),
            state: state_of(found),
            moderator: flags.contains(&MemberFlag::Moderator),
            flags,
            muted: member.is_some_and(|member| member.muted),
            deaf: member.is_some_and(|member| member.deaf),
            held: found.held,
            talking: member.is_some_and(|member| member.talk.is_on()),
            floor: room.is_some_and(|room| room.speaker == Some(leg)),
            hand: room.is_some_and(|room| room.debate.place(leg).is_some()),
            joined: member.map(|member| member.joined),
            talk_time: member.map(|member| member.talk.total(now)).unwrap_or_default(),
        })
    }
}

fn user_of(leg: &Leg) -> Option<&str> {
    match &leg.call {
        Call::Incoming { caller, .. } => caller.user.as_deref(),
        Call::Outgoing(outgoing) => match &outgoing.target {
            DialTarget::User(user) => Some(user),
            DialTarget::Gateway { .. } => None,
        },
    }
}

fn state_of(leg: &Leg) -> RosterState {
    match leg.stage {
        Stage::Calling => RosterState::Calling,
        Stage::Waiting(_) => RosterState::Waiting,
        Stage::Member(_) => RosterState::Joined,
        Stage::Leaving => RosterState::Leaving,
        _ => RosterState::Entering,
    }
}
