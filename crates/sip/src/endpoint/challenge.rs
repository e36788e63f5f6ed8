//! Answers to the digest challenges of gateways, and of nobody else (RFC 3261 §22.2).

use std::net::SocketAddr;
use std::time::Instant;

use super::Endpoint;
use super::calls::Call;
use crate::dialog::Negotiation;
use crate::digest::Credentials;
use crate::message::{CSeq, Request, Response, header};
use crate::transaction::{Owner, Sending, TransactionId};

impl Endpoint {
    /// Sends a request again with credentials: only for a request that went to a gateway, when the challenge comes
    /// from that gateway's address and for its realm, and only once. Gives the new transaction.
    pub(super) fn answer_challenge(
        &mut self,
        now: Instant,
        id: TransactionId,
        response: &Response,
        source: SocketAddr,
    ) -> Option<TransactionId> {
        if !matches!(response.status, 401 | 407) {
            return None;
        }
        let sending = self.layer.sending(id)?.clone();
        let answered = self.credentials(&sending, response, source);
        let Some(credentials) = answered else {
            self.layer.stats.challenges_ignored += 1;
            return None;
        };
        let name = if response.status == 401 { header::AUTHORIZATION } else { header::PROXY_AUTHORIZATION };
        let (request, number) = with_credentials(&sending.request, name, &credentials)?;
        self.note_cseq(&sending.owner, number);
        let next = self.layer.request(now, Sending { request, tries: sending.tries + 1, ..sending.clone() });
        self.follow(&sending.owner, id, next);
        Some(next)
    }

    fn credentials(
        &mut self,
        sending: &Sending,
        response: &Response,
        source: SocketAddr,
    ) -> Option<Credentials> {
        let trunk = self.trunks.get_mut(sending.gateway?)?;
        if sending.tries > 0 || source != sending.flow.remote {
            return None;
        }
        let name = if response.status == 401 { header::WWW_AUTHENTICATE } else { header::PROXY_AUTHENTICATE };
        let challenges = response.headers.challenges(name);
        let first = challenges.into_iter().find(|offered| {
            let ours = trunk.realm.as_ref().is_none_or(|realm| *realm == offered.realm);
            ours && offered.algorithm().is_some()
        })?;
        let (user, secret) = (trunk.config.username.as_deref()?, trunk.config.secret.as_ref()?);
        trunk.realm.get_or_insert_with(|| first.realm.clone());
        let cnonce = self.layer.token();
        let request = &sending.request;
        first.answer(request.method.as_str(), &request.uri, user, secret, &cnonce, 1)
    }

    /// The dialog or registration that a request belongs to goes on from its new CSeq number.
    fn note_cseq(&mut self, owner: &Owner, number: u32) {
        match owner {
            Owner::Notify(subscription) => self.note_notify_cseq(*subscription, number),
            Owner::Prack(fork) => {
                let fork = self.forks.get_mut(fork);
                let early = fork.into_iter().flat_map(|fork| fork.early.iter_mut());
                for dialog in early.filter_map(|early| early.dialog.as_mut()) {
                    dialog.local_cseq = dialog.local_cseq.max(number);
                }
            }
            Owner::Reoffer(call)
            | Owner::Within(call)
            | Owner::Told(call)
            | Owner::Refresh(call)
            | Owner::Question(call) => {
                if let Some(Call::Up(session)) = self.calls.get_mut(call) {
                    session.dialog.local_cseq = session.dialog.local_cseq.max(number);
                }
            }
            Owner::Register(trunk) => {
                if let Some(trunk) = self.trunks.get_mut(*trunk) {
                    trunk.note_cseq(number);
                }
            }
            _ => {}
        }
    }

    /// What waited for the first try waits for the second.
    fn follow(&mut self, owner: &Owner, old: TransactionId, new: TransactionId) {
        if let Owner::Reoffer(call) = owner
            && let Some(Call::Up(session)) = self.calls.get_mut(call)
            && let Negotiation::Ours { id, .. } = &mut session.negotiation
            && *id == old
        {
            *id = new;
        }
    }
}

fn with_credentials(sent: &Request, name: &str, credentials: &Credentials) -> Option<(Request, u32)> {
    let mut request = sent.clone();
    let cseq = request.headers.cseq().ok()?;
    let number = cseq.number.checked_add(1)?;
    request.headers.remove(header::VIA);
    request.headers.set(header::CSEQ, CSeq::new(number, cseq.method).to_string());
    request.headers.push(name, credentials.to_string());
    Some((request, number))
}
