//! What a phone sends: silence, a tone, a file.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use confab_mixer::Tone;

use crate::error::PhoneError;

/// The usual level of a tone in dBov: that of a person who speaks up.
const TONE_DBOV: f32 = -20.0;

/// The longest file that is played, seconds.
const LONGEST: u32 = 3600;

/// What a call sends.
#[derive(Clone, Default, PartialEq)]
pub enum Source {
    /// Packets of silence.
    #[default]
    Silence,
    /// No packets at all.
    Nothing,
    /// A sine.
    Tone {
        /// Its frequency.
        hz: f32,
        /// Its level; a sine at full scale has −3 dBov.
        dbov: f32,
    },
    /// A sound, silence after it.
    Once(Sound),
    /// A sound, again and again.
    Loop(Sound),
}

/// Samples and their rate; a call plays them at the rate of its codec.
#[derive(Clone, PartialEq)]
pub struct Sound {
    /// Samples per second.
    pub rate: u32,
    /// The samples.
    pub samples: Arc<[i16]>,
}

impl Sound {
    /// The samples at another rate; none if one of the rates is no rate of audio.
    fn at(&self, rate: u32) -> Arc<[i16]> {
        if rate == self.rate {
            return Arc::clone(&self.samples);
        }
        let resampled = confab_codec::resample(&self.samples, self.rate, rate);
        resampled
            .inspect_err(|error| tracing::warn!(%error, "a sound is not played"))
            .unwrap_or_default()
            .into()
    }
}

impl Source {
    /// A sine of `hz` at −20 dBov.
    pub fn tone(hz: f32) -> Self {
        Self::Tone { hz, dbov: TONE_DBOV }
    }

    /// A sound file of any rate, played once; channels are averaged.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn wav(path: &Path) -> Result<Self, PhoneError> {
        let file = std::fs::read(path)
            .map_err(|error| PhoneError::Wav { path: path.into(), source: error.into() })?;
        let sound = confab_codec::read_audio(&file, LONGEST)
            .map_err(|source| PhoneError::Sound { path: path.into(), source })?;
        Ok(Self::Once(Sound { rate: sound.rate, samples: sound.samples.into() }))
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silence => f.write_str("Silence"),
            Self::Nothing => f.write_str("Nothing"),
            Self::Tone { hz, dbov } => write!(f, "Tone({hz} Hz, {dbov} dBov)"),
            Self::Once(sound) => write!(f, "Once({sound:?})"),
            Self::Loop(sound) => write!(f, "Loop({sound:?})"),
        }
    }
}

impl fmt::Debug for Sound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} samples at {} Hz", self.samples.len(), self.rate)
    }
}

/// A source that is being played.
pub(super) struct Player {
    source: Source,
    rate: u32,
    playing: Playing,
}

enum Playing {
    Silence,
    Nothing,
    Tone(Tone),
    Samples { samples: Arc<[i16]>, next: usize, repeat: bool },
}

impl Player {
    /// Plays at `rate` samples per second.
    pub(super) fn new(source: Source, rate: u32) -> Self {
        let playing = Playing::new(&source, rate);
        Self { source, rate, playing }
    }

    /// Goes on at another rate.
    pub(super) fn retune(&mut self, rate: u32) {
        if rate == self.rate {
            return;
        }
        let place = self.playing.place() as u64 * u64::from(rate) / u64::from(self.rate);
        self.playing = Playing::new(&self.source, rate);
        self.rate = rate;
        if let Playing::Samples { next, .. } = &mut self.playing {
            *next = place as usize;
        }
    }

    /// Goes on with another source.
    pub(super) fn play(&mut self, source: Source) {
        *self = Self::new(source, self.rate);
    }

    /// The next samples; `false`: no packet is to be sent.
    pub(super) fn fill(&mut self, out: &mut [i16]) -> bool {
        match &mut self.playing {
            Playing::Silence => out.fill(0),
            Playing::Nothing => return false,
            Playing::Tone(tone) => tone.fill(out),
            Playing::Samples { samples, next, repeat } => {
                for sample in out {
                    *sample = samples.get(*next).copied().unwrap_or(0);
                    *next += 1;
                    if *repeat && *next >= samples.len() {
                        *next = 0;
                    }
                }
            }
        }
        true
    }
}

impl Playing {
    fn new(source: &Source, rate: u32) -> Self {
        match source {
            Source::Silence => Self::Silence,
            Source::Nothing => Self::Nothing,
            Source::Tone { hz, dbov } => Self::Tone(Tone::new(rate, *hz, *dbov)),
            Source::Once(sound) => Self::Samples { samples: sound.at(rate), next: 0, repeat: false },
            Source::Loop(sound) => Self::Samples { samples: sound.at(rate), next: 0, repeat: true },
        }
    }

    /// How many samples of a sound were played.
    fn place(&self) -> usize {
        if let Self::Samples { next, .. } = self { *next } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stereo_file_is_played_as_mono_at_the_rate_of_the_call() {
        let path = std::env::temp_dir().join(format!("confab-phone-source-{}.wav", std::process::id()));
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 16_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        for index in 0..16_000 {
            let sine = (std::f32::consts::TAU * 440.0 * index as f32 / 16_000.0).sin();
            writer.write_sample((sine * 10_000.0) as i16).unwrap();
            writer.write_sample(0i16).unwrap();
        }
        writer.finalize().unwrap();

        let source = Source::wav(&path).unwrap();
        std::fs::remove_file(&path).unwrap();

        let expected = 20.0 * (5_000.0 / 32_768.0 / std::f32::consts::SQRT_2).log10();
        for rate in [8000, 16_000, 48_000] {
            let mut samples = vec![0; rate as usize / 2];
            Player::new(source.clone(), rate).fill(&mut samples);
            let level = confab_mixer::tone_level_dbov(&samples[samples.len() / 4..], rate, 440.0);
            assert!((level - expected).abs() < 0.2, "{level} dBov instead of {expected} at {rate} Hz");
        }
    }

    #[test]
    fn another_codec_does_not_begin_the_sound_anew() {
        let samples: Vec<i16> = (0..8000).collect();
        let mut player = Player::new(Source::Once(Sound { rate: 8000, samples: samples.into() }), 8000);
        let mut out = [0; 80];
        (0..50).for_each(|_| assert!(player.fill(&mut out)));
        player.retune(16_000);
        assert!(player.fill(&mut out));
        assert!(out.iter().all(|sample| (3990..=4050).contains(sample)), "{out:?}");
    }

    #[test]
    fn samples_end_in_silence_or_begin_again() {
        let sound = Sound { rate: 8000, samples: vec![1, 2, 3].into() };
        let mut out = [9; 5];
        assert!(Player::new(Source::Once(sound.clone()), 8000).fill(&mut out));
        assert_eq!(out, [1, 2, 3, 0, 0]);
        assert!(Player::new(Source::Loop(sound), 8000).fill(&mut out));
        assert_eq!(out, [1, 2, 3, 1, 2]);
        assert!(!Player::new(Source::Nothing, 8000).fill(&mut out));
    }
}
