//! What is said into a phone.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use confab_mixer::Tone;

use crate::voice::Voice;

/// A sound, whatever the rate.
#[derive(Clone, Default, Debug)]
pub enum Sound {
    /// Nothing.
    #[default]
    Silence,
    /// A sine.
    Tone {
        /// Its frequency.
        hz: f32,
        /// Its level.
        dbov: f32,
    },
    /// A made voice: never the same twice, with pitch, vowels, hisses and short pauses.
    Voice {
        /// Whose.
        seed: u64,
        /// Its level while it speaks.
        dbov: f32,
    },
    /// Recorded samples, at the rate of the phone's coder; silence after their end.
    Clip(Arc<[i16]>),
}

impl Sound {
    /// A voice at the usual level.
    pub fn voice(seed: u64) -> Self {
        Self::Voice { seed, dbov: -20.0 }
    }

    /// A sine.
    pub fn tone(hz: f32, dbov: f32) -> Self {
        Self::Tone { hz, dbov }
    }
}

/// A sound and when it sounds.
#[derive(Clone, Default, Debug)]
pub struct Talk {
    /// What is said.
    pub sound: Sound,
    /// When, from the begin of the call; empty for always. In between there is digital silence.
    pub spans: Vec<Range<Duration>>,
}

impl Talk {
    /// All the time.
    pub fn always(sound: Sound) -> Self {
        Self { sound, spans: Vec::new() }
    }

    /// From and to these times in ms.
    pub fn during(sound: Sound, spans_ms: &[Range<u64>]) -> Self {
        let time = Duration::from_millis;
        Self { sound, spans: spans_ms.iter().map(|span| time(span.start)..time(span.end)).collect() }
    }
}

/// Samples of a [`Talk`], in order.
#[derive(Debug)]
pub(crate) struct Source {
    rate: u32,
    made: Made,
    spans: Vec<Range<u64>>,
    position: u64,
}

#[derive(Debug)]
enum Made {
    Silence,
    Tone(Tone),
    Voice(Box<Voice>),
    Clip(Arc<[i16]>),
}

impl Source {
    pub(crate) fn new(talk: &Talk, rate: u32) -> Self {
        let made = match &talk.sound {
            Sound::Silence => Made::Silence,
            Sound::Tone { hz, dbov } => Made::Tone(Tone::new(rate, *hz, *dbov)),
            Sound::Voice { seed, dbov } => Made::Voice(Box::new(Voice::new(rate, *seed, *dbov))),
            Sound::Clip(samples) => Made::Clip(samples.clone()),
        };
        let sample = |time: Duration| time.as_micros() as u64 * u64::from(rate) / 1_000_000;
        let spans = talk.spans.iter().map(|span| sample(span.start)..sample(span.end)).collect();
        Self { rate, made, spans, position: 0 }
    }

    /// The rate of its samples, Hz.
    pub(crate) fn rate(&self) -> u32 {
        self.rate
    }

    /// The next samples.
    pub(crate) fn fill(&mut self, out: &mut [i16]) {
        match &mut self.made {
            Made::Silence => out.fill(0),
            Made::Tone(tone) => tone.fill(out),
            Made::Voice(voice) => voice.fill(out),
            Made::Clip(samples) => copy_from(samples, self.position as usize, out),
        }
        for sample in out {
            let sounds = self.spans.is_empty() || self.spans.iter().any(|span| span.contains(&self.position));
            *sample = if sounds { *sample } else { 0 };
            self.position += 1;
        }
    }
}

fn copy_from(samples: &[i16], start: usize, out: &mut [i16]) {
    let rest = samples.get(start..).unwrap_or_default();
    let (sounding, silent) = out.split_at_mut(rest.len().min(out.len()));
    sounding.copy_from_slice(&rest[..sounding.len()]);
    silent.fill(0);
}
