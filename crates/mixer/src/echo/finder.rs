//! Whether one member sends back what it is sent.
//!
//! The envelopes of both ways, logarithms of the magnitude every 10 ms without their slow part, are correlated over the
//! last seconds at all lags: an echo has the shape of what was sent, a little later. Logarithms, as a loud word of the
//! member himself must not outweigh the soft echo for long; seconds, as two talkers are alike for a moment but not for ten.
//! Only time in which something is sent counts. An echo is believed when the same lag stands out again and again, and
//! when what is heard follows what is sent, not the other way round: he whose voice comes back from another one is no echo.

use super::Found;

/// Lags that are looked at, hops of 10 ms.
const LAGS: usize = 48;
/// The shortest delay of an echo, ms: what is nearer is no echo but the same room.
const SHORTEST_MS: u16 = 40;
/// Part of the correlations that is kept from hop to hop: they reach back 4 s.
const KEPT: f32 = 1.0 - 1.0 / 400.0;
/// Hops over which the slow part of an envelope is taken.
const SLOW: f32 = 32.0;
/// What is softer makes no difference to an envelope: mean of |sample|, −72 dBov.
const SILENCE: f32 = 8.0;
/// Furthest that an envelope counts from its slow part, octaves of magnitude (6 dB): an onset is not everything.
const WIDEST: f32 = 1.5;
/// Least mean of |sample| of what could come back audibly: −50 dBov.
const AUDIBLE: f32 = 100.0;
/// Active hops between two looks.
const LOOK: u16 = 50;
/// Least correlation of an echo, and how much it stands out from all lags that are not next to it.
const LIKENESS: f32 = 0.45;
const PROMINENCE: f32 = 0.15;
/// Lags that count as next to each other.
const NEAR: usize = 4;
/// Furthest that a lag moves from look to look.
const SAME: usize = 2;
/// An echo that was believed goes on with this part of both.
const STILL: f32 = 0.6;
/// Looks in a row that make an echo, and so many at most are remembered.
const SURE: u8 = 6;
const MOST: u8 = 16;
/// Most of what was sent, in magnitude, that can be an echo: −4.4 dB.
const NEAREST: f32 = 0.6;
/// The loss that is assumed at first, octaves of magnitude: 18 dB.
const USUAL_LOSS: f32 = 3.0;
/// How far the loss moves towards that of one hop, octaves of magnitude.
const STEP: f32 = 0.02;

/// What is sent to one member and heard of it, and how alike they are.
#[derive(Debug, Clone)]
pub(crate) struct Finder {
    sent: Envelope,
    heard: Envelope,
    /// Of what was sent, the newest first.
    magnitudes: [f32; LAGS],
    /// By lag: how alike what is heard is to what was sent before, and what is sent to what was heard before.
    follows: [f32; LAGS],
    leads: [f32; LAGS],
    /// The power of both envelopes.
    powers: [f32; 2],
    /// Hops in which something that was sent may still come back.
    active: u16,
    looked: u16,
    lag: usize,
    evidence: u8,
    /// Octaves of magnitude (6 dB) from sent to heard.
    loss: f32,
    on: bool,
}

/// One way.
#[derive(Debug, Clone)]
struct Envelope {
    last: f32,
    /// The magnitude of the last 20 ms.
    magnitude: f32,
    slow: f32,
    /// How far it was from its slow part, the newest first.
    shape: [f32; LAGS],
}

impl Finder {
    pub(super) fn new() -> Self {
        Self {
            sent: Envelope::new(),
            heard: Envelope::new(),
            magnitudes: [0.0; LAGS],
            follows: [0.0; LAGS],
            leads: [0.0; LAGS],
            powers: [0.0; 2],
            active: 0,
            looked: 0,
            lag: 0,
            evidence: 0,
            loss: 0.0,
            on: false,
        }
    }

    /// Whether the member sends back what it is sent.
    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    /// Whether what is heard now is more than the echo that is to be expected: the member talks.
    pub(super) fn is_louder_than_echo(&self) -> bool {
        let from = self.lag.saturating_sub(NEAR);
        let sent = self.magnitudes[from..LAGS.min(self.lag + NEAR)].iter().copied().fold(0.0, f32::max);
        self.heard.magnitude > 2.0 * sent * (-self.loss).exp2() + AUDIBLE
    }

    /// Takes the magnitudes of 10 ms that were sent, and of 10 ms that were heard `apart_ms` later; what is new.
    pub(super) fn step(&mut self, sent: f32, heard: f32, apart_ms: u16) -> Option<Found> {
        let (x, y) = (self.sent.push(sent), self.heard.push(heard));
        push(&mut self.magnitudes, self.sent.magnitude);
        if sent > AUDIBLE {
            self.active = LAGS as u16;
        }
        self.active = self.active.checked_sub(1)?;
        if self.is_near() {
            return None;
        }
        correlate(&mut self.follows, &self.sent.shape, y);
        correlate(&mut self.leads, &self.heard.shape, x);
        self.powers = [self.powers[0] * KEPT + x * x, self.powers[1] * KEPT + y * y];
        self.follow_loss();
        self.looked += 1;
        if self.looked < LOOK {
            return None;
        }
        self.looked = 0;
        self.look(apart_ms)
    }

    /// Whether what is heard is too loud for an echo of anything that was sent: the member himself talks.
    fn is_near(&self) -> bool {
        self.heard.magnitude > loudest(&self.magnitudes) * NEAREST
    }

    fn look(&mut self, apart_ms: u16) -> Option<Found> {
        match self.find(apart_ms) {
            Some(lag) if lag.abs_diff(self.lag) <= SAME && self.evidence > 0 => {
                self.lag = lag;
                self.evidence = (self.evidence + 1).min(MOST);
            }
            Some(lag) if !self.on => (self.lag, self.evidence, self.loss) = (lag, 1, USUAL_LOSS),
            _ => self.evidence = self.evidence.saturating_sub(1),
        }
        let on = if self.on { self.evidence > 0 } else { self.evidence >= SURE };
        (std::mem::replace(&mut self.on, on) != on).then(|| self.found(apart_ms))
    }

    /// The lag at which what is heard repeats what was sent.
    fn find(&self, apart_ms: u16) -> Option<usize> {
        let best =
            (0..LAGS).fold(0, |best, lag| if self.follows[lag] > self.follows[best] { lag } else { best });
        let elsewhere = self.follows.iter().enumerate().filter(|(lag, _)| lag.abs_diff(best) > NEAR);
        let others = elsewhere.map(|(_, alike)| *alike).fold(0.0, f32::max);
        let reverse = self.leads.iter().copied().fold(0.0, f32::max);
        let scale = (self.powers[0] * self.powers[1]).sqrt().max(1e-9);
        let likeness = self.follows[best] / scale;
        let least = if self.on { STILL } else { 1.0 };
        let stands_out =
            likeness > LIKENESS * least && likeness > others.max(reverse) / scale + PROMINENCE * least;
        let late = best as u16 * 10 + apart_ms >= SHORTEST_MS;
        (stands_out && late).then_some(best)
    }

    /// The median of what the loud hops lose on their way.
    fn follow_loss(&mut self) {
        let sent = self.magnitudes[self.lag];
        if sent > 4.0 * AUDIBLE {
            let loss = (sent / (self.heard.magnitude + 1.0)).log2();
            self.loss += if loss > self.loss { STEP } else { -STEP };
        }
    }

    fn found(&self, apart_ms: u16) -> Found {
        let loss_db = (self.loss * 6.0206).clamp(0.0, 60.0) as u8;
        Found { on: self.on, delay_ms: self.lag as u16 * 10 + apart_ms, loss_db }
    }
}

impl Envelope {
    fn new() -> Self {
        Self { last: 0.0, magnitude: 0.0, slow: SILENCE.log2(), shape: [0.0; LAGS] }
    }

    /// Takes the next 10 ms; how far the last 20 ms are from the slow part.
    fn push(&mut self, magnitude: f32) -> f32 {
        self.magnitude = (self.last + magnitude) / 2.0;
        self.last = magnitude;
        let envelope = (self.magnitude + SILENCE).log2();
        self.slow += (envelope - self.slow) / SLOW;
        let shape = (envelope - self.slow).clamp(-WIDEST, WIDEST);
        push(&mut self.shape, shape);
        shape
    }
}

fn push(history: &mut [f32; LAGS], newest: f32) {
    history.copy_within(..LAGS - 1, 1);
    history[0] = newest;
}

/// The largest, by eight running maxima, as a single one would be one long chain.
fn loudest(magnitudes: &[f32; LAGS]) -> f32 {
    let larger = |a: f32, b: f32| if a > b { a } else { b };
    let mut most = [0.0; 8];
    for magnitudes in magnitudes.as_chunks::<8>().0 {
        most.iter_mut().zip(magnitudes).for_each(|(most, magnitude)| *most = larger(*most, *magnitude));
    }
    most.into_iter().fold(0.0, larger)
}

fn correlate(sums: &mut [f32; LAGS], before: &[f32; LAGS], now: f32) {
    sums.iter_mut().zip(before).for_each(|(sum, before)| *sum = *sum * KEPT + before * now);
}
