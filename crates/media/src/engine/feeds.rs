//! Encoders that are lent to the rooms, no more than they are likely to need.

use confab_audio::{Demand, Feed, LegId};
use confab_codec::Codec;

use super::Engine;
use crate::command::RoomId;
use crate::order::{Order, What};

impl Engine {
    /// Whether a leg is to bring a feed if it comes to a room, or back to it with another codec: where few legs have one, each
    /// does. What else a room needs it asks for.
    pub(super) fn wants_feed(&self, leg: LegId, room: RoomId, codec: Codec) -> bool {
        let Some(place) = self.rooms.get(&room) else { return true };
        let coder = codec.coder();
        let coder_of = |other: &LegId| Some(self.started(*other).ok()?.codec.coder());
        if place.legs.contains(&leg) && coder_of(&leg) == Some(coder) {
            return false;
        }
        if Feed::is_light_for(codec, place.format, place.tuning()) {
            return true;
        }
        let others = place.legs.iter().filter(|other| coder_of(other) == Some(coder));
        others.take(Feed::FEW).count() < Feed::FEW
    }

    /// Gives a room the feeds that it has asked for.
    pub(super) fn lend(&mut self, room: RoomId, demand: Demand) {
        let Some(place) = self.rooms.get(&room) else { return };
        let make = || Feed::new(demand.coder, place.format, place.tuning()).ok().map(Box::new);
        let feeds = (0..demand.feeds.min(place.legs.len())).map_while(|_| make()).collect();
        self.links[place.worker].send(Order { room, what: What::Lend(feeds) });
    }
}
