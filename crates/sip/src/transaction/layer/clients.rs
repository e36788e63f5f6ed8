//! The client side: what we ask.

use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;

use super::machines::ClientMachine;
use super::{ClientRecord, Layer, Owner, Sending, TransactionId, Upcall};
use crate::message::{CSeq, Host, Method, Params, Request, Response, Via, header};
use crate::transaction::{Action, Due};
use crate::transport::Flow;

impl Layer {
    /// Sends a request that has no transaction, the ACK of a 2xx; gives what was sent.
    pub(crate) fn send_ack(&mut self, mut request: Request, flow: Flow) -> Bytes {
        let branch = self.branch();
        self.push_via(&mut request, &flow, &branch);
        let bytes = request.to_bytes();
        self.send(flow, bytes.clone());
        bytes
    }

    /// Opens a client transaction.
    pub(crate) fn request(&mut self, now: Instant, mut sending: Sending) -> TransactionId {
        let branch = self.branch();
        self.push_via(&mut sending.request, &sending.flow, &branch);
        self.open_client(now, sending, branch)
    }

    /// Cancels an INVITE that has got a provisional response (RFC 3261 §9.1).
    pub(crate) fn cancel(&mut self, now: Instant, id: TransactionId, reason: &str) {
        let Some(record) = self.clients.get_mut(&id) else { return };
        let ClientMachine::Invite(machine) = &mut record.machine else { return };
        let actions = machine.cancelled();
        let mut request = derived(&record.sending.request, Method::Cancel);
        request.headers.push(header::REASON, reason);
        let sending = Sending { request, owner: Owner::Nobody, gateway: None, tries: 0, ..record.sending };
        let branch = record.branch.clone();
        self.apply_client(now, id, actions, None);
        self.open_client(now, sending, branch);
    }

    /// Ends a client transaction without a word.
    pub(crate) fn abandon(&mut self, id: TransactionId) {
        self.stats.timeouts += 1;
        self.forget_client(id);
    }

    /// The request of a client transaction, as it was sent.
    pub(crate) fn sending(&self, id: TransactionId) -> Option<&Sending> {
        self.clients.get(&id).map(|record| &record.sending)
    }

    /// A response: matched by branch and method (RFC 3261 §17.1.3), else dropped.
    pub(crate) fn receive_response(&mut self, now: Instant, response: Response, source: SocketAddr) {
        let Some(id) = self.client_of(&response) else {
            self.stats.stray_responses += 1;
            return;
        };
        let Some(record) = self.clients.get_mut(&id) else { return };
        let actions = record.machine.response(response.status);
        self.apply_client(now, id, actions, Some((response, source)));
    }

    pub(super) fn client_failed(&mut self, id: TransactionId) {
        let Some(record) = self.clients.get_mut(&id) else { return };
        self.stats.flow_failures += 1;
        if record.sending.flow.connection.take().is_some() {
            let (flow, bytes) = (record.sending.flow, record.bytes.clone());
            return self.send(flow, bytes);
        }
        let owner = record.sending.owner;
        self.upcalls.push_back(Upcall::Failed { owner });
        self.upcalls.push_back(Upcall::Terminated { id, owner });
    }

    fn open_client(&mut self, now: Instant, sending: Sending, branch: String) -> TransactionId {
        let id = self.next_id();
        let pace = self.pace(&sending.flow);
        let machine = ClientMachine::new(&sending.request.method, pace);
        let actions = machine.start();
        let bytes = sending.request.to_bytes();
        self.branches.insert((branch.clone(), sending.request.method == Method::Cancel), id);
        self.clients.insert(id, ClientRecord { machine, sending, bytes, branch });
        self.count();
        self.apply_client(now, id, actions, None);
        id
    }

    fn client_of(&self, response: &Response) -> Option<TransactionId> {
        let via = response.headers.top_via().ok()?;
        let cseq = response.headers.cseq().ok()?;
        let key = (via.branch()?.to_owned(), cseq.method == Method::Cancel);
        let id = *self.branches.get(&key)?;
        let sent = &self.clients.get(&id)?.sending.request;
        (sent.headers.cseq().ok()? == cseq).then_some(id)
    }

    pub(super) fn apply_client(
        &mut self,
        now: Instant,
        id: TransactionId,
        actions: Vec<Action>,
        mut received: Option<(Response, SocketAddr)>,
    ) {
        for action in actions {
            let Some(record) = self.clients.get(&id) else { return };
            let (owner, flow) = (record.sending.owner, record.sending.flow);
            match action {
                Action::Send => {
                    let bytes = record.bytes.clone();
                    self.send(flow, bytes);
                }
                Action::Ack => {
                    if let Some((response, _)) = &received {
                        let bytes = failure_ack(&record.sending.request, response).to_bytes();
                        self.send(flow, bytes);
                    }
                }
                Action::Pass => {
                    if let Some((response, source)) = received.take() {
                        self.upcalls.push_back(Upcall::Response { id, owner, response, source });
                    }
                }
                Action::Start(timer, time) => self.schedule.start(Due::Transaction(id, timer), now + time),
                Action::Stop(timer) => self.schedule.stop(Due::Transaction(id, timer)),
                Action::TimedOut => {
                    self.stats.timeouts += 1;
                    self.upcalls.push_back(Upcall::TimedOut { owner });
                }
                Action::Terminate => self.upcalls.push_back(Upcall::Terminated { id, owner }),
            }
        }
    }

    pub(super) fn forget_client(&mut self, id: TransactionId) {
        self.schedule.stop_transaction(id);
        if let Some(record) = self.clients.remove(&id) {
            self.branches.remove(&(record.branch, record.sending.request.method == Method::Cancel));
        }
        self.count();
    }

    fn branch(&mut self) -> String {
        format!("z9hG4bK{}", self.token())
    }

    fn push_via(&self, request: &mut Request, flow: &Flow, branch: &str) {
        let advertised = self.advertised(flow);
        let mut via = Via {
            transport: flow.transport.name().to_owned(),
            host: Host::Ip(advertised.ip()),
            port: Some(advertised.port()),
            params: Params::new(),
        };
        via.params.set("rport", None);
        via.params.set("branch", Some(branch));
        request.headers.push_front(header::VIA, via.to_string());
    }
}

/// The ACK of a failure response (RFC 3261 §17.1.1.3).
fn failure_ack(invite: &Request, response: &Response) -> Request {
    let mut ack = derived(invite, Method::Ack);
    if let Some(to) = response.headers.get(header::TO) {
        ack.headers.set(header::TO, to);
    }
    ack
}

/// A request of the same branch as an INVITE: its ACK or CANCEL.
fn derived(invite: &Request, method: Method) -> Request {
    let mut request = Request::new(method.clone(), invite.uri.clone());
    if let Some(via) = invite.headers.get(header::VIA) {
        request.headers.push(header::VIA, via);
    }
    for name in [header::ROUTE, header::MAX_FORWARDS, header::FROM, header::TO, header::CALL_ID] {
        invite.headers.all(name).for_each(|value| request.headers.push(name, value));
    }
    if let Ok(cseq) = invite.headers.cseq() {
        request.headers.push(header::CSEQ, CSeq::new(cseq.number, method).to_string());
    }
    request
}
