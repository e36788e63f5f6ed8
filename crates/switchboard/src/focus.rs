//! Phones that watch a room: who subscribed, and when each is told what (RFC 4575).

mod document;
mod xml;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use confab_conference::{Origin, RoomId};
use confab_sip::{Asker, EndpointConfig, SubscriptionRef};

use crate::Switchboard;
use document::{Document, Told};

/// The least time between two NOTIFYs of a subscription; what changes meanwhile is told together (RFC 6446 §6).
const INTERVAL: Duration = Duration::from_millis(500);

/// All subscriptions to rooms.
#[derive(Debug, Default)]
pub(crate) struct Focus {
    /// Our domain, or our address and port.
    host: String,
    watchers: BTreeMap<SubscriptionRef, Watcher>,
    /// Who is to be told something, by when that may be.
    due: BTreeSet<(Instant, SubscriptionRef)>,
    /// Rooms as they are, for all who watch them.
    rooms: BTreeMap<RoomId, Arc<Document>>,
}

/// One subscription.
#[derive(Debug)]
struct Watcher {
    room: RoomId,
    told: Told,
    /// When the next NOTIFY may go.
    next: Instant,
    /// The last one waits for its answer.
    waiting: bool,
}

impl Focus {
    pub(crate) fn new(endpoint: &EndpointConfig) -> Self {
        let address = endpoint.listeners.first().map(|listener| listener.advertised.to_string());
        let host = endpoint.domains.first().cloned().or(address).unwrap_or_default();
        Self { host, ..Self::default() }
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Lets a watcher be told something as soon as he may, unless he has not taken the last word.
    fn schedule(&mut self, now: Instant, subscription: SubscriptionRef) {
        let Some(watcher) = self.watchers.get_mut(&subscription).filter(|watcher| !watcher.waiting) else {
            return;
        };
        self.due.remove(&(watcher.next, subscription));
        watcher.next = watcher.next.max(now);
        self.due.insert((watcher.next, subscription));
    }

    fn watchers_of(&self, room: RoomId) -> Vec<SubscriptionRef> {
        self.watchers.iter().filter(|(_, watcher)| watcher.room == room).map(|(id, _)| *id).collect()
    }

    fn remove(&mut self, subscription: SubscriptionRef) {
        if let Some(gone) = self.watchers.remove(&subscription) {
            self.due.remove(&(gone.next, subscription));
            if self.watchers_of(gone.room).is_empty() {
                self.rooms.remove(&gone.room);
            }
        }
    }
}

impl Switchboard {
    /// Somebody wants to watch a room: his role decides.
    pub(crate) fn on_subscribed(
        &mut self,
        now: Instant,
        subscription: SubscriptionRef,
        asker: &Asker,
        conference: String,
    ) {
        let room = match asker {
            Asker::Call(call) => self.legs.of_call(*call).and_then(|leg| self.conferences.may_subscribe(leg)),
            Asker::User { user, dialled } => {
                self.conferences.subscribable(dialled, Origin { user: Some(user), ..Origin::default() })
            }
        };
        let Some(room) = room else {
            return self.endpoint.refuse_subscription(now, subscription, 403.into());
        };
        let watcher = Watcher { room, told: Told::about(conference), next: now, waiting: false };
        self.focus.watchers.insert(subscription, watcher);
        self.endpoint.accept_subscription(now, subscription);
    }

    /// The whole state is to be told; `last`: nothing after that.
    pub(crate) fn on_refreshed(&mut self, now: Instant, subscription: SubscriptionRef, last: bool) {
        if let Some(watcher) = self.focus.watchers.get_mut(&subscription) {
            watcher.told.forget();
            self.tell_watcher(now, subscription);
        }
        if last {
            self.focus.remove(subscription);
        }
    }

    /// A watcher has taken the last NOTIFY.
    pub(crate) fn on_notified(&mut self, now: Instant, subscription: SubscriptionRef) {
        let Some(watcher) = self.focus.watchers.get_mut(&subscription) else { return };
        watcher.waiting = false;
        let behind = self.focus.rooms.get(&watcher.room).is_none_or(|room| watcher.told.is_behind(room));
        if behind {
            self.focus.schedule(now, subscription);
        }
    }

    pub(crate) fn on_unsubscribed(&mut self, subscription: SubscriptionRef) {
        self.focus.remove(subscription);
    }

    /// A room is not as it was, or is closed.
    pub(crate) fn on_room_changed(&mut self, now: Instant, room: RoomId) {
        let watchers = self.focus.watchers_of(room);
        if watchers.is_empty() {
            return;
        }
        self.focus.rooms.remove(&room);
        let is_open = self.conferences.is_open(room);
        for subscription in watchers {
            if is_open {
                self.focus.schedule(now, subscription);
            } else {
                self.focus.remove(subscription);
                self.endpoint.end_subscription(now, subscription, Bytes::new());
            }
        }
    }

    /// Tells those who may be told something again.
    pub(crate) fn watchers_due(&mut self, now: Instant) {
        while let Some((_, subscription)) = self.focus.due.first().copied().filter(|(at, _)| *at <= now) {
            self.focus.due.pop_first();
            self.tell_watcher(now, subscription);
        }
    }

    fn tell_watcher(&mut self, now: Instant, subscription: SubscriptionRef) {
        let Some(room) = self.focus.watchers.get(&subscription).map(|watcher| watcher.room) else { return };
        let Some(document) = self.document(now, room) else { return };
        let Some(watcher) = self.focus.watchers.get_mut(&subscription) else { return };
        if let Some(body) = watcher.told.next(&document) {
            self.focus.due.remove(&(watcher.next, subscription));
            (watcher.waiting, watcher.next) = (true, now + INTERVAL);
            self.endpoint.notify(now, subscription, body.into());
        }
    }

    /// A room as it is now.
    fn document(&mut self, now: Instant, room: RoomId) -> Option<Arc<Document>> {
        if let Some(known) = self.focus.rooms.get(&room) {
            return Some(known.clone());
        }
        let document = Arc::new(Document::of(&self.conferences.roster(now, room)?, &self.focus.host));
        self.focus.rooms.insert(room, document.clone());
        Some(document)
    }
}
