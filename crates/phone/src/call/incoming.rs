//! A call before it is answered.

use std::net::SocketAddr;
use std::time::Duration;

use confab_sip::{CallRef, Caller};
use tokio::sync::{mpsc, watch};

use super::Call;
use super::state::{CallState, Ended, wait_state};
use crate::agent::{self, Command};
use crate::error::PhoneError;

/// A call that waits for an answer. Dropping it leaves the caller waiting.
#[derive(Debug)]
pub struct IncomingCall {
    /// From: user, display name, host.
    pub caller: Caller,
    /// The user part of the caller's Contact.
    pub contact_user: Option<String>,
    /// The user part of the request URI.
    pub dialled: String,
    /// Where the INVITE came from.
    pub source: SocketAddr,
    pub(crate) id: CallRef,
    pub(crate) commands: mpsc::UnboundedSender<Command>,
    pub(crate) state: watch::Receiver<CallState>,
}

impl IncomingCall {
    /// What is known of the call now.
    pub fn state(&self) -> CallState {
        self.state.borrow().clone()
    }

    /// Sends 180.
    pub fn ring(&self) {
        let _ = self.commands.send(Command::Ring { call: self.id });
    }

    /// Sends 200 and starts the audio.
    ///
    /// # Errors
    /// When the caller has given up, or its offer is of no use (it is then refused).
    pub async fn answer(self) -> Result<Call, PhoneError> {
        agent::ask(&self.commands, |reply| Command::Answer { call: self.id, reply }).await?
    }

    /// Refuses with `status`, 400 to 699, such as 486 busy or 603 declined.
    pub fn refuse(self, status: u16) {
        let _ = self.commands.send(Command::Refuse { call: self.id, status });
    }

    /// Waits until the caller gives up, or another phone has answered.
    ///
    /// # Errors
    /// `Timeout` if it does not.
    pub async fn wait_ended(&self, within: Duration) -> Result<Ended, PhoneError> {
        let ended = |state: &CallState| state.ended.is_some();
        let state = wait_state(&self.state, "end of the incoming call", within, ended).await?;
        state.ended.ok_or(PhoneError::Ended)
    }
}
