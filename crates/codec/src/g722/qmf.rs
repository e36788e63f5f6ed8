//! The quadrature mirror filter that halves the spectrum and joins the halves again (ITU-T G.722 §3.1 and §4.4).

use super::BLOCK;
use super::band::saturated;

const TAPS: usize = 24;
/// Values of earlier pairs that a window still reaches.
const PAST: usize = TAPS - 2;

type Kernel = [i16; TAPS];

/// The coefficients `H`, with 13 bits behind the point. They are symmetric.
const H: Kernel = [
    3, -11, -11, 53, 12, -156, 32, 362, -210, -805, 951, 3876, //
    3876, 951, -805, -210, 362, 32, -156, 12, 53, -11, -11, 3,
];
/// The lower band is the sum of what the even and the odd coefficients make, the upper band their difference.
const ANALYSIS: [Kernel; 2] = [H, weighted(-1, 1)];
/// The first sample of a pair comes of the bands' differences, which stand second, the other one of their sums.
const SYNTHESIS: [Kernel; 2] = [weighted(0, 1), weighted(1, 0)];

const fn weighted(even: i16, odd: i16) -> Kernel {
    let mut kernel = H;
    let mut tap = 0;
    while tap < TAPS {
        kernel[tap] *= if tap % 2 == 0 { even } else { odd };
        tap += 1;
    }
    kernel
}

/// A filter with what it remembers, the oldest value first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Qmf {
    past: [i16; PAST],
}

impl Qmf {
    pub(super) fn new() -> Self {
        Self { past: [0; PAST] }
    }

    /// Splits each pair of samples into the two bands, of 15 bits each: `XL` and `XH`.
    pub(super) fn analyse(&mut self, pairs: &[[i16; 2]], bands: &mut [[i16; 2]; BLOCK]) {
        self.filter(&ANALYSIS, pairs, bands, |sum| limited(sum >> 14));
    }

    /// Joins two bands to pairs of samples: `XOUT1` and `XOUT2`.
    pub(super) fn synthesise(&mut self, bands: &[[i16; 2]], pairs: &mut [[i16; 2]]) {
        let mut turned = [[0; 2]; BLOCK];
        for (turned, &[low, high]) in turned.iter_mut().zip(bands) {
            *turned = [low.saturating_add(high), low.saturating_sub(high)];
        }
        self.filter(&SYNTHESIS, &turned[..bands.len()], pairs, |sum| saturated(sum >> 11) as i16);
    }

    /// Both kernels over every window that ends with a pair of `input`, at most [`BLOCK`] of them.
    fn filter(
        &mut self,
        kernels: &[Kernel; 2],
        input: &[[i16; 2]],
        out: &mut [[i16; 2]],
        scaled: impl Fn(i32) -> i16,
    ) {
        let input = input.as_flattened();
        let mut line = [0; PAST + 2 * BLOCK];
        line[..PAST].copy_from_slice(&self.past);
        line[PAST..][..input.len()].copy_from_slice(input);
        for (start, out) in (0..input.len()).step_by(2).zip(out) {
            let window = &line[start..start + TAPS];
            *out = [scaled(dot(&kernels[0], window)), scaled(dot(&kernels[1], window))];
        }
        self.past.copy_from_slice(&line[input.len()..][..PAST]);
    }
}

/// Within the 15 bits of a band: the block `LIMIT`.
pub(super) fn limited(value: i32) -> i16 {
    value.clamp(-16_384, 16_383) as i16
}

fn dot(kernel: &Kernel, window: &[i16]) -> i32 {
    kernel.iter().zip(window).map(|(&h, &x)| i32::from(h) * i32::from(x)).sum()
}
