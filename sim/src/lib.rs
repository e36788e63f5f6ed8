//! A room simulated whole, in virtual time: phones with their clocks, codecs and lines, and what they hear.
//!
//! The same seed gives the same bytes. Nothing here reads a clock or sleeps: an hour of a conference passes as fast as it
//! is computed. The scenarios under `tests/` hold what confab promises about the line.

mod ear;
pub mod echo;
mod line;
pub mod measure;
mod mouth;
mod network;
mod phone;
pub mod quality;
mod random;
mod report;
mod scene;
mod source;
mod timer;
mod track;
mod voice;
pub mod wav;

pub use ear::Counts;
pub use line::{Filling, carry};
pub use network::{Arrival, Conditions, Loss, Losses, Network, Stall};
pub use phone::{Phone, PhoneConfig, Press};
pub use random::Random;
pub use report::report;
pub use scene::{PhoneId, Scene};
pub use source::{Sound, Talk};
pub use timer::Timer;
pub use track::Track;
