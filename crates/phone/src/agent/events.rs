//! What the endpoint tells the agent.

use std::time::{Duration, Instant};

use bytes::Bytes;
use confab_sip::{CallRef, Cause, Event, Refusal};
use tokio::sync::mpsc;

use super::Agent;
use super::line::Line;
use crate::call::{Call, IncomingCall, Notice};
use crate::config::OnCall;
use crate::error::PhoneError;

impl Agent {
    pub(super) fn on_event(&mut self, event: Event) {
        let now = Instant::now();
        match event {
            Event::Offered { .. } => self.on_offered(now, event),
            Event::GatewayState { up, status, .. } => self.on_gateway(up, status),
            Event::Pong { ping, status } => {
                if let Some(reply) = self.pings.remove(&ping) {
                    let _ = reply.send(status);
                }
            }
            Event::Progress { call, status } => self.on_line(call, |line| line.on_progress(now, status)),
            Event::Answered { call, sdp } => self.on_answered(now, call, sdp),
            Event::Confirmed { call, sdp } => self.on_line(call, |line| line.on_confirmed(now, sdp)),
            Event::Offer { call, sdp } => self.on_offer(now, call, sdp),
            Event::OfferAnswered { call, sdp } => self.on_line(call, |line| line.on_offer_answered(sdp)),
            Event::OfferRefused { call, status } => self.on_line(call, |line| line.on_offer_refused(status)),
            Event::Info { call, content_type, body } => {
                self.on_line(call, |line| line.on_info(content_type, body));
            }
            Event::Notify { call, package, state, body } => {
                self.on_line(call, |line| line.on_notify(Notice { package, state, body }));
            }
            Event::Replied { call, status } => self.on_line(call, |line| line.on_replied(status)),
            Event::Ended { call, end } => {
                if let Some(line) = self.lines.remove(&call) {
                    line.on_ended(now, end);
                }
            }
            Event::Asked { .. }
            | Event::Subscribed { .. }
            | Event::Refreshed { .. }
            | Event::Notified { .. }
            | Event::Unsubscribed { .. }
            | Event::Referred { .. }
            | Event::Registered { .. }
            | Event::Unregistered { .. }
            | Event::Refused { .. } => {}
        }
    }

    fn on_line(&mut self, call: CallRef, tell: impl FnOnce(&mut Line)) {
        if let Some(line) = self.lines.get_mut(&call) {
            tell(line);
        }
    }

    fn on_offered(&mut self, now: Instant, event: Event) {
        let Event::Offered { call: id, caller, dialled, source, sdp, .. } = event else { return };
        let (Some(commands), Ok(line)) = (self.handle.upgrade(), Line::offered(now, &self.config, sdp))
        else {
            return self.endpoint.reject(now, id, Refusal::new(503));
        };
        let contact_user = self.invite_contact.take();
        let state = line.watch();
        self.lines.insert(id, line);
        let call = IncomingCall { caller, contact_user, dialled, source, id, commands, state };
        match self.config.on_call {
            OnCall::Ask => {
                let _ = self.offered.send(call);
            }
            OnCall::Answer(after) => {
                tokio::spawn(answer_after(call, after, self.taken.clone()));
            }
            OnCall::Refuse(status) => self.endpoint.reject(now, id, Refusal::new(status)),
            OnCall::Ring => self.ring(now, id),
        }
    }

    fn on_gateway(&mut self, up: bool, status: Option<u16>) {
        let refused = |what| if up { Ok(()) } else { Err(PhoneError::Refused { what, status }) };
        for reply in self.registering.drain(..) {
            let _ = reply.send(refused("the registration"));
        }
        for reply in self.unregistering.drain(..) {
            let _ = reply.send(Ok(()));
        }
    }

    fn on_answered(&mut self, now: Instant, call: CallRef, sdp: Option<Bytes>) {
        let Some(line) = self.lines.get_mut(&call) else { return };
        if line.on_answered(now, sdp).is_err() {
            self.endpoint.hangup(now, call, Cause::INCOMPATIBLE_DESTINATION);
        }
    }

    fn on_offer(&mut self, now: Instant, call: CallRef, sdp: Option<Bytes>) {
        let Some(line) = self.lines.get_mut(&call) else { return };
        match line.on_offer(sdp) {
            Ok(answer) => self.endpoint.accept_offer(now, call, answer),
            Err(error) => self.endpoint.refuse_offer(now, call, Refusal::new(error.status())),
        }
    }
}

async fn answer_after(call: IncomingCall, after: Duration, taken: mpsc::UnboundedSender<Call>) {
    call.ring();
    tokio::time::sleep(after).await;
    if let Ok(call) = call.answer().await {
        let _ = taken.send(call);
    }
}
