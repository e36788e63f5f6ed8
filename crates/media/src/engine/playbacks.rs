//! Playbacks, to a room or to one leg.

use confab_audio::PlaybackId;

use super::Engine;
use crate::command::{CommandError, Listener};
use crate::order::What;
use crate::place::PlaybackPlace;

impl Engine {
    pub(super) fn play(&mut self, id: PlaybackId, playing: PlaybackPlace) -> Result<(), CommandError> {
        let place = self.rooms.get(&playing.room).ok_or(CommandError::UnknownRoom(playing.room))?;
        let playback = playing.playback(id.0, place.format.rate);
        let leg = match playing.to {
            Listener::Room(_) => None,
            Listener::Leg(leg) => Some(leg),
        };
        self.order(place.worker, playing.room, What::Play(leg, playback))?;
        self.playbacks.insert(id, playing);
        Ok(())
    }

    pub(super) fn stop_playback(&mut self, playback: PlaybackId) -> Result<(), CommandError> {
        let Some(room) = self.playbacks.get(&playback).map(|playing| playing.room) else { return Ok(()) };
        if let Some(place) = self.rooms.get(&room) {
            self.order(place.worker, room, What::StopPlayback(playback.0))?;
        }
        self.playbacks.remove(&playback);
        Ok(())
    }
}
