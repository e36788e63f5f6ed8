//! Digits that come as tones: found, told, and kept out of the mix.
//!
//! A digit is suspected as soon as its tones filled 20 ms in two looks, 5 ms apart. So that nothing of them has left
//! by then, the line is heard 30 ms late while digits are looked for: in the 5 ms before the tones begin it is faded
//! out, and it comes back 15 ms after they were last found.

use crate::dtmf::{Detector, HOP_MS};
use crate::gain::{Ramp, rounded};
use crate::history::convert;

/// By how much the line is delayed, in steps of 5 ms.
const DELAY: usize = 6;
/// For how many steps it is silent after one that is suspect: the tones may go on for 15 ms.
const MUTED: u8 = 10;
/// Samples of the longest line: at 48 kHz.
const LONGEST_LINE: usize = 48 * INBAND_DELAY_MS as usize;

/// How late a line is heard in which digits are looked for, ms.
pub const INBAND_DELAY_MS: u32 = DELAY as u32 * HOP_MS;

/// What it takes to find digits in one member's audio, at any rate: see [`Mixer::equip`](crate::Mixer::equip).
#[derive(Debug)]
pub struct DigitFinder {
    detector: Detector,
    /// What is not heard yet, in the first samples.
    line: [i16; LONGEST_LINE],
    /// Steps for which the line is still silent.
    muted: u8,
    gain: f32,
}

impl Default for DigitFinder {
    fn default() -> Self {
        Self { detector: Detector::new(8000), line: [0; LONGEST_LINE], muted: 0, gain: 1.0 }
    }
}

impl DigitFinder {
    /// Forgets the line and all that was found in it.
    pub(crate) fn reset(&mut self, rate: u32) {
        self.detector = Detector::new(rate);
        self.line.fill(0);
        (self.muted, self.gain) = (0, 1.0);
    }

    /// Goes on at another rate.
    pub(crate) fn retune(&mut self, rate: u32) {
        let (before, len) = (self.line, self.len());
        self.detector.retune(rate);
        let now = self.len();
        convert(&before[..len], &mut self.line[..now]);
    }

    /// Delays the frame and takes the tones out of it; tells a digit.
    pub(crate) fn process(&mut self, frame: &mut [i16]) -> Option<char> {
        let mut told = None;
        for hop in frame.chunks_exact_mut(self.detector.hop()) {
            let look = self.detector.look(hop);
            told = look.digit.or(told);
            self.muted = if look.suspect { MUTED } else { self.muted.saturating_sub(1) };
            self.delay(hop);
            self.fade(hop);
        }
        told
    }

    fn delay(&mut self, hop: &mut [i16]) {
        let len = self.len();
        self.line[..hop.len()].swap_with_slice(hop);
        self.line[..len].rotate_left(hop.len());
    }

    /// Samples in the line.
    fn len(&self) -> usize {
        DELAY * self.detector.hop()
    }

    fn fade(&mut self, hop: &mut [i16]) {
        let to = if self.muted > 0 { 0.0 } else { 1.0 };
        let ramp = Ramp { from: self.gain, to };
        self.gain = to;
        if ramp != Ramp::steady(1.0) {
            let edge = hop.len();
            ramp.over(edge, hop.iter_mut(), |sample, gain| {
                *sample = rounded(f32::from(*sample) * gain) as i16
            });
        }
    }
}
