//! What a worker lends to the room whose turn it is.

use std::time::Instant;

use crate::clock::Clock;
use crate::link::Port;

/// The time, and what all rooms of a worker share.
pub(crate) struct Turn<'a> {
    /// When the turn really began; packets that are read in it arrived by then.
    pub(crate) now: Instant,
    pub(crate) clock: &'a Clock,
    /// Place for one datagram.
    pub(crate) buffer: &'a mut [u8],
    pub(crate) port: &'a mut Port,
}
