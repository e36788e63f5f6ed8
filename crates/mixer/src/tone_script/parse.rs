//! The script's syntax.

use super::{Fade, LEVELS, Step, ToneScript, ToneScriptError};
use crate::tone::{COLUMNS, KEYS, ROWS};

/// Tones that may sound at once.
const MAX_TONES: usize = 18;
/// Steps of a script.
const MAX_STEPS: usize = 1000;
/// The longest time that may be written, ms.
const MAX_MS: u32 = 3_600_000;

/// What the settings of a script are before it says anything.
struct Reader {
    steps: Vec<Step>,
    on_ms: u32,
    off_ms: u32,
    level: f64,
    times: u32,
    script_times: Option<u32>,
    /// 1: louder, −1: quieter.
    direction: f64,
    fade_ms: u32,
    fade_db: f64,
}

type Result<T> = std::result::Result<T, ToneScriptError>;

pub(super) fn script(text: &str) -> Result<ToneScript> {
    let (script, loops) = match text.split_once(";loops=") {
        Some((script, loops)) => (script, passes(loops)?),
        None => (text, Some(1)),
    };
    let mut reader = Reader::default();
    for part in script.split([';', '\r', '\n']).map(str::trim).filter(|part| !part.is_empty()) {
        reader.part(part)?;
    }
    if reader.steps.is_empty() {
        return Err(error(text, "has no tone"));
    }
    let passes = loops.map(|loops| loops.saturating_mul(reader.script_times.unwrap_or(1)));
    Ok(ToneScript { steps: reader.steps, passes })
}

fn passes(text: &str) -> Result<Option<u32>> {
    match number::<i64>(text)? {
        ..0 => Ok(None),
        times => Ok(Some(times.clamp(1, u32::MAX.into()) as u32)),
    }
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            steps: Vec::new(),
            on_ms: 2000,
            off_ms: 500,
            level: -7.0,
            times: 1,
            script_times: None,
            direction: 0.0,
            fade_ms: 0,
            fade_db: 1.0,
        }
    }
}

impl Reader {
    fn part(&mut self, part: &str) -> Result<()> {
        let mut chars = part.chars();
        match (chars.next(), chars.next()) {
            (Some(setting), Some('=')) => self.set(setting, chars.as_str(), part),
            _ => self.tones(part),
        }
    }

    fn set(&mut self, setting: char, value: &str, part: &str) -> Result<()> {
        match setting {
            'd' => self.on_ms = time(value)?,
            'w' => self.off_ms = time(value)?,
            'v' => self.level = level(value)?,
            '+' => self.fade_db = number::<f64>(value)?.abs().min(63.0),
            '>' | '<' => {
                self.fade_ms = time(value)?;
                self.direction = if setting == '>' { -1.0 } else { 1.0 };
            }
            'l' => self.times = number::<u32>(value)?.max(1),
            // The script is gone through again with the settings it left, so that only the first one counts.
            'L' if self.script_times.is_none() => self.script_times = Some(number::<u32>(value)?.max(1)),
            'L' => {}
            // Both are the room's.
            'r' | 'c' => drop(number::<u32>(value)?),
            _ => return Err(error(part, "is no setting")),
        }
        Ok(())
    }

    /// Keys and `%(…)`, one after the other.
    fn tones(&mut self, part: &str) -> Result<()> {
        let mut rest = part.trim_start();
        while let Some(sign) = rest.chars().next() {
            let behind = &rest[sign.len_utf8()..];
            let (arguments, after) = match behind.strip_prefix('(') {
                Some(inside) => {
                    let (inside, after) = inside.split_once(')').ok_or_else(|| error(rest, "has no )"))?;
                    (inside.split(',').collect(), after)
                }
                None => (Vec::new(), behind),
            };
            self.tone(sign, &arguments, rest)?;
            rest = after.trim_start();
        }
        Ok(())
    }

    fn tone(&mut self, sign: char, arguments: &[&str], part: &str) -> Result<()> {
        let (on_ms, off_ms, frequencies) = match (sign, arguments) {
            ('%', [on, off, frequencies @ ..]) if (1..=MAX_TONES).contains(&frequencies.len()) => {
                (time(on)?, time(off)?, frequencies.iter().map(|hz| frequency(hz)).collect::<Result<_>>()?)
            }
            ('%', _) => return Err(error(part, "is not %(ms, ms, Hz, …)")),
            (key, []) => (self.on_ms, self.off_ms, key_tones(key)?),
            (key, [on, off]) => (time(on)?, time(off)?, key_tones(key)?),
            _ => return Err(error(part, "is not KEY(ms, ms)")),
        };
        if self.steps.len() == MAX_STEPS {
            return Err(error(part, "is one tone too many"));
        }
        let (level, fade, times) = (self.level, self.fade(), std::mem::replace(&mut self.times, 1));
        self.steps.push(Step { frequencies, on_ms, off_ms, level, fade, times });
        Ok(())
    }

    fn fade(&self) -> Option<Fade> {
        let fade = Fade { every_ms: self.fade_ms, db: self.direction * self.fade_db };
        (fade.every_ms > 0 && fade.db != 0.0).then_some(fade)
    }
}

fn key_tones(key: char) -> Result<Vec<f64>> {
    let place = KEYS.iter().enumerate().find_map(|(row, keys)| Some((row, keys.find(key)?)));
    let (row, column) = place.ok_or_else(|| error(&key.to_string(), "is no tone"))?;
    Ok(vec![ROWS[row].into(), COLUMNS[column].into()])
}

fn frequency(text: &str) -> Result<f64> {
    let hz: f64 = number(text)?;
    if (0.0..=24_000.0).contains(&hz) { Ok(hz) } else { Err(error(text, "is no frequency in Hz")) }
}

fn level(text: &str) -> Result<f64> {
    let level: f64 = number(text)?;
    if LEVELS.contains(&level) { Ok(level) } else { Err(error(text, "is no level from -63 to 0 dB")) }
}

fn time(text: &str) -> Result<u32> {
    let ms: u32 = number(text)?;
    if ms <= MAX_MS { Ok(ms) } else { Err(error(text, "is longer than an hour")) }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.trim().parse().map_err(|_| error(text, "is no number of the right kind"))
}

fn error(part: &str, why: &str) -> ToneScriptError {
    let part: String = part.chars().take(40).collect();
    ToneScriptError(format!("\"{part}\" {why}"))
}
