//! What a room needs to go on at another rate.

use confab_codec::{Codec, CodecError};
use confab_mixer::{Mixer, MixerConfig, Playback};

use crate::event::LegId;
use crate::feeds::{Feed, Intake};
use crate::format::{Format, Tuning};
use crate::playout::Playout;

/// All that [`Room::retune`](crate::Room::retune) exchanges. Made by the control side; what is replaced comes back in it.
pub struct Retuned {
    pub(crate) format: Format,
    pub(crate) mixer: Mixer,
    /// What leads from the room's rate to each of the feeds.
    pub(crate) intakes: Vec<Intake>,
    /// Feeds that are not needed any more.
    #[expect(
        clippy::vec_box,
        reason = "a feed comes and goes in its box: a worker neither allocates nor frees"
    )]
    pub(crate) surplus: Vec<Box<Feed>>,
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
            intakes: Vec::new(),
            surplus: Vec::with_capacity(slots),
            playouts: Vec::new(),
            playbacks,
        };
        for (leg, codec) in legs {
            retuned.intakes.push(Intake::for_retune(codec, format)?);
            retuned.playouts.push((leg, Playout::new(codec, format, Tuning::Auto)?));
        }
        Ok(retuned)
    }
}
