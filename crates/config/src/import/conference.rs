//! `conference.conf.xml`: profiles and groups of keys.

use std::collections::BTreeSet;

use super::note::{Notes, Spot};
use super::toml::{Toml, bare, list, quoted};
use super::xml::Element;
use crate::names::{ACTIONS, CONFERENCE_FLAGS, MEMBER_FLAGS, NO_VIDEO, Ours, PARAMS, Table};
use crate::suggest;

/// Params whose values are texts also where they look like numbers.
const TEXTS: [&str; 5] = ["pin", "moderator-pin", "caller-id-number", "caller-id-name", "description"];

/// What became of the file.
#[derive(Debug, Default)]
pub(super) struct Conference {
    pub(super) profiles: Vec<Profile>,
    pub(super) groups: Vec<Group>,
}

/// `[profiles.NAME]`
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) name: String,
    spot: Spot,
    /// Key and value, as TOML.
    keys: Vec<(&'static str, String, Spot)>,
    /// The group that members have.
    pub(super) controls: Option<String>,
}

/// `[controls.NAME]`
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: String,
    spot: Spot,
    /// Keys and action, as TOML.
    bindings: Vec<(String, String, Spot)>,
}

impl Conference {
    pub(super) fn read(elements: &[Element], notes: &mut Notes) -> Self {
        let configuration = configuration(elements);
        let mut conference = Self::default();
        for group in configuration.iter().flat_map(|outer| below(outer, "caller-controls", "group")) {
            let taken = conference.groups.iter().any(|other| other.name == group.text("name"));
            if is_new(group, taken, "group of controls", notes) {
                conference.groups.push(read_group(group, notes));
            }
        }
        for profile in configuration.iter().flat_map(|outer| below(outer, "profiles", "profile")) {
            let taken = conference.profile(profile.text("name")).is_some();
            if is_new(profile, taken, "profile", notes) {
                conference.profiles.push(read_profile(profile, notes));
            }
        }
        for room in configuration.iter().flat_map(|outer| below(outer, "advertise", "room")) {
            let message = format!("presence of the empty room `{}`", room.text("name"));
            notes.left_out(&room.spot, message, "phones may watch the members of a room that is there");
        }
        for profile in configuration.iter().flat_map(|outer| below(outer, "chat-permissions", "profile")) {
            notes.left_out(&profile.spot, "permissions of text messages", "text messages are not relayed");
        }
        conference.check_groups(notes);
        conference
    }

    /// The profile that a call names, or the first one.
    pub(super) fn profile(&self, name: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.name == name)
    }

    pub(super) fn write(&self, toml: &mut Toml) {
        for profile in &self.profiles {
            toml.section(&format!("[profiles.{}]", bare(&profile.name)), Some(&profile.spot));
            toml.comment(&format!("from {}", profile.spot));
            profile.keys.iter().for_each(|(key, value, spot)| toml.raw(key, value, Some(spot)));
            toml.raw("duck-db", "0 # as there: prompts lie over voices that stay as loud as they are", None);
        }
        for group in &self.groups {
            toml.section(&format!("[controls.{}]", bare(&group.name)), Some(&group.spot));
            toml.comment(&format!("from {}", group.spot));
            group
                .bindings
                .iter()
                .for_each(|(keys, action, spot)| toml.raw(&quoted(keys), action, Some(spot)));
        }
    }

    /// A profile that names a group that is not there gets none.
    fn check_groups(&mut self, notes: &mut Notes) {
        let known: BTreeSet<&str> = self.groups.iter().map(|group| group.name.as_str()).collect();
        for profile in &mut self.profiles {
            profile.keys.retain(|(key, value, spot)| {
                let group = value.trim_matches('"');
                let names_none = key.ends_with("-controls") && !known.contains(group);
                if names_none && group != "none" {
                    let known: Vec<&str> = known.iter().copied().collect();
                    let message = format!("there is no group of controls `{group}`");
                    notes.mistake(spot, message, suggest::help(group, &known));
                }
                !names_none
            });
            let given = profile.keys.iter().any(|(key, ..)| *key == "caller-controls");
            if !given && profile.controls.is_none() && known.contains("default") {
                // FreeSWITCH gives this group to profiles that name none.
                profile.keys.push(("caller-controls", quoted("default"), profile.spot.clone()));
            }
            let own = profile.keys.iter().find(|(key, ..)| *key == "caller-controls");
            profile.controls = own.map(|(_, group, _)| group.trim_matches('"').to_owned());
        }
    }
}

/// `<configuration name="conference.conf">`, or the elements that would be in it.
fn configuration(elements: &[Element]) -> Vec<&Element> {
    let mut found = Vec::new();
    elements.iter().for_each(|element| element.find("configuration", "configuration", &mut found));
    found.retain(|element| element.text("name") == "conference.conf");
    found
}

fn below<'e>(outer: &'e Element, section: &'e str, name: &'e str) -> impl Iterator<Item = &'e Element> {
    outer.named(section).flat_map(move |section| section.named(name))
}

/// Whether an element has a name of its own; of several by one name the first counts.
fn is_new(element: &Element, taken: bool, what: &str, notes: &mut Notes) -> bool {
    let name = element.text("name");
    if name.is_empty() {
        notes.mistake(&element.spot, format!("a {what} without a name"), "nothing can lead to it");
    } else if taken {
        notes.mistake(&element.spot, format!("the {what} `{name}` is here twice"), "the first counts");
    }
    !name.is_empty() && !taken
}

fn read_group(group: &Element, notes: &mut Notes) -> Group {
    let mut bindings: Vec<(String, String, Spot)> = Vec::new();
    for control in group.named("control") {
        let (keys, spot) = (control.text("digits"), &control.spot);
        if bindings.iter().any(|(other, ..)| other == keys) {
            notes.mistake(
                spot,
                format!("`{keys}` is bound twice in group `{}`", group.text("name")),
                "the first counts",
            );
            continue;
        }
        if let Some(action) = action(control, notes) {
            bindings.push((keys.to_owned(), quoted(&action), spot.clone()));
        }
    }
    Group { name: group.text("name").to_owned(), spot: group.spot.clone(), bindings }
}

/// The action of a control, with its data in our manner.
fn action(control: &Element, notes: &mut Notes) -> Option<String> {
    let (name, data, spot) = (control.text("action"), control.text("data"), &control.spot);
    match name {
        "transfer" => {
            let number = data.split(' ').next().unwrap_or_default();
            Some(format!("transfer {number}"))
        }
        "execute_application" => match data.split_once(' ') {
            Some(("playback", sound)) => Some(format!("play {}", sound.trim())),
            _ => {
                let message = format!("the application `{data}` on key `{}`", control.text("digits"));
                notes.left_out(spot, message, "of all applications there is only playback");
                None
            }
        },
        "event" => Some(format!("event {}", if data.is_empty() { "key" } else { data })),
        _ => plain_action(name, spot, notes),
    }
}

fn plain_action(name: &str, spot: &Spot, notes: &mut Notes) -> Option<String> {
    if name.starts_with("vol ") {
        let message = "`vol talk` is how loud others hear me, `vol listen` how loud I hear them";
        let help = "FreeSWITCH has it the other way round, against its documentation: exchange them if yours are used to that";
        notes.changed(spot, message, help);
    }
    known(&ACTIONS, "action", name, spot, notes).map(str::to_owned)
}

/// Our name of one of theirs; what is none, or means nothing to us, is noted.
pub(super) fn known(
    table: &Table,
    what: &str,
    name: &str,
    spot: &Spot,
    notes: &mut Notes,
) -> Option<&'static str> {
    let Some(found) = table.find(name) else {
        let message = format!("there is no {what} `{name}`: FreeSWITCH ignores it");
        notes.mistake(spot, message, suggest::help(name, &table.living()));
        return None;
    };
    match found.ours {
        Ours::Same => return Some(found.theirs),
        Ours::Key(ours) => return Some(ours),
        Ours::Instead(help) => notes.left_out(spot, format!("the {what} `{name}`"), help),
        Ours::Video => notes.left_out(spot, format!("the {what} `{name}`"), NO_VIDEO),
        Ours::Dead(help) => notes.mistake(spot, format!("the {what} `{name}` does nothing"), help),
    }
    None
}

/// Flags in their writing, `a|b`, as far as there are such.
pub(super) fn flags(
    table: &Table,
    what: &str,
    text: &str,
    spot: &Spot,
    notes: &mut Notes,
) -> Vec<&'static str> {
    // `none` is what the sample of theirs writes for no flag.
    let named = text.split('|').map(str::trim).filter(|flag| !flag.is_empty() && *flag != "none");
    let mut flags: Vec<&'static str> = Vec::new();
    for flag in named.filter_map(|flag| known(table, what, flag, spot, notes)) {
        if !flags.contains(&flag) {
            flags.push(flag);
        }
    }
    flags
}

fn read_profile(element: &Element, notes: &mut Notes) -> Profile {
    let mut keys: Vec<(&'static str, String, Spot)> = Vec::new();
    let mut controls = None;
    for child in element.children.iter().filter(|child| !["param", "params"].contains(&child.name.as_str())) {
        notes.mistake(
            &child.spot,
            format!("`<{}>` in a profile: FreeSWITCH ignores it", child.name),
            "it reads `<param>`",
        );
    }
    for (name, value, spot) in element.params() {
        let Some(key) = known(&PARAMS, "param", name, spot, notes) else { continue };
        if key == "caller-controls" {
            controls = Some(value.to_owned());
        }
        let Some(value) = value_of(key, name, value, spot, notes) else { continue };
        // As there, the last one counts.
        keys.retain(|(other, ..)| *other != key);
        keys.push((key, value, spot.clone()));
    }
    Profile { name: element.text("name").to_owned(), spot: element.spot.clone(), keys, controls }
}

/// A param's value as TOML; an empty one is as good as none.
fn value_of(key: &str, name: &str, value: &str, spot: &Spot, notes: &mut Notes) -> Option<String> {
    let value = value.trim();
    if value.is_empty() {
        return None;
    }
    if key.ends_with("-flags") {
        let table = if key == "member-flags" { &MEMBER_FLAGS } else { &CONFERENCE_FLAGS };
        let flags = flags(table, "flag", value, spot, notes);
        return (!flags.is_empty()).then(|| list(&flags));
    }
    if key.ends_with("-sound") {
        // `silence` is their word for none.
        return sound(value, spot, notes).filter(|sound| sound != "silence").map(|sound| quoted(&sound));
    }
    Some(match (key, value) {
        ("auto-record", _) => quoted(&recording(value, spot, notes)?),
        ("sound-prefix", _) if value.starts_with('/') => {
            let help =
                "confab's own are played: to hear yours, copy them below sounds.dir and write sound-prefix";
            notes.changed(spot, format!("the sounds in `{value}`"), help);
            return None;
        }
        ("comfort-noise", "0") => "false".into(),
        ("interval", "auto") => return refused(name, spot, notes),
        _ if TEXTS.contains(&key) => quoted(value),
        (_, "true" | "false") => value.to_owned(),
        _ if value.parse::<i64>().is_ok() => value.to_owned(),
        _ => quoted(value),
    })
}

fn refused(name: &str, spot: &Spot, notes: &mut Notes) -> Option<String> {
    notes.left_out(spot, format!("`{name}` as the first member's"), "rooms have a tick of their own: 20 ms");
    None
}

/// A sound below the folder of sounds.
pub(super) fn sound(value: &str, spot: &Spot, notes: &mut Notes) -> Option<String> {
    let below = ["/usr/local/freeswitch/sounds/", "/usr/share/freeswitch/sounds/"]
        .into_iter()
        .find_map(|folder| value.strip_prefix(folder));
    if let Some(below) = below {
        return Some(below.to_owned());
    }
    let scheme = value.split_once("://").map(|(scheme, _)| scheme);
    match scheme {
        None if value.starts_with('/') => {
            notes.left_out(
                spot,
                format!("the sound `{value}`"),
                "put it below sounds.dir and name it from there",
            );
            None
        }
        Some(scheme) if !["tone_stream", "silence_stream", "local_stream"].contains(&scheme) => {
            notes.left_out(
                spot,
                format!("a sound of `{scheme}://`"),
                "a file, tone_stream:// or silence_stream://",
            );
            None
        }
        Some("local_stream") => {
            notes.left_out(spot, format!("the stream `{value}`"), "name a folder of music below sounds.dir");
            None
        }
        _ => Some(value.to_owned()),
    }
}

/// A recording's name below recording.dir, as WAV.
fn recording(value: &str, spot: &Spot, notes: &mut Notes) -> Option<String> {
    if value.contains("://") {
        notes.left_out(spot, "a recording that is streamed", "auto-record names a file below recording.dir");
        return None;
    }
    let folders = ["/usr/local/freeswitch/recordings/", "/var/lib/freeswitch/recordings/"];
    let below = folders.into_iter().find_map(|folder| value.strip_prefix(folder)).unwrap_or(value);
    let below = below.trim_start_matches('/').to_owned();
    let stem = [".mp3", ".ogg", ".flac", ".au"].into_iter().find_map(|ending| below.strip_suffix(ending));
    match stem {
        Some(stem) => {
            notes.changed(
                spot,
                "the recording is written as WAV",
                "recording-format = \"opus\" is the small one",
            );
            Some(format!("{stem}.wav"))
        }
        None => Some(below),
    }
}
