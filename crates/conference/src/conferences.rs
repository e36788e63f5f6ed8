//! The state machine: all legs and rooms, and which input goes where.

mod arrivals;
mod controls;
mod endings;
mod membership;
mod outcalls;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use crate::action::{Action, LegId, Listener, PlaybackId, RoomId};
use crate::event::{Event, LeaveCause};
use crate::input::{Input, Outcome, Reason};
use crate::leg::Leg;
use crate::limits::Ledger;
use crate::outbox::Outbox;
use crate::pin_guard::PinGuard;
use crate::prompts::Kind;
use crate::room::Room;
use crate::settings::{Profile, Role, Route, Settings};

/// All rooms, members and invites.
///
/// After each call of `handle_*`, poll the actions and events until there are none, then the timeout.
#[derive(Debug)]
pub struct Conferences {
    profiles: BTreeMap<String, Arc<Profile>>,
    roles: BTreeMap<String, Arc<Role>>,
    routes: Vec<Arc<Route>>,
    max_legs: usize,
    legs: BTreeMap<LegId, Box<Leg>>,
    rooms: BTreeMap<RoomId, Room>,
    /// The rooms that one can join.
    by_name: BTreeMap<String, RoomId>,
    ledger: Ledger,
    pin_guard: PinGuard,
    last_room: u64,
    last_leg: u64,
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
            routes: settings.routes.into_iter().map(Arc::new).collect(),
            max_legs: settings.max_legs,
            legs: BTreeMap::new(),
            rooms: BTreeMap::new(),
            by_name: BTreeMap::new(),
            ledger: Ledger::new(settings.outcalls),
            pin_guard: PinGuard::default(),
            last_room: 0,
            last_leg: LegId::OUTGOING.0,
            closed: false,
            out: Outbox::default(),
        }
    }

    /// Takes in what happened.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        match input {
            Input::Arrived { leg, caller, dialled } => self.arrived(now, leg, caller, &dialled),
            Input::Ringing { leg } => self.ringing(leg),
            Input::Answered { leg } => self.answered(now, leg),
            Input::Failed { leg, outcome } => self.failed(now, leg, outcome),
            Input::Digit { leg, digit } => self.digit(now, leg, digit.to_ascii_uppercase()),
            Input::Left { leg } => self.left(now, leg),
            Input::Lost { leg } => self.drop_leg(now, leg, LeaveCause::Lost),
            Input::Held { leg, on } => self.held(leg, on),
            Input::Talking { leg, on } => self.talking(leg, on),
            Input::TooLoud { leg } => self.too_loud(leg),
            Input::PlaybackDone { playback } => self.playback_done(now, playback),
            Input::RoomFailed { room } => self.room_failed(now, room),
            Input::Shutdown => self.shut_down(now),
        }
    }

    /// Does what is due. Too late or too often does no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(reason) = self.out.timers.take_due(now) {
            match reason {
                Reason::Answer(leg) => self.answer(now, leg),
                Reason::Ring(leg) => self.rang_too_long(now, leg),
                Reason::Duration(leg) => self.lasted_too_long(now, leg),
                Reason::Keys(leg) => self.keys_timeout(now, leg),
                Reason::Entry(leg) => self.entry_timeout(now, leg),
                Reason::Prompt(leg) => self.prompt_overdue(now, leg),
                Reason::Announcement(room) => self.announcement_overdue(now, room),
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
        (leg.number().to_owned(), room.map_or_else(String::new, |room| room.name.clone()))
    }

    fn left(&mut self, now: Instant, leg: LegId) {
        if self.legs.get(&leg).is_some_and(|leg| leg.is_calling()) {
            self.failed(now, leg, Outcome::Unreachable);
        } else {
            self.drop_leg(now, leg, LeaveCause::HungUp);
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
                found.announced(playback, &mut self.out);
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
        found.stop_announcement(&mut self.out);
        self.settle(now, room);
    }

    /// What follows the end of a private prompt.
    fn prompt_over(&mut self, now: Instant, leg: LegId, kind: Option<Kind>) {
        match kind {
            Some(Kind::Number | Kind::Pin) => self.await_first_digit(now, leg),
            Some(Kind::InvalidNumber) => self.leave_entry(now, leg),
            Some(Kind::Goodbye) => self.finish_goodbye(now, leg),
            Some(Kind::Mute | Kind::Value | Kind::Notice) | None => {}
        }
    }
}

fn shared<T>(named: BTreeMap<String, T>) -> BTreeMap<String, Arc<T>> {
    named.into_iter().map(|(name, value)| (name, Arc::new(value))).collect()
}
