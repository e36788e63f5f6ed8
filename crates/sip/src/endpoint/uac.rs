//! Calls from us (RFC 3261 §13.2).

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use super::calls::{Call, Party, Placed, attach_sdp};
use super::fork::{FAILOVER, Fork};
use super::options::{RELIABLE, TIMER};
use super::timer::ask_for_timer;
use super::trunks::Trunk;
use super::{CallRef, Cause, Endpoint, Extension, Outgoing, PeerOptions, PlaceError, Target};
use crate::clean;
use crate::label::Label;
use crate::message::{CSeq, Headers, Host, Method, NameAddr, Request, Uri, header};
use crate::transaction::{Due, ForkId, Owner, Sending};
use crate::transport::{Flow, Transport};

/// One INVITE to be sent.
struct Leg {
    uri: String,
    to: Uri,
    flow: Flow,
    anchored: bool,
    gateway: Option<usize>,
    alternatives: Vec<SocketAddr>,
    options: PeerOptions,
}

impl Endpoint {
    /// Calls someone.
    ///
    /// # Errors
    /// [`PlaceError`]: nothing was sent and no event will follow.
    pub fn place(&mut self, now: Instant, outgoing: Outgoing) -> Result<CallRef, PlaceError> {
        if self.stopping.is_some() || self.layer.is_full() || self.calls.len() >= self.config.limits.calls {
            return Err(PlaceError::TooManyCalls);
        }
        let legs = self.legs(&outgoing.target)?;
        let call = CallRef(self.next_number());
        self.layer.stats.calls_out += 1;
        let forks = legs.into_iter().map(|leg| self.launch(now, call, &outgoing, leg)).collect();
        self.calls.insert(call, Call::Placed(Box::new(Placed { forks, ..Placed::default() })));
        self.settle(now);
        Ok(call)
    }

    /// Where an INVITE to that target would go at first.
    pub fn way_to(&self, target: &Target) -> Option<IpAddr> {
        self.legs(target).ok()?.first().map(|leg| leg.flow.remote.ip().to_canonical())
    }

    /// Cancels all INVITEs of a call that have no final response.
    pub(super) fn cancel_forks(&mut self, now: Instant, call: CallRef, cause: Cause) {
        let forks = match self.calls.get_mut(&call) {
            Some(Call::Placed(placed)) => std::mem::take(&mut placed.forks),
            _ => Vec::new(),
        };
        forks.into_iter().for_each(|fork| self.cancel_fork(now, fork, cause));
    }

    /// The host that stands for us where no other is configured.
    pub(super) fn own_host(&self, flow: &Flow) -> Host {
        match self.config.domains.first() {
            Some(domain) => Host::Name(domain.clone()),
            None => Host::Ip(self.layer.advertised(flow).ip()),
        }
    }

    fn legs(&self, target: &Target) -> Result<Vec<Leg>, PlaceError> {
        match target {
            Target::User(user) => self.user_legs(user),
            Target::Gateway { gateway, number } => self.gateway_leg(gateway, number).map(|leg| vec![leg]),
            Target::Address { uri, transport, remote } => {
                let flow = self.layer.route(*transport, *remote).ok_or(PlaceError::NoListener)?;
                let (to, uri, alternatives) = (uri.clone(), uri.to_string(), Vec::new());
                let options = self.config.others;
                Ok(vec![Leg { uri, to, flow, anchored: false, gateway: None, alternatives, options }])
            }
        }
    }

    /// All contacts of a user, each where it registered from.
    fn user_legs(&self, user: &str) -> Result<Vec<Leg>, PlaceError> {
        let options = self.user(user).map_or(self.config.others, |user| user.options);
        let legs: Vec<Leg> = self
            .registrar
            .bindings(user)
            .iter()
            .map(|binding| {
                let to = Uri::sip(Some(user), self.own_host(&binding.flow), None);
                let (uri, flow) = (binding.contact.to_string(), binding.flow);
                Leg { uri, to, flow, anchored: true, gateway: None, alternatives: Vec::new(), options }
            })
            .collect();
        if legs.is_empty() { Err(PlaceError::NotRegistered) } else { Ok(legs) }
    }

    fn gateway_leg(&self, name: &str, number: &str) -> Result<Leg, PlaceError> {
        let index = self.trunk_named(name).ok_or(PlaceError::UnknownGateway)?;
        let trunk = self.trunks.get(index).ok_or(PlaceError::UnknownGateway)?;
        if trunk.is_down() {
            return Err(PlaceError::GatewayDown);
        }
        let (first, rest) = trunk.addresses.split_first().ok_or(PlaceError::Unresolved)?;
        let flow = self.layer.route(trunk.config.transport, *first).ok_or(PlaceError::NoListener)?;
        let mut to = trunk.uri(Some(&clean::number(number)));
        if trunk.config.transport == Transport::Tcp {
            to.params.set("transport", Some("tcp"));
        }
        let uri = to.to_string();
        let (alternatives, options) = (rest.to_vec(), trunk.config.options);
        Ok(Leg { uri, to, flow, anchored: false, gateway: Some(index), alternatives, options })
    }

    fn launch(&mut self, now: Instant, call: CallRef, outgoing: &Outgoing, leg: Leg) -> ForkId {
        let fork = ForkId(self.next_number());
        let local_tag = self.layer.token();
        let invite = self.invite(outgoing, &leg, &local_tag);
        let call_id = Label::new(invite.headers.call_id().unwrap_or_default());
        self.dialogs.insert((call_id.clone(), local_tag.clone()), Party::Fork(fork));
        let Leg { flow, anchored, gateway, alternatives, options, .. } = leg;
        let sending = Sending { gateway, ..Sending::new(invite, flow, Owner::Fork(fork)) };
        let id = self.layer.request(now, sending);
        let mut launched = Fork::new(call, id, call_id, local_tag, options);
        (launched.anchored, launched.gateway, launched.alternatives) = (anchored, gateway, alternatives);
        if !launched.alternatives.is_empty() {
            self.layer.schedule.start(Due::Failover(fork), now + FAILOVER);
        }
        self.forks.insert(fork, launched);
        fork
    }

    fn invite(&mut self, outgoing: &Outgoing, leg: &Leg, local_tag: &str) -> Request {
        let identity = clean::identity(&outgoing.from);
        let trunk = leg.gateway.and_then(|index| self.trunks.get(index));
        let user = trunk.and_then(|trunk| trunk.config.from_user.clone()).unwrap_or(identity.user);
        let host = trunk.and_then(Trunk::home_host).unwrap_or_else(|| self.own_host(&leg.flow));
        let from = NameAddr { display: identity.display, ..NameAddr::new(Uri::sip(Some(&user), host, None)) };
        let contact_user = outgoing.contact_user.as_deref().map_or(user, clean::number);
        let mut request = Request::new(Method::Invite, leg.uri.clone());
        let call_id = format!("{}{}", self.layer.token(), self.layer.token());
        let contact = self.dialog_contact(&leg.flow, &contact_user, &leg.options);
        let headers = &mut request.headers;
        headers.push(header::MAX_FORWARDS, "70");
        headers.push(header::FROM, from.with_tag(local_tag).to_string());
        headers.push(header::TO, NameAddr::new(leg.to.clone()).to_string());
        headers.push(header::CALL_ID, call_id);
        headers.push(header::CSEQ, CSeq::new(1, Method::Invite).to_string());
        headers.push(header::CONTACT, contact);
        if let Some(replaces) = &outgoing.replaces {
            headers.push(header::REPLACES, replaces.to_string());
        }
        self.introduce(headers, &leg.options);
        require(headers, &leg.options);
        ask_for_timer(headers, &leg.options, None);
        self.decorate(headers);
        attach_sdp(&mut request, outgoing.sdp.clone());
        request
    }
}

/// Names the extensions that the callee must know.
fn require(headers: &mut Headers, options: &PeerOptions) {
    for (tag, use_of) in [(TIMER, options.session_timers), (RELIABLE, options.reliable)] {
        if use_of == Extension::Required {
            headers.push(header::REQUIRE, tag);
        }
    }
}
