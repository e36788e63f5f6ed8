//! Time-stretching: one pitch period more or less, without a change of pitch (the idea of WSOLA).
//!
//! Two places of the sound are sought that are alike, a period apart. There the sound is led over from one to the other
//! by a cross-fade, so that the period between them is left out, or heard twice.

/// How much a change may be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audible {
    /// Not at all: only in quiet stretches, and in sound that repeats itself well, nearly after whole samples.
    Never,
    /// In a tone at most, if that does not repeat itself after whole samples.
    Hardly,
    /// A little, where the delay must change soon.
    Slightly,
}

/// Shortest and longest period, in units of 0.5 ms: 2.5 and 15 ms.
const MIN_PERIOD: usize = 5;
const MAX_PERIOD: usize = 30;
/// Length of the cross-fade, in the same unit: 5 ms.
const FADE: usize = 10;
const UNITS_PER_SECOND: u32 = 2000;
const STEPS_PER_SECOND: u32 = 8000;
/// Mean square of a sample below which no change is heard: −50 dBov.
const QUIET: f32 = 10_800.0;
/// So much of the power may differ because the places are not quite a period apart: of a tone, what is wrong then in 20 ms is
/// 31 dB below it.
const ASTRAY: f32 = 0.003;

impl Audible {
    /// How much alike the two places must be, as a correlation.
    fn likeness(self) -> f32 {
        match self {
            Self::Never | Self::Hardly => 0.92,
            Self::Slightly => 0.6,
        }
    }
}

/// Takes about one pitch period out of `pcm` (at `rate`, Hz), whose first samples then are the shorter sound; its ends
/// stay as they were. Tells how many samples were taken out; 0 if it would be heard. It needs 20 ms to find a low
/// voice's period.
pub fn shorten(pcm: &mut [i16], rate: u32, audible: Audible) -> usize {
    let Some(cut) = Cut::find(pcm, rate, audible) else { return 0 };
    let behind = cut.at + cut.period;
    for n in 0..cut.fade {
        pcm[cut.at + n] = mixed(pcm[cut.at + n], pcm[behind + n], n, cut.fade);
    }
    pcm.copy_within(behind + cut.fade.., cut.at + cut.fade);
    cut.period
}

/// Puts about one pitch period into the first `len` samples of `pcm`, which has room for more (at `rate`, Hz); the ends
/// of the sound stay as they were. Tells how many samples were put in; 0 if it would be heard or there is no room.
pub fn lengthen(pcm: &mut [i16], len: usize, rate: u32, audible: Audible) -> usize {
    let Some(sound) = pcm.get(..len) else { return 0 };
    let Some(cut) = Cut::find(sound, rate, audible) else { return 0 };
    let behind = cut.at + cut.period;
    if pcm.len() < len + cut.period {
        return 0;
    }
    // What is behind the first place and the cross-fade is heard again from the second place on.
    pcm.copy_within(cut.at..len, behind);
    for n in 0..cut.fade {
        // How the sound went on from there: it has been moved by a period.
        let original = pcm[behind + cut.period + n];
        pcm[behind + n] = mixed(original, pcm[behind + n], n, cut.fade);
    }
    cut.period
}

/// Two places that are alike.
#[derive(Debug, Clone, Copy)]
struct Cut {
    at: usize,
    period: usize,
    fade: usize,
}

impl Cut {
    /// Looks for the period in the middle of the sound, first in steps of 1/8 ms, then around the best one. Of periods
    /// that are as good the longest is taken, so that there are few cuts.
    fn find(pcm: &[i16], rate: u32, audible: Audible) -> Option<Self> {
        let (unit, step) = ((rate / UNITS_PER_SECOND) as usize, (rate / STEPS_PER_SECOND) as usize);
        let fade = FADE * unit;
        let shortest = MIN_PERIOD * unit;
        // One sample at either end stays as it is.
        let longest = (MAX_PERIOD * unit).min(pcm.len().checked_sub(fade + 2)?);
        let cut = |period| Self { at: (pcm.len() - fade - period) / 2, period, fade };
        // In silence all are as good, and nothing is better.
        if longest >= shortest && cut(longest).likeness(pcm, 1) >= 1.0 {
            return Some(cut(longest));
        }
        let best_of = |periods: &mut dyn Iterator<Item = usize>, step: usize| {
            periods
                .map(|period| (cut(period).likeness(pcm, step), cut(period)))
                .max_by(|a, b| a.0.total_cmp(&b.0))
        };
        let (_, coarse) = best_of(&mut (shortest..=longest).step_by(step.max(1)), step)?;
        let around =
            (coarse.period + 1).saturating_sub(step).max(shortest)..=(coarse.period + step - 1).min(longest);
        let (likeness, cut) = best_of(&mut { around }, 1)?;
        let is_heard = || audible == Audible::Never && likeness < 1.0 && cut.astray(pcm) > ASTRAY;
        (likeness >= audible.likeness() && !is_heard()).then_some(cut)
    }

    /// How far the places are from being a period apart: the part of their difference that a shift makes, as a share of the
    /// power. It differs along the slope. For a tone that is the square of the jump in phase, radians.
    fn astray(self, pcm: &[i16]) -> f32 {
        let behind = self.at + self.period;
        let places = pcm[self.at..].iter().zip(pcm[behind - 1..].windows(3));
        let (mut along, mut slopes, mut power) = (0.0_f32, 0.0_f32, 0.0_f32);
        for (&a, b) in places.take(self.fade) {
            let [before, b, after] = [b[0], b[1], b[2]].map(f32::from);
            let slope = after - before;
            along += (b - f32::from(a)) * slope;
            slopes += slope * slope;
            power += b * b;
        }
        along * along / (slopes * power).max(1.0)
    }

    /// Correlation of the two places, of which every `step`-th sample is looked at; 1 where both are too quiet for a
    /// difference to be heard.
    fn likeness(self, pcm: &[i16], step: usize) -> f32 {
        let places = pcm[self.at..].iter().zip(&pcm[self.at + self.period..]);
        let (mut product, mut left, mut right) = (0.0_f32, 0.0_f32, 0.0_f32);
        for (&a, &b) in places.take(self.fade).step_by(step) {
            let (a, b) = (f32::from(a), f32::from(b));
            product += a * b;
            left += a * a;
            right += b * b;
        }
        // The louder one counts: a loud and a quiet place are not alike.
        let louder = left.max(right);
        if louder < QUIET * (self.fade / step) as f32 { 1.0 } else { product / louder }
    }
}

/// The n-th sample of a cross-fade of `length` from one sound to another.
fn mixed(from: i16, to: i16, n: usize, length: usize) -> i16 {
    let share = (n + 1) as f32 / (length + 1) as f32;
    (f32::from(from) + (f32::from(to) - f32::from(from)) * share).round() as i16
}

#[cfg(test)]
mod tests;
