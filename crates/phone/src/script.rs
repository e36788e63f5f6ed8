//! The script language: what an operator or a test lets a call do, step by step.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::call::Call;
use crate::error::PhoneError;
use crate::media::{Source, check_key};

/// The longest `wait`: one day, so that a typing error is no endless test.
const LONGEST_WAIT_S: f64 = 86_400.0;

/// How long `hear` waits if it is not said.
const HEAR_WITHIN: Duration = Duration::from_secs(5);

/// The level of `tone` if it is not said, in dBov.
const TONE_DBOV: f32 = -20.0;

/// Steps, one after the other; separated by `;` or line ends.
///
/// | step | meaning |
/// |---|---|
/// | `wait 1.5` | does nothing for so many seconds |
/// | `press *1` | presses keys; a line of keys alone does so too |
/// | `hold`, `resume` | re-INVITE with `a=sendonly`, and back |
/// | `tone 440 [-20]` | sends a tone of Hz at dBov |
/// | `wav FILE` | sends a WAV file once |
/// | `silence` | sends silence |
/// | `hear 600 [5]` | waits until a tone is heard, fails after so many seconds |
/// | `hangup` | ends the call |
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script(pub Vec<Step>);

/// One step of a script.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Does nothing for a time.
    Wait(Duration),
    /// Presses keys.
    Press(String),
    /// Puts the peer on hold.
    Hold,
    /// Takes the hold back.
    Resume,
    /// Sends a tone of `hz` at `dbov`.
    Tone {
        /// Its frequency.
        hz: f32,
        /// Its level.
        dbov: f32,
    },
    /// Sends a WAV file.
    Wav(PathBuf),
    /// Sends silence.
    Silence,
    /// Waits until a tone is heard.
    Hear {
        /// Its frequency.
        hz: f32,
        /// For how long.
        within: Duration,
    },
    /// Ends the call.
    HangUp,
}

impl Script {
    /// Does all steps; `told` hears of each before it is done.
    ///
    /// # Errors
    /// At the first step that fails.
    pub async fn run(&self, call: &Call, mut told: impl FnMut(&Step)) -> Result<(), PhoneError> {
        for step in &self.0 {
            told(step);
            step.run(call).await?;
        }
        Ok(())
    }
}

impl Step {
    /// Does the step.
    ///
    /// # Errors
    /// When the call has ended or refuses, or a file cannot be read.
    pub async fn run(&self, call: &Call) -> Result<(), PhoneError> {
        match self {
            Self::Wait(time) => tokio::time::sleep(*time).await,
            Self::Press(keys) => call.press(keys).await?,
            Self::Hold => call.hold().await?,
            Self::Resume => call.resume().await?,
            Self::Tone { hz, dbov } => call.play(Source::Tone { hz: *hz, dbov: *dbov }),
            Self::Wav(path) => call.play_wav(path)?,
            Self::Silence => call.silence(),
            Self::Hear { hz, within } => drop(call.wait_until_hears(*hz, *within).await?),
            Self::HangUp => call.hang_up(),
        }
        Ok(())
    }
}

/// A script that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("step {number}, {text:?}: {why}")]
pub struct ScriptError {
    /// Which step, from 1.
    pub number: usize,
    /// The step as written.
    pub text: String,
    /// What is wrong.
    pub why: String,
}

impl FromStr for Script {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Self, ScriptError> {
        let steps = text.split([';', '\n']).map(str::trim).filter(|step| !step.is_empty());
        let parse = |(index, text): (usize, &str)| {
            text.parse().map_err(|why| ScriptError { number: index + 1, text: text.into(), why })
        };
        steps.enumerate().map(parse).collect::<Result<_, _>>().map(Self)
    }
}

impl FromStr for Step {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, rest) = text.trim().split_once(char::is_whitespace).unwrap_or_else(|| (text.trim(), ""));
        let rest = rest.trim();
        let mut words = rest.split_whitespace();
        let step = match word {
            "wait" => Self::Wait(seconds(words.next())?),
            "press" => Self::Press(keys(words.next().unwrap_or_default())?),
            "tone" => Self::Tone { hz: hertz(words.next())?, dbov: level(words.next())? },
            "hear" => Self::Hear { hz: hertz(words.next())?, within: within(words.next())? },
            "wav" if !rest.is_empty() => return Ok(Self::Wav(rest.into())),
            "wav" => return Err("which file?".into()),
            "hold" => Self::Hold,
            "resume" => Self::Resume,
            "silence" => Self::Silence,
            "hangup" => Self::HangUp,
            word => Self::Press(keys(word).map_err(|_| unknown(word))?),
        };
        match words.next() {
            Some(surplus) => Err(format!("what is {surplus:?}?")),
            None => Ok(step),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wait(time) => write!(f, "wait {}", time.as_secs_f64()),
            Self::Press(keys) => write!(f, "press {keys}"),
            Self::Hold => f.write_str("hold"),
            Self::Resume => f.write_str("resume"),
            Self::Tone { hz, dbov } => write!(f, "tone {hz} {dbov}"),
            Self::Wav(path) => write!(f, "wav {}", path.display()),
            Self::Silence => f.write_str("silence"),
            Self::Hear { hz, within } => write!(f, "hear {hz} {}", within.as_secs_f64()),
            Self::HangUp => f.write_str("hangup"),
        }
    }
}

fn unknown(word: &str) -> String {
    format!("{word:?} is neither keys nor one of wait, press, hold, resume, tone, wav, silence, hear, hangup")
}

fn keys(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("which keys?".into());
    }
    text.chars().try_for_each(check_key).map_err(|error| error.to_string())?;
    Ok(text.into())
}

fn seconds(text: Option<&str>) -> Result<Duration, String> {
    let seconds: f64 = number(text, "how many seconds?")?;
    if (0.0..=LONGEST_WAIT_S).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(format!("seconds are 0 to {LONGEST_WAIT_S}"))
    }
}

fn within(text: Option<&str>) -> Result<Duration, String> {
    if text.is_some() { seconds(text) } else { Ok(HEAR_WITHIN) }
}

fn hertz(text: Option<&str>) -> Result<f32, String> {
    let hz: f32 = number(text, "how many Hz?")?;
    if (20.0..4000.0).contains(&hz) { Ok(hz) } else { Err("a tone has 20 to 4000 Hz".into()) }
}

fn level(text: Option<&str>) -> Result<f32, String> {
    let dbov = if text.is_some() { number(text, "how many dBov?")? } else { TONE_DBOV };
    if (-90.0..=-3.0).contains(&dbov) { Ok(dbov) } else { Err("a tone has -90 to -3 dBov".into()) }
}

fn number<T: FromStr>(text: Option<&str>, question: &str) -> Result<T, String> {
    let text = text.ok_or(question)?;
    text.parse().map_err(|_| format!("{text:?} is no number; {question}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_script_of_the_manual() {
        let script: Script =
            "wait 2; press *1; wait 0.5;1005#\n hold;resume; tone 440; wav my file.wav; hear 600 3; hangup;"
                .parse()
                .unwrap();
        let expected = [
            Step::Wait(Duration::from_secs(2)),
            Step::Press("*1".into()),
            Step::Wait(Duration::from_millis(500)),
            Step::Press("1005#".into()),
            Step::Hold,
            Step::Resume,
            Step::Tone { hz: 440.0, dbov: -20.0 },
            Step::Wav("my file.wav".into()),
            Step::Hear { hz: 600.0, within: Duration::from_secs(3) },
            Step::HangUp,
        ];
        assert_eq!(script.0, expected);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases = [
            ("wait", 1, "how many seconds?"),
            ("hold; wait x", 2, "no number"),
            ("wait -1", 1, "seconds are"),
            ("wait 1e300", 1, "seconds are"),
            ("press", 1, "which keys?"),
            ("press 12x", 1, "'x' is not a key"),
            ("tone 9000", 1, "20 to 4000 Hz"),
            ("tone 440 5", 1, "-90 to -3 dBov"),
            ("wav", 1, "which file?"),
            ("hold on", 1, "what is \"on\"?"),
            ("hangup; dance", 2, "neither keys nor"),
        ];
        for (text, number, why) in cases {
            let error = text.parse::<Script>().unwrap_err();
            assert_eq!(error.number, number, "{text}");
            assert!(error.why.contains(why), "{text}: {}", error.why);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in "\\PC{0,60}") {
            let _ = text.parse::<Script>();
        }

        #[test]
        fn a_step_is_read_as_it_is_written(
            step in prop_oneof![
                (0u32..100_000).prop_map(|ms| Step::Wait(Duration::from_millis(ms.into()))),
                "[0-9*#A-D]{1,12}".prop_map(Step::Press),
                (20u16..4000, 3u8..90).prop_map(|(hz, level)| {
                    Step::Tone { hz: hz.into(), dbov: -f32::from(level) }
                }),
                (20u16..4000, 0u8..100).prop_map(|(hz, s)| {
                    Step::Hear { hz: hz.into(), within: Duration::from_secs(s.into()) }
                }),
                Just(Step::Hold), Just(Step::Resume), Just(Step::Silence), Just(Step::HangUp),
            ]
        ) {
            prop_assert_eq!(step.to_string().parse::<Step>(), Ok(step));
        }
    }
}
