//! Rooms are opened, brought to the rate of their legs, and closed.

use std::sync::Arc;
use std::time::Duration;

use confab_audio::{LegId, Retuned, Room, RoomConfig};
use confab_codec::{Codec, ComfortNoise};
use confab_mixer::MixerConfig;

use super::Engine;
use crate::command::{CommandError, RoomId, RoomPlan, RoomRate};
use crate::order::{Order, What};
use crate::place::{RoomPlace, best_common_rate};
use crate::room::LiveRoom;

/// Rooms of one worker are spread over so many phases inside the interval.
const PHASES: u32 = 16;

/// Comfort noise is played round and round; so long, nobody hears that it repeats.
const NOISE_SECONDS: usize = 4;

impl Engine {
    pub(super) fn open_room(
        &mut self,
        room: RoomId,
        plan: RoomPlan,
        near: Option<RoomId>,
    ) -> Result<(), CommandError> {
        if self.rooms.contains_key(&room) {
            return Err(CommandError::AlreadyOpen(room));
        }
        let near = near.and_then(|room| self.rooms.get(&room)).map(|place| place.worker);
        let worker = near.unwrap_or_else(|| self.least_loaded());
        let place = RoomPlace::new(worker, plan)?;
        let mixer = self.mixer_config(&place, place.format.rate);
        let config = RoomConfig { mixer, clock: self.clock, silence: self.silence };
        let opened = Box::new(LiveRoom::new(room, Room::new(config)));
        let phase = self.next_phase(place.format.interval());
        self.order(worker, room, What::Open { room: opened, phase })?;
        self.links[worker].rooms += 1;
        self.ease_new_room(worker, room);
        self.rooms.insert(room, place);
        Ok(())
    }

    pub(super) fn close_room(&mut self, room: RoomId) -> Result<(), CommandError> {
        let place = self.rooms.remove(&room).ok_or(CommandError::UnknownRoom(room))?;
        self.playbacks.retain(|_, playback| playback.room != room);
        self.recordings.retain(|_, recorded| *recorded != room);
        let link = &mut self.links[place.worker];
        link.rooms -= 1;
        link.send(Order { room, what: What::Close });
        Ok(())
    }

    /// Brings a room whose rate is not fixed to the one that fits its legs and the one that is about to join.
    pub(super) fn retune(&mut self, room: RoomId, joining: Option<Codec>) -> Result<(), CommandError> {
        let Some(place) = self.rooms.get(&room).filter(|place| place.plan.rate == RoomRate::Auto) else {
            return Ok(());
        };
        let legs: Vec<(LegId, Codec)> =
            place.legs.iter().filter_map(|&leg| Some((leg, self.started(leg).ok()?.codec))).collect();
        let rate = best_common_rate(legs.iter().map(|&(_, codec)| codec).chain(joining));
        if rate == place.format.rate {
            return Ok(());
        }
        let (worker, slots, place) = (place.worker, place.most_legs, place.clone());
        let playbacks = self.playbacks.iter().filter(|(_, playback)| playback.room == room);
        let playbacks = playbacks.map(|(id, playback)| playback.playback(id.0, rate)).collect();
        let mixer = self.mixer_config(&place, rate);
        let blamed = legs.first().map_or(LegId(0), |&(leg, _)| leg);
        let retuned = Retuned::new(&mixer, slots, legs.into_iter(), playbacks)
            .map_err(|error| CommandError::Codec { leg: blamed, error })?;
        self.links[worker].send(Order { room, what: What::Retune(Box::new(retuned)) });
        if let Some(place) = self.rooms.get_mut(&room) {
            place.format.rate = rate;
        }
        place.legs.iter().for_each(|&leg| self.reweigh(leg));
        Ok(())
    }

    fn mixer_config(&mut self, place: &RoomPlace, rate: u32) -> MixerConfig {
        MixerConfig {
            rate,
            interval_ms: place.format.interval_ms,
            comfort_noise: place.plan.comfort_noise.map(|level| self.noise(level, rate)),
            max_talkers: place.plan.max_talkers,
            denoise: place.plan.denoise,
            echo: place.plan.echo,
        }
    }

    /// The next of the phases, in an order that keeps few rooms apart as well as many: each halves a gap.
    fn next_phase(&mut self, interval: Duration) -> Duration {
        let index = self.opened_rooms % PHASES;
        self.opened_rooms = self.opened_rooms.wrapping_add(1);
        let halving = index.reverse_bits() >> (u32::BITS - PHASES.ilog2());
        interval * halving / PHASES
    }

    fn noise(&mut self, level: u16, rate: u32) -> Arc<[i16]> {
        let seed = self.random.next();
        let noise = self.noises.entry((level, rate)).or_insert_with(|| {
            let mut samples = vec![0; NOISE_SECONDS * rate as usize];
            ComfortNoise::new(level, rate, seed).fill(&mut samples);
            samples.into()
        });
        Arc::clone(noise)
    }
}
