//! What kinds of sounds there are, by their names.

use confab_conference::ClipId;

use super::SoundError;

/// A name, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name<'n> {
    /// A file, a folder or a list.
    Path(&'n str),
    /// A script of tones.
    Tones(&'n str),
    /// The file that holds a script of tones.
    ToneFile(&'n str),
    /// Silence.
    Silence {
        /// `None`: without end.
        ms: Option<u32>,
        /// The level of comfort noise: a divisor.
        noise: Option<u16>,
    },
    /// A text to be spoken.
    Say(&'n str),
    /// What a member has recorded.
    Clip(ClipId),
}

impl<'n> Name<'n> {
    pub(super) fn parse(name: &'n str) -> Result<Self, SoundError> {
        if let Some(text) = name.strip_prefix("say:") {
            return Ok(Self::Say(text));
        }
        match name.split_once("://") {
            None => Ok(Self::Path(name)),
            Some(("tone_stream", script)) => {
                Ok(script.strip_prefix("path=").map_or(Self::Tones(script), Self::ToneFile))
            }
            Some(("silence_stream", length)) => {
                silence(length).ok_or_else(|| SoundError::Silence(length.to_owned()))
            }
            Some(("clip", number)) => {
                let clip = number.parse().map(|number| Self::Clip(ClipId(number)));
                clip.map_err(|_| SoundError::Clip(number.to_owned()))
            }
            Some(_) => Err(SoundError::UnknownKind(name.to_owned())),
        }
    }
}

/// `MS` or `MS,NOISE`. As in FreeSWITCH 0 ms and less are without end.
fn silence(length: &str) -> Option<Name<'static>> {
    let (ms, noise) = match length.split_once(',') {
        Some((ms, noise)) => (ms, Some(noise.trim().parse().ok()?)),
        None => (length, None),
    };
    let ms = ms.trim().parse::<i64>().ok()?;
    Some(Name::Silence { ms: u32::try_from(ms).ok().filter(|ms| *ms > 0), noise })
}
