//! The audio of a call: what is sent, paced by the clock, and what comes in.

mod keys;
mod leg;
mod sender;
mod socket;
mod source;
mod stranger;

pub use keys::KeyTiming;
pub(crate) use keys::check_key;
pub(crate) use leg::Leg;
pub use source::Source;
pub use stranger::Stranger;

/// The sampling rate of all audio in a phone, in Hz.
pub(crate) const RATE: u32 = 8000;

/// Samples of a millisecond.
pub(crate) const SAMPLES_PER_MS: usize = RATE as usize / 1000;
