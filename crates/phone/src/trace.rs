//! The SIP messages that a phone sent and received.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Instant;

use bytes::Bytes;
use confab_sip::Message;

/// How many messages are kept.
const CAPACITY: usize = 1024;

/// One SIP message on the wire.
#[derive(Clone, Debug)]
pub struct Traced {
    /// When it was sent or came.
    pub at: Instant,
    /// Which way it went.
    pub way: Way,
    /// The other side.
    pub peer: SocketAddr,
    /// The message.
    pub bytes: Bytes,
}

impl Traced {
    /// The message, if it is one.
    pub fn message(&self) -> Option<Message> {
        Message::parse(&self.bytes).ok()
    }

    /// The message as text, for a look at a header.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// The first line, such as `BYE sip:1004@127.0.0.1:40000 SIP/2.0`.
    pub fn start_line(&self) -> String {
        self.text().lines().next().unwrap_or_default().to_owned()
    }
}

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the phone.
    In,
    /// From the phone.
    Out,
}

/// The newest messages, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Trace(Mutex<VecDeque<Traced>>);

impl Trace {
    pub(crate) fn push(&self, traced: Traced) {
        let mut messages = lock(&self.0);
        if messages.len() == CAPACITY {
            messages.pop_front();
        }
        messages.push_back(traced);
    }

    pub(crate) fn all(&self) -> Vec<Traced> {
        lock(&self.0).iter().cloned().collect()
    }
}

/// A panicking test must not hide its own message behind a poisoned lock.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
