//! What can be told of a piece of audio.

use confab_mixer::{level_dbov, tone_level_dbov};

/// A tone is heard from this level on, in dBov: one of the usual −20 dBov under a prompt, at −15 dB, has −35.
pub const HEARS_DBOV: f32 = -45.0;

/// How much the parts of a steady tone may differ, in dB.
const STEADY_DB: f32 = 6.0;

/// How much they may differ for the level to be one reading: a lost packet, or a change, makes a part fall out of it.
const ONE_LEVEL_DB: f32 = 0.5;

/// A tone is all that is heard when it is at most this much below the whole, in dB.
const DOMINANT_DB: f32 = 1.0;

/// Below this level there is silence, in dBov; comfort noise is below it.
const SILENCE_DBOV: f32 = -60.0;

/// Into how many parts audio is cut to tell a tone from speech that happens to meet its frequency.
const PARTS: usize = 4;

/// Whether the tone of `hz` is there steadily.
pub(super) fn hears(samples: &[i16], rate: u32, hz: f32) -> bool {
    is_within(samples, rate, hz, STEADY_DB)
}

/// The level of the tone of `hz` in dBov, if it has one level throughout. It is the mean of the parts: where a packet was
/// left out the tone goes on in another phase, and over the whole its halves would cancel each other.
pub(super) fn steady_level(samples: &[i16], rate: u32, hz: f32) -> Option<f32> {
    let mean = || tone_parts(samples, rate, hz).iter().sum::<f32>() / PARTS as f32;
    is_within(samples, rate, hz, ONE_LEVEL_DB).then(mean)
}

/// Whether the tone of `hz` is gone; speech may meet the frequency in one part.
pub(super) fn silent_of(samples: &[i16], rate: u32, hz: f32) -> bool {
    tone_parts(samples, rate, hz).iter().filter(|level| **level >= HEARS_DBOV).count() <= 1
}

/// The one tone that makes up nearly all of the audio: its frequency in Hz and its level in dBov.
pub(super) fn dominant_tone(samples: &[i16], rate: u32) -> Option<(f32, f32)> {
    let total = level_dbov(samples);
    if total < HEARS_DBOV {
        return None;
    }
    let about = crossings_per_second(samples, rate) / 2.0;
    let (hz, dbov) = loudest(samples, rate, (-8..=8).map(|step| about.round() + step as f32))?;
    (dbov > total - DOMINANT_DB).then_some((hz, dbov))
}

/// The audio in words: `440 Hz at -20.1 dBov`, `sound at -23.0 dBov`, `silence`.
pub(super) fn describe(samples: &[i16], rate: u32) -> String {
    if let Some((hz, dbov)) = dominant_tone(samples, rate) {
        return format!("{hz} Hz at {dbov:.1} dBov");
    }
    let level = level_dbov(samples);
    if level > SILENCE_DBOV { format!("sound at {level:.1} dBov") } else { "silence".into() }
}

/// Whether the tone of `hz` is heard in every part, and the parts differ by `spread_db` at most.
fn is_within(samples: &[i16], rate: u32, hz: f32, spread_db: f32) -> bool {
    let parts = tone_parts(samples, rate, hz);
    let loudest = parts.iter().copied().fold(f32::MIN, f32::max);
    let softest = parts.iter().copied().fold(f32::MAX, f32::min);
    softest >= HEARS_DBOV && loudest - softest <= spread_db
}

/// The levels of a tone in the parts of the audio.
fn tone_parts(samples: &[i16], rate: u32, hz: f32) -> [f32; PARTS] {
    let part = samples.len() / PARTS;
    std::array::from_fn(|index| tone_level_dbov(&samples[index * part..(index + 1) * part], rate, hz))
}

/// How often the audio changes its sign: twice in each period of a tone.
fn crossings_per_second(samples: &[i16], rate: u32) -> f32 {
    let crossings = samples.windows(2).filter(|pair| (pair[0] < 0) != (pair[1] < 0)).count();
    crossings as f32 * rate as f32 / samples.len().max(1) as f32
}

fn loudest(samples: &[i16], rate: u32, frequencies: impl Iterator<Item = f32>) -> Option<(f32, f32)> {
    let levels = frequencies.map(|hz| (hz, tone_level_dbov(samples, rate, hz)));
    levels.max_by(|(_, a), (_, b)| a.total_cmp(b))
}
