//! A codec alone over a line that loses packets: no room, no jitter. What a room can reach at best, and what it has to
//! beat.

use confab_codec::{Codec, CodecError, Decoder, Encoder};

use crate::network::{Loss, Losses};

/// What is put in the place of a lost packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Filling {
    /// What the codec's decoder does: recovers it from the next packet if it can, else conceals it.
    Concealment,
    /// Silence.
    Silence,
    /// The samples of the last packet that came, once more.
    Repetition,
}

/// Length of a packet, ms.
const PACKET_MS: usize = 20;
/// The longest payload: 20 ms of L16 at 48 kHz.
const LONGEST_PAYLOAD: usize = 1920;

/// Sends the samples, at the rate `codec` has for a room of `rate`, through an encoder, a line and a decoder, in packets
/// of 20 ms. What comes out is as long as what went in, to a whole packet.
///
/// # Errors
/// The codec does not run at this rate.
pub fn carry(
    codec: Codec,
    rate: u32,
    samples: &[i16],
    loss: Loss,
    seed: u64,
    filling: Filling,
) -> Result<Vec<i16>, CodecError> {
    let payloads = encode(codec, rate, samples)?;
    let mut losses = Losses::new(loss, seed);
    let arrived: Vec<Option<&[u8]>> =
        payloads.iter().map(|payload| (!losses.next_is_lost()).then_some(&payload[..])).collect();
    let mut decoder = Decoder::new(codec, rate)?;
    let mut heard = Vec::with_capacity(samples.len());
    let mut frame = vec![0; rate as usize / 1000 * PACKET_MS];
    for (index, payload) in arrived.iter().enumerate() {
        match (payload, filling) {
            (Some(payload), _) => _ = decoder.decode(payload, &mut frame)?,
            (None, Filling::Concealment) => {
                let next = arrived.get(index + 1).copied().flatten();
                if !next.is_some_and(|next| decoder.recover(next, &mut frame)) {
                    decoder.conceal(&mut frame);
                }
            }
            (None, Filling::Silence) => frame.fill(0),
            (None, Filling::Repetition) => {}
        }
        heard.extend_from_slice(&frame);
    }
    Ok(heard)
}

fn encode(codec: Codec, rate: u32, samples: &[i16]) -> Result<Vec<Vec<u8>>, CodecError> {
    let mut encoder = Encoder::new(codec, rate)?;
    let mut octets = [0; LONGEST_PAYLOAD];
    let payload = |frame: &[i16]| {
        let length = encoder.encode(frame, &mut octets);
        octets[..length].to_vec()
    };
    Ok(samples.chunks_exact(rate as usize / 1000 * PACKET_MS).map(payload).collect())
}
