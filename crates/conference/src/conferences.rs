//! The state machine: all legs and rooms, and which input goes where.

mod arrivals;
mod controls;
mod door;
mod ends;
mod membership;
mod modes;
mod naming;
mod outcalls;
mod pins;
mod recording;
mod refer;
mod replace;
mod roster;
mod talk;
mod telling;
mod transfer;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use crate::action::{Action, InviteId, LegId, Listener, PlaybackId, RoomId};
use crate::event::{Event, LeaveCause};
use crate::input::{Input, Outcome, Reason, Release};
use crate::invite::Invite;
use crate::leg::{Leg, Stage};
use crate::limits::Ledger;
use crate::outbox::Outbox;
use crate::pin_guard::PinGuard;
use crate::prompts::Kind;
use crate::room::Room;
use crate::settings::{CallList, Lookup, Profile, Role, Route, Settings};

/// All rooms, members and invites.
///
/// After each call of `handle_*`, poll the actions, the events and the changed rooms until there are none, then the timeout.
#[derive(Debug)]
pub struct Conferences {
    profiles: BTreeMap<String, Arc<Profile>>,
    roles: BTreeMap<String, Arc<Role>>,
    /// The profiles of declared rooms, by the rooms' names.
    declared: BTreeMap<String, Arc<Profile>>,
    routes: Vec<Arc<Route>>,
    lookups: BTreeMap<String, Lookup>,
    max_legs: usize,
    legs: BTreeMap<LegId, Box<Leg>>,
    rooms: BTreeMap<RoomId, Room>,
    /// The rooms that one can join.
    by_name: BTreeMap<String, RoomId>,
    /// Those that are under way, and those by which somebody has joined who is still there.
    invites: BTreeMap<InviteId, Invite>,
    lists: BTreeMap<String, CallList>,
    ledger: Ledger,
    pin_guard: PinGuard,
    /// Rooms of which there is news for who watches.
    changed: BTreeSet<RoomId>,
    last_room: u64,
    /// Of the calls to routes that give each call a room of its own.
    last_unique: u64,
    last_leg: u64,
    last_invite: u64,
    last_clip: u64,
    closed: bool,
    out: Outbox,
}

impl Conferences {
    /// No room, no member. A profile or role that a route names but that is not there counts as the default
    /// one, which has no sounds or no rights ([`Settings::validate`] reports it).
    pub fn new(settings: Settings) -> Self {
        Self {
            profiles: shared(settings.profiles),
            roles: shared(settings.roles),
            declared: settings.rooms.into_iter().map(|(name, room)| (name, Arc::new(room.profile))).collect(),
            routes: settings.routes.into_iter().map(Arc::new).collect(),
            lookups: settings.lookups,
            max_legs: settings.max_legs,
            legs: BTreeMap::new(),
            rooms: BTreeMap::new(),
            by_name: BTreeMap::new(),
            invites: BTreeMap::new(),
            lists: settings.lists,
            ledger: Ledger::new(settings.outcalls),
            pin_guard: PinGuard::default(),
            changed: BTreeSet::new(),
            last_room: 0,
            last_unique: 0,
            last_leg: LegId::OUTGOING.0,
            last_invite: 0,
            last_clip: 0,
            closed: false,
            out: Outbox::default(),
        }
    }

    /// Takes in what happened.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        match input {
            Input::Arrived { leg, caller, dialled } => self.arrived(now, leg, caller, dialled),
            Input::LookedUp { leg, answer } => self.looked_up(now, leg, answer),
            Input::Replaced { old, new, caller } => self.replaced(now, old, new, caller),
            Input::Ringing { leg } => self.ringing(now, leg),
            Input::Answered { leg } => self.answered(now, leg),
            Input::Failed { leg, outcome, release } => self.failed(now, leg, outcome, release),
            Input::Refer(refer) => self.refer(now, refer),
            Input::Digit { leg, digit } => self.pressed(now, leg, digit.to_ascii_uppercase()),
            Input::Left { leg } => self.left(now, leg, LeaveCause::HungUp),
            Input::Lost { leg } => self.left(now, leg, LeaveCause::Lost),
            Input::Held { leg, on } => self.held(now, leg, on),
            Input::Talking { leg, on } => self.talking(now, leg, on),
            Input::MutedTalk { leg } => self.muted_talk(now, leg),
            Input::TooLoud { leg } => self.too_loud(now, leg),
            Input::Floor { leg, on } => self.floor(leg, on),
            Input::Echo { leg, on, delay_ms, loss_db } => self.echo(now, leg, on, delay_ms, loss_db),
            Input::PlaybackDone { playback } => self.playback_done(now, playback),
            Input::RecordingStarted { recording, path } => self.recording_started(now, recording, path),
            Input::RecordingStopped { recording, error } => self.recording_stopped(now, recording, error),
            Input::RecordingGap { recording, lost } => self.recording_gap(recording, lost),
            Input::NameRecorded { leg, clip, length } => self.name_recorded(now, leg, clip, length),
            Input::RoomFailed { room } => self.room_failed(now, room),
            Input::Shutdown => self.shut_down(now),
        }
    }

    /// Does what is due. Too late or too often does no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(reason) = self.out.timers.take_due(now) {
            match reason {
                Reason::LookUp(leg) => self.lookup_failed(now, leg, "no answer in time".to_owned()),
                Reason::Answer(leg) => self.answer(now, leg),
                Reason::Confirm(leg) => self.not_confirmed(now, leg),
                Reason::Redial(invite) => self.call_again(now, invite),
                Reason::Ring(leg) => self.rang_too_long(now, leg),
                Reason::Duration(leg) => self.lasted_too_long(now, leg),
                Reason::Keys(leg) => self.keys_timeout(now, leg),
                Reason::Entry(leg) => self.entry_timeout(now, leg),
                Reason::Prompt(leg) => self.prompt_overdue(now, leg),
                Reason::Record(room) => self.consider_recording(room),
                Reason::Announcement(room) => self.announcement_overdue(now, room),
                Reason::Grace(room) => self.grace_over(now, room),
                Reason::Silence(room) => self.silent_too_long(now, room),
                Reason::Deadline(room) => self.deadline_near(now, room),
                Reason::Linger(room) => self.lingered(now, room),
            }
        }
    }

    /// What is to be done next.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.out.actions.pop_front()
    }

    /// What there is to tell.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.out.events.pop_front()
    }

    /// When [`Conferences::handle_timeout`] is to be called, and for what.
    pub fn poll_timeout(&self) -> Option<(Instant, Reason)> {
        self.out.timers.next()
    }

    /// How a leg sounds that is in a room or called into one.
    pub fn profile_of_leg(&self, leg: LegId) -> Option<Arc<Profile>> {
        let room = self.legs.get(&leg)?.room?;
        self.rooms.get(&room).map(|room| room.profile.clone())
    }

    /// The room that a leg is in or called into.
    pub fn room_of_leg(&self, leg: LegId) -> Option<RoomId> {
        self.legs.get(&leg)?.room
    }

    /// The number of a leg and the name of its room, for who watches.
    pub fn name_of_leg(&self, leg: LegId) -> Option<(String, String)> {
        self.legs.contains_key(&leg).then(|| self.who_and_where(leg))
    }

    fn profile(&self, name: &str) -> Arc<Profile> {
        self.profiles.get(name).cloned().unwrap_or_default()
    }

    fn role(&self, name: &str) -> Arc<Role> {
        self.roles.get(name).cloned().unwrap_or_default()
    }

    /// The leg's number and its room's name, for events.
    fn who_and_where(&self, leg: LegId) -> (String, String) {
        let Some(leg) = self.legs.get(&leg) else { return Default::default() };
        let room = leg.room.and_then(|room| self.rooms.get(&room));
        (leg.number().to_owned(), room.map_or_else(|| leg.entry.room.clone(), |room| room.name.clone()))
    }

    /// The call of a leg is over, and not by our doing.
    fn left(&mut self, now: Instant, leg: LegId, why: LeaveCause) {
        match self.legs.get(&leg).map(|leg| &leg.stage) {
            Some(Stage::Calling) => self.failed(now, leg, Outcome::Unreachable, Release::default()),
            Some(Stage::Confirming { .. }) => self.left_before_joining(now, leg),
            _ => self.drop_leg(now, leg, why),
        }
    }

    fn playback_done(&mut self, now: Instant, playback: PlaybackId) {
        match self.out.forget(playback) {
            Some(Listener::Leg(leg)) => {
                let Some(found) = self.legs.get_mut(&leg) else { return };
                let kind = found.prompts.done(now, &mut self.out, playback);
                self.prompt_over(now, leg, kind);
            }
            Some(Listener::Room(room)) => {
                let Some(found) = self.rooms.get_mut(&room) else { return };
                found.announcer.done(playback, &mut self.out);
                self.settle(now, room);
            }
            None => {}
        }
    }

    fn prompt_overdue(&mut self, now: Instant, leg: LegId) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let kind = found.prompts.overdue(now, &mut self.out);
        self.prompt_over(now, leg, kind);
    }

    fn announcement_overdue(&mut self, now: Instant, room: RoomId) {
        let Some(found) = self.rooms.get_mut(&room) else { return };
        found.announcer.stop(&mut self.out);
        self.settle(now, room);
    }

    /// What follows the end of a private prompt.
    fn prompt_over(&mut self, now: Instant, leg: LegId, kind: Option<Kind>) {
        match kind {
            Some(Kind::Confirm) => self.confirm_prompt_over(now, leg),
            Some(Kind::Number | Kind::Pin) => self.await_first_digit(now, leg),
            Some(Kind::InvalidNumber) => self.leave_entry(now, leg),
            Some(Kind::Goodbye) => self.finish_goodbye(now, leg),
            Some(Kind::Name | Kind::Review) => self.name_prompt_over(now, leg),
            _ => {}
        }
    }
}

fn shared<T>(named: BTreeMap<String, T>) -> BTreeMap<String, Arc<T>> {
    named.into_iter().map(|(name, value)| (name, Arc::new(value))).collect()
}
