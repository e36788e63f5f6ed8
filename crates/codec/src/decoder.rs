//! Decoders of any codec, with the concealment of what was lost.

mod stream;

use crate::comfort_noise::NoiseGenerator;
use crate::opus::OpusDecoder;
use crate::{Codec, CodecError};
use stream::StreamDecoder;

/// Makes samples from one leg's payloads, and from nothing where one is missing. It allocates only when it is made.
#[derive(Debug)]
pub struct Decoder {
    kind: Kind,
    /// In a box of its own, as it is seldom wanted.
    noise: Box<NoiseGenerator>,
    /// Whether comfort noise was heard last.
    noisy: bool,
}

#[derive(Debug)]
enum Kind {
    Stream(StreamDecoder),
    Opus(OpusDecoder),
}

/// Nobody compares the noise of two legs.
const NOISE_SEED: u64 = 1;

impl Decoder {
    /// A decoder that makes samples at `rate`, which is the codec's [`Codec::coder_rate`].
    ///
    /// # Errors
    /// The codec does not run at this rate.
    pub fn new(codec: Codec, rate: u32) -> Result<Self, CodecError> {
        codec.check(rate)?;
        let kind = match StreamDecoder::new(codec) {
            Some(stream) => Kind::Stream(stream),
            None => Kind::Opus(OpusDecoder::new(rate)?),
        };
        Ok(Self { kind, noise: NoiseGenerator::new(rate, NOISE_SEED).into(), noisy: false })
    }

    /// How many samples a payload will make, found without decoding it.
    ///
    /// # Errors
    /// The codec cannot have made such a payload.
    pub fn samples_in(&self, payload: &[u8]) -> Result<usize, CodecError> {
        match &self.kind {
            Kind::Stream(stream) => stream.samples_in(payload),
            Kind::Opus(opus) => opus.samples_in(payload),
        }
    }

    /// Whether the payload itself says that there is no voice in it (RFC 6716 §4.2.3), found without decoding it.
    #[must_use]
    pub fn is_voiceless(&self, payload: &[u8]) -> bool {
        match &self.kind {
            Kind::Stream(_) => false,
            Kind::Opus(opus) => opus.is_voiceless(payload),
        }
    }

    /// Decodes a payload into the first samples of `out` and tells how many. What follows a loss is joined to the
    /// concealment without a click.
    ///
    /// # Errors
    /// The payload is malformed, or `out` too short for it: nothing was decoded.
    pub fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError> {
        let samples = self.samples_in(payload)?;
        let out = out.get_mut(..samples).ok_or(CodecError::TooLong)?;
        self.leave_noise();
        match &mut self.kind {
            Kind::Stream(stream) => stream.decode(payload, out),
            Kind::Opus(opus) => opus.decode(payload, out)?,
        }
        Ok(samples)
    }

    /// Decodes one frame of an Opus packet, counted from 0, as [`Decoder::decode`] does the whole: so a long one needs no more
    /// room than its frames do.
    ///
    /// # Errors
    /// As for [`Decoder::decode`], or there is no such frame.
    pub fn decode_frame(&mut self, payload: &[u8], frame: u8, out: &mut [i16]) -> Result<usize, CodecError> {
        self.leave_noise();
        match &mut self.kind {
            Kind::Stream(_) => Err(CodecError::Malformed),
            Kind::Opus(opus) => opus.decode_frame(payload, frame.into(), out),
        }
    }

    /// Fetches what the next payload will be written over.
    pub fn fetch_rest(&self) {
        if let Kind::Stream(stream) = &self.kind {
            stream.fetch_rest();
        }
    }

    /// Makes sound in the place of what was lost. It fades to comfort noise like the background after 60 ms.
    pub fn conceal(&mut self, out: &mut [i16]) {
        match &mut self.kind {
            _ if self.noisy => self.noise.fill(out),
            Kind::Stream(stream) => stream.conceal(out),
            Kind::Opus(opus) => opus.conceal(out),
        }
    }

    /// Makes the sound of a lost packet with the help of the packet right behind it: from its coarse copy (in-band
    /// FEC of Opus, RFC 6716 §2.1.7). `false`: it does not help, and nothing was done.
    pub fn recover(&mut self, next_payload: &[u8], out: &mut [i16]) -> bool {
        match &mut self.kind {
            Kind::Stream(_) => false,
            Kind::Opus(opus) => opus.recover(next_payload, out),
        }
    }

    /// What comes next does not continue what was: it is cross-faded into.
    pub fn splice(&mut self) {
        match &mut self.kind {
            Kind::Stream(stream) => stream.splice(),
            Kind::Opus(opus) => opus.splice(),
        }
    }

    /// Makes received comfort noise of −`level` dBov, with the reflection coefficients of RFC 3389 §3.2.
    pub fn noise(&mut self, level: u8, spectrum: &[u8], out: &mut [i16]) {
        if !self.noisy {
            self.splice();
            self.noisy = true;
        }
        self.noise.set(level, spectrum);
        self.noise.fill(out);
        match &mut self.kind {
            Kind::Stream(stream) => stream.join(out),
            Kind::Opus(opus) => opus.join(out),
        }
    }

    /// Forgets what it decoded.
    pub fn reset(&mut self) {
        self.noisy = false;
        match &mut self.kind {
            Kind::Stream(stream) => stream.reset(),
            Kind::Opus(opus) => opus.reset(),
        }
    }

    fn leave_noise(&mut self) {
        if self.noisy {
            self.splice();
            self.noisy = false;
        }
    }
}
