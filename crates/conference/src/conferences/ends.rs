//! How conferences end: empty, without those who keep them going, after a time, by key; and how rooms fail.

use std::time::{Duration, Instant};

use super::Conferences;
use crate::action::{Action, Cause, LegId, RoomId};
use crate::entry::{Departed, Wait};
use crate::event::{LeaveCause, RoomEndCause, RoomEvent};
use crate::input::Reason;
use crate::leg::Stage;
use crate::phrases;
use crate::prompts::Kind;
use crate::room::Coming;
use crate::settings::{ConferenceFlag, Cue, MemberFlag};

/// From so much on, a time that is left is told in minutes.
const TOLD_IN_MINUTES: Duration = Duration::from_secs(120);

/// One who is put out.
struct Dismissed {
    leg: LegId,
    /// If he was a member.
    departed: Option<Departed>,
    /// Whether he hears something first.
    speaks: bool,
}

impl Conferences {
    /// What follows of a member's coming.
    pub(super) fn after_joining(&mut self, now: Instant, leg: LegId, room: RoomId, begins: bool) {
        let Some(member) = self.member(leg) else { return };
        let [moderates, marked, keeps] =
            [MemberFlag::Moderator, MemberFlag::Marked, MemberFlag::EndConf].map(|flag| member.has(flag));
        self.out.timers.clear(Reason::Linger(room));
        if begins {
            self.set_deadline(now, room);
        }
        if keeps && self.out.timers.clear(Reason::Grace(room)) {
            self.note_room(room, RoomEvent::Spared);
        }
        if (moderates || marked) && self.reconsider(now, room) {
            self.announce(now, room, Cue::Begin);
        }
        if moderates && self.first_at_the_door(room).is_some() {
            self.prompt(now, leg, Kind::Notice, Cue::Knock);
        }
        self.consider_recording(room);
        self.watch_silence(now, room);
    }

    /// What follows of a member's leaving: the others hear of it, or the conference ends.
    pub(super) fn after_leaving(&mut self, now: Instant, gone: Departed) {
        let room = gone.room;
        let Some(found) = self.rooms.get_mut(&room).filter(|room| !room.over) else {
            return gone.name.into_iter().for_each(|clip| self.out.act(Action::ForgetClip { clip }));
        };
        if !gone.had(MemberFlag::Ghost) {
            let is_told = found.live && !gone.had(MemberFlag::Quiet);
            found.see_off(gone.leg, Coming { is_told, name: gone.name }, &mut self.out);
        }
        if gone.had(MemberFlag::MandatoryMemberEndConf) {
            return self.end_room(now, room, RoomEndCause::CallerLeft);
        }
        if found.min_two && found.size() < 2 && !gone.had(MemberFlag::Ghost) {
            return self.end_room(now, room, RoomEndCause::Alone);
        }
        self.end_for_followers(now, &gone);
        self.watch_silence(now, room);
        if self.rooms.get(&room).is_some_and(|room| room.live && room.size() == 0) {
            return self.emptied(now, room);
        }
        self.settle(now, room);
    }

    /// Puts all out: each hears the kicked-sound, then his call ends. What rings is taken back.
    pub(super) fn end_room(&mut self, now: Instant, room: RoomId, cause: RoomEndCause) {
        let Some(sounds) = self.rooms.get(&room).map(|room| room.profile.sounds.of(Cue::Kicked)) else {
            return;
        };
        self.seal(room, cause);
        self.cancel_calling(now, room);
        let attached = self.rooms.get(&room).map(|room| room.attached.clone()).unwrap_or_default();
        for leg in attached {
            self.say_goodbye(now, leg, sounds.clone());
        }
        self.end_recording(room);
        self.close_if_deserted(room);
    }

    /// The leg is no member any more, and waits no more; its call ends after the sounds.
    pub(super) fn say_goodbye(&mut self, now: Instant, leg: LegId, sounds: Vec<String>) {
        let dismissed = self.dismiss(now, leg, sounds);
        dismissed.into_iter().for_each(|gone| self.after_goodbye(now, gone));
    }

    fn dismiss(&mut self, now: Instant, leg: LegId, sounds: Vec<String>) -> Option<Dismissed> {
        self.legs.get(&leg).filter(|leg| !matches!(leg.stage, Stage::Leaving))?;
        let mut departed = self.depart(now, leg, LeaveCause::Kicked);
        departed.iter_mut().for_each(|gone| gone.member.seclude(leg, &mut self.out));
        self.forget_naming(leg);
        self.stop_waiting(leg);
        let found = self.legs.get_mut(&leg)?;
        found.stage = Stage::Leaving;
        found.prompts.clear(&mut self.out);
        self.out.timers.clear_leg(leg);
        let speaks = found.prompts.say_now(now, &mut self.out, Kind::Goodbye, sounds);
        Some(Dismissed { leg, departed, speaks })
    }

    fn after_goodbye(&mut self, now: Instant, gone: Dismissed) {
        let Dismissed { leg, departed, speaks } = gone;
        departed.into_iter().for_each(|gone| self.after_leaving(now, gone));
        if !speaks {
            self.finish_goodbye(now, leg);
        }
    }

    pub(super) fn finish_goodbye(&mut self, now: Instant, leg: LegId) {
        self.hang_up(now, leg, Cause::Normal, LeaveCause::Kicked);
    }

    /// The grace time is over.
    pub(super) fn grace_over(&mut self, now: Instant, room: RoomId) {
        self.end_room(now, room, RoomEndCause::ModeratorsLeft);
    }

    /// Nobody has talked for as long as may be.
    pub(super) fn silent_too_long(&mut self, now: Instant, room: RoomId) {
        self.end_room(now, room, RoomEndCause::Silence);
    }

    /// The conference has lasted as long as it may, or is to be warned of it.
    pub(super) fn deadline_near(&mut self, now: Instant, room: RoomId) {
        let Some(deadline) = self.rooms.get(&room).and_then(|room| room.deadline) else { return };
        if now >= deadline {
            return self.end_room(now, room, RoomEndCause::TimeLimit);
        }
        self.warn(now, room, deadline - now, RoomEndCause::TimeLimit);
        self.await_deadline(now, room);
    }

    /// Nobody has come back to the empty room.
    pub(super) fn lingered(&mut self, now: Instant, room: RoomId) {
        self.conclude(now, room);
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

    /// Nobody talks, though there are two who could: the time runs from now on. Otherwise it does not.
    pub(super) fn watch_silence(&mut self, now: Instant, room: RoomId) {
        let Some(found) = self.rooms.get(&room) else { return };
        let Some(limit) = found.profile.ends.silence else { return };
        let silent = !found.over && found.size() > 1 && found.talkers == 0;
        let reason = Reason::Silence(room);
        match (silent, self.out.timers.is_set(reason)) {
            (true, false) => self.out.timers.set(reason, now + limit),
            (false, true) => drop(self.out.timers.clear(reason)),
            _ => {}
        }
    }

    /// Some end, or wait again, or the conference ends, when the last of those has left whom they need.
    fn end_for_followers(&mut self, now: Instant, gone: &Departed) {
        let room = gone.room;
        let Some(found) = self.rooms.get(&room) else { return };
        let last = |flag| gone.had(flag) && found.with(flag) == 0;
        let (marked, led, kept) =
            (last(MemberFlag::Marked), last(MemberFlag::Moderator), last(MemberFlag::EndConf));
        let waits_again = found.profile.has(ConferenceFlag::PermanentWaitMod);
        if gone.had(MemberFlag::Marked) {
            self.put_out(now, room, MemberFlag::EndMarkedAny);
        }
        if marked {
            self.put_out(now, room, MemberFlag::EndMarked);
            self.send_back(now, room, Wait::Marked);
        }
        if led && waits_again {
            self.send_back(now, room, Wait::Moderator);
        }
        if kept {
            self.end_after_grace(now, room);
        }
    }

    /// Puts out all who have this flag: they hear that the leader has left.
    fn put_out(&mut self, now: Instant, room: RoomId, flag: MemberFlag) {
        let Some(found) = self.rooms.get(&room) else { return };
        let sounds = found.profile.sounds.of(Cue::LeaderHasLeft);
        let members = found.members.iter().copied();
        let bound: Vec<_> =
            members.filter(|leg| self.member(*leg).is_some_and(|member| member.has(flag))).collect();
        // All go before anything follows of it: who ends others may be bound himself.
        let dismissed: Vec<_> =
            bound.into_iter().filter_map(|leg| self.dismiss(now, leg, sounds.clone())).collect();
        dismissed.into_iter().for_each(|gone| self.after_goodbye(now, gone));
    }

    fn end_after_grace(&mut self, now: Instant, room: RoomId) {
        let Some(found) = self.rooms.get(&room).filter(|room| room.size() > 0) else { return };
        let grace = found.profile.ends.grace;
        if grace.is_zero() {
            return self.end_room(now, room, RoomEndCause::ModeratorsLeft);
        }
        self.out.timers.set(Reason::Grace(room), now + grace);
        self.warn(now, room, grace, RoomEndCause::ModeratorsLeft);
    }

    /// Tells all that the conference will end.
    fn warn(&mut self, now: Instant, room: RoomId, within: Duration, cause: RoomEndCause) {
        let Some(profile) = self.rooms.get(&room).map(|room| room.profile.clone()) else { return };
        // A timeout is a little late: what is left of ten seconds is still told as ten.
        let within = Duration::from_secs((within + Duration::from_millis(500)).as_secs());
        let (count, unit) = if within >= TOLD_IN_MINUTES {
            ((within.as_secs() + 30) / 60, Cue::Minutes)
        } else {
            (within.as_secs(), Cue::Seconds)
        };
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let mut more = phrases::number(&profile.sounds, &profile.language, count);
        more.extend(profile.sounds.of(unit));
        self.note_room(room, RoomEvent::Ending { within, cause });
        self.announce_with(now, room, Cue::EndingSoon, more);
    }

    /// The conference begins: it lasts as long as it may from now on.
    fn set_deadline(&mut self, now: Instant, room: RoomId) {
        let Some(found) = self.rooms.get_mut(&room) else { return };
        found.deadline = found.profile.ends.max_duration.map(|lasts| now + lasts);
        self.await_deadline(now, room);
    }

    /// Arms the next warning, or the end itself.
    fn await_deadline(&mut self, now: Instant, room: RoomId) {
        let Some(found) = self.rooms.get(&room) else { return };
        let Some(deadline) = found.deadline else { return };
        let warnings = found.profile.ends.warnings.iter().filter_map(|before| deadline.checked_sub(*before));
        let next = warnings.filter(|at| *at > now).min().unwrap_or(deadline);
        self.out.timers.set(Reason::Deadline(room), next);
    }

    /// The last member has left. The conference may be found again for a while.
    fn emptied(&mut self, now: Instant, room: RoomId) {
        self.cancel_calling(now, room);
        let Some(found) = self.rooms.get_mut(&room) else { return };
        found.announcer.silence(&mut self.out);
        self.end_recording(room);
        let Some(found) = self.rooms.get(&room) else { return };
        let linger = found.profile.ends.linger;
        if linger.is_zero() {
            return self.conclude(now, room);
        }
        self.out.timers.set(Reason::Linger(room), now + linger);
    }

    /// The empty conference is over: what was set in it does not bind the next one in the same room.
    fn conclude(&mut self, now: Instant, room: RoomId) {
        let Some(found) = self.rooms.get_mut(&room).filter(|room| room.live) else { return };
        found.begin_anew(&mut self.out);
        self.out.timers.clear_room(room);
        self.note_room(room, RoomEvent::Ended(RoomEndCause::Empty));
        self.reconsider(now, room);
        self.close_if_deserted(room);
    }

    /// Ends all calls of a room at once.
    fn cut_room(&mut self, now: Instant, room: RoomId, end: RoomEndCause, cause: Cause, why: LeaveCause) {
        self.seal(room, end);
        self.cancel_calling(now, room);
        let attached = self.rooms.get(&room).map(|room| room.attached.clone()).unwrap_or_default();
        for leg in attached {
            self.hang_up(now, leg, cause, why);
        }
        self.close_if_deserted(room);
    }

    /// The room plays nothing and takes nobody any more; its name is free for a fresh one.
    fn seal(&mut self, room: RoomId, cause: RoomEndCause) {
        let Some(found) = self.rooms.get_mut(&room) else { return };
        found.announcer.silence(&mut self.out);
        found.over = true;
        let was_live = std::mem::take(&mut found.live);
        if self.by_name.get(&found.name) == Some(&room) {
            self.by_name.remove(&found.name);
        }
        self.out.timers.clear_room(room);
        if was_live {
            self.note_room(room, RoomEvent::Ended(cause));
        }
    }
}
