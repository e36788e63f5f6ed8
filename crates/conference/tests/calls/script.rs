//! A script of phone calls: who calls, presses and hangs up, and who then hears what.

use std::time::{Duration, Instant};

use confab_conference::{
    Caller, Cause, Conferences, DialTarget, Event, Input, LegId, Listener, Load, Outcome, PlaybackId,
    Release, Roster, Settings,
};

use crate::tutorial;
use crate::world::{Dialled, World};

pub(crate) struct Script {
    pub(crate) now: Instant,
    pub(crate) world: World,
    pub(crate) events: Vec<String>,
    /// The same, as they came.
    pub(crate) told: Vec<Event>,
    conferences: Conferences,
    calls: u64,
}

#[expect(clippy::disallowed_methods, reason = "one base for all the virtual times of a test")]
pub(crate) fn base() -> Instant {
    Instant::now()
}

impl Script {
    pub(crate) fn new() -> Self {
        Self::with(tutorial::settings())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let conferences = Conferences::new(settings);
        Self {
            now: base(),
            world: World::default(),
            events: Vec::new(),
            told: Vec::new(),
            conferences,
            calls: 0,
        }
    }

    /// An incoming call, not authenticated.
    pub(crate) fn call(&mut self, number: &str, dialled: &str) -> LegId {
        let source = Some([192, 0, 2, 7].into());
        let caller = Caller {
            number: number.to_owned(),
            name: Some(format!("Mr {number}")),
            source,
            ..Caller::default()
        };
        self.arrive(caller, dialled)
    }

    pub(crate) fn arrive(&mut self, caller: Caller, dialled: &str) -> LegId {
        self.calls += 1;
        let leg = LegId(self.calls);
        self.world.arrive(leg);
        self.input(Input::Arrived { leg, caller, dialled: dialled.to_owned() });
        leg
    }

    /// A call of somebody that is to take the place of this leg.
    pub(crate) fn replace(&mut self, old: LegId, caller: Caller) -> LegId {
        self.calls += 1;
        let new = LegId(self.calls);
        self.world.arrive(new);
        self.input(Input::Replaced { old, new, caller });
        new
    }

    pub(crate) fn input(&mut self, input: Input) {
        if let Input::Left { leg } | Input::Lost { leg } | Input::Failed { leg, .. } = input {
            self.world.lose(leg);
        }
        self.conferences.handle_input(self.now, input);
        self.drain();
    }

    /// Time passes; what falls due in it is done at its time.
    pub(crate) fn wait(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        while let Some((at, _)) = self.conferences.poll_timeout().filter(|(at, _)| *at <= end) {
            self.now = at;
            self.conferences.handle_timeout(at);
            self.drain();
        }
        self.now = end;
    }

    /// Keys, 200 ms apart.
    pub(crate) fn press(&mut self, leg: LegId, keys: &str) {
        for digit in keys.chars() {
            self.input(Input::Digit { leg, digit });
            self.wait(200);
        }
    }

    pub(crate) fn answer(&mut self, leg: LegId) {
        self.input(Input::Answered { leg });
    }

    pub(crate) fn fail(&mut self, leg: LegId, outcome: Outcome) {
        self.input(Input::Failed { leg, outcome, release: Release::default() });
    }

    pub(crate) fn hang_up(&mut self, leg: LegId) {
        self.input(Input::Left { leg });
    }

    pub(crate) fn hold(&mut self, leg: LegId, on: bool) {
        self.input(Input::Held { leg, on });
    }

    /// The playback of this sound, of the leg's own or of its room, runs to its end.
    pub(crate) fn finish(&mut self, sound: &str) {
        let playback = self.playback_of(sound).unwrap_or_else(|| panic!("`{sound}` does not play"));
        self.world.playing.remove(&playback);
        self.input(Input::PlaybackDone { playback });
    }

    /// All playbacks run to their ends, and those that follow, until only music plays.
    pub(crate) fn finish_all(&mut self) {
        while let Some((playback, _)) = self.world.playing.iter().find(|(_, playing)| !playing.repeat) {
            let playback = *playback;
            self.world.playing.remove(&playback);
            self.input(Input::PlaybackDone { playback });
        }
    }

    /// The newest call that was placed.
    pub(crate) fn last_dialled(&self) -> Dialled {
        self.world.dialled.last().expect("nobody was called").clone()
    }

    pub(crate) fn targets(&self) -> Vec<String> {
        self.world.dialled.iter().map(|dialled| dialled.target.to_string()).collect()
    }

    /// The sounds that are played to this leg alone.
    pub(crate) fn privately(&self, leg: LegId) -> Vec<&str> {
        self.sounds(Listener::Leg(leg))
    }

    /// The sounds that are played to the room of this leg.
    pub(crate) fn in_room(&self, leg: LegId) -> Vec<&str> {
        self.world.lines[&leg].room.map(|room| self.sounds(Listener::Room(room))).unwrap_or_default()
    }

    /// Whether the room hears this leg.
    pub(crate) fn speaks(&self, leg: LegId) -> bool {
        self.world.lines[&leg].speaks
    }

    /// The gain at which this leg hears the room.
    pub(crate) fn hears(&self, leg: LegId) -> Option<i8> {
        self.world.lines[&leg].hears
    }

    pub(crate) fn ended(&self, leg: LegId) -> Option<Cause> {
        self.world.ended.get(&leg).copied()
    }

    /// Whether there was an event with this in its line.
    pub(crate) fn told(&self, what: &str) -> bool {
        self.events.iter().any(|event| event.contains(what))
    }

    /// Who is in the room of this leg.
    pub(crate) fn roster(&self, leg: LegId) -> Roster {
        self.conferences.roster(self.now, self.world.lines[&leg].room.unwrap()).unwrap()
    }

    /// What is kept at present.
    pub(crate) fn load(&self) -> Load {
        self.conferences.load()
    }

    pub(crate) fn conferences(&mut self) -> &mut Conferences {
        &mut self.conferences
    }

    pub(crate) fn conferences_timeout(&self) -> Option<Instant> {
        self.conferences.poll_timeout().map(|(at, _)| at)
    }

    fn sounds(&self, to: Listener) -> Vec<&str> {
        let playing = self.world.playing.values().filter(|playing| playing.to == to);
        playing.flat_map(|playing| playing.sounds.iter().map(String::as_str)).collect()
    }

    fn playback_of(&self, sound: &str) -> Option<PlaybackId> {
        let found =
            self.world.playing.iter().find(|(_, playing)| playing.sounds.iter().any(|name| name == sound));
        found.map(|(playback, _)| *playback)
    }

    fn drain(&mut self) {
        while let Some(action) = self.conferences.poll_action() {
            self.world.apply(action);
        }
        while let Some(event) = self.conferences.poll_event() {
            self.note(&event);
            self.told.push(event);
        }
    }

    fn note(&mut self, event: &Event) {
        let line = event.to_string();
        assert!(!line.contains('\n'), "{line}");
        self.events.push(line);
    }
}

/// Scripts that begin in the middle of the seed's flow.
impl Script {
    /// The trunk has called 2002, station 1004 has answered, joined and unmuted, and all prompts are over.
    pub(crate) fn conference(&mut self) -> (LegId, LegId) {
        let trunk = self.call("2125551111", "2002");
        self.wait(500);
        let station = self.last_dialled().leg;
        self.answer(station);
        self.finish_all();
        self.press(station, "0");
        self.finish_all();
        self.wait(3000);
        (trunk, station)
    }

    /// The station presses *1 and types the number with its end.
    pub(crate) fn invite(&mut self, station: LegId, number: &str) {
        self.press(station, "*1");
        self.press(station, number);
        self.press(station, "#");
    }

    /// As [`Script::invite`]; the number is called.
    pub(crate) fn invited(&mut self, station: LegId, number: &str) -> LegId {
        let before = self.world.dialled.len();
        self.invite(station, number);
        assert_eq!(self.world.dialled.len(), before + 1, "{number} is called");
        self.last_dialled().leg
    }

    /// As [`Script::invited`]; he answers, and all prompts are over.
    pub(crate) fn joined(&mut self, station: LegId, number: &str) -> LegId {
        let leg = self.invited(station, number);
        self.answer(leg);
        self.finish_all();
        leg
    }
}

pub(crate) fn user(name: &str) -> DialTarget {
    DialTarget::User(name.to_owned())
}
