//! Recordings: from the ticks of a room to files, which a thread of its own writes.
//!
//! The worker puts each tick of a recorded room into a bounded ring ([`Tape`]): what finds no place is left out and
//! leaves a gap as long as it was. At the other end ([`Reel`]) the [`Recorder`]'s thread reads it, as fast as its disk
//! allows. Ticks are numbered, so all tracks and the time line share the clock of the room.

mod channel;
mod clip;
mod convert;
mod folder;
mod opus;
mod recorder;
mod reel;
mod scribe;
mod session;
mod sink;
mod time_line;
mod wav;

pub use clip::Clip;
pub use recorder::{Recorder, RecorderEvent, RecorderStats};
pub use reel::{RecordingId, Reel};
pub use session::{FileFormat, RecordingSpec};
pub use time_line::Mark;

pub(crate) use clip::clip;
pub(crate) use reel::{Tape, TapeId, Tapes, tape};
