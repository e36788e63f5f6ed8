//! `[sounds]`, and every name of a sound elsewhere.

use std::path::{Component, Path};

use confab_conference::{Cue, InviteCue, InviteSounds, Sounds as SoundSet};

use super::{folder, items};
use crate::config::{SoundName, SoundsConfig};
use crate::section::Section;
use crate::source::At;

/// What a sound may be.
const SOUND: &str = "the path below sounds.dir of a file, a folder or a list, such as ivr/busy.wav; \
                     tone_stream://…, silence_stream://MS, say:TEXT, or \"\" for silence";

/// Collects the sounds that are named while the other sections are read.
pub(crate) struct Sounds {
    config: SoundsConfig,
}

impl Sounds {
    pub(crate) fn new(mut section: Section<'_>) -> Self {
        Self { config: SoundsConfig { dir: folder(&mut section, "dir"), names: Vec::new() } }
    }

    pub(crate) fn finish(self) -> SoundsConfig {
        self.config
    }

    /// The sounds of a profile.
    pub(crate) fn profile(&mut self, section: &mut Section<'_>) -> SoundSet {
        let prefix = named_folder(section, "sound-prefix").filter(|folder| !folder.is_empty());
        let prefix = prefix.map(|folder| format!("{folder}/")).unwrap_or_default();
        let mut set = SoundSet::built_in();
        for (cue, name) in Cue::NAMES {
            if let Some(sounds) = self.listed(section, &format!("{name}-sound"), &prefix) {
                set.set(cue, sounds);
            }
        }
        if let Some(folder) = named_folder(section, "digits-folder") {
            set.digits = Some(folder).filter(|folder| !folder.is_empty());
        }
        if let Some(folder) = named_folder(section, "help-folder") {
            set.help.values_mut().for_each(|sounds| move_to(&folder, sounds));
        }
        set.duck_db = section.integer("duck-db", 0..=60).unwrap_or(set.duck_db);
        self.note_defaults(section, &set);
        set
    }

    /// Keeps those of a profile's sounds that nobody has named.
    fn note_defaults(&mut self, section: &Section<'_>, set: &SoundSet) {
        let of_cue =
            |name: &str| set.cues.iter().find(|(_, sounds)| sounds.iter().any(|sound| sound == name));
        for name in set.all() {
            if self.config.names.iter().any(|sound| sound.name == name) {
                continue;
            }
            let is_number = set.digits.as_ref().is_some_and(|folder| name.starts_with(&format!("{folder}/")));
            let key = match of_cue(&name) {
                Some((cue, _)) => format!("{cue}-sound"),
                None if is_number => "digits-folder".to_owned(),
                None => "help-folder".to_owned(),
            };
            self.config.names.push(SoundName { name, key: section.key(&key), place: String::new() });
        }
    }

    /// The sounds of an invite.
    pub(crate) fn invite(&mut self, section: &mut Section<'_>) -> InviteSounds {
        let take = |(cue, key): (InviteCue, &'static str)| Some((cue, self.take(section, key, None)?));
        InviteCue::NAMES.into_iter().filter_map(take).collect()
    }

    /// The sound of a key; the empty string stands for silence, `default` for a key that is not there.
    pub(crate) fn take(
        &mut self,
        section: &mut Section<'_>,
        key: &str,
        default: Option<&str>,
    ) -> Option<String> {
        let (name, place) = match section.parsed(key, SOUND, sound) {
            Some(at) => (at.value, section.context.report.describe(&at.place)),
            None => (default?.to_owned(), String::new()),
        };
        if name.is_empty() {
            return None;
        }
        self.config.names.push(SoundName { name: name.clone(), key: section.key(key), place });
        Some(name)
    }

    /// Keeps a sound that is named elsewhere.
    pub(crate) fn note(&mut self, section: &Section<'_>, at: &At<String>) {
        let place = section.context.report.describe(&at.place);
        self.config.names.push(SoundName { name: at.value.clone(), key: at.key.clone(), place });
    }

    /// One sound or several, one after the other; paths begin with `prefix`.
    fn listed(&mut self, section: &mut Section<'_>, key: &str, prefix: &str) -> Option<Vec<String>> {
        let at = section.node(key)?;
        let read: Vec<At<String>> =
            items(at).into_iter().filter_map(|item| section.parse(item, SOUND, sound)).collect();
        let mut sounds = Vec::new();
        for at in read.into_iter().filter(|at| !at.value.is_empty()) {
            let name = if is_path(&at.value) { format!("{prefix}{}", at.value) } else { at.value };
            let place = section.context.report.describe(&at.place);
            self.config.names.push(SoundName { name: name.clone(), key: section.key(key), place });
            sounds.push(name);
        }
        Some(sounds)
    }
}

/// The sounds of a folder, in another one.
fn move_to(folder: &str, sounds: &mut Vec<String>) {
    if folder.is_empty() {
        return sounds.clear();
    }
    for sound in sounds {
        let file = sound.rsplit('/').next().unwrap_or_default();
        *sound = format!("{folder}/{file}");
    }
}

fn named_folder(section: &mut Section<'_>, key: &str) -> Option<String> {
    let allowed = "a folder below sounds.dir, or \"\" for none";
    let folder =
        section.parsed(key, allowed, |text| if text.is_empty() { Some(String::new()) } else { below(text) });
    folder.map(|at| at.value)
}

/// A sound's name as it may be written.
pub(super) fn sound(text: &str) -> Option<String> {
    let known = ["tone_stream://", "silence_stream://", "say:"].iter().any(|scheme| text.starts_with(scheme));
    if text.is_empty() || known {
        return Some(text.to_owned());
    }
    is_path(text).then(|| below(text)).flatten()
}

fn is_path(text: &str) -> bool {
    !text.contains("://") && !text.starts_with("say:")
}

/// A path that leads nowhere but down.
fn below(path: &str) -> Option<String> {
    let down = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    (down && !path.is_empty()).then(|| path.to_owned())
}
