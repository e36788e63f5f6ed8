//! The phone as its user holds it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use confab_sip::Replaces;
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::agent::{self, Command};
use crate::call::{Call, IncomingCall};
use crate::config::PhoneConfig;
use crate::error::PhoneError;
use crate::trace::{Trace, Traced};

/// How long a lost BYE and its repetitions may take.
const SETTLED_WITHIN: Duration = Duration::from_secs(2);

/// A phone: one account on one SIP socket, with any number of calls.
///
/// When the phone and all its calls are dropped, what is still up is hung up.
#[derive(Debug)]
pub struct Phone {
    local: SocketAddr,
    commands: mpsc::UnboundedSender<Command>,
    incoming: Mutex<mpsc::UnboundedReceiver<IncomingCall>>,
    answered: Mutex<mpsc::UnboundedReceiver<Call>>,
    trace: Arc<Trace>,
}

impl Phone {
    /// Opens the socket. Nothing is sent yet.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(config: PhoneConfig) -> Result<Self, PhoneError> {
        let agent = agent::start(config).await?;
        Ok(Self {
            local: agent.local,
            commands: agent.commands,
            incoming: Mutex::new(agent.incoming),
            answered: Mutex::new(agent.answered),
            trace: agent.trace,
        })
    }

    /// Where the phone listens for SIP.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Registers and waits for the answer; the registration is then refreshed by itself.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn register(&self) -> Result<(), PhoneError> {
        self.ask(Command::Register).await?
    }

    /// Takes the registration back and waits for the answer.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn unregister(&self) -> Result<(), PhoneError> {
        self.ask(Command::Unregister).await?
    }

    /// Calls `number` at the server; returns as soon as the INVITE is on its way.
    ///
    /// # Errors
    /// When there is no server, or no socket for the audio.
    pub async fn call(&self, number: &str) -> Result<Call, PhoneError> {
        let number = number.into();
        self.ask(|reply| Command::Place { number, replaces: None, reply }).await?
    }

    /// The same, to take the place of another call at the server ([`Call::replaces`]).
    ///
    /// # Errors
    /// When there is no server, or no socket for the audio.
    pub async fn call_replacing(&self, number: &str, replaces: Replaces) -> Result<Call, PhoneError> {
        let (number, replaces) = (number.into(), Some(replaces));
        self.ask(|reply| Command::Place { number, replaces, reply }).await?
    }

    /// The next incoming call, for [`OnCall::Ask`](crate::OnCall::Ask).
    ///
    /// # Errors
    /// When none comes within that time.
    pub async fn next_call(&self, within: Duration) -> Result<IncomingCall, PhoneError> {
        next(&self.incoming, "incoming call", within).await
    }

    /// The next call that the phone has answered by itself, for [`OnCall::Answer`](crate::OnCall::Answer).
    ///
    /// # Errors
    /// When none comes within that time.
    pub async fn next_answered(&self, within: Duration) -> Result<Call, PhoneError> {
        next(&self.answered, "answered call", within).await
    }

    /// Sends OPTIONS to `target` and waits for the final status.
    ///
    /// # Errors
    /// When nothing comes within that time.
    pub async fn options(&self, target: SocketAddr, within: Duration) -> Result<u16, PhoneError> {
        let timeout = || PhoneError::Timeout { what: format!("answer of {target}"), within };
        let answer = self.ask(|reply| Command::Options { target, reply });
        tokio::time::timeout(within, answer).await.map_err(|_| timeout())??.ok_or_else(timeout)
    }

    /// Sends a datagram from the phone's SIP socket, whatever it holds (UDP only).
    pub fn send_raw(&self, bytes: impl Into<Bytes>, to: SocketAddr) {
        let _ = self.commands.send(Command::Raw { bytes: bytes.into(), to });
    }

    /// The newest SIP messages both ways, oldest first; at most 1024.
    pub fn messages(&self) -> Vec<Traced> {
        self.trace.all()
    }

    /// Waits until a message is sent or received that `wanted` accepts, those already seen included.
    ///
    /// # Errors
    /// When none comes within that time.
    pub async fn wait_message(
        &self,
        within: Duration,
        wanted: impl Fn(&Traced) -> bool,
    ) -> Result<Traced, PhoneError> {
        let found = async {
            loop {
                if let Some(traced) = self.messages().into_iter().find(&wanted) {
                    return traced;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let timeout = || PhoneError::Timeout { what: "such message".into(), within };
        tokio::time::timeout(within, found).await.map_err(|_| timeout())
    }

    /// Waits until everything that was sent is answered, a BYE above all; at most 2 s.
    pub async fn settle(&self) {
        let _ = tokio::time::timeout(SETTLED_WITHIN, self.ask(Command::Settle)).await;
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, PhoneError> {
        agent::ask(&self.commands, command).await
    }
}

async fn next<T>(
    queue: &Mutex<mpsc::UnboundedReceiver<T>>,
    what: &str,
    within: Duration,
) -> Result<T, PhoneError> {
    let timeout = || PhoneError::Timeout { what: what.into(), within };
    let item = tokio::time::timeout(within, async { queue.lock().await.recv().await });
    item.await.map_err(|_| timeout())?.ok_or_else(timeout)
}
