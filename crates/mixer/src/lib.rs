//! The room mixer: gate, gains, mix-minus, limiter, talk detection, the floor, echoes, tones.
//!
//! [`Mixer`] is the arithmetic of one room. Each tick the caller writes the frames that came in, calls
//! [`Mixer::tick`], and then renders what is heard: members that hear the same thing have the same [`ListenKey`] and
//! need one render and one encode together. Between `add`, `play` and the like nothing is allocated or freed.
//!
//! What a member hears is the sum of the others (its own frame is taken out of the `i32` sum, so exactly), of what is
//! played to the room, times its gains, plus what is played to it alone; then the limiter.

mod agc;
mod denoise;
pub mod dtmf;
mod echo;
mod floor;
mod gain;
mod gate;
mod guard;
mod history;
mod inband;
mod lanes;
mod level;
mod limiter;
mod listeners;
mod member;
mod mixer;
mod muted;
mod playback;
mod share;
mod speaker;
mod tone;
mod tone_script;
mod tools;

pub use inband::{DigitFinder, INBAND_DELAY_MS};
pub use level::{level_dbov, tone_level_dbov};
pub use listeners::ListenKey;
pub use member::{Control, EchoAction, Hear, LoudGuard, MemberConfig, Slot};
pub use mixer::{Desk, Event, Mixer, MixerConfig, Tap};
pub use playback::Playback;
pub use tone::Tone;
pub use tone_script::{ToneScript, ToneScriptError};
