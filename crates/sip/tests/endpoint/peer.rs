//! A caller that a test speaks for, and the call that it makes.
#![allow(unreachable_pub, reason = "a module of a test")]

use std::net::SocketAddr;

use confab_sip::*;

use crate::network::*;

pub const SERVER: &str = "10.0.0.1:5080";
pub const URI: &str = "sip:2000@10.0.0.1:5080";

pub struct Peer {
    pub net: Network,
    pub server: SocketAddr,
    pub peer: SocketAddr,
    pub call: CallRef,
    /// The To of the dialog.
    to: String,
    cseq: u32,
}

/// The focus of conferences.
pub fn focus() -> EndpointConfig {
    EndpointConfig { focus: true, ..server() }
}

/// The same with other options for all peers.
pub fn focus_with(options: PeerOptions) -> EndpointConfig {
    let mut config = focus();
    config.others = options;
    config.users.iter_mut().for_each(|user| user.options = options);
    config
}

impl Peer {
    /// Has sent an INVITE with those headers.
    pub fn dialling(config: EndpointConfig, extra: &str) -> Self {
        let mut net = Network::new();
        let server = net.endpoint(SERVER, config);
        let peer = net.scripted("10.0.7.1:5060");
        net.send_text(peer, server, &request("INVITE", URI, peer, "dialog", extra, SDP));
        net.run_ms(30);
        let call = offered(&net.take_events(server));
        Self { net, server, peer, call, to: String::new(), cseq: 1 }
    }

    /// Is in a call; gives the 200, too.
    pub fn connected(config: EndpointConfig, extra: &str) -> (Self, Response) {
        let mut this = Self::dialling(config, extra);
        this.at(|endpoint, now, call| endpoint.answer(now, call, sdp()));
        this.net.run_ms(30);
        let ok = this.responses().into_iter().find(|response| response.status == 200).unwrap();
        this.learn_tag(&ok);
        this.send_ack();
        this.net.take_events(this.server);
        (this, ok)
    }

    pub fn at<T>(&mut self, act: impl FnOnce(&mut Endpoint, std::time::Instant, CallRef) -> T) -> T {
        let call = self.call;
        self.net.at(self.server, |endpoint, now| act(endpoint, now, call))
    }

    pub fn learn_tag(&mut self, response: &Response) {
        self.to = response.headers.get(header::TO).unwrap().to_owned();
    }

    /// What the endpoint has sent meanwhile.
    pub fn responses(&mut self) -> Vec<Response> {
        self.net.responses(self.peer)
    }

    pub fn requests(&mut self) -> Vec<Request> {
        self.net.requests(self.peer)
    }

    pub fn events(&mut self) -> Vec<Event> {
        self.net.take_events(self.server)
    }

    pub fn send_ack(&mut self) {
        let text = self.within("ACK", "", "", 1);
        self.net.send_text(self.peer, self.server, &text);
        self.net.run_ms(30);
    }

    /// A request within the dialog; gives the last response to it, if there is one.
    pub fn send(&mut self, method: &str, extra: &str, body: &str) -> Option<Response> {
        self.cseq += 1;
        let text = self.within(method, extra, body, self.cseq);
        self.net.send_text(self.peer, self.server, &text);
        self.net.run_ms(30);
        self.last_reply(method)
    }

    /// The same from somewhere else.
    pub fn forge(&mut self, from: SocketAddr, method: &str, extra: &str) -> Vec<u16> {
        self.cseq += 1;
        let text = self.within(method, extra, "", self.cseq);
        self.net.send_text(from, self.server, &text);
        self.net.run_ms(30);
        self.net.responses(from).iter().map(|response| response.status).collect()
    }

    pub fn last_reply(&mut self, method: &str) -> Option<Response> {
        let number = self.cseq;
        let fits = |response: &Response| {
            response.headers.cseq().is_ok_and(|cseq| cseq.number == number && cseq.method.as_str() == method)
        };
        let mut last = None;
        self.net.keep(self.peer, |message| match message {
            Message::Response(response) if fits(response) => {
                last = Some(response.clone());
                false
            }
            _ => true,
        });
        last
    }

    /// Answers a request of the endpoint.
    pub fn reply(&mut self, request: &Request, status: u16, extra: &[(&str, &str)]) {
        let mut response = request.respond(status);
        extra.iter().for_each(|(name, value)| response.headers.push(name, value));
        self.net.send(self.peer, self.server, response.to_bytes());
        self.net.run_ms(30);
    }

    fn within(&self, method: &str, extra: &str, body: &str, cseq: u32) -> String {
        request(method, URI, self.peer, "dialog", extra, body)
            .replace("z9hG4bKdialog", &format!("z9hG4bK{method}{cseq}"))
            .replace(&format!("To: <{URI}>"), &format!("To: {}", self.to))
            .replace(&format!("CSeq: 1 {method}"), &format!("CSeq: {cseq} {method}"))
    }
}
