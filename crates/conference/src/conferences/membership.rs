//! Joining a room, leaving it, and what its members' phones do.

use std::sync::Arc;
use std::time::Instant;

use super::Conferences;
use crate::action::{Action, Cause, Control, EchoPolicy, LegId, RoomId};
use crate::entry::Departed;
use crate::event::{Event, LeaveCause, MemberEvent, RoomEvent};
use crate::leg::{Leg, Stage};
use crate::member::Member;
use crate::room::{Coming, Room};
use crate::settings::{ConferenceFlag, Cue, MemberFlag, Profile, Role};

impl Conferences {
    /// An attached leg becomes a member.
    pub(super) fn join(&mut self, now: Instant, leg: LegId) {
        if let Some(member) = self.new_member(now, leg) {
            self.join_as(now, leg, member);
        }
    }

    /// An attached leg becomes this member, or becomes it again.
    pub(super) fn join_as(&mut self, now: Instant, leg: LegId, mut member: Member) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let Some(room) = found.room.and_then(|room| self.rooms.get_mut(&room)) else { return };
        let (id, held, ghost) = (room.id, found.held, member.has(MemberFlag::Ghost));
        controls(&room.profile, &member).for_each(|control| self.out.set(leg, control));
        if room.debate.silences(leg) {
            member.obey_mode();
        } else if room.debate.all_muted {
            member.join_muted();
        }
        member.apply(leg, held, &mut self.out);
        member.joined = now;
        room.enlist(leg, &member.flags);
        let begins = !ghost && !room.live;
        room.live |= begins;
        let joined = joined_event(&member, room.size());
        let coming = Coming { is_told: !member.has(MemberFlag::Quiet), name: found.name };
        found.stage = Stage::Member(Box::new(member));
        if !ghost {
            room.greet(leg, coming, &mut self.out);
        }
        if begins {
            let profile = room.profile.name.clone();
            self.note_room(id, RoomEvent::Created { profile });
        }
        self.note_member(leg, joined);
        if held {
            self.note_member(leg, MemberEvent::Held(true));
        }
        self.settle(now, id);
        self.after_joining(now, leg, id, begins);
        let outcalls = self.legs.get_mut(&leg).map(|leg| std::mem::take(&mut leg.entry.outcalls));
        self.place_outcalls(now, leg, id, &outcalls.unwrap_or_default());
    }

    /// What he will be as a member of his room.
    pub(super) fn new_member(&self, now: Instant, leg: LegId) -> Option<Member> {
        let found = self.legs.get(&leg)?;
        let room = self.rooms.get(&found.room?)?;
        Some(Member::new(now, self.role(&found.entry.role), self.flags_of(found), &room.profile))
    }

    /// He is no member any more, though his call goes on: deaf to the room, and silent. What follows of it in
    /// the room is for [`Conferences::after_leaving`].
    pub(super) fn depart(&mut self, now: Instant, leg: LegId, why: LeaveCause) -> Option<Departed> {
        self.end_talk(now, leg);
        let found = self.legs.get_mut(&leg)?;
        found.member()?;
        let room = self.rooms.get_mut(&found.room?)?;
        let Stage::Member(member) = std::mem::replace(&mut found.stage, Stage::Leaving) else { return None };
        room.strike(leg, &member.flags);
        room.debate.forget(leg);
        room.announcer.forget_joiner(leg);
        let left = MemberEvent::Left { cause: why, size: room.size() };
        let (room, name) = (room.id, found.name.take());
        self.note_member(leg, left);
        Some(Departed { leg, room, member, name })
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
        let departed = self.depart(now, leg, why);
        self.forget_naming(leg);
        self.stop_waiting(leg);
        let Some(gone) = self.legs.remove(&leg) else { return };
        gone.prompts.forget(&mut self.out);
        self.out.timers.clear_leg(leg);
        self.forget_call(leg, &gone);
        let Some(room) = gone.room.and_then(|room| self.rooms.get_mut(&room)) else { return };
        let id = room.id;
        room.outcalls.retain(|outcall| *outcall != leg);
        room.attached.remove(&leg);
        self.changed.insert(id);
        match (departed, gone.name) {
            (Some(departed), _) => self.after_leaving(now, departed),
            (None, Some(clip)) => self.out.act(Action::ForgetClip { clip }),
            (None, None) => {}
        }
        self.close_if_deserted(id);
    }

    /// Puts a member out: he hears why, then his call ends.
    pub(super) fn kick(&mut self, now: Instant, leg: LegId) {
        let sounds = self.leg_and_profile(leg).map(|(_, profile)| profile.sounds.of(Cue::Kicked));
        self.say_goodbye(now, leg, sounds.unwrap_or_default());
    }

    /// Tells what happened to a member.
    pub(super) fn note_member(&mut self, leg: LegId, what: MemberEvent) {
        let (who, room) = self.who_and_where(leg);
        self.changed.extend(self.room_of_leg(leg).filter(|_| what.shows_in_roster()));
        self.out.note(Event::Member { room, leg, who, what });
    }

    /// Tells what happened to a room.
    pub(super) fn note_room(&mut self, room: RoomId, what: RoomEvent) {
        let Some(found) = self.rooms.get(&room) else { return };
        self.changed.insert(room);
        self.out.note(Event::Room { room: found.name.clone(), what });
    }

    pub(super) fn held(&mut self, now: Instant, leg: LegId, on: bool) {
        let Some(found) = self.legs.get_mut(&leg).filter(|found| found.held != on) else { return };
        found.held = on;
        if found.member().is_some() {
            self.note_member(leg, MemberEvent::Held(on));
            self.apply(now, leg);
        }
    }

    /// Sets what has changed of whether he is heard and what he hears.
    pub(super) fn apply(&mut self, now: Instant, leg: LegId) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let held = found.held;
        if let Some(member) = found.member() {
            member.apply(leg, held, &mut self.out);
            self.settle_talk(now, leg);
        }
    }

    /// A leg with the profile of its room.
    pub(super) fn leg_and_profile(&mut self, leg: LegId) -> Option<(&mut Leg, Arc<Profile>)> {
        let leg = self.legs.get_mut(&leg)?;
        let profile = self.rooms.get(&leg.room?)?.profile.clone();
        Some((leg, profile))
    }

    /// Whether he is a member, and moderates.
    pub(super) fn moderates(&self, leg: LegId) -> bool {
        self.member(leg).is_some_and(|member| member.has(MemberFlag::Moderator))
    }

    /// Whether somebody in a room, or on his way into it, has this flag.
    pub(super) fn has_flag(&self, leg: LegId, flag: MemberFlag) -> bool {
        self.legs.get(&leg).is_some_and(|leg| self.flags_of(leg).contains(&flag))
    }

    /// When he joined.
    pub(super) fn joined_at(&self, leg: LegId) -> Option<Instant> {
        self.member(leg).map(|member| member.joined)
    }

    /// The members of a room who do not moderate it.
    pub(super) fn participants(&self, room: RoomId) -> Vec<LegId> {
        let members = self.rooms.get(&room).map(|room| room.members.iter().copied());
        members.into_iter().flatten().filter(|leg| !self.moderates(*leg)).collect()
    }

    pub(super) fn member(&self, leg: LegId) -> Option<&Member> {
        match &self.legs.get(&leg)?.stage {
            Stage::Member(member) => Some(member),
            _ => None,
        }
    }

    /// Closes the audio of a room in which nobody is left, unless the conference is to be found again.
    pub(super) fn close_if_deserted(&mut self, room: RoomId) {
        let deserted = |room: &Room| room.attached.is_empty() && room.outcalls.is_empty() && !room.live;
        let Some(mut room) =
            self.rooms.get(&room).is_some_and(deserted).then(|| self.rooms.remove(&room)).flatten()
        else {
            return;
        };
        room.announcer.silence(&mut self.out);
        self.end_recording(room.id);
        self.out.timers.clear_room(room.id);
        self.changed.insert(room.id);
        self.out.act(Action::CloseRoom { room: room.id });
        if self.by_name.get(&room.name) == Some(&room.id) {
            self.by_name.remove(&room.name);
        }
    }
}

/// What is not as the mixer has it by itself: nothing is done to a voice unless the profile or the role says so.
pub(super) fn controls(profile: &Profile, member: &Member) -> impl Iterator<Item = Control> + use<> {
    let Profile { voice, echo, .. } = profile;
    let role: &Role = &member.role;
    let agc = role.agc.unwrap_or(voice.agc);
    let denoise = role.denoise.unwrap_or(voice.denoise);
    let controls = [
        Some(Control::Energy(member.energy)),
        (member.talk_volume != 0).then_some(Control::TalkVolume(member.talk_volume)),
        (member.listen_volume != 0).then_some(Control::ListenVolume(member.listen_volume)),
        voice.auto_energy.then_some(Control::AutoEnergy(true)),
        agc.map(|level| Control::Agc(Some(level))),
        denoise.then_some(Control::Denoise(true)),
        voice.loud_guard.map(|guard| Control::LoudGuard(Some(guard))),
        profile.has(ConferenceFlag::AudioAlways).then_some(Control::AudioAlways(true)),
        member.has(MemberFlag::MuteDetect).then_some(Control::MuteDetect(true)),
        (*echo != EchoPolicy::Ignore).then_some(Control::Echo(*echo)),
    ];
    controls.into_iter().flatten()
}

fn joined_event(member: &Member, size: usize) -> MemberEvent {
    MemberEvent::Joined {
        role: member.role.name.clone(),
        moderator: member.has(MemberFlag::Moderator),
        muted: member.muted,
        ghost: member.has(MemberFlag::Ghost),
        size,
    }
}
