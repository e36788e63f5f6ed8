//! A leg as its feed knows it.

use confab_codec::{Codec, CodecId};
use confab_mixer::Slot;

use super::FeedId;

/// All of a leg that the choice of a feed touches in each tick; several share a cache line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Follower {
    pub(super) codec: CodecId,
    /// Its place in the mixer, if it is in the mix.
    pub(super) slot: Option<Slot>,
    /// What its peer's decoder has followed.
    pub(super) feed: Option<FeedId>,
    /// What it is sent in this tick: the same, unless that carries something else and there is none to go on with.
    pub(super) carrier: Option<FeedId>,
}

impl Follower {
    pub(super) fn new(slot: Option<Slot>, codec: Codec) -> Self {
        Self { codec: codec.id(), slot, feed: None, carrier: None }
    }
}
