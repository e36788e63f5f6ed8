//! The real-time audio engine: workers, sockets, ports, rings.
//!
//! A room lives on one worker and is ticked there once per interval: its members' sockets are read, what came goes into
//! [`confab_audio::Room`], and what that has to send is sent. The control side owns an [`Engine`]: it opens
//! sockets, builds all state and hands it over on bounded rings; whatever a worker no longer needs comes back the
//! same way and is freed by the control side. So a tick takes no lock, allocates nothing and waits for nobody.
//!
//! [`Engine::start`] runs the workers on threads of their own. [`Engine::manual`] hands them out instead, so that
//! tests and benches drive the same code with a clock of their own.

mod command;
mod engine;
mod lateness;
mod link;
mod order;
mod place;
mod ports;
mod pressure;
mod receive;
mod recording;
mod room;
mod sound;
mod thread;
mod throttle;
mod turn;
mod worker;

pub use command::{Command, CommandError, EngineStats, Event, Listener, RoomId, RoomPlan, RoomRate};
pub use confab_audio::{
    DigitSource, Event as AudioEvent, LegId, PlaybackId, SilenceLimits, Stats, StreamConfig,
};
pub use confab_codec::{Codec, Opus};
pub use confab_mixer::{Control, Hear};
pub use engine::{Engine, EngineConfig, Refusal, Shift, WorkerLoad};
pub use lateness::Lateness;
pub use pressure::Step;
pub use recording::{
    Clip, FileFormat, Mark, Recorder, RecorderEvent, RecorderStats, RecordingId, RecordingSpec, Reel,
};
pub use sound::Sound;
pub use thread::Scheduling;
pub use worker::Worker;
