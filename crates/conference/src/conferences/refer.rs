//! Members who add others to their room, or remove them, by REFER (RFC 4579).

use std::time::Instant;

use super::Conferences;
use crate::action::{Action, InviteId, LegId, RoomId};
use crate::event::RefusalReason;
use crate::input::{Refer, ReferMethod};
use crate::invite::Asker;
use crate::limits::Identity;
use crate::settings::Rights;

const TRYING: u16 = 100;
const DONE: u16 = 200;
const FORBIDDEN: u16 = 403;
const NOT_FOUND: u16 = 404;

impl Conferences {
    /// Does what is asked for if the role of who asks allows it, and says how it goes.
    pub(super) fn refer(&mut self, now: Instant, request: Refer) {
        let done = match request.method {
            ReferMethod::Invite => self.refer_add(now, &request),
            ReferMethod::Bye => self.refer_remove(now, &request),
        };
        if let Err(status) = done {
            self.out.act(Action::ReferResult { refer: request.refer, status });
        }
    }

    /// Adds somebody (§5.5), as if the member had typed his number.
    fn refer_add(&mut self, now: Instant, request: &Refer) -> Result<(), u16> {
        let leg = self.referrer(request, |rights| rights.refer_add)?;
        let inviter = self.inviter(Asker::Refer(leg, request.refer)).ok_or(FORBIDDEN)?;
        match self.order_of_number(now, &inviter, &request.number) {
            Ok(order) => {
                self.refer_result(request, TRYING);
                self.place_number(now, &inviter, order);
            }
            Err(RefusalReason::AlreadyHere) => {
                self.refer_result(request, TRYING);
                self.refer_result(request, DONE);
            }
            Err(why @ RefusalReason::AlreadyCalled) => {
                self.refer_result(request, TRYING);
                self.refuse_invite(now, &inviter, &request.number, why);
            }
            Err(why) => {
                self.note_refusal(inviter.room, &inviter.caller.number, &request.number, why);
                return Err(status_of(why));
            }
        }
        Ok(())
    }

    /// Removes somebody (§5.11), or takes back the call to him.
    fn refer_remove(&mut self, now: Instant, request: &Refer) -> Result<(), u16> {
        let leg = self.referrer(request, |rights| rights.refer_remove)?;
        let room = self.legs.get(&leg).and_then(|leg| leg.room).ok_or(FORBIDDEN)?;
        if let Some(member) = self.member_called(room, &request.number) {
            self.refer_result(request, TRYING);
            self.kick(now, member);
        } else if let Some(invite) = self.pending_call_of(room, &request.number) {
            self.refer_result(request, TRYING);
            self.cancel_invite(now, invite);
        } else {
            return Err(NOT_FOUND);
        }
        self.refer_result(request, DONE);
        Ok(())
    }

    fn refer_result(&mut self, request: &Refer, status: u16) {
        self.out.act(Action::ReferResult { refer: request.refer, status });
    }

    /// The member who asks, if his role gives him the right.
    fn referrer(&mut self, request: &Refer, right: fn(Rights) -> bool) -> Result<LegId, u16> {
        let leg = request.by.or_else(|| self.member_of_user(request.room?, request.user.as_deref()?));
        let found = leg.and_then(|leg| self.legs.get_mut(&leg)).ok_or(FORBIDDEN)?;
        let is_there = request.room.is_none_or(|room| found.room == Some(room));
        let may = found.member().is_some_and(|member| right(member.role.rights));
        leg.filter(|_| is_there && may).ok_or(FORBIDDEN)
    }

    fn member_of_user(&self, room: RoomId, user: &str) -> Option<LegId> {
        let is_user = |leg: &&LegId| {
            self.legs.get(leg).is_some_and(|leg| leg.identity() == Identity::User(user.to_owned()))
        };
        self.rooms.get(&room)?.members.iter().find(is_user).copied()
    }

    fn member_called(&self, room: RoomId, number: &str) -> Option<LegId> {
        let has_number = |leg: &&LegId| self.legs.get(leg).is_some_and(|leg| leg.number() == number);
        self.rooms.get(&room)?.members.iter().find(has_number).copied()
    }

    fn pending_call_of(&self, room: RoomId, number: &str) -> Option<InviteId> {
        let mut invites = self.invites.values().filter(|invite| invite.room == room);
        invites.find(|invite| invite.calls_number(number)).map(|invite| invite.id)
    }
}

/// Why an addition is refused, as a SIP status.
fn status_of(why: RefusalReason) -> u16 {
    use RefusalReason as Why;
    match why {
        Why::Loop => 482,
        Why::PendingPerMember | Why::PerMember | Why::PerRoom | Why::PerGateway | Why::PerDay => 480,
        _ => FORBIDDEN,
    }
}
