//! The quantisers of the two bands and their inverses (ITU-T G.722 §3.3 and §3.4).

use super::band::{Band, saturated};
use super::qmf::limited;

/// Encodes a sample of the lower band into 6 bits, `IL`.
pub(super) fn encode_low(band: &mut Band, sample: i16) -> u8 {
    let difference = saturated(i32::from(sample) - band.prediction());
    let level = low_level(magnitude(difference), band.scale());
    let outermost = if difference >= 0 { 0x3e } else { [0x22, 0x40][usize::from(level <= 2)] };
    let code = outermost - level;
    adapt_low(band, code);
    code
}

/// Decodes 6 bits of the lower band to `YL`.
pub(super) fn decode_low(band: &mut Band, code: u8) -> i16 {
    let sample = band.prediction() + band.scaled(LOW_OUTPUTS[usize::from(code & 0x3f)]);
    adapt_low(band, code);
    limited(sample)
}

/// Encodes a sample of the upper band into 2 bits, `IH`.
pub(super) fn encode_high(band: &mut Band, sample: i16) -> u8 {
    let difference = saturated(i32::from(sample) - band.prediction());
    let outer = magnitude(difference) >= band.scaled(8 * HIGH_DECISION);
    let code = u8::from(difference >= 0) << 1 | u8::from(!outer);
    adapt_high(band, code);
    code
}

/// Decodes 2 bits of the upper band to `YH`.
pub(super) fn decode_high(band: &mut Band, code: u8) -> i16 {
    let sample = band.prediction() + band.scaled(HIGH_OUTPUTS[usize::from(code & 3)]);
    adapt_high(band, code);
    limited(sample)
}

/// The lower band adapts by the upper 4 bits of its code alone, so that the others may be stolen on the way.
fn adapt_low(band: &mut Band, code: u8) {
    let code = usize::from(code >> 2) & 0x0f;
    band.adapt(band.scaled(LOW_STEPS[code]), LOW_MULTIPLIERS[code]);
}

fn adapt_high(band: &mut Band, code: u8) {
    let code = usize::from(code & 3);
    band.adapt(band.scaled(HIGH_OUTPUTS[code]), HIGH_MULTIPLIERS[code]);
}

/// The magnitude in one's complement.
fn magnitude(difference: i32) -> i32 {
    difference ^ (difference >> 31)
}

/// In which interval of the 60-level quantiser a magnitude is, 1 to 30 (`MIL`): behind as many decision levels, scaled
/// and cut to an integer, as are not above it. Divided by the scale it is compared with the levels as they are.
fn low_level(magnitude: i32, scale: i32) -> u8 {
    let unscaled = (((magnitude + 1) << 12) - 1).cast_unsigned() / scale.cast_unsigned().max(1);
    LOW_INTERVALS[(unscaled as usize).min(LOW_INTERVALS.len() - 1)]
}

/// The intervals by the unscaled magnitude.
static LOW_INTERVALS: [u8; 2920] = {
    let mut intervals = [1; 2920];
    let (mut magnitude, mut passed) = (0, 0);
    while magnitude < intervals.len() {
        while passed < LOW_DECISIONS.len() && LOW_DECISIONS[passed] <= magnitude {
            passed += 1;
        }
        intervals[magnitude] = 1 + passed as u8;
        magnitude += 1;
    }
    intervals
};

/// The decision levels of the 60-level quantiser (the table `Q6` without its ends).
const LOW_DECISIONS: [usize; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219,
    1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
];

/// The output levels of the 60-level quantiser (the table `OQ6`), from the innermost interval on.
const LOW_LEVELS: [i16; 30] = [
    17, 54, 91, 130, 170, 211, 254, 300, 347, 396, 447, 501, 558, 618, 682, 750, 822, 899, 982, 1072, 1170,
    1279, 1399, 1535, 1689, 1873, 2088, 2376, 2738, 3101,
];

/// Them by the code, times 8. Codes 0 to 3, which no encoder sends, stand for the innermost interval below 0.
static LOW_OUTPUTS: [i16; 64] = {
    let mut outputs = [0; 64];
    let mut code = 0;
    while code < outputs.len() {
        outputs[code] = 8 * match code {
            0..=3 => -LOW_LEVELS[0],
            4..=31 => -LOW_LEVELS[33 - code],
            32..=61 => LOW_LEVELS[61 - code],
            _ => -LOW_LEVELS[63 - code],
        };
        code += 1;
    }
    outputs
};

/// The output levels of the 15-level quantiser (the table `OQ4`), from the innermost interval on,
const STEP_LEVELS: [i16; 8] = [0, 150, 323, 530, 786, 1121, 1612, 2557];
/// and their multipliers (the table `WL`).
const STEP_MULTIPLIERS: [i16; 8] = [-60, -30, 58, 172, 334, 538, 1198, 3042];

/// The interval of the 15-level quantiser by the upper 4 bits of the code (the table `RIL4`).
const fn step_level(code: usize) -> usize {
    if code < 8 { (8 - code) % 8 } else { 15 - code }
}

/// The levels by those 4 bits, times 8.
static LOW_STEPS: [i16; 16] = {
    let mut steps = [0; 16];
    let mut code = 0;
    while code < steps.len() {
        steps[code] = if code < 8 { -8 } else { 8 } * STEP_LEVELS[step_level(code)];
        code += 1;
    }
    steps
};

static LOW_MULTIPLIERS: [i16; 16] = {
    let mut multipliers = [0; 16];
    let mut code = 0;
    while code < multipliers.len() {
        multipliers[code] = STEP_MULTIPLIERS[step_level(code)];
        code += 1;
    }
    multipliers
};

/// The decision level between the two intervals of the upper band (the table `Q2`).
const HIGH_DECISION: i16 = 564;
/// The output levels of the upper band (the table `OQ2`) by the code, times 8,
const HIGH_OUTPUTS: [i16; 4] = [-8 * 926, -8 * 202, 8 * 926, 8 * 202];
/// and their multipliers (the table `WH`).
const HIGH_MULTIPLIERS: [i16; 4] = [798, -214, 798, -214];
