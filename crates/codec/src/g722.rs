//! G.722 at 64 kbit/s (ITU-T G.722, mode 1): sound of 7 kHz, sampled at 16 kHz, one octet for two samples.
//!
//! A filter halves the spectrum; each half is ADPCM, the lower one with six bits of the octet, the upper one with the two
//! highest. Everything is in the 16-bit arithmetic of the recommendation, saturation included, so that encoder and
//! decoder are equal to the ITU's bit for bit. The names of its computational details (§6.2) stand in the comments.

mod band;
mod qmf;
mod quantizer;

use band::Band;
use qmf::Qmf;

/// Octets that go through the filter at once: 10 ms.
const BLOCK: usize = 80;

/// A G.722 encoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoder {
    low: Band,
    high: Band,
    filter: Qmf,
}

impl Encoder {
    /// An encoder at rest.
    pub fn new() -> Self {
        Self { low: Band::low(), high: Band::high(), filter: Qmf::new() }
    }

    /// Encodes two samples at 16 kHz into each octet, as many as both slices have room for. Returns the octets.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> usize {
        let (pairs, _odd) = pcm.as_chunks();
        let octets = pairs.len().min(out.len());
        for (pairs, out) in pairs[..octets].chunks(BLOCK).zip(out[..octets].chunks_mut(BLOCK)) {
            let mut bands = [[0; 2]; BLOCK];
            self.filter.analyse(pairs, &mut bands);
            for (octet, &[low, high]) in out.iter_mut().zip(&bands) {
                *octet = quantizer::encode_low(&mut self.low, low)
                    | quantizer::encode_high(&mut self.high, high) << 6;
            }
        }
        octets
    }
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

/// A G.722 decoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoder {
    low: Band,
    high: Band,
    filter: Qmf,
}

impl Decoder {
    /// A decoder at rest.
    pub fn new() -> Self {
        Self { low: Band::low(), high: Band::high(), filter: Qmf::new() }
    }

    /// Decodes each octet into two samples at 16 kHz, as many as both slices have room for. Returns the samples.
    pub fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> usize {
        let (pairs, _odd) = out.as_chunks_mut();
        let octets = pairs.len().min(payload.len());
        for (payload, pairs) in payload[..octets].chunks(BLOCK).zip(pairs[..octets].chunks_mut(BLOCK)) {
            let mut bands = [[0; 2]; BLOCK];
            for (band, octet) in bands.iter_mut().zip(payload) {
                let low = quantizer::decode_low(&mut self.low, octet & 0x3f);
                *band = [low, quantizer::decode_high(&mut self.high, octet >> 6)];
            }
            self.filter.synthesise(&bands[..payload.len()], pairs);
        }
        2 * octets
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}
