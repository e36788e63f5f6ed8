//! Decoding of codecs whose octets are a stream.

use crate::{Codec, CodecError, Concealer, Law, g722, l16};

/// A decoder with the concealment that it needs.
#[derive(Debug)]
pub(crate) struct StreamDecoder {
    coder: Coder,
    concealer: Concealer,
}

#[derive(Debug)]
enum Coder {
    G711(Law),
    G722(Box<g722::Decoder>),
    L16,
}

impl StreamDecoder {
    /// `None` where the codec's octets are no stream.
    pub(crate) fn new(codec: Codec) -> Option<Self> {
        let coder = match codec {
            Codec::Pcmu => Coder::G711(Law::Mu),
            Codec::Pcma => Coder::G711(Law::A),
            Codec::G722 => Coder::G722(Box::default()),
            Codec::L16 { .. } => Coder::L16,
            Codec::Opus(_) => return None,
        };
        let rate = codec.sample_rate();
        let concealer = match coder {
            Coder::G711(law) => Concealer::of_codes(law, rate),
            _ => Concealer::new(rate),
        };
        Some(Self { coder, concealer })
    }

    pub(crate) fn samples_in(&self, payload: &[u8]) -> Result<usize, CodecError> {
        match &self.coder {
            Coder::G711(_) => Ok(payload.len()),
            Coder::G722(_) => Ok(payload.len() * 2),
            Coder::L16 if payload.len() % 2 == 1 => Err(CodecError::Malformed),
            Coder::L16 => Ok(payload.len() / 2),
        }
    }

    pub(crate) fn fetch_rest(&self) {
        self.concealer.fetch_rest();
    }

    /// Decodes a payload that lasts as long as `out`.
    pub(crate) fn decode(&mut self, payload: &[u8], out: &mut [i16]) {
        match &mut self.coder {
            Coder::G711(law) => {
                law.decode(payload, out);
                return self.concealer.good_codes(payload, out);
            }
            Coder::G722(coder) => _ = coder.decode(payload, out),
            Coder::L16 => _ = l16::decode(payload, out),
        }
        self.concealer.good(out);
    }

    pub(crate) fn conceal(&mut self, out: &mut [i16]) {
        self.concealer.conceal(out);
    }

    pub(crate) fn splice(&mut self) {
        self.concealer.splice();
    }

    /// Takes in sound that came from elsewhere, as if it had been decoded.
    pub(crate) fn join(&mut self, out: &mut [i16]) {
        self.concealer.good(out);
    }

    pub(crate) fn reset(&mut self) {
        if let Coder::G722(coder) = &mut self.coder {
            **coder = g722::Decoder::default();
        }
        self.concealer.reset();
    }
}
