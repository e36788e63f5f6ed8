//! What travels on the rings: orders to a worker, with all they need built beforehand, and what comes back.

use std::time::Duration;

use confab_audio::{Leg, LegId, Relief, Retuned, StreamChange};
use confab_mixer::{Control, Playback};

use crate::command::RoomId;
use crate::room::{Line, LiveRoom};

/// Something for the worker on which `room` lives.
pub(crate) struct Order {
    pub(crate) room: RoomId,
    pub(crate) what: What,
}

/// What to do with the room or one of its legs.
pub(crate) enum What {
    /// `phase` spreads the rooms of a worker inside the interval.
    Open {
        room: Box<LiveRoom>,
        phase: Duration,
    },
    Close,
    Retune(Box<Retuned>),
    Start(Line),
    Update(LegId, Box<StreamChange>),
    Stop(LegId),
    Set(LegId, Control),
    Hold(LegId, bool),
    Ease(Relief),
    Play(Option<LegId>, Playback),
    StopPlayback(u64),
}

/// Something a worker is done with, to be freed by the control side: never read, only dropped.
#[expect(dead_code, reason = "the fields are carried to be dropped elsewhere")]
pub(crate) enum Retired {
    Room(Box<LiveRoom>),
    Leg(Box<Leg>),
    Stream(Box<StreamChange>),
    Retuned(Box<Retuned>),
    Playback(Playback),
}
