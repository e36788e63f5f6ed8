//! The server side: what we are asked.

use std::time::Instant;

use bytes::Bytes;

use super::key::{MergeKey, ServerKey, reply_address};
use super::machines::ServerMachine;
use super::{Layer, ServerRecord, TransactionId};
use crate::message::{Request, Response};
use crate::transaction::{Action, Due};
use crate::transport::Flow;

impl Layer {
    /// The transaction that a request belongs to, if it is not new. An ACK matches the INVITE.
    pub(crate) fn server_of(&self, key: &ServerKey) -> Option<TransactionId> {
        self.keys.get(key).copied()
    }

    /// Whether another transaction carries the same request (RFC 3261 §8.2.2.2).
    pub(crate) fn is_merged(&self, request: &Request) -> bool {
        MergeKey::of(request).is_some_and(|key| self.merges.contains_key(&key))
    }

    /// Opens a server transaction.
    pub(crate) fn open(&mut self, key: ServerKey, request: Request, flow: Flow) -> TransactionId {
        let id = self.next_id();
        let pace = self.pace(&flow);
        let machine = ServerMachine::new(&request.method, pace);
        let merge = MergeKey::of(&request);
        if let Some(merge) = &merge {
            self.merges.insert(merge.clone(), id);
        }
        self.keys.insert(key.clone(), id);
        let fallback = flow.connection.and_then(|_| reply_address(&request));
        let request = Some(Box::new(request));
        let record = ServerRecord { machine, request, flow, fallback, last: None, key, merge };
        self.servers.insert(id, Box::new(record));
        self.count();
        id
    }

    /// A request of that transaction came again.
    pub(crate) fn receive_again(&mut self, now: Instant, id: TransactionId) {
        let Some(record) = self.servers.get_mut(&id) else { return };
        let actions = record.machine.request();
        self.stats.retransmitted += u64::from(actions.contains(&Action::Send));
        self.apply_server(now, id, actions);
    }

    /// An ACK with that INVITE's branch came; whether it belongs to a failure response.
    pub(crate) fn receive_ack(&mut self, now: Instant, id: TransactionId) -> bool {
        let Some(record) = self.servers.get_mut(&id) else { return false };
        let ServerMachine::Invite(machine) = &mut record.machine else { return false };
        if !machine.has_failed() {
            return false;
        }
        let actions = machine.ack();
        self.apply_server(now, id, actions);
        true
    }

    /// The request of a server transaction, as long as it has no final response.
    pub(crate) fn asked(&self, id: TransactionId) -> Option<&Request> {
        self.servers.get(&id)?.request.as_deref()
    }

    /// Whether a server transaction waits for its final response.
    pub(crate) fn is_open(&self, id: TransactionId) -> bool {
        self.servers.get(&id).is_some_and(|record| record.machine.is_open())
    }

    /// Responds; gives what was sent.
    pub(crate) fn respond(&mut self, now: Instant, id: TransactionId, response: &Response) -> Option<Bytes> {
        self.overtake_trying(id);
        let record = self.servers.get_mut(&id)?;
        let bytes = response.to_bytes();
        record.last = Some(bytes.clone());
        let (actions, before) = (record.machine.respond(response.status), self.out.len());
        self.apply_server(now, id, actions);
        self.trying = Some(id).filter(|_| response.status == 100 && self.out.len() > before);
        self.settle_server(id);
        Some(bytes)
    }

    /// A 100 is not for who is answered at once (RFC 3261 §17.2.1): one that has not left yet is taken back.
    fn overtake_trying(&mut self, id: TransactionId) {
        if self.trying.take_if(|trying| *trying == id).is_some() && self.out.pop_back().is_some() {
            self.stats.sent -= 1;
        }
    }

    /// Lets go of what is of no use after a final response: many transactions are but waiting for late repetitions.
    fn settle_server(&mut self, id: TransactionId) {
        let Some(record) = self.servers.get_mut(&id).filter(|record| !record.machine.is_open()) else {
            return;
        };
        record.request = None;
        if !record.machine.repeats() {
            record.last = None;
        }
    }

    pub(super) fn apply_server(&mut self, now: Instant, id: TransactionId, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Send => {
                    let Some(record) = self.servers.get(&id) else { return };
                    if let (flow, Some(bytes)) = (record.flow, record.last.clone()) {
                        self.send(flow, bytes);
                    }
                }
                Action::Start(timer, time) => self.schedule.start(Due::Transaction(id, timer), now + time),
                Action::Stop(timer) => self.schedule.stop(Due::Transaction(id, timer)),
                Action::TimedOut => self.stats.timeouts += 1,
                Action::Terminate => self.forget_server(id),
                Action::Ack | Action::Pass => {}
            }
        }
    }

    fn forget_server(&mut self, id: TransactionId) {
        self.schedule.stop_transaction(id);
        if let Some(record) = self.servers.remove(&id) {
            self.keys.remove(&record.key);
            if let Some(merge) = record.merge.filter(|merge| self.merges.get(merge) == Some(&id)) {
                self.merges.remove(&merge);
            }
        }
        self.count();
    }
}
