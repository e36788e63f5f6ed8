//! Recordings and recorded names: under which name a recording is written, and what its time line looks like.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use confab_conference::{
    ClipId, Fact, LegId, Mark, PathPart, PathPattern, Pause, RecordingFormat, RecordingId, RecordingPlan,
    RoomId, Variable,
};
use confab_config::RecordingConfig;
use confab_media::{
    Clip, Command, Engine, FileFormat, Recorder, RecorderEvent, RecorderStats, RecordingSpec,
};
use confab_switchboard::MediaEvent;
use jiff::Zoned;
use serde_json::Value;

/// The value of a variable is cut to so many characters.
const MOST_CHARACTERS: usize = 64;

/// What is being recorded.
pub(crate) struct Recordings {
    recorder: Recorder,
    /// The names that are being recorded.
    names: HashMap<LegId, ClipId>,
}

impl Recordings {
    /// Starts the thread that writes as `config` says; it rings when [`Recordings::poll_event`] has something.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub(crate) fn start(config: &RecordingConfig, wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let recorder = Recorder::start(config.dir.clone(), config.min_free, wake)?;
        Ok(Self { recorder, names: HashMap::new() })
    }

    /// Begins a recording; the answer if that fails at once.
    pub(crate) fn record(
        &self,
        engine: &mut Engine,
        recording: RecordingId,
        room: RoomId,
        plan: &RecordingPlan,
        variables: &[(Variable, String)],
    ) -> Option<MediaEvent> {
        let spec = spec(plan, variables, &Zoned::now());
        let (id, room) = (media_recording(recording), confab_media::RoomId(room.0));
        match engine.record(id, room, plan.tracks, plan.pause == Pause::Cut) {
            Ok(reel) => self.recorder.record(id, reel, spec),
            Err(error) => {
                return Some(MediaEvent::RecordingStopped { recording, error: Some(error.to_string()) });
            }
        }
        None
    }

    /// Keeps what a leg says; the answer if that fails at once.
    pub(crate) fn record_name(
        &mut self,
        engine: &mut Engine,
        leg: LegId,
        clip: ClipId,
        max: Duration,
    ) -> Option<MediaEvent> {
        if engine.record_name(confab_media::LegId(leg.0), max).is_err() {
            return Some(MediaEvent::NameRecorded { leg, clip, length: Duration::ZERO });
        }
        self.names.insert(leg, clip);
        None
    }

    /// A leg is gone.
    pub(crate) fn forget(&mut self, leg: LegId) {
        self.names.remove(&leg);
    }

    /// A leg has said its name.
    pub(crate) fn take_name(&mut self, engine: &mut Engine, leg: LegId) -> Option<(ClipId, Clip)> {
        let clip = self.names.remove(&leg)?;
        Some((clip, engine.take_name(confab_media::LegId(leg.0))?))
    }

    /// The next thing that happened to a recording, if any.
    pub(crate) fn poll_event(&self) -> Option<MediaEvent> {
        let event = self.recorder.poll_event()?;
        let recording = |id: confab_media::RecordingId| RecordingId(id.0);
        Some(match event {
            RecorderEvent::Started { recording: id, path } => {
                MediaEvent::RecordingStarted { recording: recording(id), path }
            }
            RecorderEvent::Gap { recording: id, lost } => {
                MediaEvent::RecordingGap { recording: recording(id), lost }
            }
            RecorderEvent::Stopped { recording: id, error } => {
                MediaEvent::RecordingStopped { recording: recording(id), error }
            }
        })
    }

    /// Counts so far.
    pub(crate) fn stats(&self) -> RecorderStats {
        self.recorder.stats()
    }
}

/// How long a clip lasts.
pub(crate) fn length(clip: &Clip) -> Duration {
    Duration::from_millis(clip.samples.len() as u64 * 1000 / u64::from(clip.rate.max(1)))
}

pub(crate) fn pause(recording: RecordingId, on: bool) -> Command {
    Command::PauseRecording { recording: media_recording(recording), on }
}

pub(crate) fn stop(recording: RecordingId) -> Command {
    Command::StopRecording { recording: media_recording(recording) }
}

/// A line of the time line, as it is written.
pub(crate) fn mark(recording: RecordingId, mark: Mark) -> Command {
    let mut line = confab_media::Mark::new();
    line.insert("what".into(), mark.what.into());
    line.extend(mark.leg.map(|leg| ("leg".into(), leg.0.into())));
    line.extend(mark.who.map(|who| ("who".into(), who.into())));
    line.extend(mark.facts.into_iter().map(|(name, fact)| (name.into(), value(fact))));
    Command::Mark { recording: media_recording(recording), line: Box::new(line) }
}

fn media_recording(recording: RecordingId) -> confab_media::RecordingId {
    confab_media::RecordingId(recording.0)
}

fn value(fact: Fact) -> Value {
    match fact {
        Fact::Flag(flag) => flag.into(),
        Fact::Number(number) => number.into(),
        Fact::Text(text) => text.into(),
    }
}

fn spec(plan: &RecordingPlan, variables: &[(Variable, String)], now: &Zoned) -> RecordingSpec {
    let format = match plan.format {
        RecordingFormat::Wav => FileFormat::Wav,
        RecordingFormat::OggOpus => FileFormat::OggOpus,
    };
    let head = plan.time_line.then(|| head(plan, variables, now));
    RecordingSpec { path: path(&plan.path, variables, now), format, rate: plan.rate, head }
}

/// What is known of a recording when it begins.
fn head(plan: &RecordingPlan, variables: &[(Variable, String)], now: &Zoned) -> confab_media::Mark {
    let named = |(variable, value): &(Variable, String)| {
        let name = Variable::NAMES.iter().find(|(known, _)| known == variable).map_or("", |(_, name)| *name);
        (name.to_owned(), Value::from(value.as_str()))
    };
    let mut head: confab_media::Mark = variables.iter().map(named).collect();
    head.insert("started".into(), now.timestamp().to_string().into());
    head.extend(plan.metadata.as_deref().map(|metadata| ("metadata".into(), metadata.into())));
    head
}

/// The path of a recording without its ending. What is put into the pattern can neither make a folder nor leave one.
fn path(pattern: &PathPattern, variables: &[(Variable, String)], now: &Zoned) -> String {
    let expanded: String = pattern.parts().iter().map(|part| expand(part, variables, now)).collect();
    let stem = pattern.format().and_then(|_| expanded.rsplit_once('.')).map_or(&*expanded, |(stem, _)| stem);
    stem.split('/').map(short).collect::<Vec<_>>().join("/")
}

fn expand(part: &PathPart, variables: &[(Variable, String)], now: &Zoned) -> String {
    match part {
        PathPart::Text(text) => text.clone(),
        PathPart::Time(letter) => {
            clean(&jiff::fmt::strtime::format(format!("%{letter}"), now).unwrap_or_default())
        }
        PathPart::Variable(variable) => {
            clean(variables.iter().find(|(known, _)| known == variable).map_or("", |(_, value)| value))
        }
    }
}

/// Letters, digits and what else is harmless in the name of a file, wherever it stands there.
fn clean(text: &str) -> String {
    let harmless = |c: char| if c.is_ascii_alphanumeric() || "+-_.".contains(c) { c } else { '_' };
    let cleaned: String = text.chars().take(MOST_CHARACTERS).map(harmless).collect();
    let visible = cleaned.trim_start_matches('.');
    let hidden = "_".repeat(cleaned.len() - visible.len());
    if cleaned.is_empty() { "_".to_owned() } else { hidden + visible }
}

/// A part of a path that leaves room for an ending and a number: file systems take 255 octets.
fn short(part: &str) -> String {
    const MOST: usize = 200;
    let end = (0..=MOST.min(part.len())).rev().find(|&end| part.is_char_boundary(end)).unwrap_or(0);
    part[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(pattern: &str, room: &str) -> String {
        let now: Zoned = "2026-11-23T09:05:07[UTC]".parse().unwrap();
        let variables = [(Variable::ConferenceName, room.to_owned())];
        path(&pattern.parse().unwrap(), &variables, &now)
    }

    #[test]
    fn a_pattern_becomes_a_path() {
        let seed = "%Y/%m/%d/${conference_name}_%Y%m%d%H%M%S.wav";
        assert_eq!(name(seed, "2005"), "2026/11/23/2005_20261123090507");
        assert_eq!(name("%A.%j%%.opus", "r"), "Monday.327%");
        assert_eq!(name("v1.2/x", "r"), "v1.2/x", "no ending");
    }

    #[test]
    fn every_conversion_that_a_pattern_takes_can_be_expanded() {
        for letter in "aAbBCdeFgGhHIjklmMpPsSuUVwWyYzZ".chars() {
            let expanded = name(&format!("%{letter}"), "r");
            assert!(!expanded.contains(['%', '/', ' ']) && expanded != "_", "%{letter}: {expanded}");
        }
    }

    #[test]
    fn hostile_names_of_rooms_stay_one_harmless_name() {
        let long = "x".repeat(4096);
        for room in [
            "../x",
            "/etc/x",
            "a\0b",
            &long,
            "CON",
            ".hidden",
            "..",
            "\u{202e}gnp",
            "",
            "a/../../b",
            "%n$(id)",
        ] {
            let path = name("rec/${conference_name}.wav", room);
            let (folder, file) = path.split_once('/').unwrap();
            assert_eq!(folder, "rec", "{room:?}");
            let harmless = |c: char| c.is_ascii_alphanumeric() || "+-_.".contains(c);
            assert!(file.chars().all(harmless) && !file.starts_with('.'), "{room:?}: {path:?}");
            assert!((1..=64).contains(&file.len()), "{room:?}: {path:?}");
        }
    }

    #[test]
    fn a_mark_becomes_a_line() {
        let mark = Mark {
            what: "mute",
            leg: Some(LegId(3)),
            who: Some("1\"\n2".into()),
            facts: vec![("on", Fact::Flag(true)), ("n", Fact::Number(-2))],
        };
        let Command::Mark { line, .. } = super::mark(RecordingId(1), mark) else { panic!() };
        let expected = serde_json::json!({ "what": "mute", "leg": 3, "who": "1\"\n2", "on": true, "n": -2 });
        assert_eq!(Value::Object(*line), expected);
    }
}
