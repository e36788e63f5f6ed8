//! What a room needs to go on at another rate.

use confab_codec::{Codec, CodecError};
use confab_mixer::{Mixer, MixerConfig, Playback};

use crate::event::LegId;
use crate::feeds::{Feed, Feeds};
use crate::format::{Format, Tuning};
use crate::playout::Playout;

/// All that [`Room::retune`](crate::Room::retune) exchanges. Made by the control side; what is replaced comes back in it.
pub struct Retuned {
    pub(crate) format: Format,
    pub(crate) mixer: Mixer,
    pub(crate) feeds: Feeds,
    pub(crate) playouts: Vec<(LegId, Playout)>,
    pub(crate) playbacks: Vec<Playback>,
}

impl Retuned {
    /// For a room with `legs`, and with what is played there at the new rate. `slots` is how many legs it has had at once
    /// at most.
    ///
    /// # Errors
    /// A codec cannot be coded in such a room.
    pub fn new(
        config: &MixerConfig,
        slots: usize,
        legs: impl Iterator<Item = (LegId, Codec)>,
        playbacks: Vec<Playback>,
    ) -> Result<Self, CodecError> {
        let format = Format { rate: config.rate, interval_ms: config.interval_ms };
        let mut retuned = Self {
            format,
            mixer: Mixer::shell(config, slots),
            feeds: Feeds::new(format),
            playouts: Vec::new(),
            playbacks,
        };
        let legs: Vec<(LegId, Codec)> = legs.collect();
        retuned.feeds.grow(slots.max(legs.len()));
        for (leg, codec) in legs {
            retuned.feeds.add(Box::new(Feed::for_retune(codec, format)?));
            retuned.playouts.push((leg, Playout::new(codec, format, Tuning::Auto)?));
        }
        Ok(retuned)
    }
}
