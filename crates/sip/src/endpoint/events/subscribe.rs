//! SUBSCRIBE to a conference's state (RFC 4575, RFC 6665).

use super::*;
use crate::message::{NameAddr, Package, Uri};

/// How long a subscription lives that names no time (RFC 4575 §4.4), and the longest one.
const USUAL: Duration = Duration::from_secs(3600);

/// A shorter one is refused (RFC 6665 §4.2.1.1), but for 0.
const LEAST: Duration = Duration::from_secs(60);

/// Retry-After where there are too many.
const FULL_RETRY: Duration = Duration::from_secs(60);

impl Endpoint {
    /// Grants [`Event::Subscribed`]; [`Event::Refreshed`] asks for the first NOTIFY.
    pub fn accept_subscription(&mut self, now: Instant, subscription: SubscriptionRef) {
        let Some(life) = self.subscriptions.get(&subscription).map(|known| known.life) else { return };
        if self.decide(now, subscription, 200, |response, contact| {
            response.headers.push(header::CONTACT, contact);
            response.headers.push(header::EXPIRES, life.as_secs().to_string());
        }) {
            self.granted(now, subscription, life);
        }
        self.settle(now);
    }

    /// A SUBSCRIBE outside of dialogs: only users of ours may.
    pub(in crate::endpoint) fn receive_subscribe(
        &mut self,
        now: Instant,
        key: ServerKey,
        arrival: Arrival,
        request: &Request,
    ) {
        let Some(user) = self.identify_user(now, arrival, request) else { return };
        let options = self.options_for(Some(&user), &arrival.flow);
        let tag = self.layer.token();
        let opened = self.own_dialog(request, &arrival.flow, &options, &tag);
        let petition = Petition { key, flow: arrival.flow, request };
        let asked = opened.and_then(|opened| Ok((opened, wish(&options, request)?)));
        let ((dialog, dialled), life) = match asked {
            Ok(asked) => asked,
            Err(refusal) => return self.refuse_asked(now, petition, &tag, &refusal),
        };
        let asker = Asker::User { user, dialled };
        self.ask_to_subscribe(now, petition, Place::Own(Box::new(dialog)), asker, life);
    }

    /// A SUBSCRIBE within a call: a new subscription, or one that is to live on.
    pub(in crate::endpoint) fn subscribe_in_call(
        &mut self,
        now: Instant,
        key: ServerKey,
        flow: Flow,
        request: &Request,
        call: CallRef,
        tag: &str,
    ) {
        let known = self.subscription_in(call, request);
        let life = match known {
            _ if !self.is_from_peer(call, &flow) => Err(403.into()),
            Some(_) => life(request),
            None => wish(&self.options_of(call), request),
        };
        let petition = Petition { key, flow, request };
        match (known, life) {
            (_, Err(refusal)) => self.refuse_asked(now, petition, tag, &refusal),
            (Some(subscription), Ok(life)) => self.prolong(now, petition, subscription, life),
            (None, Ok(life)) => {
                self.ask_to_subscribe(now, petition, Place::Call(call), Asker::Call(call), life);
            }
        }
    }

    /// A request in the dialog of a subscription.
    pub(in crate::endpoint) fn receive_subscribed(
        &mut self,
        now: Instant,
        key: ServerKey,
        arrival: Arrival,
        request: &Request,
        subscription: SubscriptionRef,
    ) {
        let Some(Subscription { place: Place::Own(dialog), .. }) = self.subscriptions.get_mut(&subscription)
        else {
            return;
        };
        let tag = dialog.local_tag.clone();
        let in_order = request.headers.cseq().is_ok_and(|cseq| dialog.accept(&cseq));
        let life = match request.method {
            _ if !in_order => Err(500.into()),
            Method::Subscribe => life(request),
            Method::Other(_) => Err(501.into()),
            _ => Err(405.into()),
        };
        let petition = Petition { key, flow: arrival.flow, request };
        match life {
            Ok(life) => {
                dialog.refresh_target(&request.headers);
                dialog.peer = arrival.flow;
                self.prolong(now, petition, subscription, life);
            }
            Err(refusal) => self.refuse_asked(now, petition, &tag, &refusal),
        }
    }

    /// The user of ours that a request outside of dialogs comes from; else it has been challenged or refused.
    pub(super) fn identify_user(
        &mut self,
        now: Instant,
        arrival: Arrival,
        request: &Request,
    ) -> Option<String> {
        match self.identify(now, arrival, request) {
            Ok(Some(user)) => Some(user),
            Ok(None) => {
                let challenge = self.challenge(now, request, false);
                self.reply(arrival, request, challenge);
                None
            }
            Err(response) if response.status == 401 => {
                self.reply(arrival, request, response);
                None
            }
            Err(response) => {
                self.refuse_with(now, arrival, request, response);
                None
            }
        }
    }

    /// The dialog that a request to a conference of ours opens, and the number that it names.
    pub(super) fn own_dialog(
        &self,
        request: &Request,
        flow: &Flow,
        options: &PeerOptions,
        tag: &str,
    ) -> Result<(Dialog, String), Refusal> {
        let uri: Uri = request.uri.parse().map_err(|_| Refusal::new(400))?;
        if !self.is_our_host(&uri.host) {
            return Err(404.into());
        }
        let contact = self.dialog_contact(flow, uri.user.as_deref().unwrap_or_default(), options);
        let dialog =
            Dialog::of_request(request, tag.to_owned(), contact, *flow).ok_or_else(|| Refusal::new(400))?;
        Ok((dialog, uri.unescaped_user().unwrap_or_default()))
    }

    /// Refuses a SUBSCRIBE or REFER of somebody known.
    pub(super) fn refuse_asked(
        &mut self,
        now: Instant,
        Petition { key, flow, request }: Petition<'_>,
        tag: &str,
        refusal: &Refusal,
    ) {
        let mut response = self.refusal_response(request, refusal);
        if refusal.status == 423 {
            response.headers.push(header::MIN_EXPIRES, LEAST.as_secs().to_string());
        }
        self.note_refusal(now, flow.remote, &request.method, response.status, &response.reason);
        self.respond_to(now, key, request, flow, tag, response);
    }

    fn ask_to_subscribe(
        &mut self,
        now: Instant,
        petition: Petition<'_>,
        place: Place,
        asker: Asker,
        life: Duration,
    ) {
        if self.too_many_subscriptions(&asker) {
            let full = Refusal { retry_after: Some(FULL_RETRY), ..480.into() };
            let tag = self.tag_of(&place);
            return self.refuse_asked(now, petition, &tag, &full);
        }
        let id = self.layer.open(petition.key, petition.request.clone(), petition.flow);
        let subscription = self.open_subscription(now, id, place, Kind::Conference, &asker, life);
        let conference = self.conference_uri(subscription);
        self.events.push_back(Event::Subscribed { subscription, asker, conference });
    }

    /// The URI in our Contact.
    fn conference_uri(&mut self, subscription: SubscriptionRef) -> String {
        let contact =
            self.dialog_of(subscription).and_then(|(dialog, _)| dialog.contact.parse::<NameAddr>().ok());
        contact.map(|contact| contact.uri.to_string()).unwrap_or_default()
    }

    /// The subscription in a call's dialog that a SUBSCRIBE means.
    fn subscription_in(&self, call: CallRef, request: &Request) -> Option<SubscriptionRef> {
        let package: Package = request.headers.get(header::EVENT)?.parse().ok()?;
        let named = package.to_string();
        let fits = |known: &Subscription| {
            matches!(known.place, Place::Call(place) if place == call) && known.kind.event() == named
        };
        self.subscriptions.iter().find(|(_, known)| fits(known)).map(|(id, _)| *id)
    }

    /// A subscription lives on, or ends by `life` 0; either is told by a NOTIFY.
    fn prolong(
        &mut self,
        now: Instant,
        petition: Petition<'_>,
        subscription: SubscriptionRef,
        life: Duration,
    ) {
        let id = self.layer.open(petition.key, petition.request.clone(), petition.flow);
        let Some(known) = self.subscriptions.get_mut(&subscription) else { return };
        known.life = life;
        known.asked.get_or_insert(id);
        self.accept_subscription(now, subscription);
    }

    fn granted(&mut self, now: Instant, subscription: SubscriptionRef, life: Duration) {
        let last = life.is_zero();
        let Some(known) = self.subscriptions.get_mut(&subscription) else { return };
        known.expires = now + life;
        known.ending = last.then_some("timeout");
        self.layer.schedule.start(Due::Subscription(subscription), now + life.max(PATIENCE));
        match known.kind {
            Kind::Conference => self.events.push_back(Event::Refreshed { subscription, last }),
            Kind::Refer { .. } => self.say(now, subscription, Bytes::new()),
        }
    }
}

/// How long somebody wants to be told of a conference's state.
fn wish(options: &PeerOptions, request: &Request) -> Result<Duration, Refusal> {
    let package = request.headers.get(header::EVENT).and_then(|event| event.parse::<Package>().ok());
    if !options.events || package.is_none_or(|package| package.name != "conference") {
        return Err(489.into());
    }
    if !accepts(request) {
        return Err(406.into());
    }
    life(request)
}

fn life(request: &Request) -> Result<Duration, Refusal> {
    let wanted = match request.headers.expires() {
        None => USUAL,
        Some(Ok(seconds)) => Duration::from_secs(seconds.into()),
        Some(Err(_)) => return Err(400.into()),
    };
    if !wanted.is_zero() && wanted < LEAST {
        return Err(423.into());
    }
    Ok(wanted.min(USUAL))
}

/// Whether the subscriber can read what it would be told (RFC 4575 §4.5).
fn accepts(request: &Request) -> bool {
    let mut ranges = request.headers.list(header::ACCEPT).peekable();
    let kind = |range: &str| range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    ranges.peek().is_none()
        || ranges.any(|range| {
            matches!(kind(range).as_str(), "application/conference-info+xml" | "application/*" | "*/*")
        })
}
