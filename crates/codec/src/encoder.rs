//! Encoders of any codec.

use crate::opus::OpusEncoder;
use crate::{Codec, CodecError, Law, g722, l16};

/// Makes one codec's payloads from samples. It allocates only when it is made.
#[derive(Debug)]
pub struct Encoder {
    codec: Codec,
    coder: Coder,
}

#[derive(Debug)]
enum Coder {
    G711(Law),
    G722(Box<g722::Encoder>),
    L16,
    Opus(OpusEncoder),
}

impl Encoder {
    /// An encoder for samples at `rate`, which is the codec's [`Codec::coder_rate`].
    ///
    /// # Errors
    /// The codec does not run at this rate.
    pub fn new(codec: Codec, rate: u32) -> Result<Self, CodecError> {
        codec.check(rate)?;
        let coder = match codec {
            Codec::Pcmu => Coder::G711(Law::Mu),
            Codec::Pcma => Coder::G711(Law::A),
            Codec::G722 => Coder::G722(Box::default()),
            Codec::L16 { .. } => Coder::L16,
            Codec::Opus(opus) => Coder::Opus(OpusEncoder::new(opus, rate)?),
        };
        Ok(Self { codec, coder })
    }

    /// What it makes.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Encodes the samples and tells how many octets that made; 0: nothing is to be sent (DTX). Opus takes exactly
    /// one packet's worth.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> usize {
        match &mut self.coder {
            Coder::G711(law) => {
                law.encode(pcm, out);
                pcm.len().min(out.len())
            }
            Coder::G722(coder) => coder.encode(pcm, out),
            Coder::L16 => l16::encode(pcm, out),
            Coder::Opus(coder) => coder.encode(pcm, out),
        }
    }

    /// Becomes a twin of `from`, so that a decoder that followed `from` goes on without a click: with the same state
    /// where that can be copied, else primed on `heard`, the last samples that `from` coded.
    pub fn take_over(&mut self, from: &Self, heard: &[i16]) {
        match (&mut self.coder, &from.coder) {
            (Coder::G722(own), Coder::G722(other)) => own.clone_from(other),
            (Coder::Opus(own), _) => own.prime(heard),
            _ => {}
        }
    }

    /// Whether a decoder could be moved from this encoder to the other now and nobody would hear a difference: always
    /// without state (G.711, L16), with equal state (G.722), never (Opus).
    pub fn is_twin_of(&self, other: &Self) -> bool {
        match (&self.coder, &other.coder) {
            (Coder::G722(own), Coder::G722(other)) => own == other,
            (Coder::G711(_) | Coder::L16, _) => self.codec == other.codec,
            _ => false,
        }
    }

    /// Makes the next payload one from which a decoder can go on that followed another encoder of the same sound (see
    /// [`Codec::merge_ms`]). It costs Opus a few octets; the others need nothing.
    pub fn refresh(&mut self) {
        if let Coder::Opus(coder) = &mut self.coder {
            coder.refresh();
        }
    }

    /// Changes how an Opus encoder is set while it runs. Another codec changes nothing.
    pub fn adjust(&mut self, codec: Codec) {
        if let (Coder::Opus(coder), Codec::Opus(opus)) = (&mut self.coder, codec) {
            coder.adjust(opus);
            self.codec = codec;
        }
    }
}

#[cfg(test)]
mod tests;
