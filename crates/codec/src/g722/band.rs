//! What a band remembers, the same in encoder and decoder: the scale factor (ITU-T G.722 §3.5) and the predictor of two
//! poles and six zeros (§3.6).

/// One of the two bands. Where a value has a name in §6.2 it is given; all of them fit in 16 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Band {
    /// The prediction of the next sample, `S`.
    prediction: i32,
    /// The part of it that comes of the zeros, `SZ`.
    from_zeros: i32,
    /// The scale factor of the quantiser, `DET`,
    scale: i32,
    /// and its logarithm, `NB`.
    log_scale: i32,
    /// The largest logarithm there may be.
    log_ceiling: i32,
    /// Where in [`SCALES`] the logarithm 0 is.
    first_scale: usize,
    /// `A1`, `A2`.
    poles: [i32; 2],
    /// `B1` to `B6`.
    zeros: [i32; 6],
    /// The quantised differences of the last samples, `D1` to `D6`, the latest first, each doubled.
    differences: [i32; 6],
    /// The last reconstructed sample, `R1`, doubled.
    reconstructed: i32,
    /// The signs of the last two partial reconstructions, `P1` and `P2`: 0, or -1 below 0.
    signs: [i32; 2],
}

impl Band {
    /// The lower band, at rest.
    pub(super) fn low() -> Self {
        Self::new(18_432, 64)
    }

    /// The upper band, at rest.
    pub(super) fn high() -> Self {
        Self::new(22_528, 0)
    }

    fn new(log_ceiling: i32, first_scale: usize) -> Self {
        Self {
            prediction: 0,
            from_zeros: 0,
            scale: SCALES[first_scale].into(),
            log_scale: 0,
            log_ceiling,
            first_scale,
            poles: [0; 2],
            zeros: [0; 6],
            differences: [0; 6],
            reconstructed: 0,
            signs: [0; 2],
        }
    }

    pub(super) fn prediction(&self) -> i32 {
        self.prediction
    }

    /// The scale factor of now.
    pub(super) fn scale(&self) -> i32 {
        self.scale
    }

    /// A level of a quantiser (its table's value times 8) at the scale of now.
    pub(super) fn scaled(&self, level: i16) -> i32 {
        product(self.scale, level.into())
    }

    /// Goes on to the next sample: this one was `difference` away from the prediction, and its code has the multiplier
    /// `log_step` (`W`).
    pub(super) fn adapt(&mut self, difference: i32, log_step: i16) {
        self.adapt_scale(log_step.into());
        self.adapt_zeros(difference);
        self.adapt_poles((difference + self.from_zeros) >> 31);
        self.predict(difference);
    }

    /// Blocks `LOGSC` and `SCALE`.
    fn adapt_scale(&mut self, log_step: i32) {
        self.log_scale = (product(self.log_scale, 32_512) + log_step).clamp(0, self.log_ceiling);
        self.scale = SCALES[(self.log_scale >> 6) as usize + self.first_scale].into();
    }

    /// Block `UPZERO`: each zero leaks, and moves a step towards the correlation of its difference with the newest one.
    fn adapt_zeros(&mut self, newest: i32) {
        let step = if newest == 0 { 0 } else { 128 };
        for (zero, &difference) in self.zeros.iter_mut().zip(&self.differences) {
            *zero = product(*zero, 32_640) + negated_by((newest ^ difference) >> 31, step);
        }
    }

    /// Blocks `UPPOL2` and `UPPOL1`.
    fn adapt_poles(&mut self, sign: i32) {
        let ([first, second], [last, before]) = (self.poles, self.signs);
        let turned = sign ^ last;
        let moved = (negated_by(!turned, first) >> 5).clamp(-256, 255);
        let second =
            (moved + negated_by(sign ^ before, 128) + product(second, 32_512)).clamp(-12_288, 12_288);
        let bound = 15_360 - second;
        let first = (product(first, 32_640) + negated_by(turned, 192)).clamp(-bound, bound);
        self.poles = [first, second];
        self.signs = [sign, last];
    }

    /// Blocks `RECONS`, `FILTEZ`, `FILTEP` and `PREDIC`, with the shift of what is remembered.
    fn predict(&mut self, difference: i32) {
        let reconstructed = 2 * saturated(self.prediction + difference);
        let [d1, d2, d3, d4, d5, _] = self.differences;
        self.differences = [2 * difference, d1, d2, d3, d4, d5];
        self.from_zeros = saturating_sum(&self.zeros, &self.differences);
        let doubled = saturated(reconstructed);
        let [first, second] = self.poles;
        let from_poles = saturated(product(first, doubled) + product(second, self.reconstructed));
        self.reconstructed = doubled;
        self.prediction = saturated(from_poles + self.from_zeros);
    }
}

/// A product of two fractions in the 16 bits of a fraction.
fn product(a: i32, b: i32) -> i32 {
    (a * b) >> 15
}

/// The value, or with a sign of -1 its negative.
fn negated_by(sign: i32, value: i32) -> i32 {
    (value ^ sign) - sign
}

/// The sum of the products, the last one first and saturated behind each step.
fn saturating_sum(a: &[i32; 6], b: &[i32; 6]) -> i32 {
    let (mut sum, mut beyond) = (0, 0);
    for (&a, &b) in a.iter().zip(b).rev() {
        sum += product(a, b);
        beyond |= sum + 0x8000;
    }
    // Nearly always no step needed it.
    if beyond >> 16 == 0 {
        sum
    } else {
        a.iter().zip(b).rev().fold(0, |sum, (&a, &b)| saturated(sum + product(a, b)))
    }
}

pub(super) fn saturated(value: i32) -> i32 {
    value.clamp(i16::MIN.into(), i16::MAX.into())
}

/// The scale factors by the upper 9 bits of their logarithms: 32 of them to an octave, cut to a multiple of 4.
static SCALES: [i16; 353] = {
    let mut table = [0; 353];
    let mut index = 0;
    while index < table.len() {
        table[index] = ((OCTAVE[index % 32] << (index / 32) >> 10) << 2) as i16;
        index += 1;
    }
    table
};

/// The table `ILB`: one octave with 11 bits behind the point.
const OCTAVE: [i32; 32] = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, //
    2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];
