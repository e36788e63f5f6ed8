//! The SIP side: what the endpoint reports about calls.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use confab_conference::{Caller, Conferences, LegId, Origin, Outcome, Release};
use confab_sdp::{SdpError, Session, Stream};
use confab_sip::{Admission, By, CallRef, Cause, End, Event, InviteSummary, Refusal, network};

use crate::leg::{Arrival, Leg, Stage};
use crate::{MediaCommand, Notice, Shortage, Switchboard, digits};

/// What a caller is told to wait for whom there are no ports or no time.
const SHORTAGE_RETRY_AFTER: Duration = Duration::from_secs(10);

/// Answers the endpoint's question whether anything is reached under a number, before any state exists.
pub(crate) struct Gate<'a> {
    pub(crate) conferences: &'a Conferences,
}

impl Admission for Gate<'_> {
    fn admit(&self, invite: &InviteSummary<'_>) -> Result<(), Refusal> {
        let (user, gateway) = (invite.authenticated, invite.gateway);
        let origin = Origin { user, gateway, address: Some(invite.source.ip()) };
        self.conferences.admit(invite.dialled, origin).map_err(|refused| Refusal::new(refused.status))
    }
}

impl Switchboard {
    pub(crate) fn on_sip(&mut self, now: Instant, event: Event) {
        match event {
            Event::Offered { call, caller, authenticated, gateway, dialled, source, replaces, pin, sdp } => {
                let number = authenticated.clone().unwrap_or(caller.user);
                // All callers of a gateway share its address: it says nothing about one of them.
                let from = gateway.is_none().then(|| network(source.ip()));
                let address = Some(source.ip());
                let (user, name) = (authenticated, caller.display);
                let pin = pin.and_then(|pin| pin.expose().parse().ok());
                let caller = Caller { number, name, user, source: from, gateway, address, pin };
                let arrival = Arrival { caller, dialled, source: source.ip(), replaces: None, offer: sdp };
                self.on_offered(now, call, arrival, replaces);
            }
            Event::Progress { call, .. } => self.with_leg(now, call, Self::on_progress),
            Event::Answered { call, sdp } => {
                self.locate(call);
                self.with_leg(now, call, |this, now, leg| this.on_answered(now, leg, sdp));
            }
            Event::Confirmed { call, sdp: None } => {
                self.locate(call);
                self.with_leg(now, call, Self::update_stream);
            }
            Event::Confirmed { call, sdp: Some(sdp) } | Event::OfferAnswered { call, sdp: Some(sdp) } => {
                self.locate(call);
                self.with_leg(now, call, |this, now, leg| this.on_late_answer(now, leg, &sdp));
            }
            Event::Offer { call, sdp } => {
                self.locate(call);
                self.with_leg(now, call, |this, now, leg| this.on_offer(now, leg, call, sdp));
            }
            Event::Info { call, content_type, body } => {
                if let Some(digit) = digits::from_info(&content_type, &body) {
                    self.with_leg(now, call, |this, now, leg| {
                        this.digit(now, leg, digits::Source::Info, digit)
                    });
                }
            }
            Event::Asked { call, status } => {
                self.with_leg(now, call, |this, now, leg| this.on_asked(now, leg, status));
            }
            Event::Subscribed { subscription, asker, conference } => {
                self.on_subscribed(now, subscription, &asker, conference);
            }
            Event::Refreshed { subscription, last } => self.on_refreshed(now, subscription, last),
            Event::Notified { subscription } => self.on_notified(now, subscription),
            Event::Unsubscribed { subscription } => {
                self.on_unsubscribed(subscription);
                self.forget_refer(subscription);
            }
            Event::Referred { subscription, asker, number, method } => {
                self.on_referred(now, subscription, &asker, number, method);
            }
            Event::Ended { call, end } => self.on_ended(now, call, &end),
            Event::OfferAnswered { .. } | Event::OfferRefused { .. } => {}
            event => self.notice(Notice::Sip(event)),
        }
    }

    fn with_leg(&mut self, now: Instant, call: CallRef, act: impl FnOnce(&mut Self, Instant, LegId)) {
        if let Some(leg) = self.legs.of_call(call) {
            act(self, now, leg);
        }
    }

    /// Notes where a peer's SIP comes from, now that this is proved.
    fn locate(&mut self, call: CallRef) {
        let peer = self.endpoint.peer(call).map(|address| address.ip());
        if let Some(leg) = self.legs.of_call(call).and_then(|leg| self.legs.find_mut(leg)) {
            leg.signalling = peer.or(leg.signalling);
        }
    }

    /// A new call; `replaces`: it takes the place of that one (RFC 3891).
    fn on_offered(&mut self, now: Instant, call: CallRef, arrival: Arrival, replaces: Option<CallRef>) {
        let old = replaces.and_then(|old| self.legs.of_call(old));
        if replaces.is_some() && old.is_none() {
            return self.endpoint.reject(now, call, Refusal::new(481));
        }
        let room = match old {
            Some(old) => self.conferences.room_of_leg(old),
            None => self.conferences.room_of_number(&arrival.dialled, Origin::from(&arrival.caller)),
        };
        let arrival = Arrival { replaces: old, ..arrival };
        let leg = self.legs.add_inbound(Leg::arriving(call, arrival));
        self.command(MediaCommand::OpenLeg { leg, room });
    }

    /// A caller's ports are reserved: answer his offer, or refuse him while nothing has happened yet.
    pub(crate) fn on_arrival(&mut self, now: Instant, id: LegId, port: u16, arrival: Arrival) {
        let origin = Origin::from(&arrival.caller);
        let profile = match arrival.replaces {
            Some(old) => self.conferences.profile_of_leg(old),
            None => self.conferences.profile_of_number(&arrival.dialled, origin),
        };
        let profile = profile.unwrap_or_default();
        let mut session = self.new_session(port, Some(arrival.source), &profile);
        let answer = arrival.offer.as_deref().map(|offer| self.answer_to(offer, &mut session)).transpose();
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return self.refuse(now, id, sdp_refusal(&error)),
        };
        let Some(leg) = self.legs.find_mut(id) else { return };
        leg.held = session.stream().is_some_and(Stream::on_hold);
        leg.session = Some(session);
        leg.stage = Stage::Ringing { answer };
        let held = leg.held;
        let Arrival { caller, dialled, replaces, .. } = arrival;
        match replaces {
            Some(old) => self.tell(now, confab_conference::Input::Replaced { old, new: id, caller }),
            None => self.admit(now, id, caller, dialled),
        }
        if held {
            self.tell(now, confab_conference::Input::Held { leg: id, on: true });
        }
    }

    /// Lets a caller in. Whose number leads to a room of another name, as that of a conference factory does, is told the
    /// room's own in our Contact, if others get there by it (RFC 4579 §5.4).
    fn admit(&mut self, now: Instant, id: LegId, caller: Caller, dialled: String) {
        let asked =
            confab_conference::Input::Arrived { leg: id, caller: caller.clone(), dialled: dialled.clone() };
        self.tell(now, asked);
        let call = self.legs.find(id).and_then(|leg| leg.call);
        let (Some(call), Some((_, room))) = (call, self.conferences.name_of_leg(id)) else { return };
        let leads_there = |number: &str| {
            let led = self.conferences.room_name_of_number(number, Origin::from(&caller));
            led.is_some_and(|name| name == room)
        };
        if !leads_there(&dialled) && leads_there(&room) {
            self.endpoint.name_contact(call, &room);
        }
    }

    /// There is no place for a caller now. A 503 is about the server: it keeps all calls away for the time that it names
    /// (RFC 3261 §21.5.4); where only his room is full, others may still come.
    pub(crate) fn refuse_for_shortage(&mut self, now: Instant, leg: LegId, shortage: Shortage) {
        let status = if shortage == Shortage::Room { 486 } else { 503 };
        let refusal = Refusal { retry_after: Some(SHORTAGE_RETRY_AFTER), ..Refusal::new(status) };
        self.refuse(now, leg, refusal);
    }

    /// Ends an unanswered inbound leg by a final response.
    pub(crate) fn refuse(&mut self, now: Instant, leg: LegId, refusal: Refusal) {
        let Some(gone) = self.remove(leg) else { return };
        if let Some(call) = gone.call {
            self.endpoint.reject(now, call, refusal);
        }
    }

    /// Ends a leg in whatever state it is; the conferences know or need not know.
    pub(crate) fn end_leg(&mut self, now: Instant, leg: LegId, cause: Cause) {
        let Some(gone) = self.remove(leg) else { return };
        if let Some(call) = gone.call {
            self.endpoint.hangup(now, call, cause);
        }
    }

    /// Takes a leg out of the table and its audio out of the engine.
    fn remove(&mut self, id: LegId) -> Option<Leg> {
        let gone = self.legs.remove(id)?;
        self.command(MediaCommand::StopLeg { leg: id });
        if gone.flowing {
            self.departed.add(id, gone.line_name());
        }
        Some(gone)
    }

    fn on_progress(&mut self, now: Instant, leg: LegId) {
        self.tell(now, confab_conference::Input::Ringing { leg });
    }

    fn on_answered(&mut self, now: Instant, id: LegId, sdp: Option<Bytes>) {
        if !sdp.is_some_and(|sdp| self.takes_answer(id, &sdp)) {
            self.end_leg(now, id, Cause::INCOMPATIBLE_DESTINATION);
            return self.unreachable(now, id, Release::default());
        }
        if let Some(leg) = self.legs.find_mut(id) {
            leg.stage = Stage::Answered;
        }
        self.tell(now, confab_conference::Input::Answered { leg: id });
        self.report_hold(now, id);
        self.settle_the_codec(now, id);
    }

    fn awaits_answer(&self, id: LegId) -> bool {
        self.legs.find(id).and_then(|leg| leg.session.as_ref()).is_some_and(Session::awaits_answer)
    }

    /// An answer with several codecs leaves the peer free to change between them at any time: offer only the first, which
    /// it likes best, so that both know what comes (RFC 3264 §10.2).
    fn settle_the_codec(&mut self, now: Instant, id: LegId) {
        let Some(leg) = self.legs.find_mut(id) else { return };
        let (Some(call), Some(session)) = (leg.call, leg.session.as_mut()) else { return };
        if session.stream().is_some_and(|stream| stream.is_ambiguous) {
            let offer = session.offer_the_chosen();
            self.endpoint.reoffer(now, call, offer);
        }
    }

    /// The answer to an offer of ours that came later: in the ACK, or to a re-INVITE.
    fn on_late_answer(&mut self, now: Instant, id: LegId, sdp: &[u8]) {
        if !self.awaits_answer(id) {
            // The peer's own offer was answered meanwhile.
            return;
        }
        if !self.takes_answer(id, sdp) {
            self.end_leg(now, id, Cause::INCOMPATIBLE_DESTINATION);
            return self.tell(now, confab_conference::Input::Left { leg: id });
        }
        self.update_stream(now, id);
        self.settle_the_codec(now, id);
    }

    /// A re-INVITE or UPDATE: hold, resume, another codec, another address.
    fn on_offer(&mut self, now: Instant, id: LegId, call: CallRef, sdp: Option<Bytes>) {
        let Some(session) = self.legs.find_mut(id).and_then(|leg| leg.session.as_mut()) else { return };
        let Some(offer) = sdp else {
            let ours = session.offer();
            return self.endpoint.accept_offer(now, call, ours);
        };
        let mut agreed = session.clone();
        match self.answer_to(&offer, &mut agreed) {
            Ok(answer) => {
                if let Some(leg) = self.legs.find_mut(id) {
                    leg.session = Some(agreed);
                }
                self.endpoint.accept_offer(now, call, answer);
                self.update_stream(now, id);
            }
            Err(error) => self.endpoint.refuse_offer(now, call, sdp_refusal(&error)),
        }
    }

    fn answer_to(&self, offer: &[u8], session: &mut Session) -> Result<Bytes, SdpError> {
        let (answer, stream) = session.answer(offer)?;
        self.check_target(&stream)?;
        Ok(answer)
    }

    /// Whether the answer to our offer can be lived with.
    fn takes_answer(&mut self, id: LegId, sdp: &[u8]) -> bool {
        let Some(session) = self.legs.find_mut(id).and_then(|leg| leg.session.as_mut()) else { return false };
        session.accept_answer(sdp).is_ok_and(|stream| self.check_target(&stream).is_ok())
    }

    /// Audio that is sent to a leg of ours would come back as somebody's voice.
    fn check_target(&self, stream: &Stream) -> Result<(), SdpError> {
        let ours = |remote: &SocketAddr| {
            self.audio.addresses.contains(&remote.ip()) && self.legs.hold_port(remote.port())
        };
        stream.remote.filter(ours).map_or(Ok(()), |remote| Err(SdpError::BadAddress(remote)))
    }

    fn update_stream(&mut self, now: Instant, id: LegId) {
        let Some(leg) = self.legs.find_mut(id) else { return };
        let signalling = leg.signalling;
        if let Some(stream) = leg.stream().cloned().filter(|_| leg.flowing) {
            let profile = self.conferences.profile_of_leg(id).unwrap_or_default();
            self.command(MediaCommand::UpdateLeg { leg: id, stream, signalling, profile });
            self.listen_for_keys(id);
        }
        self.report_hold(now, id);
    }

    fn report_hold(&mut self, now: Instant, id: LegId) {
        let Some(leg) = self.legs.find_mut(id) else { return };
        let on = leg.stream().is_some_and(Stream::on_hold);
        if leg.held != on {
            leg.held = on;
            self.tell(now, confab_conference::Input::Held { leg: id, on });
        }
    }

    fn on_ended(&mut self, now: Instant, call: CallRef, end: &End) {
        let Some(id) = self.legs.of_call(call) else { return };
        let Some(leg) = self.remove(id) else { return };
        match leg.stage {
            Stage::Arriving(_) => {}
            Stage::Ringing { .. } if leg.outbound => {
                let (outcome, release) = (outcome(end), release(end));
                self.tell(now, confab_conference::Input::Failed { leg: id, outcome, release });
            }
            _ => self.tell(now, confab_conference::Input::Left { leg: id }),
        }
    }
}

fn sdp_refusal(error: &SdpError) -> Refusal {
    Refusal { warning: Some(error.warning()), ..Refusal::new(error.status()) }
}

/// What the other side said when the call ended.
fn release(end: &End) -> Release {
    Release { status: end.status, q850: end.reason.as_deref().and_then(q850) }
}

/// The cause in a Reason header, such as `Q.850;cause=17;text="User busy"` (RFC 3326 §2).
fn q850(reason: &str) -> Option<u16> {
    let mut parameters = reason.strip_prefix("Q.850")?.split(';').map(str::trim);
    parameters.find_map(|parameter| parameter.strip_prefix("cause=")?.trim().parse().ok())
}

/// What the final response to our INVITE means to the one who asked for the call.
fn outcome(end: &End) -> Outcome {
    match (end.status, end.by) {
        (Some(486 | 600), _) => Outcome::Busy,
        (Some(401 | 403 | 407 | 603 | 607), _) => Outcome::Declined,
        (Some(408 | 480 | 487), By::Peer) => Outcome::NoAnswer,
        _ => Outcome::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_of_a_reason_header() {
        let table = [
            ("Q.850;cause=17;text=\"User busy\"", Some(17)),
            ("Q.850 ; cause=16", Some(16)),
            ("SIP;cause=486", None),
            ("Q.850;text=\"cause=x\"", None),
            ("Q.850;cause=99999999", None),
            ("Busy Here", None),
        ];
        for (reason, expected) in table {
            assert_eq!(q850(reason), expected, "{reason}");
        }
    }

    #[test]
    fn final_responses_as_the_inviter_hears_of_them() {
        let peer = |status| End { status: Some(status), by: By::Peer, reason: None };
        let table = [
            (486, Outcome::Busy),
            (600, Outcome::Busy),
            (603, Outcome::Declined),
            (403, Outcome::Declined),
            (480, Outcome::NoAnswer),
            (404, Outcome::Unreachable),
            (503, Outcome::Unreachable),
        ];
        for (status, expected) in table {
            assert_eq!(outcome(&peer(status)), expected, "{status}");
        }
        let unanswered = End { status: Some(408), by: By::Timeout, reason: None };
        assert_eq!(outcome(&unanswered), Outcome::Unreachable, "no response at all: Timer B");
    }
}
