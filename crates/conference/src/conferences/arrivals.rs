//! Incoming calls: the route table, ringing, answering and the PIN.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Conferences;
use crate::action::{Action, LegId, RoomId};
use crate::event::Event;
use crate::input::{Caller, Reason, Refused};
use crate::leg::{Call, Leg, PinEntry, Stage};
use crate::names::RoomName;
use crate::prompts::Kind;
use crate::room::Room;
use crate::settings::{Profile, Route};

/// A `#` that comes so soon after a number or PIN that was complete without it belongs to it.
pub(super) const LATE_TERMINATOR: Duration = Duration::from_secs(2);

impl Conferences {
    /// Whether a call may be taken at all: asked before there is any state for it.
    pub fn admit(&self, dialled: &str, authenticated: Option<&str>) -> Result<(), Refused> {
        self.route(dialled, authenticated).map(drop)
    }

    /// How a call of this number will sound: the profile of its room if that is open, else of its route.
    pub fn profile_of_number(&self, dialled: &str, authenticated: Option<&str>) -> Option<Arc<Profile>> {
        let (route, name) = self.route(dialled, authenticated).ok()?;
        let open = self.by_name.get(name.as_str()).and_then(|room| self.rooms.get(room));
        Some(open.map_or_else(|| self.profile(&route.profile), |room| room.profile.clone()))
    }

    /// The room that this number leads to, if it is open.
    pub fn room_of_number(&self, dialled: &str, authenticated: Option<&str>) -> Option<RoomId> {
        let (_, name) = self.route(dialled, authenticated).ok()?;
        self.by_name.get(name.as_str()).copied()
    }

    pub(super) fn arrived(&mut self, now: Instant, leg: LegId, caller: Caller, dialled: &str) {
        if self.legs.contains_key(&leg) {
            return;
        }
        match self.accept(now, &caller, dialled) {
            Err(refused) => self.refuse(leg, caller.number, dialled, refused),
            Ok((route, room)) => {
                let answer_after = route.answer_after;
                self.legs.insert(leg, Box::new(Leg::incoming(leg, caller, route, room)));
                if answer_after.is_zero() {
                    return self.answer(now, leg);
                }
                self.out.act(Action::Ring { leg });
                self.out.timers.set(Reason::Answer(leg), now + answer_after);
            }
        }
    }

    /// The call is answered in its room; who must type a PIN is not yet a member of it.
    pub(super) fn answer(&mut self, now: Instant, leg: LegId) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let Call::Incoming { caller, route, room } = &found.call else { return };
        let (route, room, number) = (route.clone(), room.clone(), caller.number.clone());
        if let Err(refused) = self.check_room(&room) {
            self.legs.remove(&leg);
            return self.refuse(leg, number, &route.pattern.to_string(), refused);
        }
        let profile = self.profile(&route.profile);
        let room = self.enter_room(leg, room.as_str(), &profile);
        self.out.act(Action::Answer { leg });
        if route.pin.is_some() {
            self.ask_pin(now, leg, &profile);
        } else {
            self.join(now, leg, room);
        }
    }

    pub(super) fn pin_digit(&mut self, now: Instant, leg: LegId, digit: char) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let pin = found.route().and_then(|route| route.pin.clone());
        let (Stage::Pin(entry), Some(pin)) = (&mut found.stage, pin) else { return };
        if digit == '#' && entry.typed.is_empty() {
            return;
        }
        found.prompts.interrupt(&mut self.out, Kind::Pin);
        if digit != '#' {
            entry.typed.push(digit);
        }
        if digit != '#' && entry.typed.len() < pin.digits() {
            return self.await_first_digit(now, leg);
        }
        if pin.matches(&entry.typed) {
            self.pin_passed(now, leg, digit != '#');
        } else {
            self.pin_failed(now, leg);
        }
    }

    pub(super) fn pin_failed(&mut self, now: Instant, leg: LegId) {
        let (who, room) = self.who_and_where(leg);
        let tries_left = self.count_wrong_pin(now, leg, &room);
        self.out.timers.clear(Reason::Entry(leg));
        self.out.note(Event::PinFailed { room, who, tries_left });
        let Some((_, profile)) = self.leg_and_profile(leg) else { return };
        let sounds = &profile.sounds;
        if tries_left == 0 {
            return self.say_goodbye(now, leg, sounds.bad_pin.clone());
        }
        let prompt = [&sounds.bad_pin, &sounds.pin].into_iter().flatten().cloned().collect();
        self.prompt_pin(now, leg, prompt);
    }

    /// Returns the tries that are left in this call.
    fn count_wrong_pin(&mut self, now: Instant, leg: LegId, room: &str) -> u8 {
        self.pin_guard.wrong(now, room);
        let Some(found) = self.legs.get_mut(&leg) else { return 0 };
        let (Stage::Pin(entry), Call::Incoming { caller, .. }) = (&mut found.stage, &found.call) else {
            return 0;
        };
        entry.typed.clear();
        if !std::mem::replace(&mut entry.failed, true) {
            self.pin_guard.bad_call(now, caller);
        }
        let attacked = self.pin_guard.is_attacked(now, room);
        entry.tries_left = if attacked { 0 } else { entry.tries_left.saturating_sub(1) };
        entry.tries_left
    }

    /// The first route that has the number, if this user may dial it, and the room that it leads to.
    fn route(&self, dialled: &str, authenticated: Option<&str>) -> Result<(Arc<Route>, RoomName), Refused> {
        if self.closed {
            return Err(Refused { status: 503, why: "the server shuts down" });
        }
        let matching = || self.routes.iter().filter(|route| route.pattern.matches(dialled));
        let allowed = matching().find(|route| route.who.allows(authenticated));
        let no_number = Refused { status: 404, why: "no such number" };
        let Some(route) = allowed else {
            let forbidden = Refused { status: 403, why: "the caller may not dial this" };
            return Err(if matching().next().is_some() { forbidden } else { no_number });
        };
        route.room.name(dialled).map(|room| (route.clone(), room)).ok_or(no_number)
    }

    fn accept(
        &mut self,
        now: Instant,
        caller: &Caller,
        dialled: &str,
    ) -> Result<(Arc<Route>, RoomName), Refused> {
        let (route, room) = self.route(dialled, caller.user.as_deref())?;
        if self.legs.len() >= self.max_legs {
            return Err(Refused { status: 503, why: "too many calls" });
        }
        self.check_room(&room)?;
        let locked = route.pin.as_ref().and_then(|_| self.pin_guard.locked_for(now, caller, room.as_str()));
        if let Some(remaining) = locked {
            let (room, who) = (room.to_string(), caller.number.clone());
            self.out.note(Event::PinBlocked { room, who, remaining });
            return Err(Refused { status: 403, why: "too many wrong PINs" });
        }
        Ok((route, room))
    }

    fn check_room(&self, name: &RoomName) -> Result<(), Refused> {
        let room = self.by_name.get(name.as_str()).and_then(|id| self.rooms.get(id));
        match room {
            Some(room) if room.is_full() => Err(Refused { status: 486, why: "the room is full" }),
            _ => Ok(()),
        }
    }

    fn refuse(&mut self, leg: LegId, who: String, dialled: &str, refused: Refused) {
        let Refused { status, why } = refused;
        self.out.act(Action::Reject { leg, status });
        self.out.note(Event::CallRefused { dialled: dialled.to_owned(), who, status, why });
    }

    /// Attaches the leg to the room of this name, which is opened if there is none.
    fn enter_room(&mut self, leg: LegId, name: &str, profile: &Arc<Profile>) -> RoomId {
        let id = self.by_name.get(name).copied().unwrap_or_else(|| self.open_room(name, profile));
        if let Some(room) = self.rooms.get_mut(&id) {
            room.attach(leg, &mut self.out);
        }
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.room = Some(id);
        }
        id
    }

    fn open_room(&mut self, name: &str, profile: &Arc<Profile>) -> RoomId {
        self.last_room += 1;
        let id = RoomId(self.last_room);
        let denoise = profile.voice.denoise || self.roles.values().any(|role| role.denoise == Some(true));
        self.rooms.insert(id, Room::open(id, name, profile.clone(), denoise, &mut self.out));
        self.by_name.insert(name.to_owned(), id);
        id
    }

    fn ask_pin(&mut self, now: Instant, leg: LegId, profile: &Profile) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let tries_left = profile.pin_retries.max(1);
        found.stage = Stage::Pin(PinEntry { typed: String::new(), tries_left, failed: false });
        self.prompt_pin(now, leg, profile.sounds.pin.clone().into_iter().collect());
    }

    fn prompt_pin(&mut self, now: Instant, leg: LegId, sounds: Vec<String>) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        if !found.prompts.say_now(now, &mut self.out, Kind::Pin, sounds) {
            self.await_first_digit(now, leg);
        }
    }

    fn pin_passed(&mut self, now: Instant, leg: LegId, without_terminator: bool) {
        self.out.timers.clear(Reason::Entry(leg));
        let Some(found) = self.legs.get(&leg) else { return };
        let Some(room) = found.room else { return };
        if let Call::Incoming { caller, .. } = &found.call {
            self.pin_guard.passed(caller);
        }
        self.join(now, leg, room);
        if let Some(member) = self.legs.get_mut(&leg).and_then(|leg| leg.member()) {
            member.late_terminator = without_terminator.then(|| now + LATE_TERMINATOR);
        }
    }
}
