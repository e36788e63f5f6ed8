//! What the actions make of the world: which leg is where, says and hears what. It asserts what must always
//! hold.

use std::collections::{BTreeMap, BTreeSet};

use confab_conference::{Action, CallerId, Cause, Control, DialTarget, LegId, Listener, PlaybackId, RoomId};

#[derive(Debug, Default)]
pub(crate) struct Line {
    pub(crate) room: Option<RoomId>,
    pub(crate) rings: bool,
    pub(crate) up: bool,
    pub(crate) speaks: bool,
    pub(crate) hears: Option<i8>,
    pub(crate) talk: i8,
    pub(crate) listen: i8,
    pub(crate) energy: u16,
    /// All else that was set.
    pub(crate) voice: Vec<Control>,
}

#[derive(Debug)]
pub(crate) struct Playing {
    pub(crate) to: Listener,
    pub(crate) sounds: Vec<String>,
    pub(crate) repeat: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dialled {
    pub(crate) leg: LegId,
    pub(crate) target: DialTarget,
    pub(crate) caller: CallerId,
}

#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) lines: BTreeMap<LegId, Line>,
    pub(crate) rooms: BTreeMap<RoomId, String>,
    pub(crate) playing: BTreeMap<PlaybackId, Playing>,
    /// In the order in which they were placed.
    pub(crate) dialled: Vec<Dialled>,
    pub(crate) ended: BTreeMap<LegId, Cause>,
    pub(crate) rejected: BTreeMap<LegId, u16>,
    gone: BTreeSet<LegId>,
}

impl World {
    pub(crate) fn arrive(&mut self, leg: LegId) {
        self.lines.insert(leg, Line::default());
    }

    /// The leg is gone, by its own doing or by ours.
    pub(crate) fn lose(&mut self, leg: LegId) {
        self.lines.remove(&leg);
        self.gone.insert(leg);
        self.playing.retain(|_, playing| playing.to != Listener::Leg(leg));
    }

    pub(crate) fn apply(&mut self, action: Action) {
        match action {
            Action::Ring { leg } => self.line(leg).rings = true,
            Action::Answer { leg } => {
                assert!(self.line(leg).room.is_some(), "{leg:?} answered before it was attached");
                self.line(leg).up = true;
            }
            Action::Reject { leg, status } => {
                assert!(!self.line(leg).up, "{leg:?} rejected after it was answered");
                self.rejected.insert(leg, status);
                self.lose(leg);
            }
            Action::Hangup { leg, cause } => {
                self.line(leg);
                self.ended.insert(leg, cause);
                self.lose(leg);
            }
            Action::Dial { leg, target, caller } => {
                assert!(leg.is_outgoing() && !self.gone.contains(&leg));
                self.arrive(leg);
                self.dialled.push(Dialled { leg, target, caller });
            }
            Action::OpenRoom { room, name, .. } => {
                assert!(self.rooms.insert(room, name).is_none(), "{room:?} opened twice");
            }
            Action::CloseRoom { room } => {
                assert!(self.rooms.remove(&room).is_some(), "{room:?} closed, but it was not open");
                assert!(
                    self.lines.values().all(|line| line.room != Some(room)),
                    "{room:?} closed over a leg"
                );
                self.playing.retain(|_, playing| playing.to != Listener::Room(room));
            }
            Action::Attach { leg, room } => {
                assert!(self.rooms.contains_key(&room), "attached to a room that is not open");
                assert!(self.line(leg).room.replace(room).is_none(), "{leg:?} attached twice");
            }
            Action::Set { leg, control } => self.set(leg, control),
            Action::Play { playback, to, sounds, repeat } => {
                self.play(playback, Playing { to, sounds, repeat })
            }
            Action::Stop { playback } => {
                assert!(
                    self.playing.remove(&playback).is_some(),
                    "{playback:?} stopped, but it did not play"
                );
            }
        }
    }

    fn line(&mut self, leg: LegId) -> &mut Line {
        let gone = self.gone.contains(&leg);
        self.lines.get_mut(&leg).unwrap_or_else(|| panic!("an action for {leg:?}, gone: {gone}"))
    }

    fn set(&mut self, leg: LegId, control: Control) {
        let line = self.line(leg);
        assert!(line.room.is_some(), "{leg:?} set before it was attached");
        match control {
            Control::Speak(on) => line.speaks = on,
            Control::Hear(gain) => line.hears = gain,
            Control::TalkVolume(step) => line.talk = step,
            Control::ListenVolume(step) => line.listen = step,
            Control::Energy(level) => line.energy = level,
            voice => line.voice.push(voice),
        }
    }

    fn play(&mut self, playback: PlaybackId, new: Playing) {
        assert!(!new.sounds.is_empty(), "a playback of nothing");
        match new.to {
            Listener::Leg(leg) => assert!(self.line(leg).room.is_some(), "a prompt before it was attached"),
            Listener::Room(room) => assert!(self.rooms.contains_key(&room), "a playback to no room"),
        }
        let overlaps = self.playing.values().any(|playing| playing.to == new.to);
        assert!(!overlaps, "{:?} overlaps another playback", new.sounds);
        assert!(self.playing.insert(playback, new).is_none());
    }
}
