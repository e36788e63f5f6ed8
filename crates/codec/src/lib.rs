//! Audio codecs, comfort noise, concealment, resampling, time-stretching and sound files.
//!
//! Everything here works on `i16` linear PCM and is pure: what is random is seeded, and nothing but [`resample`]
//! and [`read_audio`] allocates after it was made, so that all the rest may run on the audio path.

mod audio_file;
mod codec;
pub mod comfort_noise;
mod concealment;
mod decoder;
mod encoder;
mod g711;
pub mod g722;
pub mod l16;
mod noise;
mod opus;
mod random;
mod resampler;
mod resampling;
pub mod stretch;
mod vector;

pub use audio_file::{AudioFile, AudioFileError, read_audio};
pub use codec::{Codec, CodecError, CodecId, Opus};
pub use concealment::Concealer;
pub use decoder::Decoder;
pub use encoder::Encoder;
pub use g711::Law;
pub use noise::ComfortNoise;
pub use resampler::Resampler;
pub use resampling::{ResampleError, resample};
