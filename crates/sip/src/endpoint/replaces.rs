//! Calls that take the place of others (RFC 3891).

use std::time::Instant;

use super::calls::{Call, Party};
use super::reply::Arrival;
use super::{CallRef, Endpoint, PeerOptions};
use crate::label::Label;
use crate::message::{Replaces, Request, Response, header};
use crate::transport::Flow;

impl Endpoint {
    /// How a peer is to name a call of ours in Replaces, so that another one of its takes its place there.
    #[must_use]
    pub fn replaces(&self, call: CallRef) -> Option<Replaces> {
        let Call::Up(session) = self.calls.get(&call)? else { return None };
        let dialog = &session.dialog;
        Some(Replaces {
            call_id: dialog.call_id.to_string(),
            to_tag: dialog.remote_tag.clone(),
            from_tag: dialog.local_tag.clone(),
            early_only: false,
        })
    }

    /// The call whose place an INVITE is to take, if it names one.
    ///
    /// # Errors
    /// The response that RFC 3891 §3 wants, or a challenge: knowing a dialog is not enough, unless the INVITE comes from
    /// where that call's peer is.
    pub(super) fn replaced(
        &mut self,
        now: Instant,
        arrival: Arrival,
        request: &Request,
        authenticated: Option<&str>,
        options: &PeerOptions,
    ) -> Result<Option<CallRef>, Response> {
        let mut named = request.headers.all(header::REPLACES);
        let Some(first) = named.next().filter(|_| options.replaces) else { return Ok(None) };
        let alone = named.next().is_none() && request.headers.get("Join").is_none();
        let wanted = first.parse().ok().filter(|_| alone).ok_or_else(|| request.respond(400))?;
        let call = self.named_call(&wanted).map_err(|status| request.respond(status))?;
        if authenticated.is_none() && !self.is_of_peer(call, &arrival.flow) {
            return Err(self.challenge(now, request, false));
        }
        Ok(Some(call))
    }

    /// The call that Replaces names. An early one counts if it is of our making.
    fn named_call(&self, wanted: &Replaces) -> Result<CallRef, u16> {
        let key = (Label::new(wanted.call_id.as_str()), wanted.to_tag.clone());
        match *self.dialogs.get(&key).ok_or(481_u16)? {
            Party::Call(call) => match self.calls.get(&call) {
                Some(Call::Up(session)) if session.dialog.remote_tag != wanted.from_tag => Err(481),
                Some(Call::Up(session)) if session.closing.is_some() => Err(603),
                Some(Call::Up(_)) if wanted.early_only => Err(486),
                Some(Call::Up(_)) => Ok(call),
                _ => Err(481),
            },
            Party::Fork(fork) => {
                let fork = self.forks.get(&fork).ok_or(481_u16)?;
                let known = fork.early.iter().any(|early| early.tag == wanted.from_tag);
                let open = matches!(self.calls.get(&fork.call), Some(Call::Placed(_)));
                if known && open { Ok(fork.call) } else { Err(481) }
            }
            Party::Subscription(_) => Err(481),
        }
    }

    /// Whether something comes from the gateway or the host that a call's peer is at.
    fn is_of_peer(&self, call: CallRef, flow: &Flow) -> bool {
        let Some(Call::Up(session)) = self.calls.get(&call) else { return false };
        let peer = &session.dialog.peer;
        let gateway = self.gateway_at(flow);
        peer.remote.ip() == flow.remote.ip() || (gateway.is_some() && gateway == self.gateway_at(peer))
    }
}
