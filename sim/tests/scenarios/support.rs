//! What the scenarios share.

use std::ops::Range;
use std::time::Duration;

use confab_audio::Event;
use confab_rtp::Quality;
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
    percentile(values, 50.0)
}

pub(crate) fn worst(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::MIN, f64::max)
}

/// The value below which so many percent of them are.
pub(crate) fn percentile(values: &[f64], percent: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len() as f64 * percent / 100.0) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// The last word on a phone's line.
pub(crate) fn quality(scene: &Scene, phone: PhoneId) -> Quality {
    let told = |(_, event): &(Duration, Event)| match event {
        Event::LegQuality { quality, .. } if Scene::is_about(event, phone) => Some(*quality),
        _ => None,
    };
    scene.events().iter().rev().find_map(told).expect("a line is looked at from time to time")
}
