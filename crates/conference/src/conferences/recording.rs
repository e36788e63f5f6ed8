//! Recordings: when they begin and end, and who is told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Conferences;
use crate::action::{Action, LegId, RecordingId, RoomId};
use crate::event::{Event, RecordingEvent, RoomEvent};
use crate::input::Reason;
use crate::mark::Mark;
use crate::recordings::Open;
use crate::room::Room;
use crate::settings::{AutoRecord, ConferenceFlag, Cue, MemberFlag, Variable};

/// A recording that failed is tried again after so long, if its profile wants that.
const RETRY: Duration = Duration::from_secs(30);

impl Conferences {
    /// By key: begins a recording of his room.
    pub(super) fn record_start(&mut self, leg: LegId) {
        let (who, _) = self.who_and_where(leg);
        let Some(room) = self.room_of_leg(leg) else { return };
        if !self.out.recordings.is_on(room) {
            self.begin_recording(room, Some(who));
        }
    }

    /// By key: ends it.
    pub(super) fn record_stop(&mut self, now: Instant, leg: LegId) {
        let (who, _) = self.who_and_where(leg);
        let Some(room) = self.room_of_leg(leg) else { return };
        if self.stop_recording(room, Some(who)) {
            self.announce(now, room, Cue::RecordingStopped);
            if self.is_resumed(room) {
                self.consider_recording(room);
            }
        }
    }

    /// By key: begins or ends it.
    pub(super) fn record_toggle(&mut self, now: Instant, leg: LegId) {
        match self.room_of_leg(leg) {
            Some(room) if self.out.recordings.is_on(room) => self.record_stop(now, leg),
            Some(_) => self.record_start(leg),
            None => {}
        }
    }

    /// By key: interrupts it, or goes on with it.
    pub(super) fn record_pause(&mut self, now: Instant, leg: LegId) {
        let (by, _) = self.who_and_where(leg);
        let Some(room) = self.room_of_leg(leg) else { return };
        let Some(running) = self.out.recordings.of(room) else { return };
        running.paused = !running.paused;
        let (recording, on) = (running.id, running.paused);
        self.out.act(Action::PauseRecording { recording, on });
        self.note_room(room, RoomEvent::Recording { what: RecordingEvent::Paused(on), by: Some(by) });
        self.announce(now, room, if on { Cue::RecordingPaused } else { Cue::RecordingResumed });
    }

    /// Whether he is to be told that his room is recorded: all who were there at its begin know.
    pub(super) fn is_recorded(&self, leg: LegId) -> bool {
        self.room_of_leg(leg).is_some_and(|room| self.out.recordings.is_news_to(room, leg))
    }

    /// Somebody has joined: a recording may have to begin by itself.
    pub(super) fn consider_recording(&mut self, room: RoomId) {
        let Some(found) = self.rooms.get(&room).filter(|room| !room.over) else { return };
        let recordings = &self.out.recordings;
        if is_wanted(found) && !recordings.is_on(room) && !recordings.is_done(room) {
            self.begin_recording(room, None);
        }
    }

    /// The conference is over.
    pub(super) fn end_recording(&mut self, room: RoomId) {
        self.stop_recording(room, None);
        self.out.recordings.renew(room);
        self.out.timers.clear(Reason::Record(room));
    }

    /// It has its files. Where they are is told even if it was stopped meanwhile.
    pub(super) fn recording_started(&mut self, now: Instant, recording: RecordingId, path: String) {
        let Some(Open { room, by }) = self.out.recordings.open(recording).cloned() else { return };
        let what = RoomEvent::Recording { what: RecordingEvent::Started { path }, by };
        self.out.note(Event::Room { room, what });
        let Some(room) = self.out.recordings.room_of(recording) else { return };
        let members = self.rooms.get(&room).map(|room| room.members.clone()).unwrap_or_default();
        self.out.recordings.tell(room, members);
        self.changed.insert(room);
        self.announce(now, room, Cue::RecordingStarted);
    }

    /// Its files are complete, or it failed.
    pub(super) fn recording_stopped(&mut self, now: Instant, recording: RecordingId, error: Option<String>) {
        if let Some(room) = self.out.recordings.room_of(recording) {
            self.stop_recording(room, None);
            self.announce(now, room, Cue::RecordingFailed);
            if self.is_resumed(room) {
                self.out.timers.set(Reason::Record(room), now + RETRY);
            }
        }
        let Some(Open { room, by }) = self.out.recordings.close(recording) else { return };
        let what = RoomEvent::Recording { what: RecordingEvent::Stopped { error }, by };
        self.out.note(Event::Room { room, what });
    }

    /// The disk was too slow.
    pub(super) fn recording_gap(&mut self, recording: RecordingId, lost: Duration) {
        let Some(Open { room, .. }) = self.out.recordings.open(recording).cloned() else { return };
        let what = RoomEvent::Recording { what: RecordingEvent::Gap(lost), by: None };
        self.out.note(Event::Room { room, what });
    }

    fn begin_recording(&mut self, room: RoomId, by: Option<String>) {
        let Some(found) = self.rooms.get(&room).filter(|room| !room.over) else { return };
        let recording = self.out.recordings.begin(room, &found.name, by);
        let (plan, variables) = (Arc::new(found.profile.recording.clone()), self.variables(found));
        self.out.act(Action::Record { recording, room, plan, variables });
        let members: Vec<LegId> = found.members.iter().copied().collect();
        for leg in members {
            if let Some(mark) = self.present(leg) {
                self.out.act(Action::Mark { recording, mark });
            }
        }
    }

    /// Returns whether there was one.
    fn stop_recording(&mut self, room: RoomId, by: Option<String>) -> bool {
        let ended = self.out.recordings.end(room, by);
        ended.into_iter().for_each(|recording| self.out.act(Action::StopRecording { recording }));
        ended.is_some()
    }

    /// Whether a recording that ended before its conference is followed by another one.
    fn is_resumed(&mut self, room: RoomId) -> bool {
        let profile = self.rooms.get(&room).map(|room| &room.profile);
        let resumed = profile.is_some_and(|profile| profile.has(ConferenceFlag::RestartAutoRecord));
        if resumed {
            self.out.recordings.renew(room);
        }
        resumed
    }

    /// A member who was there before the recording.
    fn present(&self, leg: LegId) -> Option<Mark> {
        let member = self.member(leg)?;
        let found = self.legs.get(&leg)?;
        let facts = vec![
            ("role", member.role.name.as_str().into()),
            ("moderator", member.has(MemberFlag::Moderator).into()),
            ("muted", member.muted.into()),
            ("held", found.held.into()),
            ("talking", member.talk.is_on().into()),
        ];
        Some(Mark::member("present", leg, found.number(), facts))
    }

    fn variables(&self, room: &Room) -> Vec<(Variable, String)> {
        let first = room.members.iter().min_by_key(|leg| self.joined_at(**leg));
        let caller = first.and_then(|leg| self.legs.get(leg)).map(|leg| leg.caller_id());
        let number = caller.as_ref().map(|caller| caller.number.clone()).unwrap_or_default();
        let name = caller.and_then(|caller| caller.name).unwrap_or_else(|| number.clone());
        vec![
            (Variable::ConferenceName, room.name.clone()),
            (Variable::Profile, room.profile.name.clone()),
            (Variable::CallerIdNumber, number),
            (Variable::CallerIdName, name),
        ]
    }
}

/// Whether there are those for whom a recording begins by itself.
fn is_wanted(room: &Room) -> bool {
    match room.profile.recording.start {
        AutoRecord::Never => false,
        AutoRecord::Members(least) => room.size() >= least.max(1),
        AutoRecord::Moderator => room.with(MemberFlag::Moderator) > 0,
    }
}
