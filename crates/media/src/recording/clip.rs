//! What a leg said when it was asked for its name.

use confab_codec::resample;

use super::reel::{Piece, Reel};

/// A short sound.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clip {
    /// Samples per second.
    pub rate: u32,
    /// None if nothing was said.
    pub samples: Vec<i16>,
}

/// What is softer in the mean of |sample| counts as silence: about −45 dBov.
const SILENCE: u32 = 150;

/// Silence that is left before and behind what was said, in blocks of 10 ms.
const MARGIN_BLOCKS: usize = 10;

/// Blocks that must be above silence: what is shorter is a click.
const LEAST_BLOCKS: usize = 5;

/// All that is on the reel, without the silence around it.
pub(crate) fn clip(reel: Reel) -> Clip {
    let stretches = read(reel);
    let rate = stretches.iter().map(|(rate, _)| *rate).max().unwrap_or(8000);
    let at_rate = |(from, samples): (u32, Vec<i16>)| resample(&samples, from, rate).unwrap_or_default();
    let samples: Vec<i16> = stretches.into_iter().flat_map(at_rate).collect();
    let spoken = spoken(&samples, rate as usize / 100);
    Clip { rate, samples: samples[spoken].to_vec() }
}

/// What is on it, by the rate that the room had.
fn read(mut reel: Reel) -> Vec<(u32, Vec<i16>)> {
    let mut stretches: Vec<(u32, Vec<i16>)> = Vec::new();
    let mut at = 0;
    while let Ok(piece) = reel.pieces.pop() {
        match piece {
            Piece::Tick { rate, .. } => {
                if stretches.last().is_none_or(|(last, _)| *last != rate) {
                    stretches.push((rate, Vec::new()));
                }
                let Some((_, samples)) = stretches.last_mut() else { continue };
                at = samples.len();
                let frame = rate as usize * usize::from(reel.format.interval_ms) / 1000;
                samples.resize(at + frame, 0);
            }
            Piece::Samples(slice) => {
                let samples =
                    stretches.last_mut().and_then(|(_, samples)| samples.get_mut(at..at + slice.len()));
                if let Some(samples) = samples {
                    samples.copy_from_slice(&slice);
                    at += slice.len();
                }
            }
            Piece::Track(_) | Piece::Mark(_) => {}
        }
    }
    stretches
}

/// From where to where there is more than silence.
fn spoken(samples: &[i16], block: usize) -> std::ops::Range<usize> {
    let is_loud = |samples: &[i16]| {
        let sum: u32 = samples.iter().map(|sample| u32::from(sample.unsigned_abs())).sum();
        sum > SILENCE * samples.len() as u32
    };
    let loud: Vec<usize> =
        samples.chunks(block).enumerate().filter(|(_, block)| is_loud(block)).map(|(at, _)| at).collect();
    let (Some(first), Some(last)) = (loud.first(), loud.last()) else { return 0..0 };
    if loud.len() < LEAST_BLOCKS {
        return 0..0;
    }
    let begin = first.saturating_sub(MARGIN_BLOCKS) * block;
    begin..((last + 1 + MARGIN_BLOCKS) * block).min(samples.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_around_is_taken_away_but_for_a_margin() {
        let mut samples = vec![3; 40_000];
        samples[16_000..24_000].fill(2000);
        assert_eq!(spoken(&samples, 80), 15_200..24_800);
        assert_eq!(spoken(&samples[..8000], 80), 0..0, "nothing was said");
        samples[16_000..24_000].fill(2);
        samples[20_000..20_160].fill(9000);
        assert_eq!(spoken(&samples, 80), 0..0, "a click is no name");
    }
}
