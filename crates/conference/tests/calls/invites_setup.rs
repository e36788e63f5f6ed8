//! Scripts of invites: a station with all keys for them, whose sounds are named as the keys of the configuration.

use std::time::Duration;

use confab_conference::{
    CallList, Destination, DialTarget, Dialling, Input, InviteCue, InvitePlan, LegId, Outcall, Outcome,
    PlanEntry, Redial, Release, Role, Settings, Strategy,
};

use crate::meeting::keys;
use crate::script::Script;
use crate::tutorial;

/// The tutorial, but its station has every key about invites, and every sound.
pub(crate) fn settings() -> Settings {
    let mut settings = tutorial::settings();
    let station = station(&mut settings);
    station.keys = keys(&[
        ("*1", "invite"),
        ("*2", "cancel last invite"),
        ("*3", "list pending invites"),
        ("*4", "redial last"),
        ("*5", "dial list board"),
        ("*6", "dial list nobody"),
        ("*7", "transfer 2000"),
    ]);
    let plan = plan(&mut settings);
    plan.sounds = InviteCue::NAMES.into_iter().map(|(cue, name)| (cue, name.to_owned())).collect();
    plan.limits.pending_per_member = 4;
    plan.limits.per_member = 100;
    settings
}

pub(crate) fn station(settings: &mut Settings) -> &mut Role {
    settings.roles.get_mut("station").unwrap()
}

pub(crate) fn plan(settings: &mut Settings) -> &mut InvitePlan {
    station(settings).invite.as_mut().unwrap()
}

/// 1005 is called there, so.
pub(crate) fn hunt(settings: &mut Settings, to: &[&str], dialling: Dialling) {
    let to = to.iter().map(|number| Destination::Fixed(target(number))).collect();
    let entry = PlanEntry { pattern: "1005".parse().unwrap(), to, dialling };
    plan(settings).plan.allow.insert(0, entry);
}

pub(crate) fn simultaneous() -> Dialling {
    Dialling { strategy: Strategy::Simultaneous, ..Dialling::default() }
}

pub(crate) fn redial(times: u8, seconds: u64) -> Dialling {
    Dialling { redial: Redial { times, after: Duration::from_secs(seconds) }, ..Dialling::default() }
}

/// A user, or a number behind the gateway.
pub(crate) fn target(number: &str) -> DialTarget {
    let number = number.to_owned();
    if number.len() == 4 {
        DialTarget::User(number)
    } else {
        DialTarget::Gateway { gateway: "mygw".to_owned(), number }
    }
}

/// The list `board`.
pub(crate) fn list(settings: &mut Settings, targets: &[&str], dialling: Dialling) {
    let targets = targets.iter().map(|number| target(number)).collect();
    let outcalls = vec![Outcall { targets, dialling, ..Outcall::default() }];
    settings.lists.insert("board".to_owned(), CallList { outcalls });
}

/// The tutorial's conference with these settings, its prompts over, and what was dialled and told so far forgotten.
pub(crate) fn begin(settings: Settings) -> (Script, LegId, LegId) {
    let mut script = Script::with(settings);
    let trunk = script.call("2125551111", "2002");
    script.wait(500);
    let station = script.last_dialled().leg;
    script.answer(station);
    script.settle();
    script.world.dialled.clear();
    script.events.clear();
    (script, trunk, station)
}

impl Script {
    /// The call of this number.
    pub(crate) fn call_of(&self, number: &str) -> LegId {
        let calls = self.world.dialled.iter().rev();
        let mut legs = calls.filter(|dialled| dialled.target.number() == number).map(|dialled| dialled.leg);
        legs.next().unwrap_or_else(|| panic!("{number} was not called: {:?}", self.targets()))
    }

    pub(crate) fn end_with(&mut self, leg: LegId, outcome: Outcome, status: u16) {
        let release = Release { status: Some(status), q850: None };
        self.input(Input::Failed { leg, outcome, release });
    }

    /// The prompts are over, and no time passes.
    pub(crate) fn settle_prompts(&mut self) {
        for _ in 0..4 {
            let playing: Vec<_> = self.world.playing.iter().filter(|(_, playing)| !playing.repeat).collect();
            let playing: Vec<_> = playing.into_iter().map(|(playback, _)| *playback).collect();
            for playback in playing {
                self.world.playing.remove(&playback);
                self.input(Input::PlaybackDone { playback });
            }
        }
    }

    /// How often there was an event with this in its line.
    pub(crate) fn count(&self, what: &str) -> usize {
        self.events.iter().filter(|event| event.contains(what)).count()
    }
}
