//! What is recorded: the keys of a profile, and `[recording]`.

use confab_conference::{AutoRecord, PathPattern, Pause, RecordingFormat, RecordingPlan};

use super::folder;
use super::profiles::choice;
use crate::config::RecordingConfig;
use crate::section::Section;
use crate::source::At;
use crate::tree::Value;

/// The sampling rates that files are written at.
const RATES: [u32; 5] = [8000, 16_000, 24_000, 32_000, 48_000];

/// What is left free if nothing else is said, MB.
const MIN_FREE: u64 = 100;

pub(crate) fn config(mut section: Section<'_>) -> RecordingConfig {
    let megabytes = section.integer("min-free", 0..=1_000_000_000).unwrap_or(MIN_FREE);
    RecordingConfig {
        dir: folder(&mut section, "dir").unwrap_or_else(|| "recordings".into()),
        min_free: megabytes * 1_000_000,
    }
}

pub(crate) fn plan(section: &mut Section<'_>) -> RecordingPlan {
    let default = RecordingPlan::default();
    let members = least(section);
    let by_key = pattern(section, "recording-file");
    let auto = auto(section);
    let path = auto.clone().or(by_key).unwrap_or(default.path);
    let format = choice(section, "recording-format", &RecordingFormat::NAMES);
    RecordingPlan {
        start: if auto.is_some() { members } else { AutoRecord::Never },
        format: format.or_else(|| path.format()).unwrap_or(default.format),
        path,
        rate: rate(section),
        tracks: section.boolean("recording-tracks").unwrap_or(default.tracks),
        time_line: section.boolean("recording-timeline").unwrap_or(default.time_line),
        pause: choice(section, "recording-pause", &Pause::NAMES).unwrap_or(default.pause),
        metadata: section.string("recording-metadata").map(|at| at.value),
    }
}

/// `auto-record`: a file's name, or `false`.
fn auto(section: &mut Section<'_>) -> Option<PathPattern> {
    let at = section.node("auto-record")?;
    if matches!(at.value, Value::Boolean(false)) {
        return None;
    }
    let text = section.text(at, "allowed: a path below recording.dir, or false")?;
    read_pattern(section, &text)
}

fn pattern(section: &mut Section<'_>, key: &str) -> Option<PathPattern> {
    let text = section.string(key)?;
    read_pattern(section, &text)
}

fn read_pattern(section: &Section<'_>, text: &At<String>) -> Option<PathPattern> {
    match without_strftime(&text.value).parse() {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let error: confab_conference::PathPatternError = error;
            let help = "allowed: a path below recording.dir, such as %Y/%m/%d/${conference_name}_%H%M%S.wav";
            section.context.report.error_at(text, format!("this names no recording: {error}"), help);
            None
        }
    }
}

/// FreeSWITCH writes `${strftime(%Y)}` where we write `%Y`.
fn without_strftime(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${strftime(") {
        let Some((format, after)) = after.split_once(")}") else { break };
        plain += before;
        plain += format;
        rest = after;
    }
    plain + rest
}

/// From how many members on it begins by itself.
fn least(section: &mut Section<'_>) -> AutoRecord {
    let Some(at) = section.node("min-required-recording-participants") else { return AutoRecord::Members(1) };
    match &at.value {
        Value::Integer(count @ 1..=1000) => AutoRecord::Members(usize::try_from(*count).unwrap_or(1)),
        Value::String(text) if text == "moderator" => AutoRecord::Moderator,
        _ => {
            let refused = section.refuse(&at, "this is no number of members", "1 to 1000, or \"moderator\"");
            refused.unwrap_or(AutoRecord::Members(1))
        }
    }
}

fn rate(section: &mut Section<'_>) -> Option<u32> {
    let at = section.node("recording-rate")?;
    let rate = match at.value {
        Value::Integer(rate) => u32::try_from(rate).ok().filter(|rate| RATES.contains(rate)),
        _ => None,
    };
    let allowed = "8000, 16000, 24000, 32000 or 48000";
    rate.or_else(|| section.refuse(&at, "files are not written at this rate", allowed))
}
