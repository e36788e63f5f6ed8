//! What the actions make of the world: which leg is where, says and hears what. It asserts what must always
//! hold.

use std::collections::{BTreeMap, BTreeSet};

use confab_conference::{
    Action, CallerId, Cause, ClipId, Control, DialTarget, LegId, Listener, Mark, PlaybackId, RecordingId,
    ReferId, RoomId, Variable,
};

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
    /// Keys that were sent to it.
    pub(crate) keys: String,
    /// All else that was set.
    pub(crate) voice: Vec<Control>,
}

#[derive(Debug)]
pub(crate) struct Playing {
    pub(crate) to: Listener,
    pub(crate) sounds: Vec<String>,
    pub(crate) repeat: bool,
    pub(crate) language: String,
    pub(crate) duck_db: u8,
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
    /// About whom it was asked elsewhere: what, and whom he dialled.
    pub(crate) asked: Vec<(LegId, String, String)>,
    /// Recorded names that are kept.
    pub(crate) clips: BTreeSet<ClipId>,
    /// What is being recorded of whom, or was last.
    pub(crate) naming: BTreeMap<LegId, ClipId>,
    /// Announcements to rooms, music apart, since the beginning.
    pub(crate) announced: Vec<Vec<String>>,
    /// How requests to add or remove somebody went.
    pub(crate) referred: Vec<(ReferId, u16)>,
    /// All recordings since the beginning.
    pub(crate) tapes: BTreeMap<RecordingId, Tape>,
    gone: BTreeSet<LegId>,
}

#[derive(Debug)]
pub(crate) struct Tape {
    pub(crate) room: RoomId,
    pub(crate) variables: Vec<(Variable, String)>,
    pub(crate) paused: bool,
    pub(crate) over: bool,
    pub(crate) marks: Vec<Mark>,
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
            Action::LookUp { leg, lookup, dialled, .. } => {
                self.line(leg);
                self.asked.push((leg, lookup, dialled));
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
                assert!(
                    self.tapes.values().all(|tape| tape.over || tape.room != room),
                    "{room:?} recorded on"
                );
            }
            Action::Attach { leg, room } => {
                assert!(self.rooms.contains_key(&room), "attached to a room that is not open");
                assert!(self.line(leg).room.replace(room).is_none(), "{leg:?} attached twice");
            }
            Action::Move { leg, room } => self.transfer(leg, room),
            Action::ReferResult { refer, status } => self.referred.push((refer, status)),
            Action::Set { leg, control } => self.set(leg, control),
            Action::Play { playback, to, sounds, repeat, language, duck_db } => {
                self.play(playback, Playing { to, sounds, repeat, language, duck_db });
            }
            Action::SendDigit { leg, digit } => self.line(leg).keys.push(digit),
            Action::RecordName { leg, clip, .. } => {
                assert!(self.line(leg).room.is_some(), "a name before it was attached");
                assert!(self.clips.insert(clip), "{clip:?} recorded twice");
                self.naming.insert(leg, clip);
            }
            Action::StopRecordingName { leg } => drop(self.naming.get(&leg)),
            Action::ForgetClip { clip } => drop(self.clips.remove(&clip)),
            Action::Record { recording, room, variables, .. } => self.record(recording, room, variables),
            Action::PauseRecording { recording, on } => self.tape(recording).paused = on,
            Action::StopRecording { recording } => self.tape(recording).over = true,
            Action::Mark { recording, mark } => self.tape(recording).marks.push(mark),
            Action::Stop { playback } => {
                assert!(
                    self.playing.remove(&playback).is_some(),
                    "{playback:?} stopped, but it did not play"
                );
            }
        }
    }

    fn record(&mut self, recording: RecordingId, room: RoomId, variables: Vec<(Variable, String)>) {
        assert!(self.rooms.contains_key(&room), "a recording of no room");
        assert!(
            self.tapes.values().all(|tape| tape.over || tape.room != room),
            "{room:?} is recorded already"
        );
        let tape = Tape { room, variables, paused: false, over: false, marks: Vec::new() };
        assert!(self.tapes.insert(recording, tape).is_none());
    }

    /// A recording that runs.
    fn tape(&mut self, recording: RecordingId) -> &mut Tape {
        self.tapes.get_mut(&recording).filter(|tape| !tape.over).expect("no such recording")
    }

    fn line(&mut self, leg: LegId) -> &mut Line {
        let gone = self.gone.contains(&leg);
        self.lines.get_mut(&leg).unwrap_or_else(|| panic!("an action for {leg:?}, gone: {gone}"))
    }

    /// The leg is in another room from now on, deaf and silent.
    fn transfer(&mut self, leg: LegId, room: RoomId) {
        assert!(self.rooms.contains_key(&room), "moved to a room that is not open");
        assert!(
            self.playing.values().all(|playing| playing.to != Listener::Leg(leg)),
            "moved under a prompt"
        );
        let line = self.line(leg);
        let before = line.room.replace(room);
        assert!(before.is_some_and(|before| before != room), "{leg:?} moved from {before:?} to {room:?}");
        (line.speaks, line.hears) = (false, None);
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
        if matches!(new.to, Listener::Room(_)) && !new.repeat {
            self.announced.push(new.sounds.clone());
        }
        assert!(self.playing.insert(playback, new).is_none());
    }
}
