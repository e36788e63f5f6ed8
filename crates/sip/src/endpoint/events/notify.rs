//! NOTIFY, both ways (RFC 6665 §4.2.2).

use super::*;
use crate::message::Package;
use crate::transaction::Owner;

/// The most that is kept of a Subscription-State for the owner.
const MAX_STATE: usize = 128;

impl Endpoint {
    /// Tells a conference's state, once [`Event::Refreshed`] or [`Event::Notified`] has come. While a NOTIFY waits for its
    /// answer, a newer word takes the place of an older one.
    pub fn notify(&mut self, now: Instant, subscription: SubscriptionRef, body: Bytes) {
        self.say(now, subscription, body);
        self.settle(now);
    }

    /// Ends a subscription: there is nothing more to tell.
    pub fn end_subscription(&mut self, now: Instant, subscription: SubscriptionRef, body: Bytes) {
        if let Some(known) = self.subscriptions.get_mut(&subscription) {
            known.ending = Some("noresource");
            self.say(now, subscription, body);
        }
        self.settle(now);
    }

    /// Sends a NOTIFY as soon as the last one is answered.
    pub(super) fn say(&mut self, now: Instant, subscription: SubscriptionRef, body: Bytes) {
        match self.subscriptions.get_mut(&subscription) {
            Some(known) if known.asked.is_some() => {}
            Some(known) if known.in_flight => known.next = Some(body),
            Some(_) => self.send_notify(now, subscription, body),
            None => {}
        }
    }

    /// Ends a subscription without the owner, who is told.
    pub(super) fn end_quietly(&mut self, now: Instant, subscription: SubscriptionRef, reason: &'static str) {
        if !self.decide(now, subscription, 480, |_, _| ())
            && let Some(known) = self.subscriptions.get_mut(&subscription)
        {
            known.ending = Some(reason);
            self.send_notify(now, subscription, Bytes::new());
        }
        self.drop_subscription(subscription);
        self.events.push_back(Event::Unsubscribed { subscription });
    }

    /// The answer to a NOTIFY, or 408 for none: a subscriber who does not take it is gone (RFC 6665 §4.2.2).
    pub(in crate::endpoint) fn notified(&mut self, now: Instant, subscription: SubscriptionRef, status: u16) {
        let Some(known) = self.subscriptions.get_mut(&subscription) else { return };
        known.in_flight = false;
        if status >= 300 {
            self.drop_subscription(subscription);
            return self.events.push_back(Event::Unsubscribed { subscription });
        }
        match known.next.take() {
            Some(body) => self.send_notify(now, subscription, body),
            None => self.events.push_back(Event::Notified { subscription }),
        }
    }

    /// A challenged NOTIFY went out again with that CSeq number.
    pub(in crate::endpoint) fn note_notify_cseq(&mut self, subscription: SubscriptionRef, number: u32) {
        if let Some((dialog, _)) = self.dialog_of(subscription) {
            dialog.local_cseq = dialog.local_cseq.max(number);
        }
    }

    /// Whether a NOTIFY comes in a call within which we have subscribed.
    pub(in crate::endpoint) fn expects_notify(&self, request: &Request) -> bool {
        let call = self.session_of(request).and_then(|call| self.calls.get(&call));
        matches!(call, Some(Call::Up(session)) if session.subscribed)
    }

    /// A NOTIFY to us.
    pub(in crate::endpoint) fn notify_received(
        &mut self,
        now: Instant,
        key: ServerKey,
        flow: Flow,
        request: &Request,
        call: CallRef,
        tag: &str,
    ) {
        let package = request.headers.get(header::EVENT).and_then(|event| event.parse::<Package>().ok());
        let Some(package) = package else {
            return self.respond_to(now, key, request, flow, tag, request.respond(489));
        };
        self.respond_to(now, key, request, flow, tag, request.respond(200));
        let state = request.headers.get(header::SUBSCRIPTION_STATE).unwrap_or_default();
        let state = state.chars().take(MAX_STATE).collect();
        self.events.push_back(Event::Notify {
            call,
            package: package.name,
            state,
            body: request.body.clone(),
        });
    }

    fn send_notify(&mut self, now: Instant, subscription: SubscriptionRef, body: Bytes) {
        let Some(known) = self.subscriptions.get(&subscription) else { return };
        let left = known.expires.saturating_duration_since(now).as_secs();
        let (event, kind, ending) = (known.kind.event(), known.kind.content_type(), known.ending);
        let Some((dialog, gateway)) = self.dialog_of(subscription) else { return };
        let mut notify = dialog.request(Method::Notify);
        notify.headers.push(header::CONTACT, &dialog.contact);
        let dialog = dialog.clone();
        notify.headers.push(header::EVENT, event);
        let state = match ending {
            Some(reason) => format!("terminated;reason={reason}"),
            None => format!("active;expires={left}"),
        };
        notify.headers.push(header::SUBSCRIPTION_STATE, state);
        if !body.is_empty() {
            notify.headers.push(header::CONTENT_TYPE, kind);
            notify.body = body;
        }
        let owner = if ending.is_some() { Owner::Nobody } else { Owner::Notify(subscription) };
        self.send_within(now, &dialog, gateway, notify, owner);
        if ending.is_some() {
            self.drop_subscription(subscription);
        } else if let Some(known) = self.subscriptions.get_mut(&subscription) {
            known.in_flight = true;
        }
    }

    /// The dialog of a subscription, and the gateway that the call was placed through.
    pub(super) fn dialog_of(
        &mut self,
        subscription: SubscriptionRef,
    ) -> Option<(&mut Dialog, Option<usize>)> {
        match &mut self.subscriptions.get_mut(&subscription)?.place {
            Place::Own(dialog) => Some((dialog, None)),
            Place::Call(call) => match self.calls.get_mut(call)? {
                Call::Up(session) => Some((&mut session.dialog, session.gateway)),
                _ => None,
            },
        }
    }
}
