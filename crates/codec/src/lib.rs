//! Audio codecs, comfort noise, concealment, resampling and WAV files.
//!
//! Everything here works on `i16` linear PCM and is pure: what is random is seeded, and nothing but [`resample`]
//! and [`read_wav`] allocates after it was made, so that all the rest may run on the audio path.

mod concealment;
mod g711;
mod noise;
mod resampling;
mod wav;

pub use concealment::Concealer;
pub use g711::Law;
pub use noise::ComfortNoise;
pub use resampling::{ResampleError, resample};
pub use wav::{Wav, read_wav};
