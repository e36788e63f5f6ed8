//! What is to be done and told, the timeouts, and who hears which playback.

use std::collections::{BTreeMap, VecDeque};

use crate::action::{Action, Control, LegId, Listener, PlaybackId};
use crate::event::Event;
use crate::mark::Mark;
use crate::recordings::Recordings;
use crate::timers::Timers;

/// In which language something is said, and over what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// Empty: that of the sounds themselves.
    pub(crate) language: String,
    /// How much voices are lowered meanwhile, dB.
    pub(crate) duck_db: u8,
}

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) actions: VecDeque<Action>,
    pub(crate) events: VecDeque<Event>,
    pub(crate) timers: Timers,
    pub(crate) recordings: Recordings,
    playbacks: BTreeMap<PlaybackId, Listener>,
    last_playback: u64,
}

impl Outbox {
    pub(crate) fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    /// Tells what happened, and writes it into the time line if the room is recorded.
    pub(crate) fn note(&mut self, event: Event) {
        let recording = event.room().and_then(|room| self.recordings.of_name(room));
        if let (Some(recording), Some(mark)) = (recording, Mark::of(&event)) {
            self.act(Action::Mark { recording, mark });
        }
        self.events.push_back(event);
    }

    pub(crate) fn set(&mut self, leg: LegId, control: Control) {
        self.act(Action::Set { leg, control });
    }

    pub(crate) fn play(
        &mut self,
        to: Listener,
        sounds: Vec<String>,
        delivery: &Delivery,
        repeat: bool,
    ) -> PlaybackId {
        self.last_playback += 1;
        let playback = PlaybackId(self.last_playback);
        self.playbacks.insert(playback, to);
        let Delivery { language, duck_db } = delivery.clone();
        self.act(Action::Play { playback, to, sounds, repeat, language, duck_db });
        playback
    }

    pub(crate) fn stop(&mut self, playback: PlaybackId) {
        self.playbacks.remove(&playback);
        self.act(Action::Stop { playback });
    }

    /// Playbacks whose end is awaited.
    pub(crate) fn playbacks(&self) -> usize {
        self.playbacks.len()
    }

    /// The playback is over without our doing. Returns who heard it.
    pub(crate) fn forget(&mut self, playback: PlaybackId) -> Option<Listener> {
        self.playbacks.remove(&playback)
    }
}
