//! Incoming calls: the route table, the look-up, ringing and answering.

use std::sync::Arc;
use std::time::Instant;

use super::Conferences;
use crate::action::{Action, LegId, RoomId};
use crate::entry::Entry;
use crate::event::{Event, MemberEvent};
use crate::input::{Caller, Reason, Refused};
use crate::leg::{Call, Leg, Stage};
use crate::names::RoomName;
use crate::outbox::Delivery;
use crate::room::Room;
use crate::settings::{Decision, OnFailure, Origin, Profile, Route};

impl Conferences {
    /// Whether a call may be taken at all: asked before there is any state for it.
    pub fn admit(&self, dialled: &str, origin: Origin<'_>) -> Result<(), Refused> {
        self.route(dialled, origin).map(drop)
    }

    /// How a call of this number will sound: the profile of its room if that is open, else the one that it will have.
    pub fn profile_of_number(&self, dialled: &str, origin: Origin<'_>) -> Option<Arc<Profile>> {
        let (route, name) = self.route(dialled, origin).ok()?;
        Some(self.profile_of_room(name.as_str(), &route.profile))
    }

    /// The room that this number leads to, if it is open.
    pub fn room_of_number(&self, dialled: &str, origin: Origin<'_>) -> Option<RoomId> {
        let (_, name) = self.route(dialled, origin).ok()?;
        self.by_name.get(name.as_str()).copied()
    }

    /// The name of the room that this number leads to, open or not.
    pub fn room_name_of_number(&self, dialled: &str, origin: Origin<'_>) -> Option<String> {
        self.route(dialled, origin).ok().map(|(_, name)| name.as_str().to_owned())
    }

    pub(super) fn arrived(&mut self, now: Instant, leg: LegId, caller: Caller, dialled: String) {
        if self.legs.contains_key(&leg) {
            return;
        }
        match self.accept(&caller, &dialled) {
            Err(refused) => self.refuse(leg, caller.number, dialled, refused),
            Ok((route, room)) => {
                let entry = Entry::by_route(&route, &room, caller.user.as_deref());
                let lookup = route.lookup.clone();
                self.legs.insert(leg, Box::new(Leg::incoming(leg, caller, dialled, route, entry)));
                match lookup {
                    Some(lookup) => self.look_up(now, leg, lookup),
                    None => self.proceed(now, leg),
                }
            }
        }
    }

    /// What was asked elsewhere is answered.
    pub(super) fn looked_up(&mut self, now: Instant, leg: LegId, answer: Result<Decision, String>) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        if !matches!(found.stage, Stage::LookingUp) {
            return;
        }
        self.out.timers.clear(Reason::LookUp(leg));
        match answer.and_then(|decision| self.check_decision(decision)) {
            Ok(Decision { reject: Some(status), .. }) => {
                let status = if (400..700).contains(&status) { status } else { 403 };
                self.refuse_leg(leg, Refused { status, why: "the look-up refuses it" });
            }
            Ok(decision) => {
                self.decide(leg, decision);
                self.proceed(now, leg);
            }
            Err(why) => self.lookup_failed(now, leg, why),
        }
    }

    /// There is no answer. The call goes on as its route says, or is refused.
    pub(super) fn lookup_failed(&mut self, now: Instant, leg: LegId, why: String) {
        let Some(found) = self.legs.get(&leg) else { return };
        let lookup = found.route().and_then(|route| route.lookup.clone()).unwrap_or_default();
        let on_failure = self.lookups.get(&lookup).map(|lookup| lookup.on_failure).unwrap_or_default();
        let who = found.number().to_owned();
        self.out.note(Event::LookUpFailed { lookup, who, why });
        match on_failure {
            OnFailure::Reject => self.refuse_leg(leg, Refused { status: 503, why: "the look-up failed" }),
            OnFailure::Continue => self.proceed(now, leg),
        }
    }

    /// The call is answered in its room; who must type a PIN or wait is not yet a member of it.
    pub(super) fn answer(&mut self, now: Instant, leg: LegId) {
        if !self.legs.get(&leg).is_some_and(|leg| matches!(leg.stage, Stage::Arriving)) {
            return;
        }
        if let Err(refused) = self.check_arrival(now, leg) {
            return self.refuse_leg(leg, refused);
        }
        self.enter_room(leg);
        self.out.act(Action::Answer { leg });
        self.come_in(now, leg);
    }

    /// The room of this name, which is opened if there is none: near the other one, if it is named.
    pub(super) fn open_room(&mut self, name: &str, profile: &str, near: Option<RoomId>) -> RoomId {
        if let Some(open) = self.by_name.get(name) {
            return *open;
        }
        self.last_room += 1;
        let id = RoomId(self.last_room);
        let profile = self.profile_of_room(name, profile);
        let denoise = profile.voice.denoise || self.roles.values().any(|role| role.denoise == Some(true));
        self.rooms.insert(id, Room::open(id, name, profile, denoise, near, &mut self.out));
        self.by_name.insert(name.to_owned(), id);
        id
    }

    /// Refuses an incoming call that was not answered.
    pub(super) fn refuse_leg(&mut self, leg: LegId, refused: Refused) {
        let Some(gone) = self.legs.remove(&leg) else { return };
        self.out.timers.clear_leg(leg);
        if let Call::Incoming { caller, dialled, .. } = gone.call {
            self.refuse(leg, caller.number, dialled, refused);
        }
    }

    /// The first route that has the number, if a call from there may dial it, and the room that it leads to.
    pub(super) fn route(&self, dialled: &str, origin: Origin<'_>) -> Result<(Arc<Route>, RoomName), Refused> {
        if self.closed {
            return Err(Refused { status: 503, why: "the server shuts down" });
        }
        let matching = || self.routes.iter().filter(|route| route.pattern.matches(dialled));
        let allowed = matching().find(|route| route.who.allows(origin));
        let no_number = Refused { status: 404, why: "no such number" };
        let Some(route) = allowed else {
            let forbidden = Refused { status: 403, why: "the caller may not dial this" };
            return Err(if matching().next().is_some() { forbidden } else { no_number });
        };
        let room = route.room.name(dialled, origin.user, self.last_unique + 1);
        room.map(|room| (route.clone(), room)).ok_or(no_number)
    }

    fn accept(&mut self, caller: &Caller, dialled: &str) -> Result<(Arc<Route>, RoomName), Refused> {
        let (route, room) = self.route(dialled, Origin::from(caller))?;
        if self.legs.len() >= self.max_legs {
            return Err(Refused { status: 503, why: "too many calls" });
        }
        self.last_unique += u64::from(route.room.is_unique());
        Ok((route, room))
    }

    fn look_up(&mut self, now: Instant, leg: LegId, lookup: String) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        found.stage = Stage::LookingUp;
        let Some(timeout) = self.lookups.get(&lookup).map(|lookup| lookup.timeout) else {
            return self.lookup_failed(now, leg, "there is no such look-up".to_owned());
        };
        let Call::Incoming { caller, dialled, .. } = &found.call else { return };
        let (caller, dialled) = (caller.clone(), dialled.clone());
        self.out.timers.set(Reason::LookUp(leg), now + timeout);
        self.out.act(Action::LookUp { leg, lookup, caller, dialled });
    }

    /// A decision that names what is not there is none: to go on with no rights or no sounds would surprise.
    fn check_decision(&self, decision: Decision) -> Result<Decision, String> {
        let unknown = |kind, name| Err(format!("there is no {kind} `{name}`"));
        match (&decision.role, &decision.profile) {
            (Some(role), _) if !self.roles.contains_key(role) => unknown("role", role),
            (_, Some(profile)) if !self.profiles.contains_key(profile) => unknown("profile", profile),
            _ => Ok(decision),
        }
    }

    fn decide(&mut self, leg: LegId, mut decision: Decision) {
        let Some(found) = self.legs.get_mut(&leg) else { return };
        if let (Some(name), Call::Incoming { caller, .. }) = (decision.name.take(), &mut found.call) {
            caller.name = Some(name);
        }
        found.entry.decided(decision);
    }

    /// It is settled where the call leads: it rings, or is answered.
    fn proceed(&mut self, now: Instant, leg: LegId) {
        if let Err(refused) = self.check_arrival(now, leg) {
            return self.refuse_leg(leg, refused);
        }
        let Some(found) = self.legs.get_mut(&leg) else { return };
        found.stage = Stage::Arriving;
        let answer_after = found.route().map(|route| route.answer_after).unwrap_or_default();
        if answer_after.is_zero() {
            return self.answer(now, leg);
        }
        self.out.act(Action::Ring { leg });
        self.out.timers.set(Reason::Answer(leg), now + answer_after);
    }

    /// Whether the call may be answered. Who is to hear why the room does not take him, is answered.
    pub(super) fn check_arrival(&mut self, now: Instant, leg: LegId) -> Result<(), Refused> {
        let Some(found) = self.legs.get(&leg) else { return Ok(()) };
        let profile = self.profile_of_room(&found.entry.room, &found.entry.profile);
        if found.entry.pins(&profile).is_empty() {
            let turned_away = self.turned_away(leg).filter(|away| profile.sounds.of(away.cue).is_empty());
            return turned_away.map_or(Ok(()), |away| Err(away.refused));
        }
        let (Call::Incoming { caller, .. }, room) = (&found.call, found.entry.room.as_str()) else {
            return Ok(());
        };
        let Some(remaining) = self.pin_guard.locked_for(now, caller, room) else { return Ok(()) };
        self.note_member(leg, MemberEvent::PinBlocked { remaining });
        Err(Refused { status: 403, why: "too many wrong PINs" })
    }

    pub(super) fn refuse(&mut self, leg: LegId, who: String, dialled: String, refused: Refused) {
        let Refused { status, why } = refused;
        self.out.act(Action::Reject { leg, status });
        self.out.note(Event::CallRefused { dialled, who, status, why });
    }

    /// Attaches the leg to its room, which is opened if there is none.
    fn enter_room(&mut self, leg: LegId) {
        let Some(entry) = self.legs.get(&leg).map(|leg| leg.entry.clone()) else { return };
        let id = self.open_room(&entry.room, &entry.profile, None);
        if let Some(room) = self.rooms.get_mut(&id) {
            room.attach(leg, &mut self.out);
        }
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.room = Some(id);
        }
        self.choose_delivery(leg);
    }

    /// In which language he is spoken to, and over what.
    pub(super) fn choose_delivery(&mut self, leg: LegId) {
        let Some(role) = self.legs.get(&leg).map(|leg| self.role(&leg.entry.role)) else { return };
        let Some((found, profile)) = self.leg_and_profile(leg) else { return };
        let language = role.language.clone().unwrap_or_else(|| profile.language.clone());
        found.prompts.deliver(Delivery { language, duck_db: profile.sounds.duck_db });
    }

    /// The profile of an open room; of another one the declared one, else the one named.
    pub(super) fn profile_of_room(&self, room: &str, profile: &str) -> Arc<Profile> {
        let open = self.by_name.get(room).and_then(|id| self.rooms.get(id)).map(|room| &room.profile);
        open.or_else(|| self.declared.get(room)).cloned().unwrap_or_else(|| self.profile(profile))
    }
}
