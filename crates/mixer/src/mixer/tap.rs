//! What a recording takes of a room, after each tick.

use super::{Desk, Mixer, Slot};
use crate::gain::Ramp;
use crate::limiter::Hold;
use crate::share::{clip, mix_minus};

/// Follows one recording through the ticks.
#[derive(Debug, Default)]
pub struct Tap {
    /// The state of the limiter in front of it.
    held: Hold,
    /// What of the mix is on no track yet.
    rest: Vec<i32>,
}

impl Tap {
    /// For a room whose frames are so long at most, samples.
    pub fn new(longest: usize) -> Self {
        Self { held: Hold::default(), rest: Vec::with_capacity(longest) }
    }
}

impl Mixer {
    /// Writes the mix of the last tick: what a member hears who is silent and to whom nothing is played. Whether it is
    /// anything but silence.
    pub fn tap_mix(&self, desk: &mut Desk, tap: &mut Tap, out: &mut [i16]) -> bool {
        tap.rest.clear();
        tap.rest.extend_from_slice(&desk.room);
        mix_minus(Ramp::steady(1.0), self.edge, &desk.room, None, &mut desk.mix);
        tap.held = self.limiter.limit(tap.held, &mut desk.mix, out);
        is_sound(out)
    }

    /// After [`tap_mix`](Self::tap_mix): writes a member's share of the mix, behind gate and gains. False if it has none.
    pub fn tap_voice(&self, desk: &Desk, tap: &mut Tap, slot: Slot, out: &mut [i16]) -> bool {
        let Some(share) = self.share(desk, slot) else { return false };
        share.write(out);
        tap.rest.iter_mut().zip(&*out).for_each(|(rest, &sample)| *rest -= i32::from(sample));
        is_sound(out)
    }

    /// At last: writes what no voice was written of, that is, what is played to all. False if there is nothing.
    pub fn tap_rest(&self, tap: &Tap, out: &mut [i16]) -> bool {
        clip(&tap.rest, out);
        is_sound(out)
    }

    /// Writes what came from a member in the last tick, without the tones of keys. False if nothing did.
    pub fn tap_input(&self, slot: Slot, out: &mut [i16]) -> bool {
        let frame = self.history.last(slot);
        frame.inspect(|frame| out.copy_from_slice(frame)).is_some()
    }
}

fn is_sound(samples: &[i16]) -> bool {
    samples.iter().any(|&sample| sample != 0)
}
