//! From a packet to the part of the endpoint that it concerns.

use std::time::Instant;

use super::reply::Arrival;
use super::{Admission, Endpoint, PeerOptions};
use crate::message::reader;
use crate::message::{Host, Message, Method, ParseError, ParseErrorKind, Request, Response, Via, header};
use crate::transaction::ServerKey;
use crate::transport::Flow;

impl Endpoint {
    /// Takes one message.
    pub(super) fn receive(&mut self, now: Instant, flow: Flow, bytes: &[u8], admission: &dyn Admission) {
        self.layer.stats.received += 1;
        let arrival = Arrival { flow, size: bytes.len() };
        match Message::parse(bytes) {
            Ok(Message::Request(request)) => self.receive_request(now, arrival, request, admission),
            Ok(Message::Response(response)) => self.layer.receive_response(now, response, flow.remote),
            Err(error) => self.malformed(now, arrival, &error),
        }
    }

    /// Takes the head of a message that cannot be followed in its stream.
    pub(super) fn receive_unframed(&mut self, now: Instant, flow: Flow, head: &[u8]) {
        self.layer.stats.received += 1;
        self.malformed(now, Arrival { flow, size: head.len() }, &reader::unframed(head));
    }

    /// A flow broke: transactions, dialogs and bindings learn of it.
    pub(super) fn flow_failed(&mut self, flow: Flow) {
        self.layer.flow_failed(flow);
        if flow.connection.is_some() {
            self.registrar.connection_lost(flow);
            self.calls.values_mut().for_each(|call| call.connection_lost(flow));
        }
    }

    fn malformed(&mut self, now: Instant, arrival: Arrival, error: &ParseError) {
        if *error.kind() == ParseErrorKind::Empty {
            return;
        }
        self.layer.stats.malformed += 1;
        let Some(request) = error.answerable() else {
            let unknown = Method::new("malformed");
            return self.note_refusal(now, arrival.flow.remote, &unknown, 0, &error.to_string());
        };
        if self.is_banned(now, arrival.flow) {
            self.layer.stats.banned += 1;
            return;
        }
        let mut request = request.clone();
        mark_source(&mut request, &arrival.flow);
        let mut response = request.respond(error.status());
        response.reason = error.reason();
        self.refuse_with(now, arrival, &request, response);
    }

    fn receive_request(
        &mut self,
        now: Instant,
        arrival: Arrival,
        mut request: Request,
        admission: &dyn Admission,
    ) {
        let Some(via) = mark_source(&mut request, &arrival.flow) else {
            return self.note_refusal(now, arrival.flow.remote, &request.method, 0, "no usable Via");
        };
        let key = ServerKey::of(&request, &via);
        let known = self.layer.server_of(&key);
        match (&request.method, known) {
            (Method::Ack, Some(id)) if self.layer.receive_ack(now, id) => {}
            (Method::Ack, _) => self.receive_ack(now, arrival.flow, &request),
            (_, Some(id)) => self.layer.receive_again(now, id),
            (Method::Cancel, None) => self.receive_cancel(now, arrival, &request),
            _ if request.headers.to_tag().is_some() => {
                self.receive_within(now, key, arrival, &request);
            }
            _ => self.receive_outside(now, key, arrival, &request, admission),
        }
    }

    /// A request that belongs to no dialog.
    fn receive_outside(
        &mut self,
        now: Instant,
        key: ServerKey,
        arrival: Arrival,
        request: &Request,
        admission: &dyn Admission,
    ) {
        if self.is_banned(now, arrival.flow) {
            self.layer.stats.banned += 1;
            return;
        }
        if let Some(response) = self.objection(request) {
            return self.refuse_with(now, arrival, request, response);
        }
        match request.method {
            Method::Invite => self.receive_invite(now, key, arrival, request, admission),
            Method::Register => self.receive_register(now, key, arrival, request),
            Method::Options => {
                let options = self.options_for(None, &arrival.flow);
                let response = self.options_response(request, &options);
                self.reply(arrival, request, response);
            }
            Method::Subscribe => self.receive_subscribe(now, key, arrival, request),
            Method::Refer => self.receive_refer(now, key, arrival, request),
            _ => self.refuse(now, arrival, request, &481.into()),
        }
    }

    /// The answer to OPTIONS (RFC 3261 §11.2).
    pub(super) fn options_response(&self, request: &Request, options: &PeerOptions) -> Response {
        let mut response = request.respond(200);
        response.headers.push(header::ACCEPT, "application/sdp");
        self.introduce(&mut response.headers, options);
        response
    }
}

/// Writes down in the topmost Via where the request really came from (RFC 3261 §18.2.1, RFC 3581 §4).
fn mark_source(request: &mut Request, flow: &Flow) -> Option<Via> {
    let mut via = request.headers.top_via().ok()?;
    let source = flow.remote.ip().to_canonical();
    let wants_port = via.params.contains("rport");
    if wants_port {
        via.params.set("rport", Some(&flow.remote.port().to_string()));
    }
    if wants_port || via.host != Host::Ip(source) {
        via.params.set("received", Some(&source.to_string()));
    } else {
        via.params.remove("received");
    }
    request.headers.set_top_via(&via);
    Some(via)
}
