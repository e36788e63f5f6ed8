//! What a phone sends: silence, a tone, a file.

use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use confab_mixer::Tone;

use super::RATE;
use crate::error::PhoneError;

/// The usual level of a tone in dBov: that of a person who speaks up.
const TONE_DBOV: f32 = -20.0;

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
    /// Samples at 8 kHz, silence after them.
    Once(Arc<[i16]>),
    /// Samples at 8 kHz, again and again.
    Loop(Arc<[i16]>),
}

impl Source {
    /// A sine of `hz` at −20 dBov.
    pub fn tone(hz: f32) -> Self {
        Self::Tone { hz, dbov: TONE_DBOV }
    }

    /// A WAV file, played once; any rate, channels are averaged.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn wav(path: &Path) -> Result<Self, PhoneError> {
        let read = || {
            let wav = confab_codec::read_wav(BufReader::new(File::open(path)?))?;
            confab_codec::resample(&wav.samples, wav.rate, RATE)
                .map_err(|_| hound::Error::FormatError("a sample rate that cannot be converted"))
        };
        let samples = read().map_err(|source| PhoneError::Wav { path: path.into(), source })?;
        Ok(Self::Once(samples.into()))
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silence => f.write_str("Silence"),
            Self::Nothing => f.write_str("Nothing"),
            Self::Tone { hz, dbov } => write!(f, "Tone({hz} Hz, {dbov} dBov)"),
            Self::Once(samples) => write!(f, "Once({} samples)", samples.len()),
            Self::Loop(samples) => write!(f, "Loop({} samples)", samples.len()),
        }
    }
}

/// A source that is being played.
pub(super) enum Player {
    Silence,
    Nothing,
    Tone(Tone),
    Samples { samples: Arc<[i16]>, next: usize, repeat: bool },
}

impl Player {
    pub(super) fn new(source: Source) -> Self {
        match source {
            Source::Silence => Self::Silence,
            Source::Nothing => Self::Nothing,
            Source::Tone { hz, dbov } => Self::Tone(Tone::new(RATE, hz, dbov)),
            Source::Once(samples) => Self::Samples { samples, next: 0, repeat: false },
            Source::Loop(samples) => Self::Samples { samples, next: 0, repeat: true },
        }
    }

    /// The next samples; `false`: no packet is to be sent.
    pub(super) fn fill(&mut self, out: &mut [i16]) -> bool {
        match self {
            Self::Silence => out.fill(0),
            Self::Nothing => return false,
            Self::Tone(tone) => tone.fill(out),
            Self::Samples { samples, next, repeat } => {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stereo_file_of_another_rate_is_played_as_mono_at_8_khz() {
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

        let Source::Once(samples) = Source::wav(&path).unwrap() else { panic!("no samples") };
        std::fs::remove_file(&path).unwrap();

        assert!((7_900..=8_100).contains(&samples.len()), "{} samples", samples.len());
        let expected = 20.0 * (5_000.0 / 32_768.0 / std::f32::consts::SQRT_2).log10();
        let level = confab_mixer::tone_level_dbov(&samples[1000..7000], RATE, 440.0);
        assert!((level - expected).abs() < 0.2, "{level} dBov instead of {expected}");
    }

    #[test]
    fn samples_end_in_silence_or_begin_again() {
        let samples: Arc<[i16]> = vec![1, 2, 3].into();
        let mut out = [9; 5];
        assert!(Player::new(Source::Once(samples.clone())).fill(&mut out));
        assert_eq!(out, [1, 2, 3, 0, 0]);
        assert!(Player::new(Source::Loop(samples)).fill(&mut out));
        assert_eq!(out, [1, 2, 3, 1, 2]);
        assert!(!Player::new(Source::Nothing).fill(&mut out));
    }
}
