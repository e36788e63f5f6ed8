//! What a worker lends to the room whose turn it is.

use std::time::{Instant, SystemTime};

use confab_audio::Outbox;
use confab_mixer::Desk;

use crate::link::Port;
use crate::receive::Receiver;

/// The time, and what all rooms of a worker share.
pub(crate) struct Turn<'a> {
    /// When the turn really began.
    pub(crate) now: Instant,
    /// The same by the wall clock.
    pub(crate) wall: SystemTime,
    pub(crate) receiver: &'a mut Receiver,
    /// For the room that is mixed, until what its legs hear was written.
    pub(crate) desk: &'a mut Desk,
    /// Place for the datagrams of one tick; empty between two turns.
    pub(crate) outbox: &'a mut Outbox,
    pub(crate) port: &'a mut Port,
}
