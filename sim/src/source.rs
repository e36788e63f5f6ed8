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
    /// A key of a phone, as tones: a dual tone, each part of it at this level.
    Key {
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        digit: char,
        /// The level of each tone.
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
    /// The same again and again: cheap, for hours.
    Loop(Arc<[i16]>),
}

impl Sound {
    /// A voice at the usual level.
    pub fn voice(seed: u64) -> Self {
        Self::Voice { seed, dbov: -20.0 }
    }

    /// The voice at the usual level, of which so many seconds are made and repeated.
    pub fn repeated_voice(seed: u64, rate: u32, seconds: u32) -> Self {
        let mut samples = vec![0; (rate * seconds) as usize];
        Source::new(&Talk::always(Self::voice(seed)), rate).fill(&mut samples);
        Self::Loop(samples.into())
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
    /// When, from the begin of the call, in order; empty for always. In between there is digital silence, and a voice stops
    /// to go on where it was.
    pub spans: Vec<Range<Duration>>,
}

impl Talk {
    /// All the time.
    pub fn always(sound: Sound) -> Self {
        Self { sound, spans: Vec::new() }
    }

    /// Once, from and to these times in ms.
    pub fn once(sound: Sound, span_ms: Range<u64>) -> Self {
        Self::during(sound, std::slice::from_ref(&span_ms))
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
    /// First and last sample of each span.
    spans: Vec<Range<u64>>,
    position: u64,
}

#[derive(Debug)]
enum Made {
    Silence,
    Tone(Tone),
    Voice(Box<Voice>),
    Clip(Arc<[i16]>),
    Loop(Arc<[i16]>),
}

impl Source {
    pub(crate) fn new(talk: &Talk, rate: u32) -> Self {
        let made = match &talk.sound {
            Sound::Silence => Made::Silence,
            Sound::Tone { hz, dbov } => Made::Tone(Tone::new(rate, *hz, *dbov)),
            Sound::Key { digit, dbov } => Tone::dtmf(rate, *digit, *dbov).map_or(Made::Silence, Made::Tone),
            Sound::Voice { seed, dbov } => Made::Voice(Box::new(Voice::new(rate, *seed, *dbov))),
            Sound::Clip(samples) => Made::Clip(samples.clone()),
            Sound::Loop(samples) => Made::Loop(samples.clone()),
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
        let end = self.position + out.len() as u64;
        if self.spans.is_empty() {
            self.sound(out);
        } else {
            out.fill(0);
        }
        for index in 0..self.spans.len() {
            let (from, to) = (self.spans[index].start.max(self.position), self.spans[index].end.min(end));
            if from < to {
                let place = (from - self.position) as usize..(to - self.position) as usize;
                self.sound(&mut out[place]);
            }
        }
        self.position = end;
    }

    fn sound(&mut self, out: &mut [i16]) {
        match &mut self.made {
            Made::Silence => out.fill(0),
            Made::Tone(tone) => tone.fill(out),
            Made::Voice(voice) => voice.fill(out),
            Made::Clip(samples) => copy_from(samples, self.position as usize, out),
            Made::Loop(samples) => repeat_from(samples, self.position as usize, out),
        }
    }
}

fn repeat_from(samples: &[i16], start: usize, out: &mut [i16]) {
    let again = samples.iter().cycle().skip(start % samples.len().max(1));
    out.iter_mut().zip(again).for_each(|(sample, said)| *sample = *said);
}

fn copy_from(samples: &[i16], start: usize, out: &mut [i16]) {
    let rest = samples.get(start..).unwrap_or_default();
    let (sounding, silent) = out.split_at_mut(rest.len().min(out.len()));
    sounding.copy_from_slice(&rest[..sounding.len()]);
    silent.fill(0);
}
