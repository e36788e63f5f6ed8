//! `[sounds]`, and every name of a sound elsewhere.

use std::path::{Component, Path};

use super::folder;
use crate::config::{SoundName, SoundsConfig};
use crate::section::Section;

/// Collects the sounds that are named while the other sections are read.
pub(crate) struct Sounds {
    config: SoundsConfig,
}

impl Sounds {
    pub(crate) fn new(mut section: Section<'_>) -> Self {
        Self { config: SoundsConfig { dir: folder(&mut section, "dir"), names: Vec::new() } }
    }

    /// The sound of a key; the empty string stands for silence, `default` for a key that is not there.
    pub(crate) fn take(
        &mut self,
        section: &mut Section<'_>,
        key: &'static str,
        default: Option<&str>,
    ) -> Option<String> {
        const ALLOWED: &str =
            "the path of a WAV file below sounds.dir, such as ivr/busy.wav, or \"\" for silence";
        let wav = |text: &str| {
            (text.is_empty() || (is_below(text) && text.ends_with(".wav"))).then(|| text.to_owned())
        };
        self.keep(
            section,
            key,
            default,
            |section| section.parsed(key, ALLOWED, wav),
            |name| vec![name.to_owned()],
        )
    }

    /// The folder of the spoken digits.
    pub(crate) fn take_digits(&mut self, section: &mut Section<'_>, key: &'static str) -> Option<String> {
        const ALLOWED: &str = "a folder below sounds.dir that holds 0.wav to 9.wav, or \"\" for silence";
        let folder = |text: &str| (text.is_empty() || is_below(text)).then(|| text.to_owned());
        let digits = |name: &str| (0..=9).map(|digit| format!("{name}/{digit}.wav")).collect();
        self.keep(section, key, Some("digits"), |section| section.parsed(key, ALLOWED, folder), digits)
    }

    pub(crate) fn finish(self) -> SoundsConfig {
        self.config
    }

    fn keep<'c>(
        &mut self,
        section: &mut Section<'c>,
        key: &'static str,
        default: Option<&str>,
        read: impl FnOnce(&mut Section<'c>) -> Option<crate::source::At<String>>,
        files: impl FnOnce(&str) -> Vec<String>,
    ) -> Option<String> {
        let (name, place) = match read(section) {
            Some(at) => (at.value, section.context.report.describe(&at.place)),
            None => (default?.to_owned(), String::new()),
        };
        if name.is_empty() {
            return None;
        }
        let sound = |file| SoundName { name: file, key: section.key(key), place: place.clone() };
        self.config.names.extend(files(&name).into_iter().map(sound));
        Some(name)
    }
}

fn is_below(path: &str) -> bool {
    Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}
