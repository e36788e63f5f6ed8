//! Members who go on to another room, by a number and without a new call.

use std::time::Instant;

use super::Conferences;
use crate::action::{Action, Control, DialTarget, LegId, RoomId};
use crate::entry::Entry;
use crate::event::{LeaveCause, MemberEvent};
use crate::input::{Reason, Refused};
use crate::leg::{Call, Leg};
use crate::prompts::Kind;
use crate::settings::{Cue, Origin};

impl Conferences {
    /// Takes a member to where this number leads: by its route, as if he had dialled it, with its PIN, its lock and its lobby. He
    /// stays where he is if he would not be let in.
    pub(super) fn transfer(&mut self, now: Instant, leg: LegId, number: &str) {
        match self.check_transfer(now, leg, number) {
            Ok(entry) => self.go_over(now, leg, entry),
            Err(Refused { status, .. }) => {
                self.note_member(leg, MemberEvent::NotTransferred { number: number.to_owned(), status });
                self.prompt(now, leg, Kind::Notice, Cue::NotAllowed);
            }
        }
    }

    /// Where he would come to.
    fn check_transfer(&mut self, now: Instant, leg: LegId, number: &str) -> Result<Entry, Refused> {
        let gone = Refused { status: 481, why: "he is no member" };
        self.member(leg).ok_or(gone)?;
        let found = self.legs.get(&leg).ok_or(gone)?;
        let origin = origin_of(found);
        let (route, room) = self.route(number, origin)?;
        let entry = Entry::by_route(&route, &room, origin.user);
        if self.by_name.get(room.as_str()).copied() == found.room {
            return Err(Refused { status: 482, why: "he is there already" });
        }
        if route.lookup.is_some() {
            return Err(Refused { status: 403, why: "a look-up decides on calls only" });
        }
        self.last_unique += u64::from(route.room.is_unique());
        self.check_door(now, leg, entry.clone())?;
        Ok(entry)
    }

    /// Whether he would be let in there.
    fn check_door(&mut self, now: Instant, leg: LegId, entry: Entry) -> Result<(), Refused> {
        let Some(found) = self.legs.get_mut(&leg) else { return Ok(()) };
        let (before, room) = (std::mem::replace(&mut found.entry, entry), found.room.take());
        let door = self.turned_away(leg).map_or(Ok(()), |away| Err(away.refused));
        let checked = door.and_then(|()| self.check_arrival(now, leg));
        if let Some(found) = self.legs.get_mut(&leg) {
            (found.entry, found.room) = (before, room);
        }
        checked
    }

    /// He leaves the one room and stands in front of the other; his audio does not pause.
    fn go_over(&mut self, now: Instant, leg: LegId, entry: Entry) {
        let Some(departed) = self.depart(now, leg, LeaveCause::Transferred) else { return };
        let left = departed.room;
        self.forget_place(leg, left);
        let id = self.open_room(&entry.room, &entry.profile, Some(left));
        let Some(found) = self.legs.get_mut(&leg) else { return };
        (found.entry, found.room) = (entry, Some(id));
        if let Some(room) = self.rooms.get_mut(&id) {
            room.attached.insert(leg);
        }
        self.out.set(leg, Control::Announcements(true));
        self.out.act(Action::Move { leg, room: id });
        self.choose_delivery(leg);
        self.after_leaving(now, departed);
        self.close_if_deserted(left);
        self.come_in(now, leg);
    }

    /// Nothing of the room that he leaves holds him any more, or speaks to him.
    fn forget_place(&mut self, leg: LegId, room: RoomId) {
        if let Some(room) = self.rooms.get_mut(&room) {
            room.attached.remove(&leg);
            room.outcalls.retain(|outcall| *outcall != leg);
        }
        let Some(found) = self.legs.get_mut(&leg) else { return };
        let invite = found.as_outgoing().map(|outgoing| outgoing.invite);
        found.name = None;
        found.prompts.clear(&mut self.out);
        self.out.timers.clear(Reason::Keys(leg));
        self.out.timers.clear(Reason::Entry(leg));
        if let Some(invite) = invite {
            self.forget_invited(leg, invite);
        }
    }
}

/// Where his call comes from. A phone that we called is its user's; who was called through a gateway comes from there.
fn origin_of(leg: &Leg) -> Origin<'_> {
    match &leg.call {
        Call::Incoming { caller, .. } => Origin::from(caller),
        Call::Outgoing(outgoing) => match &outgoing.target {
            DialTarget::User(user) => Origin { user: Some(user), ..Origin::default() },
            DialTarget::Gateway { gateway, .. } => Origin { gateway: Some(gateway), ..Origin::default() },
        },
    }
}
