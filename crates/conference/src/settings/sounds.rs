//! What is played: the sounds of a profile.

use std::collections::{BTreeMap, BTreeSet};

use super::cue::Cue;
use crate::keys::KeyAction;
use crate::phrases;

/// How much voices are lowered under what is said to a room or a member, dB.
const DUCK_DB: u8 = 6;

/// The sounds of a profile. A sound is a path below the folder of sounds, of a file, a folder or a list;
/// `tone_stream://…`, `silence_stream://ms`, or `say:text`. What has no sound is not played.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sounds {
    /// What is played on an occasion, one sound after the other.
    pub cues: BTreeMap<Cue, Vec<String>>,
    /// The folder of the spoken numbers: `0.wav` … `20.wav`, `30.wav` and so on, `hundred.wav`, `thousand.wav`,
    /// `million.wav`; for German also `ein.wav` and `and.wav`; `star.wav` and `pound.wav`.
    pub digits: Option<String>,
    /// What is said of an action in the help that is spoken, by the action's name.
    pub help: BTreeMap<&'static str, Vec<String>>,
    /// How much voices are lowered while something is said to the room, dB.
    pub duck_db: u8,
}

impl Sounds {
    /// Those that come with the program, for what one hears only who asks for it; no greetings and no music.
    pub fn built_in() -> Self {
        let cues =
            Cue::NAMES.into_iter().filter_map(|(cue, _)| Some((cue, vec![cue.built_in()?.to_owned()])));
        let help =
            KeyAction::names().map(|name| (name, vec![format!("help/{}.wav", name.replace(' ', "-"))]));
        let digits = Some("digits".to_owned());
        Self { cues: cues.collect(), digits, help: help.collect(), duck_db: DUCK_DB }
    }

    /// The sounds of an occasion.
    pub fn of(&self, cue: Cue) -> Vec<String> {
        self.cues.get(&cue).cloned().unwrap_or_default()
    }

    /// These sounds on this occasion, in place of others; none: silence.
    pub fn set(&mut self, cue: Cue, sounds: Vec<String>) {
        if sounds.is_empty() {
            self.cues.remove(&cue);
        } else {
            self.cues.insert(cue, sounds);
        }
    }

    /// All that may be played, so that it can be looked for before anybody calls.
    pub fn all(&self) -> BTreeSet<String> {
        let numbers =
            self.digits.iter().flat_map(|folder| phrases::files().map(move |name| file(folder, name)));
        self.cues.values().chain(self.help.values()).flatten().cloned().chain(numbers).collect()
    }

    /// The file of a part of a number.
    pub(crate) fn part(&self, name: &str) -> Option<String> {
        self.digits.as_ref().map(|folder| file(folder, name))
    }
}

fn file(folder: &str, name: &str) -> String {
    format!("{folder}/{name}.wav")
}
