//! Members who add others to their room, or remove them, by REFER (RFC 4579): from SIP to the conferences and back.

use std::collections::BTreeSet;
use std::time::Instant;

use confab_conference::{Input, Origin, Refer, ReferId, ReferMethod};
use confab_sip::{Asker, SubscriptionRef};

use crate::Switchboard;

/// REFERs that the conferences have not decided about. A REFER has the same number on both sides.
#[derive(Debug, Default)]
pub(crate) struct Referrals {
    undecided: BTreeSet<ReferId>,
}

impl Switchboard {
    /// Somebody asks for a member to be added or removed.
    pub(crate) fn on_referred(
        &mut self,
        now: Instant,
        subscription: SubscriptionRef,
        asker: &Asker,
        number: String,
        method: confab_sip::ReferMethod,
    ) {
        let refer = ReferId(subscription.0);
        let method = match method {
            confab_sip::ReferMethod::Invite => ReferMethod::Invite,
            confab_sip::ReferMethod::Bye => ReferMethod::Bye,
        };
        let request = match asker {
            Asker::Call(call) => {
                Refer { refer, by: self.legs.of_call(*call), user: None, room: None, number, method }
            }
            Asker::User { user, dialled } => {
                let origin = Origin { user: Some(user), ..Origin::default() };
                let room = self.conferences.room_of_number(dialled, origin);
                Refer { refer, by: None, user: Some(user.clone()), room, number, method }
            }
        };
        self.referrals.undecided.insert(refer);
        self.tell(now, Input::Refer(request));
    }

    /// How a REFER goes on: first 100 if it is taken on, or what it is refused with.
    pub(crate) fn on_refer_result(&mut self, now: Instant, refer: ReferId, status: u16) {
        let subscription = SubscriptionRef(refer.0);
        let first = self.referrals.undecided.remove(&refer);
        match status {
            100 if first => self.endpoint.accept_refer(now, subscription),
            status if first => self.endpoint.refuse_subscription(now, subscription, status.into()),
            status => self.endpoint.refer_progress(now, subscription, status),
        }
    }

    /// Nobody waits for the result any more.
    pub(crate) fn forget_refer(&mut self, subscription: SubscriptionRef) {
        self.referrals.undecided.remove(&ReferId(subscription.0));
    }
}
