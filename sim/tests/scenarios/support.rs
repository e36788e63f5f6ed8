//! What the scenarios share.

use std::ops::Range;
use std::time::Duration;

use confab_sim::{PhoneId, Scene};

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The delay in each of these seconds in which something was said, ms: the median of three places near one another, as a
/// sound that is just being stretched may be found a pitch period off.
pub(crate) fn delays(scene: &Scene, from: PhoneId, to: PhoneId, seconds: Range<u64>) -> Vec<f64> {
    let near = |second| {
        let places = (0..3).map(|step| secs(second) + Duration::from_millis(150) * step);
        places.filter_map(|at| scene.delay_ms(from, to, at)).collect::<Vec<_>>()
    };
    seconds.map(near).filter(|found| !found.is_empty()).map(|found| median(&found)).collect()
}

pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

pub(crate) fn worst(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::MIN, f64::max)
}
