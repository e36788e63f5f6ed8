//! What travels on the rings: orders to a worker, with all they need built beforehand, and what comes back.

use std::time::{Duration, Instant};

use confab_audio::{Demand, Feed, Leg, LegId, Relief, Retuned, StreamChange};
use confab_mixer::{Control, DigitFinder, Playback};
use rtrb::{Consumer, Producer};

use crate::command::{Event, RoomId};
use crate::recording::{Mark, Tape, TapeId};
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
    /// Send a leg on its way to another room.
    HandOver(LegId, Producer<Handed>),
    /// Take in a leg that is on its way here.
    TakeOver(Box<Arrival>),
    Update(LegId, Box<StreamChange>),
    Lend(Feeds),
    Stop(LegId),
    /// Something that a control which follows may need.
    Equip(Box<DigitFinder>),
    Set(LegId, Control),
    Hold(LegId, bool),
    Ease(Relief),
    Play(Option<LegId>, Playback),
    StopPlayback(u64),
    SendDigit(LegId, char),
    Levels,
    Record(TapeId, Box<Tape>),
    PauseTape(TapeId, bool),
    Mark(TapeId, Box<Mark>),
    EndTape(TapeId),
}

/// What the room that a leg leaves sends to the one that it goes to; `None` if the leg is gone.
pub(crate) type Handed = Option<(Line, Instant)>;

/// A leg on its way from one room to another. It travels straight from worker to worker, so that its RTP waits neither for
/// the control side nor for the other's tick.
pub(crate) struct Arrival {
    /// A ring for one: the leg with its sockets, and when it would have been ticked next.
    pub(crate) way: Consumer<Handed>,
    /// What it needs in its new room.
    pub(crate) change: StreamChange,
}

/// Encoders on their way to a room or back.
pub(crate) type Feeds = Vec<Box<Feed>>;

/// What a worker tells.
#[expect(clippy::large_enum_variant, reason = "a worker may not allocate, and most are events")]
pub(crate) enum Word {
    Event(Event),
    /// A room needs feeds.
    Demand(RoomId, Demand),
}

/// Something a worker is done with, to be freed by the control side: never read, only dropped.
#[expect(dead_code, reason = "the fields are carried to be dropped elsewhere")]
pub(crate) enum Retired {
    Room(Box<LiveRoom>),
    Leg(Box<Leg>),
    Way(Producer<Handed>),
    Arrival(Box<Arrival>),
    Stream(Box<StreamChange>),
    Feed(Box<Feed>),
    Feeds(Feeds),
    Retuned(Box<Retuned>),
    Finder(Box<DigitFinder>),
    Playback(Playback),
    Tape(Box<Tape>),
    Mark(Box<Mark>),
}
