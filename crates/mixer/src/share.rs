//! What one member adds to the room, and the room without it.

use crate::gain::Ramp;
use crate::limiter::KNEE;

/// The part of one member in the sum.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Share<'a> {
    /// A frame as it came.
    Frame(&'a [i16]),
    /// Gains or tools changed it.
    Changed(&'a [i32]),
}

impl Share<'_> {
    /// Writes it, as loud as a sample can be at most.
    pub(crate) fn write(self, out: &mut [i16]) {
        match self {
            Self::Frame(frame) => out.copy_from_slice(frame),
            Self::Changed(sum) => clip(sum, out),
        }
    }
}

/// The room without one's own share, times the gain.
pub(crate) fn mix_minus(gain: Ramp, edge: usize, room: &[i32], own: Option<Share<'_>>, mix: &mut [f32]) {
    match own {
        None => gain.over(edge, mix.iter_mut().zip(room), |(mix, &room), gain| *mix = room as f32 * gain),
        Some(Share::Frame(own)) => {
            let triples = mix.iter_mut().zip(room.iter().zip(own));
            gain.over(edge, triples, |(mix, (&room, &own)), gain| {
                *mix = (room - i32::from(own)) as f32 * gain;
            });
        }
        Some(Share::Changed(own)) => {
            let triples = mix.iter_mut().zip(room.iter().zip(own));
            gain.over(edge, triples, |(mix, (&room, &own)), gain| *mix = (room - own) as f32 * gain);
        }
    }
}

/// The same where no gain changes it; false if it is so loud that it has to be limited, and what was written is of no use.
pub(crate) fn mix_minus_unchanged(room: &[i32], own: Option<Share<'_>>, out: &mut [i16]) -> bool {
    match own {
        None => copy(room.iter().copied(), out),
        Some(Share::Frame(own)) => copy(room.iter().zip(own).map(|(room, &own)| room - i32::from(own)), out),
        Some(Share::Changed(own)) => copy(room.iter().zip(own).map(|(room, own)| room - own), out),
    }
}

/// Whether all samples are below the limiter's knee.
fn copy(samples: impl Iterator<Item = i32>, out: &mut [i16]) -> bool {
    const MOST: i32 = KNEE as i32;
    let mut loud = 0;
    for (out, sample) in out.iter_mut().zip(samples) {
        loud |= i32::from(sample > MOST) | i32::from(sample < -MOST);
        *out = sample as i16;
    }
    loud == 0
}

pub(crate) fn clip(samples: &[i32], out: &mut [i16]) {
    for (out, &sample) in out.iter_mut().zip(samples) {
        *out = sample.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16;
    }
}
