//! Subscriptions to what we know (RFC 6665): to a conference's state (RFC 4575), and to what becomes of a REFER
//! (RFC 3515). Each lives in a call's dialog or in one of its own.

mod notify;
mod refer;
mod subscribe;

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::calls::{Call, Party};
use super::reply::Arrival;
use super::{Asker, CallRef, Endpoint, Event, PeerOptions, Refusal, SubscriptionRef};
use crate::dialog::Dialog;
use crate::message::{Method, Request, Response, header};
use crate::transaction::{Due, ServerKey, TransactionId};
use crate::transport::Flow;

/// How long the owner may think about a SUBSCRIBE or REFER: less than the 64·T1 for which a peer waits.
const PATIENCE: Duration = Duration::from_secs(16);

/// One subscription.
#[derive(Debug)]
pub(super) struct Subscription {
    place: Place,
    kind: Kind,
    /// Who pays for it: a user may have so many.
    user: Option<String>,
    /// The SUBSCRIBE or REFER that waits for the owner's word.
    asked: Option<TransactionId>,
    /// How long it may live, and when it runs out once it is granted.
    life: Duration,
    expires: Instant,
    /// The reason in the next NOTIFY, which is the last.
    ending: Option<&'static str>,
    /// A NOTIFY waits for its answer.
    in_flight: bool,
    /// What is to be told after that: a newer word takes the place of an older one.
    next: Option<Bytes>,
}

/// A SUBSCRIBE or REFER, and how it came.
struct Petition<'a> {
    key: ServerKey,
    flow: Flow,
    request: &'a Request,
}

/// Where a subscription lives.
#[derive(Debug)]
enum Place {
    /// In a call's dialog.
    Call(CallRef),
    /// In a dialog of its own.
    Own(Box<Dialog>),
}

/// What is subscribed to.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// A conference's state.
    Conference,
    /// What becomes of a REFER; `silent`: the peer does not want to hear of it (RFC 4488).
    Refer { id: u32, silent: bool },
}

impl Kind {
    /// The value of Event.
    fn event(&self) -> String {
        match self {
            Self::Conference => "conference".to_owned(),
            Self::Refer { id, .. } => format!("refer;id={id}"),
        }
    }

    fn content_type(&self) -> &'static str {
        match self {
            Self::Conference => "application/conference-info+xml",
            Self::Refer { .. } => "message/sipfrag;version=2.0",
        }
    }
}

impl Endpoint {
    /// Refuses [`Event::Subscribed`] or [`Event::Referred`].
    pub fn refuse_subscription(&mut self, now: Instant, subscription: SubscriptionRef, refusal: Refusal) {
        let status = refusal.status.clamp(400, 699);
        self.decide(now, subscription, status, |response, _| {
            super::reply::apply_refusal(response, &Refusal { status, ..refusal });
        });
        self.drop_subscription(subscription);
        self.settle(now);
    }

    /// Whether that tag is a subscriber's in its own dialog.
    pub(super) fn is_subscriber(&self, subscription: SubscriptionRef, remote_tag: &str) -> bool {
        match self.subscriptions.get(&subscription).map(|known| &known.place) {
            Some(Place::Own(dialog)) => dialog.remote_tag == remote_tag,
            _ => false,
        }
    }

    /// A call is over: what was subscribed to in its dialog is told so, while there is a dialog.
    pub(super) fn end_subscriptions_of(&mut self, now: Instant, call: CallRef) {
        let within = |known: &Subscription| matches!(known.place, Place::Call(place) if place == call);
        let all = self.subscriptions.iter().filter(|(_, known)| within(known)).map(|(id, _)| *id);
        for subscription in all.collect::<Vec<_>>() {
            self.end_quietly(now, subscription, "noresource");
        }
    }

    /// A subscription has run out, or nobody has decided about it.
    pub(super) fn subscription_due(&mut self, now: Instant, subscription: SubscriptionRef) {
        let Some(known) = self.subscriptions.get(&subscription) else { return };
        if known.asked.is_some() {
            self.decide(now, subscription, 500, |_, _| ());
            self.drop_subscription(subscription);
        } else {
            self.end_quietly(now, subscription, "timeout");
        }
    }

    /// Opens a subscription that waits for the owner's word on a request.
    fn open_subscription(
        &mut self,
        now: Instant,
        request: TransactionId,
        place: Place,
        kind: Kind,
        asker: &Asker,
        life: Duration,
    ) -> SubscriptionRef {
        let subscription = SubscriptionRef(self.next_number());
        if let Place::Own(dialog) = &place {
            let key = (dialog.call_id.clone(), dialog.local_tag.clone());
            self.dialogs.insert(key, Party::Subscription(subscription));
        }
        let known = Subscription {
            place,
            kind,
            user: asker.user().map(str::to_owned),
            asked: Some(request),
            life,
            expires: now + life,
            ending: None,
            in_flight: false,
            next: None,
        };
        self.subscriptions.insert(subscription, known);
        self.layer.schedule.start(Due::Subscription(subscription), now + PATIENCE);
        subscription
    }

    /// Whether another subscription is too much, for all or for that user or call.
    fn too_many_subscriptions(&mut self, asker: &Asker) -> bool {
        let limits = &self.config.limits;
        let of_same = |known: &&Subscription| match (asker, &known.place) {
            (Asker::Call(call), Place::Call(place)) => place == call,
            (Asker::User { user, .. }, _) => known.user.as_ref() == Some(user),
            _ => false,
        };
        let full = self.subscriptions.len() >= limits.subscriptions
            || self.subscriptions.values().filter(of_same).count() >= limits.subscriptions_per_user;
        self.layer.stats.table_full += u64::from(full);
        full
    }

    /// Answers the request that opened a subscription.
    fn decide(
        &mut self,
        now: Instant,
        subscription: SubscriptionRef,
        status: u16,
        finish: impl FnOnce(&mut Response, &str),
    ) -> bool {
        let Some(known) = self.subscriptions.get_mut(&subscription) else { return false };
        let Some(id) = known.asked.take() else { return false };
        let dialog = match &known.place {
            Place::Own(dialog) => Some(dialog.as_ref()),
            Place::Call(call) => match self.calls.get(call) {
                Some(Call::Up(session)) => Some(&session.dialog),
                _ => None,
            },
        };
        let Some((tag, contact)) = dialog.map(|dialog| (dialog.local_tag.clone(), dialog.contact.clone()))
        else {
            return false;
        };
        self.respond_in_dialog(now, id, &tag, status, |response| finish(response, &contact));
        true
    }

    /// Our tag in the dialog of a subscription.
    fn tag_of(&self, place: &Place) -> String {
        match place {
            Place::Own(dialog) => dialog.local_tag.clone(),
            Place::Call(call) => self.local_tag(*call).unwrap_or_default(),
        }
    }

    /// Forgets a subscription.
    fn drop_subscription(&mut self, subscription: SubscriptionRef) {
        self.layer.schedule.stop(Due::Subscription(subscription));
        let Some(gone) = self.subscriptions.remove(&subscription) else { return };
        if let Place::Own(dialog) = gone.place {
            self.dialogs.remove(&(dialog.call_id, dialog.local_tag));
        }
    }

    /// Whether a request within a call comes from where the call's peer is: a conference's members are worth forging for.
    fn is_from_peer(&self, call: CallRef, flow: &Flow) -> bool {
        self.peer(call).is_some_and(|known| known.ip() == flow.remote.ip())
    }
}
