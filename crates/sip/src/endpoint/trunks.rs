//! Gateways: their addresses, our registrations there, and whether they live.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::{Endpoint, Event, Gateway};
use crate::message::{CSeq, Contacts, Host, Method, NameAddr, Request, Response, Uri, header};
use crate::transaction::{Due, Owner, Sending};
use crate::transport::Flow;

/// The wait after the first failed REGISTER; it doubles with each further one.
const FIRST_RETRY: Duration = Duration::from_secs(5);

/// The longest wait between failed REGISTERs.
const LAST_RETRY: Duration = Duration::from_secs(300);

/// Lost pings until a gateway counts as down.
const LOST_PINGS: u32 = 2;

/// One gateway and what we know of it.
#[derive(Debug)]
pub(super) struct Trunk {
    /// As configured.
    pub(super) config: Gateway,
    /// Its addresses, best first.
    pub(super) addresses: Vec<SocketAddr>,
    /// The realm whose challenges are answered.
    pub(super) realm: Option<String>,
    up: Option<bool>,
    lost_pings: u32,
    registration: Registration,
}

/// Our binding at a gateway's registrar (RFC 3261 §10.2).
#[derive(Debug, Default)]
struct Registration {
    wanted: bool,
    call_id: String,
    cseq: u32,
    expires: Duration,
    failures: u32,
}

impl Trunk {
    /// A gateway whose host may already be an address.
    pub(super) fn new(config: Gateway) -> Self {
        let address = literal(&config.host);
        let registration =
            Registration { wanted: config.register, expires: config.expires, ..Registration::default() };
        Self {
            addresses: address.into_iter().map(|ip| SocketAddr::new(ip, config.port)).collect(),
            realm: config.realm.clone(),
            up: None,
            lost_pings: 0,
            registration,
            config,
        }
    }

    /// Whether it is known not to work.
    pub(super) fn is_down(&self) -> bool {
        self.up == Some(false)
    }

    /// A URI at the gateway.
    pub(super) fn uri(&self, user: Option<&str>) -> Uri {
        let host = host(&self.config.host);
        let port = (self.config.port != 5060).then_some(self.config.port);
        Uri::sip(user, host, port)
    }

    /// The host of our From: an account belongs to the gateway's domain.
    pub(super) fn home_host(&self) -> Option<Host> {
        match &self.config.from_domain {
            Some(domain) => Some(host(domain)),
            None => self.config.username.as_ref().map(|_| self.uri(None).host),
        }
    }

    /// A REGISTER was sent with that CSeq number.
    pub(super) fn note_cseq(&mut self, number: u32) {
        self.registration.cseq = self.registration.cseq.max(number);
    }
}

impl Endpoint {
    /// Starts, or starts anew, our registration at a gateway, whatever its `register` says.
    pub fn register(&mut self, now: Instant, gateway: &str) {
        self.start(now);
        if let Some(index) = self.trunk_named(gateway)
            && let Some(trunk) = self.trunks.get_mut(index)
        {
            trunk.registration.wanted = true;
            trunk.registration.failures = 0;
            // Whoever asks for it wants to hear how it went, even if as before.
            trunk.up = None;
            self.send_register(now, index);
        }
        self.settle(now);
    }

    /// Takes our registration at a gateway back.
    pub fn unregister(&mut self, now: Instant, gateway: &str) {
        self.start(now);
        if let Some(index) = self.trunk_named(gateway)
            && let Some(trunk) = self.trunks.get_mut(index)
        {
            trunk.registration.wanted = false;
            trunk.up = None;
            self.layer.schedule.stop(Due::Register(index));
            self.send_register(now, index);
        }
        self.settle(now);
    }

    /// The gateways that we are registered at.
    pub(super) fn registered_at(&self) -> Vec<String> {
        let registered = |trunk: &&Trunk| trunk.registration.wanted && trunk.up == Some(true);
        self.trunks.iter().filter(registered).map(|trunk| trunk.config.name.clone()).collect()
    }

    /// Starts registrations and pings, once.
    pub(super) fn start(&mut self, now: Instant) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        for index in 0..self.trunks.len() {
            self.begin(now, index);
        }
    }

    /// A gateway's host name was looked up.
    pub(super) fn resolved(&mut self, now: Instant, gateway: &str, addresses: Vec<SocketAddr>) {
        let Some(index) = self.trunk_named(gateway) else { return };
        let Some(trunk) = self.trunks.get_mut(index) else { return };
        let first = trunk.addresses.is_empty();
        // A failed look-up keeps the last good answer.
        if !addresses.is_empty() {
            trunk.addresses = addresses;
        }
        if first {
            self.begin(now, index);
        }
    }

    /// The index of a gateway.
    pub(super) fn trunk_named(&self, name: &str) -> Option<usize> {
        self.trunks.iter().position(|trunk| trunk.config.name == name)
    }

    /// The gateway that a flow comes from.
    pub(super) fn gateway_at(&self, flow: &Flow) -> Option<String> {
        let is_there = |address: &SocketAddr| match flow.connection {
            // Its end of a stream that it opened has any port.
            Some(_) => address.ip() == flow.remote.ip(),
            None => *address == flow.remote,
        };
        let fits =
            |trunk: &&Trunk| trunk.config.transport == flow.transport && trunk.addresses.iter().any(is_there);
        self.trunks.iter().find(fits).map(|trunk| trunk.config.name.clone())
    }

    /// Sends REGISTER, with Expires 0 when the registration is no longer wanted.
    pub(super) fn send_register(&mut self, now: Instant, index: usize) {
        let Some(flow) = self.trunk_flow(index) else { return };
        let token = self.layer.token();
        let tag = self.layer.token();
        let Some(trunk) = self.trunks.get_mut(index) else { return };
        if trunk.registration.call_id.is_empty() {
            trunk.registration.call_id = token;
        }
        trunk.registration.cseq += 1;
        let registration = &trunk.registration;
        let user = trunk.config.username.clone().unwrap_or_default();
        let expires = if registration.wanted { registration.expires } else { Duration::ZERO };
        let account = NameAddr::new(trunk.uri(Some(&user)));
        let mut request = Request::new(Method::Register, trunk.uri(None).to_string());
        let (call_id, cseq) = (registration.call_id.clone(), CSeq::new(registration.cseq, Method::Register));
        let contact = self.contact(&flow, &user);
        let headers = &mut request.headers;
        headers.push(header::MAX_FORWARDS, "70");
        headers.push(header::FROM, account.clone().with_tag(&tag).to_string());
        headers.push(header::TO, account.to_string());
        headers.push(header::CALL_ID, call_id);
        headers.push(header::CSEQ, cseq.to_string());
        headers.push(header::CONTACT, contact);
        headers.push(header::EXPIRES, expires.as_secs().to_string());
        self.decorate(headers);
        let sending = Sending::new(request, flow, Owner::Register(index));
        self.layer.request(now, Sending { gateway: Some(index), ..sending });
    }

    /// The final response to our REGISTER.
    pub(super) fn register_response(&mut self, now: Instant, index: usize, response: &Response) {
        let Some(trunk) = self.trunks.get_mut(index) else { return };
        let registration = &mut trunk.registration;
        if !registration.wanted {
            return self.unregistered(index, Some(response.status));
        }
        match response.status {
            ..300 => {
                registration.failures = 0;
                let life = granted(response).unwrap_or(registration.expires);
                self.layer.schedule.start(Due::Register(index), now + refresh_after(life));
                self.set_up(index, true, Some(response.status));
            }
            423 if let Some(least) = min_expires(response).filter(|least| *least > registration.expires) => {
                registration.expires = least;
                self.send_register(now, index);
            }
            status => self.register_failed(now, index, Some(status)),
        }
    }

    /// Our REGISTER was refused or not answered: the next try waits longer each time.
    pub(super) fn register_failed(&mut self, now: Instant, index: usize, status: Option<u16>) {
        let Some(trunk) = self.trunks.get_mut(index) else { return };
        if !trunk.registration.wanted {
            return self.unregistered(index, status);
        }
        let wait = FIRST_RETRY * 2_u32.saturating_pow(trunk.registration.failures.min(10));
        trunk.registration.failures += 1;
        if status.is_none() && !trunk.addresses.is_empty() {
            trunk.addresses.rotate_left(1);
        }
        self.layer.schedule.start(Due::Register(index), now + wait.min(LAST_RETRY));
        self.set_up(index, false, status);
    }

    /// Pings a gateway.
    pub(super) fn probe(&mut self, now: Instant, index: usize) {
        let (Some(flow), Some(trunk)) = (self.trunk_flow(index), self.trunks.get(index)) else { return };
        let uri = trunk.uri(None).to_string();
        let request = self.options_request(&flow, &uri);
        let sending = Sending::new(request, flow, Owner::Probe(index));
        self.layer.request(now, Sending { gateway: Some(index), ..sending });
    }

    /// The result of a ping: any answer but 408 and 503 is a sign of life.
    pub(super) fn probed(&mut self, now: Instant, index: usize, status: Option<u16>) {
        let Some(trunk) = self.trunks.get_mut(index) else { return };
        let Some(interval) = trunk.config.ping else { return };
        self.layer.schedule.start(Due::Ping(index), now + interval);
        if status.is_some_and(|status| !matches!(status, 408 | 503)) {
            trunk.lost_pings = 0;
            return self.set_up(index, true, status);
        }
        trunk.lost_pings += 1;
        if trunk.lost_pings >= LOST_PINGS {
            self.set_up(index, false, status);
        }
    }

    /// An OPTIONS outside of dialogs.
    pub(super) fn options_request(&mut self, flow: &Flow, uri: &str) -> Request {
        let (tag, call_id) = (self.layer.token(), self.layer.token());
        let from = NameAddr::new(Uri::sip(None, Host::Ip(self.layer.advertised(flow).ip()), None));
        let mut request = Request::new(Method::Options, uri);
        let headers = &mut request.headers;
        headers.push(header::MAX_FORWARDS, "70");
        headers.push(header::FROM, from.with_tag(&tag).to_string());
        headers.push(header::TO, format!("<{uri}>"));
        headers.push(header::CALL_ID, call_id);
        headers.push(header::CSEQ, CSeq::new(1, Method::Options).to_string());
        headers.push(header::ACCEPT, "application/sdp");
        self.decorate(headers);
        request
    }

    fn begin(&mut self, now: Instant, index: usize) {
        let Some(trunk) = self.trunks.get(index).filter(|trunk| !trunk.addresses.is_empty()) else { return };
        let (register, ping) = (trunk.registration.wanted, trunk.config.ping.is_some());
        if register {
            self.layer.schedule.start(Due::Register(index), now);
        }
        if ping {
            self.layer.schedule.start(Due::Ping(index), now);
        }
    }

    fn trunk_flow(&self, index: usize) -> Option<Flow> {
        let trunk = self.trunks.get(index)?;
        self.layer.route(trunk.config.transport, *trunk.addresses.first()?)
    }

    /// We are not registered because we do not want to be: that is no reason against calls.
    fn unregistered(&mut self, index: usize, status: Option<u16>) {
        self.set_up(index, false, status);
        if let Some(trunk) = self.trunks.get_mut(index) {
            trunk.up = None;
        }
    }

    fn set_up(&mut self, index: usize, up: bool, status: Option<u16>) {
        let Some(trunk) = self.trunks.get_mut(index) else { return };
        if trunk.up.replace(up) != Some(up) {
            let gateway = trunk.config.name.clone();
            self.events.push_back(Event::GatewayState { gateway, up, status });
        }
    }
}

/// A configured host as it stands in a URI.
fn host(text: &str) -> Host {
    literal(text).map_or_else(|| Host::Name(text.to_owned()), Host::Ip)
}

/// The address that a host is, if it is no name; IPv6 with or without brackets.
fn literal(host: &str) -> Option<IpAddr> {
    host.trim_matches(['[', ']']).parse().ok()
}

/// How long the binding was granted: the Contact's own `expires`, else Expires.
fn granted(response: &Response) -> Option<Duration> {
    let own = match response.headers.contacts().ok()? {
        Contacts::List(contacts) => {
            contacts.iter().find_map(|contact| contact.params.get("expires")?.parse().ok())
        }
        Contacts::Star => None,
    };
    let common = || response.headers.expires().and_then(Result::ok);
    own.or_else(common).map(|seconds: u32| Duration::from_secs(seconds.into()))
}

fn min_expires(response: &Response) -> Option<Duration> {
    let seconds: u32 = response.headers.get(header::MIN_EXPIRES)?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.into()))
}

/// Well before the end, so that a lost REGISTER has time to be sent again.
fn refresh_after(life: Duration) -> Duration {
    (life * 9 / 10).min(life.saturating_sub(Duration::from_secs(5))).max(Duration::from_secs(1))
}
