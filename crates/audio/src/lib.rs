//! One room's audio, joined: packets in, a mix, packets out. Pure: no socket, clock or thread.
//!
//! A [`Room`] is handed datagrams and ticked once per interval: one frame of each leg goes into the mixer, one mix for
//! each listener comes out again as RTP in an [`Outbox`]. The control side builds all state ([`Room::new`], [`Leg::new`])
//! and frees what comes back; in between a tick takes no lock, allocates nothing and waits for nobody.

mod change;
mod clock;
mod event;
mod feeds;
mod format;
mod keys;
mod leg;
mod loss;
mod outbox;
mod packetizer;
mod phase;
mod playout;
mod relief;
mod retune;
mod room;
mod sender;
mod stream;
mod tap;
mod watch;

pub use change::StreamChange;
pub use clock::{Clock, Random};
pub use event::{DigitSource, Event, LegId, PlaybackId, Stats};
pub use feeds::{Demand, Feed};
pub use format::{Format, Tuning};
pub use leg::Leg;
pub use outbox::{Channel, Datagram, Outbox};
pub use relief::Relief;
pub use retune::Retuned;
pub use room::{LATE, Room, RoomConfig, SilenceLimits, Tick};
pub use stream::StreamConfig;
pub use tap::{Taken, Tap, Track};
