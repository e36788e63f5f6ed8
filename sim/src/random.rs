//! Numbers that look random and are the same for the same seed.

/// The room's own generator, and what is drawn from it here.
#[derive(Clone, Debug)]
pub struct Random(confab_audio::Random);

impl Random {
    /// The same seed gives the same numbers.
    pub fn new(seed: u64) -> Self {
        Self(confab_audio::Random::new(seed))
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next()
    }

    /// The next number in 0..1.
    pub fn fraction(&mut self) -> f64 {
        self.0.fraction()
    }

    /// The next number in −1..1.
    pub fn signed(&mut self) -> f32 {
        (self.fraction() * 2.0 - 1.0) as f32
    }

    /// True with the probability `share`. It draws in any case, so that a share of 0 changes no later number.
    pub fn happens(&mut self, share: f64) -> bool {
        self.fraction() < share
    }
}
