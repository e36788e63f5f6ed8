//! What the control side knows of rooms, legs and playbacks.

use std::sync::Arc;
use std::time::Instant;

use confab_audio::{Format, LegId, Tuning};
use confab_codec::Codec;
use confab_mixer::Playback;

use crate::command::{CommandError, Listener, RoomId, RoomPlan, RoomRate};
use crate::ports::SocketPair;
use crate::sound::Sound;

/// Where a leg stands.
pub(crate) enum LegPlace {
    /// It has ports.
    Opened {
        sockets: SocketPair,
        /// Where it is counted, and as what.
        worker: usize,
        weight: u32,
    },
    /// It is in a room.
    Started(Started),
}

/// A leg in a room.
#[derive(Clone, Copy)]
pub(crate) struct Started {
    pub(crate) port: u16,
    pub(crate) room: RoomId,
    pub(crate) worker: usize,
    pub(crate) codec: Codec,
    /// As what it is counted.
    pub(crate) weight: u32,
    /// Its peer knows telephone-events.
    pub(crate) knows_events: bool,
    /// When the keys that are played to it as tones are over.
    pub(crate) tones_until: Option<Instant>,
}

/// A room and how it was opened.
#[derive(Clone)]
pub(crate) struct RoomPlace {
    pub(crate) worker: usize,
    pub(crate) plan: RoomPlan,
    /// How it mixes at present.
    pub(crate) format: Format,
    pub(crate) legs: Vec<LegId>,
    /// The sum of their weights.
    pub(crate) work: u32,
    /// The most legs at once so far.
    pub(crate) most_legs: usize,
}

impl RoomPlace {
    /// An empty room.
    ///
    /// # Errors
    /// Nothing can be mixed so.
    pub(crate) fn new(worker: usize, plan: RoomPlan) -> Result<Self, CommandError> {
        let rate = match plan.rate {
            RoomRate::Fixed(rate) => rate,
            RoomRate::Auto => best_common_rate([].into_iter()),
        };
        let interval_ms = plan.interval_ms;
        let format = Format::new(rate, interval_ms).ok_or(CommandError::Unmixable { rate, interval_ms })?;
        Ok(Self { worker, plan, format, legs: Vec::new(), work: 0, most_legs: 0 })
    }

    /// Takes note of a leg.
    pub(crate) fn enter(&mut self, leg: LegId, weight: u32) {
        self.legs.push(leg);
        self.most_legs = self.most_legs.max(self.legs.len());
        self.work += weight;
    }

    /// Forgets a leg.
    pub(crate) fn leave(&mut self, leg: LegId, weight: u32) {
        self.legs.retain(|&other| other != leg);
        self.work -= weight;
    }

    /// What the next leg will weigh, if it is like those that are there.
    pub(crate) fn usual_weight(&self) -> u32 {
        self.work.checked_div(self.legs.len() as u32).unwrap_or(LEAST_WEIGHT)
    }

    pub(crate) fn tuning(&self) -> Tuning {
        match self.plan.rate {
            RoomRate::Fixed(_) => Tuning::Fixed,
            RoomRate::Auto => Tuning::Auto,
        }
    }
}

/// A playback that may still run.
pub(crate) struct PlaybackPlace {
    pub(crate) room: RoomId,
    pub(crate) to: Listener,
    pub(crate) sounds: Vec<Arc<Sound>>,
    pub(crate) repeat: bool,
    pub(crate) gain_db: f32,
    pub(crate) duck_db: f32,
    pub(crate) lead_in_ms: u32,
}

impl PlaybackPlace {
    /// What a room at this rate plays.
    pub(crate) fn playback(&self, id: u64, rate: u32) -> Playback {
        let sounds = self.sounds.iter().map(|sound| sound.at(rate)).collect();
        let Self { repeat, gain_db, lead_in_ms, duck_db, .. } = *self;
        Playback { id, sounds, repeat, gain_db, lead_in_ms, duck_db }
    }
}

/// The weight of a leg of G.711 at 8 kHz, and of one of which nothing is known.
pub(crate) const LEAST_WEIGHT: u32 = 10;

/// What a leg of this codec costs in a room of this rate, in µs a tick, of which only the proportions matter: 10 for the system
/// calls of a packet each way and all that is done for each leg, some 20 to decode G.722, 8 to 50 to decode Opus, 6 to
/// resample. Each packet is decoded, whoever talks. What is encoded is no matter of legs: those who hear the same share it.
pub(crate) fn weight(codec: Codec, rate: u32) -> u32 {
    let coder_rate = codec.coder_rate(rate);
    let decoding = match codec {
        Codec::Pcmu | Codec::Pcma => 0,
        Codec::L16 { .. } => 2,
        Codec::G722 => 20,
        Codec::Opus(_) => coder_rate / 1000,
    };
    let resampling = if coder_rate == rate { 0 } else { 6 };
    LEAST_WEIGHT + decoding + resampling
}

/// The best rate that at least two of these codecs have; 8000 Hz if there is none.
pub(crate) fn best_common_rate(codecs: impl Iterator<Item = Codec>) -> u32 {
    let [mut best, mut second] = [0; 2];
    for rate in codecs.map(Codec::sample_rate) {
        second = second.max(rate.min(best));
        best = best.max(rate);
    }
    Format::RATES.into_iter().rfind(|&rate| rate <= second).unwrap_or(Format::RATES[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_codec::Opus;

    #[test]
    fn what_must_be_decoded_weighs_more_and_so_does_what_must_be_resampled() {
        let opus = Codec::Opus(Opus::default());
        let rising = [
            (Codec::Pcma, 8000),
            (Codec::Pcmu, 48_000),
            (opus, 8000),
            (opus, 16_000),
            (Codec::G722, 16_000),
            (Codec::G722, 48_000),
            (opus, 48_000),
        ];
        let weights = rising.map(|(codec, rate)| weight(codec, rate));
        assert!(weights.is_sorted_by(|one, next| one < next), "{weights:?}");
        assert_eq!(weights[0], LEAST_WEIGHT);
    }

    #[test]
    fn two_must_have_it() {
        let opus = Codec::Opus(Opus::default());
        let odd = Codec::L16 { rate: 44_100 };
        let table: [(&[Codec], u32); 8] = [
            (&[], 8000),
            (&[opus], 8000),
            (&[opus, Codec::Pcma], 8000),
            (&[opus, Codec::Pcma, Codec::G722], 16_000),
            (&[Codec::G722, opus, opus], 48_000),
            (&[opus, Codec::L16 { rate: 32_000 }, Codec::Pcmu], 32_000),
            (&[odd, odd], 32_000),
            (&[Codec::Pcmu, Codec::Pcmu, Codec::G722], 8000),
        ];
        for (codecs, rate) in table {
            assert_eq!(best_common_rate(codecs.iter().copied()), rate, "{codecs:?}");
        }
    }
}
