//! Keys that are pressed towards phones.

use std::sync::Arc;
use std::time::{Duration, Instant};

use confab_audio::{LegId, PlaybackId};
use confab_mixer::Tone;

use super::Engine;
use crate::command::{CommandError, Listener};
use crate::order::What;
use crate::place::{LegPlace, PlaybackPlace, Started};
use crate::sound::Sound;

/// Playbacks of tones are numbered from here; those of the control side are below.
const TONES: u64 = 1 << 63;
/// The rate of a tone, Hz; it is resampled to that of the room.
const RATE: u32 = 8000;
/// Level of each of the two tones of a key, dBov.
const LEVEL: f32 = -12.0;
/// How long a key is down, and up before the next one, ms.
const DOWN_MS: u32 = 100;
const UP_MS: u32 = 60;
/// What else the leg hears is so much softer meanwhile, so that the tones are understood, dB.
const DUCK_DB: f32 = 40.0;

/// Whether a playback is of a tone, and so not known to the control side.
pub(super) fn is_tone(playback: PlaybackId) -> bool {
    playback.0 >= TONES
}

impl Engine {
    pub(super) fn send_digit(&mut self, leg: LegId, digit: char) -> Result<(), CommandError> {
        let started = self.started(leg)?;
        if started.knows_events {
            return self.order_leg(leg, What::SendDigit(leg, digit));
        }
        match Tone::dtmf(RATE, digit, LEVEL) {
            Some(tone) => self.play_tone(leg, started, tone),
            None => Ok(()),
        }
    }

    /// Plays a tone to a leg once those before it are over.
    fn play_tone(&mut self, leg: LegId, started: Started, mut tone: Tone) -> Result<(), CommandError> {
        let now = Instant::now();
        let begin = started.tones_until.map_or(now, |end| end.max(now));
        let mut samples = vec![0; samples(DOWN_MS + UP_MS)];
        tone.fill(&mut samples[..self::samples(DOWN_MS)]);
        self.tones += 1;
        let playing = PlaybackPlace {
            room: started.room,
            to: Listener::Leg(leg),
            sounds: vec![Arc::new(Sound::new(RATE, samples))],
            repeat: false,
            gain_db: 0.0,
            duck_db: DUCK_DB,
            lead_in_ms: (begin - now).as_millis() as u32,
        };
        self.play(PlaybackId(TONES + self.tones), playing)?;
        if let Some(LegPlace::Started(started)) = self.legs.get_mut(&leg) {
            started.tones_until = Some(begin + Duration::from_millis((DOWN_MS + UP_MS).into()));
        }
        Ok(())
    }
}

/// Samples of so many ms.
fn samples(ms: u32) -> usize {
    (RATE / 1000 * ms) as usize
}
