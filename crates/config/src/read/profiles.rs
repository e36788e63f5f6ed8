//! `[profiles.NAME]`: how a room sounds, with FreeSWITCH's names.

use std::collections::BTreeMap;
use std::time::Duration;

use confab_conference::{Codec, Profile, Sounds as SoundSet};

use super::audio;
use super::sounds::Sounds;
use crate::section::Section;
use crate::source::At;
use crate::tree::Value;

/// FreeSWITCH's level for `comfort-noise = true`.
const COMFORT_NOISE: u16 = 1400;

pub(crate) fn profiles(
    named: Vec<(At<String>, Section<'_>)>,
    codecs: &[Codec],
    sounds: &mut Sounds,
) -> BTreeMap<String, Profile> {
    let read = |(name, section): (At<String>, Section<'_>)| {
        let profile = profile(name.value.clone(), section, codecs, sounds);
        (name.value, profile)
    };
    named.into_iter().map(read).collect()
}

fn profile(name: String, mut section: Section<'_>, codecs: &[Codec], sounds: &mut Sounds) -> Profile {
    let default = Profile::default();
    let mut milliseconds = |key| section.integer(key, 500..=600_000).map(Duration::from_millis);
    let digit_timeout = milliseconds("ivr-dtmf-timeout").unwrap_or(default.digit_timeout);
    let pin_timeout = milliseconds("ivr-input-timeout").unwrap_or(default.pin_timeout);
    Profile {
        name,
        rate: audio::rate(&mut section, default.rate),
        interval_ms: audio::milliseconds(&mut section, "interval", default.interval_ms),
        max_talkers: section.integer("max-talkers", 1..=1000),
        line: audio::line(&mut section, codecs),
        voice: audio::voice(&mut section),
        energy_level: section.integer("energy-level", 0..=1800).unwrap_or(default.energy_level),
        comfort_noise: comfort_noise(&mut section),
        pin_retries: section.integer("pin-retries", 1..=10).unwrap_or(default.pin_retries),
        pin_timeout,
        digit_timeout,
        max_members: section.integer("max-members", 1..=1_000_000),
        sounds: sound_set(&mut section, sounds),
    }
}

fn sound_set(section: &mut Section<'_>, sounds: &mut Sounds) -> SoundSet {
    let mut take = |key, default| sounds.take(section, key, default);
    SoundSet {
        alone: take("alone-sound", None),
        enter: take("enter-sound", None),
        exit: take("exit-sound", None),
        music: take("moh-sound", None),
        muted: take("muted-sound", None),
        unmuted: take("unmuted-sound", None),
        pin: take("pin-sound", None),
        bad_pin: take("bad-pin-sound", None),
        kicked: take("kicked-sound", None),
        minus: take("minus-sound", Some("currency/negative.wav")),
        digits: sounds.take_digits(section, "digits-folder"),
    }
}

fn comfort_noise(section: &mut Section<'_>) -> Option<u16> {
    let Some(at) = section.node("comfort-noise") else { return Some(COMFORT_NOISE) };
    match at.value {
        Value::Boolean(on) => on.then_some(COMFORT_NOISE),
        Value::Integer(level @ 2..=9999) => u16::try_from(level).ok(),
        _ => {
            let help = "allowed: true (which is 1400), false, or 2 to 9999: the higher, the quieter";
            section.context.report.error_at(&at, "this is no level of comfort noise", help);
            None
        }
    }
}
