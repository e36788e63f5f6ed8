//! The load generator: thousands of callers from one core, who know what they should hear.
//!
//! It speaks SIP and RTP with any conference server by address. All callers' packets are encoded before the run and
//! sent on a fixed grid; what comes back is checked packet by packet, and by a rotating sample of receivers also
//! sample by sample. Beside it a bare echo of the same packets tells what the sockets alone cost.

mod arrival;
mod bursts;
mod caller;
mod capacity;
pub mod cli;
mod decoding;
mod dialling;
mod floor;
mod hearing;
mod histogram;
mod lapse;
mod load;
mod machine;
mod outcome;
mod pacing;
mod picture;
mod plan;
mod process;
mod punctuality;
mod register;
mod report;
mod sockets;
mod sound;
mod spawned;
mod stream;
mod traffic;
mod voice;
mod wire;

pub use load::run;
pub use outcome::Outcome;
pub use plan::{Cores, Plan, Quiet};
pub use wire::CodecName;
