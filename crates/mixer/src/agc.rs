//! Automatic gain: brings a talker's speech to a level, slowly.
//!
//! It measures whole *bursts*, about a syllable or two each: from where the sound rises well above the noise of the line
//! until it falls well below the loudest of the burst. What is too short is a click, what does not fall for a second
//! is no speech but noise or music, and counts as the noise from then on. So pauses and steady noise move nothing.
//! The speech level (its mean power) follows the bursts over seconds, and begins anew with the newest ones when these are
//! far from it: the gain rests while somebody talks as he does, and arrives soon when another takes the phone.

use crate::gain::amplitude;

/// How far above the noise speech is (RMS, 10 dB), and how far it falls after each burst (10 dB).
const ABOVE_NOISE: f32 = 3.16;
const FALL: f32 = 0.316;
/// The least noise, −70 dBov: what is below 10 dB more than this is not speech.
const LEAST_NOISE: f32 = 10.4;
/// What the noise may rise, dB per second.
const NOISE_RISE_DB: f32 = 3.0;
/// Length of a burst, ms.
const SHORTEST: f32 = 50.0;
const LONGEST: f32 = 1000.0;
/// The newest bursts, and how much speech the level rests on, ms.
const NEWEST: usize = 4;
const STEADY: f32 = 2000.0;
/// When the level of the newest bursts differs by as much (6 dB), as power, somebody else talks.
const APART: f32 = 4.0;
/// By how much the mean of bursts is below the level of speech as it is usually told (ITU-T P.56), as a factor.
const EDGES: f32 = 0.95;
/// The ends of the gain, and how fast it moves, dB a second: while it is far (3 dB) from where it should be, and then.
const LEAST_DB: f32 = -20.0;
const MOST_DB: f32 = 24.0;
const FAR: f32 = 1.41;
const FAST_DB: f32 = 25.0;
const SLOW_DB: f32 = 3.0;
const FULL_SCALE: f32 = 32_768.0;

#[derive(Debug, Clone)]
pub(crate) struct Agc {
    /// RMS to which speech is brought.
    target: f32,
    noise: Option<f32>,
    burst: Burst,
    newest: [Burst; NEWEST],
    /// Power of speech, and how many ms of it were heard, up to some seconds.
    speech: f32,
    heard: f32,
    gain: f32,
}

/// Sum of the squares, length and loudest RMS of the sound since it rose.
#[derive(Debug, Clone, Copy, Default)]
struct Burst {
    energy: f32,
    ms: f32,
    loudest: f32,
}

impl Agc {
    /// For speech at `target`, dBov.
    pub(crate) fn new(target: i8) -> Self {
        Self {
            target: rms_of(target),
            noise: None,
            burst: Burst::default(),
            newest: [Burst::default(); NEWEST],
            speech: 0.0,
            heard: 0.0,
            gain: 1.0,
        }
    }

    pub(crate) fn set_target(&mut self, target: i8) {
        self.target = rms_of(target);
    }

    pub(crate) fn gain(&self) -> f32 {
        self.gain
    }

    /// The gain after a frame with this RMS; `open` is whether the room hears it.
    pub(crate) fn next(&mut self, rms: f32, open: bool, ms: f32) -> f32 {
        let noise = self.noise.map_or(rms, |noise| rms.min(noise * amplitude(NOISE_RISE_DB * ms / 1000.0)));
        let noise = noise.max(LEAST_NOISE);
        self.noise = Some(noise);
        if open && rms > noise * ABOVE_NOISE && rms > self.burst.loudest * FALL {
            self.burst.extend(rms, ms);
            self.approach(ms);
        } else {
            self.learn();
        }
        if self.burst.ms > LONGEST {
            self.noise = Some(self.burst.power().sqrt());
            self.burst = Burst::default();
        }
        self.gain
    }

    /// Moves the gain to where the level that is known would be right.
    fn approach(&mut self, ms: f32) {
        if self.heard > 0.0 {
            let wanted = (self.target / self.speech.sqrt()).clamp(amplitude(LEAST_DB), amplitude(MOST_DB));
            let is_near = (self.gain / FAR..self.gain * FAR).contains(&wanted);
            let step = amplitude(if is_near { SLOW_DB } else { FAST_DB } * ms / 1000.0);
            self.gain = wanted.clamp(self.gain / step, self.gain * step);
        }
    }

    /// A burst is over.
    fn learn(&mut self) {
        let burst = std::mem::take(&mut self.burst);
        if burst.ms < SHORTEST {
            return;
        }
        self.heard = (self.heard + burst.ms).min(STEADY);
        self.speech += (burst.power() - self.speech) * (burst.ms / self.heard).min(1.0);
        self.newest.rotate_right(1);
        self.newest[0] = burst;
        let newest = self.newest.iter().copied().fold(Burst::default(), Burst::and);
        if !(newest.power() / APART..newest.power() * APART).contains(&self.speech) {
            (self.speech, self.heard) = (newest.power(), newest.ms);
        }
    }
}

impl Burst {
    fn extend(&mut self, rms: f32, ms: f32) {
        self.energy += rms * rms * ms;
        self.ms += ms;
        self.loudest = self.loudest.max(rms);
    }

    fn and(self, other: Self) -> Self {
        Self {
            energy: self.energy + other.energy,
            ms: self.ms + other.ms,
            loudest: self.loudest.max(other.loudest),
        }
    }

    fn power(&self) -> f32 {
        self.energy / self.ms
    }
}

fn rms_of(dbov: i8) -> f32 {
    EDGES * FULL_SCALE * amplitude(f32::from(dbov.clamp(-40, -6)))
}
