//! Dialogs (RFC 3261 §12): what two user agents remember of each other.

mod session;
#[cfg(test)]
mod tests;
pub(crate) mod timer;

use std::net::{IpAddr, SocketAddr};

pub(crate) use session::{Negotiation, Queued, Refresh, Session, Unacknowledged};
pub(crate) use timer::{NoTimer, SessionTimer};

use crate::label::Label;
use crate::message::{CSeq, Contacts, Headers, Host, Method, NameAddr, Request, Response, Uri, header};
use crate::transport::{Flow, Transport};

/// One dialog, early or confirmed.
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    /// Call-ID.
    pub(crate) call_id: Label,
    /// Our tag.
    pub(crate) local_tag: String,
    /// The peer's tag; empty for a peer from before RFC 3261.
    pub(crate) remote_tag: String,
    /// Our Contact, as it stands in messages.
    pub(crate) contact: Box<str>,
    /// Where the peer was last seen.
    pub(crate) peer: Flow,
    /// The CSeq of our last request.
    pub(crate) local_cseq: u32,
    /// The From of our requests.
    local: Box<str>,
    /// Their To.
    remote: Box<str>,
    remote_cseq: Option<u32>,
    target: Box<str>,
    route_set: Vec<NameAddr>,
    /// Requests go to where the peer was seen rather than where its Contact points, which a NAT makes useless.
    anchored: bool,
}

impl Dialog {
    /// The dialog that a request to us opens (RFC 3261 §12.1.1). `None`: its headers do not allow one.
    pub(crate) fn of_request(
        request: &Request,
        local_tag: String,
        contact: String,
        peer: Flow,
    ) -> Option<Self> {
        let (from, to) = (request.headers.from().ok()?, request.headers.to().ok()?);
        let target = contact_of(&request.headers).unwrap_or_else(|| from.uri.to_string());
        Some(Self {
            call_id: Label::new(request.headers.call_id()?),
            remote_tag: from.tag().unwrap_or_default().to_owned(),
            local: to.with_tag(&local_tag).to_string().into(),
            local_tag,
            remote: from.to_string().into(),
            contact: contact.into(),
            peer,
            local_cseq: 0,
            remote_cseq: Some(request.headers.cseq().ok()?.number),
            target: target.into(),
            route_set: request.headers.record_routes().ok()?,
            anchored: true,
        })
    }

    /// The dialog that a response to our INVITE opens (RFC 3261 §12.1.2).
    pub(crate) fn of_response(
        invite: &Request,
        response: &Response,
        peer: Flow,
        anchored: bool,
    ) -> Option<Self> {
        let (from, to) = (invite.headers.from().ok()?, response.headers.to().ok()?);
        let mut route_set = response.headers.record_routes().ok()?;
        route_set.reverse();
        Some(Self {
            call_id: Label::new(invite.headers.call_id()?),
            local_tag: from.tag()?.to_owned(),
            remote_tag: to.tag().unwrap_or_default().to_owned(),
            contact: invite.headers.get(header::CONTACT)?.into(),
            peer,
            local_cseq: invite.headers.cseq().ok()?.number,
            target: contact_of(&response.headers).unwrap_or_else(|| invite.uri.clone()).into(),
            local: from.to_string().into(),
            remote: to.to_string().into(),
            remote_cseq: None,
            route_set,
            anchored,
        })
    }

    /// The next request within the dialog (RFC 3261 §12.2.1.1), without Via.
    pub(crate) fn request(&mut self, method: Method) -> Request {
        self.local_cseq += 1;
        self.numbered(method, self.local_cseq)
    }

    /// The ACK of a 2xx to our INVITE of that CSeq number (RFC 3261 §13.2.2.4).
    pub(crate) fn ack(&self, cseq: u32) -> Request {
        self.numbered(Method::Ack, cseq)
    }

    /// Whether the peer's request comes in order; then its number is remembered (RFC 3261 §12.2.2).
    pub(crate) fn accept(&mut self, cseq: &CSeq) -> bool {
        let rises = self.remote_cseq.is_none_or(|last| cseq.number > last);
        if rises {
            self.remote_cseq = Some(cseq.number);
        }
        rises
    }

    /// The CSeq number of the peer's last request.
    pub(crate) fn remote_cseq(&self) -> Option<u32> {
        self.remote_cseq
    }

    /// A re-INVITE, UPDATE or its 2xx names a new Contact (RFC 3261 §12.2.1.2).
    pub(crate) fn refresh_target(&mut self, headers: &Headers) {
        if let Some(target) = contact_of(headers) {
            self.target = target.into();
        }
    }

    /// Where the next request goes, if it is an address: the first route, or the peer's Contact. `None`: to where the
    /// peer was seen.
    pub(crate) fn next_hop(&self) -> Option<(Transport, SocketAddr)> {
        let hop = match self.route_set.first() {
            Some(route) => address_of(&route.uri),
            None if self.anchored => None,
            None => self.target_address(),
        };
        hop.filter(|(_, address)| is_reachable(address.ip(), self.peer.remote.ip()))
    }

    /// The address in the peer's Contact.
    pub(crate) fn target_address(&self) -> Option<(Transport, SocketAddr)> {
        address_of(&self.target.parse().ok()?)
    }

    fn numbered(&self, method: Method, cseq: u32) -> Request {
        let (uri, routes) = self.routed();
        let mut request = Request::new(method.clone(), uri);
        let headers = &mut request.headers;
        routes.iter().for_each(|route| headers.push(header::ROUTE, route));
        headers.push(header::MAX_FORWARDS, "70");
        headers.push(header::FROM, &self.local);
        headers.push(header::TO, &self.remote);
        headers.push(header::CALL_ID, &*self.call_id);
        headers.push(header::CSEQ, CSeq::new(cseq, method).to_string());
        request
    }

    /// Request URI and Routes: a first router without `lr` takes the place of the target (RFC 3261 §12.2.1.1).
    fn routed(&self) -> (String, Vec<String>) {
        let routes: Vec<String> = self.route_set.iter().map(ToString::to_string).collect();
        match self.route_set.first() {
            Some(first) if !first.uri.params.contains("lr") => {
                let mut rest = routes.get(1..).unwrap_or_default().to_vec();
                rest.push(format!("<{}>", self.target));
                (first.uri.to_string(), rest)
            }
            _ => (self.target.to_string(), routes),
        }
    }
}

fn contact_of(headers: &Headers) -> Option<String> {
    match headers.contacts().ok()? {
        Contacts::List(contacts) => contacts.first().map(|contact| contact.uri.to_string()),
        Contacts::Star => None,
    }
}

/// Whether an address that a peer names makes sense from here: not one of its own host or of the network behind its NAT,
/// unless we are there too.
fn is_reachable(named: IpAddr, seen: IpAddr) -> bool {
    let is_inner = |ip: IpAddr| match ip.to_canonical() {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    (!named.is_loopback() || seen.is_loopback()) && (!is_inner(named) || is_inner(seen) || seen.is_loopback())
}

/// The address in a URI, if its host is one that a packet may be sent to.
fn address_of(uri: &Uri) -> Option<(Transport, SocketAddr)> {
    let Host::Ip(ip) = uri.host else { return None };
    let multicast_or_none = ip.is_multicast() || ip.is_unspecified() || ip == IpAddr::from([255; 4]);
    let port = uri.port.unwrap_or(5060);
    if multicast_or_none || port == 0 {
        return None;
    }
    let tcp = uri.params.get("transport").is_some_and(|name| name.eq_ignore_ascii_case("tcp"));
    Some((if tcp { Transport::Tcp } else { Transport::Udp }, SocketAddr::new(ip, port)))
}
