//! Sounds that can be played in rooms of any rate.

use std::sync::{Arc, OnceLock};

use confab_audio::Format;
use confab_codec::resample;

/// Samples at one rate, and at others once they were asked for. Belongs to the control side: resampling takes its time.
#[derive(Debug)]
pub struct Sound {
    rate: u32,
    samples: Arc<[i16]>,
    /// By the place of their rate in [`Format::RATES`].
    others: [OnceLock<Arc<[i16]>>; Format::RATES.len()],
}

impl Sound {
    /// A sound of `rate` samples per second.
    #[must_use]
    pub fn new(rate: u32, samples: impl Into<Arc<[i16]>>) -> Self {
        Self { rate, samples: samples.into(), others: Default::default() }
    }

    /// Its samples at another rate that rooms can have, kept from the first time on; none at a rate that they cannot.
    #[must_use]
    pub fn at(&self, rate: u32) -> Arc<[i16]> {
        if rate == self.rate {
            return Arc::clone(&self.samples);
        }
        let place = Format::RATES.iter().position(|&other| other == rate);
        let Some(other) = place.and_then(|place| self.others.get(place)) else { return Arc::default() };
        Arc::clone(other.get_or_init(|| resample(&self.samples, self.rate, rate).unwrap_or_default().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_resampled_once() {
        let sound = Sound::new(8000, vec![100; 800]);
        let wide = sound.at(48_000);
        assert_eq!((wide.len(), wide[2400]), (4800, 100));
        assert!(Arc::ptr_eq(&wide, &sound.at(48_000)));
        assert_eq!(sound.at(8000).len(), 800);
        assert!(sound.at(11_025).is_empty(), "no room has this rate");
    }
}
