//! Audio codecs, comfort noise, concealment and resampling.
//!
//! Everything here works on `i16` linear PCM and is pure: what is random is seeded, and nothing but [`resample`]
//! allocates after it was made, so that all of it may run on the audio path.

mod concealment;
mod g711;
mod noise;
mod resampling;

pub use concealment::Concealer;
pub use g711::Law;
pub use noise::ComfortNoise;
pub use resampling::{ResampleError, resample};
