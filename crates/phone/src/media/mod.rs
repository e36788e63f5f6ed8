//! The audio of a call: what is sent, paced by the clock, and what comes in.

mod format;
mod impairment;
mod keys;
mod leg;
mod receiver;
mod reception;
mod sender;
mod socket;
mod source;
mod stranger;

pub(crate) use format::Format;
pub use impairment::Impairment;
pub use keys::KeyTiming;
pub(crate) use keys::check_key;
pub(crate) use leg::Leg;
pub use reception::Reception;
pub use source::{Sound, Source};
pub use stranger::Stranger;
