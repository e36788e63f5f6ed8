//! Which rooms are recorded.

use std::collections::{BTreeMap, BTreeSet};

use crate::action::{LegId, RecordingId, RoomId};

#[derive(Debug, Default)]
pub(crate) struct Recordings {
    running: BTreeMap<RoomId, Running>,
    /// The same by the names of their rooms.
    by_name: BTreeMap<String, RecordingId>,
    /// Those whose end has not been told yet.
    open: BTreeMap<RecordingId, Open>,
    /// The rooms that need not be recorded by themselves any more, as they were in this conference.
    done: BTreeSet<RoomId>,
    last: u64,
}

/// The recording of a room.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) id: RecordingId,
    pub(crate) paused: bool,
    /// Once it has its files: the members to whom all that was told.
    told: Option<BTreeSet<LegId>>,
}

/// What is told of a recording even when its room is gone.
#[derive(Debug, Clone)]
pub(crate) struct Open {
    pub(crate) room: String,
    /// The number of who asked by key for what happens to it.
    pub(crate) by: Option<String>,
}

impl Recordings {
    pub(crate) fn begin(&mut self, room: RoomId, name: &str, by: Option<String>) -> RecordingId {
        self.last += 1;
        let id = RecordingId(self.last);
        self.open.insert(id, Open { room: name.to_owned(), by });
        self.by_name.insert(name.to_owned(), id);
        self.running.insert(room, Running { id, paused: false, told: None });
        self.done.insert(room);
        id
    }

    /// No more is recorded; `by` is who asked for that by key.
    pub(crate) fn end(&mut self, room: RoomId, by: Option<String>) -> Option<RecordingId> {
        let Running { id, .. } = self.running.remove(&room)?;
        self.by_name.retain(|_, other| *other != id);
        if let Some(open) = self.open.get_mut(&id) {
            open.by = by;
        }
        Some(id)
    }

    /// The end of a recording is being told.
    pub(crate) fn close(&mut self, recording: RecordingId) -> Option<Open> {
        self.open.remove(&recording)
    }

    pub(crate) fn open(&self, recording: RecordingId) -> Option<&Open> {
        self.open.get(&recording)
    }

    pub(crate) fn of(&mut self, room: RoomId) -> Option<&mut Running> {
        self.running.get_mut(&room)
    }

    pub(crate) fn is_on(&self, room: RoomId) -> bool {
        self.running.contains_key(&room)
    }

    pub(crate) fn room_of(&self, recording: RecordingId) -> Option<RoomId> {
        self.running.iter().find(|(_, running)| running.id == recording).map(|(room, _)| *room)
    }

    /// The recording of the room of this name.
    pub(crate) fn of_name(&self, name: &str) -> Option<RecordingId> {
        self.by_name.get(name).copied()
    }

    /// It has its files, and these members of the room hear of it.
    pub(crate) fn tell(&mut self, room: RoomId, members: BTreeSet<LegId>) {
        if let Some(running) = self.running.get_mut(&room) {
            running.told = Some(members);
        }
    }

    /// Whether this one is to be told, as he was not there when the others were.
    pub(crate) fn is_news_to(&self, room: RoomId, leg: LegId) -> bool {
        let told = self.running.get(&room).and_then(|running| running.told.as_ref());
        told.is_some_and(|told| !told.contains(&leg))
    }

    /// Whether the room was recorded in this conference.
    pub(crate) fn is_done(&self, room: RoomId) -> bool {
        self.done.contains(&room)
    }

    /// The room may be recorded by itself again.
    pub(crate) fn renew(&mut self, room: RoomId) {
        self.done.remove(&room);
    }

    /// How many have not ended yet.
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }
}
