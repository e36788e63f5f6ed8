//! The confab conference server: sockets, the control task and the command line around the pure crates.
//!
//! [`Server::start`] brings up what a configuration describes; the binary does that for `confab serve`.

mod audio;
pub mod cli;
mod codecs;
mod control;
mod files;
mod gateways;
mod import;
mod lateness;
mod log;
mod lookup;
mod recording;
mod sounds;
mod start;
mod transport;

pub use sounds::SoundError;
pub use start::{Server, StartError};
pub use transport::BindError;
