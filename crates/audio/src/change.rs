//! A renegotiated stream, with all that it may need built beforehand.

use confab_codec::CodecError;
use confab_rtp::JitterBuffer;

use crate::feeds::Feed;
use crate::format::{Format, Tuning};
use crate::playout::Playout;
use crate::sender::Sender;
use crate::stream::StreamConfig;

/// What a renegotiation brings to a leg. Made by the control side; once the leg has taken what it needs, the rest and what
/// it replaced come back to be freed there.
pub struct StreamChange {
    pub(crate) stream: StreamConfig,
    pub(crate) jitter: JitterBuffer,
    pub(crate) playout: Playout,
    pub(crate) sender: Sender,
    pub(crate) feed: Option<Box<Feed>>,
}

impl StreamChange {
    /// For a leg of a room that mixes in `format`, with a feed for the room.
    ///
    /// # Errors
    /// The codec cannot be coded in such a room.
    pub fn new(stream: StreamConfig, format: Format, tuning: Tuning) -> Result<Self, CodecError> {
        let feed = Some(Box::new(Feed::new(stream.codec, format, tuning)?));
        Ok(Self { feed, ..Self::without_feed(stream, format, tuning)? })
    }

    /// The same for a room that has feeds enough.
    ///
    /// # Errors
    /// As for [`StreamChange::new`].
    pub fn without_feed(stream: StreamConfig, format: Format, tuning: Tuning) -> Result<Self, CodecError> {
        Ok(Self {
            jitter: JitterBuffer::new(stream.inbound(format.interval_ms).jitter),
            playout: Playout::new(stream.codec, format, tuning)?.with_tail(),
            sender: Sender::new(&stream, format, 0),
            feed: None,
            stream,
        })
    }
}
