//! A meeting: a moderator and participants in one room, whose cues all sound like their names.

use confab_conference::{Cue, KeyMap, LegId, MemberFlag, Profile, Role, Settings, Sounds};

use crate::script::Script;
use crate::tutorial;

/// A meeting in which all prompts are over.
pub(crate) struct Meeting {
    pub(crate) script: Script,
    pub(crate) chair: LegId,
    pub(crate) guests: Vec<LegId>,
}

/// Keys and what they do, `+` between several actions.
pub(crate) type Keys<'a> = &'a [(&'a str, &'a str)];

impl Meeting {
    /// The chair has these keys, and so many guests have those.
    pub(crate) fn new(chair: Keys<'_>, guest: Keys<'_>, guests: usize) -> Self {
        Self::of(settings(chair, guest), guests)
    }

    /// The same, with other settings.
    pub(crate) fn of(settings: Settings, guests: usize) -> Self {
        let mut meeting = Self::begun(settings);
        let guest = |n: usize| meeting.script.call(&(100 + n).to_string(), "3001");
        meeting.guests = (1..=guests).map(guest).collect();
        meeting.script.settle();
        meeting
    }

    /// The chair has called, and nobody else.
    pub(crate) fn begun(settings: Settings) -> Self {
        let mut script = Script::with(settings);
        let chair = script.call("100", "3000");
        Self { script, chair, guests: Vec::new() }
    }

    /// What the chair hears alone after he pressed these keys.
    pub(crate) fn chair_presses(&mut self, keys: &str) -> Vec<String> {
        let chair = self.chair;
        self.presses(chair, keys)
    }

    /// What a member hears alone after he pressed these keys.
    pub(crate) fn presses(&mut self, leg: LegId, keys: &str) -> Vec<String> {
        self.script.press(leg, keys);
        self.script.privately(leg).into_iter().map(str::to_owned).collect()
    }

    /// What the room hears.
    pub(crate) fn room(&self) -> Vec<&str> {
        self.script.in_room(self.chair)
    }

    /// Whether the room hears each guest.
    pub(crate) fn speaking(&self) -> Vec<bool> {
        self.guests.iter().map(|guest| self.script.speaks(*guest)).collect()
    }
}

impl Script {
    /// All prompts are over, and those that follow in the next while.
    pub(crate) fn settle(&mut self) {
        for _ in 0..3 {
            self.finish_all();
            self.wait(20_000);
        }
        self.finish_all();
    }
}

/// 3000 leads the chair into the room, 3001 a guest.
pub(crate) fn settings(chair: Keys<'_>, guest: Keys<'_>) -> Settings {
    let mut settings = Settings { max_legs: 1000, ..tutorial::settings() };
    let flags = [MemberFlag::Moderator].into();
    let chair = Role { name: "chair".to_owned(), keys: keys(chair), flags, ..Role::default() };
    let member = Role { name: "member".to_owned(), keys: keys(guest), ..Role::default() };
    settings.roles.extend([chair, member].map(|role| (role.name.clone(), role)));
    settings.profiles.insert("meeting".to_owned(), profile());
    for (number, role) in [("3000", "chair"), ("3001", "member")] {
        let mut route = tutorial::route(number, "meeting", role);
        route.profile = "meeting".to_owned();
        settings.routes.push(route);
    }
    settings
}

/// The profile of the room, to be changed.
pub(crate) fn profile_of(settings: &mut Settings) -> &mut Profile {
    settings.profiles.get_mut("meeting").unwrap()
}

pub(crate) fn keys(bindings: Keys<'_>) -> KeyMap {
    KeyMap::new(bindings.iter().map(|(keys, actions)| (*keys, actions.split('+').collect()))).unwrap()
}

fn profile() -> Profile {
    let cues = Cue::NAMES.into_iter().filter(|(cue, _)| *cue != Cue::Perpetual);
    let cues = cues.map(|(cue, name)| (cue, vec![name.to_owned()])).collect();
    let help = [("mute", vec!["help-mute".to_owned()]), ("help", vec!["help-help".to_owned()])].into();
    let sounds = Sounds { cues, digits: Some("d".to_owned()), help, duck_db: 6 };
    Profile { name: "meeting".to_owned(), sounds, ..Profile::default() }
}

/// A further number of the room, for guests with these flags.
pub(crate) fn door(settings: &mut Settings, number: &str, flags: &[MemberFlag]) {
    let mut route = tutorial::route(number, "meeting", "member");
    route.profile = "meeting".to_owned();
    route.flags = flags.iter().copied().collect();
    settings.routes.push(route);
}
