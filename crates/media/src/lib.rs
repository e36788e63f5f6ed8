//! The real-time audio engine: workers, sockets, tick, playout.
//!
//! A room lives on one worker and is ticked there once per interval: read the members' sockets, one frame of
//! each into the mixer, one mix for each listener out again as RTP. The control side owns an [`Engine`]: it opens
//! sockets, builds all state and hands it over on bounded rings; whatever a worker no longer needs comes back the
//! same way and is freed by the control side. So a tick takes no lock, allocates nothing and waits for nobody.
//!
//! [`Engine::start`] runs the workers on threads of their own. [`Engine::manual`] hands them out instead, so that
//! tests and benches drive the same code with a clock of their own.

mod clock;
mod command;
mod encodings;
mod engine;
mod format;
mod leg;
mod link;
mod order;
mod outbox;
mod packetizer;
mod playout;
mod ports;
mod room;
mod thread;
mod turn;
mod worker;

pub use command::{
    Command, CommandError, EngineStats, Event, LegId, Listener, PlaybackId, RoomId, Stats, StreamConfig,
};
pub use confab_codec::Law;
pub use confab_mixer::{Control, Hear};
pub use engine::{Engine, EngineConfig, PortsExhausted};
pub use worker::Worker;
