//! What is recorded, and how.

use std::fmt;
use std::str::FromStr;

/// What is recorded of a room, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingPlan {
    /// When a recording begins by itself.
    pub start: AutoRecord,
    /// Where it goes, below the folder of all recordings. Its ending is that of the format.
    pub path: PathPattern,
    /// How the sound is written.
    pub format: RecordingFormat,
    /// Samples per second; `None`: those of the room, or 48000 if they change with its members.
    pub rate: Option<u32>,
    /// Whether there is a file of its own for each member, beside that of the mix.
    pub tracks: bool,
    /// Whether there is a file beside that tells what happened when.
    pub time_line: bool,
    /// What a pause leaves in the files.
    pub pause: Pause,
    /// Written at the head of the time line.
    pub metadata: Option<String>,
}

impl Default for RecordingPlan {
    /// Nothing by itself; a WAV file of the mix, and its time line, if a key asks for it.
    fn default() -> Self {
        Self {
            start: AutoRecord::Never,
            path: PathPattern::default(),
            format: RecordingFormat::Wav,
            rate: None,
            tracks: false,
            time_line: true,
            pause: Pause::Silence,
            metadata: None,
        }
    }
}

/// When a recording begins by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AutoRecord {
    /// Only by key.
    #[default]
    Never,
    /// As soon as there are so many members, ghosts not counted.
    Members(usize),
    /// As soon as there is a moderator.
    Moderator,
}

/// How sound is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RecordingFormat {
    /// PCM of 16 bits.
    #[default]
    Wav,
    /// Opus in Ogg (RFC 7845).
    OggOpus,
}

impl RecordingFormat {
    /// All that there are, with the endings of their files, which are also their names in the configuration.
    pub const NAMES: [(Self, &'static str); 2] = [(Self::Wav, "wav"), (Self::OggOpus, "opus")];

    /// The ending of its files, without the dot.
    pub fn extension(self) -> &'static str {
        Self::NAMES.iter().find(|(format, _)| *format == self).map_or("", |(_, name)| name)
    }
}

/// What a pause leaves in the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pause {
    /// As much silence: times in the file stay those of the clock.
    #[default]
    Silence,
    /// Nothing: the file is shorter.
    Cut,
}

impl Pause {
    /// All that there are, by their names in the configuration.
    pub const NAMES: [(Self, &'static str); 2] = [(Self::Silence, "silence"), (Self::Cut, "cut")];
}

/// A path below the folder of all recordings, with places for the time and for what a room is called.
///
/// `%Y` and the like are those of strftime(3) in local time, `${conference_name}` and the like what
/// [`Variable::NAMES`] says. What is put in their places is cleaned: it is one part of a name, never a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern {
    text: String,
    parts: Vec<PathPart>,
}

/// A part of a [`PathPattern`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathPart {
    /// As written; may hold `/`.
    Text(String),
    /// A conversion of strftime(3): the letter behind the `%`.
    Time(char),
    /// What is known of the room.
    Variable(Variable),
}

/// What is known of a room when its recording begins; the names are FreeSWITCH's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variable {
    /// The room's name.
    ConferenceName,
    /// The name of its profile.
    Profile,
    /// The number of its first member.
    CallerIdNumber,
    /// His name.
    CallerIdName,
}

impl Variable {
    /// All that there are, as they are written between `${` and `}`.
    pub const NAMES: [(Self, &'static str); 4] = [
        (Self::ConferenceName, "conference_name"),
        (Self::Profile, "conference_profile"),
        (Self::CallerIdNumber, "caller_id_number"),
        (Self::CallerIdName, "caller_id_name"),
    ];
}

/// Conversions of strftime(3) whose result can stand in a name.
const CONVERSIONS: &str = "aAbBCdeFgGhHIjklmMpPsSuUVwWyYzZ";

/// Longest pattern, octets.
const MAX_LENGTH: usize = 1024;

/// A pattern that names no file below a folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathPatternError {
    /// It names no file.
    #[error("it names no file")]
    Empty,
    /// It is too long.
    #[error("it is longer than {MAX_LENGTH} octets")]
    TooLong,
    /// It begins with a `/`, or has a part `.` or `..`.
    #[error(
        "it would leave the folder of the recordings: it must begin with a name, and no part may be `.` or `..`"
    )]
    Outside,
    /// It holds a control character.
    #[error("it holds a control character")]
    Control,
    /// A conversion that strftime(3) has not, or whose result cannot stand in a name.
    #[error("`%{0}` cannot stand in the name of a file; those that can are %{list}", list = spelled())]
    Conversion(String),
    /// There is no such variable.
    #[error("there is no `${{{0}}}`; there are {list}", list = variables())]
    Variable(String),
}

fn spelled() -> String {
    CONVERSIONS.chars().map(String::from).collect::<Vec<_>>().join(" %")
}

fn variables() -> String {
    Variable::NAMES.map(|(_, name)| format!("${{{name}}}")).join(", ")
}

impl Default for PathPattern {
    /// A folder for each day, in it the room's name and the time.
    fn default() -> Self {
        const TEXT: &str = "%Y/%m/%d/${conference_name}_%Y%m%d%H%M%S";
        TEXT.parse().unwrap_or_else(|_| Self { text: TEXT.to_owned(), parts: Vec::new() })
    }
}

impl PathPattern {
    /// What it is made of, in order.
    pub fn parts(&self) -> &[PathPart] {
        &self.parts
    }

    /// The format that its ending says, if it says one.
    pub fn format(&self) -> Option<RecordingFormat> {
        let (_, extension) = self.text.rsplit_once('.')?;
        let extension = if extension == "ogg" { "opus" } else { extension };
        RecordingFormat::NAMES.iter().find(|(_, name)| *name == extension).map(|(format, _)| *format)
    }
}

impl FromStr for PathPattern {
    type Err = PathPatternError;

    fn from_str(text: &str) -> Result<Self, PathPatternError> {
        if text.len() > MAX_LENGTH {
            return Err(PathPatternError::TooLong);
        }
        if text.is_empty() || text.ends_with('/') {
            return Err(PathPatternError::Empty);
        }
        if text.chars().any(char::is_control) {
            return Err(PathPatternError::Control);
        }
        if text.split('/').any(|part| ["", ".", ".."].contains(&part)) {
            return Err(PathPatternError::Outside);
        }
        Ok(Self { text: text.to_owned(), parts: split(text)? })
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn split(text: &str) -> Result<Vec<PathPart>, PathPatternError> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['%', '$']) {
        let (before, special) = rest.split_at(at);
        push_text(&mut parts, before);
        rest = match special.strip_prefix("${") {
            Some(named) => {
                let open = || PathPatternError::Variable(named.to_owned());
                let (name, behind) = named.split_once('}').ok_or_else(open)?;
                parts.push(PathPart::Variable(variable(name)?));
                behind
            }
            None if special.starts_with('%') => {
                let mut chars = special[1..].chars();
                parts.push(conversion(chars.next())?);
                chars.as_str()
            }
            None => {
                push_text(&mut parts, "$");
                &special[1..]
            }
        };
    }
    push_text(&mut parts, rest);
    Ok(parts)
}

fn push_text(parts: &mut Vec<PathPart>, text: &str) {
    match parts.last_mut() {
        Some(PathPart::Text(before)) => before.push_str(text),
        _ if text.is_empty() => {}
        _ => parts.push(PathPart::Text(text.to_owned())),
    }
}

fn conversion(letter: Option<char>) -> Result<PathPart, PathPatternError> {
    match letter {
        Some('%') => Ok(PathPart::Text("%".to_owned())),
        Some(letter) if CONVERSIONS.contains(letter) => Ok(PathPart::Time(letter)),
        letter => Err(PathPatternError::Conversion(letter.map(String::from).unwrap_or_default())),
    }
}

fn variable(name: &str) -> Result<Variable, PathPatternError> {
    let found = Variable::NAMES.iter().find(|(_, known)| *known == name);
    found.map(|(variable, _)| *variable).ok_or_else(|| PathPatternError::Variable(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_split_into_its_parts() {
        let pattern: PathPattern = "%Y/a%%b_${conference_name}$.wav".parse().unwrap();
        let expected = [
            PathPart::Time('Y'),
            PathPart::Text("/a".into()),
            PathPart::Text("%".into()),
            PathPart::Text("b_".into()),
            PathPart::Variable(Variable::ConferenceName),
            PathPart::Text("$.wav".into()),
        ];
        let joined = |parts: &[PathPart]| format!("{parts:?}").replace("\"), Text(\"", "");
        assert_eq!(joined(pattern.parts()), joined(&expected));
        assert_eq!(pattern.format(), Some(RecordingFormat::Wav));
        assert_eq!(pattern.to_string(), "%Y/a%%b_${conference_name}$.wav");
    }

    #[test]
    fn the_default_is_a_folder_for_each_day() {
        let parts = PathPattern::default();
        assert_eq!(parts.parts().iter().filter(|part| **part == PathPart::Text("/".into())).count(), 3);
        assert_eq!(parts.to_string().parse(), Ok(parts));
    }

    #[test]
    fn what_leaves_the_folder_or_is_not_known_is_refused() {
        let table = [
            ("", PathPatternError::Empty),
            ("a/", PathPatternError::Empty),
            ("/etc/x", PathPatternError::Outside),
            ("a/../b", PathPatternError::Outside),
            ("../b", PathPatternError::Outside),
            ("a//b", PathPatternError::Outside),
            ("a\0b", PathPatternError::Control),
            ("a%Q", PathPatternError::Conversion("Q".into())),
            ("a%", PathPatternError::Conversion(String::new())),
            ("%D", PathPatternError::Conversion("D".into())),
            ("${sip_from}", PathPatternError::Variable("sip_from".into())),
            ("${conference_name", PathPatternError::Variable("conference_name".into())),
        ];
        for (text, error) in table {
            assert_eq!(text.parse::<PathPattern>(), Err(error), "{text}");
        }
        assert_eq!("x".repeat(2000).parse::<PathPattern>(), Err(PathPatternError::TooLong));
    }

    #[test]
    fn the_ending_says_the_format() {
        let format = |text: &str| text.parse::<PathPattern>().unwrap().format();
        assert_eq!(format("x.opus"), Some(RecordingFormat::OggOpus));
        assert_eq!(format("x.ogg"), Some(RecordingFormat::OggOpus));
        assert_eq!((format("x"), format("x.mp3")), (None, None));
    }
}
