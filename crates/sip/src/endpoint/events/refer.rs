//! REFER to a focus (RFC 3515, RFC 4579 §5.5 and §5.11): calls somebody into a conference, or puts somebody out of it.

use super::*;
use crate::endpoint::ReferMethod;
use crate::endpoint::options::{NO_REFER_SUB, requires};
use crate::message::{NameAddr, Scheme, Uri, reason_phrase};

/// How long the news of a REFER may take: longer than any invitation.
const LIFE: Duration = Duration::from_secs(600);

/// What a Refer-To is about.
type Errand = (String, ReferMethod);

impl Endpoint {
    /// Takes on [`Event::Referred`]; `refer_progress` tells what becomes of it.
    pub fn accept_refer(&mut self, now: Instant, subscription: SubscriptionRef) {
        let silent = self.is_silent(subscription);
        if self.decide(now, subscription, 202, |response, contact| {
            response.headers.push(header::CONTACT, contact);
            if silent {
                response.headers.push(header::REFER_SUB, "false");
            }
        }) {
            if let Some(known) = self.subscriptions.get_mut(&subscription) {
                known.expires = now + LIFE;
            }
            self.layer.schedule.start(Due::Subscription(subscription), now + LIFE);
            self.refer_progress(now, subscription, 100);
        }
        self.settle(now);
    }

    /// What has become of a REFER, as the status of the INVITE or BYE that it asked for; a final one is the last word.
    pub fn refer_progress(&mut self, now: Instant, subscription: SubscriptionRef, status: u16) {
        let silent = self.is_silent(subscription);
        let Some(known) = self.subscriptions.get_mut(&subscription) else { return };
        if status >= 200 {
            known.ending = Some("noresource");
        }
        if !silent {
            let line = format!("SIP/2.0 {status} {}\r\n", reason_phrase(status));
            self.say(now, subscription, line.into());
        } else if status >= 200 {
            self.drop_subscription(subscription);
        }
        self.settle(now);
    }

    /// A REFER outside of dialogs: only users of ours may.
    pub(in crate::endpoint) fn receive_refer(
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
        let asked = opened.and_then(|opened| Ok((opened, self.errand(&options, request)?)));
        let petition = Petition { key, flow: arrival.flow, request };
        match asked {
            Ok(((dialog, dialled), errand)) => {
                let (place, asker) = (Place::Own(Box::new(dialog)), Asker::User { user, dialled });
                self.ask_to_refer(now, petition, place, asker, errand);
            }
            Err(refusal) => self.refuse_asked(now, petition, &tag, &refusal),
        }
    }

    /// A REFER within a call.
    pub(in crate::endpoint) fn refer_in_call(
        &mut self,
        now: Instant,
        key: ServerKey,
        flow: Flow,
        request: &Request,
        call: CallRef,
        tag: &str,
    ) {
        let errand = match self.is_from_peer(call, &flow) {
            true => self.errand(&self.options_of(call), request),
            false => Err(403.into()),
        };
        let petition = Petition { key, flow, request };
        match errand {
            Ok(errand) => self.ask_to_refer(now, petition, Place::Call(call), Asker::Call(call), errand),
            Err(refusal) => self.refuse_asked(now, petition, tag, &refusal),
        }
    }

    fn ask_to_refer(
        &mut self,
        now: Instant,
        petition: Petition<'_>,
        place: Place,
        asker: Asker,
        (number, method): Errand,
    ) {
        if self.too_many_subscriptions(&asker) {
            let tag = self.tag_of(&place);
            return self.refuse_asked(now, petition, &tag, &603.into());
        }
        let Petition { key, flow, request } = petition;
        let id = request.headers.cseq().map_or(0, |cseq| cseq.number);
        let kind = Kind::Refer { id, silent: wants_silence(request) };
        let transaction = self.layer.open(key, request.clone(), flow);
        let subscription = self.open_subscription(now, transaction, place, kind, &asker, LIFE);
        self.events.push_back(Event::Referred { subscription, asker, number, method });
    }

    /// Whom a REFER is about and what is to be done. Only our own users and numbers can be meant: the number plan decides
    /// where a number leads, never a peer's URI.
    fn errand(&self, options: &PeerOptions, request: &Request) -> Result<Errand, Refusal> {
        if !options.refer {
            return Err(403.into());
        }
        if let Some(refusal) =
            self.extension_refusal(options, request).filter(|refusal| refusal.status == 420)
        {
            return Err(refusal);
        }
        let mut named = request.headers.list(header::REFER_TO);
        let (Some(target), None) = (named.next(), named.next()) else { return Err(400.into()) };
        let target: NameAddr = target.parse().map_err(|_| Refusal::new(400))?;
        let ours = target.uri.scheme == Scheme::Tel
            || (target.uri.scheme == Scheme::Sip && self.is_our_host(&target.uri.host));
        let number = plain_number(&target.uri).filter(|_| ours).ok_or_else(|| Refusal::new(403))?;
        if names_replaces(&target.uri) {
            // We stay where we are: a conference takes nobody's place in another call.
            return Err(603.into());
        }
        Ok((number, method_of(&target.uri).ok_or_else(|| Refusal::new(403))?))
    }

    fn is_silent(&self, subscription: SubscriptionRef) -> bool {
        let known = self.subscriptions.get(&subscription);
        known.is_some_and(|known| matches!(known.kind, Kind::Refer { silent: true, .. }))
    }
}

/// Whether no NOTIFYs are wanted (RFC 4488 §4).
fn wants_silence(request: &Request) -> bool {
    let refused = request.headers.get(header::REFER_SUB);
    requires(&request.headers, NO_REFER_SUB)
        || refused.is_some_and(|value| value.trim().eq_ignore_ascii_case("false"))
}

/// The user part, if it is a plain number or name.
fn plain_number(uri: &Uri) -> Option<String> {
    let user = uri.unescaped_user()?;
    (crate::clean::number(&user) == user).then_some(user)
}

fn names_replaces(uri: &Uri) -> bool {
    let headers = uri.headers.as_deref().unwrap_or_default();
    headers
        .split('&')
        .any(|header| header.split('=').next().is_some_and(|name| name.eq_ignore_ascii_case("Replaces")))
}

fn method_of(uri: &Uri) -> Option<ReferMethod> {
    match uri.params.get("method") {
        None => Some(ReferMethod::Invite),
        Some(method) if method.eq_ignore_ascii_case("INVITE") => Some(ReferMethod::Invite),
        Some(method) if method.eq_ignore_ascii_case("BYE") => Some(ReferMethod::Bye),
        Some(_) => None,
    }
}
