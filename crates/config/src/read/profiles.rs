//! `[profiles.NAME]` and `[rooms.NAME]`: how a room sounds and behaves, with FreeSWITCH's names.

use std::collections::BTreeMap;
use std::time::Duration;

use confab_conference::{
    AnnounceNames, CallerId, Codec, Confirmation, DeclaredRoom, EchoPolicy, Ends, KeyMap, Profile, Right,
    RoomName,
};

use super::controls::Controls;
use super::flags::{conference_flags, member_flags};
use super::names::{Names, check_known};
use super::sounds::Sounds;
use super::{audio, pins, recording};
use crate::names::{BRIDGE, PARAMS};
use crate::parse;
use crate::section::Section;
use crate::source::At;
use crate::tree::Value;

/// FreeSWITCH's level for `comfort-noise = true`.
const COMFORT_NOISE: u16 = 1400;

/// What profiles are read with.
pub(crate) struct Profiles<'a> {
    /// The codecs of a profile that names none.
    pub(crate) codecs: &'a [Codec],
    pub(crate) controls: &'a Controls,
    pub(crate) names: &'a Names,
    pub(crate) sounds: &'a mut Sounds,
}

impl Profiles<'_> {
    /// `[profiles.NAME]`
    pub(crate) fn profiles(&mut self, named: Vec<(At<String>, Section<'_>)>) -> BTreeMap<String, Profile> {
        named
            .into_iter()
            .map(|(name, section)| (name.value.clone(), self.profile(name.value, section)))
            .collect()
    }

    /// `[rooms.NAME]`: a profile's keys, and which profile it begins with.
    pub(crate) fn rooms(&mut self, named: Vec<(At<String>, Section<'_>)>) -> BTreeMap<String, DeclaredRoom> {
        named.into_iter().map(|(name, section)| (name.value.clone(), self.room(&name, section))).collect()
    }

    fn room(&mut self, name: &At<String>, mut section: Section<'_>) -> DeclaredRoom {
        if let Err(error) = name.value.parse::<RoomName>() {
            section.context.report.error_at(name, error.to_string(), "");
        }
        let profile = section.string("profile");
        if let Some(profile) = &profile {
            check_known(section.context, profile, "profile", &self.names.profiles);
        }
        let name = profile.map_or_else(|| name.value.clone(), |profile| profile.value);
        DeclaredRoom { profile: self.profile(name, section.explained_as("profiles.*.")) }
    }

    fn profile(&mut self, name: String, mut section: Section<'_>) -> Profile {
        section.translate(&BRIDGE);
        section.explain(&PARAMS);
        // Its values are among the entries by now.
        section.string("inherits");
        let section = &mut section;
        let default = Profile::default();
        let milliseconds =
            |section: &mut Section<'_>, key| section.integer(key, 500..=600_000).map(Duration::from_millis);
        Profile {
            name,
            description: section.string("description").map(|at| at.value).unwrap_or_default(),
            rate: audio::rate(section, default.rate),
            interval_ms: audio::milliseconds(section, "interval", default.interval_ms),
            max_talkers: section.integer("max-talkers", 1..=1000),
            line: audio::line(section, self.codecs),
            voice: audio::voice(section),
            energy_level: section.integer("energy-level", 0..=1800).unwrap_or(default.energy_level),
            echo: choice(section, "echo", &EchoPolicy::NAMES).unwrap_or(default.echo),
            comfort_noise: comfort_noise(section),
            flags: conference_flags(section, "conference-flags"),
            member_flags: member_flags(section, "member-flags"),
            caller_controls: self.caller_controls(section),
            moderator_controls: self.controls.take(section, "moderator-controls"),
            pins: pins::pins(section, self.names).unwrap_or_default(),
            pin_retries: section.integer("pin-retries", 1..=10).unwrap_or(default.pin_retries),
            pin_timeout: milliseconds(section, "ivr-input-timeout").unwrap_or(default.pin_timeout),
            digit_timeout: milliseconds(section, "ivr-dtmf-timeout").unwrap_or(default.digit_timeout),
            max_members: section.integer("max-members", 1..=1_000_000),
            ends: ends(section),
            announce_count: from_on(section, "announce-count"),
            announce_count_all: from_on(section, "announce-count-all"),
            hear_own_join_sound: section
                .boolean("hear-own-join-sound")
                .unwrap_or(default.hear_own_join_sound),
            announce_names: announce_names(section),
            quiet_above: section.integer("quiet-above", 0..=1_000_000),
            language: language(section).unwrap_or_default(),
            caller_id: caller_id(section),
            confirm: self.confirmation(section),
            recording: recording::plan(section),
            sounds: self.sounds.profile(section),
        }
    }

    /// The keys of members, among which there is none that they may not press.
    fn caller_controls(&self, section: &mut Section<'_>) -> KeyMap {
        let keys = self.controls.take(section, "caller-controls");
        let above = keys.actions().find(|(_, action)| action.needs() == Some(Right::Moderator));
        if let Some((sequence, action)) = above {
            let message =
                format!("caller-controls: `{sequence}` is bound to `{action}`, which only moderators may do");
            section.error(message, "put it into a group of moderator-controls");
        }
        keys
    }

    /// How who is called says that he is a person.
    fn confirmation(&mut self, section: &mut Section<'_>) -> Confirmation {
        let default = Confirmation::default();
        let key = section.parsed("confirm-key", "one of 0 to 9 * # A B C D", |text| {
            let mut keys = text.chars();
            keys.next().filter(|key| "0123456789*#ABCD".contains(*key) && keys.next().is_none())
        });
        Confirmation {
            key: key.map_or(default.key, |at| at.value),
            timeout: super::dialling::time(section, "confirm-timeout", default.timeout),
            sound: self.sounds.take(section, "confirm-sound", default.sound.as_deref()),
        }
    }
}

/// One of a list of names.
pub(super) fn choice<T: Copy>(
    section: &mut Section<'_>,
    key: &str,
    names: &[(T, &'static str)],
) -> Option<T> {
    let allowed = names.iter().map(|(_, name)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let find = |text: &str| names.iter().find(|(_, name)| *name == text).map(|(value, _)| *value);
    section.parsed(key, &allowed, find).map(|at| at.value)
}

/// The name of a folder with the sounds of a language; it is also told to who speaks texts.
pub(super) fn language(section: &mut Section<'_>) -> Option<String> {
    let name = section.parsed("language", "letters, digits, _ and -, such as en or de-AT", |text| {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        (text.len() <= 32 && text.bytes().all(legal)).then(|| text.to_owned())
    });
    name.map(|at| at.value)
}

/// When the room ends by itself. FreeSWITCH's names take seconds.
fn ends(section: &mut Section<'_>) -> Ends {
    let seconds = |section: &mut Section<'_>, key| {
        section.integer::<u64>(key, 0..=86_400).filter(|seconds| *seconds > 0).map(Duration::from_secs)
    };
    let duration = |section: &mut Section<'_>, key| {
        section
            .parsed(key, parse::DURATION, parse::duration)
            .map(|at| at.value)
            .filter(|time| !time.is_zero())
    };
    Ends {
        grace: seconds(section, "endconf-grace-time").unwrap_or_default(),
        silence: seconds(section, "terminate-on-silence"),
        max_duration: duration(section, "max-duration"),
        warnings: section
            .list("duration-warnings", parse::DURATION, parse::duration)
            .map(|times| times.into_iter().map(|at| at.value).collect())
            .unwrap_or_default(),
        linger: duration(section, "linger").unwrap_or_default(),
    }
}

/// A number of members from which on something is done; 0: never.
fn from_on(section: &mut Section<'_>, key: &str) -> Option<usize> {
    section.integer(key, 0..=1_000_000).filter(|count| *count > 0)
}

fn announce_names(section: &mut Section<'_>) -> AnnounceNames {
    let Some(at) = section.node("announce-names") else { return AnnounceNames::Off };
    match &at.value {
        Value::Boolean(on) => {
            if *on {
                AnnounceNames::On
            } else {
                AnnounceNames::Off
            }
        }
        Value::String(text) if text == "review" => AnnounceNames::Review,
        _ => {
            let refused = section.refuse(&at, "this is not understood", "true, false or \"review\"");
            refused.unwrap_or_default()
        }
    }
}

/// What those see who are called into the room.
fn caller_id(section: &mut Section<'_>) -> Option<CallerId> {
    let number = section.parsed("caller-id-number", super::dialling::NUMBER, super::dialling::number);
    let name = section.parsed("caller-id-name", super::dialling::NAME, super::dialling::name);
    if let (None, Some(name)) = (&number, &name) {
        section.context.report.error_at(name, "a name without a number", "add caller-id-number");
    }
    Some(CallerId { name: name.map(|at| at.value), number: number?.value })
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
