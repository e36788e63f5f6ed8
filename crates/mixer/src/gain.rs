//! Gains, and how they change without a click.

/// One step of a member's talk or listen volume, dB.
const STEP_DB: f32 = 3.0;
/// The volumes go from −`STEPS` to +`STEPS`.
const STEPS: i8 = 4;

/// The factor of a gain in dB.
pub(crate) fn amplitude(db: f32) -> f32 {
    10f32.powf(db / 20.0)
}

/// The factor of a volume step; steps beyond the ends count as the ends.
pub(crate) fn volume(step: i8) -> f32 {
    amplitude(STEP_DB * f32::from(step.clamp(-STEPS, STEPS)))
}

/// The gain over one frame: it moves in a straight line through the first samples (the *edge*) and then stays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ramp {
    pub(crate) from: f32,
    pub(crate) to: f32,
}

impl Ramp {
    pub(crate) fn steady(gain: f32) -> Self {
        Self { from: gain, to: gain }
    }

    pub(crate) fn is_silent(self) -> bool {
        self.from == 0.0 && self.to == 0.0
    }

    /// Calls `apply` with the gain of each sample of a frame, the steady part in a loop of its own.
    pub(crate) fn over<T>(self, edge: usize, frame: impl Iterator<Item = T>, mut apply: impl FnMut(T, f32)) {
        let mut frame = frame;
        if self.from != self.to {
            let step = (self.to - self.from) / edge as f32;
            frame.by_ref().take(edge).enumerate().for_each(|(i, it)| apply(it, self.from + step * i as f32));
        }
        frame.for_each(|it| apply(it, self.to));
    }

    /// Both gains one after the other.
    pub(crate) fn times(self, other: Self) -> Self {
        Self { from: self.from * other.from, to: self.to * other.to }
    }

    /// Changes the samples of a sum.
    pub(crate) fn scale(self, edge: usize, sum: &mut [i32]) {
        self.over(edge, sum.iter_mut(), |sample, gain| *sample = rounded(*sample as f32 * gain));
    }

    /// Adds the samples to a sum.
    pub(crate) fn add(self, edge: usize, samples: &[i16], sum: &mut [i32]) {
        if self == Self::steady(1.0) {
            sum.iter_mut().zip(samples).for_each(|(sum, &sample)| *sum += i32::from(sample));
        } else {
            let pairs = sum.iter_mut().zip(samples);
            self.over(edge, pairs, |(sum, &sample), gain| *sum += rounded(f32::from(sample) * gain));
        }
    }
}

/// From one to the other over the whole frame.
pub(crate) fn cross_fade(from: &[i16], to: &[i16], out: &mut [i16]) {
    let step = 1.0 / out.len() as f32;
    for (i, (out, (&from, &to))) in out.iter_mut().zip(from.iter().zip(to)).enumerate() {
        let (from, to) = (f32::from(from), f32::from(to));
        *out = (from + (to - from) * step * i as f32) as i16;
    }
}

/// Nearest integer of a value below 2^22, by pushing it to where a float holds no fraction. Unlike `round` this is two
/// instructions and vectorises on every target.
pub(crate) fn rounded(value: f32) -> i32 {
    const SHIFT: f32 = 12_582_912.0; // 1.5 · 2^23
    (value + SHIFT).to_bits() as i32 - SHIFT.to_bits() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volume_steps_are_three_db_and_end_at_four() {
        for step in -4..4 {
            let ratio = 20.0 * (volume(step + 1) / volume(step)).log10();
            assert!((ratio - 3.0).abs() < 1e-4);
        }
        assert_eq!((volume(0), volume(9), volume(-9)), (1.0, volume(4), volume(-4)));
    }

    #[test]
    fn rounding_is_to_the_nearest() {
        for value in [-131_072.0, -32768.4, -1.6, -0.4, 0.0, 0.4, 0.6, 7.0, 32767.4, 131_071.9] {
            assert_eq!(rounded(value), value.round() as i32);
        }
    }

    #[test]
    fn a_ramp_moves_in_its_edge_and_then_stays() {
        let mut sum = [0; 8];
        Ramp { from: 0.0, to: 1.0 }.add(4, &[100; 8], &mut sum);
        assert_eq!(sum, [0, 25, 50, 75, 100, 100, 100, 100]);
        Ramp::steady(1.0).add(4, &[-100; 8], &mut sum);
        assert_eq!(sum, [-100, -75, -50, -25, 0, 0, 0, 0]);
    }
}
