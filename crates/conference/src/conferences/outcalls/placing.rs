//! Invites, from what is asked for to the first call.

use std::time::Instant;

use super::{Inviter, Order};
use crate::action::{CallerId, DialTarget, InviteId, RoomId};
use crate::conferences::Conferences;
use crate::event::RefusalReason;
use crate::invite::{Invite, Terms};
use crate::settings::{CallerIdChoice, Dialling, Outcall, Strategy};

impl Conferences {
    /// How a number is called, if he may call it.
    pub(in crate::conferences) fn order_of_number(
        &mut self,
        now: Instant,
        inviter: &Inviter,
        number: &str,
    ) -> Result<Order, RefusalReason> {
        let entry = inviter.plan.plan.find(number).ok_or(RefusalReason::NotInPlan)?;
        let targets = entry.targets(number);
        self.check_loop(inviter.room, number)?;
        self.check_new(inviter.room, &targets)?;
        self.check_inviter(now, inviter)?;
        self.check_gateways(now, &targets)?;
        Ok(Order { targets, terms: self.terms_of_plan(inviter, &entry.dialling) })
    }

    /// The calls of a route.
    pub(super) fn order_of_route(&self, room: RoomId, caller: &CallerId, outcall: &Outcall) -> Order {
        let dialling = &outcall.dialling;
        let terms = Terms {
            by: caller.number.clone(),
            caller_id: self.shown(room, caller, dialling.caller_id.as_ref()),
            role: outcall.role.clone(),
            flags: outcall.flags.clone(),
            ring: dialling.ring(),
            duration: None,
            announce: outcall.announce.clone(),
            dialling: dialling.clone(),
        };
        Order { targets: outcall.targets.clone(), terms }
    }

    /// The calls of a list, as the member's plan has it where the list says nothing.
    pub(super) fn order_of_list(&self, inviter: &Inviter, outcall: &Outcall) -> Order {
        let own = self.terms_of_plan(inviter, &outcall.dialling);
        let role = if outcall.role.is_empty() { own.role } else { outcall.role.clone() };
        let flags = outcall.flags.union(&own.flags).copied().collect();
        let announce = outcall.announce.clone();
        Order { targets: outcall.targets.clone(), terms: Terms { role, flags, announce, ..own } }
    }

    /// Calls a number that was checked.
    pub(in crate::conferences) fn place_number(&mut self, now: Instant, inviter: &Inviter, order: Order) {
        self.count_invite(now, inviter);
        self.place_all(now, inviter.room, Some(inviter), order);
    }

    /// One invite, or one for each target if everyone is to join.
    pub(super) fn place_all(
        &mut self,
        now: Instant,
        room: RoomId,
        inviter: Option<&Inviter>,
        Order { targets, terms }: Order,
    ) {
        if terms.dialling.strategy != Strategy::Everyone {
            return self.place(now, room, inviter, Order { targets, terms });
        }
        for target in targets {
            self.place(now, room, inviter, Order { targets: vec![target], terms: terms.clone() });
        }
    }

    /// One invite, unless whom it calls is here or is being called.
    fn place(&mut self, now: Instant, room: RoomId, inviter: Option<&Inviter>, order: Order) {
        if let Err(why) = self.check_order(room, inviter, &order) {
            let number = order.targets.first().map_or("", DialTarget::number);
            return match inviter {
                Some(inviter) => self.refuse_invite(now, inviter, number, why),
                None => self.note_refusal(room, &order.terms.by, number, why),
            };
        }
        self.last_invite += 1;
        let id = InviteId(self.last_invite);
        let askers = inviter.map(|inviter| inviter.asker).into_iter().collect();
        self.invites.insert(id, Invite::new(id, room, askers, order.terms, order.targets));
        self.call_next(now, id);
    }

    fn check_order(
        &self,
        room: RoomId,
        inviter: Option<&Inviter>,
        order: &Order,
    ) -> Result<(), RefusalReason> {
        self.check_new(room, &order.targets)?;
        let calls = order.terms.calls_at_once(&order.targets);
        inviter.map_or(Ok(()), |inviter| self.check_room_limit(inviter, calls))
    }

    fn terms_of_plan(&self, inviter: &Inviter, dialling: &Dialling) -> Terms {
        let plan = &inviter.plan;
        let choice = dialling.caller_id.as_ref().or(plan.caller_id.as_ref());
        Terms {
            by: inviter.caller.number.clone(),
            caller_id: self.shown(inviter.room, &inviter.caller, choice),
            role: plan.role.clone(),
            flags: plan.flags.clone(),
            ring: dialling.ring.unwrap_or(plan.limits.ring),
            duration: Some(plan.limits.duration),
            announce: None,
            dialling: dialling.clone(),
        }
    }

    /// What the called one sees: without a choice what the room's profile says, or else who calls him.
    fn shown(&self, room: RoomId, caller: &CallerId, choice: Option<&CallerIdChoice>) -> CallerId {
        match choice {
            Some(CallerIdChoice::Fixed(fixed)) => fixed.clone(),
            Some(CallerIdChoice::Caller) => caller.clone(),
            None => {
                let room = self.rooms.get(&room).and_then(|room| room.profile.caller_id.clone());
                room.unwrap_or_else(|| caller.clone())
            }
        }
    }
}
