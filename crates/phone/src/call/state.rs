//! What is known of a call.

use std::time::{Duration, Instant};

use bytes::Bytes;
use confab_sdp::Stream;
use confab_sip::By;
use tokio::sync::watch;

use crate::error::PhoneError;

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The INVITE is sent, or has come.
    Started,
    /// A 18x was sent or has come.
    Ringing,
    /// The 200 was sent or has come.
    Answered,
    /// It is over.
    Ended,
}

/// What is known of a call, with times.
#[derive(Clone, Debug)]
pub struct CallState {
    /// How far it has come.
    pub stage: Stage,
    /// When the INVITE was sent or came.
    pub started: Instant,
    /// The 18x responses of an outgoing call with the time of the first of each.
    pub provisionals: Vec<(Instant, u16)>,
    /// When the 200 was sent or came.
    pub answered: Option<Instant>,
    /// When the ACK of our 200 came, for an incoming call.
    pub confirmed: Option<Instant>,
    /// How it ended.
    pub ended: Option<Ended>,
    /// The negotiated audio, from our point of view.
    pub stream: Option<Stream>,
    /// How many offers the peer has made after the first.
    pub reoffers: u32,
    /// The bodies of the peer's INFO requests with their types.
    pub infos: Vec<(String, Bytes)>,
    /// What the peer has told by NOTIFY.
    pub notices: Vec<Notice>,
}

impl CallState {
    /// A call that starts now.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            stage: Stage::Started,
            started: now,
            provisionals: Vec::new(),
            answered: None,
            confirmed: None,
            ended: None,
            stream: None,
            reoffers: 0,
            infos: Vec::new(),
            notices: Vec::new(),
        }
    }
}

/// A NOTIFY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The event package: `conference`, `refer`.
    pub package: String,
    /// The value of Subscription-State.
    pub state: String,
    /// The body.
    pub body: Bytes,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: Instant,
    /// The final failure status of the INVITE, if there was one.
    pub status: Option<u16>,
    /// Who ended it.
    pub by: By,
    /// The Reason header or reason phrase.
    pub reason: Option<String>,
}

/// The ways to say hold in an offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hold {
    /// `a=sendonly`: the peer is to listen only (RFC 3264 §8.4).
    #[default]
    SendOnly,
    /// `a=inactive`: nobody sends.
    Inactive,
    /// `c=IN IP4 0.0.0.0`, as in RFC 2543.
    ZeroAddress,
}

/// Waits until the state is as `wanted`.
pub(super) async fn wait_state(
    state: &watch::Receiver<CallState>,
    what: &str,
    within: Duration,
    wanted: impl FnMut(&CallState) -> bool,
) -> Result<CallState, PhoneError> {
    let mut state = state.clone();
    let reached = tokio::time::timeout(within, state.wait_for(wanted)).await;
    match reached {
        Ok(Ok(state)) => Ok(state.clone()),
        Ok(Err(_)) => Err(PhoneError::Ended),
        Err(_) => Err(PhoneError::Timeout { what: what.into(), within }),
    }
}
