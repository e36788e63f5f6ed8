//! What is to be done and told, the timeouts, and who hears which playback.

use std::collections::{BTreeMap, VecDeque};

use crate::action::{Action, Control, LegId, Listener, PlaybackId};
use crate::event::Event;
use crate::timers::Timers;

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) actions: VecDeque<Action>,
    pub(crate) events: VecDeque<Event>,
    pub(crate) timers: Timers,
    playbacks: BTreeMap<PlaybackId, Listener>,
    last_playback: u64,
}

impl Outbox {
    pub(crate) fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    pub(crate) fn note(&mut self, event: Event) {
        self.events.push_back(event);
    }

    pub(crate) fn set(&mut self, leg: LegId, control: Control) {
        self.act(Action::Set { leg, control });
    }

    pub(crate) fn play(&mut self, to: Listener, sounds: Vec<String>, repeat: bool) -> PlaybackId {
        self.last_playback += 1;
        let playback = PlaybackId(self.last_playback);
        self.playbacks.insert(playback, to);
        self.act(Action::Play { playback, to, sounds, repeat });
        playback
    }

    pub(crate) fn stop(&mut self, playback: PlaybackId) {
        self.playbacks.remove(&playback);
        self.act(Action::Stop { playback });
    }

    /// The playback is over without our doing. Returns who heard it.
    pub(crate) fn forget(&mut self, playback: PlaybackId) -> Option<Listener> {
        self.playbacks.remove(&playback)
    }
}
